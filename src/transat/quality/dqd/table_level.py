"""The four types of table level, after DQD's table_*.sql."""

from __future__ import annotations

from transat.quality.dqd.catalogue import Check
from transat.quality.dqd.question import (
    Question,
    Relation,
    Sum,
    column,
    every_row,
    rows,
    view,
)


def cdm_table(check: Check) -> Question:
    """Whether the table exists is seen before any query; an existing one violates nothing."""
    return Question(0, 1)


def person_completeness(check: Check) -> Question:
    """Persons without a row in the table."""
    without = Relation(
        f"{view('person')} p WHERE p.person_id IS NOT NULL AND NOT EXISTS "
        f"(SELECT 1 FROM {view(check.table)} c WHERE c.person_id = p.person_id)",
        check.table,
        (("person", ""),),
    )
    return Question(
        every_row(without),
        every_row(rows("person")),
        (("person", "person_id"), (check.table, "person_id")),
    )


def condition_era_completeness(check: Check) -> Question:
    """Persons with a coded condition and no condition era."""
    coded = "condition_occurrence"
    people = f"(SELECT DISTINCT person_id FROM {view(coded)} WHERE condition_concept_id <> 0) o"
    filled = ((coded, "condition_concept_id"),)
    without = Relation(
        f"{people} WHERE o.person_id IS NOT NULL AND NOT EXISTS "
        f"(SELECT 1 FROM {view(check.table)} c WHERE c.person_id = o.person_id)",
        check.table,
        filled,
    )
    return Question(
        every_row(without),
        Sum(Relation(people, check.table, filled), "count(o.person_id)"),
        ((coded, "condition_concept_id"), (coded, "person_id"), (check.table, "person_id")),
    )


def observation_period_overlap(check: Check) -> Question:
    """Persons two of whose observation periods overlap, or follow without a day between."""
    table = "observation_period"
    key, start, end = (f"{table}_{x}" for x in ("id", "start_date", "end_date"))
    pairs = Relation(
        f"{view(table)} a JOIN {view(table)} b ON a.person_id = b.person_id AND a.{key} <> b.{key}",
        table,
        ((table, key),),
    )
    touching = (
        f"(a.{start} <= b.{end} AND a.{end} >= b.{start}) "
        f"OR a.{end} + 1 = b.{start} OR b.{end} + 1 = a.{start}"
    )
    return Question(
        Sum(pairs, f"count(DISTINCT a.person_id) FILTER (WHERE {touching})"),
        Sum(rows(table), f"count(DISTINCT {column('person_id')})"),
        tuple((table, c) for c in (key, "person_id", start, end)),
    )
