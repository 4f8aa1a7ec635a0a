"""The first page in sentences: who, how many, what was found, what could not be seen, what left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from transat.reports.numbers import Numbers
from transat.reports.rows import PER_1000, SignalRow, SilentRow, asked
from transat.reports.texts import inside, text
from transat.reports.truth import TruthView
from transat.studies.results import StudyResult

#: Signals told in words on the first page.
TOLD = 5


@dataclass(frozen=True, slots=True)
class Summary:
    """Sentences ready to print, and the two totals shown large."""

    lead: str
    signals: str
    clearest: tuple[str, ...]
    rest: tuple[str, ...]
    tested: int
    masked: int


def summarise(
    result: StudyResult,
    signals: Sequence[SignalRow],
    silent: Sequence[SilentRow],
    truth: TruthView | None,
    numbers: Numbers,
) -> Summary:
    """The summary in the language of `numbers`."""
    pairs, tested = asked(result)
    masked = sum(site.cells_masked for site in result.sites)
    standing = [row for row in signals if row.standing != "fades"]
    faded = [row for row in signals if row.standing == "fades"]
    rest = [
        _fades(faded, numbers),
        _unseen(silent, numbers),
        _left(result, numbers),
        _truth(truth, numbers),
    ]
    return Summary(
        lead=_lead(result, pairs, tested, numbers),
        signals=_signals(result, signals, tested, numbers),
        clearest=tuple(_signal(row, numbers) for row in standing[:TOLD]),
        rest=tuple(sentence for sentence in rest if sentence),
        tested=tested,
        masked=masked,
    )


def _lead(result: StudyResult, pairs: int, tested: int, numbers: Numbers) -> str:
    language = numbers.language
    if result.births is None:
        return text("summary.lead_masked", language)
    sites = [
        text(
            "summary.births_site",
            language,
            site=site.label.in_(language),
            births=numbers.count(site.births),
        )
        for site in result.sites
    ]
    return text(
        "summary.lead",
        language,
        births=numbers.count(result.births),
        sites=(" ; " if language == "fr" else "; ").join(sites),
        exposures=numbers.count(len(result.exposures)),
        outcomes=numbers.count(len(result.outcomes)),
        pairs=numbers.count(pairs),
        tested=numbers.count(tested),
    )


def _signals(
    result: StudyResult, signals: Sequence[SignalRow], tested: int, numbers: Numbers
) -> str:
    if not tested:
        return text("summary.nothing", numbers.language)
    if not signals:
        return text("summary.no_signal", numbers.language)
    share = next((float(v) for k, v in result.parameters if k.endswith("false_share")), 0.1)
    return text(
        "summary.signals",
        numbers.language,
        signals=numbers.count(len(signals)),
        share=numbers.percent(share),
    )


def _signal(row: SignalRow, numbers: Numbers) -> str:
    language, risk = numbers.language, row.signal.absolute
    names = {
        "exposure": _first(row.exposure.in_(language)),
        "outcome": inside(row.outcome.in_(language)),
    }
    if risk is None or risk.exposed.value is None:
        return text("summary.signal_masked", language, **names)
    said = text(
        "summary.signal",
        language,
        **names,
        exposed=numbers.rate(risk.exposed, PER_1000),
        unexposed=numbers.short((risk.unexposed.value or 0.0) * PER_1000),
        difference=numbers.rate(risk.difference, PER_1000),
        spared=numbers.short(1000 - risk.exposed.value * PER_1000),
    )
    if row.signal.adjusted is None:
        return said
    ratio = numbers.ratio_interval(row.signal.adjusted.odds_ratio)
    return f"{said} {text('summary.adjusted', language, ratio=ratio)}"


def _fades(faded: Sequence[SignalRow], numbers: Numbers) -> str | None:
    if not faded:
        return None
    language = numbers.language
    pairs = [f"{r.exposure.in_(language)} ({inside(r.outcome.in_(language))})" for r in faded]
    return text("summary.fades", language, fades=numbers.count(len(faded)), pairs=", ".join(pairs))


def _unseen(silent: Sequence[SilentRow], numbers: Numbers) -> str | None:
    tested = [row for row in silent if row.pair.state == "tested" and row.visible_per_1000]
    if not tested:
        return None
    best = tested[0]
    return text(
        "summary.unseen",
        numbers.language,
        silent=numbers.count(len(silent)),
        untestable=numbers.count(sum(row.pair.state != "tested" for row in silent)),
        exposure=best.exposure.in_(numbers.language),
        outcome=inside(best.outcome.in_(numbers.language)),
        detectable=numbers.short(best.visible_per_1000),
        baseline=numbers.short(best.baseline_per_1000),
    )


def _left(result: StudyResult, numbers: Numbers) -> str:
    return text(
        "summary.left",
        numbers.language,
        cells=numbers.count(sum(site.cells_out for site in result.sites)),
        masked=numbers.count(sum(site.cells_masked for site in result.sites)),
        threshold=max((site.threshold for site in result.sites), default=0),
    )


def _truth(truth: TruthView | None, numbers: Numbers) -> str | None:
    if truth is None:
        return None
    return text(
        "summary.truth",
        numbers.language,
        found=numbers.count(truth.found),
        planted=numbers.count(truth.planted),
        missed=numbers.count(truth.missed),
        not_testable=numbers.count(truth.not_testable),
        false=numbers.count(len(truth.false_signals)),
        faded=numbers.count(truth.false_faded),
    )


def _first(label: str) -> str:
    """A capital at the head of a sentence."""
    return label[:1].upper() + label[1:]
