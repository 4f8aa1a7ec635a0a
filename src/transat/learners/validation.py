"""Judged on people it never saw: folds by person, tuning inside the fold, one shore for another.

Question
    How good is a way of making a model, with the choice of its settings counted as a part of it?

Formula
    A cut names who a model is fitted on and who it is judged on, by sites and by whole folds of
    people (`cohorts.folds`):
        across  the people of each site in turn are foreseen by a model of the other sites: of two
                shores, always both ways (internal-external validation)
        within  each fold in turn, at all sites, by a model of the other folds
    For each cut the settings are chosen by the mean loss over inner folds of its own fitting part
    alone: each inner model is fitted without the fold that it is judged on. The chosen settings
    are then fitted on the whole part. Nothing of those judged on is looked at before, and nobody
    is in both.

    `fit` and `score` are the caller's: they compute on tables, or ask sites for sums. So the same
    code validates in one process and over a network.

References
    Varma S, Simon R (2006) BMC Bioinformatics 7:91, doi:10.1186/1471-2105-7-91 (nested tuning).
    Steyerberg EW, Harrell FE (2016) J Clin Epidemiol 69:245-247,
    doi:10.1016/j.jclinepi.2015.04.005 (internal-external validation).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from transat.cohorts import folds
from transat.cohorts.folds import Part

S = TypeVar("S")  # settings: what is chosen
M = TypeVar("M")  # a model


@dataclass(frozen=True, slots=True)
class People:
    """Some people: of these sites, those of the part."""

    sites: tuple[str, ...]
    part: Part


@dataclass(frozen=True, slots=True)
class Cut:
    """fitted_on and judged_on share nobody."""

    fitted_on: People
    judged_on: People


@dataclass(frozen=True, slots=True)
class Loss:
    """mean: over the people judged on, lower is better. weight: how many they are."""

    mean: float
    weight: float


@dataclass(frozen=True, slots=True)
class Tried(Generic[S]):
    """One choice of settings, and its mean loss over the inner folds."""

    settings: S
    loss: float


@dataclass(frozen=True, slots=True)
class Judged(Generic[S, M]):
    """One cut: what was tried inside, what was chosen, the model, and its loss outside."""

    cut: Cut
    tried: tuple[Tried[S], ...]
    chosen: S
    model: M
    loss: Loss


Fit = Callable[[S, People], M]
Score = Callable[[M, People], Loss]


def across(sites: Sequence[str], inner: int) -> tuple[Cut, ...]:
    """Each site foreseen by the others. inner: folds in which the people of each are dealt.

    Raises
    ------
    ValueError : fewer than two sites, or one named twice.
    """
    if len(set(sites)) != len(sites) or len(sites) < 2:
        raise ValueError("sites: two or more, each named once")
    everybody = folds.every(inner)
    return tuple(
        Cut(People(tuple(s for s in sites if s != site), everybody), People((site,), everybody))
        for site in sites
    )


def within(sites: Sequence[str], outer: int) -> tuple[Cut, ...]:
    """Each fold foreseen by the other folds, at all sites.

    Raises
    ------
    ValueError : fewer than three folds: tuning inside needs two.
    """
    if outer < 3:
        raise ValueError("folds: three at least, so that two are left to choose settings in")
    everybody = folds.every(outer)
    return tuple(
        Cut(
            People(tuple(sites), everybody.without(fold)),
            People(tuple(sites), Part(outer, (fold,))),
        )
        for fold in range(outer)
    )


def tuned(
    people: People, settings: Sequence[S], fit: Fit[S, M], score: Score[M]
) -> tuple[Tried[S], ...]:
    """The mean loss of each of the settings over the folds of these people, each fold judged by a
    model of the others.

    Raises
    ------
    ValueError : no settings, a loss that is not finite, or a part of fewer than two folds.
    """
    inner = people.part.taken
    if not settings or len(inner) < 2:
        raise ValueError("settings: one at least; folds: two at least")
    tried = []
    for one in settings:
        losses = [
            score(
                fit(one, People(people.sites, people.part.without(fold))),
                People(people.sites, Part(people.part.folds, (fold,))),
            )
            for fold in inner
        ]
        tried.append(Tried(one, _mean(losses)))
    return tuple(tried)


def best(tried: Sequence[Tried[S]]) -> S:
    """The settings of least loss; the first of equals, so list the simplest first."""
    return tried[int(np.argmin([t.loss for t in tried]))].settings


def validated(
    cuts: Sequence[Cut], settings: Sequence[S], fit: Fit[S, M], score: Score[M]
) -> tuple[Judged[S, M], ...]:
    """Every cut, with its settings chosen inside it; one setting alone is taken as it is.

    Raises
    ------
    ValueError : as `tuned`; a cut whose two sides share people.
    """
    found = []
    for cut in cuts:
        if _shared(cut):
            raise ValueError("cut: somebody is fitted on and judged on")
        tried = tuned(cut.fitted_on, settings, fit, score) if len(settings) != 1 else ()
        chosen = best(tried) if tried else settings[0]
        model = fit(chosen, cut.fitted_on)
        found.append(Judged(cut, tried, chosen, model, score(model, cut.judged_on)))
    return tuple(found)


def together(judged: Sequence[Judged[S, M]]) -> float:
    """The mean loss over all who were judged, each once."""
    return _mean([one.loss for one in judged])


def _shared(cut: Cut) -> bool:
    one, other = cut.fitted_on, cut.judged_on
    if not set(one.sites) & set(other.sites):
        return False
    same = one.part.folds == other.part.folds
    return not same or bool(set(one.part.taken) & set(other.part.taken))


def _mean(losses: Sequence[Loss]) -> float:
    total = sum(loss.weight for loss in losses)
    mean = sum(loss.mean * loss.weight for loss in losses) / total if total > 0 else np.nan
    if not np.isfinite(mean):
        raise ValueError("loss: not finite")
    return float(mean)
