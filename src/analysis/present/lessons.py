"""What the notebooks stand on: a finished run of the examples, and figures shown as everywhere.

The notebooks define no functions; what several of them need is here.
"""

from __future__ import annotations

import base64
import html
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.contract.faults import UserFault, nearest
from analysis.contract.layout import PLAN, RESULTS, Dataset, find_datasets, read_plan
from analysis.contract.tables import read_made
from analysis.present.key import RATER_MARKS
from analysis.present.style import EXACT, THEME
from analysis.present.tables import show_number

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from IPython.display import HTML
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TABLES = (
    "flow",
    "measurement",
    "comparison",
    "process",
    "warning",
    "claims",
    "multiverse",
    "synthesis",
)
#: One row per person's answer or engagement: shown of simulated people only.
ROW_LEVEL = ("engagements", "checkins", "outcomes", "events", "alliance", "frame")

#: Columns of whole numbers that CSV gives back as floats where one is missing.
WHOLE = ("n_engagements", "n_advisors", "occasion")

RATER_COLOURS = {rater: colour for rater, (colour, _) in RATER_MARKS.items()}
RATER_SHAPES = {rater: shape for rater, (_, shape) in RATER_MARKS.items()}


@dataclass(frozen=True)
class Examples:
    """A finished run of the example datasets, by name in the plan's order."""

    datasets: dict[str, Dataset]

    @property
    def names(self) -> list[str]:
        """The datasets' names."""
        return list(self.datasets)

    @property
    def titles(self) -> dict[str, str]:
        """Name to title as people read it, without the word that marks it as simulated."""
        return {
            name: dataset.mapping.title.removesuffix(" (simulated)")
            for name, dataset in self.datasets.items()
        }

    def answers(self) -> pd.DataFrame:
        """The headline of each dataset: a row per dataset, its name as the index."""
        import pandas as pd

        metrics = json.loads((RESULTS / "metrics.json").read_text(encoding="utf-8"))
        rows = pd.DataFrame.from_dict({name: metrics[name] for name in self.names}, orient="index")
        return _whole_numbers(rows)

    def table(self, name: str, **values: object) -> pd.DataFrame:
        """The rows of a table of estimates in which each named column has the given value.

        Raises UserFault for an unknown table or column.

        >>> run.table("comparison", dataset="mentoring", analysis="naive")  # doctest: +SKIP
        """
        if name not in TABLES:
            raise UserFault(f"there is no table '{name}': {nearest(name, TABLES)}")
        rows = read_made(RESULTS / f"tables/{name}.csv")
        for column, value in values.items():
            if column not in rows:
                raise UserFault(f"{name} has no column '{column}': {nearest(column, rows.columns)}")
            # A column of yes and no that holds gaps too comes back from CSV as text.
            own = rows[column].astype(str) if isinstance(value, bool) else rows[column]
            rows = rows[own == (str(value) if isinstance(value, bool) else value)]
        return _whole_numbers(rows.reset_index(drop=True))

    def rows(self, dataset: str, table: str) -> pd.DataFrame:
        """A row-level table of a simulated dataset.

        Raises UserFault for a dataset that is not known to be simulated: a notebook is saved,
        printed and passed on with what it shows, and people's own rows must not be in it.
        """
        if not self._find(dataset).mapping.provenance.simulated:
            raise UserFault(
                f"{dataset}: row-level tables are shown of simulated data only, and its mapping "
                "does not say `simulated: true`. Look at its estimates instead: `run.table(...)`."
            )
        if table not in ROW_LEVEL:
            raise UserFault(f"there is no row-level table '{table}': {nearest(table, ROW_LEVEL)}")
        return _whole_numbers(read_made(RESULTS / f"interim/{dataset}/{table}.parquet"))

    def truth(self, dataset: str) -> dict:
        """What a simulated dataset was made from, which no analysis of real data knows."""
        self._find(dataset)
        path = Path("data/raw") / f"{dataset}.truth.json"
        if not path.exists():
            raise UserFault(f"{dataset}: its truth is not known: there is no {path}.")
        return json.loads(path.read_text(encoding="utf-8"))

    def _find(self, dataset: str) -> Dataset:
        if dataset not in self.datasets:
            raise UserFault(f"there is no dataset '{dataset}': {nearest(dataset, self.names)}")
        return self.datasets[dataset]


def open_examples() -> Examples:
    """The finished run of the examples; figures are drawn in the house style from here on.

    Works from any folder of the project and makes the project's folder the working one, so that
    paths are the same as everywhere in the documentation. Raises UserFault where there is no
    finished run yet.
    """
    here = Path.cwd()
    folder = next((one for one in (here, *here.parents) if (one / PLAN).exists()), None)
    if folder is None:
        raise UserFault(f"{here} is not in the project: open the notebooks inside its folder.")
    os.chdir(folder)
    datasets = find_datasets(read_plan())
    needed = [RESULTS / "metrics.json", *(RESULTS / f"tables/{name}.csv" for name in TABLES)]
    needed += [
        RESULTS / f"interim/{name}/{table}.parquet" for name in datasets for table in ROW_LEVEL
    ]
    if any(not path.exists() for path in needed):
        raise UserFault(
            "the examples have not been run yet. Run `make run` first, in a terminal in "
            "the project's folder (it takes some minutes); then start this notebook again."
        )
    _use_house_style()
    return Examples(datasets)


def mark_intervals(
    axes: Axes,
    rows: pd.DataFrame,
    places: Iterable[float],
    *,
    upright: bool = False,
    **style: object,
) -> None:
    """Mark each row's ``estimate`` with a line from ``conf_low`` to ``conf_high``.

    ``places`` are on the other axis, one per row; ``upright`` draws upright lines; ``style`` goes
    to matplotlib's ``errorbar``.
    """
    estimate = rows["estimate"].astype(float)
    reach = [(estimate - rows["conf_low"]).abs(), (rows["conf_high"] - estimate).abs()]
    style = {"fmt": "o", "markersize": 4.5, "capsize": 2} | style
    if upright:
        axes.errorbar(list(places), estimate, yerr=reach, **style)
    else:
        axes.errorbar(estimate, list(places), xerr=reach, **style)


def show(figure: Figure, alt: str) -> HTML:
    """A figure as an image that scales with the page, with words for who cannot see it.

    Closes the figure, so that it is not shown a second time.
    """
    from IPython.display import HTML
    from matplotlib import pyplot

    from analysis.present.drawing import as_svg

    drawn = base64.b64encode(as_svg(figure).encode("utf-8")).decode("ascii")
    pyplot.close(figure)
    width = round(figure.get_figwidth() * 96)
    return HTML(
        f'<img src="data:image/svg+xml;base64,{drawn}" alt="{html.escape(alt)}" '
        f'style="width: {width}px; max-width: 100%; height: auto; background: white">'
    )


def _whole_numbers(rows: pd.DataFrame) -> pd.DataFrame:
    """Counts and check-ins as whole numbers, which may be missing."""
    whole = {name: "Int64" for name in WHOLE if name in rows}
    return rows.astype(whole)


def _use_house_style() -> None:
    import pandas as pd
    import seaborn

    rc = {**THEME, **EXACT, "figure.constrained_layout.use": True}
    seaborn.set_theme(context="paper", style="whitegrid", rc=rc)
    pd.set_option("display.float_format", show_number)
    pd.set_option("display.max_columns", 20)
    pd.set_option("display.max_rows", 60)
    pd.set_option("display.max_colwidth", 200)
