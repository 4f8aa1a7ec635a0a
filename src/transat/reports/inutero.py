"""The report of INuTERO: two self-contained pages that point to each other, and CSV tables.

It reads a `StudyResult`, that is, only what passed every site's gate.
"""

from __future__ import annotations

import os
from pathlib import Path

from transat.core.languages import LANGUAGES
from transat.reports import csv_tables
from transat.reports.frame import file_name
from transat.reports.page import CSV_FOLDER, page
from transat.studies.results import StudyResult


def write_report(result: StudyResult, out: Path) -> list[Path]:
    """Write `report.fr.html`, `report.en.html` and `tables/` under `out`.

    Parameters
    ----------
    result : what the study gave back.
    out : folder, made when absent. Files are written beside and renamed when complete.

    Returns
    -------
    The two pages, French first.
    """
    out.mkdir(parents=True, exist_ok=True)
    csv_tables.write_tables(result, out / CSV_FOLDER)
    pages = []
    for language in LANGUAGES:
        path = out / file_name(language)
        partial = path.with_name(path.name + ".partial")
        partial.write_text(page(result, language), encoding="utf-8")
        os.replace(partial, path)
        pages.append(path)
    return pages
