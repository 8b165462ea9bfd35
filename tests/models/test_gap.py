"""The gap between two raters: against a paired t, simulated truth, and where nothing varies."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis.models.gap import mean_gap


def dyads(rng, n_teams=30, per_team=8, gap=0.3):
    n = n_teams * per_team
    team = np.repeat(np.arange(n_teams), per_team)
    level = rng.standard_normal(n)
    own = level + rng.standard_normal(n)
    other = level + gap + 0.6 * rng.standard_normal(n_teams)[team] + rng.standard_normal(n)
    return pd.DataFrame({"own": own, "other": other, "team": [f"t{one}" for one in team]})


def test_each_dyad_its_own_cluster_is_the_paired_t_test():
    frame = dyads(np.random.default_rng(1)).assign(team=lambda f: [f"d{i}" for i in f.index])
    row = mean_gap(frame, "own", "other", "team").iloc[0]
    paired = stats.ttest_rel(frame["other"], frame["own"])
    assert row["statistic"] == pytest.approx(paired.statistic)
    assert row["p_value"] == pytest.approx(paired.pvalue)
    low, high = paired.confidence_interval()
    assert (row["conf_low"], row["conf_high"]) == pytest.approx((low, high))


def test_d_divides_by_the_pooled_spread_of_people():
    frame = dyads(np.random.default_rng(2))
    rows = mean_gap(frame, "own", "other", "team")
    d = rows[rows["term"] == "gap_d"]
    pooled = np.sqrt((frame["own"].var() + frame["other"].var()) / 2)
    assert d["estimate"].to_numpy() == pytest.approx(
        np.full(2, (frame["other"] - frame["own"]).mean() / pooled)
    )
    assert list(d["method"]) == ["jackknife", "jackknife_90"]
    assert (d["conf_high"] - d["conf_low"]).is_monotonic_decreasing


def test_swapping_raters_turns_the_sign_and_a_common_shift_changes_nothing():
    frame = dyads(np.random.default_rng(3))
    rows = mean_gap(frame, "own", "other", "team")
    turned = mean_gap(frame, "other", "own", "team")
    assert turned["estimate"].to_numpy() == pytest.approx(-rows["estimate"].to_numpy())
    shifted = frame.assign(own=frame["own"] + 1e6, other=frame["other"] + 1e6)
    far = mean_gap(shifted, "own", "other", "team")
    assert far["conf_low"].to_numpy() == pytest.approx(rows["conf_low"].to_numpy(), abs=1e-6)


def test_ratings_that_never_vary_have_a_gap_and_no_d():
    frame = pd.DataFrame({"own": 3.0, "other": 4.0, "team": list("aabbcc")})
    rows = mean_gap(frame, "own", "other", "team").set_index("term")
    assert rows.loc["gap", "estimate"] == 1.0
    assert "does not vary between clusters" in rows.loc["gap", "note"]
    assert rows.loc["gap_d", "estimate"].isna().all()


def test_too_few_dyads_or_clusters_say_why():
    frame = pd.DataFrame({"own": [1.0, np.nan], "other": [2.0, 3.0], "team": ["a", "b"]})
    rows = mean_gap(frame, "own", "other", "team")
    assert rows["estimate"].isna().all() and rows["note"].str.contains("fewer than two").all()
    frame = dyads(np.random.default_rng(4)).assign(team="one")
    rows = mean_gap(frame, "own", "other", "team")
    assert rows["estimate"].notna().all() and rows["conf_low"].isna().all()
    assert rows["note"].str.contains("one cluster").all()


@pytest.mark.slow
def test_the_clustered_interval_covers_where_a_paired_t_does_not():
    """Advisors with a leaning of their own: 95 % cover .95, a paired t of dyads far less."""
    rng = np.random.default_rng(9)
    runs, inside, paired = 1000, 0, 0
    for _ in range(runs):
        frame = dyads(rng, 20, 10)
        row = mean_gap(frame, "own", "other", "team").iloc[0]
        inside += row["conf_low"] < 0.3 < row["conf_high"]
        low, high = stats.ttest_rel(frame["other"], frame["own"]).confidence_interval()
        paired += low < 0.3 < high
    assert abs(inside / runs - 0.95) < 3 * np.sqrt(0.95 * 0.05 / runs)
    assert paired / runs < 0.90


def test_real_couples_agree_with_r_through_the_mixed_model():
    """Acitelli's couples, where their folder is known: gap and error as R's lme4 gives them."""
    import os

    folder = os.environ.get("ALLIANCE_REAL_DATA")
    if not folder:
        pytest.skip("ALLIANCE_REAL_DATA names no folder")
    reference = Path(__file__).parents[1] / "reference" / "r_values.json"
    expected = json.loads(reference.read_text())["rater_gap"]
    couples = pd.read_csv(Path(folder) / "acipair" / "acipair.csv")
    wide = couples.pivot(index="CoupleID", columns="Partnum", values="Satisfaction_A")
    wide.columns = ["wife", "husband"]
    row = mean_gap(wide.reset_index(), "wife", "husband", "CoupleID").iloc[0]
    # With complete pairs the mixed model's test of the role is the paired t.
    assert row["estimate"] == pytest.approx(expected["gap"], rel=1e-10)
    assert row["std_error"] == pytest.approx(expected["se"], rel=1e-7)
