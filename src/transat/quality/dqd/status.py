"""From counts to statuses: thresholds, then what is not applicable.

After DQD's evaluateThresholds.R and calculateNotApplicableStatus.R, all checks being run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from transat.core.languages import Text
from transat.quality.dqd.catalogue import Check
from transat.quality.dqd.question import Column, Question
from transat.quality.dqd.result import DqdCheck, Status
from transat.quality.dqd.views import Present

_CONDITIONS = "condition_occurrence"


@dataclass(frozen=True, slots=True)
class Counted:
    """A check with its counts, or the reason why it has none."""

    check: Check
    violated: int | None
    denominator: int | None
    reason: Text | None = None

    @property
    def beyond(self) -> bool:
        """Whether more rows violate it than its threshold allows."""
        if self.violated is None or self.denominator is None:
            return False
        if not self.check.threshold:
            return self.violated > 0
        share = self.violated / self.denominator if self.denominator else 0.0
        return 100.0 * share > self.check.threshold


def lacking(check: Check, question: Question, present: Present) -> Text | None:
    """What the check would read and the folder has not; None when all is there."""
    for table, name in ((check.table, check.field), *question.needs):
        if not present.has(table):
            return _absent(table)
        if not present.has(table, name):
            return _absent(table, name)
    return None


def judged(counted: Sequence[Counted], present: Present) -> tuple[DqdCheck, ...]:
    """Every check with its status."""
    empty = _Emptiness(counted)
    return tuple(_judged(c, present, empty) for c in counted)


class _Emptiness:
    """Tables without a row and columns without a value, as measureValueCompleteness counts them."""

    def __init__(self, counted: Sequence[Counted]) -> None:
        asked = [c for c in counted if c.check.type.name == "measureValueCompleteness"]
        self.tables = {c.check.table for c in asked if c.denominator == 0}
        self.columns: set[Column] = {
            (c.check.table, c.check.field)
            for c in asked
            if c.denominator is not None and c.violated == c.denominator
        }


def _judged(counted: Counted, present: Present, empty: _Emptiness) -> DqdCheck:
    check, error = counted.check, counted.violated is None
    not_applicable = _not_applicable(counted, present, empty)
    status: Status = "passed"
    asks_existence = check.type.name in ("cdmTable", "cdmField")
    if not_applicable:
        status = "not_applicable"
    elif error and asks_existence:
        status = "failed"
    elif error:
        status = "error"
    elif counted.beyond:
        status = "failed"
    reason = not_applicable or counted.reason
    return DqdCheck(
        check, counted.violated, counted.denominator, status, reason, error and not asks_existence
    )


def _not_applicable(counted: Counted, present: Present, empty: _Emptiness) -> Text | None:
    """Why a check does not apply; None when it does. The order of the rules is DQD's."""
    check = counted.check
    table, name = check.table, check.type.name
    if name == "measureConditionEraCompleteness":
        nothing = not present.has(_CONDITIONS) or _CONDITIONS in empty.tables
        return _empty_table(_CONDITIONS) if nothing else None
    if name == "cdmTable":
        return None
    if not present.has(table):
        return _absent(table)
    if name in ("measurePersonCompleteness", "cdmField"):
        return None
    if not present.has(table, check.field):
        return _absent(table, check.field)
    return None if counted.violated is None else _nothing_to_check(counted, empty)


def _nothing_to_check(counted: Counted, empty: _Emptiness) -> Text | None:
    check = counted.check
    if check.table in empty.tables:
        return _empty_table(check.table)
    if check.type.name == "measureValueCompleteness":
        return None
    if (check.table, check.field) in empty.columns:
        return _empty_column(check.table, check.field)
    unused = check.type.level == "CONCEPT" and counted.denominator == 0
    return _no_concept(check) if unused else None


def _absent(table: str, column: str = "") -> Text:
    if column:
        named = f"{table}.{column}"
        return Text(f"La colonne {named} n’existe pas.", f"Column {named} does not exist.")
    return Text(f"La table {table} n’existe pas.", f"Table {table} does not exist.")


def _empty_table(table: str) -> Text:
    return Text(f"La table {table} est vide.", f"Table {table} is empty.")


def _empty_column(table: str, column: str) -> Text:
    named = f"{table}.{column}"
    return Text(f"La colonne {named} n’est pas remplie.", f"Column {named} is not populated.")


def _no_concept(check: Check) -> Text:
    ids = ", ".join(map(str, check.concept_ids))
    return Text(
        f"{check.field}={ids} ne se trouve pas dans la table {check.table}.",
        f"{check.field}={ids} is missing from table {check.table}.",
    )
