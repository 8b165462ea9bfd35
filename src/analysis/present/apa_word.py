"""APA tables as a Word document: real tables, header rows marked, the same bytes on every run."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from analysis.contract.archives import pack, unpack
from analysis.present.apa import ApaTable, Run, italic, plain, runs

if TYPE_CHECKING:
    from docx.document import Document
    from docx.oxml.xmlchemy import BaseOxmlElement
    from docx.text.paragraph import Paragraph

FONT = "Times New Roman"
#: Points: what is read, and what stands in cells and notes.
TEXT, CELL = 12, 10
#: Stands for no date: a document's properties must have one.
NO_DATE = datetime(1980, 1, 1)
#: Rules in eighths of a point: above and below the table, and below its head.
OUTER, INNER = 8, 4
#: Width of the text between the margins of a page on its side, in twentieths of a point.
WIDTH = 12960
#: In the same: a cell's margins, and a letter of a number at its widest.
PADDING, LETTER = 230, 104
#: Letters beyond which a word, and a line of words, may be broken.
LONGEST_WORD, MOST_LETTERS = 16, 50


def write_word(tables: Sequence[ApaTable], title: str, author: str) -> bytes:
    """The bytes of a ``.docx`` with each table on a page of its own, the pages on their sides.

    Parameters
    ----------
    tables : what stands in it, in order.
    title, author : the document's properties.
    """
    import docx

    document = docx.Document()
    _set_up(document, title, author)
    for place, table in enumerate(tables):
        head = document.add_paragraph()
        head.paragraph_format.page_break_before = place > 0
        head.paragraph_format.keep_with_next = True
        _write(head, [Run(f"Table {table.number}")], bold=True)
        name = document.add_paragraph()
        name.paragraph_format.keep_with_next = True
        _write(name, runs(italic(table.title)))
        document.element.body.insert(len(document.element.body) - 1, _grid(table))
        for note in table.notes:
            below = document.add_paragraph()
            below.paragraph_format.space_before = 0
            _write(below, runs(note), size=CELL)
    made = io.BytesIO()
    document.save(made)
    # The order of members matters to some readers: the list of types comes first.
    members = unpack(made.getvalue())
    return pack(members, first=("[Content_Types].xml", "_rels/.rels"))


def _set_up(document: Document, title: str, author: str) -> None:
    """Page, type and properties; nothing of the template's or of this day."""
    from docx.enum.section import WD_ORIENT
    from docx.oxml.ns import qn
    from docx.shared import Inches, Pt

    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Inches(11), Inches(8.5)
    for side in ("left", "right", "top", "bottom"):
        setattr(section, f"{side}_margin", Inches(1))
    style = document.styles["Normal"]
    style.font.name, style.font.size = FONT, Pt(TEXT)
    fonts = style.element.rPr.rFonts
    for script in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
        fonts.set(qn(script), FONT)
    style.paragraph_format.space_after = Pt(6)
    about = document.core_properties
    about.title, about.author, about.last_modified_by = title[:255], author, author
    about.created = about.modified = NO_DATE
    about.comments = about.keywords = about.subject = about.category = ""
    about.language, about.revision = "en-GB", 1


def _write(paragraph: Paragraph, pieces, *, size: int = TEXT, bold: bool = False) -> None:
    from docx.shared import Pt

    for piece in pieces:
        run = paragraph.add_run(piece.text)
        run.font.size, run.bold = Pt(size), bold or None
        run.italic = True if piece.kind == "italic" else None
        run.font.superscript = True if piece.kind == "raised" else None


def _grid(table: ApaTable) -> BaseOxmlElement:
    """The table itself; made of its elements, as cell by cell takes python-docx seconds."""
    widths = _widths(table)
    grid = _element("w:tbl")
    properties = _element("w:tblPr", grid)
    _element("w:tblW", properties, w=str(sum(widths)), type="dxa")
    borders = _element("w:tblBorders", properties)
    for side in ("top", "bottom"):
        _element(f"w:{side}", borders, val="single", sz=str(OUTER), space="0", color="auto")
    _element("w:tblLayout", properties, type="fixed")
    _element(
        "w:tblLook", properties, val="0620", firstRow="1", firstColumn="0", noHBand="1", noVBand="1"
    )
    columns = _element("w:tblGrid", grid)
    for width in widths:
        _element("w:gridCol", columns, w=str(width))
    _row(grid, table.columns, widths, table.words, head=True)
    headed = False
    for row in table.rows:
        headed = headed or len(row) == 1
        _row(grid, row, widths, table.words, indented=headed and len(row) > 1)
    return grid


def _widths(table: ApaTable) -> list[int]:
    """Column widths in twentieths of a point: numbers on one line, words share what is left."""
    rows = [row for row in table.rows if len(row) > 1]
    needed: dict[int, int] = {}
    wanted: dict[int, int] = {}
    for place, head in enumerate(table.columns):
        cells = [len(plain(row[place])) for row in rows]
        heads = max(map(len, plain(head).split()), default=0)
        if place in table.words:
            lengths = sorted(cells) or [0]
            typical = lengths[int(0.9 * (len(lengths) - 1))]
            words = [len(word) for row in rows for word in plain(row[place]).split()]
            word = min(max([heads, *words]), LONGEST_WORD)
            wanted[place] = max(word + 2, min(typical, MOST_LETTERS))
        else:
            needed[place] = PADDING + LETTER * max([heads, *cells])
    left = max(WIDTH - sum(needed.values()), LETTER * sum(wanted.values()) // 2)
    shared = {place: left * one // sum(wanted.values()) for place, one in wanted.items()}
    widths = [(needed | shared)[place] for place in range(len(table.columns))]
    over = max(sum(widths) / WIDTH, 1.0)
    return [int(one / over) for one in widths]


def _row(
    grid: BaseOxmlElement,
    cells: Sequence[str],
    widths: Sequence[int],
    words: frozenset[int],
    head: bool = False,
    indented: bool = False,
) -> None:
    row = _element("w:tr", grid)
    properties = _element("w:trPr", row)
    _element("w:cantSplit", properties)
    if head:
        _element("w:tblHeader", properties)
    across = len(cells) == 1
    for place, text in enumerate(cells):
        cell = _element("w:tc", row)
        about = _element("w:tcPr", cell)
        width = sum(widths) if across else widths[place]
        _element("w:tcW", about, w=str(width), type="dxa")
        if across and len(widths) > 1:
            _element("w:gridSpan", about, val=str(len(widths)))
        if head:
            sides = _element("w:tcBorders", about)
            _element("w:bottom", sides, val="single", sz=str(INNER), space="0", color="auto")
            _element("w:vAlign", about, val="bottom")
        paragraph = _element("w:p", cell)
        layout = _element("w:pPr", paragraph)
        if across or head:
            _element("w:keepNext", layout)
        _element("w:spacing", layout, before="20", after="20")
        if indented and place == 0:
            _element("w:ind", layout, left="200")
        _element("w:jc", layout, val="left" if across or place in words else "center")
        for piece in runs(text):
            _run(paragraph, piece)


def _run(paragraph: BaseOxmlElement, piece: Run) -> None:
    from docx.oxml.ns import qn

    run = _element("w:r", paragraph)
    properties = _element("w:rPr", run)
    if piece.kind == "italic":
        _element("w:i", properties)
    _element("w:sz", properties, val=str(2 * CELL))
    _element("w:szCs", properties, val=str(2 * CELL))
    if piece.kind == "raised":
        _element("w:vertAlign", properties, val="superscript")
    text = _element("w:t", run)
    text.text = piece.text
    text.set(qn("xml:space"), "preserve")


def _element(
    name: str, parent: BaseOxmlElement | None = None, **attributes: str
) -> BaseOxmlElement:
    """An element of WordprocessingML, hung below its parent."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    made = OxmlElement(name)
    for key, value in attributes.items():
        made.set(qn(f"w:{key}"), value)
    if parent is not None:
        parent.append(made)
    return made
