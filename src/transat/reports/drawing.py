"""SVG figures that a screen reader can announce and a closed desk can open."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING, Any

from transat.reports.numbers import Numbers, digits_for

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, GREY, RULE = "#1b2733", "#66727f", "#d5dbe1"
#: Colour and marker of each site, told apart without colour too (Okabe and Ito 2008 hues).
SITES: tuple[tuple[str, str], ...] = (
    ("#0b5a8f", "o"),
    ("#b3541e", "^"),
    ("#3f7d4e", "v"),
    ("#7a4f9a", "P"),
)

_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.edgecolor": GREY,
    "axes.linewidth": 0.6,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
}


@contextmanager
def canvas(width: float, height: float) -> Iterator[tuple[Figure, Axes]]:
    """A figure of that size in inches, with one pair of axes, in the report's style."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure, figure.add_subplot()


def svg(figure: Figure, name: str, title: str, description: str) -> str:
    """The figure as inline SVG: text kept as text, ids of its own, title and description first."""
    import matplotlib

    drawn = io.StringIO()
    with matplotlib.rc_context({**_STYLE, "svg.hashsalt": name}):
        figure.savefig(drawn, format="svg", transparent=True, metadata={"Date": None})
    body = re.sub(r"<metadata>.*?</metadata>", "", drawn.getvalue(), flags=re.DOTALL)
    body = body[body.index("<svg") :]
    body = re.sub(r'\bid="', f'id="{name}-', body)
    body = re.sub(r'(xlink:href="#|url\(#)', rf"\1{name}-", body)
    body = re.sub(r"'DejaVu Sans'[^;\"]*", "system-ui, sans-serif", body)
    body = re.sub(r'<svg width="[^"]*" height="[^"]*"', "<svg", body)
    opening, rest = body.split(">", 1)
    opening = re.sub(r' height="[^"]*pt"| width="[^"]*pt"', "", opening)
    return (
        f'{opening} role="img" aria-labelledby="{name}-title {name}-desc">'
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-desc">{escape(description)}</desc>{rest}'
    )


def rows(axes: Axes, labels: Sequence[str], bands: bool = True) -> None:
    """One horizontal line per label, the first on top; every other line is shaded."""
    count = len(labels)
    axes.set_ylim(count - 0.5, -0.5)
    axes.set_yticks(range(count), labels)
    axes.tick_params(axis="y", length=0)
    for line in range(0, count, 2) if bands else ():
        axes.axhspan(line - 0.5, line + 0.5, color="#f4f6f8", lw=0, zorder=0)


def log_ticks(axes: Axes, low: float, high: float, numbers: Numbers) -> None:
    """A logarithmic axis from `low` to `high`, ticks written in the reader's language."""
    from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

    axes.set_xscale("log")
    axes.set_xlim(low, high)
    steps = (1, 2, 5) if high / low < 300 else (1,)
    ticks = [
        step * 10.0**power
        for power in range(-6, 7)
        for step in steps
        if low <= step * 10.0**power <= high
    ]
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_major_formatter(FixedFormatter([_tick(t, numbers) for t in ticks]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.grid(axis="x", color=RULE, lw=0.5, zorder=0)
    axes.set_axisbelow(True)


def interval(axes: Axes, y: float, low: float, value: float, high: float, **style: Any) -> None:
    """A point with its interval, drawn at height y."""
    colour, marker = style.pop("color", INK), style.pop("marker", "s")
    axes.plot([low, high], [y, y], color=colour, lw=1.1, solid_capstyle="butt", zorder=2)
    face = style.pop("face", colour)
    axes.plot([value], [y], marker=marker, ms=style.pop("ms", 5), color=colour, mfc=face, zorder=3)


def legend(figure: Figure, entries: Sequence[tuple[str, str, str, str]]) -> None:
    """(label, colour, marker, face) in one line above; a face "none" stands without interval."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=colour, marker=marker, mfc=face, ms=5, label=label)
        for label, colour, marker, face in entries
    ]
    for handle, (_, _, _, face) in zip(handles, entries, strict=True):
        handle.set_linewidth(0 if face == "none" else 1.1)
    figure.legend(
        handles=handles, loc="outside upper left", ncols=len(handles), frameon=False,
        borderaxespad=0.2, handlelength=1.6, columnspacing=1.4,
    )  # fmt: skip


def _tick(value: float, numbers: Numbers) -> str:
    return numbers.decimal(value, 0 if value >= 1 else min(digits_for(value) - 1, 6))
