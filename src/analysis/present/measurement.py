"""How well the alliance was measured: sentences, a figure and tables, from tidy rows."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.present.drawing import as_svg
from analysis.present.measurement_figure import draw_measurement, reliability_of_total
from analysis.present.measurement_tables import (
    name_item,
    read_rows,
    tabulate_agreement,
    tabulate_invariance,
    tabulate_reliability,
    tabulate_structure,
    tabulate_variance,
)
from analysis.present.missing_tables import (
    show_percent,
    tabulate_items,
    tabulate_nonresponse,
    tabulate_replies,
    tabulate_responses,
    tabulate_rules,
)
from analysis.present.parts import Figure, Part
from analysis.present.tables import begin_large, show_correlation, show_interval, show_note

RATERS = ("advisee", "advisor")
ANCHOR, HEADING = "measurement", "How well it was measured"
_CAPTION = (
    "Responses by rater; the share of engagements with a usable rating at each check-in; omega of "
    "the total at each check-in with its interval, the darker line being .70."
)


def describe_measurement(
    rows: pd.DataFrame, title: str, *, confidence: float = 0.95, notes: Sequence[str] = ()
) -> Part:
    """The report's part on measurement, from one dataset's rows as made or as read back from CSV.

    Parameters
    ----------
    rows : those of ``analysis.evidence.measurement.measured.measure_all``
    title : the dataset's name as people read it
    confidence : level of the intervals
    notes : cautions to stand with the figure
    """
    own = read_rows(rows)
    if own.empty:
        return Part(ANCHOR, HEADING)
    told = (
        _forms(own),
        _reliability(own),
        _turned(own),
        _structure(own),
        _invariance(own),
        _over_time(own),
        _agreement(own),
        _variance(own),
        _missing(own),
    )
    paragraphs = tuple(sentence for sentence in told if sentence)
    drawing = draw_measurement(own, title, confidence=confidence, notes=notes)
    alt = " ".join([_alt(own), _reliability(own)]).strip()
    figure = Figure(as_svg(drawing), alt, " ".join([_CAPTION, *notes]))
    tables = (
        tabulate_reliability(own, confidence),
        tabulate_variance(own, confidence),
        tabulate_agreement(own, confidence),
        tabulate_invariance(own),
    )
    further = (
        tabulate_structure(own),
        *(tabulate_invariance(own, "invariance_occasions", rater) for rater in RATERS),
        tabulate_items(own),
        tabulate_responses(own),
        tabulate_replies(own),
        tabulate_rules(own, confidence),
        tabulate_nonresponse(own),
    )
    return Part(
        ANCHOR,
        HEADING,
        paragraphs,
        (figure,),
        tuple(table for table in tables if table),
        tuple(table for table in further if table),
        "Factor models, items, responses and what is missing",
    )


def _forms(own: pd.DataFrame) -> str:
    """What the raters' forms leave out."""
    notes = [show_note(note) for note in own.loc[own["analysis"] == "forms", "note"]]
    return f"The raters answered different forms: {'; '.join(notes)}." if notes else ""


def _reliability(own: pd.DataFrame) -> str:
    """Omega of each total at the first check-in, and what lies below .70."""
    first = reliability_of_total(own).drop_duplicates("rater")
    if first.empty:
        notes = own.loc[own["term"] == "reliability", "note"]
        return f"{begin_large(show_note(notes.iloc[0]))}." if len(notes) else ""
    shown = [
        f"{show_correlation(row['estimate'], 2)} "
        f"{show_interval(row['conf_low'], row['conf_high'], 2)} for the {row['rater']}"
        for row in first.to_dict("records")
    ]
    low = own[(own["term"] == "reliability") & own["note"].str.contains("low: below")]
    names = list(dict.fromkeys(low["rater"] + "’s " + low["subscale"]))
    caution = f" Below .70 at some check-in: the {', the '.join(names)}." if names else ""
    return f"Omega of the total at the first check-in is {' and '.join(shown)}.{caution}"


def _turned(own: pd.DataFrame) -> str:
    """Items that run against their subscale."""
    wrong = own[own["note"].str.startswith("runs against its subscale")]
    if wrong.empty:
        return ""
    names = list(
        dict.fromkeys(
            f"{name_item(row['term'].removeprefix('item_total '))} of the {row['rater']}’s "
            f"{row['subscale']}"
            + (
                " (turned though the data had it turned already?)"
                if "turned already" in row["note"]
                else ""
            )
            for row in wrong.to_dict("records")
        )
    )
    return f"Look at the key: {', '.join(names)} runs against its subscale."


def _structure(own: pd.DataFrame) -> str:
    """Whether goal and task can be told apart, and what went wrong in a model."""
    found = own[own["term"] == "goal and task"]
    told = []
    for row in found.to_dict("records"):
        r = show_correlation(row["estimate"], 2)
        if row["note"].startswith("goal and task merge"):
            reason = row["note"].removeprefix("goal and task merge: ")
            told.append(f"goal and task merge in the {row['rater']}’s rating ({reason})")
        elif row["note"].startswith("distinct"):
            told.append(
                f"goal and task can be told apart in the {row['rater']}’s rating "
                f"(factors correlate {r})"
            )
    models = own[(own["analysis"] == "structure") & (own["term"] == "chisq")]
    amiss = models[models["note"].str.contains("Heywood|converge|identified|singular")]
    names = [f"the {row['rater']}’s {row['method']}" for row in amiss.to_dict("records")]
    caution = f" Improper or without a solution: {', '.join(names)}." if names else ""
    return f"{begin_large('; '.join(told))}.{caution}" if told else caution.strip()


def _invariance(own: pd.DataFrame) -> str:
    """Whether both raters use the items alike, and the latent gap that may then be read."""
    ladder = own[own["analysis"] == "invariance"]
    if ladder.empty:
        return ""
    gaps = ladder[ladder["term"].str.startswith("latent mean gap: ")]
    if gaps.empty:
        reason = show_note(ladder["note"].iloc[0])
        return f"Whether both raters use the items alike is not known: {reason}."
    if gaps["estimate"].isna().all():
        reason = show_note(gaps["note"].iloc[0]).removeprefix("not comparable: ")
        return f"Their means cannot be compared item by item: {reason}.{_faults(ladder)}"
    partial = gaps["note"].str.contains("partial").any()
    which = (
        "Only some items are used alike by both raters"
        if partial
        else ("Both raters use the items alike (scalar invariance holds)")
    )
    shown = [
        f"{row['term'].removeprefix('latent mean gap: ')} {show_correlation(row['estimate'], 2)} "
        f"{show_interval(row['conf_low'], row['conf_high'], 2)}"
        for row in gaps.to_dict("records")
    ]
    return (
        f"{which}.{_faults(ladder)} Latent gap, advisor less advisee, in standard deviations: "
        f"{', '.join(shown)}."
    )


def _faults(ladder: pd.DataFrame) -> str:
    """The items at fault in each step."""
    wrong = ladder[ladder["note"].str.contains("at fault")]
    words = {"metric": "loadings", "scalar": "intercepts"}
    told = []
    for step, word in words.items():
        terms = wrong.loc[wrong["term"].str.startswith(f"{step}: "), "term"]
        names = [name_item(term.removeprefix(f"{step}: ")) for term in terms]
        if names:
            told.append(f"{', '.join(names)} ({word})")
    return f" At fault: {'; '.join(told)}." if told else ""


def _over_time(own: pd.DataFrame) -> str:
    """Whether each rater's items mean the same over the window."""
    told = []
    for rater in RATERS:
        ladder = own[(own["analysis"] == "invariance_occasions") & (own["rater"] == rater)]
        changes = ladder[ladder["term"].str.startswith("latent mean change")]
        if changes.empty:
            continue
        held = changes["estimate"].notna().any()
        partial = changes["note"].str.contains("partial").any()
        word = ("in part" if partial else "alike") if held else "not alike"
        told.append(f"the {rater} {word}")
    return f"Over the window’s check-ins the items are used: {', '.join(told)}." if told else ""


def _agreement(own: pd.DataFrame) -> str:
    """How far the totals agree."""
    found = own[(own["analysis"] == "agreement") & (own["subscale"] == "total")]
    by_term = found.drop_duplicates("term").set_index("term")
    if "correlation" not in by_term.index or pd.isna(by_term.loc["correlation", "estimate"]):
        return ""
    r, icc = by_term.loc["correlation"], by_term.loc["ICC(A,1)"]
    return (
        f"The two totals correlate {show_correlation(r['estimate'], 2)} "
        f"{show_interval(r['conf_low'], r['conf_high'], 2)} over {r['n_engagements']:.0f} dyads; "
        f"ICC(A,1) is {show_correlation(icc['estimate'], 2)}."
    )


def _variance(own: pd.DataFrame) -> str:
    """Where each rating's variance lies."""
    told = []
    for rater, part in own[own["analysis"] == "variance"].groupby("rater", sort=False):
        shares = part.drop_duplicates("term").set_index("term")["estimate"]
        words = [
            f"{show_percent(shares.get(f'share {place}'))} {place}"
            for place in ("between advisors", "between dyads", "within dyads")
            if pd.notna(shares.get(f"share {place}"))
        ]
        if words:
            told.append(f"of the {rater}’s, {', '.join(words)}")
    return f"Where the ratings’ variance lies: {'; '.join(told)}." if told else ""


def _missing(own: pd.DataFrame) -> str:
    """How much was prorated, and what imputing instead would change."""
    prorated = own[(own["analysis"] == "replies") & (own["term"] == "prorated")]
    known = prorated[prorated["estimate"].notna()]
    told = []
    for rater, part in known.groupby("rater", sort=False):
        sheets = part["n_engagements"]
        share = (part["estimate"] * sheets).sum() / sheets.sum()
        if share > 0:
            told.append(f"{show_percent(share)} of the {rater}’s usable ratings are prorated")
    means = own[(own["analysis"] == "missing_rule") & (own["term"] == "mean of the total")]
    moved = []
    for rater, part in means.groupby("rater", sort=False):
        by_rule = part.set_index("method")["estimate"]
        default = by_rule[by_rule.index.str.startswith("prorated")]
        imputed = by_rule.get("multiple imputation", float("nan"))
        if len(default) and pd.notna(imputed):
            moved.append(f"the {rater}’s from {default.iloc[0]:.2f} to {imputed:.2f}")
    if moved:
        told.append(
            "imputing everybody’s items instead moves the mean total at the first check-in: "
            + ", ".join(moved)
        )
    return f"{begin_large('; '.join(told))}." if told else ""


def _alt(own: pd.DataFrame) -> str:
    """What the figure shows, in words."""
    answered = own[(own["analysis"] == "replies") & (own["term"] == "answered")]
    told = []
    for rater, part in answered[answered["estimate"].notna()].groupby("rater", sort=False):
        part = part.sort_values("occasion")
        told.append(
            f"{rater} from {show_percent(part['estimate'].iloc[0])} to "
            f"{show_percent(part['estimate'].iloc[-1])}"
        )
    shares = (
        f" Engagements with a usable rating over the check-ins: {', '.join(told)}." if told else ""
    )
    responses = own[(own["analysis"] == "responses") & own["estimate"].notna()]
    most = []
    for rater, part in responses.groupby("rater", sort=False):
        top = part.loc[part["estimate"].idxmax()]
        most.append(f"{rater} {top['term'].removeprefix('response ')}")
    common = f"Most frequent response: {', '.join(most)}." if most else ""
    return f"{common}{shares}".strip()
