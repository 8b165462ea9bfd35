"""The calibration as a page of the documentation."""

from __future__ import annotations

import pandas as pd

from analysis.present.calibration import describe_calibration
from analysis.present.sections import Table

OPENING = """# Which test lies when

Written by `make document` from `docs/calibration.csv`, which `make calibrate` renews. The seeds,
the numbers of data sets and the bars were fixed in `config/config.yaml` before anything was
simulated; the scenarios are in `src/analysis/simulate/scenarios.py`, and every line is computed by
the code that analyses real data.
"""

READING = """## How to read it

- A **line of evidence** is one way of asking whether the advisee's rating goes with the outcome
  more closely than the advisor's: D, the difference of two correlations.
- In all scenarios but the last both alliances go with the outcome alike. A line that finds a
  difference there in more than about 5 % of data sets lies.
- A line may be right about the ratings and yet mislead about the alliances: with unequal
  reliability the ratings do differ, and the clustered interval covers that difference as often as
  it should.
- The Monte Carlo error, in brackets, says how exactly so many data sets tell a rate.
"""


def write_calibration_page(rows: pd.DataFrame, figure: str) -> str:
    """The page as Markdown.

    Parameters
    ----------
    rows : the table of calibration, as read back from CSV.
    figure : the figure's file, as the page refers to it.
    """
    part = describe_calibration(rows)
    drawing = part.figures[0]
    blocks = [
        OPENING,
        *(f"{paragraph}\n" for paragraph in part.paragraphs),
        f"![{drawing.alt}]({figure})\n",
        READING,
        "## The bars\n",
        *(_in_markdown(table) for table in part.tables),
        f"## {part.further_heading}\n",
        *(_in_markdown(table) for table in part.further),
    ]
    return "\n".join(blocks)


def _in_markdown(table: Table) -> str:
    """A table as Markdown, its caption above it."""
    rules = ["---:" if place in table.numeric else "---" for place in range(len(table.columns))]
    rows = [table.columns, rules, *table.rows]
    lines = ["| " + " | ".join(_cell(text) for text in row) + " |" for row in rows]
    return "\n".join([f"{table.caption}.", "", *lines, ""])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", "; ")
