"""What is asked of the sites, in order: who is there, curves, models on each shore, the trial."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from transat.core.errors import StudyError
from transat.core.languages import Text
from transat.federation import attrition
from transat.federation.coordinator import Coordinator
from transat.learners.model_document import Document
from transat.statistics import aalen_johansen, clone_censor_weight
from transat.statistics.clones import Strategy
from transat.studies.aortic_stenosis.asked import Sites
from transat.studies.aortic_stenosis.fits import Fit, fitted
from transat.studies.aortic_stenosis.foreseen import About, Judged, Learnt, judged, learnt
from transat.studies.aortic_stenosis.model_files import document
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
    learnt: list[Learnt] = field(default_factory=list)
    documents: list[tuple[Learnt, Document]] = field(default_factory=list)
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

    def attrition(self, name: str) -> None:
        everybody = self.sites.coordinator.sites()
        told = self.sites.answers(
            name, self.cohorts[name], "attrition", attrition.Parameters(), everybody
        )
        self.found.attrition[name] = {site: told.get(site) for site in everybody}
        self.found.asked[name] = tuple(s for s in sorted(told) if told[s].rows > 0)

    def curves(self, name: str) -> None:
        if self.protocol.states(name):
            return  # its rows are spells: the trial tells of it
        level, rule = self.document.curves.level.value, self.document.outcomes[name].value
        for by in ("", self.document.curves.by.value):
            asked = aalen_johansen.Parameters(
                self._grid(name), kinds=len(rule.kinds), by=by, level=level
            )
            told = self._told(name, "aalen_johansen", asked)
            if told:
                whole = aalen_johansen.combine(list(told.values()), asked)
                self.found.curves.append(Curves(name, by, tuple(told), whole))

    def models(self, name: str) -> None:
        level, kinds = self.document.curves.level.value, self.document.outcomes[name].value.kinds
        for model, rule in self.document.models.items():
            if name not in rule.value.outcomes:
                continue
            fits = self.found.fits.setdefault(model, [])
            columns = self._columns(name, rule.value.features)
            for learnt_on in self._learnt_on(name):
                for kind in range(1, 1 + len(kinds)):
                    fit = fitted(
                        self.sites, name, self.cohorts[name], kind, columns, learnt_on, level,
                        self._flags(columns),
                    )  # fmt: skip
                    fits += [] if fit is None else [fit]

    def validation(self, name: str) -> None:
        every, rule = self.found.asked[name], self.document.outcomes[name].value
        for model, fits in self.found.fits.items():
            if name not in self.document.models[model].value.outcomes:
                continue
            about = About(
                model, name, self.cohorts[name], rule.kinds, self._grid(name), rule.horizons,
                self.document.validation.bins.value, self.document.validation.groups.value,
                self.document.validation.intervals.value,
            )  # fmt: skip
            for learnt_on in self._learnt_on(name):
                of = [f for f in fits if (f.outcome, f.learnt_on) == (name, learnt_on)]
                made = learnt(self.sites, about, learnt_on, of, self._curves(name, learnt_on))
                if made is not None:
                    self.found.learnt.append(made)
                    signed = document(self.protocol, made, self.sites.coordinator)
                    self.found.documents.append((made, signed))
                    self.found.judged += judged(self.sites, made, every)

    def _curves(self, name: str, sites: tuple[str, ...]) -> aalen_johansen.Curves | None:
        """The curves of everybody at these sites: of one of them, or of all together."""
        for curves in self.found.curves:
            if curves.outcome == name and not curves.by and set(sites) <= set(curves.sites):
                if sites == curves.sites:
                    return curves.result.together[0]
                return curves.result.sites[curves.sites.index(sites[0])][0]
        return None

    def trial(self, name: str) -> None:
        asked = self.document.trial.strategies.value
        if name != asked.outcome:
            return
        strategy = Strategy("treated", asked.grace, "trigger", step=asked.step)
        parameters = clone_censor_weight.Parameters(
            strategy, asked.columns, asked.grid, level=self.document.curves.level.value
        )
        told = self._told(name, "clone_censor_weight", parameters)
        if not told:
            return
        try:
            whole = clone_censor_weight.combine(list(told.values()), parameters)
        except StudyError as nobody:
            self.sites.note(name, "clone_censor_weight", "", nobody.what)
            return
        self.found.trial = Emulated(name, tuple(told), whole)

    def _grid(self, outcome: str) -> tuple[float, ...]:
        """Edges up to the last horizon of an outcome."""
        last = max(self.document.outcomes[outcome].value.horizons)
        return tuple(edge for edge in self.document.curves.grid.value if edge <= last)

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

    def _flags(self, columns: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the columns that are 0 or 1."""
        features = self.document.features
        ranges = {n: (f.value.low, f.value.high) for n, f in features.items()}
        return tuple(c for c in columns if ranges.get(c, (0, 1)) == (0, 1))

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
    steps: dict[str, Callable[[str], None]] = {
        "attrition": study.attrition,
        "curves": study.curves,
        "models": study.models,
        "validation": study.validation,
        "trial": study.trial,
    }
    seconds = dict.fromkeys(steps, 0.0)
    every = list(protocol.document.outcomes)
    for done, outcome in enumerate(every):  # a site builds its tables once, one after the other
        for name, work in steps.items():
            if progress is not None:
                progress(done, len(every), STEPS[name])
            start = perf_counter()
            work(outcome)
            seconds[name] += perf_counter() - start
    if progress is not None:
        progress(len(every), len(every), STEPS["trial"])
    study.found.withheld = tuple(study.sites.withheld)
    study.found.seconds = tuple((name, round(spent, 3)) for name, spent in seconds.items())
    return study.found
