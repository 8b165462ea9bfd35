"""The plan as frozen, and what has changed since."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from analysis.contract.freeze import (
    FROZEN,
    collect_choices,
    data_at_hand,
    departures,
    read_frozen,
    write_frozen,
)
from analysis.contract.layout import PLAN, Dataset, find_datasets, read_plan
from analysis.contract.plan import Plan


def freeze(
    mappings: Sequence[Path] = (),
    plan: Path = PLAN,
    frozen: Path = FROZEN,
    replace: bool = False,
) -> None:
    """Write down all that is decided beforehand, with today's date (UTC) and a hash.

    ``mappings`` are datasets of the user's own, frozen beside the plan's.
    """
    choices = read_plan(plan)
    datasets = _datasets(choices, mappings)
    today = datetime.now(UTC).date().isoformat()
    data = data_at_hand(datasets)
    written = write_frozen(frozen, collect_choices(choices, datasets), data, today, replace)
    print(f"{frozen}: frozen on {written.date}, hash {written.hash}.")
    if data:
        print(f"Data already at hand: {', '.join(data)}.")


def status(mappings: Sequence[Path] = (), plan: Path = PLAN, frozen: Path = FROZEN) -> None:
    """Print every departure from the frozen plan."""
    choices = read_plan(plan)
    before = read_frozen(frozen)
    if before is None:
        print("No plan is frozen. `alliance plan freeze` freezes this one.")
        return
    found = departures(before, collect_choices(choices, _datasets(choices, mappings)))
    print(f"Frozen on {before.date}, hash {before.hash}.")
    for one in before.earlier:
        print(f"It replaced a plan frozen on {one['date']}, hash {one['hash']}.")
    print(f"{len(found)} departures:" if found else "No departures.")
    for one in found:
        print(f"  {one.key}: {one.frozen or 'absent'} when frozen, {one.now or 'absent'} now")


def _datasets(choices: Plan, mappings: Sequence[Path]) -> dict[str, Dataset]:
    """The plan's datasets and those of the user's own, by name."""
    own = [Dataset(path) for path in mappings]
    return find_datasets(choices) | {dataset.mapping.name: dataset for dataset in own}
