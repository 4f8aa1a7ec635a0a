"""What is asked of the sites, in order: who is there, curves, models on each shore, the trial."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from transat.core.languages import Text
from transat.federation import attrition
from transat.federation.coordinator import Coordinator
from transat.statistics import aalen_johansen, clone_censor_weight
from transat.statistics.clones import Strategy
from transat.studies.aortic_stenosis.asked import Sites
from transat.studies.aortic_stenosis.fits import Fit, fitted
from transat.studies.aortic_stenosis.foreseen import Judged, judged
from transat.studies.aortic_stenosis.protocol import AorticStenosis
from transat.studies.aortic_stenosis.results import Withheld
from transat.studies.hashes import hashes
from transat.studies.protocol import Progress

STEPS = {
    "attrition": Text("population de chaque site", "population of each site"),
    "curves": Text("courbes", "curves"),
    "models": Text("modèles, sur chaque rive et ensemble", "models, on each shore and together"),
    "validation": Text("chaque modèle jugé sur l'autre rive", "each model judged on the other"),
    "trial": Text("essai émulé", "emulated trial"),
}


@dataclass(frozen=True, slots=True)
class Curves:
    """Curves of one outcome; sites: whose releases they are, in order; by: of the two groups."""

    outcome: str
    by: str
    sites: tuple[str, ...]
    result: aalen_johansen.Result


@dataclass(frozen=True, slots=True)
class Emulated:
    """The emulated trial over the sites that told of it."""

    outcome: str
    sites: tuple[str, ...]
    result: clone_censor_weight.Result


@dataclass(slots=True)
class Findings:
    """What the sites' releases gave, before it is written as a ValveResult.

    attrition: by outcome and site; None where a gate lets nothing be said. asked: by outcome, the
    sites whose people entered the rest. fits: by model.
    """

    attrition: dict[str, dict[str, attrition.Release | None]] = field(default_factory=dict)
    asked: dict[str, tuple[str, ...]] = field(default_factory=dict)
    curves: list[Curves] = field(default_factory=list)
    fits: dict[str, list[Fit]] = field(default_factory=dict)
    judged: list[Judged] = field(default_factory=list)
    trial: Emulated | None = None
    withheld: tuple[Withheld, ...] = ()
    seconds: tuple[tuple[str, float], ...] = ()


class _Study:
    """One conduct: the protocol, the sites, what was found so far."""

    def __init__(self, protocol: AorticStenosis, coordinator: Coordinator) -> None:
        self.protocol, self.sites = protocol, Sites(coordinator)
        self.document = protocol.document
        self.cohorts = hashes(protocol).cohorts
        self.found = Findings()

    def attrition(self) -> None:
        everybody = self.sites.coordinator.sites()
        for name in self.document.outcomes:
            told = self.sites.answers(
                name, self.cohorts[name], "attrition", attrition.Parameters(), everybody
            )
            self.found.attrition[name] = {site: told.get(site) for site in everybody}
            self.found.asked[name] = tuple(s for s in sorted(told) if told[s].rows > 0)

    def curves(self) -> None:
        level = self.document.curves.level.value
        for name, rule in self.document.outcomes.items():
            if self.protocol.states(name):
                continue  # its rows are spells: the trial tells of it
            last = max(rule.value.horizons)
            grid = tuple(edge for edge in self.document.curves.grid.value if edge <= last)
            for by in ("", self.document.curves.by.value):
                asked = aalen_johansen.Parameters(
                    grid, kinds=len(rule.value.kinds), by=by, level=level
                )
                told = self._told(name, "aalen_johansen", asked)
                if told:
                    whole = aalen_johansen.combine(list(told.values()), asked)
                    self.found.curves.append(Curves(name, by, tuple(told), whole))

    def models(self) -> None:
        level = self.document.curves.level.value
        for model, rule in self.document.models.items():
            fits = self.found.fits.setdefault(model, [])
            for outcome in rule.value.outcomes:
                columns = self._columns(outcome, rule.value.features)
                for learnt_on in self._learnt_on(outcome):
                    for kind in range(1, 1 + len(self.document.outcomes[outcome].value.kinds)):
                        fit = fitted(
                            self.sites, outcome, self.cohorts[outcome], kind, columns, learnt_on,
                            level,
                        )  # fmt: skip
                        fits += [] if fit is None else [fit]

    def validation(self) -> None:
        for model, fits in self.found.fits.items():
            for outcome in self.document.models[model].value.outcomes:
                every = self.found.asked[outcome]
                of = [fit for fit in fits if fit.outcome == outcome]
                self.found.judged += judged(
                    self.protocol, self.sites, model, outcome, self.cohorts[outcome], of, every
                )

    def trial(self) -> None:
        asked = self.document.trial.strategies.value
        last = max(self.document.outcomes[asked.outcome].value.horizons)
        grid = tuple(edge for edge in self.document.curves.grid.value if edge <= last)
        strategy = Strategy("treated", asked.grace, "trigger", step=asked.step)
        parameters = clone_censor_weight.Parameters(
            strategy, asked.columns, grid, level=self.document.curves.level.value
        )
        told = self._told(asked.outcome, "clone_censor_weight", parameters)
        if told:
            whole = clone_censor_weight.combine(list(told.values()), parameters)
            self.found.trial = Emulated(asked.outcome, tuple(told), whole)

    def _told(self, outcome: str, step: str, asked: Any) -> dict[str, Any]:
        """Releases of the outcome's sites, in order of site."""
        sites = self.found.asked[outcome]
        if not sites:
            return {}
        told = self.sites.answers(outcome, self.cohorts[outcome], step, asked, sites)
        return {site: told[site] for site in sorted(told)}

    def _learnt_on(self, outcome: str) -> tuple[tuple[str, ...], ...]:
        """Each site alone, then all of them together."""
        sites = self.found.asked[outcome]
        return (*((site,) for site in sites), *((sites,) if len(sites) > 1 else ()))

    def _columns(self, outcome: str, features: tuple[str, ...]) -> tuple[str, ...]:
        landmark = self.document.outcomes[outcome].value.landmark
        return tuple(
            name
            for column in self.protocol.columns(landmark)
            if column.key in features
            for name in column.names
        )


def conduct(
    protocol: AorticStenosis, coordinator: Coordinator, progress: Progress | None = None
) -> Findings:
    """Ask the sites everything that the protocol asks, and combine.

    Raises
    ------
    SiteUnreachable: a site did not answer or failed. PermissionRefused: a permit forbids it.
    """
    study = _Study(protocol, coordinator)
    steps: dict[str, Callable[[], None]] = {
        "attrition": study.attrition,
        "curves": study.curves,
        "models": study.models,
        "validation": study.validation,
        "trial": study.trial,
    }
    seconds = []
    for name, work in steps.items():
        if progress is not None:
            progress(0, 1, STEPS[name])
        start = perf_counter()
        work()
        seconds.append((name, round(perf_counter() - start, 3)))
        if progress is not None:
            progress(1, 1, STEPS[name])
    study.found.withheld = tuple(study.sites.withheld)
    study.found.seconds = tuple(seconds)
    return study.found
