"""Finding planted strings in whatever a run leaves behind, however they are written there."""

from __future__ import annotations

import base64
import gzip
import html
import io
import json
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

_BASE64 = re.compile(rb"base64,([A-Za-z0-9+/=\s]{16,})")
_PNG = b"\x89PNG\r\n\x1a\n"


def spellings(text: str) -> set[bytes]:
    """A string as it may stand in a file: as text, escaped, encoded, in base64 or hexadecimal."""
    texts = {text, unicodedata.normalize("NFD", text), text.lower(), text.upper()}
    texts |= {html.escape(text), html.escape(text, quote=False)}
    texts |= {quote(text), quote(text, safe=""), quote_plus(text)}
    texts |= {json.dumps(text)[1:-1], text.encode("ascii", "xmlcharrefreplace").decode()}
    found = {one.encode() for one in texts}
    for encoding in ("utf-16-le", "utf-16-be", "latin-1", "cp1252"):
        found |= {one.encode(encoding, "ignore") for one in (text, text.lower())}
    for bare in (text.encode(), text.encode("utf-16-le")):
        found |= {bare.hex().encode(), bare.hex().upper().encode()}
        found |= set(_within_base64(bare))
    return {one for one in found if len(one) >= 4}


def _within_base64(bare: bytes) -> Iterator[bytes]:
    """What stays the same of some bytes in base64, wherever in the encoded text they begin."""
    for offset in range(3):
        told = base64.b64encode(bytes(offset) + bare)
        yield told[(0, 2, 3)[offset] : -4]
        yield told.translate(bytes.maketrans(b"+/", b"-_"))[(0, 2, 3)[offset] : -4]


def contents(data: bytes) -> Iterator[bytes]:
    """The bytes, and what is packed in them: archives, compressed text, images in a page."""
    yield data
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for one in archive.infolist():
                yield one.filename.encode() + one.comment + one.extra
                yield from contents(archive.read(one))
    if data[:2] == b"\x1f\x8b":
        yield from contents(gzip.decompress(data))
    if data.startswith(_PNG):
        yield from _png_texts(data)
    for found in _BASE64.finditer(data):
        packed = re.sub(rb"\s", b"", found[1])
        yield from contents(base64.b64decode(packed[: len(packed) // 4 * 4]))


def _png_texts(data: bytes) -> Iterator[bytes]:
    """The texts in an image's metadata."""
    place = len(_PNG)
    while place + 8 <= len(data):
        size, kind = int.from_bytes(data[place : place + 4]), data[place + 4 : place + 8]
        chunk = data[place + 8 : place + 8 + size]
        if kind in (b"tEXt", b"iTXt", b"eXIf"):
            yield chunk
        if kind in (b"zTXt", b"iTXt") and (start := chunk.find(b"x\x9c")) >= 0:
            yield zlib.decompressobj().decompress(chunk[start:])
        place += size + 12


def find_planted(
    folder: Path, planted: Iterable[str], skip: Iterable[Path] = ()
) -> list[tuple[str, str]]:
    """Files below a folder, by relative path, with the planted strings in their name or content.

    ``skip`` names folders that may hold them: the raw tables, the interim folder.
    """
    wanted = {text: spellings(text) for text in planted}
    skipped = [Path(one).resolve() for one in skip]
    found = []
    for path in sorted(Path(folder).rglob("*")):
        if any(path.resolve().is_relative_to(one) for one in skipped):
            continue
        name = str(path.relative_to(folder))
        parts = [name.encode(), *(contents(path.read_bytes()) if path.is_file() else ())]
        for text, written in wanted.items():
            if any(one in part for part in parts for one in written):
                found.append((name, text))
    return found
