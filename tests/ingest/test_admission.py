"""What is refused before a raw file is opened."""

import io
import pickle
import random
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pyreadstat
import pytest

from analysis.contract.faults import UserFault
from analysis.contract.mapping import Mapping
from analysis.contract.raw_tables import RawTable
from analysis.ingest import admission
from analysis.ingest.admission import admit, refuse_many_cells
from analysis.ingest.sources import read_raw

SOURCE = Path(admission.__file__).parents[1]


def refusal(small) -> str:
    with pytest.raises(UserFault) as fault:
        small.ingest()
    return str(fault.value)


def workbook(small, rows: list[list[object]]) -> Path:
    """The engagements as a workbook."""
    book = openpyxl.Workbook()
    for row in [["Case", "Client", "Coach", "Status"], *rows]:
        book.active.append(row)
    path = small.folder / "office.xlsx"
    book.save(path)
    small.mapping["sources"]["engagements"] = {"file": "office.xlsx"}
    return path


@pytest.mark.parametrize(
    "file",
    ["../secret.csv", "/etc/passwd", "a/../../b.csv", "C:\\data.csv", "..\\b.csv", "\\\\host\\b",
     "a\0b.csv", "", "a\nb.csv"],
)  # fmt: skip
def test_a_file_cannot_be_named_outside_its_folder(small, file):
    small.mapping["sources"]["ratings"]["file"] = file
    with pytest.raises(ValueError, match="leaves the folder of the raw tables"):
        Mapping.model_validate(small.mapping)


@pytest.mark.parametrize("name", ["../x", "a/b", "A", "", "a b", ".", "x" * 60])
def test_a_datasets_name_is_no_path(small, name):
    small.mapping["name"] = name
    with pytest.raises(ValueError, match="name"):
        Mapping.model_validate(small.mapping)


def test_a_link_out_of_the_folder_is_refused_and_one_within_is_not(small, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "ratings.csv"
    outside.write_text(small.files.pop("ratings.csv"))
    (small.folder / "ratings.csv").symlink_to(outside)
    assert "this link leads out of the folder" in refusal(small)
    (small.folder / "ratings.csv").unlink()
    (small.folder / "real.csv").write_text(outside.read_text())
    (small.folder / "ratings.csv").symlink_to(small.folder / "real.csv")
    small.ingest()


def test_a_linked_folder_within_leads_out_as_well(small, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    (outside / "ratings.csv").write_text(small.files.pop("ratings.csv"))
    (small.folder / "below").symlink_to(outside)
    small.mapping["sources"]["ratings"]["file"] = "below/ratings.csv"
    assert "this link leads out of the folder" in refusal(small)


def test_a_workbook_that_unpacks_to_more_than_is_read_is_not_unpacked(small, monkeypatch):
    path = workbook(small, [["007", "a", "x", "Done"]])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet9.xml", b" " * 31_000_000)
    assert path.stat().st_size < 50_000

    def unpacked(*_args, **_keywords):
        raise AssertionError("it was unpacked")

    monkeypatch.setattr(admission, "MOST_BYTES", 30_000_000)
    monkeypatch.setattr(zipfile.ZipFile, "read", unpacked)
    monkeypatch.setattr(zipfile.ZipFile, "open", unpacked)
    assert "unpacked this workbook would have 31," in refusal(small)


def test_a_workbook_of_many_parts_is_refused(small):
    path = workbook(small, [["007", "a", "x", "Done"]])
    with zipfile.ZipFile(path, "a") as archive:
        for number in range(5_001):
            archive.writestr(f"x{number}", b"")
    assert "parts are not read" in refusal(small)


def test_a_stray_cell_far_away_is_told_and_not_filled_up_to(small):
    path = workbook(small, [["007", "a", "x", "Done"]])
    book = openpyxl.load_workbook(path)
    book.active.cell(60_000, 2_000, "stray")
    book.save(path)
    assert "60,000 rows of 2,000 columns: more than" in refusal(small)


def test_a_workbook_with_entities_of_entities_is_refused(small):
    path = workbook(small, [["007", "a", "x", "Done"]])
    lines = "".join(f'<!ENTITY x{n} "{f"&x{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<?xml version="1.0"?><!DOCTYPE b [<!ENTITY x0 "ha">{lines}]><b>&x9;</b>'
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["xl/worksheets/sheet1.xml"] = bomb.encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    assert "cannot be read as an Excel workbook" in refusal(small)


def test_a_formula_is_neither_run_nor_taken_for_an_empty_cell(small):
    workbook(
        small, [["007", "a", "x", "Done"], ["8", "b", '=HYPERLINK("http://a.example","x")', ""]]
    )
    assert "formulas whose values were never worked out" in refusal(small)


@pytest.mark.parametrize(
    ("cell", "without"),
    [
        (b"<c r='A1'><f>1+1</f></c>", True),
        (b'<c r="A1" s="1"><f>1+1</f><v></v></c>', True),
        (b'<c r="A1"><f t="shared" si="0"/><v/></c>', True),
        (b'<c r="A1"><f>1+1</f><v>2</v></c>', False),
        (b'<c r="A1"><f t="shared" si="0"/><v>2</v></c>', False),
        (b'<c r="A1" t="str"><f>""</f><v></v></c>', False),
        (b'<c r="A1"/><c r="B1"><v>3</v></c>', False),
    ],
)
def test_which_formulas_have_no_value(cell, without):
    assert bool(admission._NO_VALUE.search(cell)) is without


@pytest.mark.parametrize("ending", ["csv", "tsv", "xlsx", "parquet", "sav"])
@pytest.mark.parametrize("protocol", [2, 5])
def test_a_pickle_is_never_opened_whatever_its_ending(small, ending, protocol):
    class Trap:
        def __reduce__(self):
            return (Path.touch, (small.folder / "sprung",))

    small.files[f"ratings.{ending}"] = pickle.dumps(Trap(), protocol)
    small.mapping["sources"]["ratings"]["file"] = f"ratings.{ending}"
    assert "a Python pickle, which can run code" in refusal(small)
    assert not (small.folder / "sprung").exists()


def test_a_file_under_a_wrong_ending_is_named(small):
    workbook(small, [["007", "a", "x", "Done"]]).rename(small.folder / "engagements.csv")
    small.files.pop("engagements.csv")
    small.mapping["sources"]["engagements"] = {"file": "engagements.csv"}
    assert "this is no text but an Excel workbook or another zip" in refusal(small)
    assert "its true ending, .xlsx" in refusal(small)


def test_too_many_cells_or_bytes_are_refused(tmp_path, monkeypatch):
    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")
    admit(path, tmp_path, "text")
    refuse_many_cells(path, 50_000, 1_000)
    with pytest.raises(UserFault, match="more than 50,000,000 cells are not read"):
        refuse_many_cells(path, 50_001, 1_000)
    monkeypatch.setattr(admission, "MOST_BYTES", 7)
    with pytest.raises(UserFault, match="8 bytes: more than 7 are not read"):
        admit(path, tmp_path, "text")


def test_the_check_ins_of_a_million_engagements_are_not_too_many(tmp_path):
    refuse_many_cells(tmp_path / "x", 1_000_000 * 8 * 2, 16, admission.MOST_PACKED_CELLS)


@pytest.mark.parametrize("kind", ["parquet", "spss"])
def test_tables_that_repeat_a_cell_many_times_are_refused_by_what_they_say_of_themselves(
    tmp_path, kind, monkeypatch
):
    frame = pd.DataFrame({"a": ["x" * 50] * 2_000, "b": 1.0})
    path = tmp_path / "x"
    if kind == "parquet":
        frame.to_parquet(path)
    else:
        pyreadstat.write_sav(frame, str(path))
    admit(path, tmp_path, kind)
    monkeypatch.setattr(admission, "MOST_PACKED_CELLS", 3_999)
    with pytest.raises(UserFault, match="2,000 rows of 2 columns"):
        admit(path, tmp_path, kind)


def test_an_spss_file_is_refused_by_its_widths(tmp_path, monkeypatch):
    path = tmp_path / "x.zsav"
    frame = pd.DataFrame({"a": ["x" * 200] * 3_000})
    pyreadstat.write_sav(frame, str(path), compress=True)
    assert path.stat().st_size < 100_000
    monkeypatch.setattr(admission, "MOST_BYTES", 500_000)
    with pytest.raises(UserFault, match="unpacked 6"):
        admit(path, tmp_path, "spss")


def damaged(content: bytes, draw: random.Random) -> bytes:
    """The bytes with some of them changed, and sometimes the end cut off."""
    changed = bytearray(content)
    for _ in range(draw.choice([1, 3, 10])):
        changed[draw.randrange(len(changed))] = draw.randrange(256)
    return bytes(changed[: draw.randrange(len(changed))] if draw.random() < 0.3 else changed)


@pytest.mark.parametrize("ending", ["xlsx", "parquet", "sav", "zsav"])
def test_a_damaged_file_is_read_or_refused_and_ends_no_run_otherwise(tmp_path, ending):
    frame = pd.DataFrame({"Case": ["a", "b"] * 20, "Q1": [1.0, 2.0] * 20})
    whole = tmp_path / f"whole.{ending}"
    if ending == "xlsx":
        frame.to_excel(whole, index=False)
    elif ending == "parquet":
        frame.to_parquet(whole)
    else:
        pyreadstat.write_sav(frame, str(whole), compress=ending == "zsav")
    draw, refused = random.Random(7), 0
    for _ in range(300):
        (tmp_path / f"x.{ending}").write_bytes(damaged(whole.read_bytes(), draw))
        try:
            read_raw(RawTable(file=f"x.{ending}"), tmp_path)
        except UserFault as fault:
            refused += f"x.{ending}" in str(fault)
    assert refused > 75


#: What could run what a file holds.
OPENERS = (
    "pickle", "allow_pickle", "joblib", "shelve", "marshal", "dill", "eval(", "exec(", "yaml.load(",
    "yaml.unsafe", "full_load", "os.system", "shell=True", "__import__",
)  # fmt: skip


def test_nothing_in_the_package_opens_what_can_hold_code():
    found = [
        f"{path.relative_to(SOURCE)}: {line.strip()}"
        for path in sorted(SOURCE.rglob("*.py"))
        for line in io.StringIO(path.read_text(encoding="utf-8"))
        for word in OPENERS
        if word in line
    ]
    allowed = (
        'ingest/admission.py: "pickle": (',
        'ingest/admission.py: "a Python pickle, which can run code',
        "ingest/admission.py: #: How files of other kinds begin",
        "contract/yaml_files.py: content = yaml.load(text, Loader=_UniqueKeyLoader)",
    )
    assert [one for one in found if not one.startswith(allowed)] == []
