"""What would the figure be had the code seen the disease as a reference examination does?

Formula
    A code with sensitivity Se and specificity Sp, J = Se + Sp - 1 > 0, on persons of whom a share P
    are ill, is written for Q = Se P + (1 - Sp)(1 - P) of them:
        share      P = (Q + Sp - 1) / J; variance [v(Q) + P² v(Se) + (1 - P)² v(Sp)] / J²
                   (Rogan-Gladen), v(Se) = Se (1 - Se)/n, likewise Sp. A cumulative incidence seen
                   through a code, with its own standard error, is such a Q
        predictive value  PPV = Se P / Q, and NPV = Sp (1 - P) / (1 - Q)
        cohort     a risk R among those with the code is PPV of that of the ill and 1 - PPV of that
                   of the others, R0: (R - (1 - PPV) R0) / PPV
        ratio      hazards of those with and without the code are mixtures too: a ratio H seen is
                   (PPV h + 1 - PPV) / ((1 - NPV) h + NPV), solved for h
    Intervals: of a share of persons with two successes and two failures added to each of the three
    samples; of a share with an error of its own, normal; of cohort and ratio, the quantiles of
    draws (Se, Sp, P from Beta with Jeffreys' half added, log ratios normal), draws that no risk or
    ratio explains left out and their share told.

Assumptions
    Errors of the code do not depend on the outcome, nor on what is compared otherwise; Se and Sp
    hold where the code is used. For the ratio: hazards so low that the mixtures stay as they are.

References
    Rogan WJ, Gladen B (1978) Am J Epidemiol 107:71-76, doi:10.1093/oxfordjournals.aje.a112510.
    Lang Z, Reiczigel J (2014) Prev Vet Med 113:13-22, doi:10.1016/j.prevetmed.2013.09.015 (adding
    successes and failures to all three samples).
    Green MS (1983) Am J Epidemiol 117:98-105, doi:10.1093/oxfordjournals.aje.a113521 (ratios
    through predictive values).
    Fox MP, Lash TL, Greenland S (2005) Int J Epidemiol 34:1370-1376, doi:10.1093/ije/dyi184
    (intervals by draws).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from transat.core.errors import StudyError
from transat.core.languages import Text

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Code:
    """How well a code sees a disease, and on how many persons that was found. sensitivity: share
    of `ill` persons with the code; specificity: share of `well` persons without it.

    Raises StudyError where the code tells nothing (sensitivity + specificity <= 1), ValueError for
    shares outside 0 to 1 or samples below 1.
    """

    sensitivity: float
    specificity: float
    ill: int
    well: int

    def __post_init__(self) -> None:
        if not (0 <= self.sensitivity <= 1 and 0 <= self.specificity <= 1):
            raise ValueError("code: sensitivity and specificity from 0 to 1")
        if self.ill < 1 or self.well < 1:
            raise ValueError("code: found on at least one person each")
        if self.youden <= 0:
            raise StudyError(
                Text(
                    "La sensibilité et la spécificité de ce code ne dépassent pas 1 ensemble.",
                    "The sensitivity and specificity of this code are no more than 1 together.",
                ),
                "code",
                Text(
                    "Un tel code n'apprend rien ; en choisir un autre.",
                    "Such a code tells nothing; choose another one.",
                ),
            )

    @property
    def youden(self) -> float:
        """J."""
        return self.sensitivity + self.specificity - 1


@dataclass(frozen=True, slots=True)
class Corrected:
    """observed: before correction. value: corrected, within what can be; standard_error: of it
    before it was cut, NaN-free; low, high: its interval. impossible: share of draws left out, and
    of an interval without draws, 1 where the correction itself fell outside, else 0."""

    observed: float
    value: float
    standard_error: float
    low: float
    high: float
    impossible: float


def share(positive: int, persons: int, code: Code, level: float = 0.95) -> Corrected:
    """The share of persons with the disease, from the number with the code.

    Raises ValueError for counts that are none.
    """
    if not 0 <= positive <= persons or persons < 1:
        raise ValueError("positive: no more than the persons")
    q = positive / persons
    plain = incidence(q, float(np.sqrt(q * (1 - q) / persons)), code, level)
    added = Code(
        (code.sensitivity * code.ill + 2) / (code.ill + 4),
        (code.specificity * code.well + 2) / (code.well + 4),
        code.ill + 4,
        code.well + 4,
    )
    q = (positive + 2) / (persons + 4)
    wider = incidence(q, float(np.sqrt(q * (1 - q) / (persons + 4))), added, level)
    low, high = min(wider.low, plain.value), max(wider.high, plain.value)
    return Corrected(plain.observed, plain.value, plain.standard_error, low, high, plain.impossible)


def incidence(observed: float, standard_error: float, code: Code, level: float = 0.95) -> Corrected:
    """A risk seen through a code, with a standard error of its own (a point of a curve).

    Raises ValueError for a risk outside 0 to 1 or a negative error.
    """
    if not 0 <= observed <= 1 or not standard_error >= 0:
        raise ValueError("observed: a risk from 0 to 1 with its error")
    found = (observed + code.specificity - 1) / code.youden
    value = float(np.clip(found, 0.0, 1.0))
    spread = standard_error**2
    spread += value**2 * code.sensitivity * (1 - code.sensitivity) / code.ill
    spread += (1 - value) ** 2 * code.specificity * (1 - code.specificity) / code.well
    error = float(np.sqrt(spread)) / code.youden
    reach = float(ndtri(0.5 + level / 2)) * error
    low, high = np.clip([found - reach, found + reach], 0.0, 1.0)
    return Corrected(observed, value, error, float(low), float(high), float(found != value))


def predictive_values(prevalence: float, code: Code) -> tuple[float, float]:
    """PPV and NPV where a share of persons (0 to 1) have the disease; 0 for a code that nobody,
    or nobody without it, has."""
    shares = (prevalence, code.sensitivity, code.specificity)
    ppv, npv = _predictive(*(np.array([s]) for s in shares))
    return float(ppv[0]), float(npv[0])


def cohort_risk(
    observed: float,
    standard_error: float,
    without: float,
    prevalence: float,
    persons: int,
    code: Code,
    level: float = 0.95,
    draws: int = 20_000,
    seed: int = 0,
) -> Corrected:
    """The risk of those who have the disease, from that of those with the code.

    without: the risk of those who have the code and not the disease, taken as known. prevalence: of
    the disease among `persons` of whom some have the code (both uncertain through `persons`).

    Raises ValueError for risks outside 0 to 1.
    """
    if not (0 <= observed <= 1 and 0 <= without <= 1 and 0 < prevalence < 1):
        raise ValueError("risks: from 0 to 1, of some persons with and without the disease")
    rng = np.random.default_rng(seed)
    ppv, _ = _predictive(*_drawn(rng, prevalence, persons, code, draws))
    risks = rng.normal(observed, standard_error, draws)
    corrected = (risks - (1 - ppv) * without) / ppv
    now = predictive_values(prevalence, code)[0]
    value = (observed - (1 - now) * without) / now
    fits = (corrected >= 0) & (corrected <= 1)
    return _from_draws(observed, float(np.clip(value, 0, 1)), np.clip(corrected, 0, 1), fits, level)


def hazard_ratio(
    log_ratio: float,
    standard_error: float,
    prevalence: float,
    persons: int,
    code: Code,
    level: float = 0.95,
    draws: int = 20_000,
    seed: int = 0,
) -> Corrected:
    """The hazard ratio of the disease, from that of its code.

    log_ratio, standard_error: of those with the code against those without, as a Cox regression
    gives them. prevalence: of the disease among the `persons` compared.

    Raises
    ------
    StudyError : no ratio explains the one seen: the code's errors leave no such contrast.
    ValueError : a prevalence that is not between 0 and 1.
    """
    if not 0 < prevalence < 1:
        raise ValueError("prevalence: between 0 and 1")
    value = _solved(np.exp(np.array([log_ratio])), *predictive_values(prevalence, code))
    if not (np.isfinite(value) & (value > 0)).all():
        raise StudyError(
            Text(
                "Aucun rapport de risques instantanés n'explique celui du code.",
                "No hazard ratio explains that of the code.",
            ),
            "code",
            Text(
                "Vérifier la sensibilité, la spécificité et la prévalence.",
                "Check the sensitivity, the specificity and the prevalence.",
            ),
        )
    rng = np.random.default_rng(seed)
    ppv, npv = _predictive(*_drawn(rng, prevalence, persons, code, draws))
    found = _solved(np.exp(rng.normal(log_ratio, standard_error, draws)), ppv, npv)
    fits = np.isfinite(found) & (found > 0)
    return _from_draws(float(np.exp(log_ratio)), float(value[0]), found, fits, level)


def _drawn(
    rng: np.random.Generator, prevalence: float, persons: int, code: Code, draws: int
) -> tuple[Floats, Floats, Floats]:
    """Draws of prevalence, sensitivity, specificity."""

    def beta(share: float, n: int) -> Floats:
        return rng.beta(share * n + 0.5, (1 - share) * n + 0.5, draws)

    return (
        beta(prevalence, persons),
        beta(code.sensitivity, code.ill),
        beta(code.specificity, code.well),
    )


def _predictive(p: Floats, se: Floats, sp: Floats) -> tuple[Floats, Floats]:
    coded, not_coded = se * p + (1 - sp) * (1 - p), (1 - se) * p + sp * (1 - p)
    ppv = np.divide(se * p, coded, out=np.zeros_like(p), where=coded > 0)
    npv = np.divide(sp * (1 - p), not_coded, out=np.zeros_like(p), where=not_coded > 0)
    return ppv, npv


def _solved(ratio: Floats, ppv: Floats | float, npv: Floats | float) -> Floats:
    below = ppv - ratio * (1 - npv)
    above = ratio * npv - (1 - ppv)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below > 0, above / below, np.nan)


def _from_draws(
    observed: float, value: float, drawn: Floats, fits: NDArray[np.bool_], level: float
) -> Corrected:
    kept = drawn[fits]
    if kept.size < 100:
        raise StudyError(
            Text(
                "Presque aucun tirage n'explique ce qui est vu : pas d'intervalle.",
                "Hardly any draw explains what is seen: no interval.",
            ),
            "code",
            Text("Vérifier la sensibilité et la spécificité.", "Check sensitivity, specificity."),
        )
    low, high = np.quantile(kept, ((1 - level) / 2, (1 + level) / 2))
    return Corrected(
        observed, value, float(kept.std()), float(low), float(high), float(1 - fits.mean())
    )
