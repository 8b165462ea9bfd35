"""All datasets' lines of evidence to what they say together."""

from __future__ import annotations

from pathlib import Path

from analysis.contract.estimates import in_order
from analysis.contract.files import write_csv
from analysis.contract.layout import Dataset, read_plan
from analysis.contract.tables import read_made, read_table
from analysis.evidence.synthesis import synthesise as put_together


def synthesise(plan: Path, results: Path, mappings: list[Path]) -> None:
    """Write ``tables/synthesis.csv``."""
    names = [Dataset(path).mapping.name for path in mappings]
    folders = {name: results / "interim" / name for name in names}
    comparison = in_order(read_made(folder / "comparison.csv") for folder in folders.values())
    settings = {name: setting_of(folder) for name, folder in folders.items()}
    synthesis = put_together(comparison, settings, read_plan(plan).comparison)
    write_csv(synthesis, results / "tables/synthesis.csv")


def setting_of(folder: Path) -> str:
    """The setting of a dataset's engagements; all of them where it has several."""
    found = read_table("engagements", folder / "engagements.parquet")["setting"]
    return " and ".join(sorted(set(found.astype(str))))
