"""The report of aortic stenosis: two self-contained pages that point to each other, and tables."""

from __future__ import annotations

from pathlib import Path

from transat.core.languages import LANGUAGES
from transat.reports.aortic_stenosis import csv_tables
from transat.reports.aortic_stenosis.page import page
from transat.reports.files import write_beside
from transat.reports.frame import file_name
from transat.studies.aortic_stenosis.results import ValveResult


def write_report(result: ValveResult, out: Path) -> list[Path]:
    """Write `report.fr.html`, `report.en.html` and `tables/` under `out`.

    Returns the two pages, French first.
    """
    out.mkdir(parents=True, exist_ok=True)
    csv_tables.write_tables(result, out / csv_tables.CSV_FOLDER)
    return [write_beside(out / file_name(each), page(result, each)) for each in LANGUAGES]
