"""All datasets' estimates and rows in one table each, and the headline numbers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from analysis.contract.disclosure import together, write_released
from analysis.contract.estimates import in_order
from analysis.contract.files import write_json
from analysis.contract.layout import Dataset, read_plan
from analysis.contract.mapping import Mapping
from analysis.evidence.multiverse.multiverse import CHOICE_COLUMNS
from analysis.evidence.sentence import Headline, headline_sentence, read_headline
from analysis.stages.released import Released

#: Finer than anybody reads, coarser than the last bits in which processors differ.
DECIMALS = 9

METRICS = "metrics.json"

#: Tables of estimates, and the columns that each has beside the vocabulary's.
TABLES = {
    "comparison": (),
    "measurement": (),
    "process": (),
    "warning": (),
    "multiverse": CHOICE_COLUMNS,
}

#: Tables of what became of rows and of personal data.
ACCOUNTS = ("flow", "privacy")


def gather(plan: Path, results: Path, mappings: list[Path]) -> None:
    """Write ``metrics.json`` and, in ``tables``, all datasets' tables below one another.

    All of it is made from rows that may leave the interim folder.
    """
    choices = read_plan(plan)
    found = [Released(Dataset(path), choices, results) for path in mappings]
    made = {name: [one.table(name) for one in found] for name in (*TABLES, *ACCOUNTS)}
    for name, further in TABLES.items():
        write_released(in_order(made[name], further), results / f"tables/{name}.csv")
    for name in ACCOUNTS:
        write_released(together(made[name]), results / f"tables/{name}.csv")
    headlines = zip((one.dataset.mapping for one in found), made["comparison"], strict=True)
    write_json({one.name: _metrics(one, table) for one, table in headlines}, results / METRICS)


def _metrics(mapping: Mapping, comparison: pd.DataFrame) -> dict[str, object]:
    """A dataset's headline: its sentence, verdict and numbers."""
    headline = read_headline(comparison)
    title = mapping.outcome_titles.get(headline.outcome, headline.outcome)
    headline = replace(headline, outcome=title)
    sentence = headline_sentence(headline, mapping.title, clusters=mapping.clusters)
    return {"sentence": sentence, **_numbers(headline)}


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
