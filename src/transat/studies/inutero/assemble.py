"""Findings written as a StudyResult: labels, shown counts, estimates, and what cannot be said."""

from __future__ import annotations

import numpy as np

from transat.statistics import mantel_haenszel, prevalence
from transat.studies.inutero.protocol import Inutero
from transat.studies.inutero.study import Findings, Key
from transat.studies.numbers import PER, count, estimate, number, risk
from transat.studies.results import (
    AbsoluteRisk,
    Detectable,
    Estimate,
    Exposure,
    Heterogeneity,
    Outcome,
    OutcomePrevalence,
    Pair,
    PairAtSite,
    PairState,
    Signal,
)


def exposures(protocol: Inutero) -> tuple[Exposure, ...]:
    """Medicines and classes with the class that contains each."""
    from transat.cohorts.specification import exposure_parents

    parents = exposure_parents(protocol.specification().exposures)
    codes = [e.code for e in protocol.exposures]
    return tuple(
        Exposure(e.code, e.label, codes[p] if p >= 0 else None, e.prefixes)
        for e, p in zip(protocol.exposures, parents, strict=True)
    )


def outcomes(protocol: Inutero) -> tuple[Outcome, ...]:
    """Malformation groups with the group that contains each."""
    from transat.cohorts.outcomes import outcome_parents

    parents = outcome_parents(protocol.specification())
    keys = [o.key for o in protocol.outcomes]
    return tuple(
        Outcome(o.key, o.label, keys[p] if p >= 0 else None)
        for o, p in zip(protocol.outcomes, parents, strict=True)
    )


def prevalences(
    result: prevalence.Result | None, sites: tuple[str, ...]
) -> tuple[OutcomePrevalence, ...]:
    """Per 10 000 births, at each site and over all (site None)."""
    if result is None:
        return ()
    named = [(None, result.together), *zip(sites, result.sites, strict=True)]
    return tuple(
        OutcomePrevalence(
            outcome=outcome,
            site=site,
            cases=count(rates.cases[m]),
            births=rates.births,
            per_10000=estimate(rates.per_10000[m], rates.low[m], rates.high[m], "wilson"),
        )
        for m, outcome in enumerate(result.outcome_codes)
        for site, rates in named
    )


def pairs(protocol: Inutero, findings: Findings) -> tuple[Pair, ...]:
    """Every tested pair, and every reference pair whether tested or not, medicines first."""
    if findings.scan is None:
        return ()
    reference = {(r.exposure, r.outcome): r.kind for r in protocol.reference}
    scan = findings.scan
    return tuple(
        _pair(findings, scan, d, m, reference.get((drug, group)))
        for d, drug in enumerate(scan.exposure_codes)
        for m, group in enumerate(scan.outcome_codes)
        if scan.testable[d, m] or (drug, group) in reference
    )


def _pair(
    findings: Findings, scan: mantel_haenszel.Result, d: int, m: int, reference: str | None
) -> Pair:
    return Pair(
        exposure=scan.exposure_codes[d],
        outcome=scan.outcome_codes[m],
        state=_state(scan, d, m),
        sites=tuple(_at_site(findings, scan, k, d, m) for k in range(len(findings.asked))),
        exposed=count(scan.exposed[d]),
        exposed_cases=count(scan.exposed_cases[d, m]),
        cases=count(scan.cases[m]),
        births=scan.persons,
        expected=number(scan.expected[d, m]),
        odds_ratio=_odds_ratio(scan.estimates, d, m),
        p=number(scan.p[d, m]),
        q=number(scan.q[d, m]),
        signal=bool(scan.signal[d, m]),
        sites_used=tuple(s for k, s in enumerate(findings.asked) if scan.sites_shown[k, d, m]),
        sites_masked=tuple(
            s for k, s in enumerate(findings.asked) if not scan.sites_shown[k, d, m]
        ),
        reference=reference,
    )


def _state(scan: mantel_haenszel.Result, d: int, m: int) -> PairState:
    if scan.testable[d, m]:
        return "tested"
    if scan.sites_without_margins[:, d, m].all():
        return "withheld"
    if scan.exposed[d] == 0:
        return "no_exposed"
    return "no_cases" if scan.cases[m] == 0 else "too_few_expected"


def _at_site(
    findings: Findings, scan: mantel_haenszel.Result, site: int, d: int, m: int
) -> PairAtSite:
    release = findings.releases[site]
    return PairAtSite(
        site=findings.asked[site],
        exposed=count(release.exposed[d]),
        cases=count(release.cases[m]),
        exposed_cases=count(release.exposed_cases[d, m]),
        odds_ratio=_odds_ratio(scan.site_estimates[site], d, m),
    )


def _odds_ratio(found: mantel_haenszel.Estimates, d: int, m: int) -> Estimate | None:
    return estimate(
        found.odds_ratio[d, m], found.odds_ratio_low[d, m], found.odds_ratio_high[d, m],
        "mantel_haenszel",
    )  # fmt: skip


def signals(protocol: Inutero, findings: Findings) -> tuple[Signal, ...]:
    """Signals, clearest first, then the reference pairs that are none, in the protocol's order."""
    scan = findings.scan
    if scan is None:
        return ()
    found = [
        (float(scan.q[d, m]), float(scan.p[d, m]), drug, group)
        for d, drug in enumerate(scan.exposure_codes)
        for m, group in enumerate(scan.outcome_codes)
        if scan.signal[d, m]
    ]
    keys = [(drug, group) for *_, drug, group in sorted(found)]
    named = dict.fromkeys(keys + [(r.exposure, r.outcome) for r in protocol.reference])
    level = protocol.document.scan.level.value
    return tuple(_signal(findings, scan, key, level) for key in named)


def _signal(findings: Findings, scan: mantel_haenszel.Result, key: Key, level: float) -> Signal:
    d, m = scan.exposure_codes.index(key[0]), scan.outcome_codes.index(key[1])
    adjusted, why_not = findings.adjusted.get(key, (None, "not_asked"))
    return Signal(
        exposure=key[0],
        outcome=key[1],
        reason="signal" if scan.signal[d, m] else "reference",
        odds_ratio=_odds_ratio(scan.estimates, d, m),
        p=number(scan.p[d, m]),
        q=number(scan.q[d, m]),
        adjusted=adjusted,
        not_adjusted=why_not,
        heterogeneity=_heterogeneity(scan, d, m),
        absolute=_absolute(findings, scan, d, m, level),
    )


def _heterogeneity(scan: mantel_haenszel.Result, d: int, m: int) -> Heterogeneity | None:
    tested = scan.heterogeneity
    q, p = number(tested.statistic[d, m]), number(tested.p[d, m])
    i2 = number(tested.i_squared[d, m])
    if q is None or p is None or i2 is None:
        return None
    return Heterogeneity(q, int(tested.degrees[d, m]), p, 100 * i2)


def _absolute(
    findings: Findings, scan: mantel_haenszel.Result, d: int, m: int, level: float
) -> AbsoluteRisk | None:
    """Standardised risks over the sites that show the pair, with the people behind them."""
    shown = [r for k, r in enumerate(findings.releases) if scan.sites_shown[k, d, m]]
    among, others = (
        number(scan.estimates.risk_exposed[d, m]),
        number(scan.estimates.risk_unexposed[d, m]),
    )
    people = sum(int(r.exposed[d]) for r in shown)
    births = sum(r.persons for r in shown)
    if among is None or others is None or people == 0 or births == people:
        return None
    difference = estimate(
        PER * scan.estimates.risk_difference[d, m],
        PER * scan.estimates.risk_difference_low[d, m],
        PER * scan.estimates.risk_difference_high[d, m],
        "sato",
    )
    if difference is None:
        return None
    return AbsoluteRisk(
        risk(among, people, level), risk(others, births - people, level), difference
    )


def detectable(findings: Findings) -> tuple[Detectable, ...]:
    """What the study could not have seen: tested pairs that are no signal."""
    scan = findings.scan
    if scan is None:
        return ()
    quiet = scan.testable & ~scan.signal
    return tuple(
        Detectable(
            exposure=scan.exposure_codes[d],
            outcome=scan.outcome_codes[m],
            expected=float(scan.expected[d, m]),
            risk_ratio=number(scan.minimum_detectable_ratio[d, m]),
        )
        for d, m in np.argwhere(quiet)
    )
