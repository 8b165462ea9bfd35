"""Numbers and words for people: this is where estimates are rounded, and nowhere before."""

from __future__ import annotations

import math

DASH = "–"
MINUS = "−"

SOURCES = {
    "advisee": "advisee",
    "advisor": "advisor",
    "third_party": "third party",
    "record": "records",
}
#: Who gave an outcome, as a phrase behind its name.
GIVEN_BY = {
    "advisee": "given by the advisee",
    "advisor": "given by the advisor",
    "third_party": "given by a third party",
    "record": "taken from records",
}
PHASES = {
    "baseline": "at baseline",
    "during": "during the engagement",
    "end": "at the end",
    "follow_up": "at follow-up",
}
TIMINGS = {
    "prospective": "after the ratings",
    "concurrent": "concurrent with the ratings",
}
ANALYSES = {
    "correlation": "Correlation",
    "reliability": "Reliability",
    "naive": "Difference, naive",
    "clustered": "Difference, clustered",
    "disattenuated": "Difference, corrected for reliability",
    "multilevel": "Slopes within and between clusters",
    "incremental": "Variance explained",
    "out_of_sample": "Out of sample",
    "adjusted": "Difference, adjusted for what came before",
    "imputed": "Difference, missing ratings imputed",
    "sensitivity": "Other measures of the difference",
    "agreement": "Lines together",
    "verdict": "Verdict",
}
METHODS = {
    "jackknife_fisher_z": "jackknife over clusters, on Fisher's z",
    "window_mean": "of the mean over the window's check-ins",
    "omega": "McDonald's omega of the items",
    "steiger": "Steiger's z",
    "williams": "Williams's t",
    "meng": "Meng, Rosenthal and Rubin's z",
    "hittner": "Hittner, May and Silver's z",
    "dunn_clark": "Dunn and Clark's z",
    "zou": "Zou's interval",
    "jackknife": "jackknife over clusters",
    "direction": "share that points where the clustered line points",
    "ridge": "ridge, clusters left out",
    "ridge_corrected_t": "ridge, corrected resampled t",
    "permutation": "permutations within and between clusters",
    "boosting": "boosted trees, clusters left out",
    "boosting_corrected_t": "boosted trees, corrected resampled t",
    "rubin": "multiple imputation, Rubin's rules",
    "rubin_90": "multiple imputation, Rubin's rules, interval for equivalence",
    "rubin_shifted": "multiple imputation, imputed ratings shifted",
    "spearman_jackknife": "of rank correlations, jackknife over clusters",
    "auc_jackknife": "of areas under the curve, jackknife over clusters",
    "partial_jackknife": "of partial correlations, jackknife over clusters",
    "r_squared": "share of the outcome's variance",
    "general_dominance": "mean addition over all orders of entry",
    "reml_or_cr2": "slopes within, by REML or, with few clusters, CR2",
    "jackknife_90": "jackknife over clusters, interval for equivalence",
    "percentile": "bootstrap of clusters, percentile",
    "bca": "bootstrap of clusters, BCa",
    "reml": "mixed model, restricted likelihood",
    "ml": "mixed model, likelihood",
    "cr2": "least squares, errors robust to clusters (CR2)",
    "cr2_htz": "joint test robust to clusters (CR2)",
    "logit": "logistic mixed model, log odds",
    "ordinal_logit": "ordinal logistic mixed model, log odds",
    "omega_jackknife": "by omega, jackknife over clusters",
    "omega_jackknife_90": "by omega, jackknife over clusters, interval for equivalence",
}
#: What a row of a line estimates, where the line has several.
TERMS = {
    "within_difference": "difference within",
    "within_advisee": "within",
    "within_advisor": "within",
    "between_difference": "difference between",
    "between_advisee": "between",
    "between_advisor": "between",
    "share_between": "share of the outcome's variance between",
    "r2_baseline": "baseline alone",
    "r2_both": "both ratings",
    "r2_shared": "what either would add",
    "r2_advisee": "R² with the advisee's rating",
    "r2_advisor": "R² with the advisor's rating",
    "r2_gain": "R² that both ratings add",
    "semipartial_correlation": "correlation",
    "spearman": "rank correlation",
    "auc": "area under the curve",
    "r2_added": "over the baseline",
    "r2_unique": "over the other rating too",
}
#: A verdict's word and sign; its colour never stands alone.
VERDICTS = {
    "supported": "supported",
    "opposed": "opposed",
    "equivalent": "equivalent",
    "inconclusive": "inconclusive",
    "not_testable": "not testable",
}
SIGNS = {
    "supported": "+",
    "opposed": MINUS,
    "equivalent": "=",
    "inconclusive": "?",
    "not_testable": "×",
}


def show_correlation(value: float, decimals: int = 3) -> str:
    """A number between -1 and 1 without its leading zero: ``.216``, ``−.05``; NaN as a dash.

    >>> show_correlation(-0.0481, 2)
    '−.05'
    """
    if value is None or not math.isfinite(value):
        return DASH
    digits = f"{abs(value):.{decimals}f}"
    sign = MINUS if value < 0 and float(digits) != 0 else ""
    return sign + (digits[1:] if digits.startswith("0.") else digits)


def show_number(value: float) -> str:
    """A number of any size to three digits or so: ``0.123``, ``−1.46``, ``12.5``; NaN as a dash.

    >>> show_number(-1.4567)
    '−1.46'
    """
    if value is None or not math.isfinite(value):
        return DASH
    decimals = 3 if abs(value) < 1 else 2 if abs(value) < 10 else 1
    digits = f"{abs(value):.{decimals}f}"
    return (MINUS if value < 0 and float(digits) != 0 else "") + digits


def show_fixed(value: float, decimals: int = 0) -> str:
    """A number to so many decimals with a typographic minus, which a zero never has."""
    text = f"{value:.{decimals}f}"
    return text.replace("-", MINUS if float(text) else "")


def show_percent(value: float) -> str:
    """A share in whole per cent; NaN as a dash."""
    return f"{show_fixed(100 * value)} %" if math.isfinite(value) else DASH


def show_interval(low: float, high: float, decimals: int = 3) -> str:
    """An interval in brackets: ``[.128, .303]``; a dash unless both limits are there."""
    limits = [show_correlation(limit, decimals) for limit in (low, high)]
    return DASH if DASH in limits else f"[{limits[0]}, {limits[1]}]"


def show_p(value: float) -> str:
    """A p value to three decimals: ``.043``, ``< .001``; NaN as a dash."""
    if value is None or not math.isfinite(value):
        return DASH
    return "< .001" if value < 0.0005 else show_correlation(value)


def show_count(value: float) -> str:
    """A count with its thousands set apart: ``1,030``; NaN as a dash."""
    return DASH if value is None or not math.isfinite(value) else f"{value:,.0f}"


def show_level(confidence: float) -> str:
    """A level of confidence in per cent: ``95 %``.

    >>> show_level(0.975)
    '97.5 %'
    """
    return f"{confidence * 100:g} %".replace("-", MINUS)


def show_text(value: object) -> str:
    """Text as it stands; an empty cell, as a CSV table read back holds it, as empty text."""
    return value if isinstance(value, str) else ""


def show_note(value: object) -> str:
    """A note or reason with the signs that people print; an empty cell as empty text."""
    return show_text(value).replace("+-", "±")


def put_in_words(name: object, words: dict[str, str]) -> str:
    """The words for a name of the vocabulary; another name with its underscores as spaces."""
    text = show_text(name)
    return words.get(text, text.replace("_", " "))


def begin_large(text: str) -> str:
    """Text with its first letter large."""
    return text[:1].upper() + text[1:]
