"""A programme's records in the layouts of survey tools, with all that those carry of people."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from analysis.simulate.parameters import Programme
from analysis.simulate.programme import simulate_tables
from analysis.simulate.survey_tools.google_forms import write_google_forms
from analysis.simulate.survey_tools.people import PLANTED
from analysis.simulate.survey_tools.qualtrics import write_qualtrics
from analysis.simulate.survey_tools.records import Tables
from analysis.simulate.survey_tools.redcap import write_redcap
from analysis.simulate.survey_tools.spss import write_spss

__all__ = ["LAYOUTS", "PLANTED", "write_layout"]

LAYOUTS: dict[str, Callable[[Programme, Tables, Path, np.random.Generator], None]] = {
    "qualtrics": write_qualtrics,
    "redcap": write_redcap,
    "spss": write_spss,
    "google_forms": write_google_forms,
}
#: Streams of the programme's seed, as in ``exports``: the data are the same in every layout.
_DATA, _PEOPLE = 0, 3


def write_layout(programme: Programme, layout: str, folder: Path, seed: int | None = None) -> None:
    """Write a programme's records to a folder as a tool exports them; the same bytes every time.

    Raises ValueError for a programme with repeated outcomes or with scores in place of items, for
    which the layouts have no columns.
    """
    if programme.form.ready_made or any(one.phase == "during" for one in programme.measures):
        raise ValueError(f"{programme.name}: repeated outcomes or ready-made scores have no layout")
    seed = programme.seed if seed is None else seed
    tables = simulate_tables(programme, np.random.default_rng([seed, _DATA]))
    LAYOUTS[layout](programme, tables, folder, np.random.default_rng([seed, _PEOPLE]))
