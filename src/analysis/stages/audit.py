"""Released tables to the programme audit, the tables for a manuscript, and the codebook."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from analysis.contract.benchmarks import read_benchmarks
from analysis.contract.claims import read_ledger
from analysis.contract.files import replacing, write_csv, write_text
from analysis.contract.layout import BENCHMARKS, LEDGER, Dataset, read_plan
from analysis.contract.plan import Plan
from analysis.contract.products import AUDITED
from analysis.contract.tables import read_made
from analysis.present.apa_html import render_tables
from analysis.present.apa_tables import Manuscript, tabulate
from analysis.present.apa_word import write_word
from analysis.present.audit import Audited, render_audit
from analysis.present.codebook import describe_codebook, render_codebook
from analysis.present.notes import note_keys, note_origin


def audit(plan: Path, results: Path, mappings: list[Path]) -> None:
    """Write ``audit.html``, ``codebook`` (CSV and HTML) and ``manuscript/<dataset>`` (HTML, Word).

    Only released tables, the mappings and the plan are read.
    """
    choices = read_plan(plan)
    found = [Dataset(path) for path in mappings]
    tables = {name: read_made(results / f"tables/{name}.csv") for name in AUDITED}
    write_text(
        render_audit([_audited(dataset, tables, choices) for dataset in found]),
        results / "audit.html",
    )
    codebook = pd.concat(
        [
            describe_codebook(dataset.mapping, dataset.instruments, dataset.forms, choices)
            for dataset in found
        ],
        ignore_index=True,
    )
    write_csv(codebook, results / "codebook.csv")
    titles = {dataset.mapping.name: dataset.mapping.title for dataset in found}
    write_text(render_codebook(codebook, titles), results / "codebook.html")
    for dataset in found:
        _write_manuscript(dataset, tables, choices, results)


def _own(dataset: Dataset, table: pd.DataFrame) -> pd.DataFrame:
    return table[table["dataset"] == dataset.mapping.name]


def _cautions(dataset: Dataset) -> list[str]:
    return [*note_origin(dataset.mapping.provenance), *note_keys(dataset.instruments)]


def _audited(dataset: Dataset, tables: dict[str, pd.DataFrame], choices: Plan) -> Audited:
    settings = dataset.mapping
    return Audited(
        settings.name,
        settings.title,
        *(_own(dataset, tables[name]) for name in ("measurement", "process", "warning")),
        instruments=dataset.scored,
        benchmarks=read_benchmarks(BENCHMARKS),
        clusters=settings.clusters,
        confidence=choices.comparison.confidence,
        horizon=choices.warning.horizon,
        notes=_cautions(dataset),
    )


def _write_manuscript(
    dataset: Dataset, tables: dict[str, pd.DataFrame], choices: Plan, results: Path
) -> None:
    settings = dataset.mapping
    made = tabulate(
        Manuscript(
            settings.title,
            *(_own(dataset, tables[name]) for name in ("comparison", "measurement")),
            *(_own(dataset, tables[name]) for name in ("process", "claims")),
            ledger=read_ledger(LEDGER).claims,
            outcome_titles=settings.outcome_titles,
            clusters=settings.clusters,
            confidence=choices.comparison.confidence,
            sesoi=choices.comparison.sesoi,
            notes=_cautions(dataset),
        )
    )
    write_text(render_tables(made, settings.title), results / f"manuscript/{settings.name}.html")
    with replacing(results / f"manuscript/{settings.name}.docx") as temporary:
        temporary.write_bytes(write_word(made, settings.title, author=""))
