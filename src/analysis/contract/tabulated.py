"""Which rows of the tables are counts in another dress, and which of them belong together.

A share of engagements next to the number it is a share of is a count, and so is what it leaves of
the whole. Shares that together make a whole are a table of counts. A figure worked out from a share
(what is in excess of chance) tells that share. A mean on some engagements, next to the same mean on
a few more, tells the mean of those few.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.contract.suppression import Sum, suppress, suppress_parts

#: Analyses whose rows rest on many estimates rather than on a number of engagements.
NO_BASE = ("joint_test", "skipped", "variance_share")

#: Terms whose statistic is a choice of the plan's, such as a threshold, and stays when numbers go.
CHOSEN = ("net_benefit",)

#: What tells one table of counts from another: rows that agree in all of these belong together.
_PLACE = ("dataset", "outcome", "outcome_source", "phase", "rater", "subscale", "occasion")
_DERIVED = "(?:_by_chance|_excess|_corrected)?"


@dataclass(frozen=True)
class Shares:
    """Rows of one analysis that are shares of the engagements they rest on.

    ``terms`` is a pattern; rows whose term goes on after it (``_excess``) are worked out from the
    share and go with it. With ``whole`` the shares of one place make up a whole, and a group
    ``of`` in the pattern tells several such wholes apart; without it each stands beside what it
    leaves. A share of answers or episodes is held to the number of engagements too: of n
    engagements at least the share times n have one.
    """

    table: str
    analysis: str
    terms: str
    whole: bool = False


SHARES = (
    Shares("measurement", "measurement", "floor|ceiling"),
    Shares("measurement", "missingness", "missing"),
    Shares("measurement", "replies", "prorated"),
    Shares("process", "rupture", "ruptured(?:_among_[a-z_]+?)?|in_rupture|repaired|beginning"),
    Shares("process", "rupture", "begun_after_missed_checkin|chart_signal|chart_insufficient"),
    Shares("process", "rupture", "both|confrontation|withdrawal|untyped", whole=True),
    Shares("process", "repair", r"repaired_within_\d+"),
    Shares(
        "process",
        "repair",
        r"(?:full|partial|none|ended_early|censored)(?P<of>_within_\d+)",
        whole=True,
    ),
    Shares("warning", "warning", "base_rate"),
)

#: Rows whose estimate is itself a count.
COUNTS = (("process", "rupture", ("answers_after_end", "answers_out_of_order")),)


def told_by_counts(rows: pd.DataFrame, table: str, threshold: int) -> np.ndarray:
    """Rows of a table that would tell a count from 1 to below the threshold, (n,) of bool."""
    gone = np.zeros(len(rows), dtype=bool)
    rows = _placed(rows)
    for shares in SHARES:
        if shares.table == table:
            gone |= _told_by_shares(rows, shares, threshold)
    for name, analysis, terms in COUNTS:
        if name == table:
            counted = (rows["analysis"] == analysis) & rows["term"].isin(terms)
            gone |= (counted & rows["estimate"].between(1, threshold - 1)).to_numpy()
    if table == "measurement":
        gone |= _told_by_replies(rows, threshold) | _told_by_programmes(rows, threshold)
    if table == "process":
        gone |= _told_by_kinds_of_repair(rows, gone)
    if table == "warning":
        gone |= _told_by_alarms(rows, threshold) | _told_by_bins(rows, threshold)
    return gone


def _placed(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with every column that tells their places apart, empty where they have none."""
    return rows.reindex(columns=list(dict.fromkeys([*rows.columns, *_PLACE, "method"])))


def _told_by_shares(rows: pd.DataFrame, shares: Shares, threshold: int) -> np.ndarray:
    pattern = re.compile(f"(?P<name>{shares.terms})(?P<rest>{_DERIVED})")
    own = (rows["analysis"] == shares.analysis).to_numpy()
    terms = rows["term"].astype(object).where(own, None)
    found = {term: pattern.fullmatch(term) for term in terms.dropna().unique()}
    own = terms.map(lambda term: found.get(term) is not None).to_numpy(dtype=bool)
    gone = np.zeros(len(rows), dtype=bool)
    matches = [found[term] for term in terms[own]]
    part = rows[own].assign(
        _name=[match["name"] for match in matches],
        _of=[match.groupdict().get("of") or "" for match in matches],
        _itself=[not match["rest"] for match in matches],
        _row=np.flatnonzero(own),
    )
    for _, group in part.groupby([*_PLACE, "method", "_of"], dropna=False, sort=False):
        itself = group[group["_itself"] & group["estimate"].notna()]
        counts = (itself["estimate"] * itself["n_engagements"]).to_numpy(dtype=float)
        rests = (itself["n_engagements"] - counts).to_numpy(dtype=float)
        small = _is_small(counts, threshold) | _is_small(rests, threshold)
        if shares.whole and small.any() and len(counts) > 1:
            small |= suppress_parts(counts, threshold)
        gone[group.loc[group["_name"].isin(itself["_name"][small]), "_row"]] = True
    return gone


_WITHIN = re.compile(
    rf"(?P<kind>full|partial|none|ended_early|censored|repaired)_within_(?P<k>\d+){_DERIVED}"
)


def _told_by_kinds_of_repair(rows: pd.DataFrame, gone: np.ndarray) -> np.ndarray:
    """Rates of repair within so many check-ins, where a share of one kind within them is withheld.

    Within one check-in the rate is (full + partial) / (1 - censored), and so it is bounded within
    more: with the other shares it would tell the one that is not given.
    """
    terms = rows["term"].astype("str").str.extract(_WITHIN)
    own = (rows["analysis"] == "repair").to_numpy() & terms["kind"].notna().to_numpy()
    part = rows[own].assign(
        _rate=(terms["kind"] == "repaired")[own],
        _within=terms["k"][own],
        _hidden=gone[own] | rows.loc[own, "estimate"].isna().to_numpy(),
        _row=np.flatnonzero(own),
    )
    told = np.zeros(len(rows), dtype=bool)
    for _, group in part.groupby([*_PLACE, "method", "_within"], dropna=False, sort=False):
        itself = ~group["term"].astype("str").str.contains(r"_(?:by_chance|excess|corrected)$")
        if (group["_hidden"] & ~group["_rate"] & itself).any():
            told[group.loc[group["_rate"], "_row"]] = True
    return told


def _is_small(counts: np.ndarray, threshold: int) -> np.ndarray:
    return (counts > 1e-6) & (counts < threshold - 1e-6)


def _told_by_replies(rows: pd.DataFrame, threshold: int) -> np.ndarray:
    """Shares that answered of those due, where fewer than the threshold did not."""
    own = (rows["analysis"] == "replies") & (rows["term"] == "answered")
    silent = rows["n_engagements"] * (1 / rows["estimate"].where(own) - 1)
    return _is_small(silent.fillna(0.0).to_numpy(dtype=float), threshold)


#: Between what is told of a programme and the programme's name.
IN = " in "


def _told_by_programmes(rows: pd.DataFrame, threshold: int) -> np.ndarray:
    """Rows of programmes that tell of few, or would let another programme's be worked out.

    What is told of all less what is told of some programmes tells of the others together: these are
    never one alone, nor fewer than the threshold. A share of check-ins is held to the number of
    engagements: of n at least the share times n answered one, and at least the rest left one out.
    """
    gone = np.zeros(len(rows), dtype=bool)
    own = rows[rows["analysis"] == "programme"]
    if own.empty:
        return gone
    parted = own["term"].astype("str").str.partition(IN)
    own = own.assign(_base=parted[0], _name=parted[2])
    place = ["dataset", "_base", "rater", "subscale"]
    for (_, base, *_), group in own.groupby(place, dropna=False, sort=False):
        # A row whose number is gone was withheld before, with all that would tell it.
        n = group["n_engagements"].fillna(threshold).to_numpy(dtype=float)
        hidden = group["estimate"].isna().to_numpy().copy()
        if base == "answered":
            counts = group["estimate"].fillna(0.0).to_numpy(dtype=float) * n
            hidden |= _is_small(counts, threshold) | _is_small(n - counts, threshold)
        part = (group["_name"] != "").to_numpy()
        if part.any() and not hidden[~part].any():
            _hide_more(hidden, part, n, threshold)
        gone[rows.index.get_indexer(group.index[hidden])] = True
    return gone


def _hide_more(hidden: np.ndarray, part: np.ndarray, n: np.ndarray, threshold: int) -> None:
    """Hide the next smallest parts until those hidden are several, and enough together."""
    while (hidden & part).any() and (part & ~hidden).any():
        if (hidden & part).sum() > 1 and n[hidden & part].sum() >= threshold:
            return
        hidden[np.argmin(np.where(part & ~hidden, n, np.inf))] = True


def _told_by_alarms(rows: pd.DataFrame, threshold: int) -> np.ndarray:
    """Alarms, sensitivity and specificity that tell a small cell of alarm by outcome.

    With the share that has the outcome they are a table of two by two. The rule's net benefit goes
    with them: at two thresholds it would tell the same table.
    """
    gone = np.zeros(len(rows), dtype=bool)
    place = ["outcome", "occasion"]
    own = rows["term"].isin(["alarms", "sensitivity", "specificity", "net_benefit"])
    own &= rows["method"].isin(["model", "rule"])
    base = rows[rows["term"] == "base_rate"].set_index(place)
    for (*where, method), group in rows[own].groupby([*place, "method"], sort=False):
        told = group.set_index("term")["estimate"]
        if tuple(where) not in base.index or not {"sensitivity", "specificity"} <= set(told.index):
            continue
        share, n = base.loc[tuple(where), ["estimate", "n_engagements"]].astype(float)
        with_it, without = share * n, (1 - share) * n
        cells = np.array(
            [
                with_it * told["sensitivity"],
                with_it * (1 - told["sensitivity"]),
                without * told["specificity"],
                without * (1 - told["specificity"]),
            ]
        )
        if _is_small(cells, threshold).any():
            kept = (group["term"] == "net_benefit") & (method == "model")
            gone[rows.index.get_indexer(group.index[~kept])] = True
    return gone


def _told_by_bins(rows: pd.DataFrame, threshold: int) -> np.ndarray:
    """Bins of the calibration curve with few engagements with the outcome, or few without it.

    All bins together hold all who have the outcome, whose number is told: never a bin alone.
    """
    gone = np.zeros(len(rows), dtype=bool)
    own = (rows["term"] == "calibration_curve") & rows["estimate"].notna()
    for _, group in rows[own].groupby(["outcome", "occasion", "method"], sort=False):
        counts = (group["estimate"] * group["n_engagements"]).to_numpy(dtype=float)
        rests = (group["n_engagements"] - counts).to_numpy(dtype=float)
        small = _is_small(counts, threshold) | _is_small(rests, threshold)
        if small.any():
            places, whole = tuple(range(len(counts))), len(counts)
            hidden = suppress(
                [*counts, counts.sum()],
                [(whole, places)],
                threshold,
                fixed=[whole],
                small=[*small, False],
            )
            gone[rows.index.get_indexer(group.index[hidden[:whole]])] = True
    return gone


def told_by_nesting(rows: pd.DataFrame, table: str, threshold: int) -> np.ndarray:
    """Rows that, next to the same figure on a few more engagements, tell of those few, (n,).

    Of two groups, one within the other, that differ by fewer engagements than the threshold only
    the larger one's are given: means of the total under each rule for missing items, and who gave
    no rating at all against who left one out.
    """
    gone = np.zeros(len(rows), dtype=bool)
    if table != "measurement":
        return gone
    rows = _placed(rows)
    means = (rows["analysis"] == "missing_rule") & (rows["term"] == "mean of the total")
    place = ["dataset", "rater", "occasion"]
    part = rows[means & rows["estimate"].notna()]
    for _, group in part.groupby(place, dropna=False, sort=False):
        gone[rows.index.get_indexer(_nested(group["n_engagements"], threshold))] = True
    gone |= _told_by_levels(rows, threshold)
    lacking = rows[(rows["analysis"] == "missingness") & (rows["term"] == "missing")]
    lacking = lacking[lacking["estimate"].notna()]
    raters = (
        lacking["outcome"].astype("str").str.replace(r"_(?:rating|every_checkin)$", "", regex=True)
    )
    for _, group in lacking.groupby(raters, sort=False):
        few = group.loc[_nested(group["estimate"] * group["n_engagements"], threshold)]
        told = (rows["analysis"] == "missingness") & rows["outcome"].isin(few["outcome"])
        gone |= told.to_numpy()
    return gone


def _told_by_levels(rows: pd.DataFrame, threshold: int) -> np.ndarray:
    """Means and spreads of those compared, next to the same of all, where one rater answered.

    With two raters they are not the same: those compared are rated at check-ins that both answered.
    """
    gone = np.zeros(len(rows), dtype=bool)
    if (rows["analysis"].eq("programme") & rows["term"].eq("gap")).any():
        return gone
    own = rows["analysis"].isin(["programme", "descriptives"]) & rows["term"].isin(["mean", "sd"])
    part = rows[own & rows["estimate"].notna() & rows["rater"].notna()]
    for _, group in part.groupby(["dataset", "rater", "subscale", "term"], dropna=False):
        gone[rows.index.get_indexer(_nested(group["n_engagements"], threshold))] = True
    return gone


def _nested(counts: pd.Series, threshold: int) -> pd.Index:
    """Index of the rows whose group lies a few engagements below a larger one that is given."""
    few, kept = [], []
    for row, n in counts.sort_values(ascending=False, kind="stable").items():
        if _is_small(np.array([more - n for more in kept]), threshold).any():
            few.append(row)
        else:
            kept.append(n)
    return pd.Index(few)


#: A blank row holds nobody: how many there are tells of nobody.
BLANK = "blank row"


def flow_cells(flow: pd.DataFrame) -> tuple[list[Sum], list[int], np.ndarray]:
    """The sums in one dataset's account of rows, its cells that are told anyway, and small ones.

    Rows read are those kept and those set aside; a raw table that several clean tables are made of
    is read as often. Rows kept are told by the sizes of samples, too.

    Returns
    -------
    The sums among the rows' places; places that are told elsewhere; (n,) which may be small
    """
    place = np.arange(len(flow))
    sums: list[Sum] = []
    steps, sources = flow["step"].to_numpy(), flow["source"].to_numpy()
    for _, group in flow.assign(_place=place).groupby(["table", "source"], sort=False):
        read = group.loc[group["step"] == "read", "_place"]
        parts = group.loc[group["step"].isin(["kept", "set aside"]), "_place"]
        sums += [(int(one), tuple(map(int, parts))) for one in read]
    for source in dict.fromkeys(sources):
        same = place[(sources == source) & (steps == "read")]
        sums += [(int(same[0]), (int(other),)) for other in same[1:]]
    blank = flow["reason"].to_numpy() == BLANK
    told = np.isin(steps, ["kept", "made"]) | blank
    return sums, [int(one) for one in place[told]], ~blank
