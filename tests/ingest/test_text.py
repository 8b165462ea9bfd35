"""Encodings told from the file or named in the mapping, and files that cannot be decoded."""

import codecs
from pathlib import Path

import pytest

from analysis.contract.faults import UserFault
from analysis.ingest.text import decode

TEXT = "Case,Client,Coach,Status\n007,é,ö,Done\n8,b,x,done\n9,c,y,\n"
PLAIN = TEXT.encode("utf-8")


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (PLAIN, None),
        (codecs.BOM_UTF8 + PLAIN, None),
        (codecs.BOM_UTF8 + PLAIN, "utf-8"),
        (TEXT.encode("utf-16"), None),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), None),
        (TEXT.encode("utf-16-le"), None),
        (TEXT.encode("utf-16-be"), None),
        (TEXT.encode("utf-16"), "utf-16"),
        (TEXT.encode("utf-32"), None),
        (TEXT.encode("cp1252"), None),
        (TEXT.encode("latin-1"), "latin-1"),
    ],
)
def test_text_in_every_encoding_is_the_same_table(small, data, named):
    small.files["engagements.csv"] = data
    small.mapping["sources"]["engagements"]["encoding"] = named
    tables, _ = small.ingest()
    assert tables["engagements"]["advisee_id"].tolist() == ["é", "b", "c"]
    assert tables["engagements"]["advisor_id"].tolist() == ["ö", "x", "y"]


def faults(data: bytes, named: str | None = None) -> str:
    with pytest.raises(UserFault) as fault:
        decode(data, Path("a.csv"), named)
    return str(fault.value)


def test_what_cannot_be_decoded_names_byte_row_and_remedy():
    message = faults(b"Case,Client\n1,a\n2,\x81\n")
    assert "a.csv: byte 18 in row 3 is not valid" in message
    assert "Set `encoding`" in message
    assert "byte 2 in row 1 is not valid utf-8" in faults(b"a,\xe9\n", "utf-8")


def test_a_name_that_contradicts_the_mark_or_is_none_is_told():
    assert "begins with the mark of utf-16" in faults("a,b\n".encode("utf-16"), "latin-1")
    assert "encoding 'klingon' is not known" in faults(b"a,b\n", "klingon")
    assert "encoding 'rot13' is not known" in faults(b"a,b\n", "rot13")


def test_a_file_of_other_bytes_is_no_text():
    assert "row 2 holds a null character" in faults(b"a,b\n\0\1,\0\n")
