"""The audit of what is installed: what it finds, and that it passes here."""

import importlib
import json
import shutil
import subprocess
import sys
import zipfile
from email.message import Message
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def audit(monkeypatch):
    """The script as a module."""
    monkeypatch.syspath_prepend(str(ROOT / "requirements"))
    return importlib.import_module("audit")


@pytest.fixture
def copy(tmp_path) -> Path:
    """What the audit reads, in a folder of its own."""
    for name in ("requirements", "src", "tests", "workflow", "notebooks"):
        if (ROOT / name).exists():
            shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("pyproject.toml", "Makefile", "requirements.lock", "requirements-dev.lock"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


class Installed:
    """A distribution with these metadata, as `importlib.metadata` gives them."""

    files = ()

    def __init__(self, name: str, **fields: str) -> None:
        self.metadata = Message()
        for key, value in {"Name": name, **fields}.items():
            self.metadata[key.replace("_", "-")] = value


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_the_audit_passes_and_says_what_each_dependency_is_for():
    told = subprocess.run(
        [sys.executable, ROOT / "requirements/audit.py"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout
    assert "Nothing is amiss." in told.stdout
    assert "dvc[s3]                          versions of data" in told.stdout
    assert "Not looked up" in told.stdout


def test_a_pin_without_its_hash_or_without_a_version_is_amiss(audit, copy):
    before = audit.audit(copy, None, [])
    lock = copy / "requirements-dev.lock"
    text = lock.read_text()
    begin = text.index("\nwerkzeug==") + 1
    end = text.index("    # via", begin)
    lock.write_text(text[:begin] + "werkzeug==3.0.0 \\\n" + text[end:])
    edit(copy / "requirements.lock", "\nnumpy==", "\nnumpy>=")
    found = set(audit.audit(copy, None, [])) - set(before)
    assert any(fault.startswith("requirements-dev.lock: werkzeug==") for fault in found)
    assert any(fault.startswith("requirements.lock: numpy>=") for fault in found)


@pytest.mark.parametrize(
    ("fields", "amiss"),
    [
        ({"License_Expression": "MIT"}, None),
        ({"License_Expression": "GPL-3.0-only OR (MIT AND Apache-2.0)"}, None),
        ({"License_Expression": "MIT AND GPL-3.0-only"}, "not among the licences allowed"),
        ({"License_Expression": "AGPL-3.0-only"}, "not among the licences allowed"),
        ({"Classifier": "License :: OSI Approved :: MIT License"}, None),
        ({"Classifier": "License :: Other/Proprietary License"}, "not among the licences"),
        ({"License": "BSD-3-Clause\nand much more"}, None),
        ({}, "says nothing of its licence"),
    ],
)
def test_a_licence_that_is_not_allowed_is_amiss(audit, copy, fields, amiss):
    before = audit.audit(copy, None, [])
    found = [
        fault
        for fault in audit.audit(copy, None, [Installed("numpy", **fields)])
        if fault not in before
    ]
    if amiss is None:
        assert found == []
    else:
        assert len(found) == 1
        assert amiss in found[0]


def test_a_licence_looked_into_is_looked_into_again_when_it_changes(audit, copy):
    kept = Installed("pygit2", License="GPLv2 with linking exception")
    changed = Installed("pygit2", License="GPLv3")
    before = audit.audit(copy, None, [kept])
    assert [one for one in audit.audit(copy, None, [changed]) if one not in before] == [
        "pygit2: its licence was 'GPLv2 with linking exception' when looked into and is now 'GPLv3'"
    ]


def test_a_dependency_without_its_line_or_without_use_is_amiss(audit, copy):
    before = audit.audit(copy, None, [])
    edit(copy / "pyproject.toml", '    "typer",', '    "typer",\n    "leftpad",')
    edit(copy / "requirements/README.md", "import `typer`", "import `typewriter`")
    edit(copy / "requirements/README.md", "| `scipy` | distributions", "| `sci` | distributions")
    found = [fault for fault in audit.audit(copy, None, []) if fault not in before]
    for words in (
        "leftpad has no line",
        "scipy has no line",
        "sci has a line, but nothing names it",
        "typer: nothing uses it",
    ):
        assert any(words in fault for fault in found), words
    assert len(found) == 4


@pytest.mark.parametrize("packed", [False, True])
def test_advisories_at_hand_are_held_against_every_pin(audit, copy, packed, tmp_path):
    pins, _ = audit.read_lock((copy / "requirements.lock").read_text())
    version = dict(pins)["jinja2"]

    def record(number: int, name: str, events: list, **more: object) -> dict:
        span = {"type": "ECOSYSTEM", "events": events}
        part = {"package": {"ecosystem": "PyPI", "name": name}, "ranges": [span]}
        return {"id": f"X-{number}", "modified": f"2025-0{number}-01", "affected": [part], **more}

    records = [
        record(1, "Jinja2", [{"introduced": "0"}, {"fixed": "999"}], summary="a way out"),
        record(2, "jinja2", [{"introduced": "0"}, {"fixed": version}]),
        record(3, "jinja2", [{"introduced": "0"}, {"last_affected": version}]),
        record(4, "jinja2", [{"introduced": "0"}], withdrawn="2025-04-02"),
        record(5, "jinja2", [{"introduced": "999"}]),
        record(6, "nothing-of-ours", [{"introduced": "0"}]),
    ]
    folder = tmp_path / "advisories"
    folder.mkdir()
    for one in records:
        (folder / f"{one['id']}.json").write_text(json.dumps(one))
    path = folder
    if packed:
        path = tmp_path / "advisories.zip"
        with zipfile.ZipFile(path, "w") as bundle:
            for file in folder.iterdir():
                bundle.write(file, file.name)
    found = [fault for fault in audit.audit(copy, path, []) if fault.startswith("jinja2 ")]
    assert found == [f"jinja2 {version}: X-1: a way out", f"jinja2 {version}: X-3"]
