"""Names, identifiers and tiny groups go in; nothing that comes out tells of them."""

import json

import numpy as np
import pandas as pd
import pytest
import yaml

from analysis.contract.disclosure import release, release_flow
from analysis.contract.plan import DisclosurePlan
from analysis.contract.suppression import find_exposed
from analysis.contract.tabulated import SHARES, flow_cells
from planted import find_planted

pytestmark = pytest.mark.slow

RUN = "results/runs/own"
RULE = DisclosurePlan()
#: Every identifier begins with one of these.
MARKS = ("ZQX-case-", "ZQX-client-", "ZQX-coach-", "ZQX-firm-")
NAMES = (
    "Brünhild O'Wetter",
    "bruenhild.wetter@plante.example",
    "+49 171 5550137",
    "<b>wept & left",
)
#: Groups of one, two and three engagements.
TINY = ("Pilot Eulenspiegel", "Chief Xylophone Officer", "Quixotically huge")
ENGAGEMENTS, ADVISORS = 160, 20


@pytest.fixture(scope="module")
def finished(project, own_dataset):
    """The project with a finished run of a dataset full of what must not leave, and its output."""
    mapping = plant(own_dataset(project.folder / "mine", ENGAGEMENTS, ADVISORS))
    told = project.alliance("run", mapping)
    assert told.returncode == 0, told.stdout + told.stderr
    return project, mapping, told


def plant(path):
    """Plant names, identifiers and tiny groups in a dataset; the path of its mapping."""
    rng = np.random.default_rng(8)
    folder, mapping = path.parent, yaml.safe_load(path.read_text())
    cases = pd.read_csv(folder / "cases.csv")
    ratings = pd.read_csv(folder / "ratings.csv")
    for name, mark in zip(("Case", "Client", "Coach"), MARKS, strict=False):
        cases[name] = mark + cases[name]
    ratings["Case"] = MARKS[0] + ratings["Case"]
    n = len(cases)
    cases["Coach"] = [MARKS[2] + f"{number % (ADVISORS - 1):02d}" for number in range(n)]
    cases.loc[[5, 6], "Coach"] = MARKS[2] + "rare"
    cases["Firm"] = [MARKS[3] + f"{number % 8}" for number in range(n)]
    cases.loc[[7], "Firm"] = MARKS[3] + "rare"
    cases["Programme"] = np.where(np.arange(n) % 2, "North", "South")
    cases.loc[[10, 11], "Programme"] = TINY[0]
    cases["Level"] = np.where(np.arange(n) % 3, "Staff", "Manager")
    cases.loc[12, "Level"] = TINY[1]
    cases["Change"] = np.where(np.arange(n) % 4 < 2, "Small", "Large")
    cases.loc[[13, 14, 15], "Change"] = TINY[2]
    cases["Kind"] = "executive_coaching"
    cases.loc[[16, 17], "Kind"] = "psychotherapy"
    cases["Status"] = "completed"
    cases.loc[[20, 60, 100], "Status"] = "ended_early"
    cases["Dependency"] = [str(number % 5 + 1) if number < 4 else "" for number in range(n)]
    cases["Satisfaction"] = rng.integers(1, 6, n)
    cases.loc[:2, "Satisfaction"] = np.nan
    for name, text in zip(("Name", "Mail", "Phone", "Note"), NAMES, strict=True):
        cases[name] = text
    cases = pd.concat([cases, cases.tail(3)])  # three rows handed in twice
    dropped = rng.random(len(ratings)) < 0.1
    ratings.loc[dropped & (ratings["Time"] == 3), ["Q1", "Q2", "Q3"]] = np.nan
    ratings.loc[[4, 5], "Q1"] = np.nan  # two of many with a single item left out
    events = pd.DataFrame(
        {
            "Case": [*cases["Case"].iloc[[3, 90]], *cases["Case"].iloc[30:80]],
            "Time": 2,
            "Event": ["complaint"] * 2 + ["missed_checkin"] * 50,
        }
    )
    cases.to_csv(folder / "cases.csv", index=False)
    ratings.to_csv(folder / "ratings.csv", index=False)
    events.to_csv(folder / "events.csv", index=False)
    tables = mapping["tables"]
    tables["engagements"][0]["columns"] |= {
        "organisation_id": "Firm",
        "setting": "Kind",
        "status": "Status",
        "programme": "Programme",
        "advisee_level": "Level",
        "change_size": "Change",
        "planned_checkins": {"value": 3},
    }
    measures = {
        "satisfaction": ("advisee", "Satisfaction"),
        "dependency": ("advisor", "Dependency"),
    }
    for name, (source, column) in measures.items():
        columns = {"engagement_id": "Case", "outcome": {"value": name}, "value": column}
        columns |= {"source": {"value": source}, "phase": {"value": "end"}}
        tables["outcomes"].append({"source": "cases", "columns": columns})
        mapping["outcomes"][name] = {"timing": "prospective", "higher_is": "better"}
    columns = {"engagement_id": "Case", "occasion": "Time", "event": "Event"}
    tables["events"] = [{"source": "events", "columns": columns | {"source": {"value": "record"}}}]
    mapping["sources"]["events"] = {"file": "events.csv"}
    mapping["sources"]["cases"]["drop"] = ["Name", "Mail", "Phone", "Note"]
    mapping |= {"duplicates": "last", "programme": "programme"}
    path.write_text(yaml.safe_dump(mapping, sort_keys=False))
    return path


def made(project, name, where="tables"):
    """One of the run's tables."""
    return pd.read_csv(project.folder / RUN / where / f"{name}.csv", low_memory=False)


def test_no_planted_string_is_in_anything_that_leaves(finished):
    project, mapping, told = finished
    inside = [mapping.parent, project.folder / RUN / "interim"]
    planted = [*MARKS, *NAMES, *TINY]
    assert find_planted(project.folder, planted, skip=inside) == []
    for text in planted:
        assert text not in told.stdout + told.stderr
    # they were there to be found
    assert {text for _, text in find_planted(mapping.parent, planted)} == set(planted)
    # and identifiers are hashed before the first table is written
    assert find_planted(inside[1], [*MARKS, *NAMES]) == []


def test_a_fault_names_no_planted_string_either(finished):
    project, mapping, _ = finished
    for old, new in (("columns:", "columns:"), ("engagement_id: Case", "engagement_id: Name")):
        kept = mapping.read_text()
        columns = yaml.safe_load(kept)
        columns["tables"]["checkins"][0]["columns"]["occasion"] = "Case"
        columns["tables"]["engagements"][0]["columns"]["status"] = "Name"
        mapping.write_text(yaml.safe_dump(columns).replace(old, new, 1))
        try:
            told = project.alliance("check", mapping)
        finally:
            mapping.write_text(kept)
        assert told.returncode == 1
        for text in (*MARKS, *NAMES, *TINY):
            assert text not in told.stdout + told.stderr


@pytest.mark.parametrize(
    "name", ["comparison", "measurement", "process", "warning", "multiverse", "claims", "synthesis"]
)
def test_no_row_of_a_table_rests_on_too_few(finished, name):
    rows = made(finished[0], name)
    assert not (rows["n_engagements"] < RULE.threshold).any()
    known = rows[rows["estimate"].notna() & rows["n_advisors"].notna()]
    assert (known["n_advisors"] >= RULE.fewest_advisors).all()
    assert (known["n_advisors"] <= known["n_engagements"]).all()
    again = release(rows, name, RULE)
    pd.testing.assert_series_equal(again["estimate"], rows["estimate"])


def test_an_outcome_of_four_is_told_as_too_small_and_nothing_of_it(finished):
    rows = made(finished[0], "comparison")
    few = rows[rows["outcome"] == "dependency"]
    assert len(few)
    assert few[["estimate", "n_engagements"]].isna().all().all()
    small = (
        r"(?<![\w.,±−-])(?<!at least )(?<!than )[1-9] (?:of [\d,]+ )?(?:engagements|cases|pairs)"
    )
    for name in ("comparison", "measurement", "process", "warning", "claims"):
        told = made(finished[0], name)
        for column in {"note", "sentence"} & set(told):
            assert told.loc[told[column].fillna("").str.contains(small), column].tolist() == []


def test_no_small_count_among_shares_can_be_worked_out(finished):
    """The auditor on the true counts: what released rows and their sums leave open."""
    project = finished[0]
    checked = 0
    for table in ("measurement", "process", "warning"):
        true, given = made(project, table, "interim/own"), made(project, table)
        assert len(true) == len(given)
        for shares in (one for one in SHARES if one.table == table):
            own = (true["analysis"] == shares.analysis) & true["estimate"].notna()
            own &= ~true["term"].str.contains("_by_chance$|_excess$|_corrected$", na=False)
            matched = true.loc[own, "term"].str.fullmatch(shares.terms)
            part = true.loc[matched.index[matched]]
            places = ["outcome", "rater", "subscale", "occasion", "method"]
            keys = (
                part.reindex(columns=places)
                .astype(object)
                .fillna("")
                .astype(str)
                .agg("|".join, axis=1)
                .astype(object)
            )
            keys += part["term"].str.extract(r"(_within_\d+)$")[0].fillna("")
            keys = keys if shares.whole else keys + "|" + part["term"]
            for _, group in part.groupby(keys):
                base = group["n_engagements"].iloc[0]
                counts = [*(group["estimate"] * group["n_engagements"])]
                hidden = [*given.loc[group.index, "estimate"].isna()]
                if not shares.whole:  # a share and what it leaves
                    counts, hidden = [counts[0], base - counts[0]], hidden * 2
                whole = len(counts)
                sums = [(whole, tuple(range(whole)))]
                checked += min(counts) < RULE.threshold
                if base < RULE.threshold:
                    assert all(hidden)
                    continue
                cells = [*np.round(counts, 6), round(sum(counts), 6)]
                exposed = find_exposed(cells, sums, [*hidden, False], RULE.threshold)
                assert exposed == [], (shares.terms, cells, hidden, base)
    assert checked > 5


def test_the_account_of_rows_gives_no_small_count_away(finished):
    project = finished[0]
    true, given = made(project, "flow", "interim/own"), made(project, "flow")
    sums, _, people = flow_cells(true)
    counts = true["rows"].to_numpy(dtype=float)
    small = (counts > 0) & (counts < RULE.threshold) & people
    assert small.sum() > 1
    hidden = given["rows"].isna().to_numpy()
    assert find_exposed(counts, sums, hidden, RULE.threshold, small) == []
    again = release_flow(true, RULE)["rows"].isna()
    assert again.tolist() == hidden.tolist()


def test_events_that_happened_twice_and_three_early_endings_are_not_counted_anywhere(finished):
    project = finished[0]
    warning = made(project, "warning")
    early = warning[(warning["outcome"] == "ended_early") & (warning["term"] == "base_rate")]
    assert not early["estimate"].between(1e-9, RULE.threshold / ENGAGEMENTS).any()
    page = (project.folder / RUN / "report.html").read_text()
    metrics = json.loads((project.folder / RUN / "metrics.json").read_text())
    assert "complaint" not in json.dumps(metrics)
    for told in ("3 ended early", "2 complaints", "4 engagements"):
        assert told not in page


def test_figures_hold_no_mark_for_each_engagement_or_advisor(finished):
    """As many like marks as there are engagements or advisors would be one for each of them."""
    figures = sorted((finished[0].folder / RUN / "figures").glob("*.svg"))
    assert figures
    for figure in figures:
        marks = figure.read_text().count("<use ")
        assert marks < ADVISORS * 10, figure.name
