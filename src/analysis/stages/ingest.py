"""Raw tables to the four clean tables and the flow of rows."""

from __future__ import annotations

from pathlib import Path

from analysis.contract.files import write_csv
from analysis.contract.layout import Dataset
from analysis.contract.secret import read_key
from analysis.contract.tables import write_table
from analysis.ingest.dataset import ingest_dataset
from analysis.ingest.pseudonyms import hide_identifiers


def ingest(mapping: Path, output: Path) -> None:
    """Write ``engagements, checkins, outcomes, events`` (Parquet) and ``flow.csv`` to a folder."""
    dataset = Dataset(mapping)
    settings, key = dataset.mapping, read_key(dataset.mapping.provenance)
    tables, flow = ingest_dataset(settings, dataset.folder, dataset.instruments)
    tables = hide_identifiers(tables, settings.name, key)
    for name, table in tables.items():
        write_table(name, table, output / f"{name}.parquet")
    write_csv(flow, output / "flow.csv")
