"""INuTERO's own lines: attrition, prevalence, the scan of all pairs, then the signals adjusted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import Any

from transat.core.languages import Text
from transat.federation import attrition
from transat.federation.batch import each
from transat.federation.coordinator import Coordinator, raised
from transat.federation.questions import Question
from transat.federation.transport import Posted
from transat.federation.wire import Refusal
from transat.statistics import mantel_haenszel, prevalence
from transat.studies.inutero.adjust import Plan, adjust
from transat.studies.inutero.columns import columns
from transat.studies.inutero.protocol import Inutero
from transat.studies.protocol import Progress
from transat.studies.results import Adjusted

Key = tuple[str, str]

STEPS = {
    "attrition": Text("population de chaque site", "population of each site"),
    "prevalence": Text("fréquence des malformations", "frequency of malformations"),
    "mantel_haenszel": Text("toutes les paires", "all pairs"),
    "adjust": Text("ajustement des signaux", "adjustment of signals"),
}


@dataclass(frozen=True, slots=True)
class Findings:
    """What the sites' releases gave, before it is written as a StudyResult.

    attrition: by site; None where the site has too few births to say anything. asked: the sites
    whose births entered the rest. scan and prevalence are None when there was no such site.
    """

    attrition: dict[str, attrition.Release | None]
    asked: tuple[str, ...]
    prevalence: prevalence.Result | None
    scan: mantel_haenszel.Result | None
    releases: tuple[mantel_haenszel.Release, ...]
    adjusted: dict[Key, tuple[Adjusted | None, str | None]]
    seconds: tuple[tuple[str, float], ...]


@dataclass(slots=True)
class _Clock:
    """Tells progress and keeps the seconds of each step."""

    progress: Progress | None
    seconds: list[tuple[str, float]] = field(default_factory=list)

    def step(self, name: str, work: Callable[[], Any]) -> Any:
        self.say(name, 0, 1)
        start = perf_counter()
        done = work()
        self.seconds.append((name, round(perf_counter() - start, 3)))
        self.say(name, 1, 1)
        return done

    def say(self, name: str, done: int, total: int) -> None:
        if self.progress is not None:
            self.progress(done, total, STEPS[name])


def conduct(
    protocol: Inutero, coordinator: Coordinator, progress: Progress | None = None
) -> Findings:
    """Ask the sites everything that the protocol asks, and combine.

    Raises
    ------
    SiteUnreachable: a site did not answer. SiteRefused: a site refused the scan or the prevalence.
    Posted: answers are awaited through an export desk; everything that can be asked was.
    """
    clock = _Clock(progress)
    try:
        steps = clock.step("attrition", lambda: _attrition(coordinator))
    except Posted:
        _ahead(protocol, coordinator)
        raise
    asked = tuple(s for s, release in steps.items() if release is not None and release.rows > 0)
    if not asked:
        return Findings(steps, (), None, None, (), {}, tuple(clock.seconds))
    rates = clock.step("prevalence", lambda: _prevalence(protocol, coordinator, asked))
    releases, scan = clock.step("mantel_haenszel", lambda: _scan(protocol, coordinator, asked))
    adjusted = clock.step("adjust", lambda: _adjusted(protocol, coordinator, asked, scan, clock))
    return Findings(steps, asked, rates, scan, releases, adjusted, tuple(clock.seconds))


def _attrition(coordinator: Coordinator) -> dict[str, attrition.Release | None]:
    """By site; None where there are too few births for the site to say anything."""
    question = Question("attrition", attrition.Parameters())
    answers = coordinator.answers(question, coordinator.sites())
    told: dict[str, attrition.Release | None] = {}
    for site, answer in answers.items():
        if not isinstance(answer, Refusal):
            told[site] = answer
        elif answer.code == "cell_floor":
            told[site] = None
        else:
            raise raised(site, answer)
    return told


def _ahead(protocol: Inutero, coordinator: Coordinator) -> None:
    """Through an export desk: what every site will be asked goes out with the first question."""
    rates = Question("prevalence", _rates(protocol))
    pairs = Question("mantel_haenszel", _pairs(protocol))
    each(
        [partial(coordinator.answers, question, coordinator.sites()) for question in (rates, pairs)]
    )


def _prevalence(
    protocol: Inutero, coordinator: Coordinator, asked: tuple[str, ...]
) -> prevalence.Result:
    parameters = _rates(protocol)
    releases = coordinator.ask(Question("prevalence", parameters), asked)
    return prevalence.combine([releases[s] for s in asked], parameters)


def _rates(protocol: Inutero) -> prevalence.Parameters:
    return prevalence.Parameters(level=protocol.document.scan.level.value)


def _scan(
    protocol: Inutero, coordinator: Coordinator, asked: tuple[str, ...]
) -> tuple[tuple[mantel_haenszel.Release, ...], mantel_haenszel.Result]:
    parameters = _pairs(protocol)
    answers = coordinator.ask(Question("mantel_haenszel", parameters), asked)
    releases = tuple(answers[s] for s in asked)
    return releases, mantel_haenszel.combine(releases, parameters)


def _pairs(protocol: Inutero) -> mantel_haenszel.Parameters:
    rules = protocol.document.scan
    return mantel_haenszel.Parameters(
        level=rules.level.value,
        false_share=rules.false_share.value,
        least_expected=rules.least_expected.value,
        power=rules.power.value,
    )


def chosen(protocol: Inutero, scan: mantel_haenszel.Result) -> tuple[Key, ...]:
    """Pairs to look at: signals, clearest first, then the protocol's reference pairs. Ties are
    broken by the codes."""
    signals = [
        (float(scan.q[d, m]), float(scan.p[d, m]), drug, group)
        for d, drug in enumerate(scan.exposure_codes)
        for m, group in enumerate(scan.outcome_codes)
        if scan.signal[d, m]
    ]
    ranked = [(drug, group) for _, _, drug, group in sorted(signals)]
    asked = [(pair.exposure, pair.outcome) for pair in protocol.reference]
    return tuple(dict.fromkeys(ranked + asked))


def _adjusted(
    protocol: Inutero,
    coordinator: Coordinator,
    asked: tuple[str, ...],
    scan: mantel_haenszel.Result,
    clock: _Clock,
) -> dict[Key, tuple[Adjusted | None, str | None]]:
    drugs = {e.code: e for e in protocol.exposures}
    specification, rules = protocol.specification(), protocol.document
    found: dict[Key, tuple[Adjusted | None, str | None]] = {}
    plans: list[Plan] = []
    for drug, group in chosen(protocol, scan):
        sites, why_not = _sites(scan, asked, drug, group)
        if why_not is not None:
            found[drug, group] = (None, why_not)
        else:
            plans.append(Plan(group, drug, sites, columns(specification, drugs[drug])))
    plans = plans[: rules.adjustment.at_most.value]

    def adjusted(done: int, plan: Plan) -> tuple[Adjusted | None, str | None]:
        clock.say("adjust", done, len(plans))
        return adjust(coordinator, plan, rules.scan.level.value)

    outcomes = each([partial(adjusted, done, plan) for done, plan in enumerate(plans)])
    for plan, outcome in zip(plans, outcomes, strict=True):
        found[plan.exposure, plan.outcome] = outcome
    return found


def _sites(
    scan: mantel_haenszel.Result, asked: tuple[str, ...], drug: str, group: str
) -> tuple[tuple[str, ...], str | None]:
    """Sites that show the pair and have something to say of it, or why there is none."""
    d, m = scan.exposure_codes.index(drug), scan.outcome_codes.index(group)
    shown = [k for k in range(len(asked)) if scan.sites_shown[k, d, m]]
    if not any(float(scan.site_estimates[k].odds_ratio[d, m]) > 0 for k in shown):
        return (), "no_exposed_cases" if shown else "withheld"
    return tuple(asked[k] for k in shown if not _empty(scan, k, d, m)), None


def _empty(scan: mantel_haenszel.Result, site: int, drug: int, group: int) -> bool:
    """A site where nobody is exposed or nobody is a case says nothing to a regression."""
    return not float(scan.site_estimates[site].odds_ratio[drug, group]) >= 0.0
