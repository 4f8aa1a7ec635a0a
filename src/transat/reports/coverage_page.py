"""The coverage report: two pages that point to each other, one JSON file, two CSV tables."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from transat.core.languages import LANGUAGES, Language
from transat.quality.as_json import coverages
from transat.quality.mapping_coverage import Mapped
from transat.reports.coverage_rows import (
    Sites,
    coverage_rows,
    size_rows,
    unmapped_blocks,
)
from transat.reports.environment import environment, spoken
from transat.reports.files import write_beside
from transat.reports.texts import text

DATA = "coverage.json"
TABLES = ("coverage.csv", "unmapped.csv")

Cell = str | int | float | None


def page_name(language: Language) -> str:
    """Name of the page in one language."""
    return f"coverage.{language}.html"


def write_coverage(sites: Sites, out: Path) -> list[Path]:
    """Write the pages, `coverage.json` and the CSV tables under `out`; return the pages' paths."""
    out.mkdir(parents=True, exist_ok=True)
    said = json.dumps(coverages(sites), ensure_ascii=False, indent=2)
    write_beside(out / DATA, said + "\n")
    for name, table in zip(TABLES, (_shares, _codes), strict=True):
        _write_csv(out / name, table(sites))
    return [
        write_beside(out / page_name(language), coverage_page(sites, language))
        for language in LANGUAGES
    ]


def coverage_page(sites: Sites, language: Language) -> str:
    """The whole page as one HTML document that loads nothing."""
    words = spoken(language)
    title = text("coverage.title", language)
    return environment().get_template("judgement.html.j2").render(
        **words,
        **coverage_tables(sites, language),
        title=title,
        purpose=text("coverage.purpose", language),
        simulated=False,
        other_file=page_name(words["other"]),
        sections=[("coverage", text("coverage.contents", language))],
        coverage_files=(DATA, *TABLES),
    )  # fmt: skip


def coverage_tables(sites: Sites, language: Language) -> dict[str, object]:
    """What the coverage section of a page needs."""
    return {
        "sites": list(sites),
        "coverage_rows": coverage_rows(sites, language),
        "coverage_sizes": size_rows(sites),
        "unmapped": unmapped_blocks(sites, language),
    }


def _write_csv(path: Path, rows: Iterable[Sequence[Cell]]) -> None:
    partial = path.with_name(path.name + ".partial")
    with partial.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.writer(opened, lineterminator="\n")
        writer.writerows(["" if cell is None else cell for cell in row] for row in rows)
    partial.replace(path)


def _shares(sites: Sites) -> Iterable[Sequence[Cell]]:
    yield (
        "site", "domain", "target", "records", "records_mapped", "share_of_records", "persons",
        "persons_mapped", "share_of_persons",
    )  # fmt: skip
    for site, found in sites.items():
        for d in found:
            for target, mapped in ((d.vocabulary, d.shared), ("standard", d.standard)):
                if mapped is not None:
                    yield (site, d.domain, target, *_numbers(mapped))


def _numbers(mapped: Mapped) -> tuple[Cell, ...]:
    r, p = mapped.records, mapped.persons
    return (r.denominator, r.numerator, r.value, p.denominator, p.numerator, p.value)


def _codes(sites: Sites) -> Iterable[Sequence[Cell]]:
    yield ("site", "domain", "without", "vocabulary", "code", "persons", "records")
    for site, found in sites.items():
        for d in found:
            for c in d.unmapped:
                yield (site, d.domain, d.target, c.vocabulary, c.code, c.persons, c.records)
