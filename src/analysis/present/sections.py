"""The report's tables: estimates, grid, rows, plan and provenance as cells of text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from analysis.contract.estimates import SOURCES as SOURCE_NAMES
from analysis.contract.plan import ComparisonPlan, Plan
from analysis.contract.strict import Strict
from analysis.present.captions import describe_cell, describe_interval, name_outcome
from analysis.present.lines import RATERS, OutcomeCell, of_subscale, read_cells
from analysis.present.tables import (
    ANALYSES,
    DASH,
    METHODS,
    PHASES,
    SOURCES,
    TERMS,
    TIMINGS,
    begin_large,
    put_in_words,
    show_correlation,
    show_count,
    show_interval,
    show_level,
    show_note,
    show_p,
    show_text,
)


@dataclass(frozen=True)
class Table:
    """A table as people see it: its caption, its columns, and rows of text.

    The first cell of each row heads it. ``numeric`` says which columns hold numbers, ``wide`` which
    hold sentences, ``marked`` which rows stand out.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()
    wide: frozenset[int] = frozenset()
    marked: frozenset[int] = frozenset()


def make_table(
    caption: str,
    columns: Iterable[str],
    rows: Iterable[Iterable[str]],
    numeric: Iterable[int] = (),
    wide: Iterable[int] = (),
    marked: Iterable[int] = (),
) -> Table:
    """A table of whatever iterables."""
    return Table(
        caption,
        tuple(columns),
        tuple(tuple(row) for row in rows),
        frozenset(numeric),
        frozenset(wide),
        frozenset(marked),
    )


def tabulate_outcomes(
    cells: list[OutcomeCell], titles: Mapping[str, str], plan: ComparisonPlan, clusters: str
) -> Table:
    """Every outcome with both correlations and their difference."""
    level = show_level(plan.confidence)
    columns = (
        "Outcome",
        "Given",
        "Advisee r",
        "Advisor r",
        "Difference D",
        "D corrected",
        f"n ({clusters})",
        "Note",
    )
    rows = [_outcome_row(cell, titles) for cell in cells]
    return make_table(
        "Every outcome: correlations and their difference, as it is and corrected for the ratings’ "
        f"reliability, with {level} intervals",
        columns,
        rows,
        numeric=range(2, 7),
        wide=[1, 7],
        marked=[place for place, cell in enumerate(cells) if cell.primary],
    )


def _outcome_row(cell: OutcomeCell, titles: Mapping[str, str]) -> list[str]:
    given = [
        describe_cell(cell),
        f"same source as the {cell.same_source}’s rating" if cell.same_source else "",
        "primary outcome" if cell.primary else "",
    ]
    notes = [show_note(cell.reason), show_note(cell.note)]
    counted = f"{show_count(cell.n)} ({show_count(cell.n_clusters)})"
    shown = [cell.correlations.get(rater) for rater in RATERS]
    return [
        name_outcome(cell, titles),
        "; ".join(filter(None, given)),
        *(describe_interval(one) if one else DASH for one in shown),
        describe_interval(cell.difference),
        describe_interval(cell.corrected),
        counted,
        "; ".join(filter(None, notes)),
    ]


def tabulate_subscales(
    comparison: pd.DataFrame, plan: ComparisonPlan, clusters: str
) -> Table | None:
    """The primary outcome with each subscale's ratings; None where there is only a total."""
    primary = next((cell for cell in read_cells(comparison) if cell.primary), None)
    names = comparison["subscale"].dropna().unique() if "subscale" in comparison else ()
    rows = []
    for name in names:
        cells = read_cells(comparison, name)
        cell = next((one for one in cells if primary and one.key == primary.key), None)
        if cell is None or not cell.difference.given:
            continue
        shown = [cell.correlations.get(rater) for rater in RATERS]
        rows.append(
            [
                begin_large(name),
                *(describe_interval(one) if one else DASH for one in shown),
                describe_interval(cell.difference),
                describe_interval(cell.corrected),
                f"{show_count(cell.n)} ({show_count(cell.n_clusters)})",
            ]
        )
    if len(rows) < 2:
        return None
    return make_table(
        "The primary outcome by subscale: which part of the alliance makes the difference, with "
        f"{show_level(plan.confidence)} intervals; only the total is decided",
        ("Rating", "Advisee r", "Advisor r", "Difference D", "D corrected", f"n ({clusters})"),
        rows,
        numeric=range(1, 6),
    )


def tabulate_lines(
    comparison: pd.DataFrame,
    cell: OutcomeCell,
    titles: Mapping[str, str],
    plan: ComparisonPlan,
    clusters: str,
) -> Table:
    """All lines of evidence on one outcome."""
    wanted = comparison["analysis"].isin([name for name in ANALYSES if name != "verdict"])
    for column, value in (
        ("outcome", cell.outcome),
        ("outcome_source", cell.source),
        ("phase", cell.phase),
    ):
        wanted &= comparison[column].map(show_text) == value
    order = {name: place for place, name in enumerate(ANALYSES)}
    rows = of_subscale(comparison[wanted]).sort_values(
        "analysis", key=lambda names: names.map(order), kind="stable"
    )
    return make_table(
        f"Lines of evidence: {name_outcome(cell, titles)}, {describe_cell(cell)}",
        ("Line", "Estimator", "Estimate", "Interval", "p", "n", begin_large(clusters), "Note"),
        [_line_row(row, plan) for row in rows.to_dict("records")],
        numeric=range(2, 7),
        wide=[1, 7],
        marked=[
            place
            for place, row in enumerate(rows.to_dict("records"))
            if (row["analysis"], row["method"]) == ("clustered", "jackknife")
        ],
    )


def _line_row(row: Mapping[str, object], plan: ComparisonPlan) -> list[str]:
    line = ANALYSES[row["analysis"]]
    if rater := show_text(row.get("rater")):
        line += f", {rater}’s rating"
    elif row["term"] == "correlation_between_raters":
        line += " of the two ratings"
    if term := TERMS.get(row["term"]):
        line += f": {term}"
    method = put_in_words(row["method"], METHODS)
    if (row["analysis"], row["method"]) == ("clustered", "jackknife"):
        method += " (of record)"
    narrow = row["method"].endswith("_90")
    level = show_level(plan.equivalence_confidence if narrow else plan.confidence)
    interval = show_interval(row["conf_low"], row["conf_high"])
    return [
        line,
        method,
        show_correlation(row["estimate"]),
        interval if interval == DASH else f"{interval} ({level})",
        _show_p_values(row),
        show_count(row["n_engagements"]),
        show_count(row["n_advisors"]),
        show_note(row["note"]),
    ]


def _show_p_values(row: Mapping[str, object]) -> str:
    """A row's p value and, in the secondary tier, Holm's beside it."""
    adjusted = show_p(row.get("p_adjusted"))
    return show_p(row["p_value"]) + ("" if adjusted == DASH else f" (Holm {adjusted})")


def tabulate_grid(comparison: pd.DataFrame, titles: Mapping[str, str]) -> Table:
    """Correlations by rater of the alliance (rows) and source of the outcome (columns)."""
    grid = comparison[comparison["analysis"] == "grid"]
    rows = [
        [
            begin_large(rater),
            *(
                _grid_cell(
                    grid[(grid["rater"] == rater) & (grid["outcome_source"] == source)], titles
                )
                for source in SOURCE_NAMES
            ),
        ]
        for rater in RATERS
    ]
    return make_table(
        "Correlations by who rated the alliance (rows) and who gave the outcome (columns)",
        ("Alliance rated by", *(begin_large(SOURCES[source]) for source in SOURCE_NAMES)),
        rows,
        wide=range(1, 1 + len(SOURCE_NAMES)),
    )


def _grid_cell(rows: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """All outcomes of one rater and source, a line each."""
    return "\n".join(_grid_line(row, titles) for row in rows.to_dict("records")) or DASH


def _grid_line(row: Mapping[str, object], titles: Mapping[str, str]) -> str:
    outcome, note = show_text(row["outcome"]), show_note(row["note"])
    if not outcome:
        return f"not testable: {note}"
    name = begin_large(titles.get(outcome) or outcome.replace("_", " "))
    when = [put_in_words(row["phase"], PHASES), put_in_words(row["timing"], TIMINGS)]
    said = f"{name} ({', '.join(filter(None, when))}): "
    if show_text(row["verdict"]) == "not_testable":
        return f"{said}not testable: {note}"
    limits = show_interval(row["conf_low"], row["conf_high"])
    said += f"{show_correlation(row['estimate'])} {'' if limits == DASH else limits}".strip()
    return f"{said}, n = {show_count(row['n_engagements'])}" + (f"; {note}" if note else "")


def tabulate_flow(flow: pd.DataFrame) -> Table:
    """What became of every raw row."""
    return make_table(
        "Rows read are those kept and those set aside. Mended rows are among those kept; made rows "
        "are those of the clean table, of which some may be left out again.",
        ("Table", "Source", "Step", "Reason", "Rows"),
        [
            [
                *(show_text(row[name]) for name in ("table", "source", "step", "reason")),
                show_count(row["rows"]),
            ]
            for row in flow.to_dict("records")
        ],
        numeric=[4],
        wide=[3],
    )


def tabulate_plan(plan: Plan) -> Table:
    """Every choice of the plan that could change an answer, and what it means."""
    rows = []
    for part_name in type(plan).model_fields:
        part = getattr(plan, part_name)
        if not isinstance(part, Strict):
            continue
        for name, setting in type(part).model_fields.items():
            value = getattr(part, name)
            shown = ", ".join(map(_as_list, value)) if isinstance(value, tuple) else str(value)
            rows.append([f"{part_name}.{name}", shown, setting.description or ""])
    return make_table("Every choice of this run", ("Choice", "Value", "Meaning"), rows)


def _as_list(value: object) -> str:
    return f"[{', '.join(map(str, value))}]" if isinstance(value, tuple) else str(value)


#: What may differ between two runs on the same inputs stands in `provenance.json` alone.
LEFT_TO_THE_RECORD = ("git",)


def tabulate_provenance(provenance: Mapping[str, object]) -> Table:
    """Hashes, versions and seeds, one row each."""
    kept = {name: value for name, value in provenance.items() if name not in LEFT_TO_THE_RECORD}
    return make_table(
        "Hashes are the first 16 hexadecimal digits of SHA-256",
        ("What", "Value"),
        _flattened(kept),
    )


def _flattened(content: Mapping[str, object], above: tuple[str, ...] = ()) -> list[list[str]]:
    """A nested mapping as rows of path and value, in a stable order."""
    rows = []
    for name in sorted(content):
        path, value = (*above, name), content[name]
        if isinstance(value, Mapping):
            rows += _flattened(value, path)
        else:
            shown = DASH if value is None else str(value)
            rows.append([": ".join(path).replace("_", " "), shown])
    return rows
