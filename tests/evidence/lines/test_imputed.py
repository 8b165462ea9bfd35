import numpy as np
import pandas as pd
import pytest

from analysis.contract.estimates import as_estimates
from analysis.contract.plan import ComparisonPlan
from analysis.evidence.cells import Cell
from analysis.evidence.lines.auxiliaries import fill_ratings, gather_auxiliaries
from analysis.evidence.lines.imputed import impute_cell, imputed_rows

PLAN = ComparisonPlan(imputations=10)
NAMES = ("goal_attainment", "advisee_total", "advisor_total", "advisor_id")


def frame_of(values, codes):
    frame = pd.DataFrame(values, columns=list(NAMES[:3]))
    frame["advisor_id"] = [f"a{code}" for code in codes]
    frame.insert(0, "engagement_id", [f"e{i:05d}" for i in range(len(frame))])
    return frame


def lose_advisors(values, rng):
    """About 40 % of the advisor's ratings gone: the better it went, the likelier."""
    gone = rng.random(len(values)) < 1 / (1 + np.exp(0.6 - 1.2 * values[:, 0] - 0.8 * values[:, 1]))
    known = values.copy()
    known[gone, 2] = np.nan
    return known, gone


def lose_whole_advisors(values, codes, rng):
    """Ratings of about 40 % of the advisors gone, likelier of those whose advisees rate well."""
    level = np.bincount(codes, weights=values[:, 1]) / np.bincount(codes)
    gone = (rng.random(len(level)) < 1 / (1 + np.exp(0.5 - 2 * level)))[codes]
    known = values.copy()
    known[gone, 2] = np.nan
    return known, gone


def simulate(lines, seed, **truth):
    rng = np.random.default_rng(seed)
    values, codes = lines.simulate_values(rng, **truth)
    known, gone = lose_advisors(values, rng)
    return frame_of(known, codes), values, gone


def impute(frame, plan=PLAN, seed=1, **keywords):
    rows = imputed_rows(frame, *NAMES, plan, np.random.default_rng(seed), **keywords)
    return as_estimates(rows)


@pytest.mark.slow
def test_advisors_who_never_replied_are_imputed_without_bias(lines):
    rng = np.random.default_rng(7)
    plan, runs, truth = ComparisonPlan(), 200, 0.2
    found, hits = [], 0
    for _ in range(runs):
        values, codes = lines.simulate_values(rng, clusters=50, truth=(0.4, 0.2), shared=0.3)
        known, _ = lose_whole_advisors(values, codes, rng)
        row = imputed_rows(frame_of(known, codes), *NAMES, plan, rng)[0]
        found.append(row["estimate"])
        hits += row["conf_low"] < truth < row["conf_high"]
    error = np.std(found, ddof=1) / np.sqrt(runs)
    assert abs(np.mean(found) - truth) < 3 * error
    assert hits / runs > 0.95 - 3 * np.sqrt(0.95 * 0.05 / runs)


@pytest.mark.slow
@pytest.mark.parametrize(("advisors", "size"), [(40, 10), (12, 20)])
def test_imputing_removes_the_bias_of_complete_cases_and_covers_the_truth(lines, advisors, size):
    rng = np.random.default_rng(advisors)
    plan, runs, truth = ComparisonPlan(), 200, 0.2
    complete, imputed, hits = [], [], 0
    for _ in range(runs):
        values, codes = lines.simulate_values(
            rng, clusters=advisors, size=size, truth=(0.4, 0.2), shared=0.2
        )
        known, gone = lose_advisors(values, rng)
        r = np.corrcoef(values[~gone].T)[0]
        complete.append(r[1] - r[2])
        row = imputed_rows(frame_of(known, codes), *NAMES, plan, rng)[0]
        imputed.append(row["estimate"])
        hits += row["conf_low"] < truth < row["conf_high"]
    error = np.std(imputed, ddof=1) / np.sqrt(runs)
    assert np.mean(complete) - truth < -0.05
    assert abs(np.mean(imputed) - truth) < 3 * error
    # near nominal: not below it but for Monte Carlo error; with few advisors somewhat above
    assert hits / runs > 0.95 - 3 * np.sqrt(0.95 * 0.05 / runs)


def test_the_line_has_its_intervals_and_its_shifts(lines):
    frame, _, gone = simulate(lines, 1)
    table = impute(frame)
    assert table["method"].tolist() == ["rubin", "rubin_90", *["rubin_shifted"] * 4]
    assert table["term"].tolist()[2:] == [
        f"difference_shifted_{size}" for size in ("-0.2", "+0.2", "-0.5", "+0.5")
    ]
    table = table.set_index("method")
    record = table.loc["rubin"]
    assert record["n_engagements"] == len(frame)
    assert record["conf_low"] < table.loc["rubin_90", "conf_low"] < record["estimate"]
    assert 0 < record["df"] < 29
    assert f"{gone.mean():.1%} of the ratings by the advisor" in record["note"]
    assert "uncorrected for reliability" in record["note"]
    assert "fraction of missing information" in record["note"]
    assert (table["rater"].dropna() == "advisor").all()


def test_a_shift_moves_imputed_ratings_and_no_others(lines):
    """Ratings are missing where outcomes are good: raising them makes the advisor look better."""
    frame, _, _ = simulate(lines, 2, clusters=60)
    plain, _, down, up, far_down, far_up = impute(frame)["estimate"]
    assert far_up < up < plain < down < far_down


def test_neither_the_order_of_rows_nor_names_have_a_part_in_it(lines):
    frame, _, _ = simulate(lines, 3)
    aux = pd.DataFrame({"later": frame["advisor_total"].fillna(frame["goal_attainment"])})
    aux.index = pd.Index(frame["engagement_id"])
    table = impute(frame, auxiliaries=aux)
    other = frame.sample(frac=1, random_state=4).reset_index(drop=True)
    names = dict(zip(frame["engagement_id"], other["engagement_id"], strict=True))
    other["advisor_id"] = other["advisor_id"].map(lambda one: f"z{hash_free(one)}")
    other["engagement_id"] = other["engagement_id"].map(names)
    again = impute(other, auxiliaries=aux.rename(index=names))
    numbers = ["estimate", "conf_low", "conf_high", "df"]
    assert np.allclose(table[numbers], again[numbers], rtol=0, atol=1e-10)


def hash_free(name):
    """Another name for an advisor, in another order."""
    return f"{(int(name[1:]) * 7919) % 104729:06d}"


def test_an_auxiliary_that_tells_the_rating_leaves_little_information_missing(lines):
    frame, values, _ = simulate(lines, 5, clusters=40)
    noise = np.random.default_rng(5).normal(size=len(values))
    aux = pd.DataFrame(
        {"advisor_later": values[:, 2] + 0.2 * noise, "noise": noise},
        index=pd.Index(frame["engagement_id"]),
    )
    plain, helped = impute(frame).iloc[0], impute(frame, auxiliaries=aux).iloc[0]
    assert "auxiliaries advisor_later" in helped["note"]
    assert "noise" not in helped["note"]
    missing = [float(row["note"].rsplit(" ", 1)[1]) for row in (plain, helped)]
    assert missing[1] < 0.5 * missing[0]
    r = np.corrcoef(values.T)[0]
    assert abs(helped["estimate"] - (r[1] - r[2])) < 0.03


def test_without_gaps_there_is_nothing_to_impute(lines):
    values, codes = lines.simulate_values(np.random.default_rng(6))
    (row,) = impute(frame_of(values, codes)).to_dict("records")
    assert "nothing to impute" in row["note"]
    assert np.isnan(row["estimate"])


def test_an_engagement_without_the_outcome_is_not_eligible(lines):
    frame, _, _ = simulate(lines, 7)
    frame.loc[:5, "goal_attainment"] = np.nan
    assert impute(frame).iloc[0]["n_engagements"] == len(frame) - 6


def test_what_cannot_be_answered_is_one_row_with_its_reason(bad):
    _, cases = bad
    frame = frame_of(cases.values, cases.codes)
    frame.loc[::4, "advisor_total"] = np.nan
    (row,) = impute(frame).to_dict("records")
    assert np.isnan(row["estimate"])
    assert row["note"].startswith("line not given")


def test_a_rater_who_never_replied_is_not_invented(lines):
    frame, _, _ = simulate(lines, 8)
    frame["advisor_total"] = np.nan
    (row,) = impute(frame).to_dict("records")
    assert "only 0 engagements" in row["note"]


def test_advisors_with_one_advisee_each_are_as_good_as_any(lines):
    cases = lines.each_advisor_once()
    frame = frame_of(cases.values, cases.codes)
    frame.loc[::3, "advisor_total"] = np.nan
    assert np.isfinite(impute(frame).iloc[0]["conf_low"])


def test_a_cell_is_imputed_from_what_either_side_replied(lines):
    rng = np.random.default_rng(9)
    values, codes = lines.simulate_values(rng)
    frame = frame_of(values, codes).drop(columns="goal_attainment")
    replies = frame.drop(columns="advisor_id").assign(advisor_later=values[:, 2])
    absent = rng.random(len(frame)) < 0.3
    frame.loc[absent, ["advisee_total", "advisor_total"]] = np.nan
    replies.loc[absent, "advisor_total"] = np.nan
    outcomes = pd.DataFrame(
        {
            "engagement_id": frame["engagement_id"],
            "outcome": "goal_attainment",
            "source": "record",
            "phase": "end",
            "value": values[:, 0],
        }
    )
    key = ("goal_attainment", "record", "end")
    cell = Cell(*key, "prospective", outcomes[["engagement_id", "value"]].iloc[5:])
    auxiliaries = gather_auxiliaries(frame, replies, outcomes)
    row = impute_cell(
        cell,
        "total",
        fill_ratings(frame, replies),
        auxiliaries,
        "advisor_id",
        PLAN,
        np.random.default_rng(0),
    )[0]
    assert row["n_engagements"] == len(frame) - 5
    share = absent[5:].mean()
    assert f"imputations of {share:.1%} of the ratings by the advisor, from" in row["note"]
    # the later rating is a copy: hardly anything is missing, and nothing of the outcome's own
    r = np.corrcoef(values[5:].T)[0]
    assert row["estimate"] == pytest.approx(r[1] - r[2], abs=0.01)
    assert "record" not in row["note"]
