"""DQD's own results file, so that its viewer and what others wrote around it read ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from transat.quality.dqd.catalogue import DQD_VERSION, Category
from transat.quality.dqd.result import DqdCheck, DqdResult

#: Violated rows and denominator as they may be written; None hides one.
Counts = Callable[[DqdCheck], tuple[int | None, int | None]]

_CATEGORIES: Final[tuple[Category, ...]] = ("Plausibility", "Conformance", "Completeness")


def exact(check: DqdCheck) -> tuple[int | None, int | None]:
    """The counts as they are: for a comparison in memory, never for a file that is passed on."""
    return check.violated, check.denominator


def document(result: DqdResult, counts: Counts) -> dict[str, Any]:
    """The content of DQD 2.8.4's JSON results: CheckResults, Metadata and Overview.

    Its shapes are kept: one-element lists, 0 and 1, percentages in 0..1, absent keys for what is
    not known. What it says of each query (`queryText`, `executionTime`) does not exist here.
    `counts` gives what may be written of each check.
    """
    return {
        "CheckResults": [_check(c, *counts(c)) for c in result],
        "Metadata": [{_camel(k): v for k, v in _metadata(result).items() if v is not None}],
        "Overview": {name: [number] for name, number in overview(result).items()},
    }


def overview(result: DqdResult) -> dict[str, float]:
    """DQD's summary: there an error and a check that does not apply count as passed in total."""
    failed = [c for c in result if c.status == "failed"]
    by_category = Counter(c.category for c in result)
    failed_by, passed_by = (
        Counter(c.category for c in result if c.status == status) for status in ("failed", "passed")
    )
    total, percent = len(result), 100.0 * len(failed) / max(len(result), 1)
    return {
        "countTotal": total,
        "countPassed": total - len(failed),
        "countErrorFailed": sum(_failed_to_run(c) for c in result),
        "countThresholdFailed": sum(c.violated is not None for c in failed),
        "countOverallFailed": len(failed),
        "percentPassed": round(100.0 - percent, 2),
        "percentFailed": round(percent, 2),
        **{f"countTotal{c}": by_category[c] for c in _CATEGORIES},
        **{f"countFailed{c}": failed_by[c] for c in _CATEGORIES},
        **{f"countPassed{c}": passed_by[c] for c in _CATEGORIES},
    }


def _failed_to_run(check: DqdCheck) -> bool:
    return check.violated is None


def _check(check: DqdCheck, violated: int | None, denominator: int | None) -> dict[str, Any]:
    known = violated is not None and denominator is not None
    share = None if not known else (violated or 0) / (denominator or 1)
    said = {
        "numViolatedRows": violated,
        "pctViolatedRows": share,
        "numDenominatorRows": denominator,
        "checkName": check.name,
        "checkLevel": check.level,
        "checkDescription": check.meaning.en,
        "cdmTableName": check.table.upper(),
        "cdmFieldName": check.field.upper() or None,
        "conceptId": ",".join(map(str, check.concept_ids)) or None,
        "sqlFile": check.check.type.sql_file,
        "category": check.category,
        "subcategory": check.subcategory or None,
        "context": check.context,
        "checkId": check.id,
        "failed": int(check.status == "failed"),
        "passed": int(check.status == "passed"),
        "isError": int(check.error),
        "notApplicable": int(check.status == "not_applicable"),
        "notApplicableReason": _reason(check, "not_applicable"),
        "error": _reason(check, "error"),
        "thresholdValue": check.threshold,
    }
    return {name: value for name, value in said.items() if value is not None}


def _reason(check: DqdCheck, status: str) -> str | None:
    return check.reason.en if check.reason is not None and check.status == status else None


def _metadata(result: DqdResult) -> dict[str, Any]:
    return {**result.metadata, "dqd_version": DQD_VERSION}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
