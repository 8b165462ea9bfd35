"""APA tables as one HTML page that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.present.apa import ApaTable, runs
from analysis.present.report import render_page


def render_tables(tables: Sequence[ApaTable], title: str) -> str:
    """The tables below one another. All text is escaped; only our own marks become markup."""
    return render_page("apa.html.j2", tables=tables, title=title, runs=runs)
