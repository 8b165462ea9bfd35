"""What may be wrong with an export, drawn at random, and what ingest may then answer.

Whatever is damaged, ingest has to refuse, or to give the tables of the cleaned export and to count
what it cleaned. A damage lists which of these answers are honest for it:

refused
    a fault that names the file
same
    the tables of the undamaged export, with rows there are more counted as set aside
blank
    the tables of the export with the damaged cells left empty, rows concerned counted as mended,
    or as set aside where the cell was needed
aside
    the tables of the export without the damaged rows, these counted as set aside
as given
    what stands in the cell, where any text (a name, a level) or any number may stand
fewer
    rows are gone, and what hung on them is counted as set aside
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from hypothesis import strategies as st

from properties.exports import Export, Sheet, as_text, is_name

#: What may stand in a cell by mistake or on purpose: something that a spreadsheet, a browser, a
#: shell, a template or a path would act on, and what is nearly a number or nearly nothing.
TEXTS = {
    "marks": ("-99", "NA", "n/a", ".", "98", "99"),
    "large": ("1e308", "-1e308", "1e18", "9007199254740993", "9" * 400, "-1"),
    "small": ("2.5", "1e-3", "1e-320", "-0", "00"),
    "endless": ("nan", "NaN", "inf", "-Infinity", "1e400"),
    "figures": (
        "0x1F",
        "1_000",
        "4,0",
        "1.234.567,8",
        "4..0",
        "--4",
        "4e",
        "\uff11",
        "\u0664",
        "½",
    ),
    "words": ("true", "False", "NULL", "None", "#REF!", "#N/A", "2024-13-45", "31/02/2024"),
    "formulas": ("=1+1", "+1+1", "@SUM(A1:A9)", "=cmd|' /C calc'!A0", '=HYPERLINK("x")', "-2+3"),
    "markup": ("<script>alert(1)</script>", "<b>bold</b>", "&lt;", "]]>", "{{7*7}}", "${HOME}"),
    "paths": ("../../etc/passwd", "..\\..\\boot", "/dev/null", "C:\\x", "a/b", "file:///x", ";rm"),
    "unseen": ("\ufeff", "\ufeff4", "\u202e4", "\u200b", "4\u00a0", "\u00a0", "e\u0301"),
    "strange": ("مرحبا", "😀", "x" * 5000, '"', "'", '""', "\\", ",", ";", "\t", "a\nb", "%s%n"),
}
#: Characters that no answer holds and that a workbook cannot hold.
CONTROLS = ("\x00", "\x01", "\x07", "\x1b[31m", "\x0b", "\x7f", "\x85", "\u2028")

_SAME = frozenset({"same"})


@dataclass(frozen=True, repr=False)
class Damage:
    """One raw table's damage: what it is, the table or file as it is now, and honest answers.

    rows, column : positions of what is damaged, in the undamaged body
    text : what stands in a damaged cell now
    more : rows there are more than before
    """

    source: str
    what: str
    content: Sheet | bytes
    honest: frozenset[str]
    rows: frozenset[int] = frozenset()
    column: int | None = None
    text: str = ""
    more: int = 0

    def __repr__(self) -> str:
        return f"{self.what} in {self.source}, rows {sorted(self.rows)[:5]}, column {self.column}"


def _place(draw, export: Export) -> tuple[str, Sheet, int, int]:
    source = draw(st.sampled_from(sorted(export.sheets)))
    sheet = export.sheets[source]
    row = draw(st.integers(0, len(sheet.body) - 1))
    # A few columns decide who and what a row is, and many hold answers: each kind is hit alike.
    kinds: dict[str, list[int]] = {}
    for name, uses in export.fed_by(source).items():
        kind = "item" if uses[0][1].startswith("item_") else uses[0][1]
        kinds.setdefault(kind, []).append(sheet.names.index(name))
    of_one_kind = draw(st.sampled_from([*sorted(kinds.values()), list(range(len(sheet.names)))]))
    column = draw(st.sampled_from(of_one_kind))
    filled = [place for place, one in enumerate(sheet.body) if one[column].strip()]
    if filled and draw(st.integers(0, 3)):
        row = draw(st.sampled_from(filled))
    return source, sheet, row, column


@st.composite
def cells(draw, export: Export) -> Damage:
    """One cell that says something else."""
    source, sheet, row, column = _place(draw, export)
    file = export.mapping.sources[source].file
    groups = [*TEXTS.values(), *([CONTROLS] if file.endswith(".csv") else [])]
    text = draw(st.sampled_from(draw(st.sampled_from(groups))))
    before = sheet.body[row][column]
    how = draw(st.sampled_from(("instead", "instead", "before", "after", "within")))
    cut = len(before) // 2
    said = {
        "instead": text,
        "before": text + before,
        "after": before + text,
        "within": before[:cut] + text + before[cut:],
    }[how]
    return Damage(
        source,
        f"{text[:30]!r} {how} {before!r}",
        sheet.with_cell(row, column, said),
        frozenset({"refused", "same", "blank", "aside", "as given"}),
        frozenset({row}),
        column,
        said,
    )


@st.composite
def headers(draw, export: Export) -> Damage:
    """A column by another name, by another's name, without a name, or gone."""
    source, sheet, _, column = _place(draw, export)
    name = sheet.names[column]
    other = draw(st.sampled_from(sheet.names))
    hostile = () if export.kind == "spss" else ("=1+1", "<b>x</b>", "")  # it allows no such names
    how = draw(st.sampled_from((*hostile, other, f"{name}x", "gone")))
    if how == "gone":
        rows = [[*row[:column], *row[column + 1 :]] for row in sheet.rows]
    else:
        first = [how if place == column else one for place, one in enumerate(sheet.names)]
        rows = [first, *sheet.rows[1:]]
    kept = how == name
    used = name in export.fed_by(source)
    honest = {"same"} if kept else {"refused"} if used else {"refused", "same"}
    what = f"column {name!r} is now {how!r}"
    return Damage(source, what, Sheet(rows, sheet.headers), frozenset(honest), column=column)


@st.composite
def row_changes(draw, export: Export) -> Damage:
    """Rows gone, doubled, blank, cut short, too long, or the header once more."""
    source, sheet, row, _ = _place(draw, export)
    body = sheet.body
    how = draw(st.sampled_from(("gone", "twice", "blank", "short", "long", "header", "one cell")))
    at = draw(st.integers(0, len(body)))
    text_only = export.file_of(source).suffix == ".csv"
    if how == "gone":
        gone = frozenset(draw(st.sets(st.integers(0, len(body) - 1), min_size=1, max_size=9)))
        return Damage(
            source, "rows gone", sheet.without(set(gone)), frozenset({"refused", "fewer"}), gone
        )
    if how in ("blank", "header"):
        extra = [""] * len(sheet.names) if how == "blank" else list(sheet.names)
        honest = {"same"} if how == "blank" else {"refused", "same"}
        return Damage(
            source,
            f"a row more: {how}",
            sheet.with_body([*body[:at], extra, *body[at:]]),
            frozenset(honest),
            more=1,
        )
    if how == "twice" or not text_only:
        return Damage(
            source,
            "a row twice",
            sheet.with_body([*body[: row + 1], body[row], *body[row + 1 :]]),
            frozenset({"refused", "same"}),
            frozenset({row}),
            more=1,
        )
    width = len(sheet.names)
    cut = 1 if how == "one cell" else draw(st.integers(2, width - 1))
    changed = [*body[row], draw(st.sampled_from(("4", "x", " ")))] if how == "long" else None
    changed = changed or body[row][:cut]
    blank = not any(cell.strip() for cell in body[row])
    honest = {"refused"} if how == "short" else {"refused", "aside", "same"}
    if how == "long" and not changed[-1].strip():
        honest = {"same"}
    if blank:
        honest |= {"same", "aside"}
    return Damage(
        source,
        f"a row {how}: {len(changed)} cells of {width}",
        sheet.with_body([*body[:row], changed, *body[row + 1 :]]),
        frozenset(honest),
        frozenset({row}),
    )


@st.composite
def orders(draw, export: Export) -> Damage:
    """Columns in any order; rows in any order that leaves each engagement's own as they were."""
    source, sheet, _, _ = _place(draw, export)
    mixed = random.Random(draw(st.integers(0, 2**32 - 1)))
    return Damage(source, "another order", in_another_order(export, source, sheet, mixed), _SAME)


def in_another_order(export: Export, source: str, sheet: Sheet, mixed: random.Random) -> Sheet:
    """The sheet with columns, and groups of rows of one engagement, in any order."""
    named = next(
        sheet.names.index(name)
        for name, uses in export.fed_by(source).items()
        if any(clean == "engagement_id" for _, clean, _ in uses)
    )
    groups: dict[str, list[list[str]]] = {}
    for row in sheet.body:
        groups.setdefault(row[named].strip(), []).append(row)
    in_groups = list(groups.values())
    mixed.shuffle(in_groups)
    places = list(range(len(sheet.names)))
    mixed.shuffle(places)
    rows = [*sheet.rows[: sheet.headers], *(row for group in in_groups for row in group)]
    return Sheet([[row[place] for place in places] for row in rows], sheet.headers)


@st.composite
def retyped(draw, export: Export) -> Damage:
    """A whole column written another way."""
    source, sheet, _, column = _place(draw, export)
    ways = {
        "with a point": lambda text: f"{text}.0" if text.isdigit() else text,
        "with an exponent": lambda text: f"{text}e0" if text.isdigit() else text,
        "with a plus": lambda text: f"+{text}" if text.isdigit() else text,
        "in capitals": str.upper,
        "with spaces": lambda text: f"  {text}\t",
        "as percentages": lambda text: f"{text} %" if text.isdigit() else text,
    }
    uses = export.fed_by(source).get(sheet.names[column], [])
    # Another way to write a name or a level is another name.
    named = any(how is not None and is_name(clean, how) for _, clean, how in uses)
    how = "with spaces" if named else draw(st.sampled_from(sorted(ways)))
    body = [
        [ways[how](cell) if place == column else cell for place, cell in enumerate(row)]
        for row in sheet.body
    ]
    # A variable of numbers in SPSS can hold no spaces: with them it is text, its labels gone.
    spaced = how == "with spaces" and export.kind != "spss"
    honest = _SAME if spaced else frozenset({"same", "refused"})
    return Damage(source, f"a column {how}", sheet.with_body(body), honest)


@st.composite
def files(draw, export: Export) -> Damage:
    """A text file in another encoding, with other line ends, or cut off; any other file cut off."""
    source, sheet, _, _ = _place(draw, export)
    path = export.file_of(source)
    if path.suffix != ".csv":
        whole = path.read_bytes()
        cut = draw(st.integers(0, len(whole) - 1))
        return Damage(source, f"cut at byte {cut}", whole[:cut], frozenset({"refused"}))
    text = as_text(sheet)
    ways = ("utf-8-sig", "utf-16", "utf-16-le", "cp1252", "\r\n", "\r", "end", "cut", "quote")
    how = draw(st.sampled_from(ways))
    if how in ("\r\n", "\r"):
        return Damage(source, repr(how), text.replace("\n", how).encode(), _SAME)
    if how == "end":
        return Damage(source, "blank lines at the end", f"{text}\n\n".encode(), _SAME, more=2)
    if how == "cut":
        lines = text.encode().splitlines(keepends=True)
        cut = draw(st.integers(sheet.headers, len(lines) - 1))
        part = lines[cut][: draw(st.integers(0, len(lines[cut]) - 1))]
        left = b"".join(lines[:cut]) + part
        return Damage(source, f"cut after {len(left)} bytes", left, frozenset({"cut"}))
    if how == "quote":
        at = draw(st.sampled_from([place for place, one in enumerate(text) if one == ","])) + 1
        opened = f'{text[:at]}"{text[at:]}'
        return Damage(source, f"a quotation mark at {at}", opened.encode(), frozenset({"refused"}))
    fits = how != "cp1252" or text.encode("cp1252", "ignore").decode("cp1252") == text
    return Damage(source, how, text.encode(how if fits else "utf-8"), _SAME)


def damages(export: Export) -> st.SearchStrategy[Damage]:
    """Any damage of an export, half of them of single cells."""
    kinds = [cells, cells, cells, cells, cells, headers, row_changes, orders, retyped, files]
    return st.sampled_from(kinds).flatmap(lambda kind: kind(export))
