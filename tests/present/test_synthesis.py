"""The part of the report on all datasets together, and its figure."""

import numpy as np
import pandas as pd
import pytest

from analysis.contract.estimates import as_estimates
from analysis.present.drawing import as_svg
from analysis.present.synthesis import describe_synthesis, draw_forest

TITLES = {"coaching": "Coaching <b>", "support": "Support"}


def effect(dataset, analysis, estimate, rater=None, note=""):
    row = {"dataset": dataset, "analysis": analysis, "rater": rater, "term": "effect"}
    row |= {"estimate": estimate, "conf_low": estimate - 0.1, "conf_high": estimate + 0.1}
    return row | {
        "outcome": "goal_attainment",
        "n_engagements": 200,
        "n_advisors": 30,
        "note": note,
    }


def pooled(analysis, rater=None):
    base = {"dataset": None, "analysis": analysis, "rater": rater}
    limits = {"conf_low": -0.1, "conf_high": 0.3}
    return [
        base | {"term": "mean", "estimate": 0.1, "note": "2 datasets"} | limits,
        base | {"term": "prediction", "estimate": 0.1, "conf_low": -0.9, "conf_high": 0.95},
        base | {"term": "tau2", "estimate": 0.0123},
        base | {"term": "i2", "estimate": 71.2},
        base | {"term": "q", "estimate": 9.0, "p_value": 0.003},
        base | {"term": "without", "dataset": "support", "estimate": 0.2},
        base | {"term": "settings_differ", "note": "not given: a reason"},
    ]


@pytest.fixture
def rows(tmp_path):
    """A synthesis as it is read back from its file."""
    made = []
    for analysis, rater in (
        ("clustered", None),
        ("disattenuated", None),
        ("correlation", "advisee"),
        ("correlation", "advisor"),
    ):
        made += [effect("coaching", analysis, 0.3, rater), effect("support", analysis, -0.1, rater)]
        made += pooled(analysis, rater)
    verdict = {"analysis": "verdict", "term": "difference", "verdict": "inconclusive"}
    made.append(verdict | {"note": "above 0 in coaching; below in support"})
    made.append(verdict | {"term": "generalises", "verdict": "supported", "note": "it does"})
    as_estimates([{"dataset": None, **row} for row in made]).to_csv(tmp_path / "s.csv", index=False)
    return pd.read_csv(tmp_path / "s.csv")


def test_the_part_says_the_verdicts_and_the_spread_with_titles_for_names(rows):
    part = describe_synthesis(rows, TITLES, "<svg></svg>")
    said = " ".join(part.paragraphs)
    assert "above 0 in Coaching <b>; below in Support" in said
    assert "71 % lies between them" in said
    assert "[−.90, .95]" in said
    assert len(part.figures) == 1
    means, effects = part.tables
    assert means.rows[0][1:5] == ("2", ".10 [−.10, .30]", "[−.90, .95]", ".0123")
    assert [row[0] for row in effects.rows] == ["Coaching <b>", "Support"]
    settings = part.further[-1]
    assert settings.rows == (("Settings differ", "–", "–", "not given: a reason"),)


def test_the_figure_names_every_dataset_and_is_the_same_every_time(rows):
    drawn = as_svg(draw_forest(rows, TITLES, 0.1))
    assert drawn == as_svg(draw_forest(rows, TITLES, 0.1))
    for words in ("Coaching &lt;b&gt;, n = 200", "Mean of 2 datasets", "[−.90, .95]"):
        assert words in drawn


def test_without_any_effect_a_plate_says_so(rows):
    rows["estimate"] = np.nan
    assert "Not shown" in as_svg(draw_forest(rows, TITLES, 0.1))
    part = describe_synthesis(rows, TITLES)
    assert not part.figures
    assert part.paragraphs
