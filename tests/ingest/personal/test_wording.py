import pytest

from analysis.ingest.personal.column import Column
from analysis.ingest.personal.wording import find_text

TOLD = [
    "She listened and then we wrote the plan together",
    "I could not say what I thought of the new boss",
    "After the second meeting things went much better",
]
ITEM = "My coach and I agree about the things I will need to do to help improve my situation"


def found(header: str, counts: dict[str, int], known=()) -> bool:
    return bool(find_text(Column(header, counts, frozenset(known))))


def test_sentences_that_nearly_all_differ_are_free_text():
    assert found("Q9", dict.fromkeys(TOLD, 1))
    assert found("Q9", dict.fromkeys(TOLD, 1) | {"fine": 30})


def test_a_comments_column_needs_no_sentences():
    assert found("Comments", dict.fromkeys(["all good", "not so good", "ask Jo"], 1))
    assert not found("Comments", {"yes": 20, "no": 10})
    assert not found("Q9", dict.fromkeys(["all good", "not so good", "ask Jo"], 1))


def test_a_single_long_remark_in_a_column_of_answers_is_free_text():
    assert found("Q9", {"Agree": 100, " ".join(TOLD): 1})


@pytest.mark.parametrize(
    "counts",
    [
        {ITEM: 40, ITEM + " again": 38, ITEM + " and again": 51},
        {"Neither agree nor disagree with what was said": 1, "Strongly agree": 2},
        {"E-mail,Telephone,In person": 12, "E-mail": 40, "Telephone,In person": 9},
        {"C-0412": 1, "C-0413": 1, "C-0414": 1},
    ],
)
def test_labels_and_codes_are_no_free_text(counts):
    assert not found("Q9", counts)


def test_words_that_the_mapping_spells_out_are_no_free_text():
    known = [told.casefold() for told in TOLD]
    assert not found("Q9", dict.fromkeys(TOLD, 1), known)
