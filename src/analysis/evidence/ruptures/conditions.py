"""Under which conditions rates of rupture are compared, and in which groups they are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from analysis.contract.dictionary import STAKES
from analysis.evidence.ruptures.study import FEWEST
from analysis.models.ruptures.events import flag_events, since_last_answer
from analysis.models.ruptures.ratings import Ratings

#: A text covariate with more levels than this is not compared.
MOST_LEVELS = 6
#: The level of ``change_size`` that makes an engagement complex, whatever its letters' case.
LARGE = "large"


def find_groups(ratings: Ratings, engagements: pd.DataFrame) -> dict[str, np.ndarray]:
    """Groups (n,) in which the share of engagements with a rupture is given by itself.

    ``high_stakes``, ``large_change``, and ``complex``: either of them.
    """
    facts = engagements.set_index("engagement_id").loc[ratings.engagement_ids]
    found: dict[str, np.ndarray] = {}
    if "stakes" in facts:
        found["high_stakes"] = (facts["stakes"] == STAKES[-1]).to_numpy(dtype=bool)
    if "change_size" in facts:
        if pd.api.types.is_numeric_dtype(facts["change_size"]):
            large = facts["change_size"] > facts["change_size"].median()
        else:
            large = facts["change_size"].str.lower() == LARGE
        found["large_change"] = large.fillna(False).to_numpy(dtype=bool)
    if found:
        found["complex"] = np.logical_or.reduce(list(found.values()))
    return {name: flags for name, flags in found.items() if flags.any()}


def find_conditions(
    ratings: Ratings, engagements: pd.DataFrame, events: pd.DataFrame | None
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Conditions whose rates of rupture are compared: name to flags (n, T), with it and without.

    High against low stakes; each size of change against the others (of a number: above its median
    or not); check-ins with criticism since the last answer against those without. A condition with
    fewer than ten engagements on either side is left out.
    """
    facts = engagements.set_index("engagement_id").loc[ratings.engagement_ids]
    found: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    if "stakes" in facts and facts["stakes"].notna().any():
        high, low = ((facts["stakes"] == level).to_numpy() for level in (STAKES[-1], STAKES[0]))
        found["stakes_high_to_low"] = _lasting(high, low, ratings.total.shape)
    if "change_size" in facts:
        found |= _levels(facts["change_size"], ratings.total.shape)
    if events is not None:
        critical = flag_events(ratings, events, ["critical_feedback"])
        critical = since_last_answer(critical, ratings.answered)
        if critical.any():
            found["critical_feedback"] = critical, ~critical
    enough = {
        name: min(int(one.any(axis=1).sum()) for one in flags) >= FEWEST
        for name, flags in found.items()
    }
    return {name: flags for name, flags in found.items() if enough[name]}


def _levels(
    values: pd.Series, shape: tuple[int, int]
) -> Mapping[str, tuple[np.ndarray, np.ndarray]]:
    """Each level of a text covariate against the others; a number above its median or not."""
    if pd.api.types.is_numeric_dtype(values):
        middle = values.median()
        above, below = (values > middle).to_numpy(), (values <= middle).to_numpy()
        return {"change_size_large": _lasting(above, below, shape)}
    known = values.dropna()
    levels: Sequence[str] = sorted(known.unique())
    if len(levels) > MOST_LEVELS:
        return {}
    return {
        f"change_size_{level}": _lasting(
            (values == level).to_numpy(), (values.notna() & (values != level)).to_numpy(), shape
        )
        for level in levels
    }


def _lasting(
    exposed: np.ndarray, unexposed: np.ndarray, shape: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Flags of engagements as flags of every check-in."""
    return (
        np.broadcast_to(exposed[:, None], shape).copy(),
        np.broadcast_to(unexposed[:, None], shape).copy(),
    )
