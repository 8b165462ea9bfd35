"""Tables on measurement: reliability, factor models, invariance, agreement, what is missing."""

from __future__ import annotations

import re

import pandas as pd

from analysis.contract.estimates import COLUMNS
from analysis.present.sections import Table, make_table
from analysis.present.tables import (
    DASH,
    begin_large,
    show_correlation,
    show_count,
    show_interval,
    show_level,
    show_note,
    show_p,
    show_text,
)

INDICES = ("cfi", "tli", "rmsea", "srmr")
AGREEMENT = ("correlation", "ICC(1)", "ICC(A,1)", "ICC(C,1)")
VARIANCE = (
    "share between advisors",
    "share between dyads",
    "share within dyads",
    "reliability of one check-in",
    "reliability of the window mean",
)


def read_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """One dataset's rows of measurement with every column there is, empty text as empty text."""
    # A table carries the columns it needs: without any items there is no method.
    own = rows.reindex(columns=list(COLUMNS))
    for name in ("analysis", "outcome", "rater", "subscale", "term", "method", "note"):
        own[name] = own[name].map(show_text)
    return own


def name_item(text: str) -> str:
    """Columns' names of items as people name them.

    >>> name_item("free: advisee_item_04, advisee_item_11")
    'free: item 4, item 11'
    """
    return re.sub(r"(?:advisee_|advisor_|first_|last_)?item_0?(\d+)", r"item \1", text)


def tabulate_reliability(measurement: pd.DataFrame, confidence: float) -> Table | None:
    """Reliability of each rater's subscales, over the check-ins; None if nothing was measured."""
    alphas = measurement[measurement["term"] == "reliability"]
    if alphas.empty:
        return None
    rows = []
    for (rater, subscale), part in alphas.groupby(["rater", "subscale"], sort=False):
        note = show_note(part["note"].iloc[0]) if part["estimate"].isna().all() else ""
        cells = [begin_large(f"{rater}, {subscale}")]
        for method in ("cronbach_alpha", "mcdonald_omega"):
            own = part[(part["method"] == method) & part["estimate"].notna()]
            cells += [_first_with_interval(own), _range_of(own["estimate"])]
        rows.append([*cells, note])
    level = show_level(confidence)
    return make_table(
        f"Reliability at the first check-in with {level} intervals that allow for "
        "clustering, and its range over the check-ins",
        ("Rating", "Alpha", "Range", "Omega", "Range", "Note"),
        rows,
        numeric=range(1, 5),
        wide=[5],
    )


def _first_with_interval(rows: pd.DataFrame) -> str:
    if rows.empty:
        return DASH
    first = rows.iloc[0]
    interval = show_interval(first["conf_low"], first["conf_high"], 2)
    return f"{show_correlation(first['estimate'], 2)} {interval}"


def _range_of(values: pd.Series) -> str:
    if len(values) < 2:
        return DASH
    return f"{show_correlation(values.min(), 2)} to {show_correlation(values.max(), 2)}"


def tabulate_structure(measurement: pd.DataFrame) -> Table | None:
    """Fit of the factor models of each rater's items, side by side; None without any."""
    own = measurement[(measurement["analysis"] == "structure") & (measurement["method"] != "")]
    if own.empty:
        return None
    rows = []
    for (rater, model), part in own.groupby(["rater", "method"], sort=False):
        by_term = part.drop_duplicates("term").set_index("term")
        indices = [show_correlation(by_term["estimate"].get(name), 3) for name in INDICES]
        told = name_item(show_note(by_term.loc["chisq", "note"]))
        rows.append(
            [begin_large(f"{rater}, {model}"), _chisq(by_term.loc["chisq"]), *indices, told]
        )
    return make_table(
        "Factor models of the items at the first check-in (maximum likelihood; chi-square, CFI, "
        "TLI and RMSEA scaled for engagements that share an advisor where the note says so)",
        ("Model", "χ² (df)", "CFI", "TLI", "RMSEA", "SRMR", "Note"),
        rows,
        numeric=range(1, 6),
        wide=[6],
    )


def tabulate_invariance(
    measurement: pd.DataFrame, analysis: str = "invariance", rater: str = ""
) -> Table | None:
    """The invariance ladder across raters (or one rater's check-ins); None without any."""
    own = measurement[(measurement["analysis"] == analysis) & (measurement["rater"] == rater)]
    if own.empty:
        return None
    rows = []
    for row in own.itertuples():
        note = name_item(show_note(row.note))
        if not row.term:
            rows.append(["Not tested", DASH, DASH, DASH, note])
        elif row.term.endswith(": chisq"):
            step = row.term.removesuffix(": chisq")
            fit = [_of(own, f"{step}: {name}") for name in ("cfi", "rmsea")]
            shown = [show_correlation(value, 3) for value in fit]
            rows.append([begin_large(step), _chisq(row), *shown, _loss(own, step, note)])
        elif "at fault" in note:
            tested = f"χ²(1) = {row.statistic:.1f}, p {_equals(show_p(row.p_value))}"
            rows.append([begin_large(name_item(row.term)), tested, DASH, DASH, note])
        elif row.term.startswith("latent mean"):
            interval = show_interval(row.conf_low, row.conf_high, 2)
            gap = f"{show_correlation(row.estimate, 2)} {interval}"
            shown = gap if show_correlation(row.estimate) != DASH else DASH
            rows.append([begin_large(row.term), shown, DASH, DASH, note])
    whose = "both raters use the items alike"
    if rater:
        whose = f"the {rater} uses the items alike at the window’s first and last check-in"
    return make_table(
        f"Whether {whose}. Residuals of twin items covary; a step holds with a fall in CFI of at "
        "most .010 and a rise in RMSEA of at most .015; p of single items by Holm. Scaled for "
        "engagements that share an advisor",
        ("Step or item", "χ² (df), or gap", "CFI", "RMSEA", "Note"),
        rows,
        numeric=range(1, 4),
        wide=[4],
    )


def _loss(own: pd.DataFrame, step: str, note: str) -> str:
    """What a step lost against the one before, before its note."""
    moved = [_of(own, f"{step}: change in {name}") for name in ("cfi", "rmsea")]
    if any(pd.isna(moved)):
        return note
    fall, rise = (show_correlation(value, 3) for value in moved)
    first, _, rest = note.partition("; ")
    return "; ".join(filter(None, [f"{first} (ΔCFI {fall}, ΔRMSEA {rise})", rest]))


def tabulate_agreement(measurement: pd.DataFrame, confidence: float) -> Table | None:
    """How far the raters agree, by subscale; None with one rater."""
    own = measurement[(measurement["analysis"] == "agreement") & (measurement["term"] != "")]
    if own.empty:
        return None
    rows = []
    for subscale, part in own.groupby("subscale", sort=False):
        by_term = part.drop_duplicates("term").set_index("term")
        cells = [_with_interval(by_term.loc[name]) for name in AGREEMENT if name in by_term.index]
        if len(cells) == len(AGREEMENT):
            n = show_count(by_term.loc["correlation", "n_engagements"])
            note = show_note(by_term.loc["ICC(A,1)", "note"])
            rows.append([begin_large(subscale), *cells, n, note])
    for row in own[own["term"].str.endswith("profile agreement")].to_dict("records"):
        shown = [begin_large(row["term"]), _with_interval(row), DASH, DASH, DASH]
        n = show_count(row["n_engagements"])
        rows.append([*shown, n, show_note(row["note"])])
    return make_table(
        "How far the two raters agree: correlation, and intraclass correlations of one rating "
        "(ICC(1) takes the raters as exchangeable; ICC(A,1) counts a gap in level as disagreement, "
        f"ICC(C,1) does not), with {show_level(confidence)} intervals by the jackknife over "
        "clusters. Profile agreement: the mean over dyads of the correlation between their "
        "profiles of items, as it is and with what is usual taken away",
        ("Rating", "Correlation", "ICC(1)", "ICC(A,1)", "ICC(C,1)", "n", "Note"),
        rows,
        numeric=range(1, 6),
        wide=[6],
    )


def tabulate_variance(measurement: pd.DataFrame, confidence: float) -> Table | None:
    """Where each rating's variance lies, and how reliable that makes it; None without ratings."""
    own = measurement[measurement["analysis"] == "variance"]
    if own.empty:
        return None
    rows = []
    for rater, part in own.groupby("rater", sort=False):
        by_term = part.drop_duplicates("term").set_index("term")
        cells = [_with_interval(by_term.loc[term]) for term in VARIANCE]
        note = next((show_note(one) for one in part["note"] if one), "")
        rows.append([begin_large(rater), *cells, note])
    return make_table(
        "Where the variance of each rater’s total lies within the window, and the reliability that "
        f"comes of it (REML, with {show_level(confidence)} intervals by the jackknife)",
        (
            "Rater",
            "Between advisors",
            "Between their dyads",
            "Within dyads over time",
            "Reliability of one check-in",
            "Of the window mean",
            "Note",
        ),
        rows,
        numeric=range(1, 6),
        wide=[6],
    )


def _with_interval(row) -> str:
    shown = show_correlation(row["estimate"], 2)
    interval = show_interval(row["conf_low"], row["conf_high"], 2)
    return shown if interval == DASH else f"{shown} {interval}"


def _of(rows: pd.DataFrame, term: str) -> float:
    found = rows.loc[rows["term"] == term, "estimate"]
    return float(found.iloc[0]) if len(found) else float("nan")


def _chisq(row) -> str:
    return DASH if pd.isna(row.statistic) else f"{row.statistic:.1f} ({row.df:.0f})"


def _equals(p_value: str) -> str:
    return p_value if p_value.startswith("<") else f"= {p_value}"
