"""Simulated programmes end with the verdicts on claims that their truth implies, seed by seed.

A claim is true in a programme when its effect there reaches the claim's smallest effect of interest
(in either direction), else null; one whose truth lies within two Monte Carlo errors of that border
is left out. ``truth.json`` is made by ``make_truth.py``.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.contract.layout import MAPPINGS, Dataset, read_plan
from analysis.evidence.claims.estimands import TESTS
from analysis.evidence.claims.ledger import answer_claims
from analysis.evidence.claims.rehearsal import draw_claim_data, thin
from analysis.simulate.programmes import PROGRAMMES

TRUTH = json.loads(Path(__file__).with_name("truth.json").read_text(encoding="utf-8"))
WINNERS = ("supported", "opposed")


def verdicts(name, ledger, seeds):
    """Claim, verdict and estimate of every draw of a programme."""
    dataset, plan = Dataset(MAPPINGS / f"{name}.yaml"), thin(read_plan())
    found = []
    for seed in range(seeds):
        data = draw_claim_data(PROGRAMMES[name], dataset, plan, np.random.default_rng([seed, 79]))
        table = answer_claims(ledger, data, TESTS)
        found.append(table[["claim", "verdict", "estimate"]].assign(programme=name, seed=seed))
    return pd.concat(found)


def judged(rows, ledger):
    """Verdicts beside the truth: ``null``, ``wrong`` direction and ``false`` winner."""
    smallest = {claim.id: claim.smallest for claim in ledger.claims}
    either = {claim.id for claim in ledger.claims if claim.settings.get("either_sign")}
    known = []
    for name, claims in TRUTH["programmes"].items():
        for claim_id, truth in claims.items():
            size, bound = abs(truth["estimate"]), smallest[claim_id]
            known.append(
                {
                    "programme": name,
                    "claim": claim_id,
                    "truth": truth["estimate"],
                    "holds": truth["holds"],
                    "near": abs(size - bound) < 2 * truth["error"],
                    "null": size < bound,
                }
            )
    table = rows[rows["verdict"] != "not_testable"].merge(pd.DataFrame(known))
    side = table["verdict"].map({"supported": 1, "opposed": -1}).fillna(0)
    turned = table["claim"].isin(either) & (side != 0)
    side = side.where(~turned, np.sign(table["estimate"]))
    table["wrong"] = ~table["null"] & (side == -np.sign(table["truth"]))
    table["wrong"] |= ~table["null"] & ~table["holds"] & (side > 0)
    table["false"] = table["null"] & (side != 0)
    return table[~table["near"]], table[table["near"]]


def test_the_truth_is_that_of_the_claims_as_they_are_tested(ledger):
    for name, claims in TRUTH["programmes"].items():
        known = {claim.id for claim in ledger.claims if not claim.across}
        assert set(claims) <= known, f"{name}: run make_truth.py again"
        assert all(truth["error"] > 0 for truth in claims.values())


@pytest.mark.parametrize("name", TRUTH["programmes"])
def test_two_seeds_end_in_no_wrong_direction(name, ledger):
    table, _ = judged(verdicts(name, ledger, 2), ledger)
    assert len(table) > 20
    assert not table["wrong"].any(), table[table["wrong"]]
    assert table["false"].sum() <= 3, table[table["false"]]


@pytest.mark.slow
def test_a_hundred_seeds_end_as_the_truth_implies(ledger):
    rows = pd.concat(verdicts(name, ledger, 100) for name in TRUTH["programmes"])
    table, near = judged(rows, ledger)
    left_out = near[["programme", "claim"]].drop_duplicates()
    assert len(left_out) <= 8, left_out
    true, null = table[~table["null"]], table[table["null"]]
    assert len(true) > 1500
    assert len(null) > 1500
    assert true["wrong"].mean() <= 0.01, true[true["wrong"]]["claim"].value_counts()
    assert null["false"].mean() <= 0.06, null[null["false"]]["claim"].value_counts()
    # Most truths are large enough to be seen in a programme of this size.
    settled = true["verdict"].isin(WINNERS).groupby(true["claim"]).mean()
    assert (settled > 0.8).sum() >= 10, settled
