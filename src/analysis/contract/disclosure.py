"""What may leave the interim folder: the one place that decides.

Everything people look at (tables, figures, report, metrics) is made from rows that went through
``release``. Rules and numbers are those of output checking in research data centres (Brandt and
others, 2010, Guidelines for the checking of output based on microdata research, ESSnet on
statistical disclosure control): at least ten units behind every figure and every count, no single
contributor with more than half of them; and at least three contributors, as of two each can take
her own part away (Hundepool and others, 2012, Statistical Disclosure Control, chapter 4).

Correlations, slopes, reliabilities and fit are safe once enough engagements stand behind them:
nobody's answer can be worked out from them, nor from two of them on almost the same engagements
(Ritchie, 2008, Disclosure detection in research environments in practice). Shares and counts of
engagements, and means on nested groups, are not: ``analysis.contract.tabulated`` says which rows
are such, and what belongs together is withheld together.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.contract.estimates import NUMBERS
from analysis.contract.faults import UserFault
from analysis.contract.files import write_csv
from analysis.contract.plan import DisclosurePlan
from analysis.contract.privacy import CLASS, PRIVACY_COLUMNS, SMALLEST, band_classes
from analysis.contract.suppression import suppress, suppress_parts
from analysis.contract.tabulated import CHOSEN, NO_BASE, flow_cells, told_by_counts, told_by_nesting

#: Below this only data that nobody answered may be shown.
LOWEST_THRESHOLD = 3

#: Nouns whose small numbers are withheld wherever a text counts them.
_COUNTED = (
    "engagement",
    "advisee",
    "dyad",
    "pair",
    "person",
    "people",
    "participant",
    "case",
    "rating",
    "event",
    "episode",
    "rupture",
    "drop",
    "answer",
    "row",
    "step",
    "transition",
)
_NUMBER_OF = re.compile(
    r"(?<![\w.,±−-])(?<!fewer than )(?<!at least )(?<!more than )(?<!cluster has )(\d[\d,]*)"
    rf"(?= (?:of [\d,]+ )?(?:[a-z-]+ )?(?:of the )?(?:{'|'.join(_COUNTED)})s?\b)"
)


#: Tables carry this mark once they went through; writers refuse those that do not.
RELEASED = "released"


def check_rule(rule: DisclosurePlan, simulated: bool) -> DisclosurePlan:
    """The rule itself. Raises UserFault for a threshold too low for what people answered."""
    if rule.threshold < LOWEST_THRESHOLD and not simulated:
        raise UserFault(
            f"the plan: disclosure.threshold: {rule.threshold} would let single people be found. "
            f"Data that are not simulated need {LOWEST_THRESHOLD} at least; 10 is customary."
        )
    return rule


def too_few(rule: DisclosurePlan) -> str:
    """What stands where a small number is withheld, such as ``fewer than 10``."""
    return f"fewer than {rule.threshold}"


def not_given(rule: DisclosurePlan) -> str:
    """The note of a row that rests on too few engagements."""
    return f"{too_few(rule)} engagements: not given"


def say_count(count: float, rule: DisclosurePlan) -> str:
    """A count in words that may leave: itself, or ``fewer than 10``.

    >>> say_count(1234, DisclosurePlan()), say_count(4, DisclosurePlan())
    ('1,234', 'fewer than 10')
    """
    return f"{count:,.0f}" if count >= rule.threshold else too_few(rule)


def say_safely(text: str, rule: DisclosurePlan) -> str:
    """A note in which small numbers of engagements, people or what they did read ``fewer than``.

    >>> say_safely("only 7 engagements have both: at least 10 are needed", DisclosurePlan())
    'only fewer than 10 engagements have both: at least 10 are needed'
    """

    def told(found: re.Match) -> str:
        small = int(found[1].replace(",", "")) < rule.threshold
        return too_few(rule) if small else found[1]

    return _NUMBER_OF.sub(told, text)


def why_withheld(
    n_engagements: float, n_advisors: float, rule: DisclosurePlan, n_largest: float = 0
) -> str:
    """Why a figure may not leave; nothing if it may.

    Parameters
    ----------
    n_engagements, n_advisors : what it rests on; NaN advisors: not known.
    n_largest : most of these engagements that are, or may be, one advisor's.

    >>> why_withheld(40, 12, DisclosurePlan(), n_largest=8)
    ''
    >>> why_withheld(12, 1, DisclosurePlan(), n_largest=12)
    'fewer than 3 advisors: not given'
    """
    if n_engagements < rule.threshold:
        return not_given(rule)
    if n_advisors < rule.fewest_advisors:
        return f"fewer than {rule.fewest_advisors} advisors: not given"
    if min(n_largest, n_engagements) > rule.largest_share * n_engagements:
        share = f"{100 * rule.largest_share:g} %"
        return f"one advisor's may be more than {share} of the engagements: not given"
    return ""


def release(
    rows: pd.DataFrame, table: str, rule: DisclosurePlan, *, largest_caseload: int = 0
) -> pd.DataFrame:
    """The rows as they may leave: what tells of too few people is emptied, with the reason.

    Parameters
    ----------
    rows : tidy rows of one dataset, in the vocabulary of ``analysis.contract.estimates``.
    table : which table they are of, such as ``process``: it decides which rows are counts.
    rule : the plan's threshold, fewest advisors and largest share.
    largest_caseload : most engagements that one advisor has in the dataset: as many of a row's may
        be one advisor's, unless its ``n_largest`` says how many are.

    Returns
    -------
    The same rows in the same order, without ``n_largest``. In those withheld every number is NaN,
    a verdict reads ``not_testable``, a sentence is the reason, and ``note`` is the reason; in all
    others small numbers of people in ``note`` and ``sentence`` read ``fewer than``. Released rows
    stay as they are if they are released again.
    """
    held = rows.reset_index(drop=True)
    if not len(rows):
        held = held.drop(columns="n_largest", errors="ignore")
        held.attrs[RELEASED] = True
        return held
    reasons = _reasons(held, table, rule, largest_caseload)
    gone = reasons != ""
    held = held.drop(columns="n_largest", errors="ignore")
    numbers = [name for name in NUMBERS if name in held]
    empty = gone & held[numbers].notna().any(axis=1)
    held.loc[gone, numbers] = np.nan
    if "statistic" in held:
        chosen = held["term"].isin(CHOSEN)
        held.loc[chosen, "statistic"] = rows["statistic"].to_numpy()[chosen]
    if "verdict" in held:
        held.loc[empty & held["verdict"].notna(), "verdict"] = "not_testable"
    for column in ("note", "sentence"):
        if column in held:
            told = held[column].astype(object)
            told = told.map(lambda text: say_safely(text, rule) if isinstance(text, str) else text)
            stands = empty if column == "note" else empty & told.notna()
            held[column] = told.where(~stands, reasons)
    held.index = rows.index
    held.attrs[RELEASED] = True
    return held


def release_flow(flow: pd.DataFrame, rule: DisclosurePlan) -> pd.DataFrame:
    """One dataset's account of rows as it may leave; ``note`` says where a count is withheld.

    Blank rows hold nobody and are told as they are.

    Parameters
    ----------
    flow : ``dataset, table, source, step, reason, rows``
    """
    counts = flow["rows"].to_numpy(dtype=float)
    sums, told, people = flow_cells(flow)
    small = (counts > 0) & (counts < rule.threshold) & people
    fixed = [place for place in told if not small[place]]
    hidden = suppress(counts, sums, rule.threshold, fixed=fixed, small=small)
    note = np.where(hidden, f"{too_few(rule)}, or it would tell such a number", None)
    rows = flow["rows"].astype(float).mask(hidden)
    held = flow.assign(rows=rows, note=pd.Series(note, index=flow.index, dtype=object))
    held.attrs[RELEASED] = True
    return held


def release_privacy(account: pd.DataFrame, rule: DisclosurePlan) -> pd.DataFrame:
    """One dataset's account of privacy as it may leave: small counts are withheld.

    Engagements are counted by how many are alike in what was declared, in bands of which no small
    one can be worked out; a smallest class below the threshold is told by its band.

    Parameters
    ----------
    account : ``dataset, subject, item, count, note``, with a row ``class`` for each size of class
    """
    account = account.fillna({"item": "", "note": ""})
    of_classes = account["subject"] == CLASS
    rows = account[~of_classes]
    small = (rows["count"] > 0) & (rows["count"] < rule.threshold)
    notes = rows["note"].map(lambda text: say_safely(str(text), rule))
    rows = rows.assign(
        count=rows["count"].mask(small), note=notes.where(~small, notes + f"; {too_few(rule)}")
    )
    held = pd.concat([rows, _release_classes(account[of_classes], rule)], ignore_index=True)
    held.attrs[RELEASED] = True
    return held


def _release_classes(classes: pd.DataFrame, rule: DisclosurePlan) -> pd.DataFrame:
    """The smallest class, and engagements by the size of their class; nothing without classes."""
    sizes = dict(zip(classes["item"].astype(int), classes["count"].astype(int), strict=True))
    if not sizes:
        return classes
    least = min(sizes)
    band = next(name for name, n in band_classes({least: 1}, rule.threshold).items() if n)
    bands = band_classes(sizes, rule.threshold)
    given = release_counts(list(bands.values()), rule)
    withheld = f"{too_few(rule)}, or it would tell such a number"
    rows = [(SMALLEST, "", least, "") if least >= rule.threshold else (SMALLEST, "", np.nan, band)]
    rows += [
        (CLASS, name, count, withheld if np.isnan(count) else "")
        for name, count in zip(bands, given, strict=True)
    ]
    frame = pd.DataFrame(rows, columns=list(PRIVACY_COLUMNS[1:]))
    return frame.assign(dataset=classes["dataset"].iloc[0])[list(PRIVACY_COLUMNS)]


def together(tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Released tables below one another. Raises ValueError if one was not released."""
    kept = list(tables)
    for table in kept:
        _check_released(table)
    joined = pd.concat(kept, ignore_index=True)
    joined.attrs[RELEASED] = True
    return joined


def write_released(table: pd.DataFrame, path: Path) -> None:
    """Write a table that leaves, as CSV. Raises ValueError if it did not go through ``release``."""
    _check_released(table)
    write_csv(table, path)


def _check_released(table: pd.DataFrame) -> None:
    if len(table) and not table.attrs.get(RELEASED):
        raise ValueError("a table that leaves must have gone through analysis.contract.disclosure")


def _reasons(
    rows: pd.DataFrame, table: str, rule: DisclosurePlan, largest_caseload: int
) -> pd.Series:
    """Why each row is withheld; nothing where it is not."""
    n = _column(rows, "n_engagements")
    m = _column(rows, "n_advisors")
    most = _column(rows, "n_largest")
    bases = np.column_stack([n, m, np.where(np.isnan(most), largest_caseload, most)])
    different, place = np.unique(bases, axis=0, return_inverse=True)
    why = ["" if np.isnan(one[0]) else why_withheld(*one[:2], rule, one[2]) for one in different]
    reasons = np.array(why, dtype=object)[place.ravel()]
    estimates = pd.Series(_column(rows, "estimate"), index=rows.index)
    told = estimates.notna().to_numpy()
    unknown = np.isnan(n) & told & ~rows["analysis"].isin(NO_BASE).to_numpy()
    reasons[unknown] = "not known how many engagements it rests on: not given"
    given = rows.assign(estimate=estimates.where(reasons == ""))
    tells = told_by_counts(given, table, rule.threshold)
    tells |= told_by_nesting(given, table, rule.threshold)
    small = f"{not_given(rule)}, nor what would tell such a number"
    reasons[tells & (reasons == "")] = small
    return pd.Series(reasons, index=rows.index)


def _column(rows: pd.DataFrame, name: str) -> np.ndarray:
    """A column of counts; NaN throughout where a table has none."""
    return rows[name].to_numpy(dtype=float) if name in rows else np.full(len(rows), np.nan)


def release_counts(
    counts: Sequence[float], rule: DisclosurePlan, *, total_told: bool = True
) -> list[float]:
    """Counts of the parts of a whole as they may leave: NaN where one is withheld.

    ``total_told``: whether the whole is told elsewhere, so that one part alone is not hidden.

    >>> release_counts([40, 3, 12, 25], DisclosurePlan())
    [40.0, nan, nan, 25.0]
    """
    cells = np.asarray(counts, dtype=float)
    if total_told:
        hidden = suppress_parts(cells, rule.threshold)
    else:
        hidden = (cells < rule.threshold) & (cells > 0)
    return [float(one) for one in np.where(hidden, np.nan, cells)]
