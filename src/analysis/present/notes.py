"""What readers must know beside the numbers: how sure the keys are, and whether people answered."""

from __future__ import annotations

from collections.abc import Mapping as Mappable

from analysis.contract.instruments import Instrument
from analysis.contract.mapping import Provenance

#: What is said of a key that has not been checked against its source.
CERTAINTY = {
    "unverified": "unverified",
    "user_supplied": "as supplied by the user",
}


def note_keys(instruments: Mappable[str, Instrument]) -> list[str]:
    """A sentence for each instrument whose key is not verified, with who answered it."""
    raters: dict[str, list[str]] = {}
    known = {}
    for rater, key in instruments.items():
        known[key.name] = key
        raters.setdefault(key.name, []).append(rater)
    return [
        f"The key of {key.title}, which the {' and the '.join(raters[name])} answered, is "
        f"{CERTAINTY[key.status]}."
        for name, key in known.items()
        if key.status in CERTAINTY
    ]


def note_origin(provenance: Provenance) -> list[str]:
    """Says so when the data were made by simulation."""
    return ["The data are simulated: no real person answered."] if provenance.simulated else []


def describe_origin(
    provenance: Provenance, instruments: Mappable[str, Instrument]
) -> dict[str, str]:
    """Heading to text: what the data are, on what terms, and which keys scored them."""
    keys = [
        f"{rater}: {key.title}; key {key.status.replace('_', ' ')}; {key.source}"
        for rater, key in instruments.items()
    ]
    return {
        "Data": provenance.description,
        "Licence": provenance.licence,
        "Consent": provenance.consent,
        "Instruments": "\n".join(keys),
    }
