"""What a run draws and tabulates: the one list that stages and workflow both read."""

from __future__ import annotations

#: Figures of every dataset, and the tables of its interim folder that they are drawn from.
FIGURES = (
    "comparison",
    "measurement",
    "trajectories",
    "surface",
    "ruptures",
    "warning",
    "multiverse",
    "flow",
)
DRAWN_FROM = ("comparison", "measurement", "process", "warning", "multiverse", "flow")
#: Figures across datasets.
FIGURES_ACROSS = ("datasets", "synthesis")
#: Tables that the audit and the tables for a manuscript are written from.
AUDITED = ("comparison", "measurement", "process", "warning", "claims")
#: Tables that the report is written from.
REPORTED = (
    "comparison",
    "measurement",
    "process",
    "warning",
    "multiverse",
    "synthesis",
    "claims",
    "flow",
    "privacy",
)
