"""The figures of the report: curves, calibration, net benefit, and the emulated trial's forest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from transat.reports import drawing
from transat.reports.aortic_stenosis.words import Words
from transat.reports.drawing import GREY, SITES
from transat.reports.texts import text
from transat.studies.aortic_stenosis.results import (
    CurveTold,
    Figure,
    TrialTold,
    ValidationTold,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def curves(told: Sequence[CurveTold], outcome: str, words: Words) -> str | None:
    """Cumulative incidence of an outcome's first event: a colour by site, a dash by group; None
    where no site tells any."""
    kept = [c for c in told if c.outcome == outcome and c.site is not None]
    kept = [c for c in kept if c.kind == kept[0].kind and c.edges]
    if not kept:
        return None
    sites, groups = _unique(c.site or "" for c in kept), _unique(c.group for c in kept)
    dashes = ("-", "--", ":")
    with drawing.canvas(7.6, 3.4) as (figure, axes):
        for curve in kept:
            colour = SITES[sites.index(curve.site or "") % len(SITES)][0]
            dash = dashes[groups.index(curve.group) % len(dashes)]
            label = ", ".join(
                part
                for part in (
                    words.site(curve.site),
                    words.group(curve.group) if curve.group else "",
                )
                if part
            )
            share = [0.0, *(100 * f for f in curve.incidence)]
            # Between two edges nothing is known, so no step is drawn there.
            axes.plot([0.0, *curve.edges], share, color=colour, ls=dash, marker=".", label=label)
        axes.set_xlabel(text("valve.months_axis", words.language))
        axes.set_ylabel(text("valve.share_axis", words.language))
        _ticks(axes, words)
        axes.set_ylim(bottom=0)
        figure.legend(loc="outside upper left", ncols=2, frameon=False, fontsize=8)
        months = words.numbers.decimal(max(c.edges[-1] for c in kept), 0)
        return drawing.svg(
            figure,
            f"curves-{outcome}".replace("_", "-"),
            text("valve.curves_figure", words.language, name=words.outcome(outcome)),
            text("valve.curves_description", words.language, months=months),
        )


def calibration(told: ValidationTold, number: int, name: str, words: Words) -> str | None:
    """Observed against predicted risk, by class of risk; the diagonal is agreement."""
    levels = [level for level in told.calibration if level.observed.value is not None]
    if not levels:
        return None
    with drawing.canvas(4.2, 3.6) as (figure, axes):
        most = 0.0
        for level in levels:
            x, shown = 100 * level.predicted, level.observed
            low, value, high = (100 * (v or 0.0) for v in _three(shown))
            axes.plot([x, x], [low, high], color=SITES[0][0], lw=1.1)
            axes.plot([x], [value], marker="o", ms=4, color=SITES[0][0])
            most = max(most, x, high)
        axes.plot([0, most], [0, most], color=GREY, lw=0.9)
        axes.set_xlabel(text("valve.predicted", words.language))
        axes.set_ylabel(text("valve.observed", words.language))
        _ticks(axes, words)
        return drawing.svg(
            figure,
            f"calibration-{number}",
            text("valve.calibration", words.language, name=name),
            text("valve.calibration_description", words.language, levels=len(levels)),
        )


def decisions(told: ValidationTold, number: int, name: str, words: Words) -> str | None:
    """Net benefit by threshold: of the model, of treating everybody; of nobody it is 0."""
    kept = [d for d in told.decisions if d.model.value is not None]
    if len(kept) < 2:
        return None
    language = words.language
    with drawing.canvas(4.2, 3.6) as (figure, axes):
        x = [100 * d.threshold for d in kept]
        shown = [100 * (d.model.value or 0.0) for d in kept]
        axes.plot(x, shown, color=SITES[0][0], marker="o", ms=4)
        axes.plot(x, [100 * d.all for d in kept], color=SITES[1][0], marker="^", ms=4, ls="--")
        axes.axhline(0.0, color=GREY, lw=0.9)
        axes.set_xlabel(text("valve.threshold", language))
        axes.set_ylabel(text("valve.share_axis", language))
        _ticks(axes, words)
        drawing.legend(
            figure,
            [
                (text("valve.by_model", language), SITES[0][0], "o", SITES[0][0]),
                (text("valve.by_all", language), SITES[1][0], "^", SITES[1][0]),
            ],
        )
        return drawing.svg(
            figure,
            f"decision-{number}",
            text("valve.decision", language, name=name),
            text("valve.decision_description", language),
        )


def trial(told: TrialTold, words: Words) -> str | None:
    """The emulated hazard ratio beside the published ones, on a logarithmic axis."""
    rows = [(text("valve.trial_ours", words.language), told.hazard_ratio)]
    rows += [(b.label.in_(words.language), b.figure) for b in told.published]
    drawn = [(label, _three(figure)) for label, figure in rows if _whole(figure)]
    if not drawn:
        return None
    with drawing.canvas(7.6, 0.9 + 0.42 * len(drawn)) as (figure, axes):
        drawing.rows(axes, [label for label, _ in drawn])
        for line, (_, (low, value, high)) in enumerate(drawn):
            style = {"color": SITES[0][0], "marker": "s"} if line == 0 else {"color": GREY}
            drawing.interval(axes, line, low or value or 1.0, value or 1.0, high or 1.0, **style)
        limits = [v for _, three in drawn for v in three if v]
        low, high = min([*limits, 0.5]) / 1.2, max([*limits, 1.5]) * 1.2
        drawing.log_ticks(axes, low, high, words.numbers)
        axes.axvline(1.0, color=GREY, lw=0.9, zorder=1)
        axes.set_xlabel(text("valve.ratio", words.language))
        return drawing.svg(
            figure,
            "trial",
            text("valve.trial_figure", words.language),
            text("valve.trial_description", words.language, trials=len(drawn)),
        )


def _three(figure: Figure) -> tuple[float | None, float | None, float | None]:
    value = figure.value
    return figure.low if figure.low is not None else value, value, (
        figure.high if figure.high is not None else value
    )  # fmt: skip


def _whole(figure: Figure) -> bool:
    return figure.value is not None and figure.value > 0


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _ticks(axes: Axes, words: Words) -> None:
    """Ticks of both axes as the reader's language writes numbers."""
    from matplotlib.ticker import FuncFormatter

    def written(value: float, _: int) -> str:
        return words.numbers.decimal(value, 0 if float(value).is_integer() else 1)

    axes.xaxis.set_major_formatter(FuncFormatter(written))
    axes.yaxis.set_major_formatter(FuncFormatter(written))
    axes.grid(color="#d5dbe1", lw=0.5)
    axes.set_axisbelow(True)
