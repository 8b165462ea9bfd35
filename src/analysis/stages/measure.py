"""Clean check-ins to how well the alliance was measured."""

from __future__ import annotations

from pathlib import Path

from analysis.contract.estimates import in_order
from analysis.contract.files import write_csv
from analysis.contract.layout import Dataset, read_plan
from analysis.contract.tables import read_table
from analysis.evidence.dimensions import describe_dimensions
from analysis.evidence.measurement import describe_measurement


def measure(mapping: Path, plan: Path, folder: Path) -> None:
    """Write ``measurement.csv`` beside a dataset's clean tables."""
    dataset = Dataset(mapping)
    engagements = read_table("engagements", folder / "engagements.parquet")
    checkins = read_table("checkins", folder / "checkins.parquet")
    reliability = describe_measurement(
        checkins,
        engagements.set_index("engagement_id")[dataset.mapping.cluster],
        dataset.instruments,
        read_plan(plan).comparison.confidence,
    )
    dimensions = describe_dimensions(checkins, dataset.instruments)
    measurement = in_order([reliability, dimensions])
    measurement.insert(0, "dataset", dataset.mapping.name)
    write_csv(measurement, folder / "measurement.csv")
