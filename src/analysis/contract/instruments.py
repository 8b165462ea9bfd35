"""Instruments as data: which items make which subscale, which are reversed, and how sure we are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from analysis.contract.dictionary import TABLES
from analysis.contract.faults import UserFault, nearest
from analysis.contract.strict import Strict, read_settings

Item = Annotated[int, Field(ge=1, le=99)]
InstrumentName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
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

    name: InstrumentName = Field(description="the name mappings use")
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

    twins: dict[InstrumentName, dict[Item, Item]] = Field(
        {},
        description=(
            "other form's name -> this form's item: the item of the other that asks the same, "
            "where advisee and advisor answer different forms"
        ),
    )

    @model_validator(mode="wrap")
    @classmethod
    def _check(cls, given: Any, read: ModelWrapValidatorHandler[Instrument]) -> Instrument:
        """Contradictions between keys are told together with keys that are wrong by themselves."""
        faults = contradictions(given) if isinstance(given, dict) else []
        told = [
            {"type": PydanticCustomError("value_error", fault), "loc": (), "input": None}
            for fault in (one.replace("{", "{{").replace("}", "}}") for one in faults)
        ]
        try:
            instrument = read(given)
        except ValidationError as error:
            told = [
                {
                    "type": PydanticCustomError(one["type"], one["msg"]),
                    "loc": one["loc"],
                    "input": one["input"],
                }
                for one in error.errors()
            ] + told
            raise ValidationError.from_exception_data(cls.__name__, told) from None
        if told:
            raise ValidationError.from_exception_data(cls.__name__, told)
        return instrument

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


def contradictions(key: dict) -> list[str]:
    """What is wrong between a key's entries, as far as they can be read; all of it."""
    subscales = key.get("subscales")
    if not isinstance(subscales, dict):
        return []
    faults = []
    if not subscales:
        faults.append("an instrument needs at least one subscale")
    if clash := {"total", *TABLES["checkins"].names} & set(map(str, subscales)):
        faults.append(f"a subscale cannot be called {', '.join(sorted(clash))}")
    lists = [items for items in subscales.values() if isinstance(items, list | tuple)]
    if len({bool(items) for items in lists}) > 1:
        faults.append("either every subscale lists its items or none does")
    listed = [item for items in lists for item in items if isinstance(item, int)]
    if twice := sorted({item for item in listed if listed.count(item) > 1}):
        faults.append(f"items {twice} are listed more than once")
    turned = key.get("reversed")
    turned = [item for item in turned if isinstance(item, int)] if _is_list(turned) else []
    if stray := sorted(set(turned) - set(listed)):
        faults.append(f"reversed items {stray} belong to no subscale")
    if twice := sorted({item for item in turned if turned.count(item) > 1}):
        faults.append(f"items {twice} are reversed more than once")
    twins = key.get("twins")
    for form, pairs in twins.items() if isinstance(twins, dict) else ():
        pairs = pairs if isinstance(pairs, dict) else {}
        if form == key.get("name"):
            faults.append(f"twins name '{form}', which is this form itself")
        if stray := sorted({item for item in pairs if isinstance(item, int)} - set(listed)):
            faults.append(f"twins of {form}: items {stray} belong to no subscale")
        others = [other for other in pairs.values() if isinstance(other, int)]
        if twice := sorted({other for other in others if others.count(other) > 1}):
            faults.append(f"twins of {form}: its items {twice} have two twins here")
    return faults


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple)


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
