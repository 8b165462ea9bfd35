"""The methods as run, in words ready for a manuscript: written from the plan, with references."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from analysis.contract.plan import Plan
from analysis.present.parts import Part
from analysis.present.tables import show_correlation, show_count, show_level

HEADING = "Ready to paste"

#: As cited in the text -> the entry in the list.
REFERENCES = {
    "Bordin, 1979": "Bordin, E. S. (1979). The generalizability of the psychoanalytic concept of "
    "the working alliance. Psychotherapy: Theory, Research & Practice, 16, 252–260.",
    "Dunn & Clark, 1969": "Dunn, O. J., & Clark, V. (1969). Correlation coefficients measured on "
    "the same individuals. Journal of the American Statistical Association, 64, 366–377.",
    "Edwards & Parry, 1993": "Edwards, J. R., & Parry, M. E. (1993). On the use of polynomial "
    "regression equations as an alternative to difference scores in organizational research. "
    "Academy of Management Journal, 36, 1577–1613.",
    "Efron & Tibshirani, 1993": "Efron, B., & Tibshirani, R. J. (1993). An introduction to the "
    "bootstrap. Chapman & Hall.",
    "Higgins et al., 2009": "Higgins, J. P. T., Thompson, S. G., & Spiegelhalter, D. J. (2009). A "
    "re-evaluation of random-effects meta-analysis. Journal of the Royal Statistical Society A, "
    "172, 137–159.",
    "Hittner et al., 2003": "Hittner, J. B., May, K., & Silver, N. C. (2003). A Monte Carlo "
    "evaluation of tests for comparing dependent correlations. Journal of General Psychology, "
    "130, 149–168.",
    "Holm, 1979": "Holm, S. (1979). A simple sequentially rejective multiple test procedure. "
    "Scandinavian Journal of Statistics, 6, 65–70.",
    "Knapp & Hartung, 2003": "Knapp, G., & Hartung, J. (2003). Improved tests for a random effects "
    "meta-regression with a single covariate. Statistics in Medicine, 22, 2693–2710.",
    "Lakens, 2017": "Lakens, D. (2017). Equivalence tests: A practical primer for t tests, "
    "correlations, and meta-analyses. Social Psychological and Personality Science, 8, 355–362.",
    "McDonald, 1999": "McDonald, R. P. (1999). Test theory: A unified treatment. Erlbaum.",
    "Meng et al., 1992": "Meng, X.-L., Rosenthal, R., & Rubin, D. B. (1992). Comparing correlated "
    "correlation coefficients. Psychological Bulletin, 111, 172–175.",
    "Nadeau & Bengio, 2003": "Nadeau, C., & Bengio, Y. (2003). Inference for the generalization "
    "error. Machine Learning, 52, 239–281.",
    "Pustejovsky & Tipton, 2018": "Pustejovsky, J. E., & Tipton, E. (2018). Small-sample methods "
    "for cluster-robust variance estimation and hypothesis testing in fixed effects models. "
    "Journal of Business & Economic Statistics, 36, 672–683.",
    "Rubin, 1987": "Rubin, D. B. (1987). Multiple imputation for nonresponse in surveys. Wiley.",
    "Simonsohn et al., 2020": "Simonsohn, U., Simmons, J. P., & Nelson, L. D. (2020). "
    "Specification curve analysis. Nature Human Behaviour, 4, 1208–1214.",
    "Spearman, 1904": "Spearman, C. (1904). The proof and measurement of association between two "
    "things. American Journal of Psychology, 15, 72–101.",
    "Steiger, 1980": "Steiger, J. H. (1980). Tests for comparing elements of a correlation matrix. "
    "Psychological Bulletin, 87, 245–251.",
    "Tukey, 1958": "Tukey, J. W. (1958). Bias and confidence in not-quite large samples. Annals of "
    "Mathematical Statistics, 29, 614.",
    "Vickers & Elkin, 2006": "Vickers, A. J., & Elkin, E. B. (2006). Decision curve analysis: A "
    "novel method for evaluating prediction models. Medical Decision Making, 26, 565–574.",
    "Viechtbauer, 2005": "Viechtbauer, W. (2005). Bias and efficiency of meta-analytic variance "
    "estimators in the random-effects model. Journal of Educational and Behavioral Statistics, "
    "30, 261–293.",
    "Williams, 1959": "Williams, E. J. (1959). The comparison of regression variables. Journal of "
    "the Royal Statistical Society B, 21, 396–399.",
    "Zou, 2007": "Zou, G. Y. (2007). Toward using confidence intervals to compare correlations. "
    "Psychological Methods, 12, 399–413.",
}


@dataclass(frozen=True)
class Sample:
    """A dataset as the methods name it.

    ``instruments`` maps a rater to the instrument's title; ``outcome`` is the primary one in words,
    with its source and phase; ``n`` and ``n_clusters`` are what the comparison rests on, NaN where
    there is none; ``clusters`` is what engagements are nested in, in the plural.
    """

    title: str
    instruments: dict[str, str]
    outcome: str
    n: float
    n_clusters: float
    clusters: str


def describe_methods(plan: Plan, samples: Iterable[Sample]) -> Part:
    """The methods section of a manuscript, in paragraphs, and the works it cites."""
    shown = list(samples)
    cluster = " or ".join(dict.fromkeys(one.clusters.removesuffix("s") for one in shown))
    paragraphs = (
        *map(_tell_sample, shown),
        "What follows is the plan; the results name every line that a dataset could not give.",
        _tell_measures(plan, len(shown)),
        _tell_comparison(plan, cluster or "advisor"),
        _tell_lines(plan, cluster or "advisor"),
        _tell_decision(plan),
        *_tell_choices(plan),
        _tell_course(plan),
        *([_tell_synthesis()] if len(shown) > 1 else []),
    )
    text = " ".join(paragraphs)
    cited = tuple(entry for name, entry in REFERENCES.items() if name in text)
    return Part("methods", HEADING, paragraphs, references=cited)


def _tell_sample(sample: Sample) -> str:
    raters: dict[str, list[str]] = {}
    for rater, instrument in sample.instruments.items():
        raters.setdefault(instrument, []).append(rater)
    rated = " and ".join(
        f"{instrument} by the {' and the '.join(who)}" for instrument, who in raters.items()
    )
    said = f"{sample.title}. "
    if rated:
        said += f"The alliance was rated with {rated}. "
    said += f"The primary outcome was {sample.outcome}."
    if sample.n == sample.n:
        said += (
            f" The analysis rests on {show_count(sample.n)} engagements with "
            f"{show_count(sample.n_clusters)} {sample.clusters}."
        )
    return said


def _tell_measures(plan: Plan, datasets: int) -> str:
    answered = f"{plan.scoring.minimum_answered * 100:g} %"
    window = _listed(plan.comparison.window)
    checkins = "check-in" if len(plan.comparison.window) == 1 else "check-ins"
    where = "In every dataset the" if datasets > 1 else "The"
    return (
        f"{where} working alliance comprises agreement on goals, agreement on tasks and the bond "
        "(Bordin, 1979). A subscale is the mean of its items if at least "
        f"{answered} of them were answered; the total is the mean of the instrument’s subscales. "
        f"Each rater’s score is the mean over {checkins} {window}, of those that both raters "
        "answered. Reliability is given as omega (McDonald, 1999) and as that of the mean over "
        "check-ins."
    )


def _tell_comparison(plan: Plan, cluster: str) -> str:
    choices = plan.comparison
    return (
        "The estimand is D, the correlation of the outcome with the advisee’s rating minus that "
        "with the advisor’s, on the same engagements. Its interval of record is D ± t × the "
        f"standard error of a jackknife that leaves out one {cluster} at a time (Tukey, 1958), "
        f"with one degree of freedom less than there are clusters ({show_level(choices.confidence)}"
        "). It was repeated after correcting both correlations for the reliability of the scores "
        "(Spearman, 1904), which was estimated anew in each replicate; below a reliability of "
        f"{show_correlation(choices.minimum_reliability, 2)} no corrected value is given. "
        f"Bootstrap intervals ({show_count(choices.resamples)} resamples of clusters; Efron & "
        "Tibshirani, 1993) and tests that take engagements as independent (Steiger, 1980; "
        "Williams, 1959; Meng et al., 1992; Hittner et al., 2003; Dunn & Clark, 1969; Zou, 2007) "
        "are shown beside it and decide nothing."
    )


def _tell_lines(plan: Plan, cluster: str) -> str:
    choices = plan.comparison
    shifts = _listed(f"{shift:g}" for shift in choices.shifts)
    return (
        f"Further lines of evidence were: slopes of both ratings within and between {cluster}s, by "
        "a mixed model or, with few clusters, by least squares with standard errors robust to "
        "clustering (CR2; Pustejovsky & Tipton, 2018); the variance explained uniquely and "
        f"together; the fit to {cluster}s not seen ({choices.repeats} times "
        f"{choices.folds}-fold cross-validation with the corrected resampled t test; Nadeau & "
        "Bengio, 2003); adjustment for the baseline and for change before the ratings; and "
        f"multiple imputation of missing ratings ({choices.imputations} imputations, pooled as in "
        f"Rubin, 1987), also with imputed ratings shifted by {shifts} standard deviations either "
        "way."
    )


def _tell_decision(plan: Plan) -> str:
    choices = plan.comparison
    size = show_correlation(choices.sesoi, 2)
    return (
        "A difference counts as shown where the intervals of record and corrected for reliability "
        "both exclude 0 on one side, and the ratings as equivalent where neither does and both "
        f"{show_level(choices.equivalence_confidence)} intervals lie within ±{size} (Lakens, "
        "2017); where no reliability was known, the first decided alone. All else is inconclusive, "
        "as is anything from fewer than "
        f"{choices.minimum_clusters} clusters. Where more than "
        f"{choices.missing_share_caution * 100:g} % of the engagements lack a rating, imputations "
        "that contradict make it inconclusive. Primary claims were tested at .05 each, secondary "
        "ones with Holm’s correction within a dataset (Holm, 1979); the others are exploratory."
    )


def _tell_choices(plan: Plan) -> list[str]:
    choices = plan.multiverse
    several = {
        "windows of check-ins": len({*choices.windows, plan.comparison.window}),
        "ratings": len({*choices.subscales, "total"}),
        "missing-item rules": len({*choices.minimum_answered, plan.scoring.minimum_answered}),
        "adjustments": len(choices.adjustments),
        "correlations": len(choices.estimators),
        "least caseloads": len(choices.minimum_caseload),
    }
    varied = [f"{n} {words}" for words, n in several.items() if n > 1]
    if not varied:
        return []
    return [
        f"D was estimated under all combinations of {_listed(varied)} that the data allow "
        "(Simonsohn et al., 2020), and tested over all of them together by a bootstrap of clusters "
        f"recentred on no difference ({show_count(choices.resamples)} resamples)."
    ]


def _tell_course(plan: Plan) -> str:
    ruptures, warning = plan.ruptures, plan.warning
    reference = {"previous": "the last score", "best_of_three": "the best of the last three scores"}
    return (
        "Early agreement and disagreement of the raters were related to the outcome by response "
        "surfaces (Edwards & Parry, 1993), never by difference scores. A rupture is a fall of at "
        f"least {ruptures.size:g} standard deviations within engagements from "
        f"{reference[ruptures.reference]} that also exceeds the error of measurement; its rate is "
        f"held against {show_count(ruptures.surrogates)} sets of simulated courses without "
        f"ruptures. From check-in {warning.landmarks[0]} on, the probability of ending early "
        f"within {warning.horizon} check-ins was estimated for clusters not seen in fitting "
        f"({warning.repeats} times {warning.folds}-fold), and judged by discrimination, "
        "calibration and net benefit (Vickers & Elkin, 2006) at a threshold of "
        f"{show_correlation(warning.threshold, 2)}."
    )


def _tell_synthesis() -> str:
    return (
        "Datasets were put together by random effects (restricted maximum likelihood; Viechtbauer, "
        "2005) with Knapp and Hartung’s intervals (Knapp & Hartung, 2003), and a prediction "
        "interval for a further dataset (Higgins et al., 2009)."
    )


def _listed(values: Iterable[object]) -> str:
    """Values as a list in a sentence: ``1, 2 and 3``."""
    texts = [str(value) for value in values]
    return " and ".join(filter(None, [", ".join(texts[:-1]), texts[-1]]))
