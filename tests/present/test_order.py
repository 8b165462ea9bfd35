"""The order of the report, and the one list of figures and tables."""

import pytest

from analysis.contract.products import FIGURES
from analysis.present.order import PLACES, SECTIONS, parts_in
from analysis.present.parts import Part
from analysis.stages.draw import DRAWN_BY


def test_sections_follow_the_order_in_which_a_report_is_read():
    assert [section.anchor for section in SECTIONS] == [
        "answer",
        "sure",
        "change",
        "measurement",
        "course",
        "claims",
        "multiverse",
        "methods",
        "rows",
        "provenance",
    ]
    assert set(PLACES.values()) <= {section.anchor for section in SECTIONS}


def test_parts_stand_in_their_section_in_order_and_empty_ones_do_not():
    said = ("Said.",)
    parts = [Part(name, name, said) for name in ("privacy", "warning", "flow", "course")]
    parts.append(Part("ruptures", "Nothing"))
    assert [part.anchor for part in parts_in("rows", parts)] == ["flow", "privacy"]
    assert [part.anchor for part in parts_in("course", parts)] == ["course", "warning"]
    with pytest.raises(ValueError, match="'novelty' has no place"):
        parts_in("rows", [Part("novelty", "New", said)])


def test_every_figure_of_the_list_can_be_drawn_and_no_other():
    assert tuple(DRAWN_BY) == FIGURES
