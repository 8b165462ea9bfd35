"""The report's tables on measurement: reliability, factor models, invariance."""

from __future__ import annotations

import pandas as pd

from analysis.contract.estimates import COLUMNS
from analysis.present.sections import Table, make_table
from analysis.present.tables import (
    DASH,
    begin_large,
    show_correlation,
    show_interval,
    show_level,
    show_note,
    show_p,
)

INDICES = ("cfi", "tli", "rmsea", "srmr")


def tabulate_all(measurement: pd.DataFrame, confidence: float) -> list[Table]:
    """Every table there is something to say in: reliability, structure, invariance, items."""
    # A table carries the columns it needs: without any items there is no method.
    whole = measurement.reindex(columns=list(COLUMNS))
    tables = (
        tabulate_reliability(whole, confidence),
        tabulate_structure(whole),
        tabulate_invariance(whole),
    )
    return [table for table in tables if table is not None]


def tabulate_reliability(measurement: pd.DataFrame, confidence: float) -> Table | None:
    """Reliability of each rater's subscales, over the check-ins; None if nothing was measured."""
    alphas = measurement[measurement["term"] == "reliability"]
    if alphas.empty:
        return None
    rows = []
    for (rater, subscale), part in alphas.groupby(["rater", "subscale"], sort=False):
        note = show_note(part["note"].dropna().iloc[0]) if part["estimate"].isna().all() else ""
        cells = [begin_large(f"{rater}, {subscale}")]
        for method in ("cronbach_alpha", "mcdonald_omega"):
            own = part[(part["method"] == method) & part["estimate"].notna()]
            cells += [_first_with_interval(own), _range_of(own["estimate"])]
        rows.append([*cells, note])
    level = show_level(confidence)
    return make_table(
        f"Reliability at the first check-in with {level} intervals that allow for engagements "
        "sharing an advisor, and its range over the check-ins",
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
    own = measurement[(measurement["analysis"] == "structure") & measurement["method"].notna()]
    if own.empty:
        return None
    rows = []
    for (rater, model), part in own.groupby(["rater", "method"], sort=False):
        by_term = part.drop_duplicates("term").set_index("term")
        indices = [show_correlation(by_term["estimate"].get(name), 3) for name in INDICES]
        note = by_term.loc["chisq", "note"]
        told = show_note(note) if isinstance(note, str) else ""
        rows.append(
            [begin_large(f"{rater}, {model}"), _chisq(by_term.loc["chisq"]), *indices, told]
        )
    return make_table(
        "Factor models of the items at the first check-in (maximum likelihood)",
        ("Model", "χ² (df)", "CFI", "TLI", "RMSEA", "SRMR", "Note"),
        rows,
        numeric=range(1, 6),
        wide=[6],
    )


def tabulate_invariance(measurement: pd.DataFrame) -> Table | None:
    """The invariance ladder across raters, items at fault and the latent gap; None without any."""
    own = measurement[measurement["analysis"] == "invariance"]
    if own.empty:
        return None
    rows = []
    for row in own.itertuples():
        note = show_note(row.note) if isinstance(row.note, str) else ""
        if not isinstance(row.term, str):
            rows.append(["Not tested", DASH, DASH, DASH, note])
        elif row.term.endswith(": chisq"):
            step = row.term.removesuffix(": chisq")
            fit = {name: _of(own, f"{step}: {name}") for name in ("cfi", "rmsea")}
            fall = _of(own, f"{step}: change in cfi")
            shown = [show_correlation(value, 3) for value in (*fit.values(), fall)]
            told = "; ".join(filter(None, [note, shown[2] != DASH and f"ΔCFI {shown[2]}"]))
            rows.append([begin_large(step), _chisq(row), *shown[:2], told])
        elif "at fault" in note.lower():
            tested = f"χ²(1) = {row.statistic:.1f}, p {_equals(show_p(row.p_value))}"
            rows.append([begin_large(row.term), tested, DASH, DASH, note])
        elif row.term.startswith("latent mean gap"):
            interval = show_interval(row.conf_low, row.conf_high, 2)
            gap = f"{show_correlation(row.estimate, 2)} {interval}"
            rows.append([begin_large(row.term), gap, DASH, DASH, note])
    return make_table(
        "Do both raters use the items alike? Residuals of twin items covary; a step holds with a "
        "fall in CFI of at most .010 and a rise in RMSEA of at most .015. The tests take dyads as "
        "independent: where advisors have many, they find too many items at fault",
        ("Step or item", "χ² (df), or gap", "CFI", "RMSEA", "Note"),
        rows,
        numeric=range(1, 4),
        wide=[4],
    )


def _of(rows: pd.DataFrame, term: str) -> float:
    found = rows.loc[rows["term"] == term, "estimate"]
    return float(found.iloc[0]) if len(found) else float("nan")


def _chisq(row) -> str:
    return DASH if pd.isna(row.statistic) else f"{row.statistic:.1f} ({row.df:.0f})"


def _equals(p_value: str) -> str:
    return p_value if p_value.startswith("<") else f"= {p_value}"
