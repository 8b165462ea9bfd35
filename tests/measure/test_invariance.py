"""Invariance across two raters in one dyad, on simulated truth."""

import numpy as np
import pandas as pd
import pytest

from analysis.measure.invariance import rater_invariance
from analysis.measure.structure import fit_cfa

ITEMS, GAP = 4, 0.4
ADVISEE = {name: [f"advisee_{name}_{k}" for k in range(ITEMS)] for name in ("goal", "bond")}
ADVISOR = {name: [f"advisor_{name}_{k}" for k in range(ITEMS)] for name in ("goal", "bond")}


def dyads(rng, n, weaker=0.0, higher=0.0):
    """Both raters' items; the advisor's goal_1 loads less, the advisor's bond_2 lies higher."""
    spread = np.array(
        [[1, 0.6, 0.3, 0.2], [0.6, 1, 0.2, 0.3], [0.3, 0.2, 1, 0.6], [0.2, 0.3, 0.6, 1]]
    )
    scores = rng.multivariate_normal([0, 0, GAP, GAP], spread, size=n)
    columns = {}
    for f, name in enumerate(ADVISEE):
        for k in range(ITEMS):
            shared = 0.4 * rng.normal(size=n)  # what both raters read into the same item
            for r, side in enumerate((ADVISEE, ADVISOR)):
                loading = 0.8 - (weaker if (r, name, k) == (1, "goal", 1) else 0)
                level = 3 + (higher if (r, name, k) == (1, "bond", 2) else 0)
                own = loading * scores[:, 2 * r + f] + 0.5 * rng.normal(size=n)
                columns[side[name][k]] = level + own + shared
    return pd.DataFrame(columns)


def ladder(items):
    return rater_invariance(items, ADVISEE, ADVISOR).set_index("term")


def at_fault(found):
    return list(found.index[found["note"].str.contains("at fault")])


def test_equal_raters_hold_every_step_and_give_back_the_gap():
    found = ladder(dyads(np.random.default_rng(1), 600))
    # 16 items: 136 covariances less 16 loadings, 16 residuals, 8 twins, 6 correlations
    assert found.loc["configural: chisq", "df"] == 90
    assert found.loc["metric: change in chisq", "df"] == 6
    assert found.loc["scalar: change in chisq", "df"] == 6
    assert found.loc["metric: cfi", "note"] == "holds"
    assert found.loc["scalar: cfi", "note"] == "holds"
    for name in ADVISEE:
        gap = found.loc[f"latent mean gap: {name}"]
        assert abs(gap["estimate"] - GAP) < 3 * gap["std_error"]
        assert gap["conf_low"] < gap["estimate"] < gap["conf_high"]


def test_a_weaker_loading_is_found_and_the_ladder_goes_on_without_it():
    found = ladder(dyads(np.random.default_rng(2), 600, weaker=0.5))
    assert found.loc["metric: cfi", "note"] == "does not hold"
    assert at_fault(found) == ["metric: advisee_goal_1"]
    item = found.loc["metric: advisee_goal_1"]
    assert item["estimate"] == pytest.approx(-0.5, abs=0.2)  # four standard errors of .05
    assert item["p_value"] < 0.001
    assert found.loc["metric, partial: cfi", "note"] == "holds; free: advisee_goal_1"
    assert "partial: advisee_goal_1 free" in found.loc["latent mean gap: goal", "note"]
    assert "partial" not in found.loc["latent mean gap: bond", "note"]


def test_a_higher_intercept_is_found_and_does_not_bend_the_gap():
    found = ladder(dyads(np.random.default_rng(3), 600, higher=0.6))
    assert found.loc["metric: cfi", "note"] == "holds"
    assert found.loc["scalar: cfi", "note"] == "does not hold"
    # the metric step's own tests may err once in twenty, so only the scalar step's are read here
    scalar = [term for term in at_fault(found) if term.startswith("scalar")]
    assert scalar == ["scalar: advisee_bond_2"]
    assert found.loc["scalar: advisee_bond_2", "estimate"] == pytest.approx(0.6, abs=0.2)
    gap = found.loc["latent mean gap: bond"]
    assert abs(gap["estimate"] - GAP) < 3 * gap["std_error"]


def false_finds(rng, runs, n):
    """Share of runs without any difference in which an item is found, per step."""
    found = [at_fault(ladder(dyads(rng, n))) for _ in range(runs)]
    return {
        step: np.mean([any(term.startswith(step) for term in one) for one in found])
        for step in ("metric", "scalar")
    }


def test_items_are_seldom_found_where_none_differs():
    # at .05 with 20 runs, five finds or more in a step have probability .003
    assert max(false_finds(np.random.default_rng(4), 20, 400).values()) < 5 / 20


@pytest.mark.slow
def test_items_are_found_at_the_nominal_rate_where_none_differs():
    rates = false_finds(np.random.default_rng(5), 400, 500)
    error = np.sqrt(0.05 * 0.95 / 400)
    for rate in rates.values():
        # Holm bounds the rate from above; dependence between items makes it a little lower
        assert 0.01 < rate < 0.05 + 3 * error


def with_advisors(items, rng, size=8, share=0.5):
    """The advisor's items moved, each by amounts of its own, with the advisor who answered."""
    codes = np.arange(len(items)) // size
    moved = items.copy()
    for own in ADVISOR.values():
        moved[own] += share * rng.normal(size=(codes.max() + 1, len(own)))[codes]
    return moved.assign(advisor=[f"a{code:03d}" for code in codes])


def test_scaled_for_clusters_the_ladder_still_finds_the_planted_item():
    rng = np.random.default_rng(14)
    items = with_advisors(dyads(rng, 800, weaker=0.5), rng, share=0.2)
    found = rater_invariance(items, ADVISEE, ADVISOR, clusters="advisor").set_index("term")
    assert "metric: advisee_goal_1" in at_fault(found)
    chisq = found.loc["metric: chisq"]
    assert "scaled by" in chisq["note"]
    assert chisq["statistic"] < chisq["estimate"]
    assert (found["n_advisors"] == 100).all()


@pytest.mark.slow
def test_where_advisors_differ_the_plain_tests_find_items_that_are_not_at_fault():
    # 60 advisors of 8 dyads, each answering every item a little higher or lower for all of them
    rng, runs = np.random.default_rng(15), 120
    shares = {}
    samples = [with_advisors(dyads(rng, 480), rng) for _ in range(runs)]
    for clusters in (None, "advisor"):
        found = [
            at_fault(rater_invariance(one, ADVISEE, ADVISOR, clusters=clusters).set_index("term"))
            for one in samples
        ]
        shares[clusters] = np.mean(
            [any(term.startswith("scalar") for term in terms) for terms in found]
        )
    error = np.sqrt(0.05 * 0.95 / runs)
    assert shares[None] > 0.5
    assert shares["advisor"] < 0.05 + 3 * error


def test_pairs_of_factors_are_tied_item_by_item():
    items = dyads(np.random.default_rng(6), 400)
    factors = {"one": ADVISEE["goal"], "two": ADVISOR["goal"]}
    twins = list(zip(ADVISEE["goal"], ADVISOR["goal"], strict=True))
    tied = fit_cfa(
        items,
        factors,
        equal=("intercepts", "residuals"),
        residual_covariances=twins,
        equal_across=[("one", "two")],
    )
    found = tied.parameters.set_index("term")["estimate"]
    for first, second in twins:
        assert found[f"one =~ {first}"] == found[f"two =~ {second}"]
        assert found[f"{first} ~1"] == found[f"{second} ~1"]
        assert found[f"{first} ~~ {first}"] == found[f"{second} ~~ {second}"]
    # 36 covariances and 8 means, less 4 loadings, 4 residuals, 4 twins, 4 intercepts, the second
    # factor's variance and mean, and the correlation
    assert tied.fit["df"] == 44 - 19


def test_residuals_of_twins_must_covary():
    items = dyads(np.random.default_rng(7), 400)
    factors = {"one": ADVISEE["goal"], "two": ADVISOR["goal"]}
    twins = list(zip(ADVISEE["goal"], ADVISOR["goal"], strict=True))
    assert fit_cfa(items, factors).fit["p_value"] < 1e-6
    assert fit_cfa(items, factors, residual_covariances=twins).fit["p_value"] > 0.01


@pytest.mark.filterwarnings("error")
def test_too_few_dyads_or_an_item_without_variance_say_so():
    items = dyads(np.random.default_rng(8), 200)
    for spoiled, reason in (
        (items.head(12), "too few rows: 12 for 16 items"),
        (items.assign(advisor_bond_0=4.0), "no variance: advisor_bond_0"),
        (items.assign(advisor_bond_0=items["advisor_bond_1"]), "singular"),
    ):
        found = ladder(spoiled)
        assert found["estimate"].isna().all()
        assert reason in found.loc["configural: chisq", "note"]
        assert reason in found.loc["latent mean gap: goal", "note"]


def test_raters_whose_factors_differ_are_refused():
    items = dyads(np.random.default_rng(9), 50)
    with pytest.raises(ValueError, match="name or order"):
        rater_invariance(items, ADVISEE, {"goal": ADVISOR["goal"]})
    short = {**ADVISOR, "bond": ADVISOR["bond"][:3]}
    with pytest.raises(ValueError, match="number of items"):
        rater_invariance(items, ADVISEE, short)
