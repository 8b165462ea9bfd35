"""Datasets for the tests of claims: small ones made to order, and one rich programme."""

from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis.contract.claims import read_ledger
from analysis.contract.instruments import Instrument
from analysis.contract.layout import LEDGER, MAPPINGS, Dataset, read_plan
from analysis.evidence.claims.data import ClaimData
from analysis.evidence.claims.estimands import TESTS
from analysis.evidence.claims.rehearsal import draw_claim_data, enlarge, thin
from analysis.measure.window import assemble_frame
from analysis.simulate.programmes import PROGRAMMES

PARTS = ("goal", "task", "bond")
KEY = Instrument(
    name="short",
    title="a short form",
    responses={"minimum": 1, "maximum": 7},
    subscales=dict.fromkeys(PARTS, ()),
    status="user_supplied",
    source="none",
)


@dataclass
class Made:
    """n engagements of advisors; scores, outcomes and events are filled in before ``data``.

    ``scores``: (n, T) per subscale, NaN where not answered; check-in t lies in week t.
    """

    n: int = 600
    advisors: int = 40
    occasions: int = 6
    seed: int = 1
    rng: np.random.Generator = field(init=False)
    scores: dict = field(init=False)
    columns: dict = field(default_factory=dict)
    outcomes: list = field(default_factory=list)
    events: list = field(default_factory=list)
    higher_is: dict = field(default_factory=dict)
    further: dict = field(default_factory=dict)

    def __post_init__(self):
        self.rng = np.random.default_rng(self.seed)
        self.level = self.rng.standard_normal(self.n)
        shape = (self.n, self.occasions)
        self.scores = {
            name: 4 + self.level[:, None] + 0.4 * self.rng.standard_normal(shape) for name in PARTS
        }

    @property
    def rating(self):
        """The advisee's mean over the window, standardised."""
        mean = np.mean([grid[:, :3].mean(axis=1) for grid in self.scores.values()], axis=0)
        return (mean - mean.mean()) / mean.std()

    def tell(self, outcome, values, source="third_party", phase="end", week=30.0):
        """Add an outcome, NaN where it is not known."""
        known = np.flatnonzero(~np.isnan(values))
        self.outcomes.append(
            pd.DataFrame(
                {
                    "engagement_id": self._ids(known),
                    "outcome": outcome,
                    "source": source,
                    "phase": phase,
                    "week": float(week),
                    "value": np.asarray(values, dtype=float)[known],
                }
            )
        )
        return self

    def note(self, event, where, cause=None):
        """Add an event wherever flags (n, T) are set."""
        engagement, place = np.nonzero(where)
        rows = {"engagement_id": self._ids(engagement), "occasion": place + 1.0, "event": event}
        self.events.append(pd.DataFrame(rows | {"cause": cause}))
        return self

    def _ids(self, numbers):
        return [f"E{number:05d}" for number in numbers]

    def data(self) -> ClaimData:
        """The dataset."""
        everyone = self._ids(range(self.n))
        advisor = [f"A{number % self.advisors:03d}" for number in range(self.n)]
        engagements = pd.DataFrame(
            {"engagement_id": everyone, "advisor_id": advisor, "setting": "executive_coaching"}
        ).assign(**self.columns)
        engagement, place = np.nonzero(~np.isnan(self.scores["bond"]))
        alliance = pd.DataFrame(
            {
                "engagement_id": self._ids(engagement),
                "rater": "advisee",
                "occasion": place + 1,
                "week": place + 1.0,
                **{name: grid[engagement, place] for name, grid in self.scores.items()},
            }
        )
        alliance["total"] = alliance[list(PARTS)].mean(axis=1)
        empty = ["engagement_id", "outcome", "source", "phase", "week", "value"]
        outcomes = pd.concat(self.outcomes) if self.outcomes else pd.DataFrame(columns=empty)
        noted = ["engagement_id", "occasion", "event", "cause"]
        events = pd.concat(self.events) if self.events else pd.DataFrame(columns=noted)
        declared = {
            name: SimpleNamespace(
                timing="prospective", higher_is=self.higher_is.get(name, "better")
            )
            for name in outcomes["outcome"].unique()
        }
        return ClaimData(
            name="made",
            frame=assemble_frame(engagements, alliance, (1, 2, 3)),
            alliance=alliance,
            engagements=engagements,
            checkins=pd.DataFrame(),
            outcomes=outcomes.reset_index(drop=True),
            events=events.reset_index(drop=True),
            instruments={"advisee": KEY},
            declared=declared,
            primary=SimpleNamespace(outcome="goal_attainment", source="third_party", phase="end"),
            cluster="advisor_id",
            plan=thin(read_plan()),
            **self.further,
        )


@pytest.fixture
def made():
    """Makes a dataset to order."""
    return Made


@pytest.fixture(scope="session")
def ledger():
    return read_ledger(LEDGER, frozenset(TESTS))


@pytest.fixture(scope="session")
def claim_of(ledger):
    """A claim of the ledger by its id."""
    return {claim.id: claim for claim in ledger.claims}.__getitem__


@pytest.fixture(scope="session")
def ask(claim_of):
    """The answer of a claim's own test to a dataset."""

    def answer(claim_id, data, **settings):
        claim = claim_of(claim_id)
        claim = claim.model_copy(update={"settings": {**claim.settings, **settings}})
        return TESTS[claim.test](data, claim)

    return answer


@pytest.fixture(scope="session")
def rich():
    """A coaching programme in which every claim can be tested: some engagements belong to other
    settings, and schedules differ."""
    programme = enlarge(PROGRAMMES["executive_coaching"], 2_000)
    dataset = Dataset(MAPPINGS / "executive_coaching.yaml")
    plan = thin(read_plan())
    data = draw_claim_data(programme, dataset, plan, np.random.default_rng(5))
    engagements = data.engagements.copy()
    rng = np.random.default_rng(6)
    others = ["executive_coaching", "management_consulting", "psychotherapy"]
    engagements["setting"] = rng.choice(others, len(engagements), p=(0.6, 0.25, 0.15))
    engagements["planned_checkins"] = rng.integers(4, 9, len(engagements)).astype(float)
    # What mediates must come after the window of ratings, and before what it leads to.
    risk = data.outcomes["outcome"] == "perceived_risk"
    outcomes = data.outcomes.assign(week=data.outcomes["week"] + 6.0 * risk)
    return replace(data, engagements=engagements, outcomes=outcomes)
