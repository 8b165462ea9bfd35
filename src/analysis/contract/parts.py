"""What fills a clean table: passes over raw tables, and what fills each clean column."""

from __future__ import annotations

import itertools
import string
from typing import Annotated, Literal

from pydantic import Field, model_validator

from analysis.contract.instruments import SubscaleName
from analysis.contract.raw_tables import Cell
from analysis.contract.strict import Strict

Source = Literal["advisee", "advisor", "third_party", "record"]
Phase = Literal["baseline", "during", "end", "follow_up"]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
Value = str | int | float
RawName = Annotated[str, Field(min_length=1)]


class Column(Strict):
    """What fills a clean column: a raw column (and labels), one value for all, or weeks of dates.

    Labels may be written as they stand in the cells or, for SPSS, as the codes' value labels.
    """

    column: RawName | None = Field(None, description="the raw column")
    value: Value | None = Field(None, description="one value for every row")
    date: RawName | None = Field(
        None,
        description="for weeks: the raw column of dates, which becomes whole weeks and is gone",
    )
    since: RawName = Field(
        "start",
        description="where weeks begin: `start` (the engagement's day in tables.engagements), "
        "`first` (its first date in columns that say so), or a raw column of the same row",
    )
    labels: dict[Cell, Value] = Field(
        default_factory=dict, description="raw label to clean value; case and outer space ignored"
    )
    kind: Literal["text", "number"] = Field("text", description="what a covariate is read as")

    @property
    def raw(self) -> str | None:
        """The raw column that is read, if any."""
        return self.column or self.date

    @model_validator(mode="after")
    def _check(self) -> Column:
        if sum(given is not None for given in (self.column, self.value, self.date)) != 1:
            raise ValueError("give either a column, a value or a date")
        if self.date is None and "since" in self.model_fields_set:
            raise ValueError("since goes with a date")
        if self.labels and self.column is None:
            raise ValueError("labels go with a column")
        folded = [" ".join(label.split()).casefold() for label in self.labels]
        if len(set(folded)) != len(folded):
            raise ValueError("two labels differ only by case or spaces")
        return self


class Measure(Strict):
    """One outcome in a column of its own, as wide tables have them."""

    outcome: Name = Field(description="name of the outcome")
    source: Source = Field(description="who gave it")
    phase: Phase = Field(description="when it was taken")
    week: RawName | Column | None = Field(None, description="raw column of its week, or its date")
    value: RawName | Column = Field(description="raw column of its values")

    def columns(self) -> dict[str, RawName | Column]:
        """The same as clean columns of a part."""
        constants = {name: Column(value=getattr(self, name)) for name in _MEASURED}
        weeks = {} if self.week is None else {"week": self.week}
        return constants | weeks | {"value": self.value}


#: Clean columns that may be filled from dates.
WEEKS = {"week", "ended_week"}
_MEASURED = ("outcome", "source", "phase")


class Part(Strict):
    """One pass over a raw table that yields rows of a clean table.

    With `each`, the pass is made once for every combination of values, and `{name}` in a raw
    column's name stands for the value: that is how wide tables become long.
    """

    source: str = Field(description="the raw table")
    where: dict[str, tuple[Cell, ...]] = Field(
        default_factory=dict, description="raw column to the values of the rows that count here"
    )
    each: dict[Name, tuple[Value, ...]] = Field(
        default_factory=dict, description="placeholders and the values they take"
    )
    columns: dict[str, RawName | Column] = Field(description="clean column to raw column or value")
    start: RawName | None = Field(
        None, description="engagements: raw column of the day each began, which weeks count from"
    )
    items: RawName | tuple[RawName, ...] | None = Field(
        None, description="raw item columns: a pattern with {item}, or a list in item order"
    )
    subscales: dict[SubscaleName, RawName] = Field(
        default_factory=dict, description="ready-made subscale to raw column"
    )
    measures: tuple[Measure, ...] = Field(
        (), description="outcomes that each have a column: one pass for each of them"
    )
    answers: dict[Cell, float] = Field(
        default_factory=dict, description="answer in words to number, for items and subscales"
    )

    @model_validator(mode="after")
    def _check(self) -> Part:
        for pattern in self._patterns():
            known = {*self.each, "item"} if pattern == self.items else set(self.each)
            _refuse_strays(pattern, known)
        if self.items is not None and self.subscales:
            raise ValueError("give items or ready-made subscales, not both")
        return self

    def _patterns(self) -> list[str]:
        """All that placeholders are filled in."""
        filled = [*self.columns.values(), *(v for m in self.measures for v in m.columns().values())]
        told = []
        for given in filled:
            if isinstance(given, str):
                told.append(given)
            elif given.raw is None:
                told.append(str(given.value))
            else:
                told += [given.raw, given.since]
        items = [self.items] if isinstance(self.items, str) else list(self.items or ())
        return [*told, *items, *self.subscales.values()]

    def answer_columns(self) -> list[str]:
        """Raw columns that may hold answers: a pattern with {item} is written out for all items."""
        numbers = range(1, 100) if isinstance(self.items, str) else (1,)
        patterns = [self.items] if isinstance(self.items, str) else list(self.items or ())
        patterns += self.subscales.values()
        return [
            pattern.format(**dict(zip(self.each, values, strict=True)), item=item)
            for values in itertools.product(*self.each.values())
            for pattern in patterns
            for item in numbers
        ]

    def passes(self) -> list[Part]:
        """The part itself, or one for each of its measures."""
        if not self.measures:
            return [self]
        plain = self.model_copy(update={"measures": ()})
        return [
            plain.model_copy(update={"columns": self.columns | measure.columns()})
            for measure in self.measures
        ]

    @property
    def fields(self) -> dict[str, Column]:
        """Clean column to what fills it, short forms written out."""
        return {
            name: Column(column=field) if isinstance(field, str) else field
            for name, field in self.columns.items()
        }


def _refuse_strays(pattern: str, known: set[str]) -> None:
    """Refuse placeholders that nothing fills, and formats beside them."""
    for _, name, form, conversion in string.Formatter().parse(pattern):
        if name is None:
            continue
        if form or conversion:
            raise ValueError(f"'{pattern}': a placeholder is a name alone, as in {{item}}")
        if name not in known:
            unknown = f"{{{name}}}"
            raise ValueError(
                f"'{pattern}' uses {unknown}, which `each` does not list. Write {{{{ and }}}} for "
                "brackets that stand in a column's name"
            )
