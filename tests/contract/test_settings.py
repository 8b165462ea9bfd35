from pathlib import Path

import pytest
import yaml

from analysis.contract.faults import UserFault
from analysis.contract.instruments import Instrument, find_instrument, read_instrument
from analysis.contract.layout import read_plan
from analysis.contract.mapping import read_mapping
from analysis.contract.strict import read_settings
from analysis.stages.document import pages

ROOT = Path(__file__).parents[2]


def written(folder: Path, name: str, content: object) -> Path:
    path = folder / name
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return path


@pytest.fixture
def plan() -> dict:
    return yaml.safe_load((ROOT / "config/config.yaml").read_text())


def test_the_shipped_plan_is_valid(plan, tmp_path):
    assert read_plan(ROOT / "config/config.yaml").comparison.window == (1, 2, 3)


def test_an_unknown_key_is_refused_at_every_level_with_the_nearest(plan, tmp_path):
    plan["comparison"]["windw"] = [1]
    plan["sed"] = 1
    with pytest.raises(UserFault) as fault:
        read_plan(written(tmp_path, "config.yaml", plan))
    assert "comparison.windw: this key is not known. did you mean 'window'?" in str(fault.value)
    assert "sed: this key is not known" in str(fault.value)


@pytest.mark.parametrize(
    ("key", "value", "word"),
    [
        ("sesoi", 2, "less than 1"),
        ("window", [1, 1], "names a check-in twice"),
        ("equivalence_confidence", 0.99, "must not exceed"),
        ("resamples", "many", "integer"),
    ],
)
def test_a_wrong_value_is_named_with_its_key(plan, tmp_path, key, value, word):
    plan["comparison"][key] = value
    with pytest.raises(UserFault, match=word) as fault:
        read_plan(written(tmp_path, "config.yaml", plan))
    assert "comparison" in str(fault.value)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("a: [1, 2", "not valid YAML"),
        ("a: 1\na: 2", "stands twice"),
        ("- 1", "keys and values"),
        ("a: !!python/object/apply:os.getcwd []", "not valid YAML"),
    ],
)
def test_bad_yaml_ends_in_one_message_naming_the_file(tmp_path, text, word):
    path = written(tmp_path, "config.yaml", text)
    with pytest.raises(UserFault, match=word) as fault:
        read_plan(path)
    assert str(path) in str(fault.value)


def test_a_missing_file_says_what_is_there(tmp_path):
    written(tmp_path, "mine.yaml", "a: 1")
    with pytest.raises(UserFault, match=r"did you mean 'mine\.yaml'"):
        read_mapping(tmp_path / "mine.yml")


KEY = {
    "name": "short",
    "title": "Short",
    "responses": {"minimum": 1, "maximum": 5},
    "subscales": {"goal": [1, 2], "bond": [3]},
    "reversed": [2],
    "status": "user_supplied",
    "source": "a test",
}


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"responses": {"minimum": 5, "maximum": 1}}, "below the maximum"),
        ({"reversed": [9]}, r"reversed items \[9\] belong to no subscale"),
        ({"subscales": {"goal": [1, 2], "bond": [2]}}, r"items \[2\] are listed more than once"),
        ({"subscales": {"goal": [1], "bond": []}}, "either every subscale lists its items"),
        ({"subscales": {"total": [1]}}, "cannot be called total"),
        ({"status": "sure"}, "verified"),
    ],
)
def test_a_key_that_contradicts_itself_is_refused(tmp_path, change, word):
    with pytest.raises(UserFault, match=word):
        read_instrument(written(tmp_path, "short.yaml", KEY | change))


def test_every_fault_of_a_key_is_named_at_once(tmp_path):
    wrong = {
        "responses": {"minimum": 5, "maximum": 1},
        "subscales": {"goal": [1, 2], "total": [2]},
        "reversed": [9],
        "twins": {"other": {8: 1}},
        "colour": "blue",
        "status": "sure",
    }
    with pytest.raises(UserFault) as told:
        read_instrument(written(tmp_path, "short.yaml", KEY | wrong))
    for word in (
        "below the maximum",
        "colour: this key is not known",
        "status",
        "cannot be called total",
        "items [2] are listed more than once",
        "reversed items [9] belong to no subscale",
        "twins of other: items [8] belong to no subscale",
    ):
        assert word in str(told.value)


def test_a_key_must_bear_its_files_name(tmp_path):
    with pytest.raises(UserFault, match="Rename one of them"):
        read_instrument(written(tmp_path, "other.yaml", KEY))


def test_shipped_keys_are_valid_and_their_sizes_known():
    sizes = {}
    for path in sorted((ROOT / "config/instruments").glob("*.yaml")):
        instrument = read_instrument(path)
        sizes[instrument.name] = len(instrument.items)
    assert sizes["wai_sr"] == 12
    assert sizes["wai_36"] == 36
    assert sizes["wai_s"] == 12
    assert sizes["wai_srt"] == 10
    assert sizes["satisfaction_liking"] == 0


def test_an_unknown_instrument_offers_the_nearest(tmp_path):
    written(tmp_path, "wai_sr.yaml", KEY)
    with pytest.raises(UserFault, match="did you mean 'wai_sr'"):
        find_instrument("wai_rs", (tmp_path,))


def test_generated_pages_and_schemas_are_in_step_with_the_code():
    for path, text in pages().items():
        assert (ROOT / path).read_text() == text, f"run `make document`: {path} is behind"


def test_every_setting_is_described():
    for path, text in pages().items():
        if path.suffix == ".json":
            schema = yaml.safe_load(text)
            for model in [schema, *schema.get("$defs", {}).values()]:
                for name, field in model.get("properties", {}).items():
                    assert "description" in field, f"{path}: {name}"
                assert model.get("additionalProperties") is False


def test_settings_cannot_be_changed_after_reading(tmp_path):
    instrument = read_settings(written(tmp_path, "short.yaml", KEY), Instrument)
    with pytest.raises(ValueError, match="frozen"):
        instrument.title = "another"


@pytest.mark.parametrize("programme", ["advisor_id", "organisation_id", "advisor_years", "tarck"])
def test_a_programme_that_names_somebody_or_nothing_is_refused(tmp_path, programme):
    mapping = yaml.safe_load((ROOT / "config/datasets/executive_coaching.yaml").read_text())
    with pytest.raises(UserFault, match="sorts them into programmes") as fault:
        read_mapping(written(tmp_path, "coaching.yaml", mapping | {"programme": programme}))
    assert "advisee_level, change_size, setting" in str(fault.value)
    assert read_mapping(
        written(tmp_path, "coaching.yaml", mapping | {"programme": "change_size"})
    ).programme
