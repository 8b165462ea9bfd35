"""People's names: by what the header says, and by how values look where it says nothing."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Sequence

from analysis.ingest.personal.column import Column, Find, found, vocabulary
from analysis.ingest.personal.given_names import GIVEN_NAMES

NAMES = "personal names"

_NAME_HEADERS = vocabulary(
    """
    name names surname forename firstname lastname fullname givenname familyname vorname
    nachname familienname zuname rufname nom noms prenom prenoms nombre nombres apellido
    apellidos nome cognome naam voornaam achternaam fornavn efternavn fornamn efternamn imie
    nazwisko username nickname signature unterschrift имя фамилия фио 姓名 名前 氏名
    """
)
_PEOPLE = vocabulary(
    """
    client coach coachee mentor mentee protege advisee adviser advisor consultant sponsor
    student teacher tutor supervisor manager boss employee customer technician agent contact
    user member rater respondent participant recipient person observer patient therapist
    counsellor counselor subject reviewer kunde kundin klient klientin berater beraterin
    mitarbeiter mitarbeiterin teilnehmer teilnehmerin person personne conseiller conseillere
    etudiant
    """
)
#: Words beside which "name" still is a person's: in "programme name" it is not.
_BESIDE = _PEOPLE | vocabulary(
    """
    first last middle full given family preferred display maiden sur fore in block letters your
    my his her their our the a of s what is are please enter type write and und et de du des le
    la l votre vos quel est ihr ihre dein wie lautet code
    """
)
#: Words of functions and bodies: "Line Manager" has the shape of a name and is none.
_NO_NAMES = _PEOPLE | vocabulary(
    """
    manager director lead leader head officer executive senior junior assistant associate
    partner analyst engineer team group department office committee unit division board council
    line peer self colleague staff human resources company bank holding holdings university
    school college institute hospital agency service services project programme program system
    north south east west central new old high low medium not yes no other none agree disagree
    strongly rather neither very always often sometimes never satisfied dissatisfied good bad
    week month year completed ongoing missing late early task goal bond
    """
)
_TITLES = vocabulary("dr prof mr mrs ms miss mx herr frau m mme mlle sr sra ing mag")
_PARTICLES = vocabulary("von van der den de da di del della la le du dos zu zur bin al el")

#: Names of which a known given name is a part: so many distinct ones (or one, if all others have
#: the shape of names), and this share of all distinct values ("Martin Holdings" among thirty
#: organisations makes no column of names).
FEWEST_KNOWN, KNOWN_SHARE = 2, 0.3
#: A single word is weaker evidence than two: most of the values must be given names.
FEWEST_SINGLE, SINGLE_SHARE = 3, 0.6
#: Of names that no list knows: nearly all values have their shape, most cells differ.
SHAPED_SHARE, FEWEST_SHAPED, DIFFERENT_SHARE = 0.8, 15, 0.5
#: Beside a column of names fewer single words are family names already.
FEWEST_BESIDE = 3


def find_names(columns: Sequence[Column]) -> list[list[Find]]:
    """For each column of one table, the names in it.

    Two columns of single words are read together: family names beside given names, and two columns
    of which nearly every cell is a different capitalised word.
    """
    finds = [_by_header(column) or _full_names(column) or _given(column) for column in columns]
    fewest = FEWEST_BESIDE if any(finds) else FEWEST_SHAPED
    single = [place for place, column in enumerate(columns) if _single_words(column, fewest)]
    if any(finds) or len(single) >= 2:
        for place in single:
            finds[place] = finds[place] or found(NAMES, columns[place].open_values)
    return finds


def names_somebody(text: str) -> bool:
    """Whether a given name stands in a text, followed by a capitalised word.

    >>> names_somebody("How often did Anna Schmidt listen?"), names_somebody("Client name")
    (True, False)
    """
    words = re.findall(r"[^\W\d_][\w'’-]*", text)
    return any(
        _plain(first) in GIVEN_NAMES and _is_capitalised(second)
        for first, second in itertools.pairwise(words)
    )


def _by_header(column: Column) -> list[Find]:
    """The header speaks of a person's name, and most values have letters and no digits."""
    words = column.words
    about_people = bool(words & _NAME_HEADERS) and words <= _NAME_HEADERS | _BESIDE
    spelled = [value for value in column.wordy_values if _is_wordy(value)]
    if about_people and 2 * len(spelled) >= len(column.values):
        return found(NAMES, spelled)
    if words & _PEOPLE and words <= _BESIDE:
        shaped = [value for value in column.wordy_values if _is_shaped(value)]
        if shaped and len(shaped) >= SHAPED_SHARE * len(column.open_values):
            return found(NAMES, shaped)
    return []


def _full_names(column: Column) -> list[Find]:
    """Given and family name in one cell."""
    values = column.open_values
    known = [value for value in column.wordy_values if _has_given(value)]
    enough = len(known) >= FEWEST_KNOWN or all(_has_given(v) or _is_shaped(v) for v in values)
    if known and enough and len(known) >= KNOWN_SHARE * len(column.values):
        return found(NAMES, {*known, *filter(_is_shaped, column.wordy_values)})
    shaped = [value for value in column.wordy_values if _is_shaped(value)]
    if _nearly_all_differ(column, shaped):
        return found(NAMES, shaped)
    return []


def _given(column: Column) -> list[Find]:
    """Given names alone."""
    known = [value for value in column.wordy_values if _plain(value) in GIVEN_NAMES]
    if len(known) >= FEWEST_SINGLE and len(known) >= SINGLE_SHARE * len(column.values):
        return found(NAMES, column.open_values)
    return []


def _single_words(column: Column, fewest: int) -> bool:
    """Whether nearly every cell holds a different single capitalised word."""
    words = [value for value in column.wordy_values if _is_capitalised(value)]
    return _nearly_all_differ(column, words, fewest)


def _nearly_all_differ(column: Column, values: list[str], fewest: int = FEWEST_SHAPED) -> bool:
    return (
        len(values) >= fewest
        and len(values) >= SHAPED_SHARE * len(column.values)
        and len(values) >= DIFFERENT_SHARE * column.cells(values)
    )


def _is_wordy(value: str) -> bool:
    letters = re.sub(r"[^\w]|_", "", value)
    return letters.isalpha() and len(letters) >= 2 and "_" not in value


def _plain(word: str) -> str:
    marks = unicodedata.normalize("NFKD", word)
    return "".join(mark for mark in marks if not unicodedata.combining(mark)).casefold()


def _parts(value: str) -> list[str]:
    """The words of what may be a name, family name last, titles left out; none if it is none."""
    if any(mark.isdigit() or mark in "_/:;!?=%&" for mark in value) or len(value) > 60:
        return []
    family, comma, given = value.partition(",")
    words = [*given.split(), *family.split()] if comma else value.split()
    words = [word for word in words if _plain(word.strip(".")) not in _TITLES]
    plain = {_plain(word) for word in words}
    if not 2 <= len(words) <= 5 or plain & _NO_NAMES:
        return []
    return words if all(_is_wordy(word) or re.fullmatch(r"\w\.", word) for word in words) else []


def _has_given(value: str) -> bool:
    words = _parts(value)
    return bool(words) and len(words) <= 4 and _plain(words[0].split("-")[0]) in GIVEN_NAMES


def _is_shaped(value: str) -> bool:
    """Whether it is two to five capitalised words (particles aside), none of them a function."""
    words = [word for word in _parts(value) if _plain(word) not in _PARTICLES]
    return len(words) >= 2 and all(_is_capitalised(word) for word in words)


def _is_capitalised(word: str) -> bool:
    if re.fullmatch(r"[^\W\d_]\.", word):
        return word[0].isupper()
    pieces = re.split(r"[-'’]", word)
    return all(piece.isalpha() and piece[0].isupper() for piece in pieces) and (
        len(word) >= 2 and not (word.isupper() and len(word) < 4) and _plain(word) not in _NO_NAMES
    )
