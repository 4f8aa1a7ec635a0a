"""The four types of table level, after DQD's table_*.sql."""

from __future__ import annotations

from dataclasses import replace

from transat.quality.dqd.catalogue import Check
from transat.quality.dqd.joins import with_births
from transat.quality.dqd.question import (
    HERE,
    Question,
    Relation,
    Sum,
    column,
    count_where,
    every_row,
    filled_rows,
    rows,
    view,
)


def cdm_table(check: Check) -> Question:
    """Whether the table exists is seen before any query; an existing one violates nothing."""
    return Question(0, 1)


def person_completeness(check: Check) -> Question:
    """Persons without a row in the table."""
    alone = f"c.{HERE} IS NULL AND p.person_id IS NOT NULL"
    everyone = filled_rows("person", "person_id")
    return Question(
        replace(count_where(with_births(check.table), alone), otherwise=everyone),
        every_row(rows("person")),
        (("person", "person_id"), (check.table, "person_id")),
    )


def condition_era_completeness(check: Check) -> Question:
    """Persons with a coded condition and no condition era."""
    coded = "condition_occurrence"
    people = Relation(
        f"(SELECT DISTINCT person_id FROM {view(coded)} WHERE condition_concept_id <> 0) o "
        f"LEFT JOIN (SELECT DISTINCT person_id FROM {view(check.table)}) e "
        "ON o.person_id = e.person_id",
        check.table,
        ((coded, "condition_concept_id"),),
    )
    without = "o.person_id IS NOT NULL AND e.person_id IS NULL"
    return Question(
        count_where(people, without),
        Sum(people, "count(o.person_id)"),
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
