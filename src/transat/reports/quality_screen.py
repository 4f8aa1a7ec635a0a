"""A judgement on one screen of a terminal: the verdict, the counts, the first failures."""

from __future__ import annotations

from collections import Counter

from transat.core.languages import Language
from transat.quality.dqd_shown import by_category
from transat.quality.finding import STATUSES
from transat.quality.report import Judgement
from transat.reports.numbers import Numbers
from transat.reports.quality_page import answer, obstacle_rows
from transat.reports.texts import text

#: Failures and warnings told in words, at most; the page tells the others.
TOLD = 5
#: Obstacles told, at most.
OBSTACLES = 5


def screen(said: Judgement, language: Language) -> list[str]:
    """The lines, at most 24."""
    numbers = Numbers(language)
    lines = [
        text("quality.title", language, source=said.source),
        text("quality.may_run" if said.verdict.may_run else "quality.may_not_run", language),
    ]
    for row in obstacle_rows(said.verdict.obstacles)[:OBSTACLES]:
        where = f" ({row.places})" if row.places else ""
        lines.append(f"  ✗ {row.title.in_(language)}{where} – {row.reason.in_(language)}")
    counted = Counter(f.status for f in said.findings)
    ended = ", ".join(
        f"{text(f'quality.{status}', language)} {numbers.count(counted[status])}"
        for status in STATUSES
    )
    lines += ["", _titled("quality.contents_checks", ended, language)]
    worst = [f for f in said.findings if f.status in ("fail", "warn")]
    for finding in sorted(worst, key=lambda f: STATUSES.index(f.status))[:TOLD]:
        sign = "✗" if finding.status == "fail" else "!"
        lines.append(f"  {sign} {finding.check.title.in_(language)} – {answer(language, finding)}")
        lines.append(f"    {finding.check.next_step.in_(language)}")
    failures = ", ".join(
        f"{text(f'quality.{category}', language)} {numbers.count(sum(len(g.failed) for g in of))}"
        for category, of in by_category(said.dqd).items()
    )
    all_ = numbers.count(len(said.dqd))
    lines += ["", text("quality.screen_dqd", language, failures=failures, all=all_)]
    return lines


def _titled(key: str, rest: str, language: Language) -> str:
    colon = "\u00a0: " if language == "fr" else ": "
    return f"{text(key, language)}{colon}{rest}"
