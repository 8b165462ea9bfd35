"""A dataset looked over before anything runs: its faults, its rows, what it can answer."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from analysis.contract.claims import read_ledger
from analysis.contract.faults import Gathered
from analysis.contract.instruments import read_instrument
from analysis.contract.layout import LEDGER, PLAN, Dataset, read_plan
from analysis.contract.secret import read_key
from analysis.evidence.cautions import list_cautions
from analysis.evidence.claims.data import ClaimData
from analysis.evidence.claims.needs import list_answerable
from analysis.evidence.course.held import keep_held
from analysis.evidence.testable import list_testable
from analysis.ingest.dataset import ingest_dataset
from analysis.measure.scoring import score_alliance
from analysis.measure.window import assemble_frame
from analysis.present.looked_over import answerable_in_words, flow_in_words, instrument_in_words
from analysis.stages.prepare import comparison_inputs
from analysis.stages.run import refuse_taken_name


def check(mapping: Path) -> None:
    """Print the account of rows, cautions, and which questions are testable. Writes nothing.

    Raises UserFault naming everything that is still wrong with the mapping, its keys and files.
    """
    dataset, plan = Dataset(mapping), read_plan(PLAN)
    tables, flow = _read(dataset)
    settings = dataset.mapping
    alliance = score_alliance(tables["checkins"], dataset.scored, plan.scoring.minimum_answered)
    frame = assemble_frame(tables["engagements"], alliance, plan.comparison.window)
    testable = list_testable(
        *comparison_inputs(
            dataset, plan.comparison, frame, alliance, tables["checkins"], tables["outcomes"]
        )
    )
    data = ClaimData(
        name=settings.name,
        frame=frame,
        alliance=keep_held(alliance, tables["engagements"]),
        instruments=dataset.scored,
        declared=settings.outcomes,
        primary=settings.primary,
        cluster=settings.cluster,
        plan=plan,
        **tables,
    )
    claims = list_answerable(read_ledger(LEDGER), data)
    cautions = list_cautions(
        dataset.instruments, dataset.forms, tables["engagements"], tables["checkins"], frame
    )
    print(f"{mapping}: {settings.title}\n")
    print("Rows\n" + flow_in_words(flow))
    if cautions:
        print("\nCautions\n" + "\n".join(f"  - {caution}" for caution in cautions))
    print("\nWhat these data can answer\n" + answerable_in_words(testable))
    print(f"\nClaims with all that they need: {claims['testable'].sum()} of {len(claims)}")
    print(answerable_in_words(claims))


def _read(dataset: Dataset) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """The clean tables and the flow of rows, or all that is wrong as far as it can be seen."""
    _ = dataset.mapping
    faults, made = Gathered(), ({}, pd.DataFrame())
    with faults:
        refuse_taken_name(dataset)
    with faults:
        read_key(dataset.mapping.provenance)
    with faults:
        _ = dataset.forms
        made = ingest_dataset(dataset.mapping, dataset.folder, dataset.instruments)
    faults.tell()
    return made


def check_instrument(key: Path) -> None:
    """Print what an instrument's key says. Raises UserFault listing all that is wrong with it."""
    instrument = read_instrument(key)
    print(f"{key}: {instrument.title}")
    print(instrument_in_words(instrument))
