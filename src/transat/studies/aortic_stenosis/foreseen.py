"""Each model judged on the shores that it was not learnt on.

From the hazards learnt on some sites, and a baseline fitted there by sums, comes a model of the
incidence of each kind of event. It goes to the other sites, applies itself where the people are,
and head counts by bin of foreseen risk come back; every metric is computed from these.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from transat.core.errors import StudyError
from transat.core.languages import Text
from transat.federation import predicted
from transat.federation.coordinator import SiteRefused
from transat.federation.questions import STEPS
from transat.learners import penalised_cox, recalibration
from transat.learners.hazards import Hazard, Model, Proportional
from transat.learners.penalised_cox import Fitted
from transat.statistics import aalen_johansen, risk_histogram
from transat.studies.aortic_stenosis.asked import NOT_INSTALLED, Sites
from transat.studies.aortic_stenosis.fits import ROUNDS, Fit
from transat.studies.asker import Same

#: Fewest events in a group of intervals whose baseline hazard is one.
LEAST = 20
NO_HAZARD = Text(
    "le risque de l'événement n'a pas pu être appris là.",
    "the hazard of the event could not be learnt there.",
)


@dataclass(frozen=True, slots=True)
class About:
    """One outcome of one model. grid: edges of the model's intervals, to the last horizon. bins,
    by: of the counts that come back, in so many `intervals` up to a horizon."""

    model: str
    outcome: str
    cohort: str
    kinds: tuple[str, ...]
    grid: tuple[float, ...]
    horizons: tuple[float, ...]
    bins: tuple[float, ...]
    by: tuple[str, ...]
    intervals: int


@dataclass(frozen=True, slots=True)
class Learnt:
    """A model that foresees, and where it was learnt. baseline_only: kinds of event of which no
    feature could enter."""

    about: About
    learnt_on: tuple[str, ...]
    model: Model
    baseline_only: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """People of other sites than the model was learnt on, counted by the risk that it foresaw; by:
    the 0/1 columns whose groups are told apart."""

    about: About
    horizon: float
    learnt_on: tuple[str, ...]
    judged_on: tuple[str, ...]
    by: tuple[str, ...]
    result: risk_histogram.Result


def learnt(
    sites: Sites,
    about: About,
    learnt_on: tuple[str, ...],
    fits: list[Fit],
    curves: aalen_johansen.Curves | None,
) -> Learnt | None:
    """The model of one outcome with its baselines, or None with the reason noted.

    fits: of the hazards learnt on those sites; a kind without one has a baseline alone. curves: of
    these sites, from which groups of intervals with events enough are chosen.
    """
    of = {fit.kind: fit for fit in fits}
    if 1 not in of or curves is None:
        sites.note(about.outcome, "recalibration", ", ".join(learnt_on), NO_HAZARD)
        return None
    if "recalibration" not in STEPS:
        sites.note(about.outcome, "recalibration", "", NOT_INSTALLED)
        return None
    models = []
    for kind in range(1, 1 + len(about.kinds)):
        made = _with_baseline(sites, about, learnt_on, _fitted(of.get(kind)), kind, curves)
        if made is None:
            return None
        models.append(made)
    bare = tuple(name for k, name in enumerate(about.kinds, 1) if k not in of)
    return Learnt(about, learnt_on, penalised_cox.competing(models), bare)


def judged(sites: Sites, made: Learnt, every: tuple[str, ...]) -> list[Judged]:
    """What each other site tells of the risks that the model foresees for its people."""
    found = []
    about = made.about
    for site in every:
        if site in made.learnt_on:
            continue
        for horizon in about.horizons:
            for by in ((), about.by) if about.by else ((),):
                edges = _edges(about.grid, horizon, about.intervals)
                asked = predicted.Parameters(
                    made.model, 1, horizon, about.bins, edges, len(about.kinds), by
                )
                told = sites.answers(about.outcome, about.cohort, "risk_histogram", asked, (site,))
                if told:
                    whole = risk_histogram.combine(list(told.values()), asked.counted())
                    found.append(Judged(about, horizon, made.learnt_on, (site,), by, whole))
    return found


def _fitted(fit: Fit | None) -> Fitted:
    if fit is None:
        return Fitted((), ())
    return Fitted(fit.result.terms, tuple(float(b) for b in fit.result.coefficients))


def _with_baseline(
    sites: Sites,
    about: About,
    learnt_on: tuple[str, ...],
    fitted: Fitted,
    kind: int,
    curves: aalen_johansen.Curves,
) -> Model | None:
    groups = _groups(about, curves, kind)
    try:
        ask = Same(sites.coordinator, learnt_on, "recalibration", about.cohort)
        flat = penalised_cox.flat(fitted, about.grid, kind)
        asked = recalibration.Parameters(
            flat, kind, "baseline", groups, most_rounds=ROUNDS + len(learnt_on)
        )  # fits with other sites are told apart, as those of the hazards
        return _settled(recalibration.combine(ask, asked).model)
    except SiteRefused as refused:
        sites.note(about.outcome, "recalibration", refused.site, refused.what, refused.columns)
    except StudyError as wrong:
        sites.note(about.outcome, "recalibration", ", ".join(learnt_on), wrong.what)
    return None


def _groups(about: About, curves: aalen_johansen.Curves, kind: int) -> tuple[float, ...]:
    """Ends of the stretches of a constant hazard; one stretch where events are few."""
    try:
        told = recalibration.groups_with(curves.edges.tolist(), curves.events[kind - 1], LEAST)
    except ValueError:
        told = about.grid[-1:]
    return (*(edge for edge in told[:-1] if edge < about.grid[-1]), about.grid[-1])


def _settled(model: Model) -> Model:
    """The shifts taken into the baseline, which is what they are."""
    (hazard,) = model.hazards
    form = hazard.form
    assert isinstance(form, Proportional)
    baseline = np.asarray(form.baseline) + np.asarray(hazard.shift)
    told = tuple(float(value) for value in baseline)
    return Model(model.grid, (Hazard(hazard.kind, replace(form, baseline=told)),))


def _edges(grid: tuple[float, ...], horizon: float, intervals: int) -> tuple[float, ...]:
    """Few edges of the grid, so that bins of risk hold people enough; the last is the horizon."""
    aims = [horizon * k / intervals for k in range(1, intervals)]
    early = {max((edge for edge in grid if edge <= aim), default=horizon) for aim in aims}
    return tuple(sorted({*early, horizon}))
