"""Instruments as data: which items make which subscale, which are reversed, and how sure we are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from analysis.contract.dictionary import TABLES
from analysis.contract.faults import UserFault, nearest
from analysis.contract.strict import Strict, read_settings

Item = Annotated[int, Field(ge=1, le=99)]
SubscaleName = Annotated[str, Field(pattern=r"^[a-z][a-z_]*$")]


class Responses(Strict):
    """The lowest and highest response an item allows."""

    minimum: float = Field(description="lowest response")
    maximum: float = Field(description="highest response")

    @model_validator(mode="after")
    def _check(self) -> Responses:
        if not self.minimum < self.maximum:
            raise ValueError("the minimum must lie below the maximum")
        return self


class Instrument(Strict):
    """A key to an instrument: items per subscale, reversals, range, missing rule and source.

    An instrument whose subscales list no items is one whose subscale scores arrive ready made.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="the name mappings use")
    title: str = Field(description="the name people use")
    raters: tuple[Literal["advisee", "advisor", "observer"], ...] = Field(
        ("advisee", "advisor"), description="who this form is for"
    )
    responses: Responses = Field(description="range of a response, or of a ready-made subscale")
    subscales: dict[SubscaleName, tuple[Item, ...]] = Field(
        description="items of each subscale; empty lists where scores arrive ready made"
    )
    reversed: tuple[Item, ...] = Field((), description="items worded against their subscale")
    minimum_answered: float | None = Field(
        None, ge=0, le=1, description="share that must be answered, where it differs from the plan"
    )
    status: Literal["verified", "unverified", "user_supplied"] = Field(
        description="how sure the key is; anything but verified is said wherever scores appear"
    )
    source: str = Field(description="where the key comes from")

    @model_validator(mode="after")
    def _check(self) -> Instrument:
        if not self.subscales:
            raise ValueError("an instrument needs at least one subscale")
        clash = {"total", *TABLES["checkins"].names} & set(self.subscales)
        if clash:
            raise ValueError(f"a subscale cannot be called {', '.join(sorted(clash))}")
        sizes = {bool(items) for items in self.subscales.values()}
        if len(sizes) > 1:
            raise ValueError("either every subscale lists its items or none does")
        listed = [item for items in self.subscales.values() for item in items]
        if len(set(listed)) != len(listed):
            twice = sorted({item for item in listed if listed.count(item) > 1})
            raise ValueError(f"items {twice} are listed more than once")
        if stray := sorted(set(self.reversed) - set(listed)):
            raise ValueError(f"reversed items {stray} belong to no subscale")
        return self

    @property
    def ready_made(self) -> bool:
        """Whether the subscale scores arrive ready made."""
        return not any(self.subscales.values())

    @property
    def items(self) -> tuple[int, ...]:
        """All item numbers, in order."""
        return tuple(sorted(item for items in self.subscales.values() for item in items))

    @property
    def item_names(self) -> dict[int, str]:
        """Item number to column name."""
        return {item: item_name(item) for item in self.items}


def item_name(item: int) -> str:
    """The check-in table's column of an item."""
    return f"item_{item:02d}"


def read_instrument(path: Path) -> Instrument:
    """Read an instrument's key. Raises UserFault if it contradicts itself or its file's name."""
    instrument = read_settings(path, Instrument)
    if instrument.name != Path(path).stem:
        raise UserFault(
            f"{path}: name: it says '{instrument.name}', but the file is called "
            f"'{Path(path).name}'. Rename one of them."
        )
    return instrument


def find_instrument(name: str, folders: tuple[Path, ...]) -> Path:
    """The key file of an instrument in the first folder that holds one.

    Raises UserFault naming the instruments there are.
    """
    for folder in folders:
        if (path := Path(folder) / f"{name}.yaml").exists():
            return path
    known = sorted({item.stem for folder in folders for item in Path(folder).glob("*.yaml")})
    raise UserFault(
        f"instrument '{name}': no key file is called {name}.yaml. {nearest(name, known)}"
    )
