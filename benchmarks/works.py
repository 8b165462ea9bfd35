"""The works that are timed against R: their data, what we do with it, and what must agree.

``theirs.R`` has the same works under the same names.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd

ITEMS = tuple(f"item_{number:02d}" for number in range(1, 13))
FACTORS = {
    "goal": (4, 6, 8, 11),
    "task": (1, 2, 10, 12),
    "bond": (3, 5, 7, 9),
}

Answers = dict[str, float]


@dataclass(frozen=True)
class Work:
    """One work to time.

    ``write(folder, rows)`` makes its data once; ``ours(folder, resamples)`` reads them and returns
    the call that is timed, which returns the numbers to compare. ``rows`` is the full size,
    ``small`` the size of the warm-up. ``faster`` is the goal: how many times faster than R at
    least. ``tolerances`` are relative, by the beginning of an answer's name ('' for all others).
    ``times`` is what R's seconds are multiplied by, because R does only that part of the work.
    ``short`` says what keeps a goal from being met, where one is not.
    """

    title: str
    theirs: str
    write: Callable[[Path, int], None]
    ours: Callable[[Path, int], Callable[[], Answers]]
    rows: int
    small: int
    faster: float
    tolerances: Mapping[str, float]
    resamples: int = 0
    times: float = 1.0
    short: str = ""


def _dyads(clusters: int, size: int = 20) -> pd.DataFrame:
    """An outcome and two ratings of engagements whose advisors differ."""
    rng = np.random.default_rng(1)
    codes = np.repeat(np.arange(clusters), size)
    level = rng.normal(size=(clusters, 3))[codes] * 0.5
    own = rng.normal(size=(len(codes), 3))
    outcome = 0.4 * own[:, 0] + 0.2 * own[:, 1] + own[:, 2] + level[:, 2]
    columns = {"outcome": outcome, "advisee": own[:, 0] + level[:, 0]}
    columns |= {"advisor": own[:, 1] + level[:, 1], "cluster": [f"a{code:05d}" for code in codes]}
    return pd.DataFrame(columns).sample(frac=1, random_state=1, ignore_index=True)


def _write_dyads(folder: Path, rows: int) -> None:
    _dyads(rows // 20).to_csv(folder / "dyads.csv", index=False)


def _resample(folder: Path, resamples: int) -> Callable[[], Answers]:
    from analysis.models.resampling import cluster_bootstrap_difference

    frame = pd.read_csv(folder / "dyads.csv")

    def call() -> Answers:
        rng = np.random.default_rng(1)
        row = cluster_bootstrap_difference(
            frame, "outcome", "advisee", "advisor", "cluster", resamples, rng
        ).iloc[0]
        return {"difference": row["estimate"], "std_error": row["std_error"]}

    return call


def _fit_intercept(folder: Path, _resamples: int) -> Callable[[], Answers]:
    from analysis.models.multilevel import fit_two_level

    frame = pd.read_csv(folder / "dyads.csv")

    def call() -> Answers:
        rows = fit_two_level(frame, "outcome", ["advisee", "advisor"], "cluster")
        found = rows.set_index("term")["estimate"]
        errors = rows.set_index("term")["std_error"]
        return {
            "advisee": found["advisee"],
            "advisor": found["advisor"],
            "std_error_advisee": errors["advisee"],
            "std_error_advisor": errors["advisor"],
            "var_intercept": found["var_intercept"],
            "var_residual": found["var_residual"],
            "loglik": found["loglik"],
        }

    return call


def _answers(rows: int) -> pd.DataFrame:
    """Answers from 1 to 5 to twelve items of three correlated factors."""
    rng = np.random.default_rng(1)
    common = rng.normal(size=(rows, 1))
    answers = np.empty((rows, 12))
    for numbers in FACTORS.values():
        factor = 0.8 * common + 0.6 * rng.normal(size=(rows, 1))
        places = np.array(numbers) - 1
        loadings = 0.6 + 0.02 * places
        answers[:, places] = factor * loadings + 0.7 * rng.normal(size=(rows, len(places)))
    return pd.DataFrame(np.clip(np.round(3 + answers), 1, 5), columns=list(ITEMS)).astype("int64")


def _write_answers(folder: Path, rows: int) -> None:
    _answers(rows).to_csv(folder / "items.csv", index=False)


def _key():
    from analysis.contract.instruments import Instrument

    return Instrument.model_validate(
        {
            "name": "twelve",
            "title": "twelve items",
            "responses": {"minimum": 1, "maximum": 5},
            "subscales": FACTORS,
            "status": "user_supplied",
            "source": "made for this benchmark",
        }
    )


def _score(folder: Path, _resamples: int) -> Callable[[], Answers]:
    from analysis.measure.reliability import cronbach_alpha
    from analysis.measure.scoring import score_items

    items, key = pd.read_csv(folder / "items.csv"), _key()
    scales = FACTORS | {"total": range(1, 13)}

    def call() -> Answers:
        scores = score_items(items, key, 0.75)
        alphas = {
            scale: cronbach_alpha(items[[key.item_names[number] for number in numbers]])
            for scale, numbers in scales.items()
        }
        found = {f"alpha_{scale}": row["estimate"].iloc[0] for scale, row in alphas.items()}
        found |= {f"mean_{scale}": scores[scale].mean() for scale in scales}
        return found | {f"sd_{scale}": scores[scale].std() for scale in scales}

    return call


def _fit_factors(folder: Path, _resamples: int) -> Callable[[], Answers]:
    from analysis.measure.structure import fit_cfa

    items = pd.read_csv(folder / "items.csv")
    factors = {name: [ITEMS[n - 1] for n in numbers] for name, numbers in FACTORS.items()}

    def call() -> Answers:
        fit = fit_cfa(items, factors)
        rows = fit.parameters.set_index("term")
        loadings = rows[rows.index.str.contains("=~", regex=False)]
        found = {"chisq": fit.fit["chisq"], "df": fit.fit["df"]}
        found |= {f"loading_{term.split()[-1]}": row for term, row in loadings["estimate"].items()}
        errors = loadings["std_error"].items()
        return found | {f"std_error_{term.split()[-1]}": error for term, error in errors}

    return call


def _multiverse_plan(resamples: int):
    from analysis.contract.plan import Plan

    windows = [[n for n in range(1, 5) if code >> (n - 1) & 1] for code in range(1, 16)]
    return Plan.model_validate(
        {
            "datasets": ["one"],
            "scoring": {},
            "comparison": {},
            "multiverse": {
                "windows": windows,
                "subscales": ["total", "goal", "task", "bond"],
                "minimum_answered": [0.5, 0.75, 1.0],
                "adjustments": ["none", "baseline"],
                "estimators": ["pearson"],
                "minimum_caseload": [1, 8],
                "resamples": resamples,
            },
        }
    )


def _multiverse_sources(engagements: int, advisors: int):
    """Clean tables: four check-ins of twelve items, one answer in twenty missing, four sources."""
    from analysis.evidence.multiverse.choices import Sources

    rng = np.random.default_rng(1)
    ids = np.array([f"e{i:05d}" for i in range(engagements)])
    codes = rng.integers(0, advisors, size=engagements)
    level = rng.normal(size=(engagements, 2)) + 0.4 * rng.normal(size=(advisors, 2))[codes]
    baseline = rng.normal(size=engagements)
    sheets = []
    for place, rater in enumerate(("advisee", "advisor")):
        for occasion in (1, 2, 3, 4):
            answers = level[:, [place]] + 0.5 * rng.normal(size=(engagements, 1))
            answers = np.clip(np.round(3 + answers + rng.normal(size=(engagements, 12))), 1, 5)
            answers[rng.random(answers.shape) < 0.05] = np.nan
            sheet = pd.DataFrame(answers, columns=list(ITEMS))
            sheet.insert(0, "engagement_id", ids)
            sheet.insert(1, "rater", rater)
            sheet.insert(2, "occasion", occasion)
            sheets.append(sheet)
    values = []
    for source in ("record", "third_party", "advisee", "advisor"):
        rows = {"end": level.mean(axis=1) + 0.5 * baseline + rng.normal(size=engagements)}
        rows["baseline"] = baseline
        for phase, value in rows.items():
            table = pd.DataFrame({"engagement_id": ids, "value": value, "week": 30.0})
            values.append(table.assign(outcome="goal_attainment", source=source, phase=phase))
    key = _key()
    return Sources(
        pd.DataFrame({"engagement_id": ids, "advisor_id": [f"a{code:03d}" for code in codes]}),
        pd.concat(sheets, ignore_index=True),
        pd.concat(values, ignore_index=True),
        {"advisee": key, "advisor": key},
        {"goal_attainment": SimpleNamespace(timing="prospective", higher_is="better")},
        "advisor_id",
        SimpleNamespace(outcome="goal_attainment", source="record", phase="end"),
    )


#: R does every tenth specification, and its seconds are multiplied.
EVERY = 10


def _write_multiverse(folder: Path, rows: int) -> None:
    """The rows that every tenth specification rests on, so that R has only to resample them."""
    from analysis.evidence.multiverse.specifications import list_specifications

    engagements, advisors = rows, rows // 10
    sources, plan = _multiverse_sources(engagements, advisors), _multiverse_plan(99)
    specifications, _ = list_specifications(sources, plan)
    (folder / "size.json").write_text(json.dumps([engagements, advisors]))
    chosen = specifications[::EVERY]
    parts = [
        _rows_of(sources, plan, one).assign(specification=place) for place, one in enumerate(chosen)
    ]
    pd.concat(parts).to_csv(folder / "specifications.csv", index=False)


def _rows_of(sources, plan, one) -> pd.DataFrame:
    """Outcome, ratings, baseline (if it is adjusted for) and advisor of one specification."""
    from analysis.measure.scoring import score_alliance

    window = [int(number) for number in one.choices["window"].split()]
    alliance = score_alliance(
        sources.checkins, sources.instruments, one.choices["minimum_answered"]
    )
    alliance = alliance[alliance["occasion"].isin(window) & alliance["total"].notna()]
    score = alliance.pivot(
        index=["engagement_id", "occasion"], columns="rater", values=one.choices["subscale"]
    )
    frame = score.dropna().groupby(level="engagement_id").mean()
    outcomes = sources.outcomes[sources.outcomes["source"] == one.cell.source]
    phases = outcomes.pivot(index="engagement_id", columns="phase", values="value")
    frame = frame.assign(outcome=phases["end"], baseline=phases["baseline"])
    frame["cluster"] = sources.engagements.set_index("engagement_id")["advisor_id"]
    size = frame.groupby("cluster")["outcome"].transform("size")
    frame = frame[size >= one.choices["minimum_caseload"]]
    if one.choices["adjustment"] == "none":
        frame["baseline"] = np.nan
    return frame[["outcome", "advisee", "advisor", "baseline", "cluster"]]


def _explore(folder: Path, resamples: int) -> Callable[[], Answers]:
    from analysis.evidence.multiverse.multiverse import explore_multiverse

    sources = _multiverse_sources(*json.loads((folder / "size.json").read_text()))
    plan = _multiverse_plan(resamples)

    def call() -> Answers:
        rows = explore_multiverse(sources, plan)
        found = rows.loc[rows["analysis"] == "specification", "estimate"].to_numpy()
        first = {f"difference_{place}": value for place, value in enumerate(found[::EVERY])}
        return first | {"specifications": len(found)}

    return call


WORKS = {
    "resamples": Work(
        "10,000 resamples of advisors of a difference of correlations, 150 advisors x 20",
        "boot",
        _write_dyads,
        _resample,
        3_000,
        200,
        25,
        {"": 1e-9, "std_error": 0.05},
        resamples=10_000,
    ),
    "multiverse": Work(
        "multiverse, over 2,000 specifications x 2,000 resamples, 600 engagements of 60 advisors",
        "a loop over boot",
        _write_multiverse,
        _explore,
        600,
        120,
        100,
        {"": 1e-9},
        resamples=2_000,
        times=EVERY,
        short="most of its time are the products of resamples and specifications; larger products "
        "would be faster and change last digits with their size, so that runs split over "
        "machines would no longer be the same bytes as whole ones",
    ),
    "intercept": Work(
        "random intercept, 3,000 rows of 150 advisors",
        "lmer",
        _write_dyads,
        _fit_intercept,
        3_000,
        200,
        2,
        {"": 1e-4},
    ),
    "intercept_large": Work(
        "random intercept, 100,000 rows of 5,000 advisors",
        "lmer",
        _write_dyads,
        _fit_intercept,
        100_000,
        200,
        2,
        {"": 1e-4},
    ),
    "scoring": Work(
        "three scales, their total and four alphas of twelve items, 1,000,000 rows",
        "scoreItems",
        _write_answers,
        _score,
        1_000_000,
        1_000,
        5,
        {"": 1e-9},
    ),
    "factors": Work(
        "three correlated factors of twelve items, 3,000 rows",
        "lavaan's cfa",
        _write_answers,
        _fit_factors,
        3_000,
        400,
        1,
        {"": 1e-4},
    ),
}
