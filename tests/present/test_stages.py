"""The stages that draw and report, on files of their own."""

import json

import pandas as pd
import pytest

from analysis.contract.estimates import COLUMNS
from analysis.contract.files import write_csv, write_json
from analysis.contract.plan import ComparisonPlan
from analysis.contract.privacy import PRIVACY_COLUMNS
from analysis.contract.tables import write_table
from analysis.evidence.multiverse.multiverse import CHOICE_COLUMNS
from analysis.evidence.synthesis import synthesise
from analysis.stages.draw import draw
from analysis.stages.report import report

#: Tables that may hold nothing at all: the report then says nothing of their subjects.
EMPTY = ("process", "warning", "claims")

MAPPING = """
name: {name}
title: "{title}"
provenance: {{description: made up, licence: CC0, consent: none needed, simulated: true}}
instruments: {{advisee: pulse_of_ours, advisor: pulse_of_ours}}
sources: {{ratings: {{file: ratings.csv}}}}
tables:
  engagements:
    - source: ratings
      columns: {{engagement_id: id, advisee_id: id, advisor_id: coach, setting: {{value: other}}}}
  checkins:
    - source: ratings
      columns: {{engagement_id: id, rater: {{value: advisee}}, occasion: {{value: 1}}}}
      items: [q1, q2]
outcomes:
  goal_attainment: {{title: Goals <b>reached</b>, timing: prospective, higher_is: better}}
  resolution: {{timing: prospective, higher_is: better}}
primary_outcome: goal_attainment
primary_source: third_party
"""
KEY = """
name: pulse_of_ours
title: Pulse & Co
responses: {minimum: 1, maximum: 5}
subscales: {bond: [1, 2]}
status: unverified
source: from memory
"""
PLAN = """
datasets: [coaching]
scoring: {}
comparison: {sesoi: 0.12}
"""


@pytest.fixture
def settings(tmp_path):
    """Mappings of two datasets, their keys and raw data, and the plan."""
    files = {"ratings.csv": "id,coach,q1,q2\n1,a,3,4\n", "pulse_of_ours.yaml": KEY}
    for name, title in {"coaching": "Coaching <i>&", "support": "Support"}.items():
        files[f"{name}.yaml"] = MAPPING.format(name=name, title=title)
    for name, text in {**files, "plan.yaml": PLAN}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def results(settings, tables):
    """What the stages before leave: tables, headline numbers, figures."""
    folder = settings / "results"
    names = ("coaching", "support")
    write_csv(pd.concat(tables[name] for name in names), folder / "tables/comparison.csv")
    flow = pd.DataFrame(
        {"dataset": names, "table": "engagements", "source": "ratings.csv", "step": "read"}
    )
    write_csv(flow.assign(reason="rows", rows=[160, 4711]), folder / "tables/flow.csv")
    write_csv(pd.DataFrame(columns=list(PRIVACY_COLUMNS)), folder / "tables/privacy.csv")
    measured = pd.DataFrame(
        {
            "dataset": flow["dataset"],
            "analysis": "measurement",
            "rater": "advisee",
            "subscale": "total",
            "occasion": 1,
            "term": "reliability",
            "estimate": [0.913, None],
            "conf_low": [0.88, None],
            "conf_high": [0.94, None],
            "n_engagements": [160, None],
            "method": "cronbach_alpha",
            "note": [None, "scores arrive ready made: no items"],
        }
    )
    write_csv(measured, folder / "tables/measurement.csv")
    empty = pd.DataFrame(columns=[*COLUMNS, *CHOICE_COLUMNS])
    for table in EMPTY:
        write_csv(empty, folder / f"tables/{table}.csv")
    write_csv(pd.DataFrame(columns=PRIVACY_COLUMNS), folder / "tables/privacy.csv")
    refused = {"analysis": "specification", "term": "difference", "primary": True}
    refused |= {"verdict": "not_testable", "note": "one rater only"}
    explored = pd.concat([pd.DataFrame([refused | {"dataset": name}]) for name in names])
    explored = explored.reindex(columns=empty.columns)
    write_csv(explored, folder / "tables/multiverse.csv")
    together = pd.concat(tables[name] for name in names)
    pooled = synthesise(together, dict.fromkeys(names, "other"), ComparisonPlan(sesoi=0.12))
    write_csv(pooled, folder / "tables/synthesis.csv")
    said = {
        "coaching": {"verdict": "supported", "sentence": "Coaching <i>&: as it came out."},
        "support": {"verdict": "not_testable", "sentence": "Support: cannot be tested."},
    }
    write_json(said, folder / "metrics.json")
    people = [f"e{number:03d}" for number in range(160)]
    engagements = pd.DataFrame(
        {
            "engagement_id": people,
            "advisee_id": people,
            "advisor_id": [f"a{number // 8:02d}" for number in range(160)],
            "setting": "other",
        }
    )
    for name in names:
        write_table("engagements", engagements, folder / f"interim/{name}/engagements.parquet")
        write_csv(tables[name], folder / f"interim/{name}/comparison.csv")
        own = flow[flow["dataset"] == name].assign(reason="rows", rows=160)
        write_csv(own, folder / f"interim/{name}/flow.csv")
        write_csv(measured[measured["dataset"] == name], folder / f"interim/{name}/measurement.csv")
        own = explored[explored["dataset"] == name]
        write_csv(own, folder / f"interim/{name}/multiverse.csv")
        for table in EMPTY:
            write_csv(empty, folder / f"interim/{name}/{table}.csv")
        write_csv(measured, folder / f"interim/{name}/measurement.csv")
        draw(settings / f"{name}.yaml", settings / "plan.yaml", folder)
    return folder


def test_a_figure_takes_titles_plan_and_cautions_from_the_settings(results):
    svg = (results / "figures/coaching_comparison.svg").read_text(encoding="utf-8")
    assert "Goals &lt;b&gt;reached&lt;/b&gt; (primary outcome)" in svg
    assert "within ±.12" in svg
    assert "The data are simulated" in svg
    assert "Pulse &amp; Co, which the advisee and the advisor answered" in svg
    measured = (results / "figures/coaching_measurement.svg").read_text(encoding="utf-8")
    assert "how the alliance" in measured
    assert (results / "figures/coaching_comparison.png").stat().st_size > 10_000


def test_a_report_on_all_datasets_with_what_it_rests_on(settings, results):
    mappings = [settings / "coaching.yaml", settings / "support.yaml"]
    report(settings / "plan.yaml", results, mappings)
    html = (results / "report.html").read_text(encoding="utf-8")
    assert html.index("Coaching &lt;i&gt;&amp;: as it came out.") < html.index("Support: cannot be")
    assert "answered, is unverified." in html
    assert ".91 [.88, .94]" in html
    assert "cores arrive ready made: no items" in html
    assert "<i>" not in html and "<b>reached" not in html
    assert html.count(">4,711<") == 1
    provenance = json.loads((results / "provenance.json").read_text(encoding="utf-8"))
    assert set(provenance["datasets"]) == {"coaching", "support"}
    assert "commit" in provenance["git"]
    for value in (provenance["plan_hash"], provenance["datasets"]["support"]["mapping_hash"]):
        assert value in html
    assert "Goals" in (results / "figures/datasets.svg").read_text(encoding="utf-8")


def test_a_second_run_leaves_the_same_bytes(settings, results):
    written = ("report.html", "figures/datasets.svg", "figures/datasets.png", "provenance.json")
    runs = []
    for _ in range(2):
        report(settings / "plan.yaml", results, [settings / "coaching.yaml"])
        runs.append([(results / name).read_bytes() for name in written])
    assert runs[0] == runs[1]
