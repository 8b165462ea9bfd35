"""Free text: what people wrote in words of their own can name anybody."""

from __future__ import annotations

from analysis.ingest.personal.column import Column, Find, found, vocabulary

TEXT = "free text"

#: A sentence in this sense is longer than labels and answers are, which also recur.
SENTENCE_WORDS, SENTENCE_LENGTH = 5, 30
FEWEST_SENTENCES, DIFFERENT_SHARE = 3, 0.5
#: A single remark in an otherwise empty column, if it is as long as no answer is.
REMARK_WORDS, REMARK_LENGTH = 20, 100

_HEADERS = vocabulary(
    """
    comment comments commentary remark remarks note notes feedback freetext describe explain
    details specify anmerkung anmerkungen bemerkung bemerkungen kommentar kommentare notiz
    notizen begrundung freitext commentaire commentaires remarque remarques comentario
    comentarios observaciones verbatim
    """
)


def find_text(column: Column) -> list[Find]:
    """Cells of free text: long, nearly all different; shorter ones where the header asks for it."""
    values = column.open_values
    sentences = _long(values, SENTENCE_WORDS, SENTENCE_LENGTH)
    if _differ(column, sentences, FEWEST_SENTENCES):
        return found(TEXT, [value for value in values if " " in value])
    if column.words & _HEADERS:
        told = _long(values, 2, 0)
        if _differ(column, told, FEWEST_SENTENCES):
            return found(TEXT, told)
    remarks = [
        value for value in _long(values, REMARK_WORDS, REMARK_LENGTH) if _once(column, value)
    ]
    return found(TEXT, remarks)


def _long(values: list[str], words: int, length: int) -> list[str]:
    return [value for value in values if len(value) >= length and len(value.split()) >= words]


def _differ(column: Column, values: list[str], fewest: int) -> bool:
    return len(values) >= fewest and len(values) >= DIFFERENT_SHARE * column.cells(values)


def _once(column: Column, value: str) -> bool:
    return column.counts[value] == 1
