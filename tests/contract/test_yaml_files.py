"""Settings files that would do harm are refused in plain words, quickly."""

import os
import time

import pytest

from analysis.contract import yaml_files
from analysis.contract.faults import UserFault
from analysis.contract.yaml_files import read_yaml

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
)
MERGED = "a0: &a0 {k0: 1, l0: 2}\n" + "".join(
    f"a{n}: &a{n}\n" + "".join(f"  k{m}: *a{n - 1}\n" for m in range(10)) for n in range(1, 10)
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (BOMB, "aliases stand for more than"),
        (MERGED, "aliases stand for more than"),
        ("a: &a [*a]\n", "within itself"),
        ("a: &a {b: *a}\n", "within itself"),
        ("a: " + "[" * 60 + "]" * 60, "nests more than 50 deep"),
        ("a: " + "{b: " * 20_000, "nests"),
        ("a: !!python/object/apply:os.system ['true']\n", "could not determine a constructor"),
        ("a: !!python/name:os.system\n", "could not determine a constructor"),
        ("a: !new 1\n", "could not determine a constructor"),
        ("a: 1\na: 2\n", "the key 'a' stands twice"),
        ("a: {b: 1, b: 2}\n", "the key 'b' stands twice"),
        ("? [a]\n: 1\n", "not valid YAML"),
        ("a: 2024-13-45\n", "not valid YAML"),
        ("a: " + "9" * 10_000, "not valid YAML"),
        ("a: b: c\n", "not valid YAML"),
        ("a: \x00\n", "not valid YAML"),
        ("a: \x1b[31m\n", "not valid YAML"),
        ("--- a\n--- b\n", "not valid YAML"),
        ("- a\n", "must hold keys and values"),
        ("", "must hold keys and values"),
        ("# " + "x" * 1_000_000, "larger than 1,000,000 bytes"),
    ],
)
def test_harmful_or_broken_yaml_is_refused_in_a_moment(tmp_path, text, words):
    path = tmp_path / "own.yaml"
    path.write_text(text)
    began = time.process_time()
    with pytest.raises(UserFault) as fault:
        read_yaml(path)
    assert words in str(fault.value)
    assert len(str(fault.value)) < 500
    assert time.process_time() - began < 2


def test_aliases_in_measure_are_read(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text("words: &words {low: 1, high: 2}\na: *words\nb: *words\n")
    assert read_yaml(path)["b"] == {"low": 1, "high": 2}


def test_what_is_no_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "own.yaml")
    with pytest.raises(UserFault, match="this is no file"):
        read_yaml(tmp_path / "own.yaml")
    with pytest.raises(UserFault, match="this is a folder"):
        read_yaml(tmp_path)
    with pytest.raises(UserFault, match="there is no such file"):
        read_yaml(tmp_path / "other.yaml")


def test_the_shipped_settings_are_far_from_the_bounds():
    for path in (yaml_files.Path(__file__).parents[2] / "config").rglob("*.yaml"):
        assert path.stat().st_size < yaml_files.MOST_BYTES / 5
        read_yaml(path)
