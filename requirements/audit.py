"""Audits what is installed: locks, licences, what each direct dependency is for, advisories.

Run by `make audit`. Everything is found on this machine; exit code 1 if anything is amiss.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements/build.lock")
PAGE = "requirements/README.md"
LOOK_UP = ".venv/bin/uv tool run pip-audit --require-hashes --disable-pip -r requirements.lock"
_PIN = re.compile(
    r"(?P<name>[A-Za-z0-9][\w.-]*)(\[[\w,-]+\])?==(?P<version>[^\s;*]+)( ; [^\\]+)? \\"
)
_HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")
_USED = re.compile(r"(?P<how>\w+) `(?P<what>[^`]+)`( in `(?P<where>[^`]+)`)?")


@dataclass(frozen=True)
class Need:
    """A line of the page: a direct dependency, what it is for, and where that shows."""

    name: str
    purpose: str
    used: str


def plain(name: str) -> str:
    """A distribution's name as registries compare it, without extras."""
    return re.sub(r"[-_.]+", "-", name.split("[")[0].strip()).lower()


def read_lock(text: str) -> tuple[set[tuple[str, str]], list[str]]:
    """What a lock pins, as names and versions, and every line that is not pinned and hashed."""
    pins: set[tuple[str, str]] = set()
    faults = []
    hashes = 1
    last = ""
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if line.startswith(" "):
            hashes += 1
            if not _HASH.fullmatch(line):
                faults.append(f"{last}: this is no SHA-256: {line.strip()}")
            continue
        if hashes == 0:
            faults.append(f"{last}: it has no hash")
        hashes, last = 0, line.split(" ")[0]
        if match := _PIN.fullmatch(line):
            pins.add((plain(match["name"]), match["version"]))
        else:
            faults.append(f"{last}: it is not pinned to one version, with hashes after it")
    if hashes == 0:
        faults.append(f"{last}: it has no hash")
    return pins, faults


def licence_of(one: Distribution) -> str:
    """What a distribution's metadata say of its licence, alternatives and parts included."""
    meta = one.metadata
    if expression := meta.get("License-Expression"):
        return expression
    named = [
        line.split(" :: ")[-1]
        for line in meta.get_all("Classifier", [])
        if line.startswith("License ::") and not line.endswith("OSI Approved")
    ]
    if named:
        return " AND ".join(named)
    if stated := (meta.get("License") or "").strip():
        return stated.splitlines()[0]
    for file in one.files or ():
        if re.fullmatch(r"LICEN[CS]E(\.\w+)?", file.name, re.IGNORECASE):
            return str(file.read_text()).strip().splitlines()[0]
    return ""


def judge_licence(name: str, says: str, policy: Mapping) -> str | None:
    """Why a licence may not be there; None if it may. Of alternatives (OR), one is enough."""
    decided = policy.get("decided", {}).get(name)
    if decided is not None:
        if decided["says"] == says:
            return None
        return f"{name}: its licence was '{decided['says']}' when looked into and is now '{says}'"
    if not says:
        return f"{name}: it says nothing of its licence"
    if not _allowed(says, policy):
        return f"{name}: '{says}' is not among the licences allowed"
    return None


def _allowed(expression: str, policy: Mapping) -> bool:
    called, allowed = policy["called"], policy["allowed"]
    if expression in called:
        return called[expression] in allowed
    for joint, enough in ((" AND ", all), (" OR ", any)):
        parts = _split(expression, joint)
        if len(parts) > 1:
            return enough(_allowed(part, policy) for part in parts)
    inner = expression.strip()
    if inner.startswith("(") and inner.endswith(")"):
        return _allowed(inner[1:-1], policy)
    return inner in allowed


def _split(expression: str, joint: str) -> list[str]:
    """The parts of an expression outside of brackets."""
    parts, depth = [""], 0
    for piece in re.split(f"({joint}|[()])", expression):
        depth += (piece == "(") - (piece == ")")
        if piece == joint and depth == 0:
            parts.append("")
        else:
            parts[-1] += piece
    return parts


def read_needs(page: str) -> list[Need]:
    """The lines of the page's tables."""
    found = []
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 3 and cells[0].startswith("`"):
            found.append(Need(cells[0].strip("`"), cells[1], cells[2]))
    return found


def direct_dependencies(root: Path) -> list[str]:
    """What pyproject.toml and build.in name, for running, testing and installing."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    lines = (root / "requirements/build.in").read_text(encoding="utf-8").splitlines()
    named += [line for line in lines if line and not line.startswith("#")]
    return [re.split(r"[<>=!~; ]", name)[0] for name in named]


def judge_needs(needs: Iterable[Need], direct: Iterable[str], root: Path) -> Iterator[str]:
    """Direct dependencies without a line, lines without a dependency, and what nothing uses."""
    listed = {plain(need.name): need for need in needs}
    named = {plain(name) for name in direct}
    for name in sorted(named - listed.keys()):
        yield f"{PAGE}: {name} has no line that says what it is for"
    for name in sorted(listed.keys() - named):
        yield f"{PAGE}: {name} has a line, but nothing names it as a dependency"
    code = _code(root)
    for name in sorted(named & listed.keys()):
        need = listed[name]
        if not need.purpose or (use := _USED.fullmatch(need.used)) is None:
            yield f"{PAGE}: {name}: the line must say what for, and where that shows"
        elif not _is_used(use, code, root):
            yield f"{PAGE}: {name}: nothing uses it ({need.used}). Take it out of pyproject.toml"


def _code(root: Path) -> str:
    folders = ("src", "tests", "workflow", "notebooks")
    files = [path for name in folders for path in sorted((root / name).rglob("*.py"))]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def _is_used(use: re.Match, code: str, root: Path) -> bool:
    what = re.escape(use["what"])
    if use["how"] == "import":
        return re.search(rf"^\s*(import|from) {what}\b", code, re.MULTILINE) is not None
    if use["how"] == "files":
        return any(root.glob(use["what"]))
    texts = [path.read_text(encoding="utf-8") for path in root.glob(use["where"] or "")]
    return any(re.search(rf"(?<![\w-]){what}(?![\w-])", text) for text in texts)


def audit(root: Path, advisories: Path | None, installed: Iterable[Distribution]) -> list[str]:
    """Print what there is; give back what is amiss."""
    faults: list[str] = []
    pins: set[tuple[str, str]] = set()
    for lock in LOCKS:
        found, wrong = read_lock((root / lock).read_text(encoding="utf-8"))
        pins |= found
        faults += [f"{lock}: {fault}" for fault in wrong]
        print(f"{lock}: {len(found)} distributions, all pinned and hashed" if not wrong else lock)

    page = (root / PAGE).read_text(encoding="utf-8")
    needs = read_needs(page)
    faults += judge_needs(needs, direct_dependencies(root), root)
    print("\nDirect dependencies")
    for need in needs:
        print(f"  {need.name:<32} {need.purpose}")

    policy = tomllib.loads((root / "requirements/licences.toml").read_text(encoding="utf-8"))
    locked = {name for name, _ in pins}
    licences: dict[str, list[str]] = {}
    for one in installed:
        if (name := plain(one.metadata["Name"])) in locked:
            licences.setdefault(licence_of(one), []).append(name)
    print("\nLicences of what is installed")
    for says, names in sorted(licences.items()):
        print(f"  {says or '(none given)'}: {', '.join(sorted(names))}")
        faults += filter(None, (judge_licence(name, says, policy) for name in sorted(names)))
    absent = locked - {name for names in licences.values() for name in names}
    print(f"Locked but not installed here, hence not judged: {', '.join(sorted(absent)) or 'none'}")

    print("\nKnown vulnerabilities")
    if advisories is None:
        print(f"  Not looked up: that needs a current list. With a network: {LOOK_UP}")
        print(f"  Without one: see {PAGE}.")
    else:
        from advisories import judge_pins, read_advisories

        records, newest = read_advisories(advisories)
        print(f"  {len(records)} records in {advisories}, the newest of {newest}")
        faults += judge_pins(pins, records)
    return faults


def main(arguments: list[str] | None = None) -> int:
    """Run the audit; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=ROOT, help="the project's folder")
    parser.add_argument("--advisories", type=Path, help="OSV records: a folder or zip of JSON")
    given = parser.parse_args(arguments)
    faults = audit(given.root, given.advisories, distributions())
    listed = "".join(f"\n  - {fault}" for fault in faults)
    print(f"\nAmiss:{listed}" if faults else "\nNothing is amiss.")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
