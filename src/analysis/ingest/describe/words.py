"""The words by which columns and labels tell what they are."""

from __future__ import annotations

import re

from analysis.contract.dictionary import CAUSES, EVENTS, RESERVED_OUTCOMES, STAKES

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")

_WHO = {
    "third_party": "colleague colleagues peer peers committee stakeholder third party 360 line "
    "sponsors boss superior",
    "record": "office system registry hr crm record records administration database",
    "advisee": "client clients coachee mentee protege student advisee employee customer sponsor",
    "advisor": "coach advisor adviser mentor consultant manager technician counsellor tutor "
    "supervisor",
}
ROLE_WORDS = {who: frozenset(words.split()) for who, words in _WHO.items()}
#: What may stand beside a role in the name of a column of codes.
BESIDE_CODES = frozenset(
    ("id", "ids", "code", "codes", "no", "nr", "number", "key", "lead", "the", "of")
)
ENGAGEMENT = frozenset(
    ("engagement", "case", "pair", "dyad", "record", "review", "contract", "matter", "mandate")
)
_PHASES = {
    "baseline": "start baseline before intake pre beginning outset",
    "end": "end after final post exit close closing",
    "follow_up": "followup follow later year",
}
PHASE_WORDS = {phase: frozenset(words.split()) for phase, words in _PHASES.items()}
OCCASION = frozenset(
    (
        "checkin",
        "occasion",
        "wave",
        "session",
        "meeting",
        "visit",
        "instance",
        "time",
        "round",
        "survey",
        "contact",
        "quarter",
    )
)
_STATUS = {
    "ended_early": "early dropout dropped cancelled terminated withdrawn",
    "completed": "completed complete finished done closed",
    "ongoing": "ongoing active running open",
}
_OUTCOMES = {
    "goal_attainment": "goal goals",
    "satisfaction": "satisfied satis",
    "renewal": "renewed renew",
    "referral": "referred refer recommend",
}
_SETTINGS = {
    "executive_coaching": "coach",
    "mentoring": "mentor mentee",
    "academic_advising": "student adviser",
    "management_consulting": "consultant sponsor",
    "performance_review": "employee",
    "technical_support": "technician customer",
}
#: Answers in words, lowest first, as survey tools offer them.
SCALES = tuple(
    tuple(word.strip() for word in scale.split(","))
    for scale in (
        "seldom, sometimes, fairly often, very often, always",
        "never, rarely, sometimes, often, always",
        "never, rarely, occasionally, sometimes, often, very often, always",
        "strongly disagree, disagree, neither agree nor disagree, agree, strongly agree",
        "strongly disagree, disagree, neutral, agree, strongly agree",
        "strongly disagree, disagree, somewhat disagree, neither agree nor disagree, "
        "somewhat agree, agree, strongly agree",
        "very dissatisfied, dissatisfied, neutral, satisfied, very satisfied",
        "not at all, slightly, moderately, very, extremely",
    )
)


def words_of(text: str) -> frozenset[str]:
    """The words of a name or question: ``ClientLevel`` gives client and level; check-in is one."""
    plain = (
        _CAMEL.sub(" ", text)
        .casefold()
        .replace("check-in", "checkin")
        .replace("check in", "checkin")
    )
    return frozenset(re.findall(r"[^\W\d_]+|360", plain.replace("check_in", "checkin")))


def role_of(text: str) -> str | None:
    """Whom a label or column speaks of: advisee, advisor, third_party or record."""
    words = words_of(text)
    return next((who for who, known in ROLE_WORDS.items() if words & known), None)


def phase_of(text: str) -> str | None:
    """When a label or column says that something was taken."""
    words = words_of(text)
    return next((phase for phase, known in reversed(PHASE_WORDS.items()) if words & known), None)


def status_of(label: str) -> str | None:
    """How an engagement stands."""
    words = words_of(label)
    return next((to for to, known in _STATUS.items() if words & set(known.split())), None)


def stakes_of(label: str) -> str | None:
    """What is at stake: low, medium or high."""
    return label.casefold() if label.casefold() in STAKES else None


def event_of(label: str) -> str | None:
    """The event that a label names."""
    return _among(label, EVENTS)


def cause_of(label: str) -> str | None:
    """What an event was about."""
    return _among(label, CAUSES)


def outcome_of(text: str) -> str | None:
    """The outcome that a column names."""
    words = words_of(text)
    for outcome in RESERVED_OUTCOMES:
        if set(outcome.split("_")) <= words:
            return outcome
    return next((to for to, known in _OUTCOMES.items() if words & set(known.split())), None)


def setting_of(text: str) -> str | None:
    """The kind of advising that the names of columns speak of."""
    words = words_of(text)
    return next((to for to, known in _SETTINGS.items() if words & set(known.split())), None)


def slug(text: str) -> str:
    """A text as a clean name."""
    name = re.sub(r"[^a-z0-9]+", "_", text.casefold()).strip("_")
    return name if name[:1].isalpha() else f"x_{name}"


def _among(label: str, names: tuple[str, ...]) -> str | None:
    name = slug(label.casefold().replace("check-in", "checkin"))
    return name if name in names else None
