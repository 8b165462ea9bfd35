"""Pages and schemas made from the code that enforces them, so that they cannot drift from it."""

from __future__ import annotations

import json
from pathlib import Path

from analysis.contract.dictionary import as_markdown
from analysis.contract.files import write_text
from analysis.contract.instruments import Instrument
from analysis.contract.mapping import Mapping
from analysis.contract.plan import Plan

SCHEMAS = {"plan": Plan, "dataset": Mapping, "instrument": Instrument}


def pages() -> dict[Path, str]:
    """Each generated file of the repository and what it must hold."""
    made = {Path("docs/data-dictionary.md"): as_markdown()}
    for name, model in SCHEMAS.items():
        schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
        schema |= model.model_json_schema()
        text = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        made[Path(f"workflow/schemas/{name}.schema.json")] = text
    return made


def document() -> None:
    """Write them."""
    for path, text in pages().items():
        write_text(text, path)
