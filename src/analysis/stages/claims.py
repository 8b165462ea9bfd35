"""A dataset's tables and estimates to a verdict on every claim, and all datasets' together."""

from __future__ import annotations

from pathlib import Path

from analysis.contract.claims import read_ledger
from analysis.contract.disclosure import release, write_released
from analysis.contract.estimates import in_order
from analysis.contract.files import write_csv
from analysis.contract.layout import Dataset, read_plan
from analysis.contract.tables import read_made, read_table
from analysis.evidence.claims.across import answer_across
from analysis.evidence.claims.data import ClaimData
from analysis.evidence.claims.estimands import TESTS
from analysis.evidence.claims.ledger import answer_claims
from analysis.evidence.course.held import keep_held
from analysis.stages.released import Released
from analysis.stages.synthesise import setting_of

ESTIMATES = ("comparison", "measurement", "process", "warning")


def answer(mapping: Path, plan: Path, ledger: Path, folder: Path) -> None:
    """Write ``claims.csv`` beside a dataset's estimates."""
    claims = read_ledger(ledger, frozenset(TESTS))
    table = answer_claims(claims, claim_data(Dataset(mapping), plan, folder), TESTS)
    write_csv(table, folder / "claims.csv")


def gather(plan: Path, ledger: Path, results: Path, mappings: list[Path]) -> None:
    """Write ``tables/claims.csv``: all datasets' claims, then those decided across them."""
    claims, choices = read_ledger(ledger, frozenset(TESTS)), read_plan(plan)
    found = [Released(Dataset(path), choices, results) for path in mappings]
    settings = {one.dataset.mapping.name: setting_of(one.folder) for one in found}
    synthesis = read_made(results / "tables/synthesis.csv")
    across = release(answer_across(claims, synthesis, settings), "claims", choices.disclosure)
    tables = in_order([*(one.table("claims") for one in found), across])
    write_released(tables, results / "tables/claims.csv")


def claim_data(dataset: Dataset, plan: Path, folder: Path) -> ClaimData:
    """All that the tests of claims read of one dataset."""
    settings = dataset.mapping
    tables = {
        name: read_table(name, folder / f"{name}.parquet")
        for name in ("engagements", "checkins", "outcomes", "events")
    }
    estimates = {
        name: read_made(folder / f"{name}.csv")
        for name in ESTIMATES
        if (folder / f"{name}.csv").exists()
    }
    scores = read_made(folder / "alliance.parquet")
    return ClaimData(
        name=settings.name,
        frame=read_made(folder / "frame.parquet"),
        alliance=keep_held(scores, tables["engagements"]),
        instruments=dataset.scored,
        declared=settings.outcomes,
        primary=settings.primary,
        cluster=settings.cluster,
        plan=read_plan(plan),
        **tables,
        **estimates,
    )
