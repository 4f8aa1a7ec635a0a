"""The report's two figures: prevalences beside EUROCAT's, and the forest plot of the signals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from transat.reports import drawing
from transat.reports.drawing import GREY, INK, SITES
from transat.reports.numbers import Numbers
from transat.reports.rows import PER_1000, PrevalenceRow, SignalRow
from transat.reports.texts import text
from transat.studies.results import Estimate, SiteSummary

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Signals drawn; the table beside holds all of them.
MOST_DRAWN = 30
#: Ends of the axis of odds ratios: a longer interval runs off it, and the table gives its limits.
LOWEST, HIGHEST = 0.2, 100.0


def prevalence_figure(
    rows: Sequence[PrevalenceRow], sites: Sequence[SiteSummary], numbers: Numbers
) -> str | None:
    """Dots with intervals, one line per large group; None when no site shows any."""
    language = numbers.language
    kept = [row for row in rows if row.depth <= 1 and (_any(row) or row.eurocat)]
    values = [v for row in kept for v in _values(row)]
    if not values:
        return None
    with drawing.canvas(7.6, 0.9 + 0.30 * len(kept)) as (figure, axes):
        drawing.rows(axes, [row.label.in_(language) for row in kept])
        for line, row in enumerate(kept):
            _draw_prevalence(axes, line, row)
        drawing.log_ticks(axes, min(values) / 1.3, max(values) * 1.3, numbers)
        axes.set_xlabel(text("prevalence.axis", language))
        drawing.legend(figure, [*_site_legend(sites, numbers), ("EUROCAT", GREY, "D", "none")])
        return drawing.svg(
            figure,
            "prevalence-figure",
            text("prevalence.figure", language),
            text("prevalence.figure_description", language, groups=len(kept)),
        )


def forest(rows: Sequence[SignalRow], sites: Sequence[SiteSummary], numbers: Numbers) -> str | None:
    """Odds ratios on a logarithmic axis: each site, all sites, adjusted; None without estimate."""
    language = numbers.language
    kept = [row for row in rows if _drawable(row.signal.odds_ratio)][:MOST_DRAWN]
    if not kept:
        return None
    labels = [f"{r.exposure.in_(language)}\n{r.outcome.in_(language)}" for r in kept]
    limits = [x for row in kept for e in _estimates(row) for x in (e.low, e.high) if x]
    with drawing.canvas(7.6, 1.0 + 0.52 * len(kept)) as (figure, axes):
        drawing.rows(axes, labels)
        for line, row in enumerate(kept):
            _draw_signal(axes, line, row, sites)
        low, high = max(min([*limits, 0.8]), LOWEST), min(max([*limits, 2.0]), HIGHEST)
        drawing.log_ticks(axes, low / 1.15, high * 1.15, numbers)
        axes.axvline(1.0, color=GREY, lw=0.9, zorder=1)
        axes.set_xlabel(text("signals.axis", language))
        drawing.legend(figure, _signal_legend(rows, sites, numbers))
        return drawing.svg(
            figure,
            "forest",
            text("signals.figure", language),
            text("signals.figure_description", language, pairs=len(kept)),
        )


def _draw_prevalence(axes: Axes, line: int, row: PrevalenceRow) -> None:
    shift = 0.16
    for i, site in enumerate(row.sites):
        rate = site.per_10000 if site is not None else None
        if _drawable(rate) and rate is not None:
            low, value, high = (PER_1000 * (x or 0.0) for x in (rate.low, rate.value, rate.high))
            y = line + shift * (2 * i - len(row.sites) + 1) / max(len(row.sites) - 1, 1)
            colour, marker = SITES[i % 4]
            drawing.interval(axes, y, low, value, high, color=colour, marker=marker, ms=4.5)
    if row.eurocat is not None:
        x = PER_1000 * row.eurocat.per_10000
        axes.plot([x], [line], "D", ms=6, color=GREY, mfc="none", zorder=4)


def _draw_signal(axes: Axes, line: int, row: SignalRow, sites: Sequence[SiteSummary]) -> None:
    drawn: list[tuple[Estimate, str, str, str, float]] = []
    for at_site in row.pair.sites:
        if _drawable(at_site.odds_ratio) and at_site.odds_ratio is not None:
            colour, marker = SITES[[s.site for s in sites].index(at_site.site) % 4]
            drawn.append((at_site.odds_ratio, colour, marker, colour, 4.0))
    if row.signal.odds_ratio is not None:
        drawn.append((row.signal.odds_ratio, INK, "s", INK, 6.0))
    if row.signal.adjusted is not None and _drawable(row.signal.adjusted.odds_ratio):
        drawn.append((row.signal.adjusted.odds_ratio, INK, "s", "white", 5.5))
    for place, (estimate, colour, marker, face, size) in enumerate(drawn):
        y = line + 0.19 * (place - (len(drawn) - 1) / 2)
        low, value, high = (x or 0.01 for x in (estimate.low, estimate.value, estimate.high))
        style = {"color": colour, "marker": marker, "face": face, "ms": size}
        drawing.interval(axes, y, low, value, high, **style)


def _signal_legend(
    rows: Sequence[SignalRow], sites: Sequence[SiteSummary], numbers: Numbers
) -> list[tuple[str, str, str, str]]:
    language = numbers.language
    entries = _site_legend(sites, numbers)
    entries.append((text("signals.together", language), INK, "s", INK))
    if any(row.signal.adjusted is not None for row in rows):
        entries.append((text("signals.adjusted", language), INK, "s", "white"))
    return entries


def _site_legend(sites: Sequence[SiteSummary], numbers: Numbers) -> list[tuple[str, str, str, str]]:
    return [
        (site.label.in_(numbers.language), *SITES[i % 4], SITES[i % 4][0])
        for i, site in enumerate(sites)
    ]


def _estimates(row: SignalRow) -> list[Estimate]:
    found = [s.odds_ratio for s in row.pair.sites] + [row.signal.odds_ratio]
    if row.signal.adjusted is not None:
        found.append(row.signal.adjusted.odds_ratio)
    return [e for e in found if e is not None and _drawable(e)]


def _drawable(estimate: Estimate | None) -> bool:
    if estimate is None:
        return False
    return all(
        x is not None and math.isfinite(x) and x > 0
        for x in (estimate.value, estimate.low, estimate.high)
    )


def _any(row: PrevalenceRow) -> bool:
    return any(site is not None and _drawable(site.per_10000) for site in row.sites)


def _values(row: PrevalenceRow) -> list[float]:
    rates = [site.per_10000 for site in row.sites if site is not None]
    found = [x for r in rates if r is not None and _drawable(r) for x in (r.low, r.high) if x]
    if row.eurocat is not None:
        found.append(row.eurocat.per_10000)
    return [PER_1000 * x for x in found]
