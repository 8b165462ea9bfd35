"""Two raters of one alliance drawn from a stated truth, many data sets of one design at once.

A programme (``analysis.simulate.programme``) is a whole dataset with its forms and files; a design
is only what a comparison of two raters rests on: an outcome, both ratings at each occasion of the
window, and who advised whom.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Order of the latent variables in every triple: outcome, advisee's and advisor's alliance.
OUTCOME, ADVISEE, ADVISOR = range(3)
#: The pairs of them in every triple of correlations.
PAIRS = ((OUTCOME, ADVISEE), (OUTCOME, ADVISOR), (ADVISEE, ADVISOR))


@dataclass(frozen=True)
class Design:
    """Engagements of advisors, an outcome, and two ratings, with the truth they are drawn from.

    The outcome and what each side's rating would be without error ("alliance") have variance 1.

    advisors : how many
    engagements : how many in all
    validity : correlation of the outcome with the advisee's and the advisor's alliance
    agreement : correlation of the two alliances
    shared : shares of variance between advisors, of the outcome and of both ratings as observed
    between : correlations of these parts: outcome and advisee, outcome and advisor, both raters
    reliability : of each rating's mean over the window
    occasions : ratings per engagement in the window
    spread : standard deviation of the logarithm of the advisors' caseloads
    same_source : share of variance of the outcome and of the advisee's rating that is the
        advisee's manner of answering and not the alliance
    echo : share of variance of the outcome and of the advisee's rating that only repeats the
        progress made before the window, which was measured
    answered : share of engagements whose advisor replied
    answers_by : weights of the outcome and of the advisee's rating, both standardised, in the
        latent propensity of the advisor to reply
    ceilings : highest answer on either scale, in standard deviations of the alliance about its mean
    source : who gave the outcome
    """

    advisors: int
    engagements: int
    validity: tuple[float, float] = (0.30, 0.30)
    agreement: float = 0.40
    shared: tuple[float, float, float] = (0.0, 0.0, 0.0)
    between: tuple[float, float, float] = (0.0, 0.0, 0.0)
    reliability: tuple[float, float] = (0.90, 0.90)
    occasions: int = 3
    spread: float = 0.6
    same_source: float = 0.0
    echo: float = 0.0
    answered: float = 1.0
    answers_by: tuple[float, float] = (0.0, 0.0)
    ceilings: tuple[float, float] = (np.inf, np.inf)
    source: str = "third_party"

    def covariances(self) -> tuple[np.ndarray, np.ndarray]:
        """(3, 3) covariances of outcome and alliances between advisors, and within them.

        Raises ValueError where no such variables can be: a share above 1, correlations that
        cannot stand together.
        """
        share = np.array(self.shared) / np.array([1.0, *self.reliability])
        if (share > 1).any():
            raise ValueError(
                "the variance between advisors exceeds that of the alliance itself: "
                "a rating's share between advisors must not exceed its reliability"
            )
        total, between = np.eye(3), np.diag(share)
        for (i, j), whole, part in zip(
            PAIRS, (*self.validity, self.agreement), self.between, strict=True
        ):
            total[i, j] = total[j, i] = whole
            between[i, j] = between[j, i] = part * np.sqrt(share[i] * share[j])
        within = total - between
        if self.same_source and self.echo:
            raise ValueError("a design has a manner of answering or an echo of progress, not both")
        for name, matrix in (("in all", total), ("between", between), ("within", within)):
            if np.linalg.eigvalsh(matrix)[0] < -1e-12:
                where = name if name == "in all" else f"{name} advisors"
                raise ValueError(f"three such correlations cannot stand together ({where})")
        return between, within

    def within_difference(self, observed: bool = True) -> float:
        """What the within-advisor slopes differ by, per standard deviation of the outcome.

        D within advisors over 1 - r of the two ratings there, times the outcome's standard
        deviation within over that in all: of the ratings as ``observed``, or of the alliances.
        """
        _, within = self.covariances()
        share = self.same_source + self.echo
        for place in (OUTCOME, ADVISEE):
            within[place] *= np.sqrt(1 - share)
            within[:, place] *= np.sqrt(1 - share)
            for other in (OUTCOME, ADVISEE):
                within[place, other] += share
        if observed:
            within[[1, 2], [1, 2]] += 1 / np.array(self.reliability) - 1
        spread = np.sqrt(np.diag(within))
        r = within / np.outer(spread, spread)
        difference = r[OUTCOME, ADVISEE] - r[OUTCOME, ADVISOR]
        return float(spread[OUTCOME] * difference / (1 - r[ADVISEE, ADVISOR]))

    def caseloads(self) -> np.ndarray:
        """(advisors,) engagements of each advisor: fixed, unequal as log-normal quantiles are.

        The quantiles come in van der Corput's order, so that the first advisors of many are about
        as unequal as all of them; everybody has two engagements at least, if there are as many.
        """
        from scipy.special import ndtri

        order = _van_der_corput(self.advisors)
        weight = np.exp(self.spread * ndtri(order))
        least = min(2, self.engagements // self.advisors)
        rest = self.engagements - least * self.advisors
        exact = rest * weight / weight.sum()
        whole = np.floor(exact).astype(int)
        short = rest - whole.sum()
        whole[np.argsort(whole - exact, kind="stable")[:short]] += 1
        return least + whole


@dataclass(frozen=True)
class Batch:
    """Many data sets of one design: the same advisors and caseloads, answers drawn anew.

    outcome : (n, B); scores : (n, B, T, 2), the advisee's and the advisor's at each occasion;
    replied : (n, B), whether the advisor rated at all; codes : (n,), each engagement's advisor,
    in ascending order; progress : (n, B), made before the window, or None.
    """

    outcome: np.ndarray
    scores: np.ndarray
    replied: np.ndarray
    codes: np.ndarray
    progress: np.ndarray | None = None

    @property
    def n_sets(self) -> int:
        """Data sets."""
        return self.outcome.shape[1]

    @property
    def n_clusters(self) -> int:
        """Advisors."""
        return int(self.codes[-1]) + 1

    @property
    def complete(self) -> bool:
        """Whether every advisor replied in every data set."""
        return bool(self.replied.all())

    def values(self) -> np.ndarray:
        """(n, B, 3): the outcome and each rating's mean over the window."""
        return np.concatenate([self.outcome[..., None], self.scores.mean(axis=2)], axis=-1)

    def one(self, place: int) -> Batch:
        """One data set, of the engagements whose advisor replied; advisors without any dropped."""
        kept = self.replied[:, place]
        _, codes = np.unique(self.codes[kept], return_inverse=True)
        return Batch(
            self.outcome[kept, place, None],
            self.scores[kept, place, None],
            self.replied[kept, place, None],
            codes.reshape(-1),
            None if self.progress is None else self.progress[kept, place, None],
        )


def draw_batch(
    design: Design, n_sets: int, rng: np.random.Generator, caseloads: np.ndarray | None = None
) -> Batch:
    """Draw ``n_sets`` data sets of a design, whose own caseloads others may replace.

    alliance and outcome = an advisor's part + an engagement's own; score = alliance + error, with
    variance T (1 - reliability) / reliability, so that the mean over T occasions is as reliable as
    the design says; then progress, manner of answering, ceiling and silence, where there are any.
    """
    between, within = design.covariances()
    caseloads = design.caseloads() if caseloads is None else caseloads
    codes = np.repeat(np.arange(len(caseloads)), caseloads)
    n = len(codes)
    latent = _normal(rng, (len(caseloads), n_sets), between)[codes]
    latent += _normal(rng, (n, n_sets), within)
    manner, progress = (
        rng.standard_normal((n, n_sets)) if share else None
        for share in (design.same_source, design.echo)
    )
    for share, common in ((design.same_source, manner), (design.echo, progress)):
        for place in (OUTCOME, ADVISEE) if share else ():
            latent[..., place] *= np.sqrt(1 - share)
            latent[..., place] += np.sqrt(share) * common
    reliability = np.array(design.reliability)
    noise = np.sqrt(design.occasions * (1 - reliability) / reliability)
    scores = rng.standard_normal((n, n_sets, design.occasions, 2))
    scores *= noise
    scores += latent[..., None, 1:]
    if np.isfinite(design.ceilings).any():
        scores = np.minimum(scores, np.array(design.ceilings))
    replied = np.ones((n, n_sets), dtype=bool)
    if design.answered < 1:
        replied = _reply(design, latent[..., OUTCOME], scores[..., 0].mean(axis=-1), rng)
    return Batch(latent[..., OUTCOME], scores, replied, codes, progress)


def _reply(
    design: Design, outcome: np.ndarray, rating: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Which advisors replied: at random given the outcome and the advisee's rating (a probit)."""
    from scipy.special import ndtri

    by_outcome, by_rating = design.answers_by
    rating = rating * np.sqrt(design.reliability[0])
    r = design.validity[0] * np.sqrt(design.reliability[0])
    spread = np.sqrt(1 + by_outcome**2 + by_rating**2 + 2 * by_outcome * by_rating * r)
    propensity = by_outcome * outcome + by_rating * rating + rng.standard_normal(outcome.shape)
    return propensity > spread * ndtri(1 - design.answered)


def _normal(rng: np.random.Generator, shape: tuple[int, int], covariance: np.ndarray) -> np.ndarray:
    """(*shape, 3) normal numbers with mean 0; the covariance may be singular."""
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.clip(values, 0.0, None))
    return rng.standard_normal((*shape, len(covariance))) @ root.T


def _van_der_corput(n: int) -> np.ndarray:
    """The first n numbers of base 2 above 0: 1/2, 1/4, 3/4, 1/8, ..."""
    numbers, digit = np.zeros(n), 0.5
    rest = np.arange(1, n + 1)
    while rest.any():
        numbers += digit * (rest % 2)
        rest, digit = rest // 2, digit / 2
    return numbers
