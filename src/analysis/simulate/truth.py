"""What is true of a programme, from its generating parameters and a very large draw from it.

Nothing here uses an estimator of the pipeline. Correlations are those of a draw so large that
sampling error is negligible; reliability is its definition, the correlation of two parallel
forms: the same engagements (stable alliance, ruptures, check-ins and answers left out) rated
twice, with fresh states and fresh answers. A rupture within the window is part of the alliance
there; ``window_mean_steady`` counts it as passing instead, and is what repeated check-ins can show.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from analysis.simulate.course import COMPLETED, ENDED_EARLY, ONGOING, Courses
from analysis.simulate.moments import AdvisorMoments, Moments, RepeatedMoments
from analysis.simulate.outcomes import draw_measure
from analysis.simulate.parallel import draw_parallel_forms
from analysis.simulate.parameters import Programme

#: Engagements per chunk: some 50 MB at a time.
CHUNK = 20_000


def truth_of(programme: Programme, engagements: int = 1_000_000) -> dict[str, object]:
    """The programme's truth as nested numbers, from a draw of this many engagements.

    Returns
    -------
    dict
        ``observed`` (correlations of the primary outcome with both ratings, their difference, the
        raters' agreement, over engagements with outcome and ratings), ``complete`` (the same had
        nobody failed to answer), ``latent`` (with the ratings' error-free part), ``reliability``,
        ``advisor_share``, ``gap``, ``rates``, ``missing``, ``outcomes`` (correlations of every
        other measure), ``generating`` (what the programme was asked for) and ``verdict``
    """
    rng = np.random.default_rng([programme.seed, 1])
    sums = _Sums(programme)
    chunk = min(CHUNK, engagements)
    advisors = max(2, round(chunk * programme.advisors / programme.engagements))
    for _ in range(max(1, round(engagements / chunk))):
        _add_chunk(programme, sums, chunk, advisors, rng)
    return {
        "programme": programme.name,
        "setting": programme.setting,
        "engagements": programme.engagements,
        "advisors": programme.advisors,
        "engagements_drawn": chunk * max(1, round(engagements / chunk)),
        "window": list(programme.window),
        "primary": list(programme.primary) if programme.primary else None,
        "generating": _generating(programme),
        "verdict": {
            "expected": programme.expected_verdict,
            "reason": programme.expected_reason,
            "wrong": list(programme.wrong_verdicts),
        },
        **sums.results(),
    }


def _generating(programme: Programme) -> dict[str, object]:
    plan = programme.course
    return {
        "single_occasion_reliability": {
            rater: programme.raters[rater].reliability for rater in programme.rated_by
        },
        "answer_rate": {rater: programme.raters[rater].answer_rate for rater in programme.rated_by},
        "latent_correlations": dict(
            zip(
                ("outcome_advisee", "outcome_advisor", "advisee_advisor"),
                programme.correlations,
                strict=True,
            )
        ),
        "rupture_rate": plan.rupture_rate,
        "repair_rate": plan.repair_rate,
        "drop": plan.drop,
        "repair_gain": plan.repair_gain,
        "trends": dict(programme.trends),
        "item_shifts": {
            rater: {str(item): shift for item, shift in programme.raters[rater].item_shifts.items()}
            for rater in programme.rated_by
        },
    }


@dataclass
class _Sums:
    """Everything the truth is computed from, gathered chunk by chunk."""

    programme: Programme
    counts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        raters = len(self.programme.rated_by)
        self.measures = [Moments(1 + 2 * raters) for _ in self.programme.measures]
        self.complete = [Moments(1 + raters) for _ in self.programme.measures]
        self.ratings = Moments(2 * raters)
        self.single = Moments(2 * raters)
        self.repeated = [RepeatedMoments() for _ in range(raters)]
        self.items = [Moments(self.programme.form.n_items) for _ in range(raters)]
        self.shares = [AdvisorMoments() for _ in range(1 + raters)]

    def count(self, name: str, flags: np.ndarray) -> None:
        """Add how many flags are set."""
        self.counts[name] = self.counts.get(name, 0) + int(np.sum(flags))

    def results(self) -> dict[str, object]:
        """The truth's parts that come from the draw."""
        programme = self.programme
        names = [f"{one.outcome}|{one.source}|{one.phase}" for one in programme.measures]
        names = [
            name if one.checkin is None else f"{name}|{one.checkin}"
            for name, one in zip(names, programme.measures, strict=True)
        ]
        results: dict[str, object] = {
            "outcomes": {
                name: _correlations(programme, sums.correlations())
                for name, sums in zip(names, self.measures, strict=True)
            },
            "reliability": self._reliability(),
            "rates": self._rates(),
        }
        if len(programme.rated_by) == 2:
            results["gap"] = self._gap()
        place = primary_place(programme)
        if place is None:
            return results | {"missing": self._missing(None)}
        observed = self.measures[place]
        results["observed"] = _correlations(programme, observed.correlations())
        results["observed"]["monte_carlo_error"] = observed.errors_of_first_row()
        results["complete"] = _correlations(programme, self.complete[place].correlations())
        results["latent"] = self._latent(observed)
        results["advisor_share"] = dict(
            zip(
                ("outcome", *programme.rated_by),
                (share.share() for share in self.shares),
                strict=True,
            )
        )
        results["missing"] = self._missing(place)
        return results

    def _latent(self, observed: Moments) -> dict[str, float]:
        """Correlations of the outcome as recorded with the error-free part of each window mean."""
        covariance = observed.covariance()
        raters = self.programme.rated_by
        latent = {}
        for side, rater in enumerate(raters):
            first, second = 1 + side, 1 + len(raters) + side
            true = covariance[first, second]
            cross = (covariance[0, first] + covariance[0, second]) / 2
            latent[f"r_{rater}"] = cross / np.sqrt(covariance[0, 0] * true)
        if len(raters) == 2:
            latent["difference"] = latent["r_advisee"] - latent["r_advisor"]
        return latent

    def _reliability(self) -> dict[str, object]:
        raters = self.programme.rated_by
        window, single = self.ratings.correlations(), self.single.correlations()
        n = len(raters)
        return {
            "window_mean": {rater: window[side, n + side] for side, rater in enumerate(raters)},
            "window_mean_steady": {
                rater: repeated.steady_share()
                for rater, repeated in zip(raters, self.repeated, strict=True)
            },
            "single_occasion": {rater: single[side, n + side] for side, rater in enumerate(raters)},
            "alpha": {
                rater: {
                    name: _alpha(self.items[side].covariance(), items)
                    for name, items in self.programme.form.subscales.items()
                    if len(items) > 1
                }
                for side, rater in enumerate(raters)
                if not self.programme.form.ready_made
            },
        }

    def _gap(self) -> dict[str, float]:
        """Advisor's mean minus advisee's at the first check-in, and in pooled deviations."""
        mean, covariance = self.single.mean(), self.single.covariance()
        raw = mean[1] - mean[0]
        return {"raw": raw, "d": raw / np.sqrt((covariance[0, 0] + covariance[1, 1]) / 2)}

    def _rates(self) -> dict[str, float]:
        counts = self.counts
        n = counts["engagements"]
        rates = {name: counts[name] / n for name in ("ruptured", "ended_early", "ongoing")}
        rates["repaired"] = counts["repaired"] / max(counts["ruptured"], 1)
        rates["withdrawal"] = counts["withdrawal"] / max(counts["ruptured"], 1)
        rates["ended_early_unrepaired"] = counts["ended_unrepaired"] / max(counts["unrepaired"], 1)
        rates["reached_last_checkin"] = counts["reached_last"] / n
        return rates

    def _missing(self, place: int | None) -> dict[str, object]:
        counts, planned = self.counts, self.programme.course.checkins
        missing: dict[str, object] = {
            "checkins_of_planned": {
                rater: 1 - counts[f"answered_{rater}"] / (counts["engagements"] * planned)
                for rater in self.programme.rated_by
            },
            "checkins_of_held": {
                rater: 1 - counts[f"answered_{rater}"] / counts["held"]
                for rater in self.programme.rated_by
            },
            "without_ratings": 1 - counts["rated"] / counts["engagements"],
        }
        if place is not None:
            missing["outcome"] = 1 - counts["known"] / counts["engagements"]
            missing["outcome_of_early_leavers"] = 1 - counts["known_ended"] / max(
                counts["ended_early"], 1
            )
            missing["ratings_where_outcome_known"] = 1 - counts["known_rated"] / counts["known"]
        return missing


def primary_place(programme: Programme) -> int | None:
    """Place of the primary outcome among the measures."""
    for place, measure in enumerate(programme.measures):
        if (measure.outcome, measure.source, measure.phase) == programme.primary:
            return place
    return None


def _add_chunk(
    programme: Programme, sums: _Sums, engagements: int, advisors: int, rng: np.random.Generator
) -> None:
    """Draw engagements with two parallel forms of the window's ratings and add them up."""
    forms = draw_parallel_forms(programme, engagements, advisors, rng)
    rated = forms.rated
    both_forms = forms.ratings.reshape(engagements, -1)
    sums.ratings.add(both_forms[rated])
    sums.single.add(forms.complete[..., 0].reshape(engagements, -1))
    for side in range(len(programme.rated_by)):
        sums.items[side].add(forms.items[:, side])
        sums.repeated[side].add(forms.counted[rated, side])
    primary = primary_place(programme)
    known = np.zeros(engagements, dtype=bool)
    for number, measure in enumerate(programme.measures):
        value = draw_measure(programme, measure, forms.engagements, forms.courses, rng)
        here = ~np.isnan(value)
        use = here & rated
        sums.measures[number].add(np.column_stack([value[use], both_forms[use]]))
        sums.complete[number].add(np.column_stack([value[here], forms.everything[here]]))
        if number == primary:
            known = here
            columns = [value, *forms.ratings[:, 0].T]
            for share, column in zip(sums.shares, columns, strict=True):
                share.add(column[use], forms.engagements.advisor[use])
    _count(programme, sums, forms.courses, known, rated)


def _count(
    programme: Programme, sums: _Sums, courses: Courses, known: np.ndarray, rated: np.ndarray
) -> None:
    ended = courses.status == ENDED_EARLY
    sums.count("engagements", np.ones(len(ended), dtype=bool))
    sums.count("ruptured", courses.ruptured)
    sums.count("repaired", courses.repaired)
    sums.count("unrepaired", courses.unrepaired)
    sums.count("withdrawal", courses.withdrawal)
    sums.count("ended_early", ended)
    sums.count("ended_unrepaired", ended & courses.unrepaired)
    sums.count("ongoing", courses.status == ONGOING)
    sums.count("completed", courses.status == COMPLETED)
    sums.count("reached_last", courses.held[:, -1])
    sums.count("held", courses.held)
    sums.count("rated", rated)
    sums.count("known", known)
    sums.count("known_ended", known & ended)
    sums.count("known_rated", known & rated)
    for side, rater in enumerate(programme.rated_by):
        sums.count(f"answered_{rater}", courses.answered[:, side])


def _alpha(covariance: np.ndarray, items: tuple[int, ...]) -> float:
    """Cronbach's alpha of a subscale from the items' covariance in the population."""
    place = np.asarray(items) - 1
    own = covariance[np.ix_(place, place)]
    return len(place) / (len(place) - 1) * (1 - np.trace(own) / own.sum())


def _correlations(programme: Programme, matrix: np.ndarray) -> dict[str, object]:
    """Correlations of the first variable with the raters' first forms."""
    raters = programme.rated_by
    found = {f"r_{rater}": matrix[0, 1 + side] for side, rater in enumerate(raters)}
    if len(raters) == 2:
        found["r_raters"] = matrix[1, 2]
        found["difference"] = matrix[0, 1] - matrix[0, 2]
    return found
