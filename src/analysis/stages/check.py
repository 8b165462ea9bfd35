"""A dataset looked over before anything runs: its faults, its rows, what it can answer."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from analysis.contract.instruments import read_instrument
from analysis.contract.layout import PLAN, Dataset, read_plan
from analysis.evidence.testable import list_testable
from analysis.ingest.dataset import ingest_dataset
from analysis.ingest.flow import KEPT, MADE, READ
from analysis.measure.scoring import score_alliance
from analysis.measure.window import assemble_frame
from analysis.stages.prepare import comparison_inputs
from analysis.stages.run import refuse_taken_name


def check(mapping: Path) -> None:
    """Print the account of rows, cautions, and which questions are testable. Writes nothing."""
    dataset, plan = Dataset(mapping), read_plan(PLAN)
    refuse_taken_name(dataset)
    tables, flow = ingest_dataset(dataset.mapping, dataset.folder, dataset.instruments)
    alliance = score_alliance(tables["checkins"], dataset.scored, plan.scoring.minimum_answered)
    frame = assemble_frame(tables["engagements"], alliance, plan.comparison.window)
    testable = list_testable(
        *comparison_inputs(
            dataset, plan.comparison, frame, alliance, tables["checkins"], tables["outcomes"]
        )
    )
    print(f"{mapping}: {dataset.mapping.title}\n")
    print("Rows\n" + _rows_in_words(flow))
    if cautions := _cautions(dataset, tables, frame):
        print("\nCautions\n" + "\n".join(f"  - {caution}" for caution in cautions))
    print("\nWhat these data can answer")
    for row in testable.itertuples():
        print(f"  {'yes' if row.testable else 'no ':3}  {row.question}: {row.reason}")


def check_instrument(key: Path) -> None:
    """Print what an instrument's key says. Raises UserFault listing all that is wrong with it."""
    instrument = read_instrument(key)
    low, high = instrument.responses.minimum, instrument.responses.maximum
    print(f"{key}: {instrument.title}")
    print(f"  answers {low:g} to {high:g}, for {' and '.join(instrument.raters)}")
    for name, items in instrument.subscales.items():
        told = ", ".join(
            f"{item}{' (reversed)' if item in instrument.reversed else ''}" for item in items
        )
        print(f"  {name}: {told or 'a score that arrives ready made'}")
    for form, pairs in instrument.twins.items():
        told = ", ".join(f"{own} as {other}" for own, other in pairs.items())
        print(f"  asks the same as {form}: {told}")
    print(f"  status: {instrument.status.replace('_', ' ')}; source: {instrument.source}")


def _rows_in_words(flow: pd.DataFrame) -> str:
    lines = []
    for (table, source), part in flow.groupby(["table", "source"], sort=False):
        told = {step: part.loc[part["step"] == step, "rows"].sum() for step in (READ, KEPT, MADE)}
        if told[READ]:
            lines.append(
                f"  {table} from {source}: {told[READ]} read, {told[KEPT]} kept, "
                f"{told[MADE]} rows made"
            )
        for row in part[~part["step"].isin([READ, KEPT, MADE]) & (part["rows"] > 0)].itertuples():
            lines.append(f"    {row.rows} {row.step}: {row.reason}")
    return "\n".join(lines)


def _cautions(dataset: Dataset, tables: dict[str, pd.DataFrame], frame: pd.DataFrame) -> list[str]:
    """What does not stop the run and should be known."""
    cautions = [
        f"the key of {key.title} ({rater}) is {key.status.replace('_', ' ')}"
        for rater, key in dataset.instruments.items()
        if key.status != "verified"
    ]
    cautions += dataset.forms.left_out
    if len({key.name for key in dataset.instruments.values()}) > 1 and dataset.forms.reason:
        cautions.append(f"{dataset.forms.reason}: each score rests on its rater's own form")
    if not dataset.forms.same_range:
        cautions.append("the two forms' ranges differ: levels cannot be compared")
    for rater in ("advisee", "advisor"):
        column = f"{rater}_total"
        if column not in frame or frame[column].notna().sum() == 0:
            cautions.append(f"no usable rating by the {rater} within the window")
        elif frame[column].nunique() == 1:
            cautions.append(f"the {rater}'s rating never varies: it can go with nothing")
    rated = set(tables["checkins"]["engagement_id"])
    silent = (~tables["engagements"]["engagement_id"].isin(rated)).sum()
    if silent:
        cautions.append(f"{silent} engagements have no check-in at all")
    return cautions
