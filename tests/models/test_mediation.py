"""Mediation within clusters: closed forms, identities, simulated truth, confounding, hard cases."""

import numpy as np
import pandas as pd
import pytest

from analysis.models.mediation import indirect_under_confounding, mediate

NAMES = ("alliance", "adherence", "result", "advisor")


def run(frame, resamples=200, seed=1, **keywords):
    rng = np.random.default_rng(seed)
    return mediate(frame, *NAMES, resamples, rng, **keywords)


def estimate(rows, term, method=None):
    own = rows[rows["term"] == term]
    if method:
        own = own[own["method"] == method]
    return own.iloc[0]


def simulate(rng, clusters=40, size=12, a=0.4, b=0.3, direct=0.2, error_correlation=0.0):
    """Paths a, b and direct within clusters; between clusters everything goes together."""
    codes = np.repeat(np.arange(clusters), size)
    n = len(codes)
    between = 2.0 * rng.normal(size=clusters)[codes]
    errors = rng.normal(size=(n, 2))
    errors[:, 1] = (
        error_correlation * errors[:, 0] + np.sqrt(1 - error_correlation**2) * errors[:, 1]
    )
    alliance = rng.normal(size=n)
    adherence = a * alliance + errors[:, 0]
    result = direct * alliance + b * adherence + errors[:, 1]
    frame = pd.DataFrame(
        {"alliance": alliance, "adherence": adherence, "result": result, "advisor": codes}
    )
    frame[list(NAMES[:3])] += between[:, None]
    return frame


def with_correlations(r_xm, r_xy, r_my, clusters=5, size=20):
    """Data whose correlations within clusters are exactly these."""
    rng = np.random.default_rng(0)
    codes = np.repeat(np.arange(clusters), size)
    raw = rng.normal(size=(clusters * size, 3))
    raw -= pd.DataFrame(raw).groupby(codes).transform("mean").to_numpy()
    white = raw @ np.linalg.inv(np.linalg.cholesky(raw.T @ raw)).T
    wanted = np.array([[1, r_xm, r_xy], [r_xm, 1, r_my], [r_xy, r_my, 1]])
    frame = pd.DataFrame(white @ np.linalg.cholesky(wanted).T, columns=list(NAMES[:3]))
    frame["advisor"] = codes
    return frame


def test_known_correlations_give_the_textbook_paths():
    """r = .5, .4, .6: b = (.6 - .4 x .5) / .75, direct = (.4 - .6 x .5) / .75."""
    rows = run(with_correlations(0.5, 0.4, 0.6))
    assert estimate(rows, "path_a")["estimate"] == pytest.approx(0.5)
    assert estimate(rows, "path_b")["estimate"] == pytest.approx(0.4 / 0.75)
    assert estimate(rows, "direct")["estimate"] == pytest.approx(0.1 / 0.75)
    assert estimate(rows, "total")["estimate"] == pytest.approx(0.4)
    assert estimate(rows, "indirect")["estimate"] == pytest.approx(0.2 / 0.75)
    partial = 0.4 / np.sqrt(0.75 * 0.84)
    assert estimate(rows, "residual_correlation")["estimate"] == pytest.approx(partial)


def test_the_product_is_the_difference_of_coefficients_of_a_regression_with_dummies():
    frame = simulate(np.random.default_rng(2)).assign(age=lambda f: f["result"] * 0.2 + f.index % 7)
    rows = run(frame, covariates=["age"], standardised=False)
    dummies = pd.get_dummies(frame["advisor"]).to_numpy(dtype=float)

    def slopes(outcome, *predictors):
        design = np.column_stack([*(frame[name] for name in predictors), dummies])
        return np.linalg.lstsq(design, frame[outcome], rcond=None)[0][: len(predictors)]

    total = slopes("result", "alliance", "age")[0]
    direct, path_b, _ = slopes("result", "alliance", "adherence", "age")
    path_a = slopes("adherence", "alliance", "age")[0]
    assert estimate(rows, "indirect")["estimate"] == pytest.approx(total - direct)
    assert estimate(rows, "indirect")["estimate"] == pytest.approx(path_a * path_b)
    assert estimate(rows, "total")["estimate"] == pytest.approx(total)
    assert estimate(rows, "direct")["estimate"] == pytest.approx(direct)


def test_standardising_changes_units_and_nothing_else():
    frame = simulate(np.random.default_rng(3))
    rows = run(frame)
    turned = frame.assign(alliance=frame["alliance"] * 10, result=frame["result"] / 7 + 3)
    other = run(turned)
    columns = ["estimate", "std_error", "conf_low", "conf_high"]
    assert rows[columns].to_numpy() == pytest.approx(other[columns].to_numpy(), nan_ok=True)
    raw = run(frame, standardised=False)
    assert estimate(raw, "path_a")["statistic"] == pytest.approx(
        estimate(rows, "path_a")["statistic"]
    )


def test_what_lies_between_clusters_has_no_part():
    frame = simulate(np.random.default_rng(4))
    moved = frame.copy()
    moved["result"] += 5.0 * (frame["advisor"] % 3)
    for term in ("path_a", "path_b", "indirect", "residual_correlation"):
        told = estimate(run(frame, standardised=False), term)["estimate"]
        assert estimate(run(moved, standardised=False), term)["estimate"] == pytest.approx(told)


def test_correlated_errors_are_what_the_sensitivity_value_names():
    """With b = 0 and errors correlated .3, the path found is the confounding, and .3 nulls it."""
    frame = simulate(np.random.default_rng(5), clusters=400, b=0.0, error_correlation=0.3)
    rows = run(frame, standardised=False)
    assert estimate(rows, "indirect", "percentile")["conf_low"] > 0
    value = estimate(rows, "residual_correlation")
    assert value["estimate"] == pytest.approx(0.3, abs=4 * 0.91 / np.sqrt(4_400))


def test_the_path_under_confounding_is_recovered():
    """b = .3 and errors correlated .2: the formula takes out of the path what the errors put in."""
    frame = simulate(np.random.default_rng(6), clusters=600, a=0.5, b=0.3, error_correlation=0.2)
    rows = run(frame, standardised=False)
    a, b, r = (
        estimate(rows, term)["estimate"] for term in ("path_a", "path_b", "residual_correlation")
    )
    assert indirect_under_confounding(a, b, r, 0.0) == pytest.approx(a * b)
    assert indirect_under_confounding(a, b, r, r) == pytest.approx(0)
    assert a * b > 0.2
    assert indirect_under_confounding(a, b, r, 0.2) == pytest.approx(0.15, abs=0.03)


def test_correlations_that_cannot_be_are_refused():
    for r, rho in ((0.0, 0.1), (0.3, 1.0), (1.0, 0.2)):
        with pytest.raises(ValueError, match="between -1 and 1"):
            indirect_under_confounding(0.3, 0.3, r, rho)


def test_the_order_of_rows_does_not_matter():
    frame = simulate(np.random.default_rng(7))
    pd.testing.assert_frame_equal(run(frame), run(frame.sample(frac=1, random_state=1)), rtol=1e-9)


def test_incomplete_rows_and_clusters_of_one_are_left_out_and_told():
    frame = simulate(np.random.default_rng(8), clusters=12, size=6)
    lonely = frame.iloc[[0]].assign(advisor=99)
    incomplete = frame.iloc[[1]].assign(result=np.nan)
    rows = run(pd.concat([frame, lonely, incomplete]))
    assert set(rows["n_engagements"]) == {72}
    assert set(rows["n_advisors"]) == {12}
    assert rows["note"].str.contains("1 clusters of one row left out").all()


def hard_cases():
    frame = simulate(np.random.default_rng(9), clusters=6, size=5)
    yield frame.assign(advisor=0), "at least two"
    yield frame.assign(advisor=range(30)), "at least two"
    yield frame.assign(adherence=frame["advisor"] * 1.0), "adherence does not vary within"
    yield frame.assign(adherence=2 * frame["alliance"]), "cannot be told apart"
    yield frame.iloc[:0], "at least two"


@pytest.mark.parametrize(("frame", "reason"), list(hard_cases()))
def test_what_cannot_be_estimated_says_why(frame, reason):
    rows = run(frame)
    assert rows["estimate"].isna().all()
    assert rows["note"].str.contains(reason).all()


def test_mistakes_of_the_caller_are_refused():
    frame = simulate(np.random.default_rng(10), clusters=3)
    with pytest.raises(ValueError, match="no column"):
        run(frame.drop(columns="adherence"))
    with pytest.raises(ValueError, match="named twice"):
        run(frame, covariates=["alliance"])
    with pytest.raises(ValueError, match="missing"):
        run(frame.assign(advisor=None))


@pytest.mark.slow
def test_intervals_cover_the_truth():
    """Paths and the indirect path, 30 clusters of 10, over 1,000 simulated data sets."""
    rng = np.random.default_rng(11)
    runs, truth = 1_000, {"path_a": 0.4, "path_b": 0.3, "indirect": 0.12}
    covered = dict.fromkeys(truth, 0)
    for _ in range(runs):
        rows = run(simulate(rng, clusters=30, size=10), 400, standardised=False)
        for term, value in truth.items():
            one = estimate(rows, term, "percentile" if term == "indirect" else "jackknife")
            covered[term] += one["conf_low"] < value < one["conf_high"]
    error = np.sqrt(0.05 * 0.95 / runs)
    for term in ("path_a", "path_b"):
        assert covered[term] / runs == pytest.approx(0.95, abs=3 * error)
    # A percentile interval of 30 clusters covers somewhat too little.
    assert 0.91 < covered["indirect"] / runs < 0.95 + 3 * error
