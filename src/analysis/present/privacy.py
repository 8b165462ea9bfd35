"""Privacy in the report: what hides people in these data, what was left behind, who looks alike."""

from __future__ import annotations

import pandas as pd

from analysis.contract.disclosure import too_few
from analysis.contract.mapping import Provenance
from analysis.contract.plan import DisclosurePlan
from analysis.contract.privacy import (
    CLASS,
    CLEARED,
    DROPPED,
    FEW,
    HASHED,
    QUASI_IDENTIFIER,
    SMALLEST,
    WEEKS,
)
from analysis.present.parts import Part
from analysis.present.sections import Table, make_table
from analysis.present.tables import show_count, show_text

#: An account's subject to what became of the column, in the order in which it is told.
FATES = {
    DROPPED: "left behind",
    WEEKS: "dates turned into whole weeks",
    CLEARED: "kept: declared not to be personal",
    HASHED: "replaced by a keyed hash",
}
NOT_DECLARED = (
    "How many engagements look alike to somebody who knows a few facts of them was not worked out: "
    "the mapping declares no `quasi_identifiers`."
)


def describe_privacy(rows: pd.DataFrame, provenance: Provenance, rule: DisclosurePlan) -> Part:
    """The part on privacy, from one dataset's released account.

    Parameters
    ----------
    rows : ``subject, item, count, note`` as ``release_privacy`` gives them.
    provenance : whether the data are simulated or published.
    rule : the plan's rule on what may leave.
    """
    by_subject = dict(list(rows.groupby("subject", sort=False)))
    told = [_standing(provenance), *_alike(by_subject)]
    told.append(
        f"No count and no figure in this report rests on {too_few(rule)} engagements; "
        "`config/config.yaml` says so under `disclosure`."
    )
    return Part(
        "privacy",
        "Privacy",
        tuple(told),
        tables=(_classes(by_subject[CLASS]),) if CLASS in by_subject else (),
        further=(_fates(by_subject),),
        further_heading="What was left behind, and what was hashed",
    )


def _standing(provenance: Provenance) -> str:
    """What hides people here."""
    if provenance.simulated:
        return (
            "Nobody is in these data: they are simulated. Identifiers were replaced by hashes all "
            "the same, with a key that everybody knows."
        )
    if provenance.public:
        return (
            "These data are pseudonymous. Their owners have published them with their identifiers, "
            "so these were hashed with a key that everybody knows: it hides nothing that can be "
            "looked up."
        )
    return (
        "These data are pseudonymous. Identifiers of engagements, people and organisations were "
        "replaced by hashes made with a secret that is nowhere in the results. Whoever has the "
        "secret can tell who is who, and who knows an engagement well may recognise it by its "
        "ratings: repeated ratings of two people are much like a fingerprint. Treat the interim "
        "folder as personal data."
    )


def _alike(by_subject: dict[str, pd.DataFrame]) -> list[str]:
    """What k is, and what it is over."""
    if SMALLEST not in by_subject:
        return [NOT_DECLARED]
    declared = by_subject[QUASI_IDENTIFIER]
    facts = [
        show_text(row["item"]).replace("_", " ")
        + ("" if row["note"] == "as it is" else f" ({row['note']})")
        for row in declared.to_dict("records")
    ]
    least = by_subject[SMALLEST].iloc[0]
    if pd.notna(least["count"]):
        k = (
            f"k = {show_count(least['count'])}: every engagement looks like at least "
            f"{show_count(least['count'] - 1)} others"
        )
    else:
        k = f"k is {least['note']}: in the smallest class so few engagements look alike"
    return [
        f"What somebody may know of an engagement was declared to be: {'; '.join(facts)}. Of all "
        f"engagements that are the same in these, the smallest class gives k-anonymity's k. {k}. "
        f"Fewer than {FEW} alike are easily told apart by one more fact. Facts that were not "
        "declared are not counted, so that k says how much is hidden at most."
    ]


def _classes(classes: pd.DataFrame) -> Table:
    return make_table(
        "Engagements by how many are like them in all facts declared. Values of classes are not "
        "given.",
        ("Engagements in the class", "Engagements in such classes", "Note"),
        [
            [show_text(row["item"]), show_count(row["count"]), show_text(row["note"])]
            for row in classes.to_dict("records")
        ],
        numeric=[1],
        wide=[2],
    )


def _fates(by_subject: dict[str, pd.DataFrame]) -> Table:
    return make_table(
        "Columns that were not taken in as they are. Counts are cells with something personal in "
        "them, for hashes the different identifiers; small ones are withheld.",
        ("Column", "What became of it", "Count", "What was found or done"),
        [
            [show_text(row["item"]), fate, show_count(row["count"]), show_text(row["note"])]
            for subject, fate in FATES.items()
            if subject in by_subject
            for row in by_subject[subject].to_dict("records")
        ],
        numeric=[2],
        wide=[3],
    )
