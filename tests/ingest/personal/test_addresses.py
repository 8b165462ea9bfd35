import pytest

from analysis.ingest.personal.addresses import E_MAIL, NETWORK, PHONE, PLACE, find_addresses
from analysis.ingest.personal.column import Column


def kinds(header: str, *values: str) -> list[str]:
    return [one.kind for one in find_addresses(Column(header, dict.fromkeys(values, 1)))]


@pytest.mark.parametrize(
    ("header", "value", "kind"),
    [
        ("x", "jo.doe+coach@mail.example.org", E_MAIL),
        ("x", "ask Jo <jo@example.de>, please", E_MAIL),
        ("x", "JÖRG@BÜRO.MÜNCHEN", E_MAIL),
        ("x", "+49 151 23456789", PHONE),
        ("x", "+14155550123", PHONE),
        ("x", "0049 (0)30 1234567", PHONE),
        ("x", "call me on +44 20 7946 0958 after six", PHONE),
        ("x", "030/1234567", PHONE),
        ("x", "(030) 123-4567", PHONE),
        ("x", "0151 23456789", PHONE),
        ("x", "01 23 45 67 89", PHONE),
        ("x", "(415) 555-0123", PHONE),
        ("x", "415-555-0123", PHONE),
        ("Mobile phone", "015112345678", PHONE),
        ("Telefonnummer", "1234567", PHONE),
        ("x", "192.168.0.17", NETWORK),
        ("x", "seen at 8.8.4.40:443", NETWORK),
        ("IPAddress", "1.2.3.4", NETWORK),
        ("x", "2001:db8::8a2e:370:7334", NETWORK),
        ("x", "fe80:0:0:0:204:61ff:fe9d:f156", NETWORK),
        ("x", "[::1]", NETWORK),
        ("x", "fe80::1", NETWORK),
        ("x", "00:1A:2b:3c:4d:5E", NETWORK),
        ("LocationLatitude", "52.52", PLACE),
        ("lng", "-13.4050", PLACE),
        ("x", "52.5200, 13.4050", PLACE),
        ("x", "52°31'12\"N 13°24'18\"E", PLACE),
    ],
)
def test_an_address_is_found_in_a_single_cell(header, value, kind):
    assert kind in kinds(header, "C-0412", "7", value)


@pytest.mark.parametrize(
    ("header", "values"),
    [
        (
            "Case",
            [
                "C-0412",
                "E0001",
                "0412-2023",
                "0412/2023",
                "041 23456",
                "00012345678",
                "4915112345678",
            ],
        ),
        ("Case", ["20240001", "01-2024-0034", "2023.04.12-7", "000-111", "12345678901234567890"]),
        ("Week", ["1", "26", "-0.5", "+3", "12.5", "1e6", "-99"]),
        ("Question", ["1.2.3.4", "1.1.2.3", "2.4", "1:2", "12:30:05", "a:b:c"]),
        (
            "Cohort",
            ["2023/24", "WS 2023/24", "spring 2024", "A::B", "1::2", "@home", "1:1 (mentor)"],
        ),
        ("How long", ["12", "30.25"]),
        ("Latency", ["12.25"]),
        ("Lat pull score", ["12.25"]),
        ("Interval", ["0.250, 13.5"]),
        ("Answer", ["5 - Strongly agree", "n/a", "I can say what I mean @ work"]),
        ("Phone used?", ["yes", "no", "3"]),
        ("Budget", ["1 000 000", "12 345 678", "0.123456789"]),
    ],
)
def test_ordinary_columns_hold_no_address(header, values):
    assert kinds(header, *values) == []
