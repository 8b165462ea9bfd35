import pandas as pd
import pytest

from analysis.contract.estimates import as_estimates, in_order


def test_columns_come_in_the_vocabularys_order():
    frame = as_estimates([{"method": "zou", "estimate": 1, "dataset": "d", "n_engagements": 3}])
    assert list(frame.columns) == ["dataset", "estimate", "n_engagements", "method"]
    both = in_order([frame, as_estimates([{"term": "difference", "estimate": 2}])])
    assert list(both.columns) == ["dataset", "term", "estimate", "n_engagements", "method"]


def test_a_word_outside_the_vocabulary_is_refused():
    with pytest.raises(ValueError, match="coefficient"):
        as_estimates([{"coefficient": 1}])
    with pytest.raises(ValueError, match="significant"):
        as_estimates([{"verdict": "significant"}])


def test_further_columns_stand_behind_the_vocabulary():
    frames = [
        pd.DataFrame({"window": ["1 2"], "note": ["a"], "term": ["difference"]}),
        pd.DataFrame({"term": ["difference"], "other": [1]}),
    ]
    together = in_order(frames, further=("window",))
    assert list(together.columns) == ["term", "note", "window"]
    assert "window" not in in_order(frames)
