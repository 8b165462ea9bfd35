"""One vocabulary for results: tidy rows, no arrays in cells, rounded only when shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

#: Columns of any table of estimates, in the order in which a table carries those it needs.
COLUMNS = {
    "dataset": "name of the dataset",
    "analysis": "line of evidence or kind of analysis",
    "claim": "id of the claim in config/claims.yaml",
    "tier": "primary, secondary or exploratory",
    "outcome": "name of the outcome",
    "outcome_source": "who gave the outcome: advisee, advisor, third_party or record",
    "phase": "when the outcome was taken: baseline, during, end or follow_up",
    "timing": "prospective (after the alliance window) or concurrent",
    "rater": "whose rating of the alliance: advisee, advisor or observer",
    "subscale": "goal, task, bond, total, or the instrument's own",
    "occasion": "check-in, 1 being the first",
    "term": "what is estimated",
    "estimate": "the estimate, in the units of the term",
    "std_error": "its standard error",
    "statistic": "test statistic",
    "df": "degrees of freedom of the statistic or the interval",
    "p_value": "two-sided p value",
    "p_adjusted": "p value after Holm's correction within the secondary tier",
    "conf_low": "lower limit of the interval named by the method (95 % unless it says otherwise)",
    "conf_high": "upper limit of that interval",
    "n_engagements": "engagements the row rests on",
    "n_advisors": "clusters the row rests on: advisors, or the highest nesting level declared",
    "n_largest": "most of these engagements that are one cluster's; it stays inside",
    "method": "estimator, test or interval",
    "rests_on": "lines of evidence or rows of other tables that decide",
    "primary": "True on the row that the plan names as the primary answer",
    "verdict": "supported, opposed, equivalent, inconclusive or not_testable",
    "sentence": "the verdict in words with its numbers",
    "note": "reason, caution or what is missing",
}

NUMBERS = (
    "estimate",
    "std_error",
    "statistic",
    "df",
    "p_value",
    "p_adjusted",
    "conf_low",
    "conf_high",
    "n_engagements",
    "n_advisors",
    "n_largest",
)

VERDICTS = ("supported", "opposed", "equivalent", "inconclusive", "not_testable")
RATERS = ("advisee", "advisor", "observer")
SOURCES = ("advisee", "advisor", "third_party", "record")
PHASES = ("baseline", "during", "end", "follow_up")


def as_estimates(rows: Iterable[Mapping[str, object]]) -> pd.DataFrame:
    """Rows in the vocabulary's columns and order; columns that no row fills are left out.

    Raises ValueError for a column or a verdict outside the vocabulary.
    """
    import pandas as pd  # late: settings read this module's words and need no tables

    frame = pd.DataFrame(list(rows))
    unknown = [column for column in frame.columns if column not in COLUMNS]
    if unknown:
        raise ValueError(f"columns outside the vocabulary: {unknown}")
    if "verdict" in frame:
        wrong = set(frame["verdict"].dropna()) - set(VERDICTS)
        if wrong:
            raise ValueError(f"verdicts outside the vocabulary: {sorted(wrong)}")
    frame = frame[[column for column in COLUMNS if column in frame.columns]]
    numbers = [column for column in NUMBERS if column in frame.columns]
    return frame.astype(dict.fromkeys(numbers, float))


def in_order(frames: Iterable[pd.DataFrame], further: Iterable[str] = ()) -> pd.DataFrame:
    """Several tables of estimates below one another, columns in the vocabulary's order.

    ``further`` names columns beside the vocabulary, which stand behind it.
    """
    import pandas as pd

    kept = [frame for frame in frames if len(frame)]
    if not kept:
        return pd.DataFrame(columns=list(COLUMNS))
    together = pd.concat(kept, ignore_index=True)
    return together[[name for name in (*COLUMNS, *further) if name in together.columns]]
