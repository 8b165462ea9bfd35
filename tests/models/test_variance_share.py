import numpy as np
import pytest

from analysis.models.multilevel import fit_two_level
from analysis.models.variance_share import variance_share


def make_values(rng, clusters, largest, share):
    codes = np.repeat(np.arange(clusters), rng.integers(1, largest + 1, clusters))
    y = np.sqrt(share) * rng.normal(size=clusters)[codes]
    return 50 + 10 * (y + np.sqrt(1 - share) * rng.normal(size=len(codes))), codes


def test_a_balanced_share_is_that_of_the_analysis_of_variance():
    """Shrout and Fleiss (1979), six targets by four judges: ICC(1) = .17."""
    ratings = np.array(
        [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    )
    row = variance_share(ratings.ravel().astype(float), np.repeat(np.arange(6), 4), 6)
    between, within = 4 * ratings.mean(axis=1).var(ddof=1), ratings.var(axis=1, ddof=1).mean()
    expected = (between - within) / (between + 3 * within)
    assert row["estimate"] == pytest.approx(expected, rel=1e-8)
    assert round(row["estimate"], 2) == 0.17
    assert row["conf_low"] == 0
    assert 0.17 < row["conf_high"] < 1


def test_the_interval_is_where_the_deviance_rises_by_the_quantile():
    import pandas as pd

    y, codes = make_values(np.random.default_rng(1), 30, 9, 0.3)
    row = variance_share(y, codes, 30)
    frame = pd.DataFrame({"y": y, "g": codes.astype(str)})
    rows = fit_two_level(frame, "y", [], "g").set_index("term")["estimate"]
    share = rows["var_intercept"] / (rows["var_intercept"] + rows["var_residual"])
    assert row["estimate"] == pytest.approx(share, rel=1e-8)

    def deviance(at):
        same = codes[:, None] == codes
        V = (1 - at) * np.eye(len(y)) + at * same
        weight = np.linalg.inv(V)
        total = weight.sum()
        r = y - (weight @ y).sum() / total
        s2 = r @ weight @ r / (len(y) - 1)
        return np.linalg.slogdet(V)[1] + np.log(total) + (len(y) - 1) * np.log(s2)

    for limit in ("conf_low", "conf_high"):
        assert deviance(row[limit]) - deviance(share) == pytest.approx(3.841459, abs=1e-5)
    assert row["conf_low"] < share < row["conf_high"]


@pytest.mark.parametrize(
    ("y", "codes", "clusters", "note"),
    [
        (np.arange(6.0), np.zeros(6, int), 1, "one cluster"),
        (np.arange(6.0), np.arange(6), 6, "nothing lies within"),
        (np.ones(6), np.arange(6) // 2, 3, "no variance"),
        (np.arange(6.0) // 2, np.arange(6) // 2, 3, "no variance is left within"),
    ],
)
def test_what_has_no_share_says_why(y, codes, clusters, note):
    row = variance_share(y, codes, clusters)
    assert np.isnan([row["estimate"], row["conf_low"], row["conf_high"]]).all()
    assert note in row["note"]


def test_a_share_of_nothing_lies_at_its_limit():
    row = variance_share(np.tile([1.0, 2, 3], 8), np.repeat(np.arange(8), 3), 8)
    assert row["estimate"] == 0
    assert row["conf_low"] == 0
    assert row["conf_high"] > 0
    assert "at its limit" in row["note"]


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.1, 0.35])
def test_simulated_shares_are_covered(share):
    rng = np.random.default_rng(2)
    runs, covered, found = 1000, 0, []
    for _ in range(runs):
        row = variance_share(*make_values(rng, 40, 11, share), 40)
        covered += row["conf_low"] <= share <= row["conf_high"]
        found.append(row["estimate"])
    # A profile interval's level is right in large samples only: a margin of .015 beside the error.
    assert abs(covered / runs - 0.95) < 4 * np.sqrt(0.95 * 0.05 / runs) + 0.015
    assert np.mean(found) == pytest.approx(share, abs=4 * np.std(found) / np.sqrt(runs) + 0.01)
