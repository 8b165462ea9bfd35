"""Exact dates, time stamps and dates of birth: time in clean tables is weeks since the start."""

from __future__ import annotations

import re

from analysis.ingest.personal.column import Column, Find, found, vocabulary

DATE, STAMP, BIRTH = "exact dates", "time stamps", "dates of birth"

_MONTH = (
    r"(?:jan(?:uary|uar|v(?:ier)?)?|feb(?:ruary|ruar)?|f[ée]vr?(?:ier)?|mar(?:ch|s)?|m(?:ä|ae)rz?"
    r"|apr(?:il)?|avr(?:il)?|may|mai|june?|juni|juin|july?|juli|juil(?:let)?|aug(?:ust)?|ao[uû]t"
    r"|sept?(?:ember|embre)?|o[ck]t(?:ober|obre)?|nov(?:ember|embre)?|de[cz](?:ember)?"
    r"|d[ée]c(?:embre)?)"
)
_YEAR = r"(?:19|20)\d\d"
_DAY, _MONTH_NUMBER = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])"
_DAY_MONTH = rf"(?:{_DAY}\s?{{0}}\s?{_MONTH_NUMBER}|{_MONTH_NUMBER}\s?{{0}}\s?{_DAY})"
_TIME = r"[T ,]+(?:[01]?\d|2[0-4])[:.h][0-5]\d"

#: Dates with the year in full, anywhere in a cell. In 2024-1-2 the parts number something.
_IN_FULL = re.compile(
    rf"(?<![\d.])(?:{_YEAR}([-/.])(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])"
    rf"|{_DAY_MONTH.format('/')}/{_YEAR}|{_DAY_MONTH.format('[.]')}[.]\s?{_YEAR}"
    rf"|{_DAY_MONTH.format('-')}-{_YEAR}"
    rf"|{_DAY}(?:st|nd|rd|th|er)?[.]?[ \-]?{_MONTH}[.]?,?[ \-]?(?:{_YEAR}|\d\d)"
    rf"|{_MONTH}[.]? {_DAY}(?:st|nd|rd|th)?,? {_YEAR})(?![\d\w]|[-.]\d)(?:(?P<time>{_TIME}))?"
    rf"|(?<!\d){_YEAR}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?P<iso>{_TIME})",
    re.IGNORECASE,
)
#: The same with two digits of the year: parts of a code as well, unless all values are such.
_SHORT = re.compile(
    rf"(?:{_DAY_MONTH.format('/')}/\d\d|{_DAY_MONTH.format('[.]')}[.]\d\d"
    rf"|{_DAY_MONTH.format('-')}-\d\d)(?P<time>{_TIME}.*)?"
)
_COMPACT = re.compile(rf"{_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?P<time>\d{{4,6}})?")
#: Share of a column's distinct values that must be dates of an ambiguous kind, and how many.
NEARLY_ALL, FEWEST = 0.9, 5

_DATE_HEADERS = vocabulary(
    """
    date dates datum timestamp zeitstempel zeitpunkt horodateur fecha datetime birthday dob
    birthdate geburtstag geburtsdatum startdate enddate recorddate
    """
)
_BIRTH_HEADERS = vocabulary(
    """
    birth birthday birthdate born dob geburt geburtstag geburtsdatum geboren naissance
    nacimiento nascita geboortedatum fodselsdato
    """
)
#: Days since 1900 as a workbook counts them, 1920 to 2064; seconds and milliseconds since 1970,
#: 2001 to 2036. Under a date's header only: anywhere else these are numbers.
_SERIAL, _SECONDS, _MILLISECONDS = (7_306, 60_000), (1e9, 2.1e9), (1e12, 2.1e12)


def find_moments(column: Column) -> list[Find]:
    """Exact dates, time stamps, and dates of birth (dates whose header speaks of birth)."""
    stamps = [value for value in column.spelled if _has_time(value)]
    dates = {value for value in column.spelled if _IN_FULL.search(value)}
    dates |= _ambiguous(column, _SHORT)
    dates |= _ambiguous(column, _COMPACT)
    if column.words & (_DATE_HEADERS | _BIRTH_HEADERS):
        dates |= _counted(column)
    if column.words & _BIRTH_HEADERS:
        return found(BIRTH, dates | set(stamps))
    return [*found(STAMP, stamps, certain=True), *found(DATE, dates - set(stamps))]


def _has_time(value: str) -> bool:
    match = _IN_FULL.search(value)
    return match is not None and bool(match["time"] or match["iso"])


def _ambiguous(column: Column, pattern: re.Pattern) -> set[str]:
    """Values that are dates if nearly all of the column's are."""
    held = {value for value in column.values if pattern.fullmatch(value)}
    many = len(held) >= (1 if column.words & (_DATE_HEADERS | _BIRTH_HEADERS) else FEWEST)
    return held if many and len(held) >= NEARLY_ALL * len(column.values) else set()


def _counted(column: Column) -> set[str]:
    """Numbers that count days or seconds up to a date."""
    held = set()
    for low, high in (_SERIAL, _SECONDS, _MILLISECONDS):
        held |= {value for value in column.values if _number(value, low, high)}
    return held if len(held) >= NEARLY_ALL * len(column.values) else set()


def _number(value: str, low: float, high: float) -> bool:
    plain = value.replace(",", ".", 1)
    return plain.replace(".", "", 1).isdecimal() and low <= float(plain) <= high
