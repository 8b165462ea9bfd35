"""Whether what ingest answered to a damaged export is honest: refused, or cleaned and counted."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter

import pandas as pd

from analysis.ingest.flow import KEPT, LEFT_OUT, MENDED, READ, SET_ASIDE
from properties.damage import Damage
from properties.exports import Export, Read, Refused, is_name, same

#: Nothing that is measured or counted here comes near it.
LARGEST = 1e12
_STAND_IN = "zz9stand"


def judge(export: Export, damage: Damage) -> str:
    """Which honest answer was given. Raises AssertionError saying why an answer is not honest."""
    found = export.read({damage.source: damage.content})
    if isinstance(found, Refused):
        assert damage.honest & {"refused", "cut"}, f"refused: {found.told}"
        check_refusal(export, damage, found.told)
        return "refused"
    known = set(found.tables["engagements"]["engagement_id"])
    for table, frame in found.tables.items():
        assert set(frame["engagement_id"]) <= known, f"{table} has engagements that nobody knows"
    if "cut" in damage.honest:
        return _judge_cut(export, damage, found)
    why = []
    for answer in ("same", "blank", "aside", "as given", "fewer"):
        if answer in damage.honest:
            reason = _ANSWERS[answer](export, damage, found)
            if not reason:
                return answer
            why.append(f"{answer}: {reason}")
    raise AssertionError(f"not refused, and not {'; '.join(why)}")


def check_refusal(export: Export, damage: Damage, told: str) -> None:
    """A refusal names the file (or the mapping) and repeats nothing of what a cell says."""
    file = export.mapping.sources[damage.source].file
    assert file in told or export.mapping.name in told, told
    assert "Traceback" not in told
    if len(damage.text) > 8 and not _is_number(damage.text):
        # What could have been meant is the mapping's own words.
        assert damage.text.strip() not in re.sub(r"(did you mean|There are).*", "", told), told


def _same(export: Export, damage: Damage, found: Read) -> str:
    before = export.undamaged
    changed = _differing(found, before)
    if damage.more and changed == ["events"]:  # they have no key: two alike may both have been
        now, then = (one.tables["events"].drop_duplicates() for one in (found, before))
        assert same(now, then)
        kept = _more(found, before, KEPT)
        return "" if (kept["events"] == damage.more).all() else "the events are not counted"
    if changed:
        return f"{', '.join(changed)} changed"
    return _unaccounted(found, before, damage, damage.more)


def _blank(export: Export, damage: Damage, found: Read) -> str:
    sheet = export.sheets[damage.source]
    for row in damage.rows:
        sheet = sheet.with_cell(row, damage.column, "")
    cleaned = export.read({damage.source: sheet})
    if isinstance(cleaned, Refused):
        return "left empty it would be refused"
    if changed := _differing(found, cleaned):
        return f"{', '.join(changed)} differ from those with the cell left empty"
    mended, aside = _more(found, cleaned, MENDED), _more(found, export.undamaged, SET_ASIDE)
    for table in _differing(found, export.undamaged):
        if mended[table].sum() < 1 and aside[table].sum() < 1:
            # Rows are counted, not cells: one with another such cell is counted already.
            rest = export.read({damage.source: sheet.without(set(damage.rows))})
            if isinstance(rest, Refused) or _more(cleaned, rest, MENDED)[table].sum() < 1:
                return f"{table} changed and nothing is counted"
    return _unaccounted(found, cleaned, damage, 0)


def _aside(export: Export, damage: Damage, found: Read) -> str:
    cleaned = export.read({damage.source: export.sheets[damage.source].without(set(damage.rows))})
    if isinstance(cleaned, Refused):
        return "without the rows it would be refused"
    if changed := _differing(found, cleaned):
        return f"{', '.join(changed)} differ from those without the rows"
    return _unaccounted(found, cleaned, damage, len(damage.rows) + damage.more)


def _as_given(export: Export, damage: Damage, found: Read) -> str:
    sheet = export.sheets[damage.source]
    uses = export.fed_by(damage.source).get(sheet.names[damage.column], [])
    if not uses or any(how is not None and (how.labels or how.date) for _, _, how in uses):
        return "what stands there is not free"
    if any(how is not None and is_name(clean, how) for _, clean, how in uses):
        return _as_another(export, damage, found, _STAND_IN, damage.text.strip())
    if not _is_number(damage.text):
        return "it is no number"
    number = float(damage.text)
    if damage.text.strip() in export.mapping.missing_marks:
        return "it is a mark for a missing value"
    if not abs(number) <= LARGEST:
        return f"{number:g} is taken for a measurement"
    if any(clean.startswith("item_") for _, clean, _ in uses):
        least = min(form.responses.minimum for form in export.instruments.values())
        most = max(form.responses.maximum for form in export.instruments.values())
        if not least <= number <= most:
            return f"{number:g} is no answer"
    for table in _differing(found, export.undamaged):
        fields = [clean for one, clean, _ in uses if one == table and clean in found.tables[table]]
        counts = [
            int((read.tables[table][fields] == number).to_numpy().sum())
            for read in (found, export.undamaged)
        ]
        if counts[0] <= counts[1] and not _more(found, export.undamaged, LEFT_OUT).any():
            return f"{number:g} is not in {table}"
    return _as_another(export, damage, found, f"{number:.15g}", f"{number:.15g}")


def _as_another(export: Export, damage: Damage, found: Read, other: str, stands_for: str) -> str:
    """Why the answer is not the one for another text in the cell, which stands for this one."""
    sheet = export.sheets[damage.source]
    for row in damage.rows:
        sheet = sheet.with_cell(row, damage.column, other)
    expected = export.read({damage.source: sheet})
    if isinstance(expected, Refused):
        return f"{other!r} would be refused"
    for table, frame in expected.tables.items():
        named = frame.replace(other, stands_for).astype(frame.dtypes.to_dict())
        if not same(found.tables[table], named):
            return f"{table} differs from that with {other!r}"
    for step in (READ, KEPT, SET_ASIDE, LEFT_OUT):
        if not _more(found, expected, step).eq(0).all():
            return f"rows {step} are not those with {other!r}"
    return ""


def _fewer(export: Export, damage: Damage, found: Read) -> str:
    before = export.undamaged
    gone = set(before.tables["engagements"]["engagement_id"])
    gone -= set(found.tables["engagements"]["engagement_id"])
    read, kept, aside = (_more(found, before, step) for step in (READ, KEPT, SET_ASIDE))
    if not ((kept + aside) == read).all():
        return "rows read are not those kept and set aside"
    own = read[
        read.index.get_level_values("source").str.startswith(
            export.mapping.sources[damage.source].file
        )
        & (read != 0)
    ]
    if not own.eq(-len(damage.rows)).all():
        return "the rows that are gone are not missing from those read"
    fed = {table for uses in export.fed_by(damage.source).values() for table, _, _ in uses}
    for table, frame in found.tables.items():
        rest = before.tables[table]
        rest = rest[~rest["engagement_id"].isin(gone)]
        now, then = (
            Counter(map(tuple, one.astype(object).fillna("").astype(str).to_numpy()))
            for one in (frame[list(rest.columns)], rest)
        )
        if now - then:
            return f"{table} has rows that were not there"
        if then - now and table not in fed:
            return f"{table} lacks rows that do not hang on those that are gone"
    return ""


def _judge_cut(export: Export, damage: Damage, found: Read) -> str:
    """A last line cut short is refused or set aside; one that has all its cells is as given."""
    before = export.sheets[damage.source]
    rows = list(csv.reader(io.StringIO(damage.content.decode("utf-8", "ignore"), newline="")))
    body = rows[before.headers :]
    whole = before.with_body([row for row in body if len(row) == len(before.names)])
    if len(whole.body) == len(body):
        return "as given"
    cleaned = export.read({damage.source: whole})
    assert isinstance(cleaned, Read), cleaned.told
    assert not _differing(found, cleaned), "what the cut line says was taken in"
    reason = _unaccounted(found, cleaned, damage, len(body) - len(whole.body))
    assert not reason, reason
    return "aside"


def _differing(one: Read, other: Read) -> list[str]:
    return [table for table in other.tables if not same(one.tables[table], other.tables[table])]


def _more(one: Read, other: Read, step: str) -> pd.Series:
    """Rows of a step that one has more than the other, by clean and raw table."""
    return one.counted(step).sub(other.counted(step), fill_value=0)


def _unaccounted(found: Read, cleaned: Read, damage: Damage, rows: int) -> str:
    """Why the count is wrong, where rows are there more that count for nothing; else ""."""
    if not _more(found, cleaned, KEPT).eq(0).all():
        return "other rows are kept"
    read, aside = _more(found, cleaned, READ), _more(found, cleaned, SET_ASIDE)
    if not aside.reindex(read.index, fill_value=0).eq(read).all():
        return "rows are neither kept nor set aside"
    if not read.isin((0, rows)).all() or (rows and not read.eq(rows).any()):
        return f"{rows} rows are there more and not counted as read"
    return ""


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


_ANSWERS = {
    "same": _same,
    "blank": _blank,
    "aside": _aside,
    "as given": _as_given,
    "fewer": _fewer,
}
