"""The frozen plan: what was decided on what day, and every departure from it since.

A plan that can be changed after the answers are seen promises nothing. Freezing writes down all of
it, with the day and a hash; from then on each difference is listed key by key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from analysis.contract.closure import settings_hash
from analysis.contract.faults import UserFault
from analysis.contract.files import write_json
from analysis.contract.layout import LEDGER, Dataset
from analysis.contract.plan import Plan
from analysis.contract.strict import read_yaml

FROZEN = Path("config/plan.lock.json")

#: Keys of a mapping that could change an answer.
DECISIVE = (
    "cluster",
    "instruments",
    "outcomes",
    "primary_outcome",
    "primary_source",
    "primary_phase",
)
#: Those that say what raw columns mean: too long to list, so that only their hash is kept.
DEFINING = ("sources", "tables", "missing_marks", "duplicates", "out_of_range")

Choices = Mapping[str, object]


@dataclass(frozen=True)
class Frozen:
    """A frozen plan: the day, the hash of its choices, and the choices.

    ``data`` is the hash of each dataset's raw files that were already there on that day;
    ``earlier`` lists day and hash of plans it replaced.
    """

    date: str
    hash: str
    choices: Choices
    data: Mapping[str, str]
    earlier: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True)
class Departure:
    """A choice that is not what it was when the plan was frozen.

    ``frozen`` and ``now`` are values as text, empty where the key was not or is no longer there.
    """

    key: str
    frozen: str
    now: str

    @property
    def kind(self) -> str:
        """``added``, ``removed`` or ``changed``."""
        if not self.frozen:
            return "added"
        return "changed" if self.now else "removed"


def collect_choices(
    plan: Plan, datasets: Mapping[str, Dataset], claims: Path = LEDGER
) -> dict[str, object]:
    """Everything decided beforehand: ``plan``, ``datasets`` and ``claims``, as plain values.

    Of a dataset's mapping the keys that could change an answer, with hashes of the keys of its
    instruments and of what its raw columns mean; of each claim its whole entry.
    """
    decided = {}
    for name, dataset in datasets.items():
        content = dataset.mapping.model_dump(include=set(DECISIVE), mode="json")
        content["instrument_keys"] = dataset.instruments_hash()
        content["definitions"] = dataset.keys_hash(*DEFINING)
        decided[name] = content
    found: dict[str, object] = {"plan": plan.model_dump(mode="json"), "datasets": decided}
    if Path(claims).is_file():
        listed = read_yaml(claims).get("claims") or []
        found["claims"] = {str(entry["id"]): entry for entry in listed}
    # What a reader of the file gets back, so that a comparison compares like with like.
    return json.loads(json.dumps(found, default=str))


def data_at_hand(datasets: Mapping[str, Dataset]) -> dict[str, str]:
    """The hash of each dataset's raw files, where all of them are there."""
    return {
        name: dataset.data_hash()
        for name, dataset in datasets.items()
        if all(path.is_file() for path in dataset.raw_files.values())
    }


def write_frozen(
    path: Path, choices: Choices, data: Mapping[str, str], date: str, replace: bool = False
) -> Frozen:
    """Freeze choices on a day. Raises UserFault over an earlier frozen plan unless it is replaced.

    A replaced plan leaves its day and hash behind: that there was one is never hidden.
    """
    before = read_frozen(path)
    if before is not None and not replace:
        raise UserFault(
            f"{path}: a plan was frozen on {before.date}. `alliance plan status` lists departures; "
            "`alliance plan freeze --replace` freezes anew and keeps the earlier day on record."
        )
    earlier = (
        () if before is None else (*before.earlier, {"date": before.date, "hash": before.hash})
    )
    frozen = Frozen(date, settings_hash(choices), choices, dict(data), earlier)
    write_json(
        {
            "date": frozen.date,
            "hash": frozen.hash,
            "choices": frozen.choices,
            "data": frozen.data,
            "earlier": list(frozen.earlier),
        },
        path,
    )
    return frozen


def read_frozen(path: Path = FROZEN) -> Frozen | None:
    """The frozen plan; None if none was frozen. Raises UserFault if the file was damaged."""
    path = Path(path)
    if not path.exists():
        return None
    remedy = "Restore the file as it was frozen (`git log` has it), or remove it and freeze anew."
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        frozen = Frozen(
            str(content["date"]),
            str(content["hash"]),
            dict(content["choices"]),
            dict(content["data"]),
            tuple(dict(one) for one in content["earlier"]),
        )
    except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError) as error:
        raise UserFault(f"{path}: not a frozen plan ({_in_words(error)}). {remedy}") from None
    if settings_hash(frozen.choices) != frozen.hash:
        raise UserFault(
            f"{path}: the plan in it is not the one that was frozen on {frozen.date}: its hash is "
            f"{settings_hash(frozen.choices)}, not {frozen.hash}. {remedy}"
        )
    return frozen


def _in_words(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"the key {error} is missing"
    if isinstance(error, TypeError):
        return "its parts are not what they should be"
    return str(error)


def departures(frozen: Frozen | Choices, choices: Choices) -> list[Departure]:
    """Every key at which the choices differ from the frozen ones, in alphabetical order.

    Keys are paths such as ``plan.comparison.sesoi``; a list is one value. Datasets that this run
    does not cover are no departure: which ones a run covers is ``plan.datasets``.
    """
    before = frozen.choices if isinstance(frozen, Frozen) else frozen
    covered = choices.get("datasets") or {}
    kept = {name: one for name, one in (before.get("datasets") or {}).items() if name in covered}
    then, now = _flatten({**before, "datasets": kept}), _flatten(choices)
    # Without any dataset of this run among those frozen, "datasets" itself is no choice.
    then.pop("datasets", None)
    return [
        Departure(key, then.get(key, ""), now.get(key, ""))
        for key in sorted(then.keys() | now.keys())
        if then.get(key) != now.get(key)
    ]


@dataclass(frozen=True)
class Standing:
    """Whether something in the results was planned, and what speaks for or against it."""

    what: str
    planned: bool
    reason: str


def sort_results(frozen: Frozen | None, choices: Choices) -> list[Standing]:
    """What was planned and what was explored: each dataset's headline, each section, each claim.

    A headline is planned if its dataset was frozen and neither its mapping nor the scoring nor the
    comparison has changed; a section of the plan or a claim if it stands as frozen. Claims of the
    exploratory tier, and outcomes that are not primary, are explored in any case.
    """
    changed = [] if frozen is None else [one.key for one in departures(frozen, choices)]

    def stands(what: str, *places: str) -> Standing:
        if frozen is None:
            return Standing(what, False, "no plan was frozen")
        if absent := [one for one in places if not _holds(frozen.choices, one)]:
            return Standing(what, False, f"not in the frozen plan: {', '.join(absent)}")
        since = [key for key in changed if any(_within(key, place) for place in places)]
        if since:
            return Standing(what, False, f"changed since: {', '.join(since)}")
        return Standing(what, True, f"as frozen on {frozen.date}")

    plan = choices["plan"]
    found = [
        stands(f"headline: {name}", f"datasets.{name}", "plan.scoring", "plan.comparison")
        for name in choices["datasets"]
    ]
    others = [name for name in plan if name not in ("datasets", "scoring", "comparison")]
    found += [stands(name, f"plan.{name}") for name in others]
    for name, claim in (choices.get("claims") or {}).items():
        if claim.get("tier") in ("exploratory", "E"):
            found.append(Standing(f"claim: {name}", False, "of the exploratory tier"))
        else:
            found.append(stands(f"claim: {name}", f"claims.{name}"))
    return [*found, Standing("outcomes that are not primary", False, "described, not decided")]


def _holds(content: object, place: str) -> bool:
    for step in place.split("."):
        if not isinstance(content, Mapping) or step not in content:
            return False
        content = content[step]
    return True


def _within(key: str, place: str) -> bool:
    return key == place or key.startswith(f"{place}.")


def _flatten(content: object, above: tuple[str, ...] = ()) -> dict[str, str]:
    """A nested mapping as path -> value in JSON."""
    if isinstance(content, Mapping) and (content or not above):
        flat = {}
        for name, value in content.items():
            flat |= _flatten(value, (*above, str(name)))
        return flat
    return {".".join(above): json.dumps(content, ensure_ascii=False, sort_keys=True)}
