"""The claims ledger, ``config/claims.yaml``: what is claimed, what it needs, how it is tested."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from analysis.contract.dictionary import (
    EVENTS,
    KNOWN_COVARIATES,
    RESERVED_OUTCOMES,
    SETTINGS,
    TABLES,
)
from analysis.contract.faults import UserFault, nearest
from analysis.contract.strict import Strict, read_settings

Tier = Literal["primary", "secondary", "exploratory"]
Rater = Literal["advisee", "advisor", "observer"]
Source = Literal["advisee", "advisor", "third_party", "record", "independent"]
Phase = Literal["baseline", "during", "end", "follow_up"]
Number = int | float

#: What an outcome's place in a need may say besides the name of an outcome.
PRIMARY_OUTCOME = "primary"


def _either(words: str | tuple[str, ...]) -> tuple[str, ...]:
    return (words,) if isinstance(words, str) else words


class Need(Strict):
    """One thing that the data must hold; exactly one of the first eight keys is given.

    ``outcome``, ``event``, ``column`` and ``setting`` take a name or a list of which one is enough.
    """

    rating: Rater | None = Field(None, description="ratings of the alliance by this rater")
    outcome: str | tuple[str, ...] | None = Field(
        None, description="values of this outcome; `primary` is the mapping's primary outcome"
    )
    event: str | tuple[str, ...] | None = Field(None, description="this event, at least once")
    column: str | tuple[str, ...] | None = Field(
        None, description="a column of engagements or events that varies or is filled"
    )
    setting: str | tuple[str, ...] | None = Field(None, description="engagements of this setting")
    occasions: Annotated[int, Field(ge=2)] | None = Field(
        None, description="check-ins that some rater answered, at least so many"
    )
    subscales: tuple[str, ...] | None = Field(None, description="ratings on these subscales")
    items: Literal[True] | None = Field(None, description="answers to single items")
    phase: Phase | None = Field(None, description="of an outcome: when it was taken")
    source: Source | None = Field(
        None, description="of an outcome: who gave it; `independent` is a third party or a record"
    )
    times: Annotated[int, Field(ge=2)] | None = Field(
        None, description="of an outcome: values at so many different weeks in one phase"
    )

    @property
    def kind(self) -> str:
        """Which of the first eight keys is given."""
        return next(name for name in _KINDS if getattr(self, name) is not None)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of which one is enough."""
        value = getattr(self, self.kind)
        return _either(value) if isinstance(value, str | tuple) else (str(value),)

    @model_validator(mode="after")
    def _check(self) -> Need:
        given = [name for name in _KINDS if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"a need has exactly one of {', '.join(_KINDS)}")
        qualified = [name for name in ("phase", "source", "times") if getattr(self, name)]
        if qualified and self.kind != "outcome":
            raise ValueError(f"{', '.join(qualified)} belong to an outcome")
        known = _KNOWN.get(self.kind)
        for name in self.names if known else ():
            if name not in known:
                raise ValueError(
                    f"'{name}' is no {self.kind} that is known. {nearest(name, known)}"
                )
        return self


_KINDS = (
    "rating",
    "outcome",
    "event",
    "column",
    "setting",
    "occasions",
    "subscales",
    "items",
)
_COLUMNS = tuple(
    dict.fromkeys(
        [
            *TABLES["engagements"].names,
            *TABLES["events"].names,
            *KNOWN_COVARIATES,
        ]
    )
)
_KNOWN = {
    "outcome": (PRIMARY_OUTCOME, *RESERVED_OUTCOMES),
    "event": EVENTS,
    "column": _COLUMNS,
    "setting": SETTINGS,
}


class Claim(Strict):
    """One testable statement about the advisory alliance."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")] = Field(description="its short name")
    tier: Tier = Field(
        description="primary: at .05 each; secondary: Holm over a dataset's; exploratory: labelled"
    )
    statement: str = Field(description="what is claimed, as a sentence without its full stop")
    implied: bool = Field(False, description="implied by the literature rather than stated")
    causal: bool = Field(
        False, description="the claim is causal; what is tested is the association it implies"
    )
    needs: tuple[Need, ...] = Field(description="what the data must hold for it to be testable")
    estimand: str = Field(description="what is estimated, positive where the claim holds")
    test: str = Field(description="name of the test in `analysis.evidence.claims.estimands`")
    settings: dict[str, str | Number | bool | tuple[str | Number, ...]] = Field(
        default_factory=dict, description="keywords of the test"
    )
    rule: str = Field(description="when it is supported, in words")
    smallest: float = Field(
        gt=0, description="smallest effect of interest, in the estimand's units"
    )
    against: str = Field(description="what would count against it")
    across: bool = Field(False, description="decided across datasets, not within one")
    shares: str | None = Field(
        None, description="id of the claim whose test this one repeats; Holm counts it once"
    )


class Ledger(Strict):
    """All claims, in the order in which they are shown."""

    claims: tuple[Claim, ...] = Field(min_length=1, description="the claims")

    @model_validator(mode="after")
    def _check(self) -> Ledger:
        counted = Counter(claim.id for claim in self.claims)
        twice = [name for name, count in counted.items() if count > 1]
        if twice:
            raise ValueError(f"two claims have the id {', '.join(twice)}; give each its own")
        for claim in self.claims:
            if claim.shares is not None and claim.shares not in counted:
                raise ValueError(
                    f"{claim.id}.shares: '{claim.shares}' is no claim. "
                    f"{nearest(claim.shares, counted)}"
                )
        return self


def read_ledger(path: Path, tests: frozenset[str] | None = None) -> Ledger:
    """The claims of a ledger. Raises UserFault listing all that is wrong with it.

    Parameters
    ----------
    path : the YAML file.
    tests : names of the tests there are, if they are to be checked too.
    """
    ledger = read_settings(path, Ledger)
    if tests is not None:
        for claim in ledger.claims:
            if claim.test not in tests:
                raise UserFault(
                    f"{path}: claims.{claim.id}.test: there is no test '{claim.test}'. "
                    f"{nearest(claim.test, sorted(tests))}"
                )
    return ledger
