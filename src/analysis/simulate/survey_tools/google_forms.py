"""Google Forms: two forms' responses and the office's sheets, questions as headers, time stamps."""

from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np

from analysis.contract.dictionary import SOURCES
from analysis.simulate.parameters import Programme
from analysis.simulate.survey_tools.people import Person, moment, people_of, remark, start_days
from analysis.simulate.survey_tools.qualtrics import event_list
from analysis.simulate.survey_tools.records import (
    ROLES,
    Tables,
    as_table,
    in_words,
    outcome_cells,
    sheets_of,
    text_of,
)
from analysis.simulate.writers import write_delimited

CODE, WHO, WHICH, WHEN = (
    "Engagement code",
    "Who are you in this engagement?",
    "Which check-in is this?",
    "When in the coaching is this?",
)
ITEM = "How often does this hold? [Statement {item}]"
OFTEN = ("Seldom", "Sometimes", "Fairly often", "Very often", "Always")
_PHASES = {"baseline": "At the start", "end": "At the end", "follow_up": "Half a year later"}


def write_google_forms(
    programme: Programme, tables: Tables, folder: Path, rng: np.random.Generator
) -> None:
    """Write the responses to both forms (``checkins.csv``, ``outcomes.csv``) and the sheets
    ``engagements.csv`` and ``events.csv``.
    """
    starts = start_days(tables["engagements"]["engagement_id"])
    words = {str(code): word for code, word in enumerate(OFTEN, programme.form.minimum)}
    rows = []
    for rater in programme.rated_by:
        for number, sheet in enumerate(sheets_of(tables, rater)):
            name = sheet["engagement_id"]
            row = {
                "Timestamp": _stamp(moment(starts[name], float(sheet["week"]), rng)),
                "Email Address": Person(number).mail,
                CODE: name,
                WHO: ROLES[rater],
                WHICH: sheet["occasion"],
            }
            for item, column in enumerate(programme.form.columns, 1):
                row[ITEM.format(item=item)] = words.get(sheet[column], "")
            rows.append(row | {"Is there anything else you would like to say?": remark(rng)})
    rows.sort(key=lambda row: datetime.datetime.strptime(row["Timestamp"], _STAMP))
    write_delimited(as_table(rows, list(rows[0])), folder / "checkins.csv")
    _write_outcomes(tables, starts, folder / "outcomes.csv", rng)
    _write_engagements(tables, starts, folder / "engagements.csv", rng)
    write_delimited(event_list(tables), folder / "events.csv")


_STAMP = "%Y/%m/%d %I:%M:%S %p GMT+1"


def _stamp(when: datetime.datetime) -> str:
    """A time stamp as the form's own download writes it."""
    hour = when.hour % 12 or 12
    return f"{when:%Y/%m/%d} {hour}:{when:%M:%S} {'AM' if when.hour < 12 else 'PM'} GMT+1"


def _write_outcomes(
    tables: Tables, starts: dict[str, datetime.date], path: Path, rng: np.random.Generator
) -> None:
    rows: dict[tuple[str, str, str], dict[str, str]] = {}
    cells = outcome_cells(tables, *SOURCES)
    columns = ["Timestamp", "Email Address", CODE, WHO, WHEN]
    columns += [in_words(name) for name in dict.fromkeys(outcome for _, outcome, *_ in cells)]
    for number, ((name, outcome, source, phase), (value, week)) in enumerate(cells.items()):
        row = rows.setdefault(
            (name, source, phase),
            {
                "Timestamp": _stamp(moment(starts[name], float(week), rng)),
                "Email Address": Person(number).mail,
                CODE: name,
                WHO: ROLES[source],
                WHEN: _PHASES[phase],
            },
        )
        row[in_words(outcome)] = value
    write_delimited(as_table(list(rows.values()), columns), path)


def _write_engagements(
    tables: Tables, starts: dict[str, datetime.date], path: Path, rng: np.random.Generator
) -> None:
    people = people_of(tables["engagements"]["advisee_id"])
    rows = []
    for one in text_of(tables["engagements"]).to_dict("records"):
        start, ended = starts[one["engagement_id"]], one["ended_week"]
        rows.append(
            {
                CODE: one["engagement_id"],
                "Client code": one["advisee_id"],
                "Coach code": one["advisor_id"],
                "Client name": people[one["advisee_id"]].name,
                "Start date": f"{start:%d.%m.%Y}",
                "End date": f"{moment(start, float(ended), rng):%d.%m.%Y}" if ended else "",
                "Stakes": in_words(one["stakes"]),
                "Status": in_words(one["status"]),
                "Planned check-ins": one["planned_checkins"],
                "Coach years": one["advisor_years"],
                "Client level": in_words(one["advisee_level"]),
            }
        )
    write_delimited(as_table(rows, list(rows[0])), path)
