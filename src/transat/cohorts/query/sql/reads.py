"""A Read as a WITH query: one row per event, with its dates, its id and its visit."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from transat.cohorts.query.domains import DOMAINS, Domain
from transat.cohorts.query.sql.attributes import Told, column_of, day_of, own_attributes
from transat.cohorts.query.sql.filters import condition
from transat.cohorts.query.sql.layout import items, literal, plus, where

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transat.cohorts.query.model import CodeSet, Read, Shift
    from transat.cohorts.query.sql.codes import Codes

#: Columns of every event.
EVENT = ("person_id", "id", "start_date", "end_date", "visit_id")


def plain_read(asked: Read, codes: Codes, carry: Sequence[str] = (), moved: bool = False) -> str:
    """The query of the events of a Read, whatever the group around them: EVENT and what it carries.

    carry: attributes, each under `column_of`. moved: also `moved_start`, the start before
    `start_on` replaced it.
    """
    return _Plain(asked, codes).query(carry, moved)


def named(asked: Read) -> str:
    """What a Read is called, or the code set that it looks for."""
    sets = (asked.codes, asked.source_codes, asked.any_codes)
    return asked.name or next((s.name for s in sets if s is not None and s.name), "")


class _Plain:
    """A Read without the group around its events."""

    def __init__(self, asked: Read, codes: Codes) -> None:
        self.asked, self.codes = asked, codes
        self.domain = DOMAINS[asked.domain]
        self.start = self._moved(asked.start)
        self.end = self._moved(asked.end)

    def query(self, carry: Sequence[str], moved: bool) -> str:
        asked, domain = self.asked, self.domain
        own = own_attributes(domain, "e")
        event = Told("e", _grouped(self.start), _grouped(self.end), own)
        conditions = [*self._first_or_coded(), *self._known(), *self._covered()]
        conditions += [condition(one, event, self.codes) for one in asked.filters]
        start = self.start if asked.start_on is None else literal(asked.start_on)
        end = self.end if asked.end_on is None else literal(asked.end_on)
        replaced = Told("e", _grouped(start), _grouped(end), own, event.joins)
        visit = "e.visit_occurrence_id" if domain.visit else "CAST(NULL AS INTEGER)"
        columns = ["e.person_id", f"e.{domain.key} AS id", f"{start} AS start_date",
                   f"{end} AS end_date", f"{visit} AS visit_id"]  # fmt: skip
        columns += [f"{self.start} AS moved_start"] if moved else []
        columns += [f"{replaced.of(name)} AS {column_of(name)}" for name in carry]
        return f"SELECT{items(columns)}\nFROM {self._rows()}{event.joined()}{where(conditions)}"

    def _rows(self) -> str:
        """The table; when only the first event counts, its coded rows with their place."""
        domain = self.domain
        if not self.asked.first:
            return f"{domain.table} e"
        place = (
            f"row_number() OVER (\n          PARTITION BY e.person_id "
            f"ORDER BY e.{domain.start}, e.{domain.key}) AS place"
        )
        coded = where(self._coded()).replace("\n", "\n      ")
        return f"(SELECT e.*, {place}\n      FROM {domain.table} e{coded}) e"

    def _first_or_coded(self) -> list[str]:
        return ["e.place = 1"] if self.asked.first else self._coded()

    def _coded(self) -> list[str]:
        """What is asked of the row itself: a known start, and its codes."""
        asked, domain = self.asked, self.domain
        conditions = [f"e.{domain.start} IS NOT NULL"]
        either = [(column, asked.any_codes) for column in (domain.concept, domain.source_concept)]
        one = [(domain.concept, asked.codes), (domain.source_concept, asked.source_codes)]
        for column, codes in one:
            if codes is not None:
                conditions.append(self._among(column, codes))
        if asked.any_codes is not None:
            among = (self._among(c, s) for c, s in either if s is not None and c is not None)
            conditions.append(f"({' OR '.join(among) or 'false'})")
        return conditions

    def _among(self, column: str | None, codes: CodeSet) -> str:
        return "false" if column is None else self.codes.among(f"e.{column}", codes)

    def _known(self) -> list[str]:
        return [f"{self.start} IS NOT NULL"] if self.asked.start.edge == "end" else []

    def _covered(self) -> list[str]:
        days = [literal(day) for day in (self.asked.start_on, self.asked.end_on) if day is not None]
        return [f"{day} BETWEEN {self.start} AND {self.end}" for day in dict.fromkeys(days)]

    def _moved(self, shift: Shift) -> str:
        domain = self.domain
        edge = day_of(domain, domain.start) if shift.edge == "start" else end_of(domain)
        return plus(edge, shift.days)


def end_of(domain: Domain) -> str:
    """SQL of the end of an event that nothing moved."""
    start = day_of(domain, domain.start)
    known = [day_of(domain, domain.end)] if domain.end else []
    supply = [f"{start} + e.{domain.days_supply}"] if domain.days_supply else []
    length = [] if domain.length is None else [plus(start, domain.length)]
    said = [*known, *supply, *length]
    if not said:
        return "CAST(NULL AS DATE)"
    return f"coalesce({', '.join(said)})" if len(said) > 1 else said[0]


def _grouped(day: str) -> str:
    """A day as a term: in brackets when it is moved."""
    return f"({day})" if re.search(r" [+-] \d+$", day) else day


#: The two days of the observation period that holds an event.
PERIOD = """,
    o.observation_period_start_date AS period_start,
    o.observation_period_end_date AS period_end"""


def in_period(alias: str) -> str:
    """The join with each observation period that holds the start of an event."""
    return (
        f"JOIN observation_period o ON o.person_id = {alias}.person_id\n"
        f"  AND {alias}.start_date BETWEEN o.observation_period_start_date "
        "AND o.observation_period_end_date"
    )
