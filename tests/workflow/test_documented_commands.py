"""Every command in the documentation works: each is run here, or named with what runs it."""

import os
import re
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "data/README.md",
    ROOT / "results/README.md",
]
BLOCK = re.compile(r"^ *```(?:sh|bash|shell|console)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)

#: Commands that take too long or do not end by themselves, and the test or script that runs them.
ELSEWHERE = {
    "make test": ".ci/run",
    "make notebooks": "tests/notebooks/test_jupyterlab.py::test_it_opens_on_the_notebooks",
}
#: Commands that would need a machine we do not have: what they contain, and what shortens them.
SHORTENED = {"--workflow-profile=workflow/profiles/slurm": "--snakemake=--dry-run"}
#: Commands whose exit code is an answer: two records of runs may differ.
ANSWERS = {"diff path/to/their/provenance.json results/provenance.json": (0, 1)}
#: What a page tells the reader to do by hand before a command.
BY_HAND = {
    "dvc push data/raw/clients.dvc": "dvc remote add team ~/team"
    " && sed -i 's/^  path: clients$/&\\n  remote: team/' data/raw/clients.dvc",
    "dvc metrics diff data-A data-B": "git tag data-A && git tag data-B",
}
#: What a page leaves to the reader, and what stands in its place here.
PLACEHOLDERS = {"COMMIT": "HEAD"}


def commands_in(text: str) -> list[str]:
    """The commands of a page's blocks in order, without comments, continued lines joined."""
    lines = "\n".join(BLOCK.findall(text)).replace("\\\n", " ").splitlines()
    return [command for line in lines if (command := re.sub(r"(^|\s)#.*", "", line).strip())]


def read(page: Path) -> list[str]:
    return commands_in(page.read_text(encoding="utf-8"))


def filled_in(command: str) -> str:
    for name, value in PLACEHOLDERS.items():
        command = re.sub(rf"\b{name}\b", value, command)
    return " ".join([command, *(more for part, more in SHORTENED.items() if part in command)])


def test_commands_are_read_as_a_shell_would():
    page = (
        "```sh\nmake run   # all\n# only a remark\n.venv/bin/alliance check \\\n  a.yaml\n```\n"
        "```yaml\nmake: no\n```\n1. first\n\n   ```sh\n   git status\n   ```\n"
    )
    assert commands_in(page) == ["make run", ".venv/bin/alliance check    a.yaml", "git status"]


def test_no_command_hides_in_a_block_without_its_language():
    for page in PAGES:
        fences = re.findall(r"^ *```(.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert len(fences) % 2 == 0, page
        assert all(fences[::2]), f"{page}: name the language of each block"


def test_every_target_and_subcommand_that_is_named_exists():
    from analysis.cli import app

    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    subcommands = {one.name or one.callback.__name__ for one in app.registered_commands}
    subcommands |= {group.name for group in app.registered_groups}
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        code = "\n".join([*read(page), *re.findall(r"`([^`\n]+)`", BLOCK.sub("", text))])
        for name in re.findall(r"\bmake ([a-z]+)", code):
            assert name in targets, f"{page.name}: make {name}"
        for name in re.findall(r"(?:^|/)alliance ([a-z][a-z-]*)", code, re.MULTILINE):
            assert name in subcommands, f"{page.name}: alliance {name}"


@pytest.mark.parametrize("command", ELSEWHERE)
def test_what_is_not_run_here_is_run_elsewhere(command):
    assert any(command in read(page) for page in PAGES), "no page has it: strike it from the list"
    file, _, name = ELSEWHERE[command].partition("::")
    text = (ROOT / file).read_text(encoding="utf-8")
    assert f"def {name}(" in text if name else command in text.splitlines()


@pytest.fixture(scope="module")
def ready(working_copy, own_dataset, tmp_path_factory):
    """A working copy with the files that the pages tell the reader to bring, and a plain shell."""
    folder = tmp_path_factory.mktemp("reader") / "project"
    shutil.copytree(working_copy.folder, folder, symlinks=True)
    own_dataset(folder / "path/to").rename(folder / "path/to/my.yaml")
    shutil.copytree(folder / "path/to", folder / "path/to/export")
    theirs = folder / "path/to/their"
    theirs.mkdir()
    shutil.copy(folder / "results/provenance.json", theirs)
    home = folder.parent / "home"
    home.mkdir()
    # As a reader has it: nothing of the environment is on the path, and git knows who they are.
    here = Path(sys.executable).parent
    path = [one for one in os.environ["PATH"].split(os.pathsep) if Path(one) != here]
    environment = os.environ | {
        "PATH": os.pathsep.join(path),
        "HOME": str(home),
        "PYTHONPATH": str(folder / "src"),
        "GIT_AUTHOR_NAME": "Reader",
        "GIT_AUTHOR_EMAIL": "reader@example.org",
        "GIT_COMMITTER_NAME": "Reader",
        "GIT_COMMITTER_EMAIL": "reader@example.org",
    }
    environment.pop("VIRTUAL_ENV", None)
    return folder, environment, set()


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_runs(ready, page):
    folder, environment, done = ready
    text = page.read_text(encoding="utf-8")
    if "ALLIANCE_SECRET" not in text:  # the reader has made one as the README says
        environment = environment | {"ALLIANCE_SECRET": secrets.token_hex(32)}
    exported: list[str] = []
    if "source .venv/bin/activate" in text:
        environment = environment | {"PATH": f"{folder}/.venv/bin{os.pathsep}{environment['PATH']}"}
    for command in map(filled_in, read(page)):
        if command in done or command in ELSEWHERE:
            continue
        told = subprocess.run(
            ["bash", "-ec", "\n".join([*exported, BY_HAND.get(command, ":"), command])],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        said = f"{command}\n{told.stdout[-2000:]}\n{told.stderr[-2000:]}"
        assert told.returncode in ANSWERS.get(command, (0,)), said
        assert "Traceback" not in told.stderr
        if command.startswith("export "):
            exported.append(command)
        else:
            done.add(command)


@pytest.mark.slow
def test_a_command_that_does_not_work_would_be_noticed(ready, tmp_path):
    page = tmp_path / "page.md"
    page.write_text("```sh\n.venv/bin/alliance check path/to/nobodys.yaml\n```\n")
    with pytest.raises(AssertionError, match="nobodys"):
        test_every_command_runs(ready, page)
