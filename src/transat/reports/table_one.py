"""Table 1 as a page in each language and as one CSV file with the labels of both."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from transat.cohorts.covariates.baseline import Cell, Line, TableOne
from transat.core.counts import MASKED
from transat.core.languages import LANGUAGES, Language
from transat.reports.environment import environment, spoken
from transat.reports.files import write_beside
from transat.reports.numbers import Numbers
from transat.reports.texts import text

DATA = "table_one.csv"
HEAD = (
    "covariate_id", "label_fr", "label_en", "depth", "kind", "group", "group_fr", "group_en",
    "count", "share", "mean", "standard_deviation", "median", "p25", "p75",
    "standardised_difference",
)  # fmt: skip


def page_name(language: Language) -> str:
    """Name of the page in one language."""
    return f"table_one.{language}.html"


def write_table_one(shown: TableOne, out: Path) -> list[Path]:
    """Write both pages and the CSV file under `out`, made when absent; return their paths."""
    out.mkdir(parents=True, exist_ok=True)
    pages = [
        write_beside(out / page_name(language), table_one_page(shown, language))
        for language in LANGUAGES
    ]
    return [*pages, write_beside(out / DATA, table_one_csv(shown))]


def table_one_page(shown: TableOne, language: Language) -> str:
    """The whole page as one HTML document that loads nothing."""
    words = spoken(language)
    return environment().get_template("table_one.html.j2").render(
        **words,
        title=text("table_one.title", language),
        other_file=page_name(words["other"]),
        shown=shown,
        compared=len(shown.groups) == 2,
        masked=MASKED.in_(language),
        cell_of=partial(_cell, Numbers(language)),
    )  # fmt: skip


def table_one_csv(shown: TableOne) -> str:
    """One line per line and group; decimal point, masked cells empty, groups from 1."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(HEAD)
    for line in shown.lines:
        writer.writerows(_rows(shown, line))
    return written.getvalue()


def _rows(shown: TableOne, line: Line) -> Iterator[tuple[object, ...]]:
    for place, (group, cell) in enumerate(zip(shown.groups, line.cells, strict=False), 1):
        numbers = (cell.share, cell.mean, cell.deviation, cell.median, cell.p25, cell.p75)
        last = line.difference if place == len(shown.groups) else None
        yield (
            line.covariate_id, line.label.fr, line.label.en, line.depth, line.kind, place,
            group.fr, group.en, cell.count, *map(_rounded, (*numbers, last)),
        )  # fmt: skip


def _rounded(value: float | None) -> str:
    return "" if value is None or value != value else f"{value:.6g}"


def _cell(numbers: Numbers, line: Line, cell: Cell) -> str:
    """'1,234 (12.3%)' or '54.2 (10.1), 55 [47 to 61]'; one word where it is masked."""
    if line.kind == "binary":
        if cell.count is None:
            return numbers.count(None)
        return f"{numbers.count(cell.count)} ({numbers.percent(cell.share, 1)})"
    if cell.mean is None:
        return numbers.count(None)
    one = partial(numbers.decimal, digits=1)
    quartiles = f"[{one(cell.p25)}–{one(cell.p75)}]"
    return f"{one(cell.mean)} ({one(cell.deviation)}), {one(cell.median)} {quartiles}"
