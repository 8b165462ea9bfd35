"""Raw tables to the four clean tables, the flow of rows and the account of privacy."""

from __future__ import annotations

from pathlib import Path

from analysis.contract.files import write_csv
from analysis.contract.layout import Dataset
from analysis.contract.memory import give_back_what_is_freed
from analysis.contract.secret import read_key
from analysis.contract.tables import write_table
from analysis.ingest.account import Left, account_for_privacy
from analysis.ingest.dataset import ingest_dataset
from analysis.ingest.pseudonyms import hide_identifiers


def ingest(mapping: Path, output: Path) -> None:
    """Write the clean tables (Parquet), ``flow.csv`` and ``privacy.csv`` to a folder."""
    give_back_what_is_freed()
    dataset = Dataset(mapping)
    settings, key = dataset.mapping, read_key(dataset.mapping.provenance)
    left: list[Left] = []
    tables, flow = ingest_dataset(settings, dataset.folder, dataset.instruments, left)
    tables = hide_identifiers(tables, settings.name, key)
    for name, table in tables.items():
        write_table(name, table, output / f"{name}.parquet")
    write_csv(flow, output / "flow.csv")
    write_csv(account_for_privacy(settings, tables, left, key), output / "privacy.csv")
