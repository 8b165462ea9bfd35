import numpy as np
import pandas as pd
import pytest

from analysis.contract.estimates import as_estimates
from analysis.contract.plan import ComparisonPlan
from analysis.evidence.cases import complete_cases
from analysis.evidence.lines.multilevel import TERMS, multilevel_rows
from analysis.models.multilevel import fit_two_level, ols_cr2

PLAN = ComparisonPlan()
COLUMNS = ("outcome", "advisee", "advisor", "cluster")


def make_frame(
    rng,
    clusters=60,
    largest=20,
    within=(0.4, 0.1),
    between=(0.1, 0.6),
    spread=(0.4, 0.9),
    variance=0.2,
    alike=0.3,
):
    """Ratings with SD 1 within clusters and ``spread`` between; slopes per SD of each level."""
    codes = np.repeat(np.arange(clusters), rng.integers(2, largest + 1, clusters))
    root = np.linalg.cholesky([[1, alike], [alike, 1]])
    own = rng.normal(size=(len(codes), 2)) @ root.T
    level = rng.normal(size=(clusters, 2))[codes]
    y = own @ within + level @ between + np.sqrt(variance) * rng.normal(size=clusters)[codes]
    ratings = own + level * spread
    return pd.DataFrame(
        {
            "outcome": y + rng.normal(size=len(codes)),
            "advisee": 4 + ratings[:, 0],
            "advisor": 60 + 12 * ratings[:, 1],
            "cluster": [f"c{code:03d}" for code in codes],
        }
    )


def line(frame, plan=PLAN):
    return as_estimates(multilevel_rows(complete_cases(frame, *COLUMNS), plan))


def by_term(table, method="reml"):
    return table[table["method"] == method].set_index("term")


def test_rows_are_those_of_the_mixed_model_on_split_and_standardised_ratings():
    frame = make_frame(np.random.default_rng(1))
    table = line(frame)
    assert table["term"].tolist() == [*TERMS, "within_difference", "share_between"]
    assert (table["analysis"] == "multilevel").all()
    assert table["note"].isin(["", None]).sum() >= 6
    split = pd.DataFrame({"outcome": frame["outcome"] / frame["outcome"].std()})
    groups = frame.groupby("cluster")
    for rater in ("advisee", "advisor"):
        mean = groups[rater].transform("mean")
        own = frame[rater] - mean
        split[f"within_{rater}"] = own / np.sqrt((own**2).sum() / (len(frame) - groups.ngroups))
        split[f"between_{rater}"] = mean / groups[rater].mean().std()
    split["cluster"] = frame["cluster"]
    slopes = [name for name in split if "_" in name]
    contrasts = {
        f"{level}_difference": {f"{level}_advisee": 1, f"{level}_advisor": -1}
        for level in ("within", "between")
    }
    expected = fit_two_level(split, "outcome", slopes, "cluster", contrasts=contrasts)
    expected = expected.set_index("term")
    own = by_term(table)
    for name in ("estimate", "std_error", "df", "p_value", "conf_low", "conf_high"):
        np.testing.assert_allclose(
            own.loc[list(TERMS), name], expected.loc[list(TERMS), name], rtol=1e-6, atol=1e-12
        )
    robust = ols_cr2(split, "outcome", slopes, "cluster", contrasts=contrasts).set_index("term")
    check = by_term(table, "cr2").loc["within_difference"]
    assert check["std_error"] == pytest.approx(robust.loc["within_difference", "std_error"])
    assert check["estimate"] == pytest.approx(own.loc["within_difference", "estimate"], rel=1e-9)


def test_within_difference_is_the_difference_of_correlations_within_clusters():
    frame = make_frame(np.random.default_rng(2))
    own = frame[list(COLUMNS[:3])] - frame.groupby("cluster")[list(COLUMNS[:3])].transform("mean")
    r = np.corrcoef(own.to_numpy().T)
    within = np.sqrt((own["outcome"] ** 2).sum() / (len(own) - frame["cluster"].nunique()))
    expected = (r[0, 1] - r[0, 2]) / (1 - r[1, 2]) * within / frame["outcome"].std()
    row = by_term(line(frame)).loc["within_difference"]
    assert row["estimate"] == pytest.approx(expected, rel=1e-9)


def test_units_order_and_names_change_nothing_and_swapping_raters_turns_the_sign():
    frame = make_frame(np.random.default_rng(3))
    one = line(frame)
    moved = frame.assign(outcome=1e5 + 50 * frame["outcome"], advisee=frame["advisee"] / 1e4)
    numbers = ["estimate", "std_error", "df", "conf_low"]
    np.testing.assert_allclose(one[numbers], line(moved)[numbers], rtol=1e-6, atol=1e-9)
    pd.testing.assert_frame_equal(
        one, line(frame.sample(frac=1, random_state=1)), check_exact=False, rtol=1e-9
    )
    swapped = line(frame.rename(columns={"advisee": "advisor", "advisor": "advisee"}))
    for term in ("within_difference", "between_difference"):
        assert by_term(swapped).loc[term, "estimate"] == pytest.approx(
            -by_term(one).loc[term, "estimate"], rel=1e-9
        )


def test_raters_are_named_on_their_slopes():
    table = line(make_frame(np.random.default_rng(4)))
    raters = table.set_index(["term", "method"])["rater"]
    assert raters["within_advisor", "reml"] == "advisor"
    assert raters["between_advisee", "reml"] == "advisee"
    assert pd.isna(raters["within_difference", "reml"])


def test_few_clusters_give_cr2_and_say_so():
    table = line(make_frame(np.random.default_rng(5), clusters=15))
    rows = table[table["term"].isin(TERMS)]
    assert rows["method"].eq("cr2").all()
    assert rows["note"].str.contains("only 15 clusters").all()
    assert len(rows) == len(TERMS)
    assert rows["conf_low"].notna().all()


def test_clusters_of_one_do_not_count_as_clusters_within():
    frame = make_frame(np.random.default_rng(6), clusters=15)
    single = frame.head(30).assign(cluster=[f"s{i}" for i in range(30)])
    rows = line(pd.concat([frame, single], ignore_index=True))
    assert rows.loc[0, "method"] == "cr2"
    assert "only 15 clusters of two engagements" in rows.loc[0, "note"]
    assert rows.loc[0, "n_advisors"] == 45


def test_a_singular_fit_gives_cr2_and_says_so():
    frame = make_frame(np.random.default_rng(7), clusters=30, variance=0, between=(0, 0))
    # An outcome whose mean is the same in every cluster leaves nothing between them.
    frame["outcome"] -= frame.groupby("cluster")["outcome"].transform("mean")
    rows = line(frame)
    assert rows.loc[0, "method"] == "cr2"
    assert "singular fit" in rows.loc[0, "note"]
    assert by_term(rows).loc["share_between", "estimate"] == 0


def test_small_caseloads_caution_the_slopes_between():
    table = by_term(line(make_frame(np.random.default_rng(8), largest=5)))
    assert table.loc["between_difference", "note"].startswith("clusters are small (median size ")
    assert table.loc["within_difference", "note"] == ""


@pytest.mark.parametrize("kind", ["binary", "ordinal"])
def test_outcomes_in_categories_add_slopes_in_log_odds(kind):
    frame = make_frame(np.random.default_rng(9), clusters=40)
    cuts = [0] if kind == "binary" else [-1, 0, 1]
    frame["outcome"] = np.digitize(frame["outcome"], cuts).astype(float)
    table = line(frame)
    method = "logit" if kind == "binary" else "ordinal_logit"
    own = by_term(table, method)
    assert own.index.tolist() == list(TERMS)
    assert own["note"].str.startswith("in log odds").all()
    gap = own.loc["within_advisee", "estimate"] - own.loc["within_advisor", "estimate"]
    assert own.loc["within_difference", "estimate"] == pytest.approx(gap)
    assert np.sign(gap) == np.sign(by_term(table).loc["within_difference", "estimate"])
    assert own["std_error"].gt(0).all()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda f: f.assign(cluster="one"), "one cluster"),
        (lambda f: f.assign(cluster=np.arange(len(f)).astype(str)), "one engagement"),
        (lambda f: f.assign(outcome=3.0), "no variance in the outcome"),
        (lambda f: f.assign(advisor=3.0), "no variance in the advisor's rating"),
        (lambda f: f.assign(advisor=2 * f["advisee"] + 1), "perfectly correlated"),
        (lambda f: f.assign(advisor=f.groupby("cluster")["advisor"].transform("mean")), "within"),
        (lambda f: f.head(12).assign(cluster=list("abcd") * 3), "6 degrees of freedom"),
        (lambda f: f.head(12).assign(cluster=list("ab") * 6), "8 degrees of freedom"),
        (lambda f: f.assign(cluster=np.where(f.index < 50, "a", "b")), "cannot be told apart"),
        (lambda f: f.head(0), "one cluster"),
    ],
)
def test_what_cannot_be_split_is_one_row_without_numbers(change, reason):
    table = line(change(make_frame(np.random.default_rng(10))))
    assert table["term"].tolist() == ["within_difference"]
    assert table[["estimate", "conf_low"]].isna().all(axis=None)
    assert table.loc[0, "note"].startswith("line not given")
    assert reason in table.loc[0, "note"]


@pytest.mark.slow
@pytest.mark.parametrize(("clusters", "method"), [(60, "reml"), (12, "cr2")])
def test_simulated_slopes_are_given_back_and_covered(clusters, method):
    """Within and between differ on purpose; caseloads are large, so that means are good ones."""
    rng = np.random.default_rng(11)
    runs = 400
    estimates, covered = [], []
    frames = [make_frame(rng, clusters=clusters, largest=40) for _ in range(runs)]
    # In SDs of the outcome, whose variance has a part within and one between clusters.
    total = np.sqrt(0.4**2 + 0.1**2 + 2 * 0.3 * 0.04 + 1 + 0.1**2 + 0.6**2 + 0.2)
    truth = np.array([0.3, 0.4, 0.1]) / total
    for frame in frames:
        rows = by_term(line(frame), method).loc[["within_difference", *TERMS[1:3]]]
        estimates.append(rows["estimate"].to_numpy())
        covered.append((rows["conf_low"] < truth) & (truth < rows["conf_high"]))
    error = np.std(estimates, axis=0) / np.sqrt(runs)
    # A ratio of an unbiased slope to the sample's SD is biased by about 1 / clusters of itself.
    assert (np.abs(np.mean(estimates, axis=0) - truth) < 4 * error + truth / clusters).all()
    rate = np.mean(covered, axis=0)
    assert (np.abs(rate - 0.95) < 4 * np.sqrt(0.95 * 0.05 / runs)).all(), rate


@pytest.mark.slow
def test_slopes_between_are_given_back():
    rng = np.random.default_rng(12)
    runs = 200
    # With 200 engagements each, means of ratings hold next to nothing of the engagements' own.
    terms = ["between_advisee", "between_advisor", "between_difference"]
    found, target, covered = [], [], []
    for _ in range(runs):
        frame = make_frame(rng, clusters=40, largest=200)
        rows = by_term(line(frame)).loc[terms]
        # Per SD of the means in this sample, which the line takes as known.
        means = frame.groupby("cluster")[["advisee", "advisor"]].mean().std() / [0.4, 12 * 0.9]
        one, other = np.array([0.1, 0.6]) * means / frame["outcome"].std()
        target.append([one, other, one - other])
        found.append(rows["estimate"].to_numpy())
        covered.append((rows["conf_low"] < target[-1]) & (target[-1] < rows["conf_high"]))
    gap = np.array(found) - target
    assert (np.abs(gap.mean(axis=0)) < 4 * gap.std(axis=0) / np.sqrt(runs) + 0.02).all()
    rate = np.mean(covered, axis=0)
    assert (np.abs(rate - 0.95) < 4 * np.sqrt(0.95 * 0.05 / runs)).all(), rate


@pytest.mark.slow
@pytest.mark.parametrize(("clusters", "method"), [(60, "reml"), (12, "cr2")])
def test_equal_slopes_are_rejected_as_seldom_as_promised(clusters, method):
    """A rating that differs much between advisors gains nothing thereby within them."""
    rng = np.random.default_rng(13)
    runs = 600
    p = [
        by_term(line(make_frame(rng, clusters, 14, within=(0.3, 0.3))), method).loc[
            "within_difference", "p_value"
        ]
        for _ in range(runs)
    ]
    assert abs(np.mean(np.array(p) < 0.05) - 0.05) < 4 * np.sqrt(0.05 * 0.95 / runs)
