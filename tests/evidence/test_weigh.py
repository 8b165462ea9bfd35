import numpy as np
import pytest

from analysis.evidence.weigh import weigh_lines


def row(analysis, low, high, method="jackknife", term="difference", p_value=np.nan):
    return {
        "analysis": analysis,
        "term": term,
        "method": method,
        "estimate": (low + high) / 2,
        "conf_low": low,
        "conf_high": high,
        "p_value": p_value,
    }


def test_lines_are_named_by_where_they_point():
    rows = [
        {**row("naive", 0.1, 0.1, "steiger", p_value=0.01), "conf_low": np.nan},
        row("clustered", 0.05, 0.3),
        row("disattenuated", -0.02, 0.3),
        row("multilevel", 0.01, 0.4, "reml", "within_difference"),
        row("multilevel", -0.9, -0.4, "reml", "between_difference"),
        row("incremental", 0.05, 0.3),
        row("adjusted", -0.4, -0.1),
        row("imputed", np.nan, np.nan, "rubin"),
    ]
    weighed = weigh_lines(rows, 0.05)
    assert weighed["note"].startswith(
        "advisee ahead: naive, clustered, multilevel; advisor ahead: adjusted; "
        "no clear difference: disattenuated; not given: out of sample, imputed"
    )
    # Three of the five lines given point where the clustered one does; incremental never counts.
    assert weighed["estimate"] == pytest.approx(3 / 5)
    assert "incremental line repeats the correlations" in weighed["note"]


def test_without_the_clustered_line_there_is_nothing_to_agree_with():
    weighed = weigh_lines([row("adjusted", 0.1, 0.2)], 0.05)
    assert np.isnan(weighed["estimate"])
    assert "not given: naive, clustered" in weighed["note"]


def test_omega_stands_in_where_window_means_tell_nothing():
    rows = [row("clustered", 0.1, 0.2), row("disattenuated", np.nan, np.nan)]
    rows.append(row("disattenuated", 0.1, 0.3, "omega_jackknife"))
    assert "advisee ahead: clustered, disattenuated" in weigh_lines(rows, 0.05)["note"]
