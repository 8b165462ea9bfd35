"""The secret: where it may come from, what is none, and that nothing repeats it."""

import json
import os

import pytest

from analysis.contract.closure import digest
from analysis.contract.faults import UserFault
from analysis.contract.layout import Dataset
from analysis.contract.mapping import Provenance
from analysis.contract.secret import (
    FILE_VARIABLE,
    FINGERPRINT_DIGITS,
    PUBLIC,
    VARIABLE,
    key_in_use,
    read_key,
)

GOOD = "9b1c6f0e4d7a2385c0f7e6d1a4b3928f"
OTHER = "0a6c8e2b4f7d9153e8c1b7a5d3f40962"
TOLD = {"description": "made for a test", "licence": "CC0", "consent": "none needed"}
REAL = Provenance(**TOLD)


@pytest.fixture(autouse=True)
def no_secret(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.delenv(FILE_VARIABLE, raising=False)


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A file for the secret, which only its owner may read."""
    path = tmp_path / "secret.txt"
    path.write_text(GOOD + "\n")
    path.chmod(0o600)
    monkeypatch.setenv(FILE_VARIABLE, str(path))
    return path


def refusal(provenance: Provenance = REAL) -> str:
    with pytest.raises(UserFault) as fault:
        read_key(provenance)
    assert fault.value.__cause__ is None
    assert fault.value.__suppress_context__ or fault.value.__context__ is None
    return str(fault.value)


@pytest.mark.parametrize("known", ["simulated", "public"])
def test_data_that_nobody_can_be_hidden_in_take_a_key_that_everybody_knows(known):
    assert read_key(Provenance(**TOLD, **{known: True})) is PUBLIC
    assert key_in_use(Provenance(**TOLD, **{known: True})) == "public"


def test_all_other_data_need_a_secret():
    told = refusal()
    assert "no secret is set" in told
    assert FILE_VARIABLE in told
    assert "secrets.token_hex(32)" in told
    assert key_in_use(REAL) == "none"


def test_the_environment_and_a_file_give_the_same_key(file, monkeypatch):
    of_file = read_key(REAL)
    monkeypatch.delenv(FILE_VARIABLE)
    monkeypatch.setenv(VARIABLE, GOOD)
    assert read_key(REAL) == of_file
    assert not of_file.public


def test_both_at_once_are_refused(file, monkeypatch):
    monkeypatch.setenv(VARIABLE, GOOD)
    assert "Unset one" in refusal()


@pytest.mark.parametrize(
    "secret",
    [
        "s",
        GOOD[:31],
        "x" * 64,
        "abc" * 20,
        "correct" * 9,
        "abcdefghijklmnopqrstuvwxyz0123456789",
        "01234567890123456789012345678901234567",
        " " * 40 + "short" + " " * 40,
    ],
)
def test_what_could_be_guessed_is_no_secret(secret, monkeypatch):
    monkeypatch.setenv(VARIABLE, secret)
    told = refusal()
    assert "could be found by trying" in told
    assert (
        secret.strip() not in told.replace("secrets", "").replace("secret", "") or len(secret) < 3
    )


@pytest.mark.parametrize(
    "secret",
    [GOOD, "68203184097651923847501928374650", "correct horse battery staple 1 zebra", GOOD * 2],
)
def test_random_digits_and_several_words_are_secrets(secret, monkeypatch):
    monkeypatch.setenv(VARIABLE, secret)
    assert not read_key(REAL).public


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_file_that_others_may_read_is_refused(file, mode):
    file.chmod(mode)
    assert "chmod 600" in refusal()


def test_a_file_inside_a_repository_is_refused(file, tmp_path):
    (tmp_path / ".git").mkdir()
    told = refusal()
    assert "inside a repository" in told
    assert str(tmp_path) not in told


def test_a_file_in_the_projects_folder_is_refused_and_so_is_a_link_to_it(
    file, tmp_path, monkeypatch
):
    project = tmp_path / "project"
    project.mkdir()
    inside = project / "secret.txt"
    file.rename(inside)
    file.symlink_to(inside)
    monkeypatch.chdir(project)
    assert "the project's folder" in refusal()


@pytest.mark.parametrize(
    "content", ["", f"{GOOD}\n{OTHER}\n", "x" * 5000, b"\xff\xfe\x00" * 20, GOOD[:20]]
)
def test_a_file_that_holds_no_secret_is_refused(file, content):
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    told = refusal()
    assert FILE_VARIABLE in told
    assert GOOD not in told


def test_a_name_of_no_file_is_not_repeated_as_it_may_be_the_secret(monkeypatch):
    monkeypatch.setenv(FILE_VARIABLE, GOOD)
    told = refusal()
    assert "names no file" in told
    assert GOOD not in told


def test_a_folder_is_no_file(tmp_path, monkeypatch):
    monkeypatch.setenv(FILE_VARIABLE, str(tmp_path))
    assert "must name a text file" in refusal()


def test_neither_the_key_nor_what_is_printed_of_it_holds_the_secret(monkeypatch):
    monkeypatch.setenv(VARIABLE, GOOD)
    key = read_key(REAL)
    assert GOOD.encode() not in key.content
    for told in (repr(key), str(key), f"{key}", key.fingerprint):
        assert GOOD not in told
        assert key.content.hex()[:8] not in told
        assert "content" not in told


def test_the_fingerprint_tells_keys_apart_and_is_too_short_to_confirm_a_guess(monkeypatch):
    found = set()
    for secret in (GOOD, OTHER):
        monkeypatch.setenv(VARIABLE, secret)
        found.add(key_in_use(REAL))
    assert len(found) == 2
    assert {len(told) for told in found} == {FINGERPRINT_DIGITS}
    assert FINGERPRINT_DIGITS * 4 <= 32
    assert digest([GOOD])[:FINGERPRINT_DIGITS] not in found


def test_a_mapping_cannot_have_the_secret_printed_as_its_folder(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, GOOD)
    path = tmp_path / "own.yaml"
    mapping = json.loads(json.dumps(MAPPING)) | {"folder": "/tmp/${ALLIANCE_SECRET}"}
    path.write_text(json.dumps(mapping))
    with pytest.raises(UserFault) as fault:
        _ = Dataset(path).folder
    assert GOOD not in str(fault.value)
    assert os.environ[VARIABLE] == GOOD


MAPPING = {
    "name": "own",
    "title": "Own",
    "provenance": TOLD,
    "instruments": {"advisee": "pulse"},
    "sources": {"all": {"file": "all.csv"}},
    "tables": {
        "engagements": [
            {
                "source": "all",
                "columns": {
                    "engagement_id": "Case",
                    "advisee_id": "Client",
                    "advisor_id": "Coach",
                    "setting": {"value": "other"},
                },
            }
        ],
        "checkins": [
            {
                "source": "all",
                "columns": {
                    "engagement_id": "Case",
                    "rater": {"value": "advisee"},
                    "occasion": {"value": 1},
                },
                "items": "Q{item}",
            }
        ],
    },
}
