"""`alliance check` tells everything that is still wrong at once."""

import pytest

from analysis.contract.faults import UserFault
from analysis.stages.check import check


def test_secret_name_files_and_labels_are_told_together(
    own_dataset, tmp_path, monkeypatch, request
):
    monkeypatch.chdir(request.config.rootpath)
    monkeypatch.delenv("ALLIANCE_SECRET", raising=False)
    monkeypatch.delenv("ALLIANCE_SECRET_FILE", raising=False)
    mapping = own_dataset(tmp_path)
    mapping.write_text(
        mapping.read_text()
        .replace("name: own", "name: executive_coaching")
        .replace("file: cases.csv", "file: case.csv")
    )
    ratings = tmp_path / "ratings.csv"
    ratings.write_text(ratings.read_text().replace(",Client,", ",Patient,", 1))
    with pytest.raises(UserFault) as fault:
        check(mapping)
    told = str(fault.value)
    for word in (
        "is taken by config/datasets/executive_coaching.yaml",
        "ALLIANCE_SECRET",
        "case.csv: there is no such file. did you mean 'cases.csv'",
        "ratings.csv, column 'Role', row 2: its label is not known",
    ):
        assert word in told
