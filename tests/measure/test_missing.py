import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.measure.missing import describe_missingness, impute, pool_rubin

RUBIN = json.loads((Path(__file__).parents[1] / "reference/r_values.json").read_text())["rubin"]


def missing_at_random(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Rating (mean 0) that correlates .7 with what decides whether it is missing."""
    known = rng.normal(size=n)
    rating = 0.7 * known + np.sqrt(1 - 0.49) * rng.normal(size=n)
    gone = rng.random(n) < 1 / (1 + np.exp(-1.5 * known))
    return pd.DataFrame({"rating": np.where(gone, np.nan, rating), "known": known})


def pooled_mean(frame: pd.DataFrame, m: int, rng: np.random.Generator, method: str) -> pd.Series:
    means = [copy["rating"] for copy in impute(frame, ["rating"], ["known"], m, rng, method=method)]
    n = len(frame)
    return pool_rubin([x.mean() for x in means], [x.var() / n for x in means], n, 1).iloc[0]


def test_pooling_agrees_with_mice():
    row = pool_rubin(RUBIN["q"], RUBIN["u"], RUBIN["n"], RUBIN["k"]).iloc[0]
    assert row["estimate"] == pytest.approx(RUBIN["qbar"], abs=1e-9)
    assert row["variance"] == pytest.approx(RUBIN["t"], abs=1e-9)
    assert row["df"] == pytest.approx(RUBIN["df"], abs=1e-6)
    assert row["fmi"] == pytest.approx(RUBIN["fmi"], abs=1e-6)
    assert row["conf_high"] - row["estimate"] == pytest.approx(
        2.04518 * RUBIN["t"] ** 0.5, rel=1e-4
    )


def test_equal_estimates_pool_to_themselves_with_nearly_complete_df():
    row = pool_rubin([0.3] * 4, [0.01] * 4, 50, 2).iloc[0]
    assert row["variance"] == pytest.approx(0.01)
    assert 40 < row["df"] < 48


def test_pooling_says_why_it_cannot():
    one = pool_rubin([0.3], [0.01], 50, 2).iloc[0]
    assert np.isnan(one["estimate"])
    assert "one data set" in one["note"]
    assert "undefined" in pool_rubin([0.3, np.nan], [0.01, 0.01], 50, 2)["note"].iloc[0]
    assert "zero" in pool_rubin([0.3, 0.3], [0, 0], 50, 2)["note"].iloc[0]
    for wrong in (([], [], 9, 1), ([1, 2], [1], 9, 1), ([1, 2], [1, -1], 9, 1), ([1], [1], 2, 2)):
        with pytest.raises(ValueError, match=r"one of each|negative|exceed"):
            pool_rubin(*wrong)


@pytest.mark.parametrize("method", ["normal", "pmm"])
def test_imputation_removes_the_bias_of_complete_cases(method):
    rng = np.random.default_rng(3)
    frame = missing_at_random(4000, rng)
    row = pooled_mean(frame, 10, rng, method)
    complete = frame["rating"].mean()
    # complete cases lie about -.4 off; the pooled mean within 4 of its standard errors (~.02)
    assert complete < -0.25
    assert abs(row["estimate"]) < 4 * row["std_error"] < 0.15


def covered(studies: int, seed: int) -> float:
    rng = np.random.default_rng(seed)
    rows = [pooled_mean(missing_at_random(100, rng), 10, rng, "normal") for _ in range(studies)]
    return float(np.mean([row["conf_low"] < 0 < row["conf_high"] for row in rows]))


def test_pooled_intervals_cover_about_as_often_as_they_say():
    # 200 studies: Monte Carlo error .015, so four of them
    assert abs(covered(200, 5) - 0.95) < 0.062


@pytest.mark.slow
def test_pooled_intervals_cover_as_often_as_they_say_in_many_studies():
    # Monte Carlo error .005; three of them, and .01 for the normal approximation
    assert abs(covered(2000, 6) - 0.95) < 0.025


def test_imputations_keep_the_spread_and_the_correlation():
    rng = np.random.default_rng(8)
    frame = missing_at_random(4000, rng)
    copies = impute(frame, ["rating"], ["known"], 5, rng)
    # sampling error of an SD and of a correlation at n = 4000 is about .011, more with gaps
    assert np.mean([copy["rating"].std() for copy in copies]) == pytest.approx(1, abs=0.08)
    assert np.mean([copy.corr().iloc[0, 1] for copy in copies]) == pytest.approx(0.7, abs=0.06)


def test_observed_values_auxiliaries_and_the_input_are_left_as_they_were():
    rng = np.random.default_rng(1)
    frame = missing_at_random(80, rng).assign(other=rng.normal(size=80), team=list("abcd") * 20)
    frame.loc[:9, "other"] = np.nan
    frame.loc[3, "team"] = None
    before = frame.copy()
    copies = impute(frame, ["rating"], ["known", "other", "team"], 3, rng, method="pmm")
    pd.testing.assert_frame_equal(frame, before)
    seen = frame["rating"].notna()
    for copy in copies:
        pd.testing.assert_frame_equal(copy[seen], before[seen])
        pd.testing.assert_frame_equal(copy.drop(columns="rating"), before.drop(columns="rating"))
        assert set(copy["rating"]) == set(before["rating"].dropna())
    assert not copies[0].equals(copies[1])


def test_the_same_seed_gives_the_same_copies():
    frame = missing_at_random(60, np.random.default_rng(1))
    once, again = (
        impute(frame, ["rating"], ["known"], 2, np.random.default_rng(9)) for _ in range(2)
    )
    for left, right in zip(once, again, strict=True):
        pd.testing.assert_frame_equal(left, right)


def test_no_gaps_give_equal_copies_and_constant_or_twin_predictors_do_no_harm():
    rng = np.random.default_rng(2)
    frame = missing_at_random(60, rng)
    whole = frame.fillna(0.0)
    for copy in impute(whole, ["rating"], ["known"], 2, rng):
        pd.testing.assert_frame_equal(copy, whole)
    frame = frame.assign(same=1.0, twin=frame["known"])
    copy = impute(frame, ["rating"], ["known", "same", "twin"], 1, rng)[0]
    assert np.isfinite(copy["rating"]).all()


@pytest.mark.parametrize(
    ("rating", "message"),
    [
        ([np.nan] * 12, "0 observed"),
        ([4.0] * 8 + [np.nan] * 4, "all the same"),
        (["x"] * 12, "numeric"),
    ],
)
def test_columns_that_cannot_be_imputed_are_refused(rating, message):
    frame = pd.DataFrame({"rating": rating, "known": range(12)})
    with pytest.raises(ValueError, match=message):
        impute(frame, ["rating"], ["known"], 2, np.random.default_rng(0))


def test_unknown_columns_methods_and_too_many_predictors_are_refused():
    rng = np.random.default_rng(0)
    frame = missing_at_random(12, rng)
    with pytest.raises(ValueError, match="not in the frame"):
        impute(frame, ["rating"], ["nothing"], 2, rng)
    with pytest.raises(ValueError, match="not in the frame"):
        describe_missingness(frame, ["rating"], ["nothing"])
    with pytest.raises(ValueError, match="method"):
        impute(frame, ["rating"], ["known"], 2, rng, method="mean")
    wide = frame.assign(**{f"x{j}": rng.normal(size=12) for j in range(12)})
    with pytest.raises(ValueError, match="too few"):
        impute(wide, ["rating"], [f"x{j}" for j in range(12)], 2, rng)


def test_who_did_not_reply_is_described_by_what_is_known():
    frame = pd.DataFrame(
        {
            "rating": [np.nan, np.nan, np.nan, 1, 2, 3],
            "age": [3.0, 4, 5, 1, 2, 3],
            "team": list("aabbbb"),
        }
    )
    rows = describe_missingness(frame, ["rating"], ["age", "team"]).set_index("term")
    assert rows.loc["missing", "estimate"] == 0.5
    # means 4 and 2, both standard deviations 1
    assert rows.loc["age", "estimate"] == pytest.approx(2)
    assert rows.loc["age", "std_error"] == pytest.approx(np.sqrt(2 / 3 + 4 / 12))
    assert rows.loc["team=a", "estimate"] == pytest.approx(2 / 3)
    assert rows.loc["team=b", "estimate"] == pytest.approx(-2 / 3)
    assert rows.loc["age", "n_engagements"] == 6


def test_nothing_missing_or_no_variance_is_noted_and_not_estimated():
    frame = pd.DataFrame({"rating": [1.0, 2, 3, 4], "gap": [np.nan, np.nan, 1, 2], "same": 5.0})
    rows = describe_missingness(frame, ["rating", "gap"], ["same"])
    own = rows[rows["term"] == "same"].set_index("outcome")
    assert own["estimate"].isna().all()
    assert "fewer than two" in own.loc["rating", "note"]
    assert "no variance" in own.loc["gap", "note"]
