"""All datasets' lines of evidence to what they say together."""

from __future__ import annotations

from pathlib import Path

from analysis.contract.disclosure import release, write_released
from analysis.contract.estimates import in_order
from analysis.contract.layout import Dataset, read_plan
from analysis.contract.tables import read_table
from analysis.evidence.synthesis import synthesise as put_together
from analysis.stages.released import Released


def synthesise(plan: Path, results: Path, mappings: list[Path]) -> None:
    """Write ``tables/synthesis.csv``."""
    choices = read_plan(plan)
    found = [Released(Dataset(path), choices, results) for path in mappings]
    settings = {one.dataset.mapping.name: setting_of(one.folder) for one in found}
    comparison = in_order(one.table("comparison") for one in found)
    synthesis = put_together(comparison, settings, choices.comparison)
    released = release(synthesis, "synthesis", choices.disclosure)
    write_released(released, results / "tables/synthesis.csv")


def setting_of(folder: Path) -> str:
    """The setting of a dataset's engagements; all of them where it has several."""
    found = read_table("engagements", folder / "engagements.parquet")["setting"]
    return " and ".join(sorted(set(found.astype(str))))
