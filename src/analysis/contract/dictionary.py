"""The data dictionary: the four clean tables, column by column.

It is executable: `analysis.contract.tables` checks every read and write against it, and
`docs/data-dictionary.md` is made from it.
"""

from __future__ import annotations

from dataclasses import dataclass

from analysis.contract.estimates import PHASES, RATERS, SOURCES

TEXT, INTEGER, NUMBER = "text", "integer", "number"

SETTINGS = (
    "executive_coaching",
    "management_consulting",
    "mentoring",
    "academic_advising",
    "performance_review",
    "technical_support",
    "psychotherapy",  # a comparison arm: claims that contrast advising with therapy need it
    "other",
)
STAKES = ("low", "medium", "high")
STATUSES = ("completed", "ended_early", "ongoing")

#: Events with a meaning of their own; a dataset may add others at will.
WITHDRAWAL_EVENTS = ("missed_checkin", "task_not_done", "late_reply", "passive_resistance")
CONFRONTATION_EVENTS = ("complaint", "challenge")
REPAIR_EVENTS = (
    "goal_renegotiated",
    "task_renegotiated",
    "rapport_work",
    "acknowledgement",
    "process_dialogue",
    "validation",
    "feedback_acted_on",
)
OTHER_EVENTS = ("critical_feedback", "ended_early")
EVENTS = WITHDRAWAL_EVENTS + CONFRONTATION_EVENTS + REPAIR_EVENTS + OTHER_EVENTS

CAUSES = (
    "goal",
    "task",
    "bond",
    "results",
    "expectations",
    "transference",
    "support",
    "boundary",
    "other",
)

#: Outcome names with a meaning of their own (`config/claims.yaml` refers to them); others at will.
RESERVED_OUTCOMES = (
    "goal_attainment",
    "adherence",
    "effort",
    "progress",
    "feedback_acceptance",
    "disclosure",
    "withholding",
    "diagnosis_accuracy",
    "buy_in",
    "satisfaction",
    "renewal",
    "referral",
    "advocacy",
    "competence",
    "empathy",
    "quality",
    "perceived_risk",
    "goal_ownership",
    "smart_goals",
    "task_difficulty",
    "task_relevance",
    "commitment",
    "openness",
    "responsibility",
    "perceived_role",
    "defensiveness",
    "dependency",
)

#: Covariates of engagements with a meaning of their own (`config/claims.yaml` refers to them).
KNOWN_COVARIATES = ("advisor_years", "advisee_level", "change_size")


@dataclass(frozen=True)
class Column:
    """One column: its kind, whether it may be absent or empty, what it may hold, what it means."""

    name: str
    kind: str
    meaning: str
    required: bool = True
    nullable: bool = False
    values: tuple[str, ...] = ()
    minimum: float | None = None


@dataclass(frozen=True)
class Table:
    """One clean table: what a row is, its key, its columns, and which further columns it takes."""

    name: str
    row: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    further: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The declared columns' names, in order."""
        return tuple(column.name for column in self.columns)


#: Columns that say who or which; all others say what or how much.
IDENTIFIERS = ("engagement_id", "advisee_id", "advisor_id", "organisation_id")

_ENGAGEMENT = Column("engagement_id", TEXT, "identifier of the engagement, read as text")
_WEEK = Column(
    "week",
    NUMBER,
    "weeks since the engagement began, never a date",
    required=False,
    nullable=True,
    minimum=0,
)

TABLES = {
    table.name: table
    for table in (
        Table(
            "engagements",
            "one engagement: one advisee with one advisor",
            ("engagement_id",),
            (
                _ENGAGEMENT,
                Column("advisee_id", TEXT, "who is advised"),
                Column("advisor_id", TEXT, "who advises"),
                Column(
                    "organisation_id",
                    TEXT,
                    "the advisee's organisation",
                    required=False,
                    nullable=True,
                ),
                Column("setting", TEXT, "kind of advising", values=SETTINGS),
                Column(
                    "planned_checkins",
                    NUMBER,
                    "check-ins that were planned",
                    required=False,
                    nullable=True,
                    minimum=1,
                ),
                Column(
                    "stakes",
                    TEXT,
                    "what is at stake",
                    required=False,
                    nullable=True,
                    values=STAKES,
                ),
                Column(
                    "status",
                    TEXT,
                    "how the engagement stands",
                    required=False,
                    nullable=True,
                    values=STATUSES,
                ),
                Column(
                    "ended_week",
                    NUMBER,
                    "week in which it ended",
                    required=False,
                    nullable=True,
                    minimum=0,
                ),
            ),
            further="covariates that the mapping declares, as text or numbers",
        ),
        Table(
            "checkins",
            "one rater's answers at one check-in of one engagement",
            ("engagement_id", "rater", "occasion"),
            (
                _ENGAGEMENT,
                Column("rater", TEXT, "who answered", values=RATERS),
                Column("occasion", INTEGER, "number of the check-in, the first being 1", minimum=1),
                _WEEK,
                Column("instrument", TEXT, "name of the instrument answered"),
            ),
            further=(
                "`item_01`, `item_02`, ... as the respondent answered (reversed items not yet "
                "turned), or the instrument's subscales already scored"
            ),
        ),
        Table(
            "outcomes",
            "one outcome of one engagement, by one source, in one phase",
            ("engagement_id", "outcome", "source", "phase", "week"),
            (
                _ENGAGEMENT,
                Column(
                    "outcome",
                    TEXT,
                    "name of the outcome: " + ", ".join(RESERVED_OUTCOMES) + ", or another",
                ),
                Column("source", TEXT, "who gave it", values=SOURCES),
                Column("phase", TEXT, "when in the engagement", values=PHASES),
                _WEEK,
                Column(
                    "value", NUMBER, "the value as recorded, not yet turned to higher is better"
                ),
            ),
        ),
        Table(
            "events",
            "one event in one engagement",
            (),
            (
                _ENGAGEMENT,
                Column(
                    "occasion",
                    INTEGER,
                    "check-in at which it was noted (this or `week`)",
                    required=False,
                    nullable=True,
                    minimum=1,
                ),
                _WEEK,
                Column("event", TEXT, "what happened: " + ", ".join(EVENTS) + ", or another"),
                Column("source", TEXT, "who noted it", values=SOURCES),
                Column(
                    "valence",
                    NUMBER,
                    "how well it went, below 0 badly",
                    required=False,
                    nullable=True,
                ),
                Column(
                    "cause", TEXT, "what it was about", required=False, nullable=True, values=CAUSES
                ),
                Column("responds_to", TEXT, "the event it answers", required=False, nullable=True),
            ),
        ),
    )
}


def as_markdown() -> str:
    """The dictionary as a page to read."""
    parts = [
        "# Data dictionary\n\n"
        "The four clean tables that ingest makes and every later stage reads, one Parquet file "
        "each under `results/interim/<dataset>/`. Each read and write is checked against this "
        "page's source, `src/analysis/contract/dictionary.py`; `make document` writes it from "
        "there.\n"
    ]
    for table in TABLES.values():
        key = ", ".join(f"`{name}`" for name in table.key) or "none: events may repeat"
        parts.append(f"\n## {table.name}\n\nA row is {table.row}. Key: {key}.\n\n")
        parts.append("| column | kind | may be absent | may be empty | values | meaning |\n")
        parts.append("| --- | --- | --- | --- | --- | --- |\n")
        for column in table.columns:
            bound = f"at least {column.minimum:g}" if column.minimum is not None else ""
            values = ", ".join(f"`{value}`" for value in column.values) or bound
            parts.append(
                f"| `{column.name}` | {column.kind} | {'no' if column.required else 'yes'} "
                f"| {'yes' if column.nullable else 'no'} | {values} | {column.meaning} |\n"
            )
        if table.further:
            parts.append(f"\nFurther columns: {table.further}.\n")
    return "".join(parts)
