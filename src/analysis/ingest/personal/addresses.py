"""Where somebody can be reached or located: e-mail, telephone, network address, coordinates.

One such cell is enough: none of these patterns occurs among codes, weeks, answers or labels.
"""

from __future__ import annotations

import ipaddress
import re

from analysis.ingest.personal.column import NUMBER, Column, Find, found, vocabulary

E_MAIL, PHONE, NETWORK, PLACE = (
    "e-mail addresses",
    "telephone numbers",
    "network addresses",
    "latitudes or longitudes",
)

_E_MAIL = re.compile(r"[^\s@<>(){}\[\],;:\"']+@[^\s@<>(){}\[\],;:\"']+\.[^\W\d_]{2,}")

#: A number abroad may stand anywhere in a cell: no code begins with a plus sign and a country.
_ABROAD = re.compile(r"(?<![\w+])(?:\+\d|00\d{1,3}[ \-./()])[\d \-./()]{5,20}\d(?!\w)")
#: Numbers at home fill their cell: in pairs as in France, in threes as in America, or an area that
#: begins with 0 and has three to six digits, then at least five (`0412/2023` is a file's number).
#: Without a separator (`0015112345`) only the header can tell a number from a code.
_AT_HOME = re.compile(
    r"0\d(?:[ .\-]\d\d){4}"
    r"|(?:1[-. ])?(?:\([2-9]\d\d\) ?|[2-9]\d\d[-. ])\d{3}[-. ]\d{4}"
    r"|(?:\(0\d{2,5}\) ?|0\d{2,5} ?[/\-] ?|0\d{2,5} )\d[\d \-]{3,10}\d"
)
_PHONE_HEADERS = vocabulary(
    """
    phone telephone phonenumber mobile cell cellphone landline fax whatsapp tel telefon
    telefonnummer handy handynummer mobil mobilnummer rufnummer portable telefono movil
    cellulare telefoon
    """
)
_DIALLED = re.compile(r"\+?[\d \-./()]{6,25}")
#: Fewer digits are an extension, more an account (the longest number there can be has 15).
FEWEST_DIGITS, MOST_DIGITS = 7, 15
#: A number at home without brackets, slash or pairs: shorter ones are files' numbers.
FEWEST_AT_HOME = 9

_QUAD = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")
_COLONS = re.compile(r"(?<![\w:.])[0-9a-fA-F:]{3,39}(?![\w:.])")
_HARDWARE = re.compile(r"(?<![\w:-])(?:[0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}(?![\w:-])")
_NETWORK_HEADERS = frozenset({"ip", "ipaddress", "ipv4", "ipv6"})

_PLACE_HEADERS = vocabulary("latitude longitude lat lon lng breitengrad langengrad")
_PLACE_WORDS = _PLACE_HEADERS | vocabulary("location gps geo long coordinate coordinates x y")
#: Three decimals of a degree are a hundred metres.
_PAIR = re.compile(r"\(?-?\d{1,2}\.\d{3,}°?\s?[NS]?\s*[,; ]\s*-?\d{1,3}\.\d{3,}°?\s?[EWO]?\)?")
_DEGREES = re.compile(r"\d{1,3}°\s?\d{1,2}[′']\s?(?:[\d.]{1,6}[″\"'′]{1,2})?\s?[NSEWO]")


def find_addresses(column: Column) -> list[Find]:
    """E-mail addresses, telephone numbers, network addresses and coordinates of a column."""
    return [
        *found(E_MAIL, (value for value in column.spelled if _E_MAIL.search(value)), certain=True),
        *_phones(column),
        *_networks(column),
        *_places(column),
    ]


def _digits(text: str) -> int:
    return sum(mark.isdigit() for mark in text)


def _phones(column: Column) -> list[Find]:
    if column.words & _PHONE_HEADERS:
        held = (
            value
            for value in column.values
            if _DIALLED.fullmatch(value) and FEWEST_DIGITS <= _digits(value) <= MOST_DIGITS
        )
        return found(PHONE, held)
    abroad = [value for value in column.values if _is_abroad(value)]
    return found(PHONE, [*abroad, *(value for value in column.spelled if _is_at_home(value))])


def _is_abroad(value: str) -> bool:
    if "+" not in value and "00" not in value:
        return False
    return any(
        FEWEST_DIGITS < _digits(match[0]) <= MOST_DIGITS + 2 for match in _ABROAD.finditer(value)
    )


def _is_at_home(value: str) -> bool:
    if not _AT_HOME.fullmatch(value):
        return False
    few = FEWEST_DIGITS if re.search(r"[/(]", value) else FEWEST_AT_HOME
    return few <= _digits(value) <= MOST_DIGITS


def _networks(column: Column) -> list[Find]:
    named = bool(column.words & _NETWORK_HEADERS)
    held = (value for value in column.spelled if _has_network(value, named))
    return found(NETWORK, held, certain=True)


def _has_network(value: str, named: bool) -> bool:
    for match in _QUAD.finditer(value):
        parts = [int(part) for part in match[0].split(".")]
        # 1.2.3.4 numbers a section; an address has a part of two digits or more.
        if max(parts) <= 255 and (named or max(parts) >= 10):
            return True
    if value.count(":") < 2:
        return bool("-" in value and _HARDWARE.search(value))
    if _HARDWARE.search(value):
        return True
    return any(_is_v6(match[0]) for match in _COLONS.finditer(value))


def _is_v6(text: str) -> bool:
    """Whether it is an address and not two codes with colons between them (``A::B``)."""
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    groups = [group for group in text.split(":") if group]
    told = len(groups) >= 3 or text.startswith("::") or len(groups[0]) >= 3
    return told and any(mark.isdigit() for mark in text)


def _places(column: Column) -> list[Find]:
    together = [
        value for value in column.spelled if _PAIR.fullmatch(value) or _DEGREES.search(value)
    ]
    alone: list[str] = []
    if column.words & _PLACE_HEADERS and column.words <= _PLACE_WORDS | {"recipient", "start"}:
        alone = [
            value
            for value in column.values
            if NUMBER.fullmatch(value) and abs(float(value.replace(",", "."))) <= 180
        ]
    return found(PLACE, [*together, *alone])
