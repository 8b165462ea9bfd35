"""What people see of how well the alliance was measured."""

import pandas as pd

from analysis.present.measurement import tabulate_all

NAN = float("nan")


def table_of(rows: list[dict]) -> pd.DataFrame:
    return pd.DataFrame([{"rater": "advisee", "subscale": "total"} | row for row in rows])


def test_a_reliability_is_shown_with_its_interval_and_its_range():
    rows = [
        {
            "term": "reliability",
            "method": "cronbach_alpha",
            "occasion": occasion,
            "estimate": estimate,
            "conf_low": estimate - 0.03,
            "conf_high": estimate + 0.02,
        }
        for occasion, estimate in ((1, 0.91), (2, 0.88), (3, 0.93))
    ]
    (table,) = tabulate_all(table_of(rows), 0.95)
    assert table.rows[0][:3] == ("Advisee, total", ".91 [.88, .93]", ".88 to .93")
    assert "95 %" in table.caption


def test_ratings_without_items_say_so_in_place_of_a_number():
    rows = [{"term": "reliability", "estimate": NAN, "note": "one question each: no consistency"}]
    (table,) = tabulate_all(table_of(rows), 0.95)
    assert set(table.rows[0][1:5]) == {"–"}
    assert "ne question each" in table.rows[0][5]
    assert tabulate_all(table_of(rows).iloc[:0], 0.95) == []


def test_factor_models_and_the_ladder_stand_side_by_side():
    fit = [
        {"analysis": "structure", "method": "one factor", "term": term, "estimate": value}
        for term, value in (("chisq", 85.3), ("cfi", 0.931), ("tli", 0.896), ("rmsea", 0.092))
    ]
    fit[0] |= {"statistic": 85.3, "df": 24, "note": "a caution"}
    ladder = [
        {
            "term": "metric: chisq",
            "estimate": 124.0,
            "statistic": 124.04,
            "df": 54,
            "note": "holds",
        },
        {"term": "metric: cfi", "estimate": 0.921},
        {"term": "metric: rmsea", "estimate": 0.093},
        {"term": "metric: change in cfi", "estimate": -0.002},
        {
            "term": "metric: advisee_item_11",
            "estimate": -0.2,
            "statistic": 18.3,
            "p_value": 0.0002,
            "note": "at fault: loadings differ between the raters",
        },
        {"term": "metric: advisee_item_01", "estimate": 0.0, "statistic": 0.1, "p_value": 1.0},
        {
            "term": "latent mean gap: goal",
            "estimate": 0.5,
            "conf_low": 0.3,
            "conf_high": 0.7,
        },
    ]
    rows = fit + [{"analysis": "invariance"} | row for row in ladder]
    structure, invariance = tabulate_all(table_of(rows), 0.95)
    assert structure.rows[0][:5] == ("Advisee, one factor", "85.3 (24)", ".931", ".896", ".092")
    assert "caution" in structure.rows[0][6]
    shown = {row[0]: row[1:] for row in invariance.rows}
    assert shown["Metric"][:3] == ("124.0 (54)", ".921", ".093")
    assert "ΔCFI −.002" in shown["Metric"][3]
    assert "p < .001" in shown["Metric: advisee_item_11"][0]
    assert shown["Latent mean gap: goal"][0] == ".50 [.30, .70]"
    assert not any("item_01" in heading for heading in shown)
