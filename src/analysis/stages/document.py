"""Pages and schemas made from the code that enforces them, so that they cannot drift from it."""

from __future__ import annotations

import json
from pathlib import Path

from analysis.contract.benchmarks import Benchmarks
from analysis.contract.claims import Ledger
from analysis.contract.dictionary import as_markdown
from analysis.contract.files import write_text
from analysis.contract.instruments import Instrument
from analysis.contract.layout import CALIBRATION, RESULTS, read_plan
from analysis.contract.mapping import Mapping
from analysis.contract.plan import Plan

README = Path("README.md")
BEGIN, END = "<!-- headlines -->", "<!-- /headlines -->"
FIGURE = RESULTS / "figures/datasets.svg"
SCHEMAS = {
    "plan": Plan,
    "dataset": Mapping,
    "instrument": Instrument,
    "claims": Ledger,
    "benchmarks": Benchmarks,
}


def pages() -> dict[Path, str]:
    """Each generated file of the repository and what it must hold."""
    made = {Path("docs/data-dictionary.md"): as_markdown()}
    for name, model in SCHEMAS.items():
        schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
        schema |= model.model_json_schema()
        text = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        made[Path(f"workflow/schemas/{name}.schema.json")] = text
    if CALIBRATION.exists():
        made |= _calibration_page()
    made[README] = _with_headlines(README.read_text(encoding="utf-8"))
    return made


def document() -> None:
    """Write them, and the figures that they show, as far as they are there."""
    for path, text in pages().items():
        write_text(text, path)
    if FIGURE.exists():
        write_text(FIGURE.read_text(encoding="utf-8"), Path("docs") / FIGURE.name)
    if CALIBRATION.exists():
        import pandas as pd

        from analysis.present.drawing import as_svg
        from analysis.present.lies import draw_calibration

        write_text(
            as_svg(draw_calibration(pd.read_csv(CALIBRATION))), CALIBRATION.with_suffix(".svg")
        )


def _calibration_page() -> dict[Path, str]:
    """The page on the calibration, from the recorded table."""
    import pandas as pd  # late, as drawing is: most of what is written here needs neither

    from analysis.present.calibration_page import write_calibration_page

    page = CALIBRATION.with_name("which-test-lies-when.md")
    return {page: write_calibration_page(pd.read_csv(CALIBRATION), f"{CALIBRATION.stem}.svg")}


def _with_headlines(readme: str) -> str:
    """The README with the recorded answer for each dataset between its marks."""
    recorded = RESULTS / "metrics.json"
    if not recorded.exists():
        return readme
    metrics = json.loads(recorded.read_text(encoding="utf-8"))
    told = "\n".join(
        f"- **{metrics[name]['verdict'].replace('_', ' ')}**: {metrics[name]['sentence']}"
        for name in read_plan().datasets
        if name in metrics
    )
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{told}\n{END}{after}"
