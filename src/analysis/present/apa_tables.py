"""What a manuscript's tables hold: who and what, raters compared, claims, programmes, ruptures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analysis.contract.claims import Claim
from analysis.present.apa import (
    ApaTable,
    bounded,
    degrees,
    interval,
    italic,
    number,
    probability,
    raised,
    say,
    star_note,
    stars,
)
from analysis.present.apa_programmes import tabulate_programmes, tabulate_ruptures
from analysis.present.captions import describe_cell, name_outcome
from analysis.present.lines import is_primary, of_subscale, read_cells
from analysis.present.measurement_tables import read_rows
from analysis.present.tables import (
    DASH,
    VERDICTS,
    begin_large,
    show_count,
    show_level,
    show_note,
    show_text,
)


@dataclass(frozen=True)
class Manuscript:
    """One dataset as its tables tell of it.

    ``comparison``, ``measurement``, ``process`` and ``claims`` are the dataset's own rows of those
    tables; ``ledger`` the claims in order; ``notes`` are cautions such as an unverified key.
    """

    title: str
    comparison: pd.DataFrame
    measurement: pd.DataFrame
    process: pd.DataFrame
    claims: pd.DataFrame
    ledger: Sequence[Claim]
    outcome_titles: Mapping[str, str] = field(default_factory=dict)
    clusters: str = "advisors"
    confidence: float = 0.95
    sesoi: float = 0.10
    notes: Sequence[str] = ()


def tabulate(manuscript: Manuscript) -> list[ApaTable]:
    """The dataset's tables, numbered in order; one that would be empty is left out."""
    measured = read_rows(manuscript.measurement)
    level, clusters = manuscript.confidence, manuscript.clusters
    made = [
        _descriptives(measured, manuscript),
        _comparison(manuscript),
        _claims(manuscript),
        tabulate_programmes(measured, level, clusters),
        tabulate_ruptures(manuscript.process, level, clusters),
    ]
    kept = [table for table in made if table is not None]
    return [_numbered(table, place, manuscript) for place, table in enumerate(kept, start=1)]


def _numbered(table: ApaTable, place: int, manuscript: Manuscript) -> ApaTable:
    """The table under its number, the dataset's cautions behind its general note."""
    general = " ".join(filter(None, [table.general, *map(say, manuscript.notes)]))
    return ApaTable(
        place,
        f"{table.title}: {say(manuscript.title)}",
        table.columns,
        table.rows,
        general,
        table.specific,
        table.probability,
        table.words,
    )


def _descriptives(measured: pd.DataFrame, manuscript: Manuscript) -> ApaTable | None:
    """Means, standard deviations, reliabilities and correlations."""
    own = measured[(measured["analysis"] == "descriptives") & measured["estimate"].notna()]
    means = own[own["term"] == "mean"].to_dict("records")
    if not means:
        return None
    names = [(row["rater"], row["subscale"], row["outcome"]) for row in means]
    keyed = {
        (row["rater"], row["subscale"], row["outcome"], row["term"]): row
        for row in own.to_dict("records")
    }
    rows = []
    for place, (name, mean) in enumerate(zip(names, means, strict=True)):
        cells = [
            f"{place + 1}. {_variable(name, manuscript.outcome_titles)}",
            number(mean["estimate"]),
            number(keyed[(*name, "sd")]["estimate"]),
            _reliability(measured, *name[:2]),
        ]
        for other in names[: len(names) - 1]:
            row = keyed.get((*other, f"correlation with {_term_of(name)}"))
            shown = "" if row is None else bounded(row["estimate"]) + stars(row["p_value"])
            cells.append(shown)
        rows.append(tuple(cells))
    symbols = (italic("M"), italic("SD"), "ω")
    numbers = tuple(str(place + 1) for place in range(len(names) - 1))
    first = means[0]
    return ApaTable(
        0,
        "Means, Standard Deviations, Reliabilities and Correlations",
        ("Variable", *symbols, *numbers),
        tuple(rows),
        f"{italic('n')} = {show_count(first['n_engagements'])} engagements of "
        f"{show_count(first['n_advisors'])} {manuscript.clusters} that have every variable "
        "of the table. Ratings are means over the window’s check-ins, those that both raters "
        "answered where there are two. ω is McDonald’s omega of the items at the first check-in "
        "for which it is given; a dash: not available. Tests of correlations leave out one cluster "
        "at a time.",
        probability=star_note(),
    )


def _variable(name: tuple[str, str, str], titles: Mapping[str, str]) -> str:
    rater, subscale, outcome = name
    if outcome:
        return say(begin_large(titles.get(outcome) or outcome.replace("_", " ")))
    return say(f"{begin_large(rater)}’s {subscale}")


def _term_of(name: tuple[str, str, str]) -> str:
    rater, subscale, outcome = name
    return "the outcome" if outcome else f"{rater} {subscale}"


def _reliability(measured: pd.DataFrame, rater: str, subscale: str) -> str:
    own = measured[
        (measured["term"] == "reliability")
        & (measured["method"] == "mcdonald_omega")
        & (measured["rater"] == rater)
        & (measured["subscale"] == subscale)
        & measured["estimate"].notna()
    ]
    return DASH if own.empty else bounded(own.sort_values("occasion")["estimate"].iloc[0])


#: Lines of evidence in the order of the table: analysis, term, method, and what they are called.
LINES = (
    ("clustered", "difference", "jackknife", "Clustered (of record)"),
    ("disattenuated", "difference", "jackknife", "Corrected for reliability"),
    ("disattenuated", "difference", "omega_jackknife", "Corrected for reliability, by omega"),
    ("naive", "difference", "steiger", "Naive, Steiger’s test and Zou’s interval"),
    ("multilevel", "within_difference", "reml", "Slopes within clusters, mixed model"),
    ("multilevel", "within_difference", "cr2", "Slopes within clusters, CR2"),
    ("multilevel", "between_difference", "reml", "Slopes between clusters, mixed model"),
    ("incremental", "difference", "jackknife", "Unique variance explained"),
    ("out_of_sample", "difference", "ridge_corrected_t", "Out-of-sample R², clusters left out"),
    ("adjusted", "difference", "jackknife", "Adjusted for what came before"),
    ("imputed", "difference", "rubin", "Missing ratings imputed"),
)
#: Lines whose estimates are slopes or variances, not differences of correlations.
_OTHER_UNITS = ("multilevel", "incremental", "out_of_sample")


def _comparison(manuscript: Manuscript) -> ApaTable | None:
    """The raters compared on the primary outcome, line by line."""
    comparison = manuscript.comparison
    cell = next((one for one in read_cells(comparison) if one.primary), None)
    primary = of_subscale(comparison[is_primary(comparison)])
    columns = (
        "Line of evidence",
        "Estimate",
        f"{show_level(manuscript.confidence)} CI",
        f"{italic('t')} or {italic('z')}",
        italic("df"),
        italic("p"),
        italic("n"),
        begin_large(manuscript.clusters),
    )
    given = primary[primary["estimate"].notna()]
    rows = [*_correlation_rows(given), *_difference_rows(given)]
    if cell is None or not rows:
        return None
    decided = comparison[comparison["analysis"] == "verdict"]["verdict"].map(show_text)
    verdict = VERDICTS.get(decided.iloc[0], "") if len(decided) else ""
    narrow = given[(given["analysis"] == "clustered") & given["method"].str.endswith("_90")]
    specific = []
    if len(narrow):
        limits = interval(narrow["conf_low"].iloc[0], narrow["conf_high"].iloc[0], 3)
        sesoi = bounded(manuscript.sesoi)
        specific.append(
            f"For equivalence: the 90 % interval is {limits}, the zone from −{sesoi} to {sesoi}."
        )
        rows = [_lettered(row, "Clustered (of record)", "a") for row in rows]
    letter = "b" if len(narrow) else "a"
    shown = {row[0] for row in rows}
    others = [name for analysis, _, _, name in LINES if analysis in _OTHER_UNITS and name in shown]
    if others:
        specific.append(
            "Not a difference of correlations, but of standardised slopes or of shares of variance."
        )
    for line in others:
        rows = [_lettered(row, line, letter) for row in rows]
    corrected = (given["analysis"] == "disattenuated").any()
    return ApaTable(
        0,
        "Advisee’s and Advisor’s Rating of the Alliance Compared",
        columns,
        tuple(rows),
        f"Outcome: {say(name_outcome(cell, manuscript.outcome_titles))}, "
        f"{say(describe_cell(cell))}. {italic('D')} is the advisee’s correlation with the outcome "
        "less the advisor’s, on the same engagements. "
        + (
            "The clustered line and the one corrected for reliability decide"
            if corrected
            else "The clustered line alone decides, as none is corrected for reliability"
        )
        + f"; the verdict is “{verdict}”. CI = confidence interval. The naive line takes "
        "engagements of one advisor as independent.",
        tuple(specific),
    )


def _lettered(row: tuple[str, ...], name: str, letter: str) -> tuple[str, ...]:
    return (row[0] + raised(letter), *row[1:]) if row[0] == name else row


def _correlation_rows(given: pd.DataFrame) -> list[tuple[str, ...]]:
    own = given[given["analysis"] == "correlation"]
    rows = []
    for row in own.to_dict("records"):
        rater = show_text(row["rater"])
        name = f"{begin_large(rater)}’s rating with the outcome" if rater else "The two ratings"
        rows.append(_line(name, row, row))
    return [(f"Correlations ({italic('r')})",), *rows] if rows else []


def _difference_rows(given: pd.DataFrame) -> list[tuple[str, ...]]:
    rows = []
    for analysis, term, method, name in LINES:
        own = given[
            (given["analysis"] == analysis)
            & (given["term"] == term)
            & (given["method"] == method)
            & given["rater"].map(show_text).eq("")
        ]
        if own.empty:
            continue
        row = limits = own.iloc[0].to_dict()
        if method == "steiger":
            zou = given[(given["analysis"] == "naive") & (given["method"] == "zou")]
            limits = zou.iloc[0].to_dict() if len(zou) else row
        rows.append(_line(name, row, limits))
    return [(f"Differences ({italic('D')})",), *rows] if rows else []


def _line(name: str, row: Mapping[str, object], limits: Mapping[str, object]) -> tuple[str, ...]:
    return (
        name,
        bounded(row["estimate"], 3),
        interval(limits["conf_low"], limits["conf_high"], 3),
        number(row["statistic"]),
        degrees(row["df"]),
        probability(row["p_value"]),
        show_count(row["n_engagements"]),
        show_count(row["n_advisors"]),
    )


TIERS = {
    "primary": "Primary claims, each tested at .05",
    "secondary": f"Secondary claims, {italic('p')} adjusted by Holm’s method",
    "exploratory": "Exploratory claims",
}
NOT_TESTABLE = "Not testable with these data: what is missing"


def _claims(manuscript: Manuscript) -> ApaTable | None:
    """Every claim with its estimate and verdict, those not testable at the end."""
    found = {row["claim"]: row for row in manuscript.claims.to_dict("records")}
    groups: dict[str, list[tuple[str, ...]]] = {}
    for claim in manuscript.ledger:
        if (row := found.get(claim.id)) is None:
            continue
        untested = row["verdict"] == "not_testable"
        groups.setdefault(NOT_TESTABLE if untested else TIERS[claim.tier], []).append(
            _claim_row(claim, row)
        )
    if not groups:
        return None
    rows: list[tuple[str, ...]] = []
    for heading in (*TIERS.values(), NOT_TESTABLE):
        if heading in groups:
            rows += [(heading,), *groups[heading]]
    return ApaTable(
        0,
        "Claims About the Alliance",
        (
            "Claim",
            "Estimated",
            "Estimate",
            f"{show_level(manuscript.confidence)} CI",
            italic("p"),
            f"Adjusted {italic('p')}",
            italic("n"),
            "Verdict",
        ),
        tuple(rows),
        "CI = confidence interval. Estimates are positive where the claim holds, each in the units "
        "named beside it; a verdict of supported or opposed rests on the interval and, for "
        "secondary claims, on the adjusted p. Data that were observed, not assigned, bear out no "
        "claim about causes.",
        words=frozenset({0, 1, 7}),
    )


def _claim_row(claim: Claim, row: Mapping[str, object]) -> tuple[str, ...]:
    statement = begin_large(say(claim.statement))
    if row["verdict"] == "not_testable":
        missing = begin_large(say(show_note(row["note"]).removeprefix("missing: ")))
        return (statement, missing, DASH, DASH, DASH, DASH, DASH, DASH)
    return (
        statement,
        begin_large(say(show_text(row["term"]))),
        number(row["estimate"]),
        interval(row["conf_low"], row["conf_high"], within_one=False),
        probability(row["p_value"]),
        probability(row["p_adjusted"] if claim.tier == "secondary" else np.nan),
        show_count(row["n_engagements"]),
        begin_large(VERDICTS[row["verdict"]]),
    )
