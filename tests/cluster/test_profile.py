"""The Slurm profile knows every rule, and what it asks for comes from what was recorded."""

import importlib.util
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PROFILE = ROOT / "workflow/profiles/slurm"
BENCHMARK = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"


@pytest.fixture(scope="module")
def proposing():
    spec = importlib.util.spec_from_file_location("propose", PROFILE / "propose.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_rule_has_memory_and_minutes_and_no_other_has():
    written = "".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    rules = set(re.findall(r"^rule (\w+):", written, flags=re.MULTILINE))
    asked = yaml.safe_load((PROFILE / "config.yaml").read_text())["set-resources"]
    assert set(asked) == rules
    assert all(set(needs) == {"mem_mb", "runtime"} for needs in asked.values())


def test_a_rule_asks_for_more_than_it_was_ever_seen_to_take(proposing, tmp_path):
    (tmp_path / "compare_raters").mkdir()
    for name, seconds, memory in (("one", 130, 400.2), ("two", 61, "NA"), ("three", 3, 900)):
        row = f"{seconds}\t0:00:00\t{memory}" + "\t0" * 7 + "\n"
        (tmp_path / f"compare_raters/{name}.tsv").write_text(BENCHMARK + row)
    (tmp_path / "write_report.tsv").write_text(BENCHMARK + "1\t0:00:01\t50" + "\t0" * 7 + "\n")
    assert proposing.propose([tmp_path]) == {
        "compare_raters": {"mem_mb": 1800, "runtime": 11},
        "write_report": {"mem_mb": 500, "runtime": 2},
    }
