"""A dataset's mapping: where its tables are, what columns mean, how words become numbers."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, model_validator

from analysis.contract.dictionary import IDENTIFIERS, TABLES
from analysis.contract.parts import WEEKS, Name, Part, Phase, Source
from analysis.contract.raw_tables import RawTable
from analysis.contract.strict import Strict, read_settings

Rater = Literal["advisee", "advisor", "observer"]

#: What the mapping may name among the quasi-identifiers that is no column: ingest counts it.
ORGANISATION_SIZE = "organisation_size"


class Tables(Strict):
    """The parts each clean table is made of."""

    engagements: tuple[Part, ...] = Field(min_length=1, description="rows of engagements")
    checkins: tuple[Part, ...] = Field(min_length=1, description="rows of check-ins")
    outcomes: tuple[Part, ...] = Field((), description="rows of outcomes")
    events: tuple[Part, ...] = Field((), description="rows of events")


class Outcome(Strict):
    """What the analysis must know of an outcome."""

    title: str | None = Field(None, description="its name in words")
    timing: Literal["prospective", "concurrent"] = Field(
        description="whether it was taken after the alliance ratings or at about the same time"
    )
    higher_is: Literal["better", "worse"] = Field(description="its direction")
    minimum: float | None = Field(None, description="lowest possible value")
    maximum: float | None = Field(None, description="highest possible value")

    @model_validator(mode="after")
    def _check(self) -> Outcome:
        if None not in (self.minimum, self.maximum) and not self.minimum < self.maximum:
            raise ValueError("the minimum must lie below the maximum")
        return self


class Provenance(Strict):
    """Where a dataset comes from and on what terms."""

    description: str = Field(description="what it is, in a sentence or two")
    licence: str = Field(description="terms of use")
    consent: str = Field(description="what the people in it agreed to")
    simulated: bool = Field(False, description="whether it was made by `alliance simulate`")
    public: bool = Field(
        False,
        description="whether its owners have published it, identifiers and all: a secret would "
        "hide nothing, and none is asked for",
    )


class Primary(NamedTuple):
    """The outcome that the headline rests on: its name, who gave it, when; None without one."""

    outcome: str | None
    source: str | None
    phase: str


class Mapping(Strict):
    """All that turns a dataset's raw tables into the four clean ones."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")] = Field(
        description="short name (lower-case letters, digits, underscores); names its results"
    )
    title: str = Field(min_length=1, max_length=120, description="its name in words")
    provenance: Provenance = Field(description="where it comes from")
    folder: str = Field(
        ".",
        description="folder of the raw tables, seen from the mapping's file; $NAME is taken from "
        "the environment",
    )
    missing_marks: tuple[str, ...] = Field(
        ("NA", "N/A", "n/a", "NaN", ".", "-99"), description="cells read as missing, besides empty"
    )
    duplicates: Literal["refuse", "first", "last"] = Field(
        "refuse", description="which of several submissions with one key is kept"
    )
    out_of_range: Literal["refuse", "set_missing"] = Field(
        "refuse", description="what becomes of an answer outside the instrument's range"
    )
    cluster: Literal["advisor_id", "organisation_id"] = Field(
        "advisor_id", description="the highest level engagements are nested in"
    )
    instruments: dict[Rater, Name] = Field(
        min_length=1, description="which instrument each rater answered"
    )
    sources: dict[Name, RawTable] = Field(min_length=1, description="the raw tables by name")
    tables: Tables = Field(description="how clean tables are made of raw ones")
    programme: Name = Field(
        "setting",
        description="column of engagements by which the audit tells programmes apart: the setting, "
        "or a covariate declared under tables.engagements",
    )
    outcomes: dict[Name, Outcome] = Field(
        default_factory=dict, description="every outcome, its timing and direction"
    )
    quasi_identifiers: dict[str, tuple[float, ...]] = Field(
        default_factory=dict,
        description="what somebody who knows an engagement may know of it (columns of engagements, "
        "or `organisation_size`, the organisation's engagements), with the bounds of the bands "
        "that numbers are put into: how many engagements look alike in all of them is reported",
    )
    primary_outcome: Name | None = Field(None, description="the outcome the headline rests on")
    primary_source: Source | None = Field(None, description="whose account of it")
    primary_phase: Phase = Field("end", description="when it was taken")

    @model_validator(mode="after")
    def _check(self) -> Mapping:
        for table in TABLES:
            if table != "outcomes" and any(part.measures for part in getattr(self.tables, table)):
                raise ValueError(f"tables.{table}: measures belong to outcomes")
        for table, parts in self.parts().items():
            for number, part in enumerate(parts):
                place = f"tables.{table}.{number}"
                if part.source not in self.sources:
                    known = ", ".join(self.sources)
                    raise ValueError(f"{place}.source: '{part.source}' is no source ({known})")
                _check_columns(table, part, place)
        _check_used_once(self.parts())
        _check_quasi_identifiers(self.quasi_identifiers, self.parts()["engagements"])
        _check_programme(self.programme, self.tables.engagements)
        if (self.primary_outcome is None) != (self.primary_source is None):
            raise ValueError("primary_outcome and primary_source go together")
        if self.primary_outcome is not None and self.primary_outcome not in self.outcomes:
            known = ", ".join(self.outcomes) or "none"
            raise ValueError(
                f"primary_outcome: '{self.primary_outcome}' is not among outcomes ({known})"
            )
        return self

    @property
    def primary(self) -> Primary:
        """The outcome that the headline rests on."""
        return Primary(self.primary_outcome, self.primary_source, self.primary_phase)

    @property
    def outcome_titles(self) -> dict[str, str]:
        """An outcome's name to its name in words, where the mapping gives one."""
        return {name: one.title for name, one in self.outcomes.items() if one.title}

    @property
    def clusters(self) -> str:
        """What engagements are nested in, in the plural."""
        return {"advisor_id": "advisors", "organisation_id": "organisations"}[self.cluster]

    def parts(self) -> dict[str, tuple[Part, ...]]:
        """Clean table to the parts it is made of, measures written out."""
        return {
            table: tuple(one for part in getattr(self.tables, table) for one in part.passes())
            for table in TABLES
        }


def _check_columns(table: str, part: Part, place: str) -> None:
    """Refuse a part that lacks a clean column or fills one the table does not have."""
    filled = set(part.columns)
    made = {"instrument"} if table == "checkins" else set()
    needed = {column.name for column in TABLES[table].columns if column.required} - made
    if missing := sorted(needed - filled):
        raise ValueError(f"{place}.columns: {', '.join(missing)} must be given")
    if not TABLES[table].further or table == "checkins":
        known = set(TABLES[table].names) - made
        if stray := sorted(filled - known):
            raise ValueError(
                f"{place}.columns: {', '.join(stray)} is no column of {table} "
                f"({', '.join(sorted(known))})"
            )
    if table == "events" and not {"occasion", "week"} & filled:
        raise ValueError(f"{place}.columns: an event needs its occasion or its week")
    if dated := sorted({name for name, field in part.fields.items() if field.date} - WEEKS):
        raise ValueError(
            f"{place}.columns.{dated[0]}: a date can only become a week or an ended_week"
        )
    if part.start is not None and table != "engagements":
        raise ValueError(f"{place}.start: the day an engagement began belongs to engagements")
    has_answers = part.items is not None or bool(part.subscales)
    if has_answers != (table == "checkins"):
        which = "needs" if table == "checkins" else "takes no"
        raise ValueError(f"{place}: a part of {table} {which} items or subscales")


def _check_programme(programme: str, parts: tuple[Part, ...]) -> None:
    """Refuse a programme that no part fills, that is a number, or that names somebody."""
    known = {name: field for part in parts for name, field in part.fields.items()}
    named = {column.name for column in TABLES["engagements"].columns} - {"setting"}
    usable = sorted(name for name in known if name not in named and known[name].kind == "text")
    if programme not in usable:
        raise ValueError(
            f"programme: '{programme}' is no column of engagements that sorts them into programmes "
            f"({', '.join(usable)}); identifiers and numbers do not"
        )


def _check_used_once(parts: dict[str, tuple[Part, ...]]) -> None:
    """Refuse one raw column standing for two answers, or for an answer and an outcome."""
    answers = [
        (part.source, column) for part in parts["checkins"] for column in part.answer_columns()
    ]
    twice = [answer for answer, count in Counter(answers).items() if count > 1]
    for source, column in twice:
        raise ValueError(
            f"tables.checkins: column '{column}' of {source} stands for two answers; "
            "give each its own column"
        )
    for part in parts["outcomes"]:
        column = part.fields["value"].column
        if (part.source, column) in answers:
            raise ValueError(
                f"tables.outcomes: column '{column}' of {part.source} is an alliance answer "
                "already; an outcome needs a column of its own"
            )


def _check_quasi_identifiers(
    declared: dict[str, tuple[float, ...]], engagements: tuple[Part, ...]
) -> None:
    """Refuse what is no column of engagements, an identifier, or bands out of order."""
    filled = {name for part in engagements for name in part.columns}
    usable = filled - set(IDENTIFIERS) | {ORGANISATION_SIZE}
    for name, bounds in declared.items():
        if name not in usable:
            known = ", ".join(sorted(usable))
            raise ValueError(f"quasi_identifiers: '{name}' is no column of engagements ({known})")
        if name == ORGANISATION_SIZE and "organisation_id" not in filled:
            raise ValueError(f"quasi_identifiers: {name}: engagements have no organisation_id")
        if list(bounds) != sorted(set(bounds)):
            raise ValueError(f"quasi_identifiers.{name}: the bounds must rise")


def read_mapping(path: Path) -> Mapping:
    """Read a dataset's mapping. Raises UserFault listing all that is wrong with it."""
    return read_settings(path, Mapping)
