"""The account of rows: what came in, what was kept, what was set aside and why, what was mended."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

FLOW_COLUMNS = ("dataset", "table", "source", "step", "reason", "rows")

READ, SET_ASIDE, KEPT, MENDED, MADE, LEFT_OUT = (
    "read",
    "set aside",
    "kept",
    "mended",
    "made",
    "left out",
)
STEPS = (READ, SET_ASIDE, KEPT, MENDED, MADE, LEFT_OUT)


@dataclass
class Flow:
    """Rows counted as ingest goes along.

    For each raw table used for a clean table: rows read = rows kept + rows set aside. Mended rows
    are kept rows with a cell that was trimmed, read as missing or set to missing; made rows are
    those of the clean table (a wide raw row makes several), of which some may be left out again.
    """

    dataset: str
    rows: list[dict[str, object]] = field(default_factory=list)

    def count(self, table: str, source: str, step: str, reason: str, rows: int) -> None:
        """Note how many raw rows a step concerned; the same step of several parts adds up."""
        for row in self.rows:
            if (row["table"], row["source"], row["step"], row["reason"]) == (
                table,
                source,
                step,
                reason,
            ):
                row["rows"] += int(rows)
                return
        self.rows.append(
            {
                "dataset": self.dataset,
                "table": table,
                "source": source,
                "step": step,
                "reason": reason,
                "rows": int(rows),
            }
        )

    def as_frame(self) -> pd.DataFrame:
        """The account as a table. Raises ValueError if rows read are not rows kept + set aside."""
        frame = pd.DataFrame(self.rows, columns=list(FLOW_COLUMNS))
        for (table, source), part in frame.groupby(["table", "source"], sort=False):
            by_step = part.groupby("step")["rows"].sum()
            accounted = by_step.get(KEPT, 0) + by_step.get(SET_ASIDE, 0)
            read = by_step.get(READ, 0)
            if read != accounted:
                raise ValueError(f"{table} from {source}: {read} rows read, {accounted} accounted")
        order = {step: place for place, step in enumerate(STEPS)}
        tables = {name: place for place, name in enumerate(dict.fromkeys(frame["table"]))}
        return frame.sort_values(
            ["table", "source", "step"],
            key=lambda column: (
                column.map(order if column.name == "step" else tables)
                if column.name != "source"
                else column
            ),
            kind="stable",
        ).reset_index(drop=True)
