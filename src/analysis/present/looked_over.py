"""What a look at a dataset found, as lines to print."""

from __future__ import annotations

import pandas as pd

from analysis.contract.instruments import Instrument
from analysis.ingest.flow import KEPT, MADE, READ


def flow_in_words(flow: pd.DataFrame) -> str:
    """The account of rows: read, kept and made, then what was set aside or mended and why."""
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


def answerable_in_words(rows: pd.DataFrame) -> str:
    """Questions (``question, testable, reason``), one a line, yes or no first."""
    return "\n".join(
        f"  {'yes' if row.testable else 'no ':3}  {row.question}: {row.reason}"
        for row in rows.itertuples()
    )


def instrument_in_words(instrument: Instrument) -> str:
    """What an instrument's key says."""
    low, high = instrument.responses.minimum, instrument.responses.maximum
    lines = [f"  answers {low:g} to {high:g}, for {' and '.join(instrument.raters)}"]
    for name, items in instrument.subscales.items():
        told = ", ".join(
            f"{item}{' (reversed)' if item in instrument.reversed else ''}" for item in items
        )
        lines.append(f"  {name}: {told or 'a score that arrives ready made'}")
    for form, pairs in instrument.twins.items():
        told = ", ".join(f"{own} as {other}" for own, other in pairs.items())
        lines.append(f"  asks the same as {form}: {told}")
    lines.append(f"  status: {instrument.status.replace('_', ' ')}; source: {instrument.source}")
    return "\n".join(lines)
