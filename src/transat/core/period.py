"""Periods of days, closed at the start and open at the end: [start, end)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Days from `start` (included) to `end` (excluded).

    Everything in Transat that spans days is closed-open; the one exception is OMOP's own
    `*_end_date` columns, which name the last day: `last_day` converts.
    """

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(f"a period cannot end before it starts: {self.start} > {self.end}")

    @property
    def days(self) -> int:
        """Number of days in the period; 0 when empty."""
        return (self.end - self.start).days

    @property
    def last_day(self) -> date:
        """The last day inside the period, as OMOP writes an end date."""
        return self.end - timedelta(days=1)

    def contains(self, day: date) -> bool:
        """Whether `day` lies in the period."""
        return self.start <= day < self.end
