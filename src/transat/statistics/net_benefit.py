"""Would acting on the model's risk do more good than acting on everybody, or on nobody?

Formula
    Whoever has a predicted risk of at least p is acted on: a share A of all, of whom a share F(t)
    has the event of interest by the horizon t (among them alone: Aalen-Johansen, without other
    events 1 - Kaplan-Meier):
        net benefit = A F - A (1 - F) p / (1 - p)
    in events found per person, at the exchange rate that the threshold p states. For everybody
    A = 1; for nobody it is 0. The standard error comes from the influence of A and of F
    (`scored_rows`); a difference of two models on the same rows from that of both.

Federation
    From `risk_histogram`: exactly that of the pooled rows on the agreed bins and edges; with
    thresholds at ends of bins, the very people of the unrounded risks are acted on.

Assumptions
    Censoring independent of the event among those acted on.

References
    Vickers AJ, Cronin AM, Elkin EB, Gonen M (2008) BMC Med Inform Decis Mak 8:53,
    doi:10.1186/1472-6947-8-53 (censored data and competing risks).
    Vickers AJ, Elkin EB (2006) Med Decis Making 26:565-574, doi:10.1177/0272989X06295361.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from transat.core.errors import StudyError
from transat.statistics.scored_rows import (
    Estimate,
    Flags,
    ScoredRows,
    at_horizon,
    checked,
    estimate,
)


@dataclass(frozen=True, slots=True, eq=False)
class DecisionCurve:
    """At each of `thresholds`, the net benefit of the model and of acting on everybody, and the
    share acted on. left_out: thresholds above which nobody was followed as long as the horizon."""

    thresholds: tuple[float, ...]
    model: tuple[Estimate, ...]
    everybody: tuple[Estimate, ...]
    acted_on: tuple[float, ...]
    left_out: tuple[float, ...]


def decision_curve(
    rows: ScoredRows,
    horizon: float,
    thresholds: Sequence[float],
    event: int = 1,
    level: float = 0.95,
) -> DecisionCurve:
    """The decision curve at a horizon for one kind of event.

    Raises
    ------
    StudyError : a risk outside 0 to 1, nobody followed to the horizon.
    ValueError : thresholds outside 0 to 1.
    """
    if not all(0 < p < 1 for p in thresholds):
        raise ValueError("thresholds: between 0 and 1")
    at_horizon(checked(rows), horizon, event)
    everyone = np.ones(rows.n, dtype=np.bool_)
    known, model, everybody, shares, left_out = [], [], [], [], []
    for threshold in thresholds:
        acted_on = rows.risk >= threshold
        to_all = _net_benefit(rows, everyone, horizon, threshold, event, level)
        try:
            here = _net_benefit(rows, acted_on, horizon, threshold, event, level)
        except StudyError:
            left_out.append(float(threshold))
            continue
        known.append(float(threshold))
        model.append(here)
        everybody.append(to_all)
        shares.append(float(acted_on.mean()))
    return DecisionCurve(
        tuple(known), tuple(model), tuple(everybody), tuple(shares), tuple(left_out)
    )


def _net_benefit(
    rows: ScoredRows, acted_on: Flags, horizon: float, threshold: float, event: int, level: float
) -> Estimate:
    odds = threshold / (1 - threshold)
    influence = np.zeros(rows.n)
    if acted_on.any():
        at = at_horizon(rows.take(acted_on), horizon, event)
        share, of_share = at.mean(at.weights * at.cases)
        influence[acted_on] = (1 + odds) * (share + of_share) - odds
    value = float(influence.mean())
    return estimate(value, influence - value, level)
