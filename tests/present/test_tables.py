import numpy as np
import pytest

from analysis.contract.estimates import PHASES, SOURCES, VERDICTS
from analysis.present import tables


@pytest.mark.parametrize(
    ("value", "decimals", "shown"),
    [
        (0.2158, 3, ".216"),
        (-0.0481, 2, "−.05"),
        (-0.0001, 2, ".00"),
        (0.9999, 2, "1.00"),
        (-1.25, 2, "−1.25"),
        (np.nan, 3, "–"),
        (np.inf, 3, "–"),
    ],
)
def test_a_correlation_has_no_leading_zero_and_a_true_minus_sign(value, decimals, shown):
    assert tables.show_correlation(value, decimals) == shown


def test_an_interval_needs_both_limits():
    assert tables.show_interval(-0.0094, 0.2572) == "[−.009, .257]"
    assert tables.show_interval(0.1, np.nan) == "–"


@pytest.mark.parametrize(
    ("p", "shown"), [(0.0432, ".043"), (0.0004, "< .001"), (0.0006, ".001"), (np.nan, "–")]
)
def test_small_p_values_are_not_shown_as_nought(p, shown):
    assert tables.show_p(p) == shown


def test_counts_have_their_thousands_set_apart():
    assert tables.show_count(1030.0) == "1,030"
    assert tables.show_count(np.nan) == "–"


def test_every_name_of_the_vocabulary_has_its_word():
    assert set(tables.VERDICTS) == set(tables.SIGNS) == set(VERDICTS)
    assert set(tables.SOURCES) == set(tables.GIVEN_BY) == set(SOURCES)
    assert set(tables.PHASES) == set(PHASES)
    assert len(set(tables.SIGNS.values())) == len(VERDICTS)


def test_every_line_and_estimator_of_a_real_table_has_its_word(tables_made):
    assert set(tables_made["method"]) - {"verdict"} <= set(tables.METHODS)
    assert set(tables_made["analysis"]) - {"grid"} <= set(tables.ANALYSES)


@pytest.fixture
def tables_made(tables):
    return tables["coaching"]


def test_an_unknown_method_is_shown_by_its_name():
    assert tables.put_in_words("ordinal_probit", tables.METHODS) == "ordinal probit"
    assert tables.put_in_words(np.nan, tables.METHODS) == ""


def test_a_note_shows_the_sign_for_plus_or_minus():
    assert tables.show_note("within +-0.10") == "within ±0.10"
    assert tables.show_note(np.nan) == ""
