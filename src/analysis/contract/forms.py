"""Two raters' forms of one instrument: which items both answered, before anything compares them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from analysis.contract.faults import UserFault
from analysis.contract.instruments import Instrument

PAIR = ("advisee", "advisor")


@dataclass(frozen=True)
class Forms:
    """The forms as they are scored and compared.

    ``instruments``: rater to key, items and subscales that only one rater answered left out.
    ``matched``: subscale to pairs of items that ask the same, the advisee's first; empty where
    items cannot be matched. ``reason``: why they cannot, or ''. ``left_out``: a sentence for all
    that is left out of the scores. ``same_range``: whether levels can be compared.
    """

    instruments: Mapping[str, Instrument]
    matched: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    reason: str = ""
    left_out: tuple[str, ...] = ()
    same_range: bool = True


def align_forms(instruments: Mapping[str, Instrument]) -> Forms:
    """The raters' forms with their common items only, and what was left out.

    Forms of the same name match item by item. Of forms that differ, the items that either key names
    as ``twins`` and that lie in the same subscale of both are kept; without any named twins each
    rater's score rests on that rater's own form, and ``reason`` says so. Scores that arrive ready
    made keep the subscales that both raters have.

    Raises UserFault where the two keys name different twins, or an item the other form lacks.
    """
    if not set(PAIR) <= set(instruments):
        return Forms(instruments, reason="only one rater answered")
    first, second = (instruments[rater] for rater in PAIR)
    same_range = first.responses == second.responses
    if first.ready_made != second.ready_made:
        reason = f"{first.title} and {second.title}: one of them arrives without items"
        return Forms(instruments, reason=reason, same_range=same_range)
    if first.ready_made:
        common = [name for name in first.subscales if name in second.subscales]
        return _with_subscales(instruments, common, same_range)
    if first.name == second.name:
        matched = {
            name: tuple((item, item) for item in items) for name, items in first.subscales.items()
        }
        return Forms(instruments, matched)
    twins = _twins(first, second)
    if not twins:
        reason = (
            f"{first.title} and {second.title} are different forms, and no key names the items "
            "that ask the same (`twins`)"
        )
        return Forms(instruments, reason=reason, same_range=same_range)
    matched = {}
    for name, items in first.subscales.items():
        others = second.subscales.get(name, ())
        pairs = tuple((item, twins[item]) for item in items if twins.get(item) in others)
        if pairs:
            matched[name] = pairs
    if not matched:
        reason = f"{first.title} and {second.title}: no twins lie in the same subscale of both"
        return Forms(instruments, reason=reason, same_range=same_range)
    kept = dict(instruments)
    left_out = []
    for place, rater in enumerate(PAIR):
        own = instruments[rater]
        subscales = {name: tuple(pair[place] for pair in pairs) for name, pairs in matched.items()}
        items = {item for one in subscales.values() for item in one}
        turned = tuple(item for item in own.reversed if item in items)
        kept[rater] = own.model_copy(update={"subscales": subscales, "reversed": turned})
        left_out += _told(rater, own, items, set(own.subscales) - set(subscales))
    return Forms(kept, matched, left_out=tuple(left_out), same_range=same_range)


def _twins(first: Instrument, second: Instrument) -> dict[int, int]:
    """The advisee's item to the advisor's, from whichever key names them."""
    ahead = dict(first.twins.get(second.name, {}))
    back = {own: other for other, own in second.twins.get(first.name, {}).items()}
    if differing := sorted(
        item for item in ahead.keys() & back.keys() if ahead[item] != back[item]
    ):
        raise UserFault(
            f"{first.name} and {second.name} name different twins of items {differing}. "
            "Correct one of the two keys."
        )
    twins = back | ahead
    for form, items in ((first, twins.keys()), (second, twins.values())):
        if stray := sorted(set(items) - set(form.items)):
            raise UserFault(
                f"twins of {first.name} and {second.name}: {form.name} has no items {stray}. "
                f"It has {list(form.items)}."
            )
    return twins


def _told(rater: str, own: Instrument, items: set[int], subscales: set[str]) -> list[str]:
    """What one rater answered that is in no comparison."""
    gone = [str(item) for item in own.items if item not in items]
    told = []
    if gone:
        told.append(
            f"of the {rater}'s {own.title} items {', '.join(gone)} are left out: the other rater's "
            "form does not ask them in the same subscale"
        )
    if subscales:
        names = ", ".join(sorted(subscales))
        told.append(f"the {rater}'s {names} is left out: no common items")
    return told


def _with_subscales(
    instruments: Mapping[str, Instrument], common: list[str], same_range: bool
) -> Forms:
    """Ready-made scores with the subscales that both raters have."""
    if not common:
        reason = "the two raters' scores have no subscale in common"
        return Forms(instruments, reason=reason, same_range=same_range)
    kept, left_out = dict(instruments), []
    for rater in PAIR:
        own = instruments[rater]
        gone = sorted(set(own.subscales) - set(common))
        if gone:
            kept[rater] = own.model_copy(update={"subscales": dict.fromkeys(common, ())})
            left_out.append(
                f"the {rater}'s {', '.join(gone)} is left out: the other rater's scores lack it"
            )
    reason = "scores arrive ready made: no items to match"
    return Forms(kept, reason=reason, left_out=tuple(left_out), same_range=same_range)
