"""Two raters' forms aligned to the items that both answered."""

import pytest

from analysis.contract.faults import UserFault
from analysis.contract.forms import align_forms
from analysis.contract.instruments import Instrument


def form(name, subscales, **others):
    key = {
        "name": name,
        "title": name.capitalize(),
        "responses": {"minimum": 1, "maximum": 5},
        "subscales": subscales,
        "status": "user_supplied",
        "source": "a test",
    }
    return Instrument.model_validate(key | others)


LONG = form("long", {"goal": [1, 2, 3], "task": [4, 5], "bond": [6, 7]}, reversed=[2, 5])
TWINS = {"long": {1: 2, 2: 3, 3: 1, 4: 7}}
SHORT = form("short", {"goal": [1, 2], "task": [3], "bond": [4]}, reversed=[1], twins=TWINS)


def test_forms_that_differ_keep_their_common_items_and_say_what_went():
    forms = align_forms({"advisee": LONG, "advisor": SHORT})
    assert forms.matched == {"goal": ((2, 1), (3, 2)), "bond": ((7, 4),)}
    assert dict(forms.instruments["advisee"].subscales) == {"goal": (2, 3), "bond": (7,)}
    assert dict(forms.instruments["advisor"].subscales) == {"goal": (1, 2), "bond": (4,)}
    assert forms.instruments["advisee"].reversed == (2,)
    assert forms.instruments["advisor"].reversed == (1,)
    told = " ".join(forms.left_out)
    # task: the advisor's item 3 has a twin among the advisee's goal items, which is no match
    for words in ("Long items 1, 4, 5, 6", "Short items 3", "the advisee's task", "advisor's task"):
        assert words in told
    assert forms.reason == ""


def test_either_key_may_name_the_twins():
    other = LONG.model_copy(update={"twins": {"short": {2: 1, 3: 2, 1: 3, 7: 4}}})
    plain = SHORT.model_copy(update={"twins": {}})
    forms = align_forms({"advisee": other, "advisor": plain})
    assert forms.matched == align_forms({"advisee": LONG, "advisor": SHORT}).matched


def test_one_form_matches_item_by_item():
    forms = align_forms({"advisee": LONG, "advisor": LONG})
    assert forms.matched["goal"] == ((1, 1), (2, 2), (3, 3))
    assert forms.instruments == {"advisee": LONG, "advisor": LONG}
    assert forms.left_out == ()


def test_what_cannot_be_matched_says_why_and_is_left_as_it_is():
    plain = SHORT.model_copy(update={"twins": {}})
    cases = {
        "no key names the items": {"advisee": LONG, "advisor": plain},
        "only one rater": {"advisee": LONG},
        "without items": {"advisee": LONG, "advisor": form("made", {"goal": []})},
    }
    for reason, instruments in cases.items():
        forms = align_forms(instruments)
        assert reason in forms.reason
        assert dict(forms.instruments) == instruments
        assert not forms.matched


def test_ready_made_scores_keep_the_subscales_that_both_have():
    first, second = form("one", {"goal": [], "bond": []}), form("two", {"bond": [], "task": []})
    forms = align_forms({"advisee": first, "advisor": second})
    assert [list(key.subscales) for key in forms.instruments.values()] == [["bond"], ["bond"]]
    assert len(forms.left_out) == 2


def test_ranges_that_differ_are_told():
    wide = form("wide", {"goal": [1]}, responses={"minimum": 1, "maximum": 7})
    assert not align_forms({"advisee": wide, "advisor": SHORT}).same_range
    assert align_forms({"advisee": LONG, "advisor": SHORT}).same_range


def test_keys_that_disagree_about_twins_are_refused():
    other = LONG.model_copy(update={"twins": {"short": {1: 1}}})
    back = SHORT.model_copy(update={"twins": {"long": {1: 2}}})
    assert align_forms({"advisee": other, "advisor": back}).matched  # two items claim one twin
    swapped = LONG.model_copy(update={"twins": {"short": {2: 2}}})
    with pytest.raises(UserFault, match=r"different twins of items \[2\]"):
        align_forms({"advisee": swapped, "advisor": back})
    with pytest.raises(UserFault, match=r"long has no items \[9\]"):
        align_forms(
            {"advisee": LONG, "advisor": form("short", {"goal": [1]}, twins={"long": {1: 9}})}
        )
