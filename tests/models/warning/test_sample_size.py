"""How many engagements a model needs."""

import pytest

from analysis.models.warning.sample_size import engagements_needed, highest_r2, needed_at


def test_the_published_examples():
    # Riley et al. (2019): Chagas disease, 24 parameters, R2 .288; (2020): 30 parameters, R2 .05.
    assert engagements_needed(24, 0.288) == 623
    assert engagements_needed(30, 0.05) == 5249
    assert highest_r2(0.05) == pytest.approx(0.33, abs=0.005)
    assert highest_r2(0.5) == pytest.approx(0.75)


def test_more_predictors_and_rarer_outcomes_need_more():
    assert needed_at(6, 0.2, 0.15, 0.9) > needed_at(3, 0.2, 0.15, 0.9)
    assert needed_at(3, 0.05, 0.15, 0.9) > needed_at(3, 0.2, 0.15, 0.9)
    with pytest.raises(ValueError, match="R2"):
        engagements_needed(3, 0.95)
