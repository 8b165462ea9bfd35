from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis.contract.plan import ComparisonPlan


def simulate_programme(
    rng,
    advisors=40,
    caseload=12,
    latent=(0.35, 0.35),
    between_raters=0.4,
    reliability=(0.9, 0.9),
    n_occasions=3,
    answered=1.0,
    trend=0.2,
    n_items=0,
):
    """A programme whose latent correlations and window-mean reliabilities are known.

    Ratings and outcome share 10 % of their variance within advisors' caseloads. ``reliability`` is
    that of a mean over all occasions. Returns the frame, the occasion scores and, with
    ``n_items`` parallel items of that reliability together, the items.
    """
    sizes = rng.integers(2, 2 * caseload - 1, size=advisors)
    codes = np.repeat(np.arange(advisors), sizes)
    whole = np.array([[1, *latent], [latent[0], 1, between_raters], [latent[1], between_raters, 1]])
    shared = (rng.normal(size=(advisors, 3)) @ np.linalg.cholesky(0.1 * whole).T)[codes]
    level = shared + rng.normal(size=(len(codes), 3)) @ np.linalg.cholesky(0.9 * whole).T
    ratio = (1 - np.array(reliability)) / np.array(reliability)
    error = rng.normal(size=(len(codes), n_occasions, 2)) * np.sqrt(n_occasions * ratio)
    scores = level[:, None, 1:] + error + trend * np.arange(n_occasions)[:, None]
    present = rng.random((len(codes), n_occasions)) < answered
    present[~present.any(axis=1), 0] = True
    who, when = np.nonzero(present)
    occasions = pd.DataFrame(
        {
            "engagement_id": [f"e{i:04d}" for i in who],
            "occasion": when + 1,
            "advisee_total": scores[who, when, 0],
            "advisor_total": scores[who, when, 1],
        }
    )
    ratings = ["advisee_total", "advisor_total"]
    frame = occasions.groupby("engagement_id")[ratings].mean().reset_index()
    frame["goal_attainment"] = level[:, 0]
    frame["advisor_id"] = [f"a{code:03d}" for code in codes]
    items = {}
    for place, rating in enumerate(ratings) if n_items else ():
        noise = rng.normal(size=(len(codes), n_items)) * np.sqrt(n_items * ratio[place])
        values = level[:, [1 + place]] + noise
        items[rating] = pd.DataFrame(values, columns=[f"item_{i:02d}" for i in range(n_items)])
        items[rating].insert(0, "engagement_id", frame["engagement_id"])
        frame[rating] = values.mean(axis=1)
    return SimpleNamespace(frame=frame, occasions=occasions, items=items)


@pytest.fixture(scope="session")
def programme():
    """A function that simulates a programme: ``programme(seed, **truth)``."""
    return lambda seed, **truth: simulate_programme(np.random.default_rng(seed), **truth)


@pytest.fixture(scope="session")
def plan():
    """The default plan with fewer resamples, for speed."""
    return ComparisonPlan(resamples=300)
