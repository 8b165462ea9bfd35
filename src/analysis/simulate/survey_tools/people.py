"""What exports carry about people and must not get through, all made of planted strings.

Nobody of these names exists; addresses lie in ranges kept for documentation.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import numpy as np
import pandas as pd

GIVEN = ("Zephyrine", "Ludovika", "Balthasar", "Ottoline", "Peregrine", "Wilhelmine", "Ignatius")
FAMILY = (
    *("Quillfeather", "Oxenbridge", "Thistlewhit", "Marrowbank", "Fennimorley"),
    *("Grubenhagen", "Pennyfather", "Walderslade", "Hollinrake", "Zwickenpflug", "Untertaler"),
)
MAIL, ADDRESS, PHONE = "planted-mail.example", "203.0.113.", "+44 1632 960"
LATITUDE, LONGITUDE = "48.1371", "11.5754"
REMARKS = (
    "My zinnia garden kept me sane when the merger began.",
    "She told me about the tribunal at Kestrelford.",
    "Please call my wife Ermintrude if I am late again.",
    "The marmalade affair must stay between us.",
)
BORN = "1971-"
FIRST_DAY = datetime.date(2018, 1, 8)
#: Every string of which personal cells are made: none may be in anything that a run leaves.
PLANTED: tuple[str, ...] = (
    *GIVEN,
    *FAMILY,
    *(MAIL, ADDRESS, PHONE, LATITUDE, LONGITUDE),
    *("zinnia", "Kestrelford", "Ermintrude", "marmalade"),
    *(
        f"{year}{mark}{month:02d}{mark}"
        for year in (2018, 2019)
        for month in range(1, 13)
        for mark in "-/"
    ),
    *(f"{BORN}{month:02d}-" for month in range(1, 13)),
)


@dataclass(frozen=True)
class Person:
    """One person as an export has them."""

    number: int

    @property
    def given(self) -> str:
        return GIVEN[self.number % len(GIVEN)]

    @property
    def family(self) -> str:
        return FAMILY[self.number % len(FAMILY)]

    @property
    def name(self) -> str:
        """Both names."""
        return f"{self.given} {self.family}"

    @property
    def mail(self) -> str:
        """E-mail address."""
        return f"{self.given}.{self.family}{self.number}@{MAIL}".lower()

    @property
    def address(self) -> str:
        """IP address."""
        return f"{ADDRESS}{self.number % 250 + 1}"

    @property
    def phone(self) -> str:
        """Phone number."""
        return f"{PHONE}{self.number % 1000:03d}"

    @property
    def born(self) -> str:
        """Date of birth."""
        return f"{BORN}{self.number % 12 + 1:02d}-{self.number % 28 + 1:02d}"


def people_of(identifiers: pd.Series) -> dict[str, Person]:
    """A person for each identifier."""
    return {name: Person(number) for number, name in enumerate(sorted(set(identifiers)))}


def remark(rng: np.random.Generator) -> str:
    """What somebody wrote into a comment box; three in four leave it empty."""
    first, second = (REMARKS[place] for place in rng.permutation(len(REMARKS))[:2])
    # Nobody writes the same as anybody else.
    own = f"{first} {second} I counted {rng.integers(1, 10_000)} sheep."
    return own if rng.random() < 0.25 else ""


def start_days(engagements: pd.Series) -> dict[str, datetime.date]:
    """The day each engagement began."""
    return {
        name: FIRST_DAY + datetime.timedelta(days=3 * (number % 50))
        for number, name in enumerate(sorted(engagements))
    }


def moment(start: datetime.date, week: float, rng: np.random.Generator) -> datetime.datetime:
    """A moment within a week since a start."""
    day = start + datetime.timedelta(days=int(7 * week + rng.integers(0, 7)))
    seconds = datetime.timedelta(seconds=int(rng.integers(7 * 3600, 21 * 3600)))
    return datetime.datetime.combine(day, datetime.time()) + seconds
