"""DQD's checks as a reader meets them: small counts masked, grouped by Kahn, the failed first."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from transat.core.counts import may_leave
from transat.core.languages import Text
from transat.quality.dqd.result import DqdCheck, DqdResult
from transat.quality.finding import Category
from transat.quality.masking import Share, single


@dataclass(frozen=True, slots=True)
class ShownCheck:
    """One check with the counts that may be shown."""

    check: DqdCheck
    share: Share


@dataclass(frozen=True, slots=True)
class TypeGroup:
    """The checks of one of the 27 types: what it asks, what failed, how the others ended."""

    name: str
    meaning: Text
    next_step: Text
    failed: tuple[ShownCheck, ...]
    passed: int
    not_applicable: int
    errors: int


@cache
def next_steps() -> dict[str, Text]:
    """What to do when a check of each of the 27 types fails."""
    text = files("transat.quality").joinpath("next_steps.csv").read_text("utf-8")
    return {r["check"]: Text(r["fr"], r["en"]) for r in csv.DictReader(text.splitlines())}


def shown_checks(result: DqdResult) -> tuple[ShownCheck, ...]:
    """Every check; a denominator that differs by 1 to 10 from another of its table is masked.

    A table's checks count its rows and the filled rows of its columns: two of them tell, by
    subtraction, how many rows a column leaves empty.
    """
    tables: dict[str, list[int]] = {}
    for check in result:
        if check.denominator is not None:
            tables.setdefault(check.table, []).append(check.denominator)
    tellable = {table: _far_apart(counts) for table, counts in tables.items()}
    return tuple(ShownCheck(c, _share(c, tellable.get(c.table, frozenset()))) for c in result)


def _far_apart(counts: Iterable[int]) -> frozenset[int]:
    """The counts that may be shown together, the largest first."""
    kept: list[int] = []
    for count in sorted(set(counts), reverse=True):
        if may_leave(count) and all(may_leave(other - count) for other in kept):
            kept.append(count)
    return frozenset(kept)


def _share(check: DqdCheck, tellable: frozenset[int]) -> Share:
    if check.violated is None or check.denominator is None:
        return Share(None, None)
    if check.name in ("cdmTable", "cdmField"):  # one table or column, there or not
        return Share(check.violated, check.denominator)
    if check.denominator not in tellable:
        return Share(None, None)
    return single(check.violated, check.denominator)


def by_category(result: DqdResult) -> dict[Category, tuple[TypeGroup, ...]]:
    """The types of each of Kahn's categories, those with failures first."""
    names: dict[Category, list[str]] = {"conformance": [], "completeness": [], "plausibility": []}
    checks: dict[str, list[ShownCheck]] = {}
    for one in shown_checks(result):
        if one.check.name not in checks:
            names[_category(one.check)].append(one.check.name)
        checks.setdefault(one.check.name, []).append(one)
    return {
        category: tuple(
            sorted((_group(n, checks[n]) for n in of), key=lambda g: (not g.failed, g.name))
        )
        for category, of in names.items()
    }


def _category(check: DqdCheck) -> Category:
    return {
        "Conformance": "conformance",
        "Completeness": "completeness",
        "Plausibility": "plausibility",
    }[check.category]  # type: ignore[return-value]


def _group(name: str, checks: list[ShownCheck]) -> TypeGroup:
    ended = [c.check.status for c in checks]
    failed = sorted(
        (c for c in checks if c.check.status == "failed"),
        key=lambda c: (-(c.check.percent or 0.0), c.check.id),
    )
    return TypeGroup(
        name=name,
        meaning=checks[0].check.meaning,
        next_step=next_steps()[name],
        failed=tuple(failed),
        passed=ended.count("passed"),
        not_applicable=ended.count("not_applicable"),
        errors=ended.count("error"),
    )
