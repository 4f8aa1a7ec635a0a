"""Every attack that questions alone can make, in the order in which a dry run tries them."""

from __future__ import annotations

from typing import Final

from transat.federation.attacks import (
    beta_probe,
    bounds,
    chosen_strata,
    grids,
    histograms,
    information_matrix,
    patterns,
    penalty,
    subtraction,
    three_way,
    webdisco,
)
from transat.federation.attacks.attack import Attack

ATTACKS: Final[tuple[Attack, ...]] = (
    subtraction.ATTACK,
    bounds.ATTACK,
    information_matrix.ATTACK,
    chosen_strata.ATTACK,
    beta_probe.ATTACK,
    three_way.ATTACK,
    patterns.CHOSEN,
    patterns.FITTED,
    penalty.ATTACK,
    grids.ATTACK,
    histograms.ATTACK,
    webdisco.ATTACK,
)
