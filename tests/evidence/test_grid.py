from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from analysis.evidence.comparison import compare_raters
from analysis.evidence.grid import SAME_SOURCE, compare_all_cells

PRIMARY = SimpleNamespace(outcome="goal_attainment", source="third_party", phase="end")
DECLARED = {
    "goal_attainment": SimpleNamespace(timing="prospective", higher_is="better"),
    "satisfaction": SimpleNamespace(timing="concurrent", higher_is="better"),
    "complaints": SimpleNamespace(timing="prospective", higher_is="worse"),
}
PRIMARY_KEY = ("goal_attainment", "third_party", "end")
NUMBERS = ["estimate", "std_error", "conf_low", "conf_high"]


def outcome_rows(frame, outcome, source, phase, value, week=30.0):
    return pd.DataFrame(
        {
            "engagement_id": frame["engagement_id"],
            "outcome": outcome,
            "source": source,
            "phase": phase,
            "week": week,
            "value": value,
        }
    )


@pytest.fixture
def dataset(programme):
    """A programme with a third-party, a self-rated and a recorded outcome (the last: few)."""
    data = programme(21, latent=(0.55, 0.15), reliability=(0.9, 0.8))
    frame = data.frame.rename(columns={"goal_attainment": "truth"})
    frame = frame.assign(window_start_week=2.0, window_end_week=6.0)
    rng = np.random.default_rng(2)
    noise = rng.normal(size=len(frame))
    outcomes = pd.concat(
        [
            outcome_rows(frame, "goal_attainment", "third_party", "end", frame["truth"]),
            outcome_rows(
                frame, "satisfaction", "advisee", "end", frame["advisee_total"] + noise, week=6.0
            ),
            outcome_rows(frame, "complaints", "record", "follow_up", noise - frame["truth"]),
            outcome_rows(frame.head(9), "satisfaction", "record", "end", noise[:9]),
            outcome_rows(frame, "goal_attainment", "third_party", "baseline", noise, week=0.0),
        ]
    )
    frame = frame.drop(columns="truth")
    return SimpleNamespace(frame=frame, outcomes=outcomes, occasions=data.occasions)


def run(dataset, plan, primary=PRIMARY, **keywords):
    return compare_all_cells(
        dataset.frame,
        dataset.outcomes,
        dataset.occasions,
        keywords.pop("items", None),
        DECLARED,
        plan,
        "advisor_id",
        primary,
        **keywords,
    )


def cell(table, outcome, source, phase="end"):
    return table[
        (table["outcome"] == outcome)
        & (table["outcome_source"] == source)
        & (table["phase"] == phase)
        & (table["analysis"] != "grid")
    ]


def verdict_of(table):
    rows = table[table["analysis"] == "verdict"]
    assert len(rows) == 1
    return rows.iloc[0]


def without_advisors(dataset):
    dataset.frame = dataset.frame.drop(columns="advisor_total")
    dataset.occasions = dataset.occasions.drop(columns="advisor_total")
    return dataset


def test_the_primary_cell_is_the_comparison_itself_and_alone_is_decided(dataset, plan):
    table = run(dataset, plan, lines=())
    primary = table[table["primary"] & (table["analysis"] != "grid")].reset_index(drop=True)
    values = dataset.outcomes.query("source == 'third_party' and phase == 'end'")
    frame = dataset.frame.merge(values[["engagement_id", "value"]], on="engagement_id")
    alone = compare_raters(
        frame,
        "value",
        "advisee_total",
        "advisor_total",
        "advisor_id",
        plan,
        dataset.occasions,
        lines=(),
    )
    shared = ["analysis", "method", "term", *NUMBERS, "n_engagements", "n_advisors", "verdict"]
    pd.testing.assert_frame_equal(primary[shared], alone[shared], check_exact=True)
    assert verdict_of(table)["verdict"] == "supported"
    assert verdict_of(table)["primary"]
    assert (
        primary[["outcome", "outcome_source", "phase", "timing"]].drop_duplicates()
    ).to_numpy().tolist() == [["goal_attainment", "third_party", "end", "prospective"]]


def test_other_cells_are_described_and_not_decided(dataset, plan):
    table = run(dataset, plan)
    for key in (("satisfaction", "advisee", "end"), ("complaints", "record", "follow_up")):
        rows = cell(table, *key)
        assert {"correlation", "naive", "clustered", "disattenuated"} <= set(rows["analysis"])
        assert rows["verdict"].isna().all()
        assert not rows["primary"].any()
    assert (cell(table, "satisfaction", "advisee")["timing"] == "concurrent").all()


def test_subscales_are_compared_beside_the_total_and_not_decided(dataset, plan):
    for rater in ("advisee", "advisor"):
        for table in (dataset.frame, dataset.occasions):
            table[f"{rater}_bond"] = table[f"{rater}_total"] ** 3
    both = run(dataset, plan, subscales=("total", "bond"))
    alone = run(dataset, plan)
    total = both[both["subscale"] == "total"].reset_index(drop=True)
    same = [name for name in alone if name != "p_adjusted"]  # the tier has grown
    pd.testing.assert_frame_equal(total[same], alone[same], check_exact=True)
    bond = cell(both[both["subscale"] == "bond"], *PRIMARY_KEY)
    assert {"clustered", "disattenuated", "naive"} <= set(bond["analysis"])
    assert not bond["primary"].any() and bond["verdict"].isna().all()
    estimates = [
        rows[rows["analysis"] == "clustered"]["estimate"].iloc[0] for rows in (bond, total)
    ]
    assert estimates[0] != estimates[1]


def test_holm_covers_the_secondary_tier_and_nothing_else(dataset, plan):
    for rater in ("advisee", "advisor"):
        for table in (dataset.frame, dataset.occasions):
            table[f"{rater}_bond"] = table[f"{rater}_total"] ** 3
    table = run(dataset, plan, subscales=("total", "bond"))
    record = table[(table["analysis"] == "clustered") & (table["method"] == "jackknife")]
    keys = ["outcome", "outcome_source", "subscale"]
    tier = record[record["p_adjusted"].notna()].set_index(keys)
    assert set(tier.index) == {
        ("goal_attainment", "third_party", "bond"),
        ("complaints", "record", "total"),
    }
    p = tier["p_value"].to_numpy()
    expected = np.where(p == p.min(), 2 * p.min(), np.maximum(2 * p.min(), p)).clip(max=1)
    np.testing.assert_allclose(tier["p_adjusted"], expected)
    assert table.drop(record.index)["p_adjusted"].isna().all()


def test_an_outcome_whose_higher_is_worse_is_turned(dataset, plan):
    rows = cell(run(dataset, plan), "complaints", "record", "follow_up")
    r = rows[rows["term"] == "correlation"]["estimate"]
    assert (r > 0).all()


def test_a_cell_of_nine_engagements_is_not_given(dataset, plan):
    rows = cell(run(dataset, plan), "satisfaction", "record")
    assert len(rows) == 1
    assert rows[NUMBERS].isna().all(axis=None)
    assert rows["verdict"].item() == "not_testable"
    assert "only 9 engagements have the outcome and both ratings" in rows["note"].item()


def test_the_grid_has_every_rater_and_source_in_order(dataset, plan):
    grid = run(dataset, plan).query("analysis == 'grid'")
    assert grid[["rater", "outcome_source", "outcome"]].fillna("").to_numpy().tolist() == [
        [rater, *rest]
        for rater in ("advisee", "advisor")
        for rest in (
            ["advisee", "satisfaction"],
            ["advisor", ""],
            ["third_party", "goal_attainment"],
            ["record", "satisfaction"],
            ["record", "complaints"],
        )
    ]
    empty = grid[grid["outcome"].isna()]
    assert (empty["verdict"] == "not_testable").all()
    assert (empty["note"] == "no outcome was given by source 'advisor'").all()
    assert empty[NUMBERS].isna().all(axis=None)


def test_the_grid_repeats_the_correlations_on_shared_engagements(dataset, plan):
    table = run(dataset, plan)
    for rater in ("advisee", "advisor"):
        rows = table[(table["rater"] == rater) & (table["outcome"] == "goal_attainment")]
        first, again = (
            rows[rows["analysis"] == name][NUMBERS].to_numpy() for name in ("correlation", "grid")
        )
        np.testing.assert_array_equal(first, again)


def test_same_source_cells_are_marked_and_no_others(dataset, plan):
    grid = run(dataset, plan).query("analysis == 'grid'")
    marked = grid[grid["note"].str.contains(SAME_SOURCE, regex=False)]
    assert marked[["rater", "outcome_source"]].to_numpy().tolist() == [["advisee", "advisee"]]


class TestPrimaryCellThatCannotDecide:
    def test_an_outcome_of_a_party(self, dataset, plan):
        primary = SimpleNamespace(outcome="satisfaction", source="advisee", phase="end")
        table = run(dataset, plan, primary)
        verdict = verdict_of(table)
        assert verdict["verdict"] == "not_testable"
        assert "an outcome from a third party or a record is missing" in verdict["note"]
        own = cell(table, "satisfaction", "advisee")
        assert own["primary"].all()
        assert np.isfinite(own[own["method"] == "jackknife_90"]["conf_low"]).all()
        assert len(cell(table, "goal_attainment", "third_party")) > 10

    def test_one_rater_only(self, dataset, plan):
        table = run(without_advisors(dataset), plan)
        verdict = verdict_of(table)
        assert verdict["verdict"] == "not_testable"
        assert "ratings of the alliance by the advisor are missing" in verdict["note"]
        grid = table.query("analysis == 'grid'")
        given = grid[(grid["rater"] == "advisee") & (grid["outcome"] == "goal_attainment")]
        assert np.isfinite(given[NUMBERS]).all(axis=None)
        other = grid[grid["rater"] == "advisor"]
        assert len(other) == 4
        assert (other["note"] == "the advisor never rated the alliance").all()
        assert (other["verdict"] == "not_testable").all()
        few = grid[(grid["outcome"] == "satisfaction") & (grid["outcome_source"] == "record")]
        assert "only 9 engagements have the outcome and the advisee's rating" in few["note"].item()

    def test_a_column_of_nothing_is_no_rater(self, dataset, plan):
        dataset.frame["advisor_total"] = np.nan
        assert "by the advisor are missing" in verdict_of(run(dataset, plan))["note"]

    def test_no_values_at_all(self, dataset, plan):
        primary = SimpleNamespace(outcome="renewal", source="record", phase="end")
        table = run(dataset, plan, primary)
        verdict = verdict_of(table)
        assert verdict["verdict"] == "not_testable"
        assert verdict["note"].startswith("no values of renewal by record (end); the data hold")
        assert "goal_attainment by third_party (end)" in verdict["note"]
        assert verdict["outcome"] == "renewal"
        assert np.isnan(verdict["estimate"])

    def test_too_few_engagements(self, dataset, plan):
        primary = SimpleNamespace(outcome="satisfaction", source="record", phase="end")
        verdict = verdict_of(run(dataset, plan, primary))
        assert verdict["verdict"] == "not_testable"
        assert verdict["note"].count("only 9 engagements") == 1

    def test_an_outcome_from_before_the_window(self, dataset, plan):
        dataset.outcomes.loc[dataset.outcomes["source"] == "third_party", "week"] = 1.0
        table = run(dataset, plan)
        verdict = verdict_of(table)
        assert verdict["verdict"] == "not_testable"
        assert "the order in time is wrong" in verdict["note"]
        assert np.isnan(verdict["estimate"])
        grid = table[(table["analysis"] == "grid") & table["primary"]]
        assert (grid["verdict"] == "not_testable").all()
        assert grid["note"].str.contains("the order in time is wrong").all()
        assert len(cell(table, "complaints", "record", "follow_up")) > 10

    def test_no_outcomes_at_all(self, dataset, plan):
        dataset.outcomes = dataset.outcomes.head(0)
        table = run(dataset, plan)
        assert verdict_of(table)["note"].endswith("the data hold no outcome")
        assert len(table) == 1 + 8


def test_row_order_changes_nothing(dataset, plan):
    table = run(dataset, plan)
    for name in ("frame", "outcomes", "occasions"):
        setattr(dataset, name, getattr(dataset, name).sample(frac=1, random_state=5))
    pd.testing.assert_frame_equal(run(dataset, plan), table, check_exact=True)


def test_values_left_out_for_their_time_are_noted_on_every_row(dataset, plan):
    end = (dataset.outcomes["source"] == "third_party") & (dataset.outcomes["phase"] == "end")
    first = dataset.outcomes["engagement_id"].isin(dataset.frame["engagement_id"].head(4))
    dataset.outcomes.loc[end & first, "week"] = 0.0
    rows = cell(run(dataset, plan), "goal_attainment", "third_party")
    assert rows["note"].str.contains("4 values from before the alliance window left out").all()
    assert rows.iloc[-1]["n_engagements"] == len(dataset.frame) - 4


def test_a_cluster_of_its_own_for_every_engagement(dataset, plan):
    table = compare_all_cells(
        dataset.frame, dataset.outcomes, None, None, DECLARED, plan, "engagement_id", PRIMARY
    )
    verdict = verdict_of(table)
    assert verdict["n_advisors"] == len(dataset.frame)
    assert "uncorrected for reliability" in verdict["note"]


def test_a_missing_cluster_is_refused(dataset, plan):
    dataset.frame.loc[3, "advisor_id"] = None
    with pytest.raises(ValueError, match="'advisor_id' is missing in 1 of"):
        run(dataset, plan)


def test_an_outcome_named_like_a_column_of_the_frame_is_refused(dataset, plan):
    dataset.outcomes["outcome"] = "advisee_total"
    declared = {"advisee_total": DECLARED["goal_attainment"]}
    with pytest.raises(ValueError, match="'advisee_total' has the name of a column"):
        compare_all_cells(
            dataset.frame, dataset.outcomes, None, None, declared, plan, "advisor_id", PRIMARY
        )


def test_the_baseline_of_a_cell_is_what_its_differences_are_adjusted_for(dataset, plan):
    table = run(dataset, plan)
    adjusted = cell(table[table["analysis"] == "adjusted"], *PRIMARY_KEY)
    record = adjusted[(adjusted["term"] == "difference") & (adjusted["method"] == "jackknife")]
    assert "goal_attainment by third_party (baseline)" in record["note"].item()
    assert np.isfinite(record["estimate"].item())
    other = cell(table[table["analysis"] == "adjusted"], "complaints", "record", "follow_up")
    assert "nothing to adjust for" in other["note"].iloc[0]
