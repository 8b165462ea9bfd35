"""The scenarios in which every line of evidence is held to a truth that is known."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.contract.faults import UserFault
from analysis.simulate.designs import Design

#: Between advisors, outcome and ratings go together more than within; the advisor's own standard
#: colours a good third of what advisors say.
CLUSTERING = {"shared": (0.25, 0.15, 0.35), "between": (0.5, 0.5, 0.2)}


@dataclass(frozen=True)
class Scenario:
    """A design with its name, its title for people, and what it is there to show."""

    name: str
    title: str
    shows: str
    design: Design

    @property
    def null(self) -> bool:
        """Whether both alliances go with the outcome alike, so that there is no winner to find."""
        return self.design.validity[0] == self.design.validity[1]


def _clustered(advisors: int) -> Scenario:
    return Scenario(
        f"clustered_{advisors}",
        f"{advisors} advisors",
        f"No difference; each of {advisors} advisors has many advisees and a standard of their own",
        Design(advisors, 20 * advisors, validity=(0.32, 0.32), **CLUSTERING),
    )


SCENARIOS = (
    Scenario(
        "independent",
        "Independent",
        "No difference, nothing shared between the dyads of one advisor",
        Design(60, 420),
    ),
    _clustered(60),
    _clustered(18),
    _clustered(12),
    Scenario(
        "unequal_reliability",
        "Unequal reliability",
        "No difference between the alliances, but the advisee's rating has a reliability of .92 "
        "and the advisor's of .50",
        Design(60, 1200, validity=(0.28, 0.28), reliability=(0.92, 0.50)),
    ),
    Scenario(
        "same_source",
        "Same source",
        "No difference between the alliances, but the advisee gave the outcome too, and a tenth of "
        "both answers is the manner of answering",
        Design(60, 1200, same_source=0.10, source="advisee"),
    ),
    Scenario(
        "echo",
        "Echo of progress",
        "No difference between the alliances, but outcome and advisee's rating both repeat the "
        "progress made before, a tenth of each",
        Design(60, 1200, echo=0.10),
    ),
    Scenario(
        "missing",
        "Missing replies",
        "No difference, but 40 % of advisors did not reply, and they reply more often where the "
        "outcome and the advisee's rating are good",
        Design(60, 1200, answered=0.60, answers_by=(0.5, 0.5)),
    ),
    Scenario(
        "ceiling",
        "Ceiling",
        "No difference between the alliances, but advisees' answers pile up at the top of the "
        "scale and advisors' hardly do",
        Design(60, 1200, ceilings=(0.0, 1.5)),
    ),
    Scenario(
        "equivalence",
        "Equivalence",
        "No difference, and a study large enough to show that there is none of interest",
        Design(150, 2400, shared=(0.05, 0.05, 0.15), between=(0.5, 0.5, 0.2)),
    ),
    Scenario(
        "true_difference",
        "True D = .24",
        "The advisee's alliance goes with the outcome more closely: .44 against .20",
        Design(60, 1200, validity=(0.44, 0.20), **CLUSTERING),
    ),
)


def find_scenario(name: str) -> Scenario:
    """A scenario by its name. Raises UserFault, with the names that there are, for another."""
    known = {one.name: one for one in SCENARIOS}
    if name not in known:
        raise UserFault(f"there is no scenario '{name}'. There are: {', '.join(known)}.")
    return known[name]
