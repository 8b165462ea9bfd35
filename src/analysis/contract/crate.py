"""What a bundle of results says of itself: RO-Crate 1.2 metadata, and what may not be in it.

RO-Crate (https://w3id.org/ro/crate/1.2) is JSON-LD in terms of schema.org: a root dataset that has
the bundle's files as parts, the software that made them, and the run that did.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote

from analysis.contract.faults import UserFault

METADATA = "ro-crate-metadata.json"
CONTEXT = "https://w3id.org/ro/crate/1.2/context"
VERSION = "https://w3id.org/ro/crate/1.2"

#: What a bundle may hold, by ending, and its media type.
MEDIA_TYPES = {
    ".csv": "text/csv",
    ".html": "text/html",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".json": "application/json",
    ".yaml": "application/yaml",
    ".cff": "application/yaml",
    ".md": "text/markdown",
    ".lock": "text/plain",
    "": "text/plain",
}
#: Folders whose files are of single people.
ROW_LEVEL_FOLDERS = ("interim", "raw", "remote")
_ROW_LEVEL_COLUMN = re.compile(r"(?:engagement|advisee|advisor|organisation)_id|item_\d{2}")

Entity = dict[str, object]


@dataclass(frozen=True)
class Described:
    """What is said of a bundle: what it is called, whose it is, and on what terms.

    ``date`` is a day (ISO 8601); ``terms`` maps a dataset's title to its terms of use; ``authors``
    are schema.org entities, ``software`` the fields of ``CITATION.cff``.
    """

    name: str
    description: str
    date: str
    terms: Mapping[str, str]
    software: Mapping[str, object]
    authors: Sequence[Entity] = ()


def refuse_row_level(name: str, content: bytes) -> None:
    """Raise UserFault if a file could hold what single people answered.

    A file of a folder or of a kind that does not belong, and a table that names an identifier or an
    item among its columns.
    """
    path = PurePosixPath(name)
    if set(path.parts) & set(ROW_LEVEL_FOLDERS):
        raise UserFault(f"{name}: it lies in a folder of rows, which a bundle does not hold.")
    if path.suffix not in MEDIA_TYPES:
        raise UserFault(
            f"{name}: a bundle holds no {path.suffix or path.name} files. Move it elsewhere."
        )
    if path.suffix == ".csv":
        head = next(csv.reader(io.StringIO(content.decode("utf-8-sig"))), [])
        if found := [column for column in head if _ROW_LEVEL_COLUMN.fullmatch(column.strip())]:
            raise UserFault(
                f"{name}: column '{found[0]}' is one of rows on single people, which a bundle does "
                "not hold. Move the file elsewhere."
            )


def describe_crate(
    members: Mapping[str, bytes], described: Described, inputs: Iterable[str]
) -> Entity:
    """The bundle's metadata, a JSON-LD document in flattened form.

    Parameters
    ----------
    members : a file's path in the bundle -> its content, the metadata itself left out.
    described : what is said of the whole.
    inputs : those members that the run was made from; all others are its results.
    """
    given = set(inputs)
    files = [_file(name, content) for name, content in sorted(members.items())]
    made = [_reference(file) for file in files if file["@id"] not in {quote(n) for n in given}]
    licences = [_licence(title, terms) for title, terms in described.terms.items()]
    software = _software(described.software)
    data = [
        {
            "@id": f"#data-{place}",
            "@type": "Dataset",
            "name": title,
            "description": "The rows that the results rest on. They are not in this bundle.",
            "license": _reference(licence),
        }
        for place, (title, licence) in enumerate(
            zip(described.terms, licences, strict=True), start=1
        )
    ]
    run = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": "The run that made these results",
        "description": "Hashes, versions, seeds and the commit stand in provenance.json.",
        "instrument": _reference(software["software"]),
        "object": [*({"@id": quote(name)} for name in sorted(given)), *map(_reference, data)],
        "result": made,
    }
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": described.name,
        "description": described.description,
        "datePublished": described.date,
        "license": _single([_reference(one) for one in licences]),
        "hasPart": [_reference(file) for file in files],
        "mentions": {"@id": "#run"},
    }
    if described.authors:
        root["author"] = _single([_reference(one) for one in described.authors])
    descriptor = {
        "@id": METADATA,
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": {"@id": VERSION},
    }
    people = {str(one["@id"]): one for one in (*described.authors, *software["authors"])}
    graph = [descriptor, root, *files, run, software["software"]]
    return {"@context": CONTEXT, "@graph": [*graph, *people.values(), *licences, *data]}


def _file(name: str, content: bytes) -> Entity:
    return {
        "@id": quote(name),
        "@type": "File",
        "name": PurePosixPath(name).name,
        "contentSize": str(len(content)),
        "encodingFormat": MEDIA_TYPES[PurePosixPath(name).suffix],
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def _licence(title: str, terms: str) -> Entity:
    return {
        "@id": f"#terms-{hashlib.sha256(f'{title}: {terms}'.encode()).hexdigest()[:12]}",
        "@type": "CreativeWork",
        "name": terms,
        "description": f"Terms of use of {title}.",
    }


def _software(citation: Mapping[str, object]) -> dict[str, object]:
    """The software as an entity, with those of its authors."""
    authors = name_authors(citation.get("authors", ()))
    software = {
        "@id": "#software",
        "@type": "SoftwareApplication",
        "name": str(citation.get("title", "")),
        "softwareVersion": str(citation.get("version", "")),
        "license": {"@id": "LICENSE"},
        "author": _single([_reference(one) for one in authors]),
    }
    return {"software": software, "authors": authors}


def name_authors(authors: Iterable[Mapping[str, object] | str]) -> list[Entity]:
    """Authors as ``CITATION.cff`` names them, or plain names, as people or organisations."""
    named = []
    for place, author in enumerate(authors, start=1):
        if isinstance(author, str):
            kind, name = "Person", author
        elif "family-names" in author:
            kind = "Person"
            name = " ".join(filter(None, [author.get("given-names"), author["family-names"]]))
        else:
            kind, name = "Organization", str(author.get("name", ""))
        own = f"#author-{place}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
        identifier = author.get("orcid", own) if isinstance(author, Mapping) else own
        named.append({"@id": str(identifier), "@type": kind, "name": name})
    return named


def _reference(entity: Mapping[str, object]) -> dict[str, object]:
    return {"@id": entity["@id"]}


def _single(values: list) -> object:
    """One value by itself, as compacted JSON-LD has it."""
    return values[0] if len(values) == 1 else values
