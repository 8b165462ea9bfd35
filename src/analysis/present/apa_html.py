"""APA tables as one HTML page that needs nothing but itself."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from analysis.present.apa import ApaTable, runs


def render_tables(tables: Sequence[ApaTable], title: str) -> str:
    """The tables below one another. All text is escaped; only our own marks become markup."""
    return _template().render(tables=tables, title=title)


@cache
def _template():
    environment = Environment(
        loader=PackageLoader("analysis.present"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["runs"] = runs
    return environment.get_template("apa.html.j2")
