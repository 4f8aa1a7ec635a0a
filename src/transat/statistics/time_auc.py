"""Do those who have the event by a horizon carry a higher predicted risk than those who do not?

Formula
    Cases i have the event of interest by t, controls j are free of it at t (still observed after,
    or with a competing event by t); W their weights (`scored_rows`):
        AUC(t) = sum over cases and controls of W_i W_j (1{r_i > r_j} + 1/2 1{r_i = r_j})
                 / (sum of W_i  sum of W_j)
    Its influence is that of both sums with the estimated curve of censoring (`censoring`), so the
    standard error is asymptotic and needs no resampling; two models on the same rows are compared
    through the difference of their influences. O(n log n).

Federation
    Pairs of two sites are in nobody's hands: over sites it is computed from `risk_histogram`, whose
    rows are risks rounded to agreed bins and times to agreed edges: exactly that of the pooled
    rows so rounded.

Assumptions
    Censoring independent of event and risk.

References
    Blanche P, Dartigues JF, Jacqmin-Gadda H (2013) Stat Med 32:5381-5397, doi:10.1002/sim.5958.
    Hung H, Chiang CT (2010) Can J Stat 38:8-26, doi:10.1002/cjs.10046.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from transat.core.errors import StudyError
from transat.core.languages import Text
from transat.statistics.scored_rows import Estimate, ScoredRows, at_horizon, estimate, within

Floats = NDArray[np.float64]


def time_auc(rows: ScoredRows, horizon: float, event: int = 1, level: float = 0.95) -> Estimate:
    """AUC at a horizon for one kind of event, with its interval.

    Raises
    ------
    StudyError : no case, no control, or nobody followed to the horizon.
    """
    at = at_horizon(rows, horizon, event)
    cases, controls = at.weights * at.cases, at.weights * ~at.cases
    n, share, rest = rows.n, float(cases.mean()), float(controls.mean())
    if not share or not rest:
        raise StudyError(
            Text(
                "L'AUC demande des cas et des témoins à l'horizon.",
                "AUC needs cases and controls at the horizon.",
            ),
            f"horizon {horizon:g}",
            Text("Choisir un autre horizon ou groupe.", "Choose another horizon or group."),
        )
    below = _below(rows.risk, controls) / n
    above = _below(-rows.risk, cases) / n
    value = float((cases * below).mean()) / (share * rest)
    excess = cases * (below - value * rest) + controls * (above - value * share)
    influence = at.censoring.influence(excess, horizon) / (share * rest)
    return within(estimate(value, influence, level), 0.0, 1.0)


def _below(score: Floats, weights: Floats) -> Floats:
    """(n,) weight of the rows with a lower score, and half of those with the same."""
    levels, place = np.unique(score, return_inverse=True)
    here = np.bincount(place, weights, levels.size)
    return (np.cumsum(here) - here / 2)[place]
