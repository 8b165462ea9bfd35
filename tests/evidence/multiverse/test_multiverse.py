"""The multiverse: its own choice is the comparison's, contradictions are counted, nothing leaks."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from scipy.stats import spearmanr

from analysis.contract.instruments import Instrument
from analysis.contract.plan import Plan
from analysis.evidence.comparison import compare_raters
from analysis.evidence.multiverse.choices import Sources
from analysis.evidence.multiverse.multiverse import explore_multiverse, resample_multiverse
from analysis.evidence.multiverse.specifications import list_specifications
from analysis.measure.scoring import score_alliance
from analysis.measure.window import assemble_frame, window_occasions

KEY = Instrument(
    name="six",
    title="six items",
    responses={"minimum": -20, "maximum": 20},
    subscales={"goal": (1, 2), "task": (3, 4), "bond": (5, 6)},
    status="user_supplied",
    source="made for this test",
)
PRIMARY = SimpleNamespace(outcome="goal_attainment", source="record", phase="end")
CHOICES = {
    "windows": [[1], [1, 2, 3]],
    "subscales": ["total", "bond"],
    "minimum_answered": [0.75, 0.5],
    "adjustments": ["none", "baseline"],
    "estimators": ["pearson", "spearman", "disattenuated"],
    "minimum_caseload": [1, 5],
    "resamples": 199,
}


def make_plan(**choices):
    content = {"datasets": ["one"], "scoring": {}, "comparison": {"resamples": 199}}
    return Plan.model_validate(content | {"multiverse": CHOICES | choices})


def make_sources(seed=1, advisors=20, gap=0.8):
    """A programme with items, of which some are missing, a baseline, and a second source."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(3, 16, size=advisors)
    codes = np.repeat(np.arange(advisors), sizes)
    n = len(codes)
    ids = np.array([f"e{i:04d}" for i in range(n)])
    level = rng.normal(size=(n, 2)) + 0.4 * rng.normal(size=(advisors, 2))[codes]
    baseline = rng.normal(size=n) + 0.3 * level.mean(axis=1)
    outcome = (0.3 + gap) * level[:, 0] + 0.3 * level[:, 1] + 0.5 * baseline + rng.normal(size=n)
    sheets = []
    for place, rater in enumerate(("advisee", "advisor")):
        for occasion in (1, 2, 3):
            items = level[:, [place]] + rng.normal(size=(n, 6))
            items[rng.random((n, 6)) < 0.05] = np.nan
            sheet = pd.DataFrame(items, columns=[f"item_{i:02d}" for i in range(1, 7)])
            sheet.insert(0, "engagement_id", ids)
            sheet.insert(1, "rater", rater)
            sheet.insert(2, "occasion", occasion)
            sheets.append(sheet)
    values = []
    for source, phase, value in (
        ("record", "end", outcome),
        ("record", "baseline", baseline),
        ("advisee", "end", outcome + level[:, 0]),
    ):
        rows = pd.DataFrame({"engagement_id": ids, "value": value})
        values.append(rows.assign(outcome="goal_attainment", source=source, phase=phase, week=30.0))
    declared = SimpleNamespace(timing="prospective", higher_is="better")
    return Sources(
        pd.DataFrame({"engagement_id": ids, "advisor_id": [f"a{code:02d}" for code in codes]}),
        pd.concat(sheets, ignore_index=True),
        pd.concat(values, ignore_index=True),
        {"advisee": KEY, "advisor": KEY},
        {"goal_attainment": declared},
        "advisor_id",
        PRIMARY,
    )


@pytest.fixture(scope="module")
def sources():
    return make_sources()


@pytest.fixture(scope="module")
def rows(sources):
    return explore_multiverse(sources, make_plan())


def specification(rows, **chosen):
    own = rows[(rows["analysis"] == "specification") & (rows["outcome_source"] == "record")]
    chosen = {"subscale": "total", "window": "1 2 3", "minimum_answered": 0.75} | chosen
    chosen = {"adjustment": "none", "method": "pearson", "minimum_caseload": 1} | chosen
    for name, value in chosen.items():
        own = own[own[name] == value]
    assert len(own) == 1
    return own.iloc[0]


def compared(sources):
    alliance = score_alliance(sources.checkins, sources.instruments, 0.75)
    frame = assemble_frame(sources.engagements, alliance, (1, 2, 3))
    own = sources.outcomes[(sources.outcomes["source"] == "record")]
    for phase in ("end", "baseline"):
        values = own[own["phase"] == phase].set_index("engagement_id")["value"]
        frame[phase] = frame["engagement_id"].map(values)
    return frame, window_occasions(alliance, (1, 2, 3))


def test_the_plans_own_choices_give_the_comparison_itself(sources, rows):
    frame, occasions = compared(sources)
    table = compare_raters(
        frame,
        "end",
        "advisee_total",
        "advisor_total",
        "advisor_id",
        make_plan().comparison,
        occasions,
    )
    own = specification(rows)
    assert own["primary"]
    line = table[(table["analysis"] == "clustered") & (table["method"] == "jackknife")].iloc[0]
    corrected = specification(rows, method="disattenuated")
    other = table[(table["analysis"] == "disattenuated") & (table["method"] == "jackknife")].iloc[0]
    for found, told in ((own, line), (corrected, other)):
        for name in ("estimate", "std_error", "conf_low", "conf_high", "n_engagements"):
            assert found[name] == pytest.approx(told[name], rel=1e-9), name


def test_ranks_give_spearmans_correlations(sources, rows):
    frame, _ = compared(sources)
    kept = frame[["end", "advisee_total", "advisor_total"]].dropna()
    told = spearmanr(kept["end"], kept["advisee_total"])[0]
    told -= spearmanr(kept["end"], kept["advisor_total"])[0]
    assert specification(rows, method="spearman")["estimate"] == pytest.approx(told, rel=1e-10)


def test_adjustment_gives_partial_correlations(sources, rows):
    frame, _ = compared(sources)
    kept = frame[["end", "advisee_total", "advisor_total", "baseline"]].dropna()
    design = np.column_stack([np.ones(len(kept)), kept["baseline"]])
    values = kept.to_numpy()[:, :3]
    left = values - design @ np.linalg.lstsq(design, values, rcond=None)[0]
    r = np.corrcoef(left.T)
    found = specification(rows, adjustment="baseline")["estimate"]
    assert found == pytest.approx(r[0, 1] - r[0, 2], rel=1e-10)


def test_a_caseload_leaves_small_clusters_out(sources, rows):
    frame, _ = compared(sources)
    kept = frame[["end", "advisee_total", "advisor_total", "advisor_id"]].dropna()
    kept = kept[kept.groupby("advisor_id")["end"].transform("size") >= 5]
    found = specification(rows, minimum_caseload=5)
    assert found["n_engagements"] == len(kept)
    assert found["n_advisors"] == kept["advisor_id"].nunique()
    r = np.corrcoef(kept[["end", "advisee_total", "advisor_total"]].to_numpy().T)
    assert found["estimate"] == pytest.approx(r[0, 1] - r[0, 2], rel=1e-10)


def test_every_combination_is_estimated_or_counted_with_its_reason(sources, rows):
    combinations = 2 * 2 * 2 * 2 * 3 * 2
    cells = 2
    given = (rows["analysis"] == "specification").sum()
    skipped = rows[rows["analysis"] == "skipped"].set_index("note")["estimate"]
    assert given + skipped.sum() == combinations * cells
    # Of one check-in nothing repeats: 2 ratings x 2 rules x (2 + 1 adjustments) x 2 caseloads.
    assert skipped["corrected for reliability, but check-ins do not repeat"] == 24
    assert skipped["no baseline of goal attainment was taken"] == 2 * 2 * 2 * 3 * 2


def test_a_component_that_a_form_lacks_is_counted(sources):
    _, skipped = list_specifications(sources, make_plan(subscales=["trust"]))
    reason = "there is no advisee trust or advisor trust"
    assert skipped.reasons[reason] == 2 * 2 * 2 * 2 * 3 * 2


def test_combinations_on_the_same_numbers_count_once(sources):
    complete = sources.checkins.copy()
    items = [name for name in complete if name.startswith("item_")]
    complete[items] = complete[items].fillna(0.0)
    whole = Sources(**{**vars(sources), "checkins": complete})
    found, skipped = list_specifications(whole, make_plan(windows=[[1, 2, 3], [1, 2, 3, 4]]))
    assert skipped.reasons["no answer sheet is scored differently"] > 0
    assert skipped.reasons["the window holds the same check-ins as another"] > 0
    assert {one.choices["minimum_answered"] for one in found} == {0.75}
    assert {one.choices["window"] for one in found} == {"1 2 3"}


def test_another_source_is_kept_apart(rows):
    tests = rows[(rows["analysis"] == "joint_test") & (rows["term"] == "share_significant")]
    assert sorted(tests["outcome_source"]) == ["advisee", "record"]
    assert tests.set_index("outcome_source")["primary"].to_dict() == {
        "record": True,
        "advisee": False,
    }
    shares = rows[rows["analysis"] == "variance_share"]
    assert shares["estimate"].sum() == pytest.approx(1)
    assert set(shares["outcome_source"]) == {"record"}


def test_a_clear_difference_shows_under_all_choices_together(rows):
    own = rows[(rows["analysis"] == "joint_test") & rows["primary"]].set_index("term")
    assert own.loc["median_difference", "estimate"] > 0
    assert own.loc["median_difference", "p_value"] <= 0.02
    error = own.loc["median_difference: p", "std_error"]
    assert 0 < error < 0.02


def test_the_order_of_rows_does_not_matter(sources, rows):
    rng = np.random.default_rng(2)
    shuffled = {
        name: getattr(sources, name).sample(frac=1, random_state=rng.integers(1_000))
        for name in ("engagements", "checkins", "outcomes")
    }
    again = explore_multiverse(Sources(**{**vars(sources), **shuffled}), make_plan())
    pd.testing.assert_frame_equal(rows, again, rtol=1e-9)


@pytest.mark.parametrize(
    ("outcome", "source", "phase", "reason"),
    [
        (None, None, "end", "no primary_outcome"),
        ("goal_attainment", "advisee", "end", "third party or a record"),
        ("goal_attainment", "record", "during", "no combination"),
    ],
)
def test_what_cannot_decide_is_not_testable(sources, outcome, source, phase, reason):
    primary = SimpleNamespace(outcome=outcome, source=source, phase=phase)
    rows = explore_multiverse(Sources(**{**vars(sources), "primary": primary}), make_plan())
    assert list(rows["verdict"]) == ["not_testable"]
    assert reason in rows["note"].iloc[0]


def test_one_rater_alone_is_not_testable(sources):
    own = sources.checkins[sources.checkins["rater"] == "advisee"]
    change = {"checkins": own, "instruments": {"advisee": KEY}}
    rows = explore_multiverse(Sources(**{**vars(sources), **change}), make_plan())
    assert list(rows["verdict"]) == ["not_testable"]
    assert "advisor" in rows["note"].iloc[0]


@pytest.mark.parametrize(
    "choices",
    [
        {"estimators": ["spearman"]},
        {"adjustments": ["baseline"]},
        {"minimum_caseload": [3]},
        {"windows": [[1, 1]]},
        {"windows": [[1], [1]]},
    ],
)
def test_choices_that_leave_out_the_plans_own_or_repeat_are_refused(choices):
    with pytest.raises(ValueError, match=r"own choice|twice"):
        make_plan(**choices)


@pytest.mark.parametrize("parts", [1, 3])
def test_resamples_made_in_parts_change_nothing(parts):
    plan = make_plan()
    made = [resample_multiverse(make_sources(), plan, part, parts) for part in range(1, parts + 1)]
    whole = explore_multiverse(make_sources(), plan)
    assert (whole["analysis"] == "joint_test").any()
    assert_frame_equal(explore_multiverse(make_sources(), plan, pd.concat(made, axis=1)), whole)


def test_a_part_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match="part 4 of 3"):
        resample_multiverse(make_sources(), make_plan(), 4, 3)
