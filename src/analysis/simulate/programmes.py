"""The example programmes by name: together they end in verdicts of every kind."""

from __future__ import annotations

from analysis.simulate.institutions import ACADEMIC_ADVISING, MENTORING, PERFORMANCE_REVIEW
from analysis.simulate.parameters import Programme
from analysis.simulate.pilot import COACHING_PILOT
from analysis.simulate.services import EXECUTIVE_COACHING, MANAGEMENT_CONSULTING, TECHNICAL_SUPPORT

PROGRAMMES: dict[str, Programme] = {
    programme.name: programme
    for programme in (
        EXECUTIVE_COACHING,
        MANAGEMENT_CONSULTING,
        ACADEMIC_ADVISING,
        MENTORING,
        PERFORMANCE_REVIEW,
        TECHNICAL_SUPPORT,
    )
}

#: The examples, and the small programme that survey tools' layouts are shown on.
EVERY_PROGRAMME = PROGRAMMES | {COACHING_PILOT.name: COACHING_PILOT}
