"""Milliseconds of processor time of mixed models, beside statsmodels, and of the multilevel line.

    OPENBLAS_NUM_THREADS=1 python benchmarks/multilevel.py

A random intercept and a random slope on sleepstudy (180 rows, 18 clusters) and on 1,800 simulated
rows of 150 clusters, by ``fit_two_level`` and by statsmodels' MixedLM; how far both are from R's
lme4 on sleepstudy; then the whole multilevel line and the logit with a random intercept. Each
figure is the fastest of several.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from time import process_time

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf

from analysis.contract.plan import ComparisonPlan
from analysis.evidence.cases import complete_cases
from analysis.evidence.lines.multilevel import multilevel_rows
from analysis.models.multilevel import fit_two_level, fit_two_level_logit, ols_cr2

REFERENCE = Path(__file__).parents[1] / "tests" / "reference"


def fastest(call: Callable[[], object], times: int = 7) -> float:
    """Milliseconds of processor time of the fastest of several calls."""
    taken = []
    for _ in range(times):
        start = process_time()
        call()
        taken.append(process_time() - start)
    return 1000 * min(taken)


def make_frame(engagements: int = 1_800, advisors: int = 150) -> pd.DataFrame:
    """An outcome, two ratings and advisors who differ."""
    rng = np.random.default_rng(1)
    codes = rng.integers(0, advisors, size=engagements)
    level = rng.normal(size=(advisors, 3))[codes] * 0.5
    own = rng.normal(size=(engagements, 2))
    slope = 0.3 + 0.2 * rng.normal(size=advisors)[codes]
    y = slope * own[:, 0] + 0.2 * own[:, 1] + level[:, 2] + rng.normal(size=engagements)
    return pd.DataFrame(
        {
            "outcome": y,
            "advisee": own[:, 0] + level[:, 0],
            "advisor": own[:, 1] + level[:, 1],
            "renewed": (y > 0).astype(float),
            "cluster": [f"a{code:03d}" for code in codes],
        }
    )


def by_statsmodels(
    frame: pd.DataFrame, outcome: str, predictors: list[str], cluster: str, slopes: list[str]
) -> object:
    """The same model by MixedLM, whose warnings are its own affair."""
    formula = f"{outcome} ~ {' + '.join(predictors)}"
    random = "1" + "".join(f" + {name}" for name in slopes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = smf.mixedlm(formula, frame, groups=frame[cluster], re_formula=random)
        return model.fit(reml=True)


def compare(name: str, frame: pd.DataFrame, columns: tuple, slopes: list[str]) -> None:
    """Print both times and their ratio."""
    own = fastest(lambda: fit_two_level(frame, *columns, random_slopes=slopes))
    theirs = fastest(lambda: by_statsmodels(frame, *columns, slopes), 3)
    print(f"{name:<48} {own:8.1f} ms  MixedLM {theirs:8.1f} ms  ratio {theirs / own:6.1f}")


def main() -> None:
    """Print the table."""
    sleep = pd.read_csv(REFERENCE / "sleepstudy.csv")
    frame = make_frame()
    ours = ("outcome", ["advisee", "advisor"], "cluster")
    theirs = ("Reaction", ["Days"], "Subject")
    compare("random intercept, sleepstudy", sleep, theirs, [])
    compare("random slope, sleepstudy", sleep, theirs, ["Days"])
    compare("random intercept, 1,800 rows, 150 clusters", frame, ours, [])
    compare("random slope, 1,800 rows, 150 clusters", frame, ours, ["advisee"])

    r = json.loads((REFERENCE / "r_values.json").read_text())["sleepstudy_random_slope"]
    own = fit_two_level(sleep, *theirs, random_slopes=["Days"]).set_index("term")
    other = by_statsmodels(sleep, *theirs, ["Days"])
    for name, mine, its in (
        ("std_error of Days", own.loc["Days", "std_error"], other.bse["Days"]),
        ("log likelihood", own.loc["loglik", "estimate"], other.llf),
    ):
        lme4 = r["se_days"] if name.startswith("std") else r["reml_loglik"]
        print(f"{name}, relative to lme4: {mine / lme4 - 1:.1e}, MixedLM {its / lme4 - 1:.1e}")

    cases = complete_cases(frame, "outcome", "advisee", "advisor", "cluster")
    binary = complete_cases(frame, "renewed", "advisee", "advisor", "cluster")
    plan = ComparisonPlan()
    logit = ("renewed", *ours[1:])
    for name, call in (
        ("least squares with CR2", lambda: ols_cr2(frame, *ours)),
        ("logit with random intercept", lambda: fit_two_level_logit(frame, *logit)),
        ("the multilevel line", lambda: multilevel_rows(cases, plan)),
        ("the multilevel line, binary outcome", lambda: multilevel_rows(binary, plan)),
    ):
        print(f"{name + ', 1,800 rows, 150 clusters':<56} {fastest(call):8.1f} ms")


if __name__ == "__main__":
    main()
