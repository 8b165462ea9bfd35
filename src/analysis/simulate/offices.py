"""How each programme's office keeps its records: files, column names, words.

Engagements, events and, but for executive coaching, check-ins and outcomes lie one a row. What a
dictionary below does not translate stands as in the clean table; identifiers are text throughout.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from analysis.contract.dictionary import CAUSES, EVENTS

#: Events in plain words; where offices have a word of their own, that.
EVENT_WORDS = MappingProxyType(
    {name: name.replace("_", " ").capitalize() for name in EVENTS}
    | {"missed_checkin": "Missed check-in"}
)
_STATUS = {"completed": "Completed", "ended_early": "Ended early", "ongoing": "Ongoing"}
_STAKES = {"low": "Low", "medium": "Medium", "high": "High"}
_CHANGE = {"small": "Small", "moderate": "Moderate", "large": "Large"}
_LEVEL = {"manager": "Manager", "director": "Director", "executive": "Executive"}
_CAUSE = {name: name.capitalize() for name in CAUSES}
_AGREEMENT = (
    "Strongly disagree",
    "Disagree",
    "Neither agree nor disagree",
    "Agree",
    "Strongly agree",
)


@dataclass(frozen=True)
class Office:
    """One office's records.

    files : clean table to its file, or file and sheet
    columns : clean table to its columns, clean name to raw name, in the order of the file
    people : raters and sources to the office's words for them
    labels : further clean column's values to words
    question : raw name of an answer; {number} is the item's number, {name} the clean name
    responses : responses in words, lowest first; none where codes are written
    wide : outcome, source and phase (with the check-in, if during) to a column of wide outcomes
    wide_weeks : phase to the column of its week in wide outcomes
    """

    files: Mapping[str, tuple[str, str]]
    columns: Mapping[str, Mapping[str, str]]
    people: Mapping[str, str]
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    question: str = "Q{number}"
    responses: tuple[str, ...] = ()
    delimiter: str = ","
    decimal: str = "."
    wide: Mapping[tuple[str, str, str], str] = field(default_factory=dict)
    wide_weeks: Mapping[str, str] = field(default_factory=dict)

    def words(self) -> dict[str, Mapping[str, str]]:
        """Clean column to what its values are called."""
        return {
            "rater": self.people,
            "source": self.people,
            "event": EVENT_WORDS,
            "responds_to": EVENT_WORDS,
            "cause": _CAUSE,
            "status": _STATUS,
            "stakes": _STAKES,
            **self.labels,
        }


def _files(pattern: str, **names: str) -> dict[str, tuple[str, str]]:
    """Clean table to its file; ``pattern`` holds {} for the name."""
    return {table: (pattern.format(name), "") for table, name in names.items()}


def _named(names: str, clean: tuple[str, ...]) -> dict[str, str]:
    return dict(zip(clean, names.split(", "), strict=True))


_CHECKINS = ("engagement_id", "rater", "occasion", "week")
_OUTCOMES = ("engagement_id", "outcome", "source", "phase", "week", "value")
_EVENTS = ("engagement_id", "occasion", "event", "source", "valence", "cause", "responds_to")
_GOAL = "goal_attainment"

_COACHING = Office(
    files=_files(
        "{}.csv",
        engagements="engagements",
        checkins="ratings",
        outcomes="outcomes",
        events="events",
    ),
    columns={
        "engagements": {
            "engagement_id": "Engagement",
            "advisee_id": "Client",
            "advisor_id": "Coach",
            "organisation_id": "Organisation",
            "stakes": "Stakes",
            "status": "Status",
            "ended_week": "EndedWeek",
            "planned_checkins": "PlannedCheckins",
            "advisor_years": "CoachYears",
            "advisee_level": "ClientLevel",
            "change_size": "ChangeSize",
        },
        "events": _named(
            "Engagement, Occasion, Event, ReportedBy, Valence, Cause, RespondsTo", _EVENTS
        ),
    },
    people={"advisee": "Client", "advisor": "Coach", "record": "Office"},
    labels={"advisee_level": _LEVEL, "change_size": _CHANGE},
    wide={
        (_GOAL, "third_party", "baseline"): "Baseline360",
        (_GOAL, "third_party", "end"): "Goal360",
        (_GOAL, "advisee", "end"): "GoalSelf",
        (_GOAL, "advisor", "end"): "GoalCoach",
        ("satisfaction", "advisee", "end"): "Satisfaction",
        ("renewal", "record", "end"): "Renewed",
        ("referral", "record", "end"): "Referred",
        (_GOAL, "third_party", "follow_up"): "Goal360FollowUp",
        ("progress", "third_party", "during 2"): "R1_Progress",
        ("quality", "third_party", "during 2"): "R1_SessionQuality",
        ("competence", "third_party", "during 2"): "R1_CoachCompetence",
        ("empathy", "third_party", "during 2"): "R1_CoachEmpathy",
        ("smart_goals", "third_party", "during 2"): "R1_GoalsSpecific",
        ("goal_ownership", "advisee", "during 2"): "R1_GoalsOwned",
        ("perceived_risk", "advisee", "during 2"): "R1_RiskFelt",
        ("responsibility", "advisee", "during 2"): "R1_ResponsibilityByClient",
        ("responsibility", "advisor", "during 2"): "R1_ResponsibilityByCoach",
        ("progress", "third_party", "during 5"): "R2_Progress",
        ("adherence", "record", "during 5"): "R2_ActionsDone",
        ("effort", "third_party", "during 5"): "R2_Effort",
        ("feedback_acceptance", "third_party", "during 5"): "R2_FeedbackAccepted",
        ("disclosure", "advisor", "during 5"): "R2_Disclosure",
        ("perceived_role", "advisee", "during 5"): "R2_CoachAsPartner",
        ("defensiveness", "advisor", "during 5"): "R2_Defensiveness",
        ("dependency", "advisor", "during 5"): "R2_Dependency",
        ("responsibility", "advisee", "during 5"): "R2_ResponsibilityByClient",
        ("responsibility", "advisor", "during 5"): "R2_ResponsibilityByCoach",
        ("progress", "third_party", "during 8"): "R3_Progress",
        ("responsibility", "advisee", "during 8"): "R3_ResponsibilityByClient",
        ("responsibility", "advisor", "during 8"): "R3_ResponsibilityByCoach",
    },
    wide_weeks={
        "end": "Goal360Week",
        "follow_up": "Goal360FollowUpWeek",
        "during 2": "R1_Week",
        "during 5": "R2_Week",
        "during 8": "R3_Week",
    },
)

_CONSULTING = Office(
    files={
        table: ("engagement_records.xlsx", sheet)
        for table, sheet in (
            ("engagements", "Engagements"),
            ("checkins", "Check-ins"),
            ("outcomes", "Outcomes"),
            ("events", "Events"),
        )
    },
    columns={
        "engagements": {
            "engagement_id": "Engagement",
            "advisee_id": "Sponsor",
            "advisor_id": "Lead consultant",
            "stakes": "Stakes",
            "status": "Status",
            "ended_week": "Ended in week",
            "planned_checkins": "Planned check-ins",
            "advisor_years": "Years as consultant",
            "change_size": "Size of change",
        },
        "checkins": _named("Engagement, Respondent, Check-in, Week", _CHECKINS),
        "outcomes": _named("Engagement, Measure, Source, Phase, Week, Value", _OUTCOMES),
        "events": _named(
            "Engagement, Check-in, Event, Reported by, Valence, Cause, Responds to", _EVENTS
        ),
    },
    people={
        "advisee": "Sponsor",
        "advisor": "Lead consultant",
        "third_party": "Steering committee",
        "record": "Project office",
    },
)

_ADVISING = Office(
    files=_files(
        "{}.csv", engagements="students", checkins="checkins", outcomes="outcomes", events="notes"
    ),
    columns={
        "engagements": {
            "engagement_id": "case",
            "advisee_id": "student",
            "advisor_id": "adviser",
            "status": "status",
            "ended_week": "ended_week",
            "planned_checkins": "meetings_planned",
            "advisor_years": "adviser_years",
        },
        "checkins": _named("case, answered_by, meeting, week", _CHECKINS),
        "outcomes": _named("case, measure, answered_by, phase, week, value", _OUTCOMES),
        "events": _named("case, meeting, event, noted_by, valence, about, answers_to", _EVENTS),
    },
    people={"advisee": "student", "advisor": "adviser", "record": "registry"},
    question="aa{number}",
)

_MENTORING = Office(
    files=_files(
        "{}.csv", engagements="pairs", checkins="surveys", outcomes="outcomes", events="events"
    ),
    columns={
        "engagements": {
            "engagement_id": "Pair",
            "advisee_id": "Mentee",
            "advisor_id": "Mentor",
            "status": "Status",
            "ended_week": "Ended week",
            "planned_checkins": "Surveys planned",
            "advisor_years": "Mentor years",
            "change_size": "Change size",
        },
        "checkins": _named("Pair, Respondent, Survey, Week", _CHECKINS),
        "outcomes": _named("Pair, Measure, Rated by, Phase, Week, Value", _OUTCOMES),
        "events": _named("Pair, Survey, Event, Noted by, Valence, Cause, Responds to", _EVENTS),
    },
    people={
        "advisee": "Mentee",
        "advisor": "Mentor",
        "third_party": "Line manager",
        "record": "Programme office",
    },
    question="{name}",
    responses=_AGREEMENT,
    delimiter=";",
    decimal=",",
)

_REVIEW = Office(
    files=_files(
        "{}.parquet",
        engagements="reviews",
        checkins="quarterly_ratings",
        outcomes="results",
        events="journal",
    ),
    columns={
        "engagements": {
            "engagement_id": "review",
            "advisee_id": "employee",
            "advisor_id": "manager",
            "status": "status",
            "ended_week": "ended_week",
            "planned_checkins": "quarters_planned",
            "advisor_years": "manager_years",
            "advisee_level": "employee_level",
        },
        "checkins": _named("review, respondent, quarter, week", _CHECKINS),
        "outcomes": _named("review, measure, source, phase, week, value", _OUTCOMES),
        "events": _named(
            "review, quarter, event, reported_by, valence, cause, responds_to", _EVENTS
        ),
    },
    people={"advisee": "employee", "advisor": "manager", "record": "hr_system"},
    question="q{number}",
)

_SUPPORT = Office(
    files=_files(
        "{}.tsv", engagements="cases", checkins="contacts", outcomes="outcomes", events="events"
    ),
    columns={
        "engagements": {
            "engagement_id": "Case",
            "advisee_id": "Customer",
            "advisor_id": "Technician",
            "stakes": "Priority",
            "status": "Status",
            "ended_week": "Closed week",
            "planned_checkins": "Contacts planned",
        },
        # Only customers are asked, so no column says who answered.
        "checkins": {"engagement_id": "Case", "occasion": "Contact", "week": "Week"},
        "outcomes": _named("Case, Measure, Source, Phase, Week, Value", _OUTCOMES),
        "events": _named("Case, Contact, Event, Noted by, Valence, Cause, Responds to", _EVENTS),
    },
    people={"advisee": "Customer", "advisor": "Technician", "record": "Ticket system"},
)

_PILOT = Office(
    files=_files(
        "{}.csv",
        engagements="engagements",
        checkins="checkins",
        outcomes="outcomes",
        events="events",
    ),
    columns={
        "engagements": {
            "engagement_id": "Engagement",
            "advisee_id": "Client",
            "advisor_id": "Coach",
            "stakes": "Stakes",
            "status": "Status",
            "ended_week": "Ended week",
            "planned_checkins": "Planned check-ins",
            "advisor_years": "Coach years",
            "advisee_level": "Client level",
        },
        "checkins": _named("Engagement, Respondent, Check-in, Week", _CHECKINS),
        "outcomes": _named("Engagement, Measure, Rated by, Phase, Week, Value", _OUTCOMES),
        "events": _named(
            "Engagement, Check-in, Event, Noted by, Valence, Cause, Responds to", _EVENTS
        ),
    },
    people={
        "advisee": "Client",
        "advisor": "Coach",
        "third_party": "Colleague",
        "record": "Office",
    },
)

OFFICES: dict[str, Office] = {
    "executive_coaching": _COACHING,
    "management_consulting": _CONSULTING,
    "academic_advising": _ADVISING,
    "mentoring": _MENTORING,
    "performance_review": _REVIEW,
    "technical_support": _SUPPORT,
    "coaching_pilot": _PILOT,
}
