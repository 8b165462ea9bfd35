"""Advisories in OSV format, read from a folder or zip, against pinned versions."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from packaging.version import InvalidVersion, Version

Record = Mapping[str, object]


def read_advisories(path: Path) -> tuple[list[Record], str]:
    """All records that have not been withdrawn, and the day of the newest."""
    if path.is_dir():
        texts = [file.read_bytes() for file in sorted(path.rglob("*.json"))]
    else:
        with zipfile.ZipFile(path) as bundle:
            names = sorted(name for name in bundle.namelist() if name.endswith(".json"))
            texts = [bundle.read(name) for name in names]
    records = [json.loads(text) for text in texts]
    if not records:
        raise SystemExit(f"{path}: there is no advisory in it (JSON records in OSV format)")
    newest = max(str(record.get("modified", "")) for record in records)[:10]
    return [record for record in records if not record.get("withdrawn")], newest


def judge_pins(pins: Iterable[tuple[str, str]], records: Iterable[Record]) -> Iterator[str]:
    """A line for every pinned version that a record concerns."""
    concerned: dict[str, list[tuple[Record, Mapping]]] = {}
    for record in records:
        for part in record.get("affected", ()):
            package = part.get("package", {})
            if package.get("ecosystem") == "PyPI":
                name = re.sub(r"[-_.]+", "-", package["name"]).lower()
                concerned.setdefault(name, []).append((record, part))
    for name, version in sorted(pins):
        for record, part in concerned.get(name, ()):
            if is_concerned(version, part):
                names = ", ".join([str(record["id"]), *record.get("aliases", ())])
                yield f"{name} {version}: {names}: {record.get('summary', '')}".rstrip(": ")


def is_concerned(version: str, part: Mapping) -> bool:
    """Whether a version is listed, or lies in a range from `introduced` to before `fixed`.

    A version that cannot be compared counts as concerned: somebody has to look.
    """
    if version in part.get("versions", ()):
        return True
    for span in part.get("ranges", ()):
        if span.get("type") != "GIT" and _in_range(version, span.get("events", ())):
            return True
    return False


def _in_range(version: str, events: Iterable[Mapping[str, str]]) -> bool:
    inside = False
    try:
        at = Version(version)
        for event in events:
            if "introduced" in event:
                inside = inside or event["introduced"] == "0" or at >= Version(event["introduced"])
            elif "fixed" in event:
                inside = inside and at < Version(event["fixed"])
            elif "last_affected" in event:
                inside = inside and at <= Version(event["last_affected"])
    except InvalidVersion:
        return True
    return inside
