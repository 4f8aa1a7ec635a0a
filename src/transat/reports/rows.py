"""The lines of the report's tables: raw numbers and both-language labels, no formatting.

One object feeds both languages and the CSV files, so no number is computed twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from transat.core.languages import Text
from transat.reports.eurocat import Published, published
from transat.studies.results import (
    AttritionStep,
    Detectable,
    OutcomePrevalence,
    Pair,
    Signal,
    StudyResult,
)

#: The one denominator of the whole report; results state rates per 10 000.
PER_1000 = 0.1

#: Below these, "no signal" allows no conclusion (Broe 2025, doi:10.1002/pds.70211, reads drugs with
#: at least 1 000 exposed; a doubling of the risk is what its threshold of 2 looks for).
ENOUGH_EXPOSED = 1000
BOUNDED_RATIO = 2.0


@dataclass(frozen=True, slots=True)
class AttritionRow:
    """One rule of the population, and what it left on each site (None: masked)."""

    text: Text
    counts: tuple[AttritionStep | None, ...]  # None: the site has no such step


@dataclass(frozen=True, slots=True)
class PrevalenceRow:
    """One malformation group; `depth` is its place in the tree."""

    outcome: str
    label: Text
    depth: int
    sites: tuple[OutcomePrevalence | None, ...]
    eurocat: Published | None


@dataclass(frozen=True, slots=True)
class SignalRow:
    """A pair to read, with everything known of it."""

    signal: Signal
    pair: Pair
    exposure: Text
    outcome: Text
    masked_sites: tuple[Text, ...]
    detectable: float | None

    @property
    def standing(self) -> str:
        """What adjustment leaves of it: holds, partial, fades or unadjusted.

        partial: it holds, but a site's gate kept an illness or a use of care out of the model.
        """
        adjusted = self.signal.adjusted
        if adjusted is None or adjusted.odds_ratio.low is None:
            return "unadjusted"
        if adjusted.odds_ratio.low <= 1:
            return "fades"
        return "partial" if any(map(_illness, adjusted.columns_refused)) else "holds"


@dataclass(frozen=True, slots=True)
class SilentRow:
    """A pre-specified pair without signal: what was estimated, and what could have been seen."""

    pair: Pair
    exposure: Text
    outcome: Text
    masked_sites: tuple[Text, ...]
    baseline_per_10000: float | None
    detectable: float | None  # smallest risk ratio

    @property
    def baseline_per_1000(self) -> float | None:
        """Prevalence in the population."""
        return None if self.baseline_per_10000 is None else PER_1000 * self.baseline_per_10000

    @property
    def visible_per_1000(self) -> float | None:
        """The smallest risk among the exposed that would have been seen; at most everybody."""
        if self.detectable is None or self.baseline_per_1000 is None:
            return None
        return min(self.baseline_per_1000 * self.detectable, 1000.0)

    @property
    def reading(self) -> str:
        """Key of what may be said: never that a medicine is safe."""
        if self.pair.state != "tested":
            return self.pair.state
        exposed, ratio = self.pair.exposed, self.detectable
        bounded = exposed is not None and exposed >= ENOUGH_EXPOSED
        bounded = bounded and ratio is not None and ratio <= BOUNDED_RATIO
        return "tested_bounded" if bounded else "inconclusive"


@dataclass(frozen=True, slots=True)
class Named:
    """Labels of the study's codes."""

    exposures: dict[str, Text]
    outcomes: dict[str, Text]
    sites: dict[str, Text]

    def exposure(self, code: str) -> Text:
        """Label of a medicine or class; its code where the study has no label."""
        return self.exposures.get(code, Text(code, code))

    def outcome(self, key: str) -> Text:
        """Label of a malformation group."""
        return self.outcomes.get(key, Text(key, key))

    def site(self, name: str) -> Text:
        """Label of a site."""
        return self.sites.get(name, Text(name, name))


def named(result: StudyResult) -> Named:
    """All labels of a result."""
    return Named(
        {e.code: e.label for e in result.exposures},
        {o.key: o.label for o in result.outcomes},
        {s.site: s.label for s in result.sites},
    )


def attrition(result: StudyResult) -> tuple[AttritionRow, ...]:
    """Steps in the order of the first site that has them."""
    texts: dict[str, Text] = {}
    for site in result.sites:
        for step in site.attrition:
            texts.setdefault(step.key, step.text)
    held = [{step.key: step for step in site.attrition} for site in result.sites]
    return tuple(
        AttritionRow(text, tuple(steps.get(key) for steps in held)) for key, text in texts.items()
    )


def prevalences(result: StudyResult) -> tuple[PrevalenceRow, ...]:
    """Groups in tree order, each below its parent, where a site shows cases or EUROCAT has a
    figure for a main group; the others, masked or without case everywhere, are in the CSV."""
    at = {(p.outcome, p.site): p for p in result.prevalences}
    reference = published()
    return tuple(
        PrevalenceRow(
            outcome=key,
            label=named(result).outcome(key),
            depth=depth,
            sites=tuple(at.get((key, site.site)) for site in result.sites),
            eurocat=reference.get(key),
        )
        for key, depth in _tree(result)
        if any(_tells(at.get((key, site.site))) for site in result.sites)
        or (key in reference and depth <= 1)
    )


def _tells(prevalence: OutcomePrevalence | None) -> bool:
    return prevalence is not None and bool(prevalence.cases)


def signals(result: StudyResult) -> tuple[SignalRow, ...]:
    """Pairs called, the smallest q first."""
    labels, pairs = named(result), {(p.exposure, p.outcome): p for p in result.pairs}
    seen = _detectable(result)
    rows = [
        SignalRow(
            signal=signal,
            pair=pairs[signal.exposure, signal.outcome],
            exposure=labels.exposure(signal.exposure),
            outcome=labels.outcome(signal.outcome),
            masked_sites=masked_sites(result, pairs[signal.exposure, signal.outcome]),
            detectable=seen.get((signal.exposure, signal.outcome)),
        )
        for signal in result.signals
        if signal.reason == "signal"
    ]
    return tuple(sorted(rows, key=_clearest))


def _clearest(row: SignalRow) -> tuple[float, float, str, str]:
    signal = row.signal
    return (_last(signal.q), _last(signal.p), signal.exposure, signal.outcome)


def _illness(column: str) -> bool:
    """Whether an adjustment column is more than the year and the age."""
    return column.split("=")[0] not in ("year", "age_band")


def silent(result: StudyResult) -> tuple[SilentRow, ...]:
    """Pre-specified pairs in which nothing was called, best supplied first."""
    labels, seen = named(result), _detectable(result)
    baseline = _baselines(result.prevalences)
    return tuple(
        SilentRow(
            pair=pair,
            exposure=labels.exposure(pair.exposure),
            outcome=labels.outcome(pair.outcome),
            masked_sites=masked_sites(result, pair),
            baseline_per_10000=baseline.get(pair.outcome),
            detectable=seen.get((pair.exposure, pair.outcome)),
        )
        for pair in sorted(result.pairs, key=_supply)
        if pair.reference is not None and not pair.signal
    )


def _supply(pair: Pair) -> tuple[float, str, str]:
    return (-(pair.expected or 0.0), pair.exposure, pair.outcome)


def asked(result: StudyResult) -> tuple[int, int]:
    """Pairs asked for, and pairs tested: a result keeps only those that say something."""
    stated = dict(result.parameters)
    tested = sum(pair.state == "tested" for pair in result.pairs)
    return int(stated.get("pairs", len(result.pairs))), int(stated.get("pairs_tested", tested))


def masked_sites(result: StudyResult, pair: Pair) -> tuple[Text, ...]:
    """Labels of the sites whose exposed cases of this pair stayed at home."""
    labels = named(result)
    return tuple(labels.site(name) for name in pair.sites_masked)


def _tree(result: StudyResult) -> list[tuple[str, int]]:
    """(group, depth), parents before children, the study's order kept among siblings."""
    keys = {o.key for o in result.outcomes}
    children: dict[str | None, list[str]] = {}
    for outcome in result.outcomes:
        parent = outcome.parent if outcome.parent in keys else None
        children.setdefault(parent, []).append(outcome.key)
    ordered: list[tuple[str, int]] = []
    waiting = [(key, 0) for key in reversed(children.get(None, []))]
    while waiting:
        key, depth = waiting.pop()
        ordered.append((key, depth))
        waiting += [(child, depth + 1) for child in reversed(children.get(key, []))]
    return ordered


def _detectable(result: StudyResult) -> dict[tuple[str, str], float | None]:
    return {(d.exposure, d.outcome): _ratio(d) for d in result.detectable}


def _ratio(detectable: Detectable) -> float | None:
    return detectable.risk_ratio


def _baselines(prevalences: Sequence[OutcomePrevalence]) -> dict[str, float]:
    """Prevalence over all sites where it may be told, else at the first site that shows it."""
    found: dict[str, float] = {}
    for prevalence in sorted(prevalences, key=lambda p: p.site is not None):
        if prevalence.per_10000 is not None and prevalence.per_10000.value is not None:
            found.setdefault(prevalence.outcome, prevalence.per_10000.value)
    return found


def _last(value: float | None) -> float:
    return 2.0 if value is None else value
