"""The codebook: what every variable is, where it came from, and what was made of it.

It is made of the mapping, the instruments' keys and the plan alone: it holds no row of data and
never an item's wording.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from analysis.contract.dictionary import IDENTIFIERS, TABLES
from analysis.contract.forms import Forms
from analysis.contract.instruments import Instrument, item_name
from analysis.contract.mapping import Mapping as DatasetMapping
from analysis.contract.mapping import Outcome
from analysis.contract.parts import Column, Part
from analysis.contract.plan import Plan
from analysis.present.report import render_page
from analysis.present.sections import Table, make_table
from analysis.present.style import plain_text
from analysis.present.tables import GIVEN_BY, PHASES, TIMINGS, put_in_words

#: Columns of the codebook, and what stands in each.
COLUMNS = {
    "dataset": "name of the dataset",
    "table": "clean table, or `scores` for what is made of them",
    "variable": "name of the column, or of the outcome or score",
    "meaning": "what it is",
    "kind": "text, whole number or number",
    "raw_source": "raw table it comes from",
    "raw_column": "raw column, a pattern where there are several, or the value for all rows",
    "labels": "raw label = value, where words became values",
    "minimum": "lowest value allowed",
    "maximum": "highest value allowed",
    "missing": "cells read as missing, besides empty ones",
    "made_of_it": "what was done with it",
}


def describe_codebook(
    mapping: DatasetMapping, instruments: Mapping[str, Instrument], forms: Forms, plan: Plan
) -> pd.DataFrame:
    """A row for each variable of a dataset, in the columns of ``COLUMNS``, all of them text.

    Parameters
    ----------
    mapping : the dataset's mapping.
    instruments : rater to the key of the form that rater answered.
    forms : the forms as they are scored: what of them the raters share.
    plan : the analysis plan.
    """
    rows = [
        *_engagement_rows(mapping),
        *_checkin_rows(mapping, instruments),
        *_outcome_rows(mapping),
        *_event_rows(mapping),
        *_score_rows(forms, plan),
    ]
    marks = ", ".join(mapping.missing_marks)
    made = [
        {"dataset": mapping.name, "missing": marks if "raw_column" in row else ""} | row
        for row in rows
    ]
    frame = pd.DataFrame(made, columns=list(COLUMNS)).fillna("")
    return frame.map(plain_text)


def _field_rows(
    table: str, part: Part, names: Mapping[str, str], made: Mapping[str, str]
) -> Iterator[dict[str, str]]:
    """A row for each clean column that a part fills."""
    known = {column.name: column for column in TABLES[table].columns}
    for name, field in part.fields.items():
        column = known.get(name)
        yield {
            "table": table,
            "variable": name,
            "meaning": names.get(name) or (column.meaning if column else "covariate"),
            "kind": column.kind if column else field.kind,
            "raw_source": part.source,
            **_raw(name, field),
            "made_of_it": made.get(name, ""),
        }


def _raw(name: str, field: Column) -> dict[str, str]:
    if field.column is None:
        return {"raw_column": f"{field.value} (every row)"}
    labels = "" if name in IDENTIFIERS else _labels(field.labels)
    return {"raw_column": field.column, "labels": labels}


def _labels(labels: Mapping[str, object]) -> str:
    return "; ".join(f"{label} = {value}" for label, value in labels.items())


def _engagement_rows(mapping: DatasetMapping) -> Iterator[dict[str, str]]:
    made = {
        mapping.cluster: "engagements that share it are not taken as independent",
        mapping.programme: "the audit tells programmes apart by it",
    }
    for name in IDENTIFIERS:
        made[name] = "; ".join(filter(None, ["identifier; in no result", made.get(name, "")]))
    for part in mapping.tables.engagements:
        yield from _field_rows("engagements", part, {}, made)


def _checkin_rows(
    mapping: DatasetMapping, instruments: Mapping[str, Instrument]
) -> Iterator[dict[str, str]]:
    for part in mapping.parts()["checkins"]:
        yield from _field_rows("checkins", part, {}, {})
        answered = _answerers(part, instruments)
        for rater, key in answered.items():
            place = {
                "table": "checkins",
                "raw_source": part.source,
                "labels": _labels(part.answers),
            }
            allowed = {
                "kind": "number",
                "minimum": f"{key.responses.minimum:g}",
                "maximum": f"{key.responses.maximum:g}",
            }
            if part.subscales:
                for subscale, column in part.subscales.items():
                    yield (
                        place
                        | allowed
                        | {
                            "variable": subscale,
                            "raw_column": column,
                            "meaning": f"{rater}’s {subscale} by {key.title}, ready made",
                            "made_of_it": _out_of_range(mapping),
                        }
                    )
                continue
            raw = part.items if isinstance(part.items, str) else None
            for place_of_item, item in enumerate(key.items):
                column = raw.replace("{item}", str(item)) if raw else part.items[place_of_item]
                (subscale,) = (name for name, items in key.subscales.items() if item in items)
                turned = f"; turned ({key.responses.minimum + key.responses.maximum:g} less it)"
                yield (
                    place
                    | allowed
                    | {
                        "variable": item_name(item),
                        "raw_column": column,
                        "meaning": f"item {item} of {key.title}, by the {rater}: {subscale}",
                        "made_of_it": _out_of_range(mapping)
                        + (turned if item in key.reversed else ""),
                    }
                )


def _answerers(part: Part, instruments: Mapping[str, Instrument]) -> dict[str, Instrument]:
    """Who answered in a part: the rater it names, or all whose labels it has."""
    field = part.fields["rater"]
    named = {str(field.value)} if field.column is None else set(map(str, field.labels.values()))
    return {rater: key for rater, key in instruments.items() if not named or rater in named}


def _out_of_range(mapping: DatasetMapping) -> str:
    if mapping.out_of_range == "set_missing":
        return "an answer out of range was set to missing"
    return "an answer out of range ends the run"


def _outcome_rows(mapping: DatasetMapping) -> Iterator[dict[str, str]]:
    """A row for each outcome, source and phase; one for each column where these are in columns."""
    for part in mapping.parts()["outcomes"]:
        fields = part.fields
        fixed = {name: fields[name].value for name in ("outcome", "source", "phase")}
        names = [str(fixed["outcome"])] if fixed["outcome"] is not None else list(mapping.outcomes)
        if fixed["outcome"] is None:
            yield from _field_rows("outcomes", part, {}, {})
        for name in names:
            outcome = mapping.outcomes.get(name)
            told = [
                (outcome.title if outcome else None) or name.replace("_", " "),
                put_in_words(fixed["source"], GIVEN_BY),
                put_in_words(fixed["phase"], PHASES),
            ]
            yield {
                "table": "outcomes",
                "variable": name,
                "meaning": ", ".join(filter(None, told)),
                "kind": "number",
                "raw_source": part.source,
                **_raw("value", fields["value"]),
                **(_limits(outcome) if outcome else {}),
                "made_of_it": _use(mapping, name, fixed, outcome),
            }


def _limits(outcome: Outcome) -> dict[str, str]:
    ends = {"minimum": outcome.minimum, "maximum": outcome.maximum}
    return {name: f"{value:g}" for name, value in ends.items() if value is not None}


def _use(
    mapping: DatasetMapping, name: str, fixed: Mapping[str, object], outcome: Outcome | None
) -> str:
    told = []
    if outcome:
        told += [put_in_words(outcome.timing, TIMINGS), f"higher is {outcome.higher_is}"]
    if (name, fixed["source"], fixed["phase"]) == mapping.primary:
        told.append("the primary outcome")
    return "; ".join(told)


def _event_rows(mapping: DatasetMapping) -> Iterator[dict[str, str]]:
    for part in mapping.parts()["events"]:
        yield from _field_rows("events", part, {}, {})


def _score_rows(forms: Forms, plan: Plan) -> Iterator[dict[str, str]]:
    """A row for each score that the raters' answers were made into."""
    for rater, key in forms.instruments.items():
        common = {
            "table": "scores",
            "kind": "number",
            "minimum": f"{key.responses.minimum:g}",
            "maximum": f"{key.responses.maximum:g}",
        }
        share = plan.scoring.minimum_answered
        share = share if key.minimum_answered is None else key.minimum_answered
        status = f"key {key.status.replace('_', ' ')} ({key.source})"
        for subscale, items in key.subscales.items():
            made = f"mean of its items where {share:.0%} or more are answered".replace("%", " %")
            yield common | {
                "variable": f"{rater}_{subscale}",
                "meaning": f"{rater}’s {subscale}, {key.title}; {_items(key, items)}",
                "made_of_it": f"{made if items else 'ready made'}; {status}",
            }
        window = ", ".join(map(str, plan.comparison.window))
        yield common | {
            "variable": f"{rater}_total",
            "meaning": f"{rater}’s total, {key.title}: mean of {', '.join(key.subscales)}",
            "made_of_it": "missing if any subscale is; compared as its mean over check-ins "
            f"{window}, those that both raters answered",
        }


def _items(key: Instrument, items: tuple[int, ...]) -> str:
    if not items:
        return "scores arrive ready made"
    told = [f"{item} (reversed)" if item in key.reversed else str(item) for item in items]
    return f"items {', '.join(told)}"


def render_codebook(codebook: pd.DataFrame, titles: Mapping[str, str]) -> str:
    """The codebook as one HTML page, a table for each dataset. All text is escaped."""
    heads = ("Variable", "Table", "Meaning", "What was made of it", "Raw column", "Range", "Labels")
    tables: list[tuple[str, Table]] = []
    for name, title in titles.items():
        rows = [_shown(row) for row in codebook[codebook["dataset"] == name].to_dict("records")]
        caption = f"Every variable of {title}"
        if marks := next(iter(codebook.loc[codebook["dataset"] == name, "missing"]), ""):
            caption += f". Cells read as missing, besides empty ones: {marks}"
        tables.append((title, make_table(caption, heads, rows, wide=[2, 3, 6])))
    return render_page("codebook.html.j2", tables=tables)


def _shown(row: Mapping[str, str]) -> list[str]:
    """A variable's cells on the page."""
    ends = [row["minimum"], row["maximum"]]
    place = f"{row['raw_source']}: {row['raw_column']}" if row["raw_column"] else ""
    return [
        *(row[name] for name in ("variable", "table", "meaning", "made_of_it")),
        place,
        " to ".join(ends) if any(ends) else "",
        row["labels"],
    ]
