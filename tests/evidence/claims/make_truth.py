"""Write ``truth.json``: what is true of each claim in simulated programmes.

    python tests/evidence/claims/make_truth.py

The truth of a claim is what its test estimates on one very large draw of the programme, with the
draw's own standard error. That of early warning is the mean over many draws of the programme's own
size: how well a model does on advisors it has not seen depends on how many engagements taught it.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from analysis.contract.claims import Claim, read_ledger
from analysis.contract.layout import LEDGER, MAPPINGS, Dataset, read_plan
from analysis.evidence.claims.estimands import TESTS
from analysis.evidence.claims.needs import list_missing
from analysis.evidence.claims.rehearsal import draw_claim_data, enlarge, thin
from analysis.simulate.programmes import PROGRAMMES

NAMES = ("executive_coaching", "management_consulting")
SEED, ENGAGEMENTS, DRAWS = 20_264, 40_000, 100
BY_AVERAGE = "early_warning"


def truth_of(name: str, claims: tuple[Claim, ...]) -> dict[str, dict[str, float | bool]]:
    """Estimate, error and ``holds`` of every claim that the programme lets be tested."""
    programme, plan = PROGRAMMES[name], thin(read_plan())
    dataset = Dataset(MAPPINGS / f"{name}.yaml")
    large = draw_claim_data(
        enlarge(programme, ENGAGEMENTS),
        dataset,
        plan,
        np.random.default_rng([SEED, 0]),
        warns=False,
    )
    found = {}
    for claim in claims:
        if claim.across or claim.test == BY_AVERAGE or list_missing(claim, large):
            continue
        answer = TESTS[claim.test](large, claim)
        if not answer.refusal:
            found[claim.id] = _numbers(answer.estimate, answer.std_error, answer.holds)
    drawn: dict[str, list[float]] = {claim.id: [] for claim in claims if claim.test == BY_AVERAGE}
    for draw in range(DRAWS):
        rng = np.random.default_rng([SEED, 1 + draw])
        data = draw_claim_data(programme, dataset, plan, rng)
        for claim in claims:
            if claim.id in drawn:
                drawn[claim.id].append(TESTS[claim.test](data, claim).estimate)
    for claim_id, values in drawn.items():
        known = np.array(values)[np.isfinite(values)]
        error = known.std(ddof=1) / np.sqrt(len(known))
        found[claim_id] = _numbers(known.mean(), error, True)
    return found


def _numbers(estimate: float, error: float, holds: bool) -> dict[str, float | bool]:
    return {"estimate": round(float(estimate), 6), "error": round(float(error), 6), "holds": holds}


def main() -> None:
    """Both programmes, beside this file."""
    claims = read_ledger(LEDGER).claims
    truth = {
        "command": "python tests/evidence/claims/make_truth.py",
        "seed": SEED,
        "engagements": ENGAGEMENTS,
        "draws_averaged": DRAWS,
        "programmes": {name: truth_of(name, claims) for name in NAMES},
    }
    path = Path(__file__).with_name("truth.json")
    path.write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
