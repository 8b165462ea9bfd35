"""How many engagements a warning model needs before it is worth fitting."""

from __future__ import annotations

import math


def highest_r2(share: float) -> float:
    """The highest Cox-Snell R2 that an outcome of this share can have.

    1 - exp(2 (q ln q + (1 - q) ln(1 - q))), q being the share (Riley et al., 2020).
    """
    return 1 - math.exp(2 * (share * math.log(share) + (1 - share) * math.log(1 - share)))


def engagements_needed(parameters: int, cox_snell_r2: float, shrinkage: float = 0.9) -> int:
    """Engagements at which a model is expected to need no more shrinkage than this.

    n = p / ((S - 1) ln(1 - R2 / S)), rounded up; R2 is the Cox-Snell R2 that is anticipated. The
    first criterion of Riley et al. (2019, Statistics in Medicine 38, 1276; 2020, BMJ 368, m441),
    made for a model without a penalty: with one it errs on the safe side.

    Examples
    --------
    Their diagnostic model of 24 parameters:

    >>> engagements_needed(24, 0.288)
    623
    """
    if not 0 < cox_snell_r2 < shrinkage < 1:
        raise ValueError("0 < R2 < shrinkage < 1 is needed")
    return math.ceil(parameters / ((shrinkage - 1) * math.log(1 - cox_snell_r2 / shrinkage)))


def needed_at(parameters: int, share: float, nagelkerke_r2: float, shrinkage: float) -> int:
    """Engagements needed where this share has the outcome and Nagelkerke's R2 is anticipated.

    Nagelkerke's R2 is the Cox-Snell R2 over its highest value. Riley et al. (2020) advise .15
    where nothing better is known.
    """
    return engagements_needed(parameters, nagelkerke_r2 * highest_r2(share), shrinkage)
