"""REDCap: one long CSV of raw codes, with events, repeating instruments, and completion flags."""

from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np

from analysis.contract.dictionary import CAUSES, EVENTS, SOURCES, STAKES, STATUSES
from analysis.simulate.parameters import Programme
from analysis.simulate.programme import ADVISEE_LEVELS
from analysis.simulate.survey_tools.people import moment, people_of, remark, start_days
from analysis.simulate.survey_tools.records import (
    ROLES,
    Tables,
    as_table,
    measures_of,
    outcome_cells,
    sheets_of,
    text_of,
)
from analysis.simulate.writers import write_delimited

#: Codes of closed fields: a value's place in its list, from 1.
CODES = {
    name: {value: str(number) for number, value in enumerate(values, 1)}
    for name, values in (
        ("stakes", STAKES),
        ("status", STATUSES),
        ("advisee_level", ADVISEE_LEVELS),
        ("event", EVENTS),
        ("source", SOURCES),
        ("cause", CAUSES),
    )
}
_TOPICS = 3


def write_redcap(
    programme: Programme, tables: Tables, folder: Path, rng: np.random.Generator
) -> None:
    """Write ``redcap.csv``: the intake, repeating check-ins and incidents, outcomes by event."""
    starts = start_days(tables["engagements"]["engagement_id"])
    items = range(1, len(programme.form.columns) + 1)
    asked = measures_of(programme, *SOURCES)
    outcomes = list(dict.fromkeys(f"{name}_{ROLES[source].lower()}" for name, source, _ in asked))
    sides = {rater: ROLES[rater].lower() for rater in programme.rated_by}
    columns = [
        *("record_id", "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance"),
        *("redcap_survey_identifier", "client_id", "coach_id", "client_name", "client_email"),
        *("client_dob", "start_date", "end_date", "stakes", "status", "planned_checkins"),
        *("coach_years", "client_level", *(f"topics___{n}" for n in range(1, _TOPICS + 1))),
        "engagement_complete",
    ]
    for side in sides.values():
        columns += [f"{side}_checkin_timestamp", *(f"{side}_wai_{item}" for item in items)]
        columns += [f"{side}_comments", f"{side}_checkin_complete"]
    columns += ["rated_on", *outcomes, "outcomes_complete", "incident_checkin", "incident"]
    columns += ["incident_by", "incident_valence", "incident_cause", "incident_answers_to"]
    columns += ["incident_notes", "incident_complete"]
    rows = _intakes(tables, starts, rng)
    rows += _checkins(programme, tables, sides, starts, rng)
    rows += _outcomes(tables, starts, rng)
    rows += _incidents(tables, rng)
    rows.sort(key=_order)
    write_delimited(as_table(_merged(rows), columns), folder / "redcap.csv")


def _order(row: dict[str, str]) -> tuple:
    instrument = row.get("redcap_repeat_instrument", "")
    place = ("intake_arm_1", "coaching_arm_1", "end_arm_1", "followup_arm_1")
    instance = int(row.get("redcap_repeat_instance") or 0)
    return row["record_id"], place.index(row["redcap_event_name"]), instrument, instance


def _merged(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Forms of one record and event that do not repeat lie in one row."""
    made: dict[tuple, dict[str, str]] = {}
    for row in rows:
        made.setdefault(_order(row), {}).update(row)
    return list(made.values())


def _intakes(
    tables: Tables, starts: dict[str, datetime.date], rng: np.random.Generator
) -> list[dict[str, str]]:
    people = people_of(tables["engagements"]["advisee_id"])
    rows = []
    for one in text_of(tables["engagements"]).to_dict("records"):
        person, start = people[one["advisee_id"]], starts[one["engagement_id"]]
        ended = one["ended_week"]
        rows.append(
            {
                "record_id": one["engagement_id"],
                "redcap_event_name": "intake_arm_1",
                "client_id": one["advisee_id"],
                "coach_id": one["advisor_id"],
                "client_name": person.name,
                "client_email": person.mail,
                "client_dob": person.born,
                "start_date": start.isoformat(),
                "end_date": f"{moment(start, float(ended), rng):%Y-%m-%d}" if ended else "",
                "stakes": CODES["stakes"][one["stakes"]],
                "status": CODES["status"][one["status"]],
                "planned_checkins": one["planned_checkins"],
                "coach_years": one["advisor_years"],
                "client_level": CODES["advisee_level"][one["advisee_level"]],
                "engagement_complete": "2",
            }
            | {f"topics___{n}": str(rng.integers(0, 2)) for n in range(1, _TOPICS + 1)}
        )
    return rows


def _checkins(
    programme: Programme,
    tables: Tables,
    sides: dict[str, str],
    starts: dict[str, datetime.date],
    rng: np.random.Generator,
) -> list[dict[str, str]]:
    people = people_of(tables["engagements"]["advisee_id"])
    advisee = tables["engagements"].set_index("engagement_id")["advisee_id"]
    rows = []
    for rater, side in sides.items():
        for sheet in sheets_of(tables, rater):
            name = sheet["engagement_id"]
            when = moment(starts[name], float(sheet["week"]), rng)
            rows.append(
                {
                    "record_id": name,
                    "redcap_event_name": "coaching_arm_1",
                    "redcap_repeat_instrument": f"{side}_checkin",
                    "redcap_repeat_instance": sheet["occasion"],
                    "redcap_survey_identifier": people[advisee[name]].mail,
                    f"{side}_checkin_timestamp": f"{when:%Y-%m-%d %H:%M:%S}",
                    f"{side}_comments": remark(rng),
                    f"{side}_checkin_complete": "2",
                }
                | {
                    f"{side}_wai_{number}": sheet[item]
                    for number, item in enumerate(programme.form.columns, 1)
                }
            )
    return rows


def _outcomes(
    tables: Tables,
    starts: dict[str, datetime.date],
    rng: np.random.Generator,
) -> list[dict[str, str]]:
    events = {"baseline": "intake_arm_1", "end": "end_arm_1", "follow_up": "followup_arm_1"}
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for (name, outcome, source, phase), (value, week) in outcome_cells(tables, *SOURCES).items():
        if (name, phase) not in rows:
            rows[name, phase] = {
                "record_id": name,
                "redcap_event_name": events[phase],
                "rated_on": f"{moment(starts[name], float(week), rng):%Y-%m-%d}",
                "outcomes_complete": "2",
            }
        rows[name, phase][f"{outcome}_{ROLES[source].lower()}"] = value
    return list(rows.values())


def _incidents(tables: Tables, rng: np.random.Generator) -> list[dict[str, str]]:
    counts: dict[str, int] = {}
    rows = []
    for one in text_of(tables["events"]).to_dict("records"):
        name = one["engagement_id"]
        counts[name] = counts.get(name, 0) + 1
        rows.append(
            {
                "record_id": name,
                "redcap_event_name": "coaching_arm_1",
                "redcap_repeat_instrument": "incident",
                "redcap_repeat_instance": str(counts[name]),
                "incident_checkin": one["occasion"],
                "incident": CODES["event"][one["event"]],
                "incident_by": CODES["source"][one["source"]],
                "incident_valence": one["valence"],
                "incident_cause": CODES["cause"].get(one["cause"], ""),
                "incident_answers_to": CODES["event"].get(one["responds_to"], ""),
                "incident_notes": remark(rng),
                "incident_complete": "2",
            }
        )
    return rows
