from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.contract.claims import read_ledger
from analysis.present.claims import describe_claims, draw_claim

CLAIMS = read_ledger(Path(__file__).parents[2] / "config/claims.yaml").claims
TITLES = {"coaching": "Executive <coaching>", "support": "Support"}


@pytest.fixture
def table(make_claims):
    return make_claims(TITLES)


def test_the_wall_has_every_claim_by_every_dataset_with_sign_word_and_sentence(table):
    page = describe_claims(table, CLAIMS, TITLES, 0.95)
    assert page.datasets == ("Executive <coaching>", "Support")
    assert [row.claim.id for row in page.rows] == [claim.id for claim in CLAIMS]
    first = page.rows[0]
    assert first.statement == "The alliance is the chief predictor of a good outcome"
    assert [place.word for place in first.places] == ["supported", "opposed"]
    assert [place.sign for place in first.places] == ["+", "−"]
    assert first.at("Support").sentence.startswith("opposed: the alliance is")
    assert sum(int(part.rsplit(" ", 1)[1]) for part in page.counts.split(", ")) == 74


def test_a_claim_with_estimates_has_a_figure_told_in_words(table):
    page = describe_claims(table, CLAIMS, TITLES, 0.95)
    figure = page.rows[0].figure
    assert "Executive <coaching>: supported, 0.040 [0.020, 0.060]" in figure.alt
    assert "Executive &lt;coaching&gt;" in figure.svg
    untestable = table.assign(estimate=np.nan)
    assert all(row.figure is None for row in describe_claims(untestable, CLAIMS, TITLES, 0.95).rows)
    assert describe_claims(table.iloc[:0], CLAIMS, TITLES, 0.95) is None


def test_a_figure_of_log_odds_keeps_to_its_sheet():
    rows = pd.DataFrame(
        {
            "estimate": [1.8, -0.3, 0.2],
            "conf_low": [0.9, -0.7, -25.0],
            "conf_high": [2.7, 0.1, 25.0],
            "n_engagements": [1743.0, 88.0, 12.0],
            "verdict": ["supported", "inconclusive", "inconclusive"],
        },
        index=["a", "b", "c"],
    )
    figure = draw_claim(rows, {"a": "A " * 60, "b": "B", "c": "C"}, 0.2, 0.95)
    renderer = figure.canvas.get_renderer()
    for text in figure.axes[0].texts:
        box = text.get_window_extent(renderer)
        assert box.x0 >= 0 and box.x1 <= figure.bbox.width, text.get_text()
        assert box.y0 >= 0 and box.y1 <= figure.bbox.height, text.get_text()
