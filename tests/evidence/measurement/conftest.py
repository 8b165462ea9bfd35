"""Engagements of several programmes with their scores, for what is told of each."""

import numpy as np
import pandas as pd
import pytest

from analysis.contract.instruments import Instrument

KEY = Instrument.model_validate(
    {
        "name": "short",
        "title": "Short",
        "responses": {"minimum": 1, "maximum": 5},
        "subscales": {"total_only": [1]},
        "status": "user_supplied",
        "source": "a test",
    }
)


def make_tables(sizes: dict, seed: int = 1, checkins: int = 4):
    """Engagements of programmes of such sizes and their scores; advisors rate half a point higher.

    Advisees answer the first two check-ins, advisors all four.
    """
    rng = np.random.default_rng(seed)
    programmes = [name for name, size in sizes.items() for _ in range(size)]
    n = len(programmes)
    engagements = pd.DataFrame(
        {
            "engagement_id": [f"e{number:03d}" for number in range(n)],
            "advisor_id": [f"a{number % 12:02d}" for number in range(n)],
            "planned_checkins": [float(checkins)] * n,
            "track": programmes,
        }
    )
    level = 3 + rng.normal(size=n) * 0.5
    rows = [
        {
            "engagement_id": ident,
            "rater": rater,
            "occasion": occasion,
            "week": np.nan,
            "total": level[place] + 0.5 * (rater == "advisor"),
        }
        for place, ident in enumerate(engagements["engagement_id"])
        for rater, most in (("advisee", 2), ("advisor", checkins))
        for occasion in range(1, most + 1)
    ]
    return engagements, pd.DataFrame(rows)


@pytest.fixture
def tables():
    """Makes engagements of programmes of given sizes, and their scores."""
    return make_tables


@pytest.fixture
def both():
    """Both raters' key: one subscale."""
    return {"advisee": KEY, "advisor": KEY}
