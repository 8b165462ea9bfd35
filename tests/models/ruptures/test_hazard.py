"""Person-periods hold no immortal time; the logit agrees with statsmodels."""

import numpy as np
import pandas as pd
import pytest

from analysis.models.ruptures.episodes import Rule
from analysis.models.ruptures.hazard import fit_hazard, person_periods
from analysis.models.ruptures.ratings import Ratings
from analysis.models.ruptures.statistics import follow

N = np.nan


def periods_of(courses, act, ended=None):
    scores = np.array(courses, dtype=float)
    n, times = scores.shape
    ended = np.zeros(n, dtype=bool) if ended is None else np.array(ended)
    ratings = Ratings(
        np.array([f"e{i}" for i in range(n)]),
        np.arange(n),
        n,
        np.arange(1, times + 1),
        {"total": scores},
        ended,
    )
    courses = follow(ratings, {"total": scores[None]}, Rule(1.0, "previous", 0.5, 5))
    flags = np.zeros(scores.shape, dtype=bool)
    for row, occasion in act:
        flags[row, occasion - 1] = True
    return person_periods(ratings, courses.episodes, {"act": flags}, 5)


def test_an_act_counts_from_the_check_in_after_its_own():
    periods = periods_of([[5, 3, 3, 3, 5]], act=[(0, 3)])
    assert periods["occasion"].tolist() == [3, 4, 5]
    assert periods["act"].tolist() == [0, 1, 1]
    assert periods["repaired"].tolist() == [0, 0, 1]


def test_an_act_before_the_onset_does_not_count():
    assert periods_of([[5, 3, 5, 5]], act=[(0, 1)])["act"].tolist() == [0]


def test_an_engagement_that_ends_early_leaves_one_check_in_after_its_last():
    periods = periods_of([[5, 3, 3, N], [5, 3, 3, N]], act=[(0, 3)], ended=[True, False])
    assert periods["occasion"].tolist() == [3, 4, 3]
    assert periods["ended"].tolist() == [0, 1, 0]
    assert periods["act"].tolist() == [0, 1, 0]


def test_check_ins_left_out_are_not_at_risk():
    periods = periods_of([[5, 3, N, 5]], act=[])
    assert periods["occasion"].tolist() == [4] and periods["since"].tolist() == [2]


def simulated(seed=0, n=600):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "engagement_id": np.arange(n).astype(str),
            "cluster": rng.integers(0, 40, n),
            "since": rng.integers(1, 6, n),
            "act": rng.integers(0, 2, n),
            "other": rng.integers(0, 2, n),
        }
    )
    odds = -0.5 + 0.8 * frame["act"] - 0.2 * frame["since"]
    frame["repaired"] = (rng.random(n) < 1 / (1 + np.exp(-odds))).astype(int)
    return frame


def test_the_logit_agrees_with_statsmodels():
    import statsmodels.api as sm

    frame = simulated()
    rows = pd.DataFrame(fit_hazard(frame, ["act", "other"])).set_index("term")
    since = np.minimum(frame["since"], 3)
    x = np.column_stack([since == k for k in (1, 2, 3)] + [frame["act"], frame["other"]])
    fitted = sm.GLM(frame["repaired"], x.astype(float), family=sm.families.Binomial()).fit(
        cov_type="cluster",
        cov_kwds={"groups": frame["cluster"], "use_correction": False},
        tol=1e-12,
    )
    g = frame["cluster"].nunique()
    np.testing.assert_allclose(rows["estimate"], fitted.params.iloc[3:], rtol=1e-8)
    errors = fitted.bse.iloc[3:] * np.sqrt(g / (g - 1))
    np.testing.assert_allclose(rows["std_error"], errors, rtol=1e-7)
    assert (rows["df"] == g - 1).all()


def test_an_exposure_that_never_meets_the_event_is_refused_and_the_others_are_not():
    frame = simulated()
    frame["never"] = 0
    rows = pd.DataFrame(fit_hazard(frame, ["act", "never"])).set_index("term")
    assert np.isnan(rows.loc["never", "estimate"]) and rows.loc["never", "note"]
    assert np.isfinite(rows.loc["act", "conf_low"])


def test_too_few_events_are_refused():
    frame = simulated().assign(repaired=0)
    row = fit_hazard(frame, ["act"])[0]
    assert np.isnan(row["estimate"]) and "fewer than 10" in row["note"]


def test_one_cluster_gives_no_interval():
    row = fit_hazard(simulated().assign(cluster=1), ["act"])[0]
    assert np.isfinite(row["estimate"]) and np.isnan(row["conf_low"])
    assert row["note"] == "one cluster: no interval can be given"


@pytest.mark.slow
def test_the_interval_of_an_acts_log_odds_covers_the_truth():
    covered = []
    for seed in range(300):
        row = fit_hazard(simulated(seed), ["act", "other"])[0]
        covered.append(row["conf_low"] <= 0.8 <= row["conf_high"])
    assert np.mean(covered) == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / 300) + 0.01)
