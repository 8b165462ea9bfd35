"""Published values that a programme may be held against, each with its source."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from analysis.contract.instruments import InstrumentName
from analysis.contract.mapping import Rater
from analysis.contract.strict import Strict, read_settings

Status = Literal["verified", "unverified", "user_supplied"]


class Benchmark(Strict):
    """One published value: what it is of, whose, how large, and where it stands."""

    title: str = Field(min_length=1, max_length=80, description="whom it was found in, in words")
    quantity: Literal["mean", "gap_d", "agreement"] = Field(
        description="mean: of a rating, in points of the instrument's scale; gap_d: the advisor's "
        "rating less the advisee's, in standard deviations; agreement: correlation of the two"
    )
    instrument: InstrumentName | None = Field(
        None, description="the instrument, of a mean: another's points say nothing of this one's"
    )
    rater: Rater | None = Field(None, description="who rated, of a mean")
    value: float = Field(description="the published value")
    sd: float | None = Field(
        None, gt=0, description="its standard deviation: between people of a mean, else studies"
    )
    conf_low: float | None = Field(None, description="lower limit of its 95 % interval")
    conf_high: float | None = Field(None, description="upper limit of its 95 % interval")
    studies: int | None = Field(None, ge=1, description="how many studies it rests on")
    source: str = Field(min_length=1, description="author, year, journal, pages")
    status: Status = Field(
        description="how sure the value is; anything but verified is said wherever it appears"
    )

    @model_validator(mode="after")
    def _check(self) -> Benchmark:
        named = self.instrument is not None and self.rater is not None
        if self.quantity == "mean" and not named:
            raise ValueError("a mean needs its instrument and its rater")
        if self.quantity != "mean" and (self.instrument or self.rater):
            raise ValueError(f"{self.quantity} takes neither instrument nor rater: it is of both")
        if self.quantity == "agreement" and not -1 <= self.value <= 1:
            raise ValueError("a correlation lies between -1 and 1")
        if (self.conf_low is None) != (self.conf_high is None):
            raise ValueError("conf_low and conf_high go together")
        if self.conf_low is not None and not self.conf_low <= self.value <= self.conf_high:
            raise ValueError("the value lies outside its interval")
        return self


class Benchmarks(Strict):
    """All published values, in the order in which they are shown."""

    benchmarks: tuple[Benchmark, ...] = Field((), description="the published values")


def read_benchmarks(path: Path) -> tuple[Benchmark, ...]:
    """The published values in a file. Raises UserFault listing all that is wrong with it."""
    return read_settings(path, Benchmarks).benchmarks
