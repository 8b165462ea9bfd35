"""All datasets' estimates and rows in one table each, and the headline numbers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from analysis.contract.estimates import in_order
from analysis.contract.files import write_csv, write_json
from analysis.contract.layout import Dataset
from analysis.evidence.multiverse import CHOICE_COLUMNS
from analysis.evidence.sentence import Headline, headline_sentence, read_headline

#: Finer than anybody reads, coarser than the last bits in which processors differ.
DECIMALS = 9


def gather(results: Path, mappings: list[Path]) -> None:
    """Write ``metrics.json`` and, in ``tables``, all datasets' tables below one another.

    These are ``comparison``, ``measurement``, ``multiverse``, ``process``, ``warning`` and
    ``flow``.
    """
    comparisons, measurements, multiverses, flows, metrics = [], [], [], [], {}
    processes, warnings = [], []
    for mapping in (Dataset(path).mapping for path in mappings):
        interim = results / "interim" / mapping.name
        comparison = pd.read_csv(interim / "comparison.csv")
        comparisons.append(comparison)
        measurements.append(pd.read_csv(interim / "measurement.csv"))
        multiverses.append(pd.read_csv(interim / "multiverse.csv", dtype={"window": str}))
        processes.append(pd.read_csv(interim / "process.csv"))
        warnings.append(pd.read_csv(interim / "warning.csv"))
        flows.append(pd.read_csv(interim / "flow.csv"))
        headline = read_headline(comparison)
        declared = mapping.outcomes.get(headline.outcome)
        if declared is not None and declared.title:
            headline = replace(headline, outcome=declared.title)
        sentence = headline_sentence(headline, mapping.title, clusters=mapping.clusters)
        metrics[mapping.name] = {"sentence": sentence, **_numbers(headline)}
    write_csv(in_order(comparisons), results / "tables/comparison.csv")
    write_csv(in_order(measurements), results / "tables/measurement.csv")
    write_csv(in_order(multiverses, CHOICE_COLUMNS), results / "tables/multiverse.csv")
    write_csv(in_order(processes), results / "tables/process.csv")
    write_csv(in_order(warnings), results / "tables/warning.csv")
    write_csv(pd.concat(flows, ignore_index=True), results / "tables/flow.csv")
    write_json(metrics, results / "metrics.json")


def _numbers(headline: Headline) -> dict[str, object]:
    """The headline's numbers, those that there are."""
    numbers = {
        "difference": headline.difference,
        "conf_low": headline.conf_low,
        "conf_high": headline.conf_high,
        "r_advisee": headline.r_advisee,
        "r_advisor": headline.r_advisor,
        "n_engagements": headline.n_engagements,
        "n_advisors": headline.n_advisors,
    }
    known = {
        name: round(float(value), DECIMALS) for name, value in numbers.items() if value == value
    }
    return {"verdict": headline.verdict, **known}
