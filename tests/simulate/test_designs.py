"""Designs: what is drawn has the truth that is stated."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.simulate.designs import PAIRS, Design, draw_batch
from analysis.simulate.scenarios import SCENARIOS, find_scenario

LARGE = Design(
    400,
    8000,
    validity=(0.40, 0.25),
    shared=(0.25, 0.15, 0.35),
    between=(0.5, 0.5, 0.2),
    reliability=(0.9, 0.6),
)


@pytest.fixture(scope="module")
def batch():
    return draw_batch(LARGE, 20, np.random.default_rng(1))


def pooled(values: np.ndarray) -> np.ndarray:
    return np.mean([np.corrcoef(values[:, b].T) for b in range(values.shape[1])], axis=0)


def test_window_means_correlate_as_alliance_and_reliability_say(batch):
    r = pooled(batch.values())
    root = np.sqrt([1, *LARGE.reliability])
    expected = np.array([*LARGE.validity, LARGE.agreement]) * [root[i] * root[j] for i, j in PAIRS]
    # 160,000 engagements of 8,000 advisors; the design effect is at most about 7: error .006.
    np.testing.assert_allclose([r[pair] for pair in PAIRS], expected, atol=0.02)


def test_the_window_mean_is_as_reliable_as_the_design_says():
    first = draw_batch(replace(LARGE, occasions=2), 20, np.random.default_rng(2)).scores
    for place, reliability in enumerate(LARGE.reliability):
        single = pooled(first[..., place])[0, 1]
        assert 2 * single / (1 + single) == pytest.approx(reliability, abs=0.015)  # Spearman-Brown


def test_advisors_share_the_variance_that_the_design_says(batch):
    values, codes = batch.values(), batch.codes
    counts = np.bincount(codes)
    for place, share in enumerate(LARGE.shared):
        own = values[..., place] - values[..., place].mean(axis=0)
        sums = np.stack([np.bincount(codes, weights=own[:, b]) for b in range(batch.n_sets)])
        squares = np.stack([np.bincount(codes, weights=own[:, b] ** 2) for b in range(20)])
        pairs = (sums**2 - squares).sum() / (counts * (counts - 1)).sum() / 20
        assert pairs / own.var() == pytest.approx(share, abs=0.02)


def test_caseloads_are_unequal_add_up_and_begin_as_they_go_on():
    sizes = LARGE.caseloads()
    assert sizes.sum() == 8000
    assert sizes.min() >= 2
    assert np.log(sizes).std() == pytest.approx(0.6, abs=0.1)
    assert np.log(sizes[:40]).std() == pytest.approx(np.log(sizes).std(), abs=0.1)
    assert len(set(replace(LARGE, spread=0.0).caseloads())) == 1


def test_replies_are_missing_at_random_given_outcome_and_advisees_rating():
    batch = draw_batch(find_scenario("missing").design, 50, np.random.default_rng(3))
    assert batch.replied.mean() == pytest.approx(0.60, abs=0.01)
    values = batch.values()
    kept = values[batch.replied]
    assert kept[:, 0].mean() > 0.15
    assert kept[:, 1].mean() > 0.15
    # Given these two, whether the advisor replied tells nothing of what the advisor would say.
    flat, replied = values.reshape(-1, 3), batch.replied.ravel()
    known = np.column_stack([np.ones(len(flat)), flat[:, :2]])
    rest = flat[:, 2] - known @ np.linalg.lstsq(known, flat[:, 2], rcond=None)[0]
    assert rest[replied].mean() - rest[~replied].mean() == pytest.approx(0, abs=0.02)


def test_one_data_set_holds_only_advisors_who_replied():
    batch = draw_batch(Design(30, 60, spread=0, answered=0.4), 3, np.random.default_rng(4))
    one = batch.one(1)
    assert one.complete
    assert len(one.outcome) == batch.replied[:, 1].sum()
    assert one.n_clusters == len(np.unique(batch.codes[batch.replied[:, 1]])) < 30


def test_the_same_manner_of_answering_raises_one_correlation_and_lowers_the_other():
    design = Design(100, 4000, same_source=0.1, reliability=(1.0, 1.0))
    r = pooled(draw_batch(design, 20, np.random.default_rng(5)).values())
    assert r[0, 1] == pytest.approx(0.9 * 0.3 + 0.1, abs=0.015)
    assert r[0, 2] == pytest.approx(np.sqrt(0.9) * 0.3, abs=0.015)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"validity": (0.9, -0.9), "agreement": 0.9}, "cannot stand together"),
        ({"shared": (0.1, 0.1, 0.8), "reliability": (0.9, 0.5)}, "must not exceed its reliability"),
        ({"shared": (0.9, 0.9, 0.9), "between": (-0.9, 0.5, 0.2)}, "cannot stand together"),
    ],
)
def test_what_cannot_be_is_refused(change, word):
    with pytest.raises(ValueError, match=word):
        Design(**{"advisors": 20, "engagements": 200, **change}).covariances()


def test_every_scenario_can_be_drawn_and_says_what_it_shows():
    assert len({one.name for one in SCENARIOS}) == len(SCENARIOS)
    for scenario in SCENARIOS:
        batch = draw_batch(scenario.design, 2, np.random.default_rng(6))
        assert batch.n_clusters == scenario.design.advisors
        assert len(batch.outcome) == scenario.design.engagements
        assert scenario.shows


def test_the_same_seed_draws_the_same_numbers():
    draws = [draw_batch(LARGE, 2, np.random.default_rng(7)).scores for _ in range(2)]
    assert np.array_equal(*draws)
