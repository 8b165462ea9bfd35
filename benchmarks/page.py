"""The page on speed and scale, and its figure, from the recorded runs.

    python benchmarks/page.py

``docs/speed.csv`` is recorded by `make bench`, ``docs/scale.csv`` by `make scale`; both then call
this.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from works import WORKS

from analysis.contract.files import write_text
from analysis.present.drawing import as_svg
from analysis.present.style import ADVISEE, ADVISOR, FAINT, RULE, house_style

DOCS = Path(__file__).resolve().parents[1] / "docs"
SPEED, READING, SCALE = (DOCS / f"{name}.csv" for name in ("speed", "reading", "scale"))
PAGE, FIGURE = DOCS / "speed-and-scale.md", DOCS / "scale.svg"
TO_VERDICT = ("ingest", "score", "compare")
ALLOWED_GROWTH = 1.1


def write_page() -> None:
    """Write the page, and its figure if a growth was recorded."""
    speed = pd.read_csv(SPEED) if SPEED.exists() else None
    scale = pd.read_csv(SCALE) if SCALE.exists() else None
    if scale is not None:
        write_text(as_svg(draw_growth(scale)), FIGURE)
    reading = pd.read_csv(READING) if READING.exists() else None
    write_text(page_of(speed, reading, scale), PAGE)


def page_of(
    speed: pd.DataFrame | None, reading: pd.DataFrame | None, scale: pd.DataFrame | None
) -> str:
    """The page as Markdown."""
    parts = [
        "# Speed and scale\n\n"
        "Written by `make bench` and `make scale` from what they record in `docs/speed.csv`, "
        "`docs/reading.csv` and `docs/scale.csv`. Two cores, Python 3.11, R 4.2 as Debian has it.\n"
    ]
    parts += [_beside_r(speed)] if speed is not None else []
    parts += [_beside_reading(reading)] if reading is not None else []
    parts += [_growth(scale)] if scale is not None else []
    return "\n".join(parts)


def _beside_r(speed: pd.DataFrame) -> str:
    """The table of works beside R."""
    lines = [
        "## Beside R\n",
        "The same work on the same data, ours and R's in turn, each run a process of its own with "
        "BLAS held to one thread. Seconds of processor time of the work alone, after one warm-up "
        "on little data: neither the start of Python or R nor reading is in them. A ratio is "
        "formed pair by pair, and only once both give the same answers. `make bench` takes about "
        "ten minutes.\n",
        "| work | beside | ours, s | theirs, s | times faster | goal | |",
        "| --- | --- | ---: | ---: | ---: | ---: | --- |",
    ]
    short = []
    for name, own in speed.groupby("work", sort=False):
        work = WORKS[name]
        ratios = own["theirs"] / own["ours"]
        met = "met" if ratios.median() >= work.faster else "**not met**"
        numbers = " | ".join(_spread(values) for values in (own["ours"], own["theirs"], ratios))
        lines.append(f"| {work.title} | {work.theirs} | {numbers} | {work.faster:g} | {met} |")
        if ratios.median() < work.faster:
            short.append(f"\nThe {work.title.split(',')[0]} misses its goal: {work.short}.\n")
    part = ", ".join(f"{work.title.split(',')[0]}" for work in WORKS.values() if work.times != 1)
    lines.append(
        f"\nMedian (lowest to highest). Of the {part} R does every tenth specification, on rows "
        "made ready for it, and its seconds are multiplied by ten; ours makes every one of them "
        "from the answers, tests them jointly and shares the variance out.\n"
    )
    return "\n".join([*lines, *short])


def _beside_reading(reading: pd.DataFrame) -> str:
    """What scoring adds to reading, in time and memory."""
    time = reading["score_seconds"] / reading["read_seconds"]
    own = reading["score_user"] / reading["read_user"]
    memory = reading["score_gb"] / reading["table_gb"]
    ratios = {"time": time, "memory": memory}
    missed = [f"; that of {what} does not" for what, one in ratios.items() if one.median() > 3]
    told = "".join(missed)
    return (
        "## Beside reading alone\n\n"
        f"A clean table of {reading['rows'].iloc[0]:,} answer sheets with twelve items "
        f"({reading['table_gb'].median():.1f} GB in memory), read from Parquet, held to the data "
        "dictionary and scored, beside `pandas.read_parquet` of the same file: "
        f"{_spread(time)} times its processor time, with {_spread(memory)} times the table's "
        "memory at the peak, Python and its libraries included. The medians of both are to stay "
        f"within 3{told}. The kernel's part of the time differs from run to run, "
        f"{_spread(reading['read_system'])} s of reading and {_spread(reading['score_system'])} s "
        f"of both; without it the ratio is {_spread(own)}.\n"
    )


def _spread(values: pd.Series) -> str:
    low, middle, high = (f"{one:.3g}" for one in (values.min(), values.median(), values.max()))
    return f"{middle} ({low} to {high})"


def _growth(scale: pd.DataFrame) -> str:
    """The table of sizes and steps, and how fast the cost grows."""
    own = scale[scale["step"].isin(TO_VERDICT)]
    total = own.groupby("engagements").agg(
        seconds=("seconds", "sum"), processor=("processor", "sum"), peak_gb=("peak_gb", "max")
    )
    lines = [
        "## From raw Parquet to the verdict\n",
        "Eight check-ins of two raters with twelve items, 20 engagements an advisor, the plan as "
        "it stands: `alliance ingest`, `score` and `compare`, one after another on one core. `make "
        "scale` makes the data, times the steps and takes the files away again.\n",
        f"![{describe_growth(scale)}]({FIGURE.name})\n",
        "| engagements | answer sheets | ingest, s | score, s | compare, s | in all, s | "
        "processor, s | peak memory, GB |",
        "| ---: " * 8 + "|",
    ]
    steps = own.pivot(index="engagements", columns="step", values="seconds")
    for size, row in total.iterrows():
        each = " | ".join(f"{steps.loc[size, step]:.1f}" for step in TO_VERDICT)
        lines.append(
            f"| {size:,} | {16 * size:,} | {each} | {row.seconds:.1f} | {row.processor:.1f} | "
            f"{row.peak_gb:.2f} |"
        )
    lines.append(f"\n{describe_growth(scale)}\n")
    rest = scale[~scale["step"].isin(TO_VERDICT)]
    if len(rest):
        lines += [
            "The other steps of a dataset's run, which no verdict waits for:\n",
            "| engagements | step | seconds | peak memory, GB |",
            "| ---: | --- | ---: | ---: |",
            *(
                f"| {row.engagements:,} | {row.step} | {row.seconds:.1f} | {row.peak_gb:.2f} |"
                for row in rest.itertuples()
            ),
        ]
    return "\n".join(lines) + "\n"


def growth(scale: pd.DataFrame, first: int = 0) -> float:
    """The exponent of processor time over engagements, from a size by its place to the largest."""
    own = scale[scale["step"].isin(TO_VERDICT)].groupby("engagements")["processor"].sum()
    return float(np.log(own.iloc[-1] / own.iloc[first]) / np.log(own.index[-1] / own.index[first]))


def describe_growth(scale: pd.DataFrame) -> str:
    """The growth in a sentence."""
    sizes = sorted(scale["engagements"].unique())
    exponent = growth(scale)
    held = "within" if exponent <= ALLOWED_GROWTH else "above"
    return (
        f"From {sizes[0]:,} to {sizes[-1]:,} engagements processor time grows with the power "
        f"{exponent:.2f} of their number, {held} the {ALLOWED_GROWTH:g} that is allowed; over the "
        f"last step, from {sizes[-2]:,}, where starting up counts for little, "
        f"with {growth(scale, -2):.2f}."
    )


def draw_growth(scale: pd.DataFrame) -> Figure:
    """Processor time and peak memory over the number of engagements, both on logarithmic axes."""
    own = scale[scale["step"].isin(TO_VERDICT)]
    total = own.groupby("engagements").agg(
        processor=("processor", "sum"), peak_gb=("peak_gb", "max")
    )
    with house_style():
        figure = Figure(figsize=(7.2, 3.2), layout="constrained")
        panels = figure.subplots(1, 2)
        for panel, (column, title, colour) in zip(
            panels,
            (
                ("processor", "processor time, seconds", ADVISEE),
                ("peak_gb", "peak memory, GB", ADVISOR),
            ),
            strict=True,
        ):
            sizes, values = total.index.to_numpy(float), total[column].to_numpy()
            panel.loglog(sizes, values, "o-", color=colour)
            limit = values[0] * (sizes / sizes[0]) ** ALLOWED_GROWTH
            if column == "processor":
                panel.loglog(sizes, limit, "--", color=FAINT, label=f"power {ALLOWED_GROWTH:g}")
                panel.legend(frameon=False)
            panel.set_xlabel("engagements")
            for axis in (panel.xaxis, panel.yaxis):
                axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
                axis.set_minor_formatter(NullFormatter())
            panel.xaxis.set_major_locator(LogLocator(numticks=6))
            panel.yaxis.set_major_locator(LogLocator(subs=(1, 3), numticks=12))
            panel.set_title(title, fontsize=9, loc="left")
            panel.grid(color=RULE, linewidth=0.5)
    return figure


if __name__ == "__main__":
    write_page()
