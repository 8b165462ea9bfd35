from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis.contract.instruments import Instrument
from analysis.contract.plan import ComparisonPlan
from analysis.evidence.cases import complete_cases
from analysis.measure.window import assemble_frame


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


NAMES = ("goal_attainment", "advisee_total", "advisor_total", "advisor_id")


def cases_of(values, codes, ids=None):
    """Cases from (n, 3) values and cluster labels."""
    frame = pd.DataFrame(np.asarray(values, dtype=float), columns=list(NAMES[:3]))
    frame["advisor_id"] = [f"a{code}" for code in codes]
    frame["engagement_id"] = [f"e{i:05d}" for i in range(len(frame))] if ids is None else ids
    return complete_cases(frame, *NAMES)


def simulate_values(rng, clusters=30, size=8, truth=(0.4, 0.2), between=0.4, shared=0.2):
    """(n, 3) outcome and ratings with these correlations at both levels, and cluster labels."""
    sizes = rng.integers(max(1, size // 2), size + size // 2 + 1, size=clusters)
    codes = np.repeat(np.arange(clusters), sizes)
    whole = np.array([[1, *truth], [truth[0], 1, between], [truth[1], between, 1]])
    root = np.linalg.cholesky(whole).T
    own = rng.normal(size=(len(codes), 3)) @ root * np.sqrt(1 - shared)
    return own + (rng.normal(size=(clusters, 3)) @ root * np.sqrt(shared))[codes], codes


@pytest.fixture(
    params=["one advisor", "constant outcome", "perfectly correlated raters", "12 engagements"]
)
def bad(request):
    """A fault's name, and cases that have it: no line can give an interval for them."""
    rng = np.random.default_rng(11)
    values, codes = simulate_values(rng)
    n = len(values)
    constant, copied = values.copy(), values.copy()
    constant[:, 0] = 3.0
    copied[:, 2] = 2 * copied[:, 1] + 1
    return request.param, {
        "one advisor": cases_of(values, np.zeros(n, dtype=int)),
        "constant outcome": cases_of(constant, codes),
        "perfectly correlated raters": cases_of(copied, codes),
        "12 engagements": cases_of(values[:12], np.arange(12) // 2),
    }[request.param]


@pytest.fixture(scope="session")
def lines():
    """Functions that make cases: ``cases_of``, ``simulate_values``, ``each_advisor_once``."""

    def each_advisor_once():
        values, _ = simulate_values(np.random.default_rng(12))
        return cases_of(values, np.arange(len(values)))

    return SimpleNamespace(
        cases_of=cases_of, simulate_values=simulate_values, each_advisor_once=each_advisor_once
    )


def simulate_course(
    rng, advisors=30, caseload=8, checkins=6, gap=0.0, discrepancy=0.0, growth=0.0, answered=0.9
):
    """The tables of a programme whose gap, growth and loss away from agreement are known.

    Ratings are on a scale of 1 to 7; ``gap`` is advisor minus advisee in points, ``growth`` points
    per check-in, ``discrepancy`` the outcome's loss per squared point between the stable ratings.
    """
    n = advisors * caseload
    codes = np.repeat(np.arange(advisors), caseload)
    own = rng.normal(size=(n, 1)) * 0.5 + rng.normal(size=(n, 2)) * 0.6
    own[:, 1] += gap + 0.2 * rng.normal(size=advisors)[codes]
    outcome = 0.3 * own.sum(axis=1) - discrepancy * (own[:, 0] - own[:, 1]) ** 2
    outcome = outcome + 0.3 * rng.normal(size=advisors)[codes] + rng.normal(size=n)
    names = [f"e{i:04d}" for i in range(n)]
    parts = []
    for place, rater in enumerate(("advisee", "advisor")):
        scores = 4.5 + own[:, [place], None] + 0.4 * rng.normal(size=(n, checkins, 3))
        scores = scores + growth * np.arange(checkins)[:, None]
        frame = pd.DataFrame(scores.reshape(-1, 3), columns=["goal", "task", "bond"])
        frame.insert(0, "engagement_id", np.repeat(names, checkins))
        frame.insert(1, "rater", rater)
        frame.insert(2, "occasion", np.tile(np.arange(1, checkins + 1), n))
        frame.insert(3, "week", 3.0 * frame["occasion"])
        frame["total"] = frame[["goal", "task", "bond"]].mean(axis=1)
        parts.append(frame[rng.random(len(frame)) < answered])
    engagements = pd.DataFrame(
        {
            "engagement_id": names,
            "advisor_id": [f"a{code:02d}" for code in codes],
            "setting": "mentoring",
            "status": "completed",
            "ended_week": 3.0 * checkins + 1,
        }
    )
    alliance = pd.concat(parts, ignore_index=True)
    events = pd.DataFrame(
        {
            "engagement_id": np.repeat(names, checkins),
            "occasion": np.tile(np.arange(1.0, checkins + 1), n),
            "event": "task_not_done",
        }
    )
    outcomes = pd.DataFrame(
        {
            "engagement_id": names,
            "outcome": "goal_attainment",
            "source": "third_party",
            "phase": "end",
            "week": 3.0 * checkins + 2,
            "value": outcome,
        }
    )
    return {
        "engagements": engagements,
        "alliance": alliance,
        "events": events[rng.random(len(events)) < 0.2].reset_index(drop=True),
        "outcomes": outcomes,
        "frame": assemble_frame(engagements, alliance, (1, 2, 3)),
        "measurement": pd.DataFrame(
            columns=["dataset", "analysis", "rater", "term", "estimate", "note"]
        ),
    }


@pytest.fixture
def make_course():
    """The function that simulates the tables of a programme's course."""
    return simulate_course


@pytest.fixture
def instruments():
    """Both raters' instruments, a scale of 1 to 7."""
    key = Instrument(
        name="seven",
        title="Seven",
        responses={"minimum": 1, "maximum": 7},
        subscales={"goal": (), "task": (), "bond": ()},
        status="user_supplied",
        source="made for a test",
    )
    return {"advisee": key, "advisor": key}
