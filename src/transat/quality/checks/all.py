"""Every check of Transat's own, in the order of the reference page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from transat.quality.checks import (
    cause_of_death_linkage,
    close_deliveries,
    dispensing_after_death,
    exposure_outside_coverage,
    impossible_gestation,
    ledger_balance,
    mother_age,
    mother_child_linkage,
    net_quantity,
    newborn_without_mother,
    old_atc,
    outcome_split,
    overlapping_pregnancies,
    recorded_gestation,
    series_breaks,
    set_aside,
)
from transat.quality.examined import Examined
from transat.quality.finding import Check, Finding

MODULES: Final = (
    overlapping_pregnancies, impossible_gestation, recorded_gestation, close_deliveries, mother_age,
    outcome_split, newborn_without_mother, mother_child_linkage, cause_of_death_linkage,
    net_quantity, exposure_outside_coverage, dispensing_after_death, old_atc, series_breaks,
    ledger_balance, set_aside,
)  # fmt: skip

CHECKS: Final[tuple[tuple[Check, Callable[[Examined], Finding]], ...]] = tuple(
    (module.CHECK, module.find) for module in MODULES
)


def findings(examined: Examined) -> tuple[Finding, ...]:
    """What every check finds in one CDM."""
    return tuple(find(examined) for _, find in CHECKS)
