"""What a result depends on, as content hashes: code, settings, data, lock.

Snakemake reruns a job when one of these changes in its ``params``; time stamps alone miss an edited
module and fire on a file that was only touched.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path

PACKAGE = "analysis"
SOURCE = Path(__file__).resolve().parents[2]


def digest(parts: Iterable[bytes | str]) -> str:
    """A short SHA-256 over parts, each with its length, so that no two lists look alike."""
    total = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        total.update(len(content).to_bytes(8, "big"))
        total.update(content)
    return total.hexdigest()[:16]


def file_hash(path: Path) -> str:
    """SHA-256 of a file's content; 'absent' if there is no such file."""
    if not Path(path).is_file():
        return "absent"
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:16]


def settings_hash(*settings: object) -> str:
    """Hash of settings that can be written as JSON, whatever the order of their keys."""
    return digest([json.dumps(settings, sort_keys=True, default=str)])


def _file_of(module: str, root: Path) -> Path | None:
    path = root.joinpath(*module.split("."))
    if path.with_suffix(".py").is_file():
        return path.with_suffix(".py")
    return path / "__init__.py" if (path / "__init__.py").is_file() else None


@cache
def _imports(path: Path) -> frozenset[str]:
    """Modules of the package that a file imports anywhere, inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(name for name in found if name.split(".")[0] == PACKAGE)


def import_closure(module: str, root: Path = SOURCE) -> list[Path]:
    """Files of the package that a module needs: itself, all it imports, their packages' files.

    A package's files other than modules (templates) belong to it. Raises ValueError if the module
    does not exist.
    """
    if _file_of(module, root) is None:
        raise ValueError(f"there is no module {module}")
    seen: set[Path] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        parents = name.split(".")[:-1]
        waiting += [".".join(parents)] if parents and ".".join(parents) != name else []
        path = _file_of(name, root)
        if path is None or path in seen:
            continue
        seen.add(path)
        if path.name == "__init__.py":
            seen.update(item for item in path.parent.glob("templates/*") if item.is_file())
        waiting += _imports(path)
    return sorted(seen)


def code_hash(module: str, root: Path = SOURCE, lock: Path | None = None) -> str:
    """Hash of a module's import closure, and of the lock file, as a newer library is newer code."""
    files = import_closure(module, root)
    parts: list[bytes | str] = []
    for path in files:
        parts += [path.relative_to(root).as_posix(), path.read_bytes()]
    if lock is not None:
        parts.append(file_hash(lock))
    return digest(parts)
