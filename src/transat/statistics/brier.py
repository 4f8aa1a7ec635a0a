"""How far are predicted risks from what happened, and how much nearer than one risk for everybody?

Formula
    With y = 1 for a case at the horizon t and W the weights of `scored_rows`:
        Brier = mean of W (y - r)²          null: r = the Aalen-Johansen risk of all rows at t
        IPA   = 1 - Brier / Brier of the null     (index of prediction accuracy, scaled Brier)
        integrated: mean over time up to the last of several horizons of the step function that is
        0 before the first and keeps each one's score until the next (R riskRegression's)
    Standard errors from the influence, with the estimated curve of censoring; that of the null's
    risk vanishes, since it is the weighted mean that makes its Brier score least. IPA by the delta
    method. A competing event by t is no case.

Federation
    From `risk_histogram` over sites: exactly that of the pooled rows with times rounded to the
    agreed edges and each risk at the mean of its agreed bin. Against unrounded risks it leaves out,
    within bins, the variance of the risk less twice its covariance with the outcome.

Assumptions
    Censoring independent of event and risk.

References
    Graf E et al. (1999) Stat Med 18:2529-2545,
    doi:10.1002/(sici)1097-0258(19990915/30)18:17/18<2529::aid-sim274>3.0.co;2-5.
    Kattan MW, Gerds TA (2018) Diagn Progn Res 2:7, doi:10.1186/s41512-018-0029-2 (IPA).
    Blanche P et al. (2015) Biometrics 71:102-113, doi:10.1111/biom.12232 (influence).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from transat.core.errors import StudyError
from transat.core.languages import Text
from transat.statistics.scored_rows import (
    AtHorizon,
    Estimate,
    Floats,
    ScoredRows,
    at_horizon,
    checked,
    estimate,
    within,
)


@dataclass(frozen=True, slots=True, eq=False)
class Accuracy:
    """Brier score of the predictions and of the null model, IPA, each with its interval."""

    brier: Estimate
    null: Estimate
    ipa: Estimate
    observed_risk: float  # what the null model predicts


def brier(rows: ScoredRows, horizon: float, event: int = 1, level: float = 0.95) -> Accuracy:
    """The Brier score at a horizon for one kind of event, and IPA.

    Raises
    ------
    StudyError : a risk outside 0 to 1, nobody followed to the horizon, or nobody (or everybody)
        with the event, so that the null model is never wrong.
    """
    at = at_horizon(checked(rows), horizon, event)
    observed = float((at.weights * at.cases).mean())
    score, influence = _score(at, rows.risk)
    worst, worst_influence = _score(at, np.full(rows.n, observed))
    if not worst > 0:
        raise StudyError(
            Text(
                "Tous ont, ou personne n'a, l'événement à l'horizon : l'IPA n'existe pas.",
                "All or none have the event at the horizon: there is no IPA.",
            ),
            f"horizon {horizon:g}",
            Text("Choisir un autre horizon ou groupe.", "Choose another horizon or group."),
        )
    ipa = -influence / worst + score / worst**2 * worst_influence
    return Accuracy(
        brier=within(estimate(score, influence, level), 0.0, np.inf),
        null=within(estimate(worst, worst_influence, level), 0.0, np.inf),
        ipa=within(estimate(1 - score / worst, ipa, level), -np.inf, 1.0),
        observed_risk=observed,
    )


def _score(at: AtHorizon, risk: Floats) -> tuple[float, Floats]:
    return at.mean(at.weights * (at.cases - risk) ** 2)


def integrated(
    horizons: Sequence[float], scores: Sequence[Estimate], level: float = 0.95
) -> Estimate:
    """The Brier scores of the same rows at rising horizons, integrated up to the last.

    Raises ValueError for horizons that do not rise from above 0, or other than one score each.
    """
    at = np.asarray(horizons, dtype=np.float64)
    if len(scores) != at.size or not at.size or at[0] <= 0 or (np.diff(at) <= 0).any():
        raise ValueError("horizons: rising from above 0, one score each")
    widths = np.append(np.diff(at), 0.0) / at[-1]
    value = float(sum(w * s.value for w, s in zip(widths, scores, strict=True)))
    influence = np.sum([w * s.influence for w, s in zip(widths, scores, strict=True)], axis=0)
    return within(estimate(value, influence, level), 0.0, np.inf)
