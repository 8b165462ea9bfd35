"""SPSS: one wide data file with value labels and user-missing codes, and one of events."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from analysis.contract.dictionary import SOURCES
from analysis.contract.files import replacing
from analysis.simulate.parameters import Programme
from analysis.simulate.survey_tools.people import people_of, remark, start_days
from analysis.simulate.survey_tools.records import (
    PHASES,
    ROLES,
    Tables,
    in_words,
    measures_of,
    outcome_cells,
    sheets_of,
    text_of,
)
from analysis.simulate.survey_tools.redcap import CODES

#: Codes declared missing in every item, and what they are called.
NO_ANSWER, NOT_SEEN = 99, 98
_MISSING = {NO_ANSWER: "No answer", NOT_SEEN: "Does not apply"}
_OFTEN = ("Seldom", "Sometimes", "Fairly often", "Very often", "Always")
#: Where an SPSS file says when it was made: day at byte 92, time at byte 101.
_MADE, _WHEN = 92, b"01 Jan 0000:00:00"


def write_spss(
    programme: Programme, tables: Tables, folder: Path, rng: np.random.Generator
) -> None:
    """Write ``programme.sav``, a row per engagement, and ``events.sav``, a row per event."""
    starts = start_days(tables["engagements"]["engagement_id"])
    people = people_of(tables["engagements"]["advisee_id"])
    rows = {}
    for one in text_of(tables["engagements"]).to_dict("records"):
        person = people[one["advisee_id"]]
        rows[one["engagement_id"]] = {
            "engagement": one["engagement_id"],
            "client": one["advisee_id"],
            "coach": one["advisor_id"],
            "client_name": person.name,
            "client_mail": person.mail,
            "startdate": starts[one["engagement_id"]],
            "stakes": _number(CODES["stakes"][one["stakes"]]),
            "status": _number(CODES["status"][one["status"]]),
            "ended_week": _number(one["ended_week"]),
            "planned_checkins": _number(one["planned_checkins"]),
            "coach_years": _number(one["advisor_years"]),
            "client_level": _number(CODES["advisee_level"][one["advisee_level"]]),
            "remarks": remark(rng),
        }
    columns = list(next(iter(rows.values())))
    items = range(1, len(programme.form.columns) + 1)
    asked = [
        f"{ROLES[rater].lower()}{c}_{item}"
        for rater in programme.rated_by
        for c in range(1, programme.course.checkins + 1)
        for item in items
    ]
    for rater in programme.rated_by:
        side = ROLES[rater].lower()
        for c in range(1, programme.course.checkins + 1):
            columns += [f"{side}{c}_week", *(f"{side}{c}_{item}" for item in items)]
        for sheet in sheets_of(tables, rater):
            row, c = rows[sheet["engagement_id"]], sheet["occasion"]
            row[f"{side}{c}_week"] = _number(sheet["week"])
            for item, name in zip(items, programme.form.columns, strict=True):
                unanswered = float(NO_ANSWER if rng.random() < 0.7 else NOT_SEEN)
                row[f"{side}{c}_{item}"] = _number(sheet[name], unanswered)
    measures = measures_of(programme, *SOURCES)
    named = {
        (name, source, phase): f"{name}_{ROLES[source].lower()}_{PHASES[phase]}"
        for name, source, phase in measures
    }
    phases = dict.fromkeys(phase for *_, phase in measures)
    columns += [*named.values(), *(f"week_{PHASES[phase]}" for phase in phases)]
    for (name, *key), (value, week) in outcome_cells(tables, *SOURCES).items():
        rows[name][named[tuple(key)]] = _number(value)
        rows[name][f"week_{PHASES[key[2]]}"] = _number(week)
    frame = pd.DataFrame(list(rows.values()), columns=columns)
    answers = dict(enumerate(_OFTEN, 1)) | _MISSING
    labels = {
        "stakes": _labels("stakes"),
        "status": _labels("status"),
        "client_level": _labels("advisee_level"),
        **{
            column: {0: "No", 1: "Yes"}
            for key, column in named.items()
            if key[0] in ("renewal", "referral")
        },
        **dict.fromkeys(asked, answers),
    }
    missing = {column: [{"lo": NOT_SEEN, "hi": NO_ANSWER}] for column in asked}
    _write(frame, folder / "programme.sav", labels, missing)
    _write_events(tables, folder / "events.sav")


def _write_events(tables: Tables, path: Path) -> None:
    events = text_of(tables["events"])
    frame = pd.DataFrame(
        {
            "engagement": events["engagement_id"],
            "checkin": events["occasion"].map(_number),
            "event": events["event"].map(CODES["event"]).map(_number),
            "noted_by": events["source"].map(CODES["source"]).map(_number),
            "valence": events["valence"].map(_number),
            "cause": events["cause"].map(CODES["cause"]).fillna("").map(_number),
            "responds_to": events["responds_to"].map(CODES["event"]).fillna("").map(_number),
        }
    )
    words = {"event": "event", "noted_by": "source", "cause": "cause", "responds_to": "event"}
    labels = {column: _labels(name) for column, name in words.items()}
    labels["noted_by"] = {int(CODES["source"][name]): ROLES[name] for name in SOURCES}
    _write(frame, path, labels, {})


def _labels(name: str) -> dict[int, str]:
    return {int(code): in_words(value) for value, code in CODES[name].items()}


def _number(text: str, empty: float = np.nan) -> float:
    return float(text) if text else empty


def _write(frame: pd.DataFrame, path: Path, labels: dict, missing: dict) -> None:
    """Write an SPSS file that does not tell when it was made."""
    import pyreadstat

    with replacing(path) as temporary:
        pyreadstat.write_sav(
            frame,
            str(temporary),
            column_labels={name: in_words(name) for name in frame.columns},
            variable_value_labels=labels,
            missing_ranges=missing,
        )
        made = bytearray(temporary.read_bytes())
        made[_MADE : _MADE + len(_WHEN)] = _WHEN
        temporary.write_bytes(made)
