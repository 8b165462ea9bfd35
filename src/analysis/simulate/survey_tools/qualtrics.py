"""Qualtrics: one wide CSV with three header rows, beside the lists of the programme's office."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from analysis.simulate.parameters import Programme
from analysis.simulate.survey_tools.people import (
    LATITUDE,
    LONGITUDE,
    Person,
    moment,
    people_of,
    remark,
    start_days,
)
from analysis.simulate.survey_tools.records import (
    PHASES,
    ROLES,
    Tables,
    as_table,
    in_words,
    measures_of,
    outcome_cells,
    sheets_of,
    text_of,
)
from analysis.simulate.writers import write_delimited

#: What Qualtrics records about a response: column, title, import identifier.
_RECORDED = (
    ("StartDate", "Start Date", "startDate"),
    ("EndDate", "End Date", "endDate"),
    ("Status", "Response Type", "status"),
    ("IPAddress", "IP Address", "ipAddress"),
    ("Progress", "Progress", "progress"),
    ("Duration (in seconds)", "Duration (in seconds)", "duration"),
    ("Finished", "Finished", "finished"),
    ("RecordedDate", "Recorded Date", "recordedDate"),
    ("ResponseId", "Response ID", "_recordId"),
    ("RecipientLastName", "Recipient Last Name", "recipientLastName"),
    ("RecipientFirstName", "Recipient First Name", "recipientFirstName"),
    ("RecipientEmail", "Recipient Email", "recipientEmail"),
    ("ExternalReference", "External Data Reference", "externalDataReference"),
    ("LocationLatitude", "Location Latitude", "locationLatitude"),
    ("LocationLongitude", "Location Longitude", "locationLongitude"),
    ("DistributionChannel", "Distribution Channel", "distributionChannel"),
    ("UserLanguage", "User Language", "userLanguage"),
)
_DATED = {"startDate", "endDate", "recordedDate"}


def write_qualtrics(
    programme: Programme, tables: Tables, folder: Path, rng: np.random.Generator
) -> None:
    """Write ``survey.csv``, ``engagements.csv`` and ``events.csv``.

    The survey asks the alliance items once for each check-in (loop and merge), so that a response
    holds all check-ins of one respondent; colleagues answer on the outcomes alone.
    """
    columns, titles, imports = map(list, zip(*_RECORDED, strict=True))
    imports = [
        f'{{"ImportId":"{name}"' + (',"timeZone":"Europe/London"}' if name in _DATED else "}")
        for name in imports
    ]
    items = programme.form.columns
    for c in range(1, programme.course.checkins + 1):
        columns += [f"{c}_Q2", *(f"{c}_Q3_{q}" for q in range(1, len(items) + 1))]
        titles.append(f"{c} - In which week of the coaching is this?")
        titles += [
            f"{c} - How often does this hold? - Statement {q}" for q in range(1, len(items) + 1)
        ]
        imports += [f'{{"ImportId":"{c}_QID2_TEXT"}}']
        imports += [f'{{"ImportId":"{c}_QID3_{q}"}}' for q in range(1, len(items) + 1)]
    asked = measures_of(programme, *programme.rated_by, "third_party")
    tags = list(dict.fromkeys(f"{name}_{PHASES[phase]}" for name, _, phase in asked))
    weeks = [f"week_{PHASES[phase]}" for phase in dict.fromkeys(phase for *_, phase in asked)]
    columns += [*tags, *weeks, "Q9", "Engagement", "Role"]
    titles += [*map(in_words, (*tags, *weeks)), "Anything else?", "Engagement", "Role"]
    imports += [f'{{"ImportId":"QID{n}_1"}}' for n in range(4, 4 + len(tags) + len(weeks))]
    imports += ['{"ImportId":"QID90_TEXT"}', '{"ImportId":"Engagement"}', '{"ImportId":"Role"}']
    rows = _responses(programme, tables, rng)
    survey = as_table(rows, columns, titles, imports)
    write_delimited(survey, folder / "survey.csv", encoding="utf-8-sig")
    write_office_lists(programme, tables, folder)


def _responses(
    programme: Programme, tables: Tables, rng: np.random.Generator
) -> list[dict[str, str]]:
    """One response for each engagement and respondent, and then some that are no answers."""
    engagements = tables["engagements"]
    starts = start_days(engagements["engagement_id"])
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for rater in programme.rated_by:
        for sheet in sheets_of(tables, rater):
            row = rows.setdefault((sheet["engagement_id"], rater), {})
            c = sheet["occasion"]
            row[f"{c}_Q2"] = sheet["week"]
            row |= {f"{c}_Q3_{q}": sheet[name] for q, name in enumerate(programme.form.columns, 1)}
    sources = (*programme.rated_by, "third_party")
    for (name, outcome, source, phase), (value, week) in outcome_cells(tables, *sources).items():
        row = rows.setdefault((name, source), {})
        row[f"{outcome}_{PHASES[phase]}"] = value
        row[f"week_{PHASES[phase]}"] = week
    made = []
    for number, ((name, source), answers) in enumerate(sorted(rows.items())):
        person = Person(number)
        made.append(
            answers
            | _recorded(number, person, starts[name], rng)
            | {"Q9": remark(rng), "Engagement": name, "Role": ROLES[source]}
        )
    made = [made[place] for place in rng.permutation(len(made))]
    # The designer's tries and a robot's: after the true ones, so that the last copy is theirs.
    for number, kind in enumerate(("Survey Preview", "Survey Preview", "Spam", "Spam", "Spam")):
        fake = dict(made[7 * number])
        answers = {cell for cell in fake if "_Q3_" in cell}
        fake |= dict.fromkeys(answers, "1") | {"Status": kind, "ResponseId": f"R_try{number}"}
        if kind == "Survey Preview":
            fake |= {"IPAddress": "", "RecipientEmail": "", "DistributionChannel": "preview"}
        made.append(fake)
    return made


def _recorded(
    number: int, person: Person, start: object, rng: np.random.Generator
) -> dict[str, str]:
    begun = moment(start, 20, rng)
    ended = begun.replace(minute=59)
    return {
        "StartDate": f"{begun:%Y-%m-%d %H:%M:%S}",
        "EndDate": f"{ended:%Y-%m-%d %H:%M:%S}",
        "RecordedDate": f"{ended:%Y-%m-%d %H:%M:%S}",
        "Status": "IP Address",
        "IPAddress": person.address,
        "Progress": "100",
        "Duration (in seconds)": str(rng.integers(100, 900)),
        "Finished": "True",
        "ResponseId": f"R_{number:015d}",
        "RecipientLastName": person.family,
        "RecipientFirstName": person.given,
        "RecipientEmail": person.mail,
        "LocationLatitude": LATITUDE,
        "LocationLongitude": LONGITUDE,
        "DistributionChannel": "email",
        "UserLanguage": "EN",
    }


def write_office_lists(programme: Programme, tables: Tables, folder: Path) -> None:
    """Write the office's ``engagements.csv``, with what is on record, and ``events.csv``."""
    columns = {
        "engagement_id": "Engagement",
        "advisee_id": "Client",
        "advisor_id": "Coach",
        "stakes": "Stakes",
        "status": "Status",
        "ended_week": "EndedWeek",
        "planned_checkins": "PlannedCheckins",
        "advisor_years": "CoachYears",
        "advisee_level": "ClientLevel",
    }
    worded = {"stakes", "status", "advisee_level"}
    people = people_of(tables["engagements"]["advisee_id"])
    recorded = outcome_cells(tables, "record")
    on_record = measures_of(programme, "record")
    rows = []
    for one in text_of(tables["engagements"]).to_dict("records"):
        row = {
            raw: in_words(one[name]) if name in worded else one[name]
            for name, raw in columns.items()
        }
        person = people[one["advisee_id"]]
        row |= {"ClientName": person.name, "ClientMail": person.mail, "ClientPhone": person.phone}
        for outcome, source, phase in on_record:
            value, week = recorded.get((one["engagement_id"], outcome, source, phase), ("", ""))
            row[f"{outcome}_{PHASES[phase]}"] = {"1": "Yes", "0": "No"}.get(value, value)
            row[f"week_{PHASES[phase]}"] = week
        rows.append(row)
    write_delimited(as_table(rows, list(rows[0])), folder / "engagements.csv")
    write_delimited(event_list(tables), folder / "events.csv")


def event_list(tables: Tables) -> object:
    """The events as an office notes them, one a row."""
    rows = [
        {
            "Engagement": one["engagement_id"],
            "Check-in": one["occasion"],
            "Event": in_words(one["event"]),
            "Noted by": ROLES[one["source"]],
            "Valence": one["valence"],
            "Cause": in_words(one["cause"]),
            "Responds to": in_words(one["responds_to"]),
        }
        for one in text_of(tables["events"]).to_dict("records")
    ]
    return as_table(rows, list(rows[0]))
