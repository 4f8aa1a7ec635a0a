"""The report of aortic stenosis: its pages, the cards of its models, and tables."""

from __future__ import annotations

from pathlib import Path

from transat.core.languages import LANGUAGES
from transat.reports.aortic_stenosis import csv_tables
from transat.reports.aortic_stenosis.card import card_name, card_page, documents
from transat.reports.aortic_stenosis.page import page
from transat.reports.files import write_beside
from transat.reports.frame import file_name
from transat.studies.aortic_stenosis.results import ValveResult


def write_report(result: ValveResult, out: Path) -> list[Path]:
    """Write `report.fr.html`, `report.en.html`, `model_card.*.html` and `tables/` in `out`.

    Returns the two reports, French first.

    Raises
    ------
    InputError : a model file beside the result is not one.
    """
    out.mkdir(parents=True, exist_ok=True)
    csv_tables.write_tables(result, out / csv_tables.CSV_FOLDER)
    files = documents(result, out)
    for each in LANGUAGES:
        write_beside(out / card_name(each), card_page(result, files, each))
    return [write_beside(out / file_name(each), page(result, each)) for each in LANGUAGES]
