import numpy as np
import pytest

from analysis.measure.multilevel_imputation import impute_two_level


def simulate(rng, clusters=80, size=10):
    """Three variables with covariances known at both levels, the third missing at random."""
    within = np.array([[1, 0.4, 0.3], [0.4, 1, 0.5], [0.3, 0.5, 1]]) * 0.7
    between = np.array([[1, 0.2, 0.6], [0.2, 1, 0.1], [0.6, 0.1, 1]]) * 0.3
    codes = np.repeat(np.arange(clusters), size)
    effects = rng.normal(size=(clusters, 3)) @ np.linalg.cholesky(between).T
    values = effects[codes] + rng.normal(size=(len(codes), 3)) @ np.linalg.cholesky(within).T
    gone = rng.random(len(codes)) < 1 / (1 + np.exp(0.5 - values[:, 0] - values[:, 1]))
    known = values.copy()
    known[gone, 2] = np.nan
    return values, known, codes, within, between


def components(values, codes, g):
    """Within and between covariances by analysis of variance, equal cluster sizes."""
    size = len(codes) // g
    means = values.reshape(g, size, -1).mean(axis=1)
    residual = values - means[codes]
    within = residual.T @ residual / (len(codes) - g)
    return within, np.cov(means.T) - within / size


def test_covariances_at_both_levels_are_kept():
    rng = np.random.default_rng(1)
    found, runs = [], 20
    for _ in range(runs):
        _, known, codes, within, between = simulate(rng)
        copies = impute_two_level(known, codes, 80, 5, rng)
        both = [components(copy, codes, 80) for copy in copies]
        found.append(np.mean(both, axis=0))
    error = np.std(found, axis=0, ddof=1) / np.sqrt(runs)
    # four standard errors: a dozen numbers are looked at
    assert (np.abs(np.mean(found, axis=0) - [within, between]) < 4 * error + 0.005).all()


def test_only_gaps_change_and_they_vary_between_copies():
    rng = np.random.default_rng(2)
    _, known, codes, _, _ = simulate(rng, clusters=12)
    known[::9, 1] = np.nan
    known[3] = np.nan
    copies = impute_two_level(known, codes, 12, 4, rng)
    gaps = np.isnan(known)
    assert copies.shape == (4, *known.shape)
    assert np.isfinite(copies).all()
    assert (copies[:, ~gaps] == known[~gaps]).all()
    assert (copies[:, gaps].std(axis=0) > 0).all()


def test_units_do_not_matter():
    _, known, codes, _, _ = simulate(np.random.default_rng(3), clusters=15)
    scale, shift = np.array([100.0, 0.01, 3.0]), np.array([5.0, -2.0, 900.0])
    plain = impute_two_level(known, codes, 15, 2, np.random.default_rng(0))
    scaled = impute_two_level(known * scale + shift, codes, 15, 2, np.random.default_rng(0))
    assert scaled == pytest.approx(plain * scale + shift, rel=1e-8)


def test_copies_of_a_variable_do_not_break_it():
    rng = np.random.default_rng(4)
    _, known, codes, _, _ = simulate(rng, clusters=15)
    twice = np.column_stack([known, 2 * known[:, 2] + 1])
    copies = impute_two_level(twice, codes, 15, 3, rng)
    assert np.isfinite(copies).all()


def test_what_cannot_be_imputed_is_refused():
    values = np.arange(8.0).reshape(4, 2)
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="one cluster"):
        impute_two_level(values, np.zeros(4, dtype=int), 1, 2, rng)
    with pytest.raises(ValueError, match="ascend"):
        impute_two_level(values, np.array([1, 0, 1, 0]), 2, 2, rng)
    values[:, 1] = np.nan
    with pytest.raises(ValueError, match="never known"):
        impute_two_level(values, np.array([0, 0, 1, 1]), 2, 2, rng)
