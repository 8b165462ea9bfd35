"""Everything that is said of a programme's measurement, against the truth it was made with."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.contract.layout import INSTRUMENTS, MAPPINGS, Dataset, read_plan
from analysis.evidence.measurement.measured import Measured, measure_all
from analysis.measure.scoring import score_alliance
from analysis.measure.window import assemble_frame
from analysis.simulate.programme import simulate_tables
from analysis.simulate.programmes import PROGRAMMES

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert INSTRUMENTS.is_dir()


def measured(name: str, seed: int) -> tuple[pd.DataFrame, float]:
    """The measurement of one draw of a programme, and the mean of 1 / check-ins that count."""
    dataset, plan = Dataset(MAPPINGS / f"{name}.yaml"), read_plan()
    settings = dataset.mapping
    tables = simulate_tables(PROGRAMMES[name], np.random.default_rng([seed, 91]))
    alliance = score_alliance(tables["checkins"], dataset.scored, plan.scoring.minimum_answered)
    data = Measured(
        tables["engagements"],
        tables["checkins"],
        tables["outcomes"],
        alliance,
        assemble_frame(tables["engagements"], alliance, plan.comparison.window),
        dataset.forms,
        settings.cluster,
        (settings.primary_outcome, settings.primary_source, settings.primary_phase),
    )
    occasions = data.frame.loc[data.frame["occasions"] > 0, "occasions"]
    return measure_all(data, plan), float((1 / occasions).mean())


def off_by(name: str, rows: pd.DataFrame, share: float) -> list[tuple[str, float]]:
    """Alpha of each subscale and reliability of the window mean, less the truth, in errors.

    ``share``: mean of 1 / check-ins in the window, of which the truth's window means are made.
    """
    truth = json.loads((ROOT / f"data/raw/{name}.truth.json").read_text(encoding="utf-8"))
    known = truth["reliability"]
    found = []
    for rater, subscales in known["alpha"].items():
        for subscale, value in subscales.items():
            wanted = (rows["rater"] == rater) & (rows["subscale"] == subscale)
            wanted &= (rows["method"] == "cronbach_alpha") & (rows["occasion"] == 1)
            row = rows[wanted].iloc[0]
            found.append((f"{rater} {subscale}", (row["estimate"] - value) / row["std_error"]))
    for rater, value in known["window_mean_steady"].items():
        wanted = (rows["term"] == "reliability of one check-in") & (rows["rater"] == rater)
        row = rows[wanted].iloc[0]
        whole = row["estimate"] + share * (1 - row["estimate"])
        error = row["std_error"] * share / whole**2
        found.append((f"{rater} window", (row["estimate"] / whole - value) / error))
    return found


def test_a_programme_gives_back_its_reliabilities_and_leaves_no_small_cell():
    rows, share = measured("executive_coaching", 1)
    for what, errors in off_by("executive_coaching", rows, share):
        assert abs(errors) < 4, what
    shown = rows[rows["estimate"].notna() & rows["n_engagements"].notna()]
    assert (shown["n_engagements"] >= 10).all()
    assert {"measurement", "structure", "invariance", "agreement", "variance", "responses"} <= set(
        rows["analysis"]
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", PROGRAMMES)
def test_programmes_give_back_their_reliabilities_draw_after_draw(name):
    draws = [dict(off_by(name, *measured(name, seed))) for seed in range(4)]
    for what in draws[0]:
        errors = np.array([draw[what] for draw in draws])
        # the mean of four estimates, each in its own standard errors
        assert abs(errors.mean()) < 4 / np.sqrt(4) + 0.3, (what, errors)


@pytest.mark.slow
def test_the_planted_item_is_found_in_every_draw_and_others_at_the_nominal_rate():
    planted = {
        "management_consulting": {
            f"scalar: advisee_item_{item:02d}"
            for item in PROGRAMMES["management_consulting"].raters["advisor"].item_shifts
        },
        "executive_coaching": set(),
    }
    runs, wrong, tested = 6, 0, 0
    for name, at_fault in planted.items():
        for seed in range(runs):
            rows, _ = measured(name, seed)
            ladder = rows[rows["analysis"] == "invariance"]
            found = set(ladder.loc[ladder["note"].fillna("").str.contains("at fault"), "term"])
            assert at_fault <= found, (name, seed)
            for step in ("metric", "scalar"):
                others = {term for term in found - at_fault if term.startswith(step)}
                wrong, tested = wrong + bool(others), tested + 1
    # Holm bounds each step's rate at .05
    assert wrong / tested < 0.05 + 3 * np.sqrt(0.05 * 0.95 / tested)
