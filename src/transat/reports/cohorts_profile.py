"""The page of one person's records, for the data's holder alone: it says so, and is not masked."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from transat.cohorts.inspect.profile import TABLES, Period, Profile, Record, gather
from transat.core.languages import Language
from transat.reports import drawing
from transat.reports.drawing import GREY, INK, SITES
from transat.reports.environment import environment, spoken
from transat.reports.texts import text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from transat.engines.cdm import Cdm

_YEAR: Final = 365.25
#: Characters of a cohort's name beside the figure.
_LONGEST: Final = 34


def profile(cdm: Cdm, person_id: int, language: Language, cohorts: Path | None = None) -> str:
    """One person's time line and records as one HTML document that loads nothing.

    cohorts: a folder that `transat cohort` wrote on this CDM. Raises InputError when the CDM holds
    no such person.
    """
    return profile_page(gather(cdm, person_id, cohorts), language)


def write_profile(page: str, out: Path) -> Path:
    """Write the page at `out`, readable by its owner alone; return the path."""
    partial = out.with_name(out.name + ".partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(page)
    partial.replace(out)
    return out


def profile_page(found: Profile, language: Language) -> str:
    """The page of what was gathered."""
    figure = _figure(found, language)
    return environment().get_template("profile.html.j2").render(
        **spoken(language),
        profile=found,
        # Written by matplotlib from days and names; its labels are escaped there.
        figure=None if figure is None else Markup(figure),
    )  # fmt: skip


def _figure(found: Profile, language: Language) -> str | None:
    """A line per cohort and per table with records; None when nothing is dated."""
    tables = [t for t in TABLES if any(r.table == t for r in found.records)]
    names = list(dict.fromkeys(p.name for p in found.cohorts if p.name))
    labels = [_short(name.in_(language)) for name in names]
    labels += [text(f"record.{t}", language) for t in tables]
    if not labels:
        return None
    with drawing.canvas(7.6, 0.8 + 0.34 * len(labels)) as (figure, axes):
        drawing.rows(axes, labels, bands=False)
        for period in found.observed:
            axes.axvspan(_x(period.start), _x(period.end) + 1 / _YEAR, color="#e9f0f5", lw=0)
        for line, name in enumerate(names):
            _bars(axes, line, [p for p in found.cohorts if p.name == name], INK)
        for line, table in enumerate(tables, len(names)):
            own = [r for r in found.records if r.table == table]
            _bars(axes, line, own, SITES[line % len(SITES)][0])
        _years(axes)
        return drawing.svg(
            figure,
            "profile-figure",
            text("profile.figure", language),
            text("profile.figure_description", language),
        )


def _bars(axes: Axes, line: int, spans: list[Record] | list[Period], colour: str) -> None:
    lasting = [s for s in spans if s.end > s.start]
    starts = [_x(s.start) for s in lasting]
    lengths = [_x(s.end) - a for s, a in zip(lasting, starts, strict=True)]
    axes.barh([line] * len(lasting), lengths, left=starts, height=0.3, color=colour, alpha=0.55)
    days = [_x(s.start) for s in spans]
    axes.vlines(days, line - 0.24, line + 0.24, color=colour, lw=0.9)


def _years(axes: Axes) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(nbins=10, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda year, _: f"{year:.0f}"))
    axes.tick_params(axis="x", color=GREY)


def _x(day: date) -> float:
    """A day as a year and its fraction."""
    return day.year + (day.timetuple().tm_yday - 1) / _YEAR


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST else f"{label[: _LONGEST - 1]}…"
