"""Strict settings: unknown keys refused at every level, faults in plain words."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from analysis.contract.faults import nearest, several
from analysis.contract.undecided import DECIDE, list_undecided
from analysis.contract.yaml_files import read_yaml

#: A proposal of a long code book waits for many words, and each is a line to look for.
MOST_TOLD = 200


class Strict(BaseModel):
    """A part of the settings: unknown keys are errors, values are never changed after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


Settings = TypeVar("Settings", bound=Strict)


def read_settings(path: Path, model: type[Settings]) -> Settings:
    """Read and check one settings file against its model; every fault is listed at once.

    A proposed file's places that still wait for its user are listed first.
    """
    content = read_yaml(path)
    faults = list_undecided(content, path)
    title = "this proposal waits for you." if faults else "these settings are not valid."
    try:
        settings = model.model_validate(content)
    except ValidationError as error:
        faults += [_in_words(one, model) for one in error.errors() if one["input"] != DECIDE]
    if faults:
        raise several(f"{path}: {title}", faults, most=MOST_TOLD)
    return settings


def _in_words(error: dict, model: type[BaseModel]) -> str:
    """One fault of pydantic's as `key: what is wrong`."""
    place = ".".join(str(part) for part in error["loc"] if not _is_branch(part))
    if error["type"] == "extra_forbidden":
        known = _fields_at(model, error["loc"][:-1])
        return f"{place}: this key is not known. {nearest(str(error['loc'][-1]), known)}"
    if error["type"] == "missing":
        return f"{place}: this key is required and is missing."
    message = error["msg"].removeprefix("Value error, ")
    given = error.get("input")
    told = f" (given: {given!r})" if isinstance(given, str | int | float | bool) else ""
    return f"{place or 'the file as a whole'}: {message}{told}."


def _is_branch(part: object) -> bool:
    """Whether a step of an error's path is pydantic's name for a branch of a union."""
    return isinstance(part, str) and (
        part.endswith("]") or part in {"str", "int", "float"} or part[:1].isupper()
    )


def _fields_at(model: type[BaseModel], path: tuple) -> list[str]:
    """The keys the settings know at one place."""
    place: object = model
    for step in path:
        if isinstance(place, type) and issubclass(place, BaseModel) and step in place.model_fields:
            place = _model_within(place.model_fields[step].annotation)
        elif isinstance(step, str) and step[:1].isupper() and "." not in step:
            continue
    if isinstance(place, type) and issubclass(place, BaseModel):
        return list(place.model_fields)
    return []


def _model_within(annotation: object) -> object:
    """The settings model inside a type such as ``dict[str, Outcome]`` or ``list[Part] | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _model_within(inner)
        if isinstance(found, type) and issubclass(found, BaseModel):
            return found
    return annotation
