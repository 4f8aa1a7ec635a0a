"""How likely a row was to be still uncensored, and what it costs an estimate not to know it.

Formula
    G, the Kaplan-Meier curve of censoring: at each time, of those at risk less those who have an
    event just then (events come first), the share who are not censored. A row whose event is seen
    at T counts 1/G(T-) times, one still observed at t counts 1/G(t) times (inverse probability of
    censoring). Where an estimate is the mean of u and u holds such weights, its influence is that
    of the known weights and a sum over the censoring martingale:
        f_i = u_i + integral over s <= t of (mean of u over those still observed after s)
                    / (share at risk at s) dM_i(s)
    so that the standard error is sd(f)/sqrt(n).

Assumptions
    Censoring independent of the events and of the columns.

References
    Robins JM, Rotnitzky A (1992), doi:10.1007/978-1-4757-1229-2_14. Blanche P, Dartigues JF,
    Jacqmin-Gadda H (2013) Stat Med 32:5381-5397, doi:10.1002/sim.5958. Gerds TA, Schumacher M
    (2006) Biom J 48:1029-1040, doi:10.1002/bimj.200610301.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Censoring:
    """The censoring of n rows. steps: (S,) their distinct times, rising. last: (n,) where each
    row's time is among them. censored: (n,). at_risk: (S,) weight of the rows at risk at each step.
    hazard: (S,) share of these censored there. survival: (S + 1,) G: 1, then after each step."""

    steps: Floats
    last: Integers
    censored: Flags
    at_risk: Floats
    hazard: Floats
    survival: Floats

    def before_own_time(self) -> Floats:
        """(n,) G(T-) of each row."""
        return self.survival[self.last]

    def at(self, time: float) -> float:
        """G at a time."""
        return float(self.survival[np.searchsorted(self.steps, time, "right")])

    def influence(self, values: Floats, until: float) -> Floats:
        """(n,) f of the docstring, from values u (n,) whose weights look no later than `until`."""
        total = np.bincount(self.last, values, len(self.steps))
        after = total.sum() - np.cumsum(total)
        with np.errstate(divide="ignore", invalid="ignore"):
            jump = np.where((self.hazard > 0) & (self.steps <= until), after / self.at_risk, 0.0)
        expected = np.cumsum(jump * self.hazard)[self.last]
        found: Floats = values - expected
        found[self.censored] += jump[self.last[self.censored]]
        return found


def censoring(time: Floats, censored: Flags, weights: Floats | None = None) -> Censoring:
    """The curve of censoring of rows (n,) observed from 0 to `time`.

    weights: (n,) how often each counts, None for once. `influence` is that of unweighted rows.
    """
    steps, last = np.unique(time, return_inverse=True)
    each = np.ones(len(time)) if weights is None else weights
    lost_only = np.where(censored, each, 0.0)
    leaving, lost = (  # of no row, whole numbers
        np.bincount(last, w, len(steps)).astype(np.float64) for w in (each, lost_only)
    )
    at_risk = leaving[::-1].cumsum()[::-1]
    share = np.divide(lost, at_risk - (leaving - lost), out=np.zeros_like(lost), where=lost > 0)
    return Censoring(
        steps=steps,
        last=last.astype(np.int64),
        censored=censored,
        at_risk=at_risk,
        hazard=np.divide(lost, at_risk, out=np.zeros_like(lost), where=lost > 0),
        survival=np.concatenate([[1.0], np.cumprod(1 - share)]),
    )
