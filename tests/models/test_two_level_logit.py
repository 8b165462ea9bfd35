import doctest

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.special import expit

from analysis.models import two_level_logit
from analysis.models.logit_likelihood import ClusteredLikelihood
from analysis.models.multilevel import fit_two_level_logit

# Bitterness of wine (Randall, 1989, Biometrical Journal 31, 781): nine judges (columns) rated eight
# bottles (rows): four pressed cold, four warm; the first two of each four without contact of
# juice and skins, the others with it.
BITTERNESS = """
    2 1 2 3 2 3 1 2 1
    3 2 3 2 3 2 1 2 2
    3 1 3 3 4 3 2 2 3
    4 3 2 2 3 2 2 3 2
    4 2 5 3 3 2 2 3 3
    4 3 5 2 3 4 3 3 2
    5 5 4 5 3 5 2 3 4
    5 4 4 3 3 4 3 4 4
"""


@pytest.fixture(scope="module")
def wine():
    ratings = np.array([line.split() for line in BITTERNESS.strip().splitlines()], dtype=float)
    bottle, judge = np.indices(ratings.shape)
    return pd.DataFrame(
        {
            "rating": ratings.ravel(),
            "warm": (bottle >= 4).ravel().astype(float),
            "contact": (bottle % 4 >= 2).ravel().astype(float),
            "judge": judge.ravel().astype(str),
        }
    )


def fit(frame, outcome, predictors, cluster, **keywords):
    return fit_two_level_logit(frame, outcome, predictors, cluster, **keywords).set_index("term")


def make_answers(rng, clusters=40, largest=16, spread=0.9, cuts=(0.2,), slopes=(0.7, -0.3)):
    codes = np.repeat(np.arange(clusters), rng.integers(2, largest + 1, clusters))
    x = rng.normal(size=(len(codes), 2))
    latent = x @ slopes + spread * rng.normal(size=clusters)[codes] + rng.logistic(size=len(codes))
    return pd.DataFrame(
        {
            "y": np.digitize(latent, cuts).astype(float),
            "a": 5 + 2 * x[:, 0],
            "b": x[:, 1],
            "g": [f"g{code:03d}" for code in codes],
        }
    )


def loglik_by_quad(frame, rows, predictors, cuts, spread):
    """The log likelihood with every cluster's integral taken by scipy's adaptive quadrature."""
    bounds = np.array([-np.inf, *cuts, np.inf])
    eta = frame[predictors].to_numpy() @ rows.loc[predictors, "estimate"].to_numpy(dtype=float)
    places = np.unique(frame["y"], return_inverse=True)[1]
    total = 0.0
    for own in frame.groupby("g").indices.values():
        high, low = bounds[places[own] + 1] - eta[own], bounds[places[own]] - eta[own]

        def density(u, high=high, low=low):
            chance = expit(high - spread * u) - expit(low - spread * u)
            return np.exp(-(u**2) / 2) / np.sqrt(2 * np.pi) * chance.prod()

        total += np.log(quad(density, -9, 9, epsabs=0, epsrel=1e-11, limit=200)[0])
    return total


def test_wine_without_judges_is_the_published_cumulative_logit(wine):
    """Without variance between clusters: R's ordinal::clm, as Christensen's vignette prints it."""
    rows = fit(wine.assign(half=np.arange(72) // 36), "rating", ["warm", "contact"], "half")
    assert rows.loc["var_intercept", "estimate"] == 0
    assert rows["note"].str.contains("singular fit").all()
    published = {
        "warm": (2.5031, 0.5287),
        "contact": (1.5278, 0.4766),
        "threshold_1": (-1.3444, 0.5171),
        "threshold_2": (1.2508, 0.4379),
        "threshold_3": (3.4669, 0.5978),
        "threshold_4": (5.0064, 0.7309),
    }
    for term, (estimate, error) in published.items():
        assert rows.loc[term, "estimate"] == pytest.approx(estimate, abs=5.1e-5), term
        assert rows.loc[term, "std_error"] == pytest.approx(error, abs=5.1e-5), term
    assert rows.loc["loglik", "estimate"] == pytest.approx(-86.49, abs=5e-3)


def test_wine_with_judges_is_the_published_mixed_model(wine):
    """R's ordinal::clmm with nAGQ = 10: log likelihood -81.53, the judges' variance 1.29."""
    rows = fit(wine, "rating", ["warm", "contact"], "judge")
    assert rows.loc["loglik", "estimate"] == pytest.approx(-81.53, abs=5e-3)
    assert rows.loc["var_intercept", "estimate"] == pytest.approx(1.29, abs=5e-3)
    assert rows.loc["warm", "estimate"] == pytest.approx(3.06, abs=5e-3)
    assert rows.loc["contact", "estimate"] == pytest.approx(1.83, abs=5e-3)
    assert rows["note"].str.contains("only 9 clusters").all()


@pytest.mark.parametrize("cuts", [(0.2,), (-1.0, 0.5, 2.0)])
def test_the_likelihood_is_the_integral_and_at_its_top(cuts):
    frame = make_answers(np.random.default_rng(1), clusters=15, cuts=cuts)
    rows = fit(frame, "y", ["a", "b"], "g")
    spread = np.sqrt(rows.loc["var_intercept", "estimate"])
    found = rows[rows.index.str.startswith("threshold")]["estimate"].to_numpy(dtype=float)
    found = np.array([-rows.loc["intercept", "estimate"]]) if len(cuts) == 1 else found
    top = loglik_by_quad(frame, rows, ["a", "b"], found, spread)
    assert rows.loc["loglik", "estimate"] == pytest.approx(top, abs=1e-6)
    for term in ("a", "b"):
        moved = rows.copy()
        for side in (-0.02, 0.02):
            moved.loc[term, "estimate"] = rows.loc[term, "estimate"] + side
            assert loglik_by_quad(frame, moved, ["a", "b"], found, spread) < top
    for other in (spread - 0.02, spread + 0.02):
        assert loglik_by_quad(frame, rows, ["a", "b"], found, other) < top


@pytest.mark.parametrize("cuts", [(0.2,), (-1.0, 0.5, 2.0)])
def test_score_and_hessian_are_the_slopes_of_the_likelihood(cuts):
    """By central differences, the nodes fixed."""
    frame = make_answers(np.random.default_rng(2), clusters=15, cuts=cuts)
    design = two_level_logit.make_design(frame, "y", ["a", "b"], "g")
    places = np.unique(design.y, return_inverse=True)[1]
    answers = two_level_logit._answers(design, places, len(cuts))
    clustered = ClusteredLikelihood(answers, 15)
    at = np.array([*np.array(cuts) + 0.1, 0.6, -0.2, 0.8])
    value, score, hessian = clustered(at)
    clustered.moving = False
    step = 1e-5 * np.eye(len(at))
    slopes = [(clustered(at + h)[0] - clustered(at - h)[0]) / 2e-5 for h in step]
    bends = [(clustered(at + h)[1] - clustered(at - h)[1]) / 2e-5 for h in step]
    np.testing.assert_allclose(score, slopes, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(hessian, bends, rtol=1e-5, atol=1e-5)
    assert np.isfinite(value)


def test_no_variance_between_clusters_is_plain_logistic_regression():
    import statsmodels.api as sm

    frame = make_answers(np.random.default_rng(3), spread=0.0)
    # Clusters that all hold the same answers at the same predictors differ in nothing.
    same = frame.head(40)
    frame = pd.concat([same.assign(g=f"g{i:02d}") for i in range(22)], ignore_index=True)
    rows = fit(frame, "y", ["a", "b"], "g")
    theirs = sm.Logit(frame["y"], sm.add_constant(frame[["a", "b"]])).fit(disp=0)
    own = rows.loc[["intercept", "a", "b"]]
    np.testing.assert_allclose(own["estimate"], theirs.params, rtol=1e-6)
    np.testing.assert_allclose(own["std_error"], theirs.bse, rtol=1e-6)
    assert rows.loc["loglik", "estimate"] == pytest.approx(theirs.llf, rel=1e-9)
    assert rows.loc["var_intercept", "estimate"] == 0
    assert rows["note"].str.startswith("singular fit").all()


def test_two_categories_by_either_name_agree():
    frame = make_answers(np.random.default_rng(4))
    one = fit(frame, "y", ["a", "b"], "g")
    other = fit(frame.assign(y=7 - 3 * frame["y"]), "y", ["a", "b"], "g")
    names = ["intercept", "a", "b"]
    np.testing.assert_allclose(one.loc[names, "estimate"], -other.loc[names, "estimate"], rtol=1e-7)
    assert one.loc["loglik", "estimate"] == pytest.approx(other.loc["loglik", "estimate"])


def test_contrasts_and_the_order_of_rows():
    frame = make_answers(np.random.default_rng(5), cuts=(-1, 1))
    gap = {"gap": {"a": 1.0, "b": -1.0}}
    rows = fit_two_level_logit(frame, "y", ["a", "b"], "g", contrasts=gap)
    shuffled = frame.sample(frac=1, random_state=2)
    pd.testing.assert_frame_equal(
        rows, fit_two_level_logit(shuffled, "y", ["a", "b"], "g", contrasts=gap), check_exact=True
    )
    rows = rows.set_index("term")
    direct = fit(frame.assign(sum=frame["a"] + frame["b"]), "y", ["sum", "a"], "g").loc["a"]
    assert rows.loc["gap", "estimate"] == pytest.approx(direct["estimate"], rel=1e-6)
    assert rows.loc["gap", "std_error"] == pytest.approx(direct["std_error"], rel=1e-6)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda f: f.assign(y=1.0), "no variance in the outcome"),
        (lambda f: f.assign(g="one"), "1 cluster"),
        (lambda f: f.assign(g=[str(i) for i in range(len(f))]), "every cluster has one row"),
        (lambda f: f.assign(b=2.0), "no variance in 'b'"),
        (lambda f: f.assign(y=(f["a"] > 5).astype(float)), "separate"),
        (lambda f: f.assign(y=np.arange(len(f)) % 17), "17 distinct values"),
    ],
)
def test_what_cannot_be_fitted_says_why_and_gives_no_number(change, reason):
    frame = change(make_answers(np.random.default_rng(6)))
    rows = fit_two_level_logit(frame, "y", ["a", "b"], "g")
    assert rows["estimate"].isna().all()
    assert rows["std_error"].isna().all()
    assert rows["note"].str.contains(reason).all()


def test_too_few_nodes_are_the_callers_mistake():
    with pytest.raises(ValueError, match="at least 5"):
        fit_two_level_logit(make_answers(np.random.default_rng(7)), "y", ["a"], "g", nodes=1)


@pytest.mark.slow
@pytest.mark.parametrize("cuts", [(0.2,), (-1.0, 0.5, 2.0)])
def test_simulated_truth_is_given_back_and_covered(cuts):
    rng = np.random.default_rng(8)
    runs, truth = 200, {"a": 0.35, "b": -0.3}
    estimates, covered, spreads = [], [], []
    for _ in range(runs):
        rows = fit(make_answers(rng, clusters=60, cuts=cuts), "y", ["a", "b"], "g")
        spreads.append(rows.loc["var_intercept", "estimate"])
        rows = rows.loc[list(truth)]
        estimates.append(rows["estimate"].to_numpy())
        target = np.array(list(truth.values()))
        covered.append((rows["conf_low"] < target) & (target < rows["conf_high"]))
    error = np.std(estimates, axis=0) / np.sqrt(runs)
    assert (np.abs(np.mean(estimates, axis=0) - target) < 4 * error + 0.01).all()
    rate = np.mean(covered, axis=0)
    assert (np.abs(rate - 0.95) < 4 * np.sqrt(0.95 * 0.05 / runs)).all(), rate
    # Maximum likelihood with 60 clusters is a little low: about (G - 1) / G.
    assert np.mean(spreads) == pytest.approx(0.81, abs=4 * np.std(spreads) / np.sqrt(runs) + 0.03)


def test_the_example_runs():
    assert doctest.testmod(two_level_logit).failed == 0
