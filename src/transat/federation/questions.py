"""The steps that a site has installed, and how one is asked for: by name, with its own parameters.

A new statistic is one line of `INSTALLED`: what it is asked with, what leaves, how it is computed,
and, where it has any, its masks, its names and its view for the checks of iterative statistics.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from transat.federation import (
    attrition,
    followed,
    forests,
    predicted,
    regression,
    sent_models,
    shared_baseline,
    survival,
    timed,
)
from transat.federation.checks import few_trials
from transat.federation.data import SiteData
from transat.federation.regression import Fit
from transat.federation.timed import Timed
from transat.federation.wire import Refusal, Registry, WireError
from transat.learners import (
    bins,
    boosted_trees,
    hazard_review,
    recalibration,
    tree_review,
)
from transat.statistics import (
    aalen_johansen,
    baseline_hazard,
    clone_censor_weight,
    cox,
    cox_penalised,
    cox_unstratified,
    discrete_hazard,
    fine_gray,
    firth,
    inverse_variance,
    kaplan_meier,
    log_rank,
    logistic,
    mantel_haenszel,
    multi_state,
    parametric,
    prevalence,
    proportional_hazards,
    risk_histogram,
)

#: Names along each axis of a kind of counts.
Axes = Mapping[str, tuple[tuple[str, ...], ...]]
Counts = Mapping[str, NDArray[np.int64]]


def _none(data: SiteData, parameters: Any) -> tuple[str, ...]:
    return ()


def _as_is(data: SiteData, release: Any) -> Any:
    return release


def _no_axes(data: SiteData, release: Any) -> Axes:
    return {}


def _stated(release: Any) -> Counts:
    counts: Counts = release.counts()
    return counts


@dataclass(frozen=True, slots=True)
class Step:
    """An installed statistic. Its release has `counts()`: every head count that it states.

    unfit: fields of the parameters that the site will not answer so. mask: the release, with what
    may not leave withheld. axes: names along the counts. kept: the counts to compare with later
    releases. fit: its rows and weights, where it iterates. combine: what leads from one round to
    the next, where coefficients are asked for. timed: what stands behind each interval, where it is
    told by time. parts: what each person adds to each of its sums that are no head counts.
    """

    name: str
    parameters: type[Any]
    release: type[Any]
    compute: Callable[[SiteData, Any], Any]
    unfit: Callable[[SiteData, Any], tuple[str, ...]] = _none
    mask: Callable[[SiteData, Any], Any] = _as_is
    axes: Callable[[SiteData, Any], Axes] = _no_axes
    kept: Callable[[Any], Counts] = _stated
    fit: Callable[[SiteData, Any], Fit] | None = None
    combine: Callable[[Any, Any], object] | None = None
    timed: Timed | None = None
    parts: Callable[[SiteData, Any, Any], Iterable[NDArray[np.float64]]] | None = None


def _scan_masked(data: SiteData, release: mantel_haenszel.Release) -> mantel_haenszel.Release:
    facts = data.facts
    hidden = facts.exposure_outcome, facts.exposures.hidden, facts.outcomes.hidden
    return few_trials.withhold(release.withhold(*hidden, threshold=facts.threshold))


def _scan_axes(data: SiteData, release: Any) -> Axes:
    drugs, groups = (data.facts.exposures.names,), (data.facts.outcomes.names,)
    return {"exposed": drugs, "cases": groups, "exposed_cases": drugs + groups}


def _attrition_masked(data: SiteData, release: attrition.Release) -> attrition.Release:
    return release.withhold(*attrition.mask(release, data.facts.threshold))


def _attrition_axes(data: SiteData, release: attrition.Release) -> Axes:
    return {"attrition_pregnancies": (release.keys,), "attrition_persons": (release.keys,)}


def _rows_only(release: Any) -> Counts:
    """Of a regression: its cases are one outcome's, which the scan's masks cover."""
    return {"persons": release.counts()["persons"]}


def _own_table(data: SiteData, asked: inverse_variance.Parameters) -> Any:
    return data.survival if isinstance(asked.fitted, cox.Parameters) else data.table


def _own_unfit(data: SiteData, asked: inverse_variance.Parameters) -> tuple[str, ...]:
    """A site's own fit starts at zero and has one site; else as the regression that it fits."""
    given = asked.fitted.coefficients or getattr(asked.fitted, "inverse", ())
    model = getattr(asked.fitted, "model", None)
    wrong: tuple[str, ...] = ("coefficients",) if given else ()
    if model is not None and (model.sites, model.site) != (1, 0):
        wrong += ("sites",)
    return wrong + STEPS[PARAMETERS.name_of(asked.fitted)].unfit(data, asked.fitted)


def _own_fit(data: SiteData, asked: inverse_variance.Parameters) -> Fit:
    """The view of the fitted regression where the site's own fit ends: what leaves is of there."""
    view = STEPS[PARAMETERS.name_of(asked.fitted)].fit
    if view is None:
        raise WireError("a regression without a view")
    at = inverse_variance.estimate(_own_table(data, asked), asked)
    return view(data, replace(asked.fitted, coefficients=at))


def _everybody(release: Any) -> Counts:
    """Of a curve: its people; its other counts are sums of one grouping (rule G6)."""
    return {"persons": release.counts()["persons"].sum(keepdims=True)}


def _nothing(release: Any) -> Counts:
    """Of rows kept apart, which no other statistic counts."""
    return {}


INSTALLED: Final[tuple[Step, ...]] = (
    Step(
        "attrition", attrition.Parameters, attrition.Release,
        lambda data, _: attrition.at_site(data.attrition, data.table.n),
        mask=_attrition_masked, axes=_attrition_axes,
    ),
    Step(
        "prevalence", prevalence.Parameters, prevalence.Release,
        lambda data, asked: prevalence.at_site(data.table, asked),
        mask=lambda data, release: release.withhold(data.facts.outcomes.hidden), axes=_scan_axes,
    ),
    Step(
        "mantel_haenszel", mantel_haenszel.Parameters, mantel_haenszel.Release,
        lambda data, asked: mantel_haenszel.at_site(data.table, asked),
        mask=_scan_masked, axes=_scan_axes,
    ),
    Step(
        "logistic", logistic.Parameters, logistic.Release,
        lambda data, asked: logistic.at_site(data.table, asked),
        unfit=regression.unfit, kept=_rows_only, fit=regression.of_logistic,
        combine=logistic.combine,
    ),
    Step(
        "firth", firth.Parameters, firth.Release,
        lambda data, asked: firth.at_site(data.table, asked),
        unfit=regression.unfit, kept=_rows_only, fit=regression.of_logistic,
        combine=firth.combine,
    ),
    Step(
        "inverse_variance", inverse_variance.Parameters, inverse_variance.Release,
        lambda data, asked: inverse_variance.at_site(_own_table(data, asked), asked),
        unfit=_own_unfit, kept=_rows_only, fit=_own_fit,
    ),
    Step(
        "cox", cox.Parameters, cox.Release,
        lambda data, asked: cox.at_site(survival.held(data), asked),
        unfit=survival.unfit_cox, kept=_rows_only, fit=survival.of_cox, combine=cox.combine,
    ),
    Step(
        "kaplan_meier", kaplan_meier.Parameters, kaplan_meier.Release,
        lambda data, asked: kaplan_meier.at_site(survival.held(data), asked),
        unfit=timed.unfit_curve, kept=_everybody, timed=timed.CURVES,
    ),
    Step(
        "aalen_johansen", aalen_johansen.Parameters, aalen_johansen.Release,
        lambda data, asked: aalen_johansen.at_site(survival.held(data), asked),
        unfit=timed.unfit_incidence, kept=_everybody, timed=timed.CURVES,
    ),
    Step(
        "log_rank", log_rank.Parameters, log_rank.Release,
        lambda data, asked: log_rank.at_site(survival.held(data), asked),
        unfit=survival.unfit_log_rank, kept=_everybody, fit=survival.of_log_rank,
    ),
    Step(
        "clone_censor_weight", clone_censor_weight.Parameters, clone_censor_weight.Release,
        lambda data, asked: clone_censor_weight.at_site(survival.held(data), asked),
        unfit=timed.unfit_trial, kept=_everybody, timed=timed.TRIAL,
        parts=lambda data, asked, release: clone_censor_weight.parts(
            survival.held(data), asked, release.edges
        ),
    ),
    Step(
        "cox_unstratified", cox_unstratified.Parameters, cox_unstratified.Release,
        lambda data, asked: cox_unstratified.at_site(survival.held(data), asked),
        unfit=shared_baseline.unfit_cox, kept=_rows_only, fit=shared_baseline.of_cox,
        combine=cox_unstratified.combine, timed=shared_baseline.COX, parts=shared_baseline.parts,
    ),
    Step(
        "fine_gray", fine_gray.Parameters, fine_gray.Release,
        lambda data, asked: fine_gray.at_site(survival.held(data), asked),
        unfit=shared_baseline.unfit_fine_gray, kept=_rows_only, fit=shared_baseline.of_fine_gray,
        combine=fine_gray.combine, timed=shared_baseline.FINE_GRAY, parts=shared_baseline.parts,
    ),
    Step(
        "baseline_hazard", baseline_hazard.Parameters, baseline_hazard.Release,
        lambda data, asked: baseline_hazard.at_site(survival.held(data), asked),
        unfit=followed.unfit_baseline, kept=_rows_only, fit=followed.of_baseline,
        combine=baseline_hazard.combine, timed=followed.BASELINE,
    ),
    Step(
        "proportional_hazards", proportional_hazards.Parameters, proportional_hazards.Release,
        lambda data, asked: proportional_hazards.at_site(survival.held(data), asked),
        unfit=followed.unfit_proportional, kept=_rows_only, fit=followed.of_proportional,
        combine=proportional_hazards.combine,
    ),
    Step(
        "cox_penalised", cox_penalised.Parameters, cox_penalised.Release,
        lambda data, asked: cox_penalised.at_site(survival.held(data), asked),
        unfit=followed.unfit_penalised, kept=_rows_only, fit=followed.of_penalised,
        combine=cox_penalised.combine,
    ),
    Step(
        "parametric", parametric.Parameters, parametric.Release,
        lambda data, asked: parametric.at_site(survival.held(data), asked),
        unfit=followed.unfit_parametric, kept=_rows_only, fit=followed.of_parametric,
        combine=parametric.combine,
    ),
    Step(
        "discrete_hazard", discrete_hazard.Parameters, discrete_hazard.Release,
        lambda data, asked: discrete_hazard.at_site(survival.held(data), asked),
        unfit=followed.unfit_discrete, kept=_rows_only, fit=followed.of_discrete,
        combine=discrete_hazard.combine, timed=followed.DISCRETE,
    ),
    Step(
        "multi_state", multi_state.Parameters, multi_state.Release,
        lambda data, asked: multi_state.at_site(survival.held(data), asked),
        unfit=timed.unfit_states, kept=_everybody, timed=timed.STATES,
    ),
    Step(
        "risk_histogram", predicted.Parameters, risk_histogram.Release, predicted.at_site,
        unfit=predicted.unfit, kept=_everybody, timed=predicted.PREDICTED,
    ),
    Step(
        "recalibration", recalibration.Parameters, recalibration.Release,
        lambda data, asked: recalibration.at_site(survival.held(data), asked),
        unfit=sent_models.unfit_recalibration, kept=_rows_only, combine=recalibration.combine,
        timed=sent_models.RECALIBRATED,
    ),
    Step(
        "hazard_review", hazard_review.Parameters, hazard_review.Release,
        lambda data, asked: hazard_review.at_site(survival.held(data), asked),
        unfit=sent_models.unfit_review, kept=_rows_only,
    ),
    Step(
        "bins", bins.Parameters, bins.Release,
        lambda data, asked: bins.at_site(data.table, asked),
        unfit=forests.unfit_bins, kept=_rows_only,
    ),
    Step(
        "boosted_trees", boosted_trees.Parameters, boosted_trees.Release,
        lambda data, asked: boosted_trees.at_site(data.table, asked),
        unfit=forests.unfit_trees, kept=_rows_only,
    ),
    Step(
        "tree_review", tree_review.Parameters, tree_review.Release,
        lambda data, asked: tree_review.at_site(data.table, asked),
        unfit=forests.unfit_review, kept=_nothing,
    ),
)  # fmt: skip

STEPS: Final[Mapping[str, Step]] = MappingProxyType({step.name: step for step in INSTALLED})
RELEASES: Final = Registry({**{s.name: s.release for s in INSTALLED}, "refusal": Refusal})
PARAMETERS: Final = Registry({s.name: s.parameters for s in INSTALLED})


@dataclass(frozen=True, slots=True)
class Question:
    """A step's name and its parameters, of that statistic's `Parameters` type."""

    step: str
    parameters: Any

    def encode(self) -> bytes:
        """Canonical bytes, which is all that crosses to a site.

        Raises
        ------
        WireError: the step is not installed, or the parameters are another step's.
        """
        if self.step not in STEPS or PARAMETERS.name_of(self.parameters) != self.step:
            raise WireError("question")
        return PARAMETERS.encode(self.parameters)

    @staticmethod
    def decode(payload: bytes) -> Question:
        """Read a question back. Raises WireError."""
        parameters = PARAMETERS.decode(payload)
        return Question(PARAMETERS.name_of(parameters), parameters)


def refusal(code: str, columns: tuple[str, ...] = (), merge: tuple[str, ...] = ()) -> bytes:
    """A refusal as bytes; what of it cannot travel is left out."""
    for said in (Refusal(code, columns, merge), Refusal(code, columns), Refusal(code)):
        try:
            return RELEASES.encode(said)
        except WireError:
            continue
    raise WireError("refusal")


class _Last(threading.local):
    """The view made last, in each thread: several checks look at the same question."""

    asked: tuple[SiteData, str, Any] | None = None
    made: Fit | None = None


_last = _Last()


def fit_of(data: SiteData, step: str, parameters: Any) -> Fit | None:
    """The view of one question for the checks of iterative statistics; None for the others."""
    view = STEPS[step].fit
    if view is None:
        return None
    same = _last.asked
    if same is None or same[0] is not data or same[1:] != (step, parameters):
        _last.asked = _last.made = None  # frees the memory before more is taken
        _last.made = view(data, parameters)
        _last.asked = (data, step, parameters)
    return _last.made
