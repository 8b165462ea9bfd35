"""The search finds a planted string wherever it hides."""

import base64
import gzip
import html
import zipfile
from urllib.parse import quote

import pytest
from matplotlib.figure import Figure

from planted import find_planted

NAME = "Brünhild O'Wetter"


def pack(folder):
    with zipfile.ZipFile(folder / "a.docx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", f"<w>{html.escape(NAME)}</w>")


def draw(folder):
    Figure().savefig(folder / "a.png", metadata={"Author": NAME})


def embed(folder):
    image = base64.b64encode(f"<svg>{NAME}</svg>".encode()).decode()
    (folder / "a.html").write_text(f'<img src="data:image/svg+xml;base64,{image}">')


HIDDEN = {
    "text": lambda folder: (folder / "a.csv").write_text(f"x,{NAME}"),
    "escaped": lambda folder: (folder / "a.html").write_text(html.escape(NAME)),
    "address": lambda folder: (folder / "a.txt").write_text(quote(NAME)),
    "json": lambda folder: (folder / "a.json").write_text('"Br\\u00fcnhild O\'Wetter"'),
    "utf-16": lambda folder: (folder / "a.txt").write_text(f"x{NAME}", encoding="utf-16"),
    "latin-1": lambda folder: (folder / "a.txt").write_text(NAME, encoding="latin-1"),
    "base64": lambda folder: (folder / "a").write_bytes(base64.b64encode(f"ab{NAME}cd".encode())),
    "hexadecimal": lambda folder: (folder / "a").write_text(NAME.encode().hex()),
    "gzip": lambda folder: (folder / "a.gz").write_bytes(gzip.compress(NAME.encode())),
    "archive": pack,
    "image": draw,
    "page": embed,
    "name of a file": lambda folder: (folder / f"{NAME}.csv").write_text(""),
}


@pytest.mark.parametrize("way", HIDDEN)
def test_a_planted_string_is_found(tmp_path, way):
    HIDDEN[way](tmp_path)
    (found,) = find_planted(tmp_path, [NAME, "Somebody Else"])
    assert found[1] == NAME
    assert find_planted(tmp_path, [NAME], skip=[tmp_path]) == []
