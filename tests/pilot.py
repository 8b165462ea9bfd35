"""What the small coaching programme's plain files mean."""

from analysis.contract.dictionary import CAUSES, EVENTS
from analysis.simulate.pilot import COACHING_PILOT

_WORDS = {"Client": "advisee", "Coach": "advisor", "Colleague": "third_party", "Office": "record"}
PLAIN = {
    "name": COACHING_PILOT.name,
    "title": "Coaching pilot (simulated)",
    "provenance": {
        "description": "120 simulated coaching engagements, made to try exports of survey tools.",
        "licence": "CC0",
        "consent": "nobody is in it",
        "simulated": True,
    },
    "missing_marks": ["NA", "n/a", "-99", "."],
    "duplicates": "last",
    "out_of_range": "set_missing",
    "instruments": {"advisee": "wai_sr", "advisor": "wai_sr"},
    "sources": {
        name: {"file": f"{name}.csv"} for name in ("engagements", "checkins", "outcomes", "events")
    },
    "tables": {
        "engagements": [
            {
                "source": "engagements",
                "columns": {
                    "engagement_id": "Engagement",
                    "advisee_id": "Client",
                    "advisor_id": "Coach",
                    "setting": {"value": "executive_coaching"},
                    "planned_checkins": "Planned check-ins",
                    "stakes": {
                        "column": "Stakes",
                        "labels": {"Low": "low", "Medium": "medium", "High": "high"},
                    },
                    "status": {
                        "column": "Status",
                        "labels": {
                            "Completed": "completed",
                            "Ended early": "ended_early",
                            "Ongoing": "ongoing",
                        },
                    },
                    "ended_week": "Ended week",
                    "advisor_years": {"column": "Coach years", "kind": "number"},
                    "advisee_level": "Client level",
                },
            }
        ],
        "checkins": [
            {
                "source": "checkins",
                "columns": {
                    "engagement_id": "Engagement",
                    "rater": {
                        "column": "Respondent",
                        "labels": {"Client": "advisee", "Coach": "advisor"},
                    },
                    "occasion": "Check-in",
                    "week": "Week",
                },
                "items": "Q{item}",
            }
        ],
        "outcomes": [
            {
                "source": "outcomes",
                "columns": {
                    "engagement_id": "Engagement",
                    "outcome": "Measure",
                    "source": {"column": "Rated by", "labels": _WORDS},
                    "phase": "Phase",
                    "week": "Week",
                    "value": "Value",
                },
            }
        ],
        "events": [
            {
                "source": "events",
                "columns": {
                    "engagement_id": "Engagement",
                    "occasion": "Check-in",
                    "event": {
                        "column": "Event",
                        "labels": {name.replace("_", " "): name for name in EVENTS}
                        | {"Missed check-in": "missed_checkin"},
                    },
                    "source": {"column": "Noted by", "labels": _WORDS},
                    "valence": "Valence",
                    "cause": {"column": "Cause", "labels": {name: name for name in CAUSES}},
                    "responds_to": {
                        "column": "Responds to",
                        "labels": {name.replace("_", " "): name for name in EVENTS}
                        | {"Missed check-in": "missed_checkin"},
                    },
                },
            }
        ],
    },
    "outcomes": {
        name: {"timing": "prospective", "higher_is": "better"}
        for name in ("goal_attainment", "satisfaction", "renewal")
    },
    "primary_outcome": "goal_attainment",
    "primary_source": "third_party",
}
