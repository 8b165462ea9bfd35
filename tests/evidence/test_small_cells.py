"""What rests on too few engagements is withheld, with what would let it be worked out."""

import numpy as np
import pandas as pd

from analysis.evidence.small_cells import small_cells, withhold_small


def test_a_small_cell_never_goes_alone():
    assert small_cells([40, 3, 12, 25]).tolist() == [False, True, True, False]
    assert small_cells([40, 3, 2, 25]).tolist() == [False, True, True, False]
    assert small_cells([40, 30]).tolist() == [False, False]
    assert small_cells([0, 30]).tolist() == [True, True]
    assert small_cells([0, 30], empty=False).tolist() == [False, False]
    assert small_cells([0, 5, 30, 40], empty=False).tolist() == [False, True, True, False]


def test_rows_on_few_engagements_lose_their_numbers_and_say_why():
    rows = pd.DataFrame(
        {
            "term": ["a", "b", "c"],
            "estimate": [0.5, 0.5, np.nan],
            "conf_low": [0.1, 0.1, np.nan],
            "n_engagements": [9.0, 10.0, 3.0],
            "note": ["", "", "too few rows: 3 for 12 items"],
        }
    )
    held = withhold_small(rows)
    assert held["estimate"].isna().tolist() == [True, False, True]
    assert held["conf_low"].isna().tolist() == [True, False, True]
    assert held["n_engagements"].isna().tolist() == [True, False, True]
    assert "fewer than 10" in held.loc[0, "note"]
    assert held.loc[1].equals(rows.loc[1])
