"""Tables on items, responses and what is missing, from rows of measurement as ``read_rows``."""

from __future__ import annotations

import pandas as pd

from analysis.present.measurement_tables import name_item
from analysis.present.sections import Table, make_table
from analysis.present.tables import (
    DASH,
    begin_large,
    show_correlation,
    show_count,
    show_interval,
    show_level,
    show_note,
)


def show_percent(value: float) -> str:
    """A share in per cent: ``12 %``, ``0.3 %``; NaN as a dash."""
    if pd.isna(value):
        return DASH
    return f"{100 * value:.1f} %" if 0 < value < 0.1 else f"{100 * value:.0f} %"


def tabulate_items(measurement: pd.DataFrame) -> Table | None:
    """Each item at the first check-in: loading, item-total correlation, alpha without it."""
    own = measurement[measurement["term"].str.startswith("item_total ")]
    if own.empty:
        return None
    first = own["occasion"].min()
    at_first = measurement[measurement["occasion"] == first]
    loadings = at_first[at_first["term"].str.contains(" =~ ")]
    separate = loadings["method"].str.endswith("correlated factors")
    rows = []
    for row in own[own["occasion"] == first].to_dict("records"):
        item = row["term"].removeprefix("item_total ")
        mine = loadings[
            separate
            & (loadings["rater"] == row["rater"])
            & (loadings["term"] == f"{row['subscale']} =~ {item}")
        ]
        without = at_first[
            (at_first["rater"] == row["rater"]) & (at_first["term"] == f"alpha_without {item}")
        ]
        loading = DASH
        if len(mine):
            one = mine.iloc[0]
            interval = show_interval(one["conf_low"], one["conf_high"], 2)
            loading = f"{show_correlation(one['estimate'], 2)} {interval}"
        rows.append(
            [
                begin_large(f"{row['rater']}, {row['subscale']}, {name_item(item)}"),
                loading,
                show_correlation(row["estimate"], 2),
                show_correlation(without["estimate"].iloc[0] if len(without) else None, 2),
                show_note(row["note"]),
            ]
        )
    return make_table(
        "Items at the first check-in: standardised loading on their own factor among correlated "
        "factors, correlation with the mean of the subscale’s others, and alpha without the item",
        ("Item", "Loading", "Item-total", "Alpha without", "Note"),
        rows,
        numeric=range(1, 4),
        wide=[4],
    )


def tabulate_responses(measurement: pd.DataFrame) -> Table | None:
    """The share of each response, by rater; None without any."""
    own = measurement[measurement["analysis"] == "responses"]
    if own.empty:
        return None
    labels = list(dict.fromkeys(own["term"].str.removeprefix("response ")))
    rows = []
    for rater, part in own.groupby("rater", sort=False):
        shares = part.drop_duplicates("term").set_index("term")["estimate"]
        rows.append(
            [begin_large(rater), *(show_percent(shares.get(f"response {one}")) for one in labels)]
        )
    return make_table(
        "Responses over all items and check-ins, reversed items turned. A dash: fewer than 10 "
        "engagements gave it, or another could be worked out from it",
        ("Rater", *labels),
        rows,
        numeric=range(1, 1 + len(labels)),
    )


def tabulate_replies(measurement: pd.DataFrame) -> Table | None:
    """Who answered at which check-in: the map of what is missing; None without ratings."""
    own = measurement[measurement["analysis"] == "replies"]
    if own.empty:
        return None
    occasions = sorted(own["occasion"].dropna().unique())
    rows = []
    for (rater, term), part in own.groupby(["rater", "term"], sort=False):
        shares = part.drop_duplicates("occasion").set_index("occasion")["estimate"]
        cells = [show_percent(shares.get(one)) for one in occasions]
        rows.append([begin_large(f"{rater}, {term}"), *cells])
    return make_table(
        "By check-in: the share of engagements with a usable rating (of those that planned so many "
        "check-ins; who ended early is not taken out), and the share of these that are prorated. A "
        "dash: fewer than 10",
        ("Rater", *(f"{one:.0f}" for one in occasions)),
        rows,
        numeric=range(1, 1 + len(occasions)),
    )


def tabulate_rules(measurement: pd.DataFrame, confidence: float) -> Table | None:
    """Mean and reliability of the total under each rule for missing items; None without items."""
    own = measurement[(measurement["analysis"] == "missing_rule") & (measurement["term"] != "")]
    if own.empty:
        return None
    rows = []
    for (rater, rule), part in own.groupby(["rater", "method"], sort=False):
        by_term = part.drop_duplicates("term").set_index("term")
        cells = []
        for term in ("mean of the total", "alpha of the total"):
            one = by_term.loc[term]
            interval = show_interval(one["conf_low"], one["conf_high"], 2)
            shown = show_correlation(one["estimate"], 2)
            cells.append(shown if interval == DASH else f"{shown} {interval}")
        n = show_count(part["n_engagements"].iloc[0])
        rows.append([begin_large(f"{rater}, {rule}"), *cells, n, show_note(part["note"].iloc[0])])
    return make_table(
        "What another rule for missing items would make of the total at the first check-in, with "
        f"{show_level(confidence)} intervals. Imputed: everybody, from both raters’ items, later "
        "ratings, the advisor’s other engagements and the primary outcome",
        ("Rule", "Mean", "Alpha", "n", "Note"),
        rows,
        numeric=range(1, 4),
        wide=[4],
    )


def tabulate_nonresponse(measurement: pd.DataFrame) -> Table | None:
    """How those who did not reply differ from the others; None without ratings."""
    own = measurement[measurement["analysis"] == "missingness"]
    if own.empty:
        return None
    rows = []
    for row in own.to_dict("records"):
        rater, _, kind = row["outcome"].partition("_")
        whose = f"{rater}: " + (
            "no rating in the window" if kind == "rating" else "a check-in left out"
        )
        term = row["term"].replace("_", " ").replace("=", ": ")
        measure = {"difference_in_share": "difference in share", "share": "share"}
        shown = show_correlation(row["estimate"], 2)
        interval = show_interval(row["conf_low"], row["conf_high"], 2)
        rows.append(
            [
                begin_large(whose),
                term,
                measure.get(row["method"], "standardised difference"),
                shown if interval == DASH else f"{shown} {interval}",
                show_note(row["note"]),
            ]
        )
    return make_table(
        "Who did not reply: those who lack the rating against those who have it, by what else is "
        "known of the engagement (rows taken as independent)",
        ("Lacking", "Characteristic", "Measure", "Estimate", "Note"),
        rows,
        numeric=[3],
        wide=[4],
    )
