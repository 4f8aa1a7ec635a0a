"""What the checks found: one `DqdCheck` each, and the whole as a `DqdResult`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from transat.core.languages import Text
from transat.quality.dqd.catalogue import Category, Check, Context, Level, Severity

#: What became of a check, worst first. `error`: it could not be asked (see its reason).
Status = Literal["failed", "error", "not_applicable", "passed"]
STATUSES: tuple[Status, ...] = ("failed", "error", "not_applicable", "passed")


@dataclass(frozen=True, slots=True)
class DqdCheck:
    """One check that was run.

    violated, denominator: exact counts, both None when the check could not be asked (absent table
    or column); mask them before they are shown.
    reason: why it is not applicable or in error, else None.
    error: the query could not be asked. DQD says so beside the status: a check of an absent
    column is an error and not applicable.
    """

    check: Check
    violated: int | None
    denominator: int | None
    status: Status
    reason: Text | None = None
    error: bool = False

    @property
    def id(self) -> str:
        """DQD's `checkId`."""
        return self.check.id

    @property
    def name(self) -> str:
        """DQD's `checkName`, one of the 27."""
        return self.check.type.name

    @property
    def level(self) -> Level:
        """TABLE, FIELD or CONCEPT."""
        return self.check.type.level

    @property
    def table(self) -> str:
        """The OMOP table, lower case."""
        return self.check.table

    @property
    def field(self) -> str:
        """The column, lower case; empty at table level."""
        return self.check.field

    @property
    def concept_id(self) -> int | None:
        """The concept of a concept-level check about one concept only."""
        ids = self.check.concept_ids
        return ids[0] if len(ids) == 1 else None

    @property
    def concept_ids(self) -> tuple[int, ...]:
        """The concepts of a concept-level check."""
        return self.check.concept_ids

    @property
    def percent(self) -> float | None:
        """Violated rows in percent of the denominator, 0 when there is none."""
        if self.violated is None or self.denominator is None:
            return None
        return 100.0 * self.violated / self.denominator if self.denominator else 0.0

    @property
    def threshold(self) -> float | None:
        """Percent above which it fails; None or 0: one violated row is enough."""
        return self.check.threshold

    @property
    def context(self) -> Context:
        """Kahn's context."""
        return self.check.type.context

    @property
    def category(self) -> Category:
        """Kahn's category."""
        return self.check.type.category

    @property
    def subcategory(self) -> str:
        """Kahn's subcategory, empty where DQD gives none."""
        return self.check.type.subcategory

    @property
    def severity(self) -> Severity:
        """fatal: the model itself is broken; convention: OMOP's rules; characterization: a fact."""
        return self.check.type.severity

    @property
    def meaning(self) -> Text:
        """What the violated rows are, in both languages."""
        return self.check.type.meaning


@dataclass(frozen=True, slots=True)
class DqdResult:
    """All the checks of one CDM, in DQD's order.

    today: the day that stands for "now" in checks of the future.
    metadata: the line of `cdm_source`, empty when there is none.
    seconds: wall time of the queries, by the table whose checks they serve.
    """

    checks: tuple[DqdCheck, ...]
    today: date
    metadata: Mapping[str, Any]
    seconds: Mapping[str, float]

    def __iter__(self) -> Iterator[DqdCheck]:
        return iter(self.checks)

    def __len__(self) -> int:
        return len(self.checks)

    def by_status(self) -> dict[Status, int]:
        """How many checks ended each way."""
        counted = Counter(c.status for c in self.checks)
        return {status: counted[status] for status in STATUSES}

    def failed(self, severity: Severity | None = None) -> tuple[DqdCheck, ...]:
        """The failed checks, of one severity or of all."""
        return tuple(
            c for c in self.checks if c.status == "failed" and severity in (None, c.severity)
        )

    def one(
        self, name: str, table: str, field: str = "", concept_id: int | None = None
    ) -> DqdCheck:
        """The check of that name. Raises KeyError when there is none."""
        for c in self.checks:
            if (c.name, c.table, c.field) == (name, table, field) and (
                concept_id is None or concept_id in c.concept_ids
            ):
                return c
        raise KeyError((name, table, field, concept_id))
