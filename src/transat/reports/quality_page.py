"""The page of `transat check`: the verdict, the panel, the checks, DQD, the coverage."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from transat.core.languages import LANGUAGES, Language, Text
from transat.quality.as_json import judgement as as_json
from transat.quality.checks.all import CHECKS
from transat.quality.dqd import DQD_VERSION, DqdCheck, check_types
from transat.quality.dqd_shown import by_category
from transat.quality.finding import STATUSES, Finding
from transat.quality.masking import Share, Shown, shown
from transat.quality.report import Judgement
from transat.quality.verdict import NOBODY, Obstacle
from transat.reports.coverage_page import coverage_tables
from transat.reports.coverage_rows import percent, share_text
from transat.reports.environment import environment, spoken
from transat.reports.files import write_beside
from transat.reports.numbers import ABSENT, Numbers
from transat.reports.texts import text, typeset

DATA = "quality.json"
SECTIONS = ("verdict", "readiness", "checks", "dqd", "coverage", "method")
#: Places named after an obstacle, at most; the others are in the table it links to.
PLACES = 3
#: Lines of one check's detail on the page, the last ones; all of them are in the JSON file.
MOST_PARTS = 24


@dataclass(frozen=True, slots=True)
class PanelRow:
    """One line of the data-readiness panel; `anchor` is where its check is told."""

    name: str
    value: str
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class ObstacleRow:
    """A check that forbids a study, with the places where it fails."""

    title: Text
    places: str
    reason: Text
    anchor: str


def page_name(language: Language) -> str:
    """Name of the page in one language."""
    return f"quality.{language}.html"


def write_judgement(said: Judgement, out: Path) -> list[Path]:
    """Write `quality.fr.html`, `quality.en.html` and `quality.json` under `out`; return the pages.

    `out` is made when absent.
    """
    out.mkdir(parents=True, exist_ok=True)
    write_beside(out / DATA, data(said))
    return [
        write_beside(out / page_name(language), judgement_page(said, language))
        for language in LANGUAGES
    ]


def data(said: Judgement) -> str:
    """The judgement as JSON text; small counts are null."""
    return json.dumps(as_json(said), ensure_ascii=False, indent=2) + "\n"


def judgement_page(said: Judgement, language: Language) -> str:
    """The whole page as one HTML document that loads nothing."""
    numbers, words = Numbers(language), spoken(language)
    told = sorted(map(shown, said.findings), key=lambda s: STATUSES.index(s.finding.status))
    statuses = Counter(f.status for f in said.findings)
    headings = {
        "verdict": "quality.contents_verdict",
        "readiness": "quality.contents_ready",
        "checks": "quality.contents_checks",
        "dqd": "quality.contents_dqd",
        "coverage": "quality.contents_coverage",
        "method": "quality.contents_method",
    }
    return environment().get_template("judgement.html.j2").render(
        **words,
        **coverage_tables({said.name: said.coverage}, language),
        coverage_files=(),
        title=text("quality.title", language, source=said.source),
        purpose=text("quality.purpose", language),
        simulated=said.simulated,
        other_file=page_name(words["other"]),
        sections=[(name, text(headings[name], language)) for name in SECTIONS],
        judgement=said,
        obstacles=obstacle_rows(said.verdict.obstacles),
        counted={status: statuses[status] for status in STATUSES},
        panel=panel(said, language),
        looked=[s for s in told if s.finding.denominator],
        unlooked=[s for s in told if not s.finding.denominator],
        dqd=by_category(said.dqd),
        dqd_counts=said.dqd.by_status(),
        dqd_types=len(check_types()),
        dqd_version=DQD_VERSION,
        colon="\u00a0: " if language == "fr" else ": ",
        percent=partial(_percent, numbers),
        answer=partial(_answer, language),
        place=place,
        sentence=partial(_sentence, language),
        most=MOST_PARTS,
    )  # fmt: skip


def place(check: DqdCheck) -> str:
    """Where a check looks: table, column, concepts."""
    where = f"{check.table}.{check.field}" if check.field else check.table
    return " ".join((where, *map(str, check.concept_ids[:1])))


def obstacle_rows(obstacles: tuple[Obstacle, ...]) -> tuple[ObstacleRow, ...]:
    """One line a check and reason, its places together."""
    titles = {check.key: check.title for check, _ in CHECKS}
    grouped: dict[tuple[str, Text], list[str]] = {}
    for obstacle in obstacles:
        grouped.setdefault((obstacle.check, obstacle.reason), []).append(obstacle.where)
    rows = []
    for (check, reason), places in grouped.items():
        ours = check in titles or check == NOBODY
        named = ", ".join(p for p in places[:PLACES] if p) if not ours else ""
        more = "…" if len(places) > PLACES else ""
        anchor = f"check-{check}" if check in titles else f"dqd-{check}"
        title = titles.get(check, Text("personne", "nobody") if ours else Text(check, check))
        rows.append(
            ObstacleRow(title, named + more, reason, "readiness" if check == NOBODY else anchor)
        )
    return tuple(rows)


def panel(said: Judgement, language: Language) -> tuple[PanelRow, ...]:
    """The panel of data_sources.md §7, each line with the way to its check."""
    ready = said.readiness
    expected = len(ready.received) + len(ready.missing)
    tables = text(
        "quality.tables_value",
        language,
        received=Numbers(language).count(len(ready.received)),
        expected=Numbers(language).count(expected),
    )
    if ready.missing:
        names = text("quality.tables_missing", language, names=", ".join(ready.missing))
        tables = f"{tables} ({names})"
    name = "quality.tables_native" if ready.native else "quality.tables_omop"
    years = ABSENT
    if ready.years:
        first, last = map(str, ready.years)
        years = text("quality.years_value", language, first=first, last=last)
    rows = [
        PanelRow(text(name, language), tables, "lines" if ready.lines else ""),
        PanelRow(text("quality.years", language), years),
        PanelRow(text("quality.persons", language), Numbers(language).count(ready.persons)),
        PanelRow(text("quality.observed", language), _of(ready.observed, language)),
        PanelRow(text("quality.covered", language), _of(ready.covered, language),
                 "check-exposure_outside_coverage"),
    ]  # fmt: skip
    if ready.lines:
        kept = percent(ready.kept, Numbers(language))
        rows.append(PanelRow(text("quality.lines", language), kept, "lines"))
    rows.extend(_finding_rows(said, language))
    rows.extend(_coverage_rows(said, language))
    rows.append(
        PanelRow(text("quality.export", language), text("quality.export_value", language), "method")
    )
    anchors = {f"check-{f.key}" for f in said.findings if f.denominator}
    return tuple(
        row if not row.anchor.startswith("check-") or row.anchor in anchors
        else PanelRow(row.name, row.value)
        for row in rows
    )  # fmt: skip


def _finding_rows(said: Judgement, language: Language) -> list[PanelRow]:
    rows = []
    for finding in said.findings:
        if finding.key in ("mother_child_linkage", "cause_of_death_linkage"):
            value = ABSENT if not finding.denominator else _of(shown(finding).share, language)
            rows.append(PanelRow(finding.check.title.in_(language), value, f"check-{finding.key}"))
        if finding.key == "series_breaks" and finding.denominator:
            rows.append(_breaks(finding, language))
    return rows


def _breaks(finding: Finding, language: Language) -> PanelRow:
    numbers = Numbers(language)
    value = text(
        "quality.breaks_value",
        language,
        count=numbers.count(finding.numerator),
        of=numbers.count(finding.denominator),
    )
    return PanelRow(finding.check.title.in_(language), value, f"check-{finding.key}")


def _coverage_rows(said: Judgement, language: Language) -> list[PanelRow]:
    numbers = Numbers(language)
    rows = []
    for domain in said.coverage:
        for target, mapped in (
            (domain.vocabulary, domain.shared),
            (text("coverage.standard", language), domain.standard),
        ):
            if mapped is not None:
                name = text("quality.mapped_to", language, vocabulary=target, domain=domain.domain)
                value = text(
                    "quality.mapped_value",
                    language,
                    records=share_text(mapped.records, numbers),
                    persons=share_text(mapped.persons, numbers),
                )
                rows.append(PanelRow(name, value, "coverage"))
    return rows


def _of(share: Share, language: Language) -> str:
    numbers = Numbers(language)
    if share.denominator is None or share.numerator is None:
        return text("quality.of_masked", language)
    return text(
        "quality.of",
        language,
        count=numbers.count(share.numerator),
        of=numbers.count(share.denominator),
        share=percent(share.value or 0.0, numbers),
    )


def _sentence(language: Language, said: Text) -> str:
    told = typeset(said.in_(language), language)
    return f"{told[:1].upper()}{told[1:]}" + ("" if told.endswith(".") else ".")


def _percent(numbers: Numbers, value: float | None) -> str:
    return percent(value, numbers)


def answer(language: Language, finding: Finding) -> str:
    """The finding in one sentence, small counts masked."""
    return _answer(language, shown(finding))


def _answer(language: Language, said: Shown) -> str:
    if not said.finding.check.people:
        numbers = Numbers(language)
        counted = text(
            "quality.of",
            language,
            count=numbers.count(said.share.numerator),
            of=numbers.count(said.share.denominator),
            share=percent(said.share.value, numbers),
        )
    else:
        counted = _of(said.share, language)
    colon = "\u00a0: " if language == "fr" else ": "
    unit = said.finding.check.unit.in_(language)
    return f"{unit[:1].upper()}{unit[1:]}{colon}{counted}."
