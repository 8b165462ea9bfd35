"""Claims on what goes with the alliance: slopes within advisors, interactions, slopes held fixed.

All are least squares on standardised variables, with CR2 standard errors by cluster and
Satterthwaite's degrees of freedom (``ols_cr2``): the within-advisor slope
does not rest on how advisors differ, and needs no model of the clusters' variances.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.contract.claims import Claim
from analysis.evidence.claims.answers import (
    Answer,
    answer_from_row,
    answer_with,
    refuse,
    weakest_of,
)
from analysis.evidence.claims.data import ClaimData
from analysis.evidence.claims.values import (
    PREFERRED,
    Values,
    clusters,
    find_reports,
    find_values,
    join,
    rating,
    standardise,
)
from analysis.evidence.verdict import INDEPENDENT_SOURCES
from analysis.models.cluster_sums import add_by_cluster, code_clusters, leave_one_out
from analysis.models.intervals import jackknife_interval
from analysis.models.multilevel import ols_cr2

#: Said of a slope whose outcome the advisee gave as well as the rating.
SAME_SOURCE = "the advisee gave both: inflated by what the two reports have in common"


def slope(data: ClaimData, claim: Claim) -> Answer:
    """Slope of one outcome, or of the mean of several standardised ones, within advisors.

    Settings: ``outcomes``; ``setting``, to keep to its engagements; ``not_source``, whose account
    is not used; ``concurrent``, to take outcomes at whatever time they were reported. Where the
    advisee gave some of the outcomes, the rest alone must show the slope too: one that shows only
    between two reports of the same person holds nothing up.
    """
    settings = claim.settings
    sources = [one for one in PREFERRED if one != settings.get("not_source")]
    find = find_reports if settings.get("concurrent") else find_values
    found = [find(data, name, sources=sources) for name in settings["outcomes"]]
    known = [one for one in found if one is not None]
    if not known:
        return refuse(_out_of_time(settings["outcomes"], sources))
    frame = join(
        rating=rating(data),
        cluster=clusters(data),
        **{f"outcome_{place}": one.values for place, one in enumerate(known)},
    )
    if setting := settings.get("setting"):
        kept = data.engagements.loc[data.engagements["setting"] == setting, "engagement_id"]
        frame = frame[frame.index.isin(kept)]
    absent = [name for name, one in zip(settings["outcomes"], found, strict=True) if one is None]
    note = f"without {' and '.join(absent)}, which the data lack in time" if absent else ""
    answer = _slope_of_mean(data, frame, known, note)
    others = [one for one in known if one.source != "advisee"]
    if len(others) == len(known):
        return answer
    if not others:
        return answer_with(
            answer, holds=False, note=f"{answer.note}; nobody else's report is there"
        )
    apart = _slope_of_mean(data, frame, others, "", [known.index(one) for one in others])
    told = f"by others' reports alone {apart.estimate:.3f} (from {apart.conf_low:.3f})"
    return answer_with(answer, holds=apart.conf_low > 0, note=f"{answer.note}; {told}")


def _slope_of_mean(
    data: ClaimData,
    frame: pd.DataFrame,
    used: Sequence[Values],
    note: str,
    places: Sequence[int] | None = None,
) -> Answer:
    """The slope of the mean of some of the outcomes, each standardised."""
    columns = [f"outcome_{place}" for place in (range(len(used)) if places is None else places)]
    mean = standardise(frame[columns].apply(standardise).mean(axis=1))
    return _within(data, frame.assign(outcome=mean), ["rating"], "rating_within", used, note)


def _out_of_time(names: Sequence[str], sources: Sequence[str]) -> str:
    return (
        f"missing: {' or '.join(names)} taken after the alliance window by "
        f"{' or '.join(source.replace('_', ' ') for source in sources)}"
    )


def interaction(data: ClaimData, claim: Claim) -> Answer:
    """Product of the advisee's alliance and an independently rated moderator on the outcome.

    Settings: ``moderator``, ``either_sign``. Main effects are held; all are standardised.
    """
    outcome = find_values(data, "primary")
    moderator = find_reports(data, claim.settings["moderator"], sources=INDEPENDENT_SOURCES)
    if outcome is None or moderator is None:
        return refuse("missing: the primary outcome after the window, or the moderator")
    frame = join(
        rating=rating(data),
        moderator=moderator.values,
        outcome=outcome.values,
        cluster=clusters(data),
    )
    for name in ("rating", "moderator", "outcome"):
        frame[name] = standardise(frame[name])
    frame["product"] = frame["rating"] * frame["moderator"]
    answer = _fit(data, frame, ["rating", "moderator", "product"], "product", [outcome])
    return answer_with(answer, either_sign=bool(claim.settings.get("either_sign")))


def partial_slopes(data: ClaimData, claim: Claim) -> Answer:
    """The smaller of the slopes of a rating on several reports, each held for the other.

    Settings: ``predictors``, ``rating`` (a subscale of the advisee's). That all lie above 0 is an
    intersection-union test: the largest one-sided p, and the interval of the smaller slope
    (Berger, 1982, Technometrics 24, 295).
    """
    predictors = list(claim.settings["predictors"])
    found = {name: find_reports(data, name, sources=INDEPENDENT_SOURCES) for name in predictors}
    if absent := [name for name, one in found.items() if one is None]:
        return refuse(f"missing: {' and '.join(absent)} by a third party or a record")
    frame = join(
        outcome=rating(data, "advisee", claim.settings["rating"]),
        cluster=clusters(data),
        **{name: one.values for name, one in found.items()},
    )
    for name in ("outcome", *predictors):
        frame[name] = standardise(frame[name])
    answers = [_fit(data, frame, predictors, name, list(found.values())) for name in predictors]
    weakest = weakest_of(answers)
    told = ", ".join(
        f"{name} {one.estimate:.3f}" for name, one in zip(predictors, answers, strict=True)
    )
    return answer_with(weakest, note="; ".join(filter(None, [f"slopes: {told}", weakest.note])))


def harm(data: ClaimData, claim: Claim) -> Answer:
    """Minus the slope of the primary outcome on a report, the advisee's alliance held if there.

    Settings: ``predictor``, reported so that more of it is higher.
    """
    outcome = find_values(data, "primary")
    report = find_reports(data, claim.settings["predictor"])
    if outcome is None or report is None:
        return refuse("missing: the primary outcome after the window")
    turned = data.declared[report.name].higher_is == "worse"
    columns = {"outcome": outcome.values, "cluster": clusters(data)}
    # The more, the worse is claimed: as oriented to better, the claim is a positive slope.
    columns["report"] = report.values if turned else -report.values
    names = ["report"]
    if "advisee" in data.raters:
        columns["rating"] = rating(data)
        names.append("rating")
    frame = join(**columns)
    for name in ("outcome", *names):
        frame[name] = standardise(frame[name])
    answer = _fit(data, frame, names, "report", [outcome])
    same = f"same source: the {report.source} gave both" if report.source == outcome.source else ""
    return answer_with(answer, note="; ".join(filter(None, [answer.note, same])))


def lasting(data: ClaimData, claim: Claim) -> Answer:
    """Slope of the outcome at follow-up on the alliance, the outcome at the end held.

    Engagements without a follow-up are made up for by weights: the inverse of the chance of being
    followed up given the alliance, the outcome at the end and how the engagement ended, by logistic
    regression (Seaman and White, 2013, Statistical Methods in Medical Research 22, 278). The
    outcome at the end is held as it was measured: what its error lets through is told.
    """
    end = find_values(data, "primary", phase="end")
    later = find_values(data, "primary", phase="follow_up")
    if end is None or later is None:
        return refuse("missing: the primary outcome at the end and at follow-up")
    frame = join(rating=rating(data), end=end.values, cluster=clusters(data))
    followed = frame.index.isin(later.values.index)
    chance = _chance_of(followed, _known_at_the_end(data, frame))
    kept = frame[followed].assign(outcome=later.values.reindex(frame.index[followed]))
    kept["weight"] = followed.mean() / chance[followed]
    for name in ("rating", "end", "outcome"):
        kept[name] = standardise(kept[name])
    note = (
        f"{followed.mean():.0%} followed up; weighted for who was; error in the outcome at the end "
        "lets some of what was gained by then through"
    )
    answer = _weighted(data, kept, ["rating", "end"])
    return answer_with(
        answer,
        outcome=later.name,
        outcome_source=later.source,
        timing=later.timing,
        holds=later.source != "advisee",
        note="; ".join(
            filter(None, [note, SAME_SOURCE if later.source == "advisee" else "", answer.note])
        ),
    )


def _known_at_the_end(data: ClaimData, frame: pd.DataFrame) -> np.ndarray:
    """What may tell who is followed up: alliance, outcome at the end, early ending."""
    columns = [standardise(frame[name]) for name in ("rating", "end")]
    if "status" in data.engagements:
        status = data.engagements.set_index("engagement_id")["status"].reindex(frame.index)
        columns.append((status == "ended_early").astype(float))
    kept = [column for column in columns if column.std() > 0]
    return np.column_stack([np.ones(len(frame)), *kept])


def _chance_of(happened: np.ndarray, X: np.ndarray) -> np.ndarray:
    """Fitted chances by logistic regression, Newton's method with a trace of ridge."""
    beta = np.zeros(X.shape[1])
    ridge = 1e-4 * np.eye(X.shape[1])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-X @ beta))
        step = np.linalg.solve(
            (X * (chance * (1 - chance))[:, None]).T @ X + ridge,
            X.T @ (happened - chance) - ridge @ beta,
        )
        beta = beta + step
        if np.abs(step).max() < 1e-10:
            break
    return np.clip(1 / (1 + np.exp(-X @ beta)), 0.02, 1.0)


def _within(
    data: ClaimData,
    frame: pd.DataFrame,
    predictors: Sequence[str],
    term: str,
    used: Sequence[Values],
    note: str = "",
) -> Answer:
    """Least squares with each predictor split into its cluster's mean and the deviation from it."""
    split = frame.copy()
    names = []
    for name in predictors:
        split[name] = standardise(split[name])
        mean = split.groupby("cluster")[name].transform("mean")
        split[f"{name}_within"], split[f"{name}_between"] = split[name] - mean, mean
        names += [f"{name}_within", f"{name}_between"]
    answer = _fit(data, split, names, term, used)
    return answer_with(answer, note="; ".join(filter(None, [note, answer.note])))


def _fit(
    data: ClaimData,
    frame: pd.DataFrame,
    predictors: Sequence[str],
    term: str,
    used: Sequence[Values],
) -> Answer:
    """One term of a regression as an answer."""
    rows = ols_cr2(frame.reset_index(drop=True), "outcome", list(predictors), "cluster")
    row = rows[rows["term"] == term].iloc[0]
    plan = data.plan.comparison
    answer = answer_from_row(row, plan.confidence, plan.equivalence_confidence)
    same = any(one.source == "advisee" for one in used)
    return answer_with(
        answer,
        outcome=", ".join(dict.fromkeys(one.name for one in used)),
        outcome_source=", ".join(dict.fromkeys(one.source for one in used)),
        timing="concurrent" if any(one.timing == "concurrent" for one in used) else "prospective",
        note="; ".join(filter(None, [answer.note, SAME_SOURCE if same else ""])),
    )


def _weighted(data: ClaimData, frame: pd.DataFrame, predictors: Sequence[str]) -> Answer:
    """The first predictor's slope by weighted least squares, with a cluster jackknife."""
    X = np.column_stack([np.ones(len(frame)), frame[list(predictors)].to_numpy(dtype=float)])
    y, weight = frame["outcome"].to_numpy(dtype=float), frame["weight"].to_numpy(dtype=float)
    codes, labels = code_clusters(frame["cluster"])
    p = X.shape[1]
    products = (X[:, :, None] * np.column_stack([X, y])[:, None, :]) * weight[:, None, None]
    sums = add_by_cluster(products.reshape(len(frame), -1), codes, len(labels))

    def first_slope(totals: np.ndarray) -> np.ndarray:
        moments = totals.reshape(*totals.shape[:-1], p, p + 1)
        return np.linalg.solve(moments[..., :p], moments[..., p:])[..., 1, 0]

    if np.linalg.matrix_rank(X) < p or len(labels) < 3:
        return refuse("the rating cannot be told apart from the outcome at the end")
    estimate = float(first_slope(sums.sum(axis=0)))
    plan = data.plan.comparison
    row = jackknife_interval(estimate, first_slope(leave_one_out(sums)), plan.confidence)
    row |= {
        "estimate": estimate,
        "n_engagements": len(frame),
        "n_advisors": len(labels),
        "method": "weighted least squares, cluster jackknife",
    }
    return answer_from_row(row, plan.confidence, plan.equivalence_confidence)
