"""Text from right to left, kept to itself."""

import pytest

from analysis.present.bidi import isolate, isolate_plain


@pytest.mark.parametrize("text", ["plain <b>", "Überprüfung: ±.10 → 😀", ""])
def test_text_from_the_left_is_left_as_it_is(text):
    assert isolate(text).unescape() == text
    assert isolate_plain(text) == text


def test_a_run_is_marked_from_its_first_letter_to_its_last():
    text = "תוכנית 2024 א: D = .24 (שלום)"
    assert str(isolate(text)) == "<bdi>תוכנית 2024 א</bdi>: D = .24 (<bdi>שלום</bdi>)"
    assert isolate_plain("a שלום b") == "a \u2068שלום\u2069 b"
    assert isolate("<i>שלום</i>").unescape() == "<i><bdi>שלום</bdi></i>"


def test_nothing_is_lost_whatever_the_text_is():
    for text in ("אב ab גד cd", "ab אב", "אב", "א 1", "1 א", "سلام, عالم!"):
        plain = isolate(text).striptags()
        assert plain == text
