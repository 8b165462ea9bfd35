"""Instruments as the simulated respondents meet them: keys only, never a question's wording."""

from __future__ import annotations

from types import MappingProxyType

from analysis.simulate.parameters import Form

#: Loadings that average 1 over twelve items and near 1 in each subscale, so that reliabilities are
#: those asked for; sizes of the items' own parts that give an alpha of .84 to .88 (ASSUME).
_LOADINGS = (1.05, 0.95, 1.10, 0.85, 1.00, 1.05, 0.95, 1.10, 0.90, 0.95, 1.05, 1.05)
_UNIQUENESSES = (0.70, 0.85, 0.65, 1.00, 0.75, 0.70, 0.80, 0.65, 0.90, 0.95, 0.70, 0.75)

WAI_S = Form(
    "wai_s",
    1,
    7,
    MappingProxyType({"task": (1, 2, 8, 12), "bond": (3, 5, 7, 9), "goal": (4, 6, 10, 11)}),
    _LOADINGS,
    _UNIQUENESSES,
    reversed=(4, 10),
)

WAI_SR = Form(
    "wai_sr",
    1,
    5,
    MappingProxyType({"task": (1, 2, 10, 12), "bond": (3, 5, 7, 9), "goal": (4, 6, 8, 11)}),
    _LOADINGS,
    _UNIQUENESSES,
)

#: A form whose key its users supply: nine items, the fourth worded against its subscale.
ADVISING_ALLIANCE = Form(
    "advising_alliance",
    1,
    6,
    MappingProxyType({"goal": (1, 4, 7), "task": (2, 5, 8), "bond": (3, 6, 9)}),
    (1.05, 1.00, 1.05, 0.90, 1.05, 0.95, 1.05, 0.95, 1.00),
    (0.70, 0.80, 0.70, 0.95, 0.70, 0.85, 0.70, 0.85, 0.75),
    reversed=(4,),
)

_SINGLE = MappingProxyType({"goal": (1,), "task": (2,), "bond": (3,)})

#: One labelled response per subscale, delivered under the subscale's name.
THREE_STATEMENTS = Form(
    "three_statements", 1, 5, _SINGLE, (1.0, 1.0, 1.0), (0.45, 0.45, 0.45), ready_made=True
)

#: One question each on goal, task and bond.
PULSE = Form("pulse", 1, 5, _SINGLE, (1.0, 1.0, 1.0), (0.45, 0.45, 0.45))
