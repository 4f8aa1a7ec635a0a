"""Field level, conformance: what a column holds against what the model says it holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from transat.quality.dqd.catalogue import Check, fields
from transat.quality.dqd.joins import linked, visits, with_births
from transat.quality.dqd.places import place_of, places
from transat.quality.dqd.question import (
    HISTOGRAM,
    Groups,
    Question,
    Relation,
    Sum,
    Tally,
    column,
    count_where,
    empty_rows,
    every_row,
    filled_rows,
    rows,
    view,
)

#: Suffix of the views' extra column: true where a value is not an integer made of digits.
WRONG: Final = "__wrong"


def cdm_field(check: Check) -> Question:
    """Whether the column exists is seen before any query; an existing one violates nothing."""
    return Question(0, 1)


def is_required(check: Check) -> Question:
    """Empty cells of a required column (and, with the same sums, of any column)."""
    return Question(empty_rows(check.table, check.field), every_row(rows(check.table)))


def cdm_datatype(check: Check) -> Question:
    """Values that are not made of digits only: DQD's own test on DuckDB, a minus sign fails it."""
    everything = rows(check.table)
    wrong = count_where(everything, column(check.field + WRONG))
    return Question(wrong, every_row(everything))


def is_primary_key(check: Check) -> Question:
    """Rows whose identifier another row has too."""
    key = column(check.field)
    twice = Relation(
        f"(SELECT count(*) AS n FROM {view(check.table)} c WHERE {key} IS NOT NULL "
        f"GROUP BY {key} HAVING count(*) > 1) h",
        check.table,
        ((check.table, check.field),),
        _all_different(check),
    )
    return Question(Sum(twice, "sum(h.n)"), every_row(rows(check.table)))


def _all_different(check: Check) -> tuple[Sum, Sum] | None:
    """The number of different identifiers, and of identifiers.

    A set of small integers is a row of bits: 32 neighbours share one group, so that counting dense
    identifiers costs a tenth of grouping by each.
    """
    if fields()[check.table][check.field] != "integer":
        return None
    low = f"({column(check.field)} & 31)"
    bits = Relation(
        f"(SELECT bit_or(CAST(1 AS BIGINT) << CAST({low} AS INTEGER)) AS bits "
        f"FROM {view(check.table)} c GROUP BY {column(check.field)} - {low}) h",
        check.table,
    )
    return Sum(bits, "sum(bit_count(h.bits))"), filled_rows(check.table, check.field)


def is_foreign_key(check: Check) -> Question:
    """Rows that point to nothing."""
    to, key = check.row["fkTableName"].lower(), check.row["fkFieldName"].lower()
    return Question(_orphans(check, to, key), every_row(rows(check.table)), ((to, key),))


def _orphans(check: Check, to: str, key: str) -> Sum | Tally:
    if (check.table, check.field) in places():
        return _concepts(check, lambda known, *_: not known)
    own = column(check.field)
    if (to, check.field) == ("person", "person_id"):
        return count_where(with_births(check.table), f"{own} IS NOT NULL AND p.person_id IS NULL")
    if (to, check.field) == ("visit_occurrence", "visit_occurrence_id"):
        here = linked().index(check.table)
        return Tally(visits(), lambda table, known, *_: table == here and not known)
    return every_row(
        Relation(
            f"{view(check.table)} c WHERE {own} IS NOT NULL AND NOT EXISTS "
            f"(SELECT 1 FROM {view(to)} k WHERE {column(key, 'k')} = {own})",
            check.table,
            ((check.table, check.field),),
        )
    )


def fk_domain(check: Check) -> Question:
    """Rows whose concept, other than 0, is of another domain."""
    right = check.row["fkDomain"]

    def other(known: bool, zero: bool, domain: str | None, *_: object) -> bool:
        return known and not zero and domain not in (None, right)

    needs = (("concept", "concept_id"), ("concept", "domain_id"))
    return Question(_concepts(check, other), every_row(rows(check.table)), needs)


def fk_class(check: Check) -> Question:
    """Rows whose concept, other than 0, is of another class."""
    right = check.row["fkClass"]

    def other(known: bool, zero: bool, _: object, of_class: str | None, *__: object) -> bool:
        return known and not zero and of_class not in (None, right)

    needs = (("concept", "concept_id"), ("concept", "concept_class_id"))
    return Question(_concepts(check, other), every_row(rows(check.table)), needs)


def is_standard_valid_concept(check: Check) -> Question:
    """Rows whose concept, other than 0, is not standard or no longer valid."""

    def bad(known: bool, zero: bool, _: object, __: object, standard: bool) -> bool:
        return known and not zero and not standard

    needs = tuple(("concept", c) for c in ("concept_id", "standard_concept", "invalid_reason"))
    filled = filled_rows(check.table, check.field)
    return Question(_concepts(check, bad), filled, needs)


def _concepts(check: Check, true_of: Callable[..., bool]) -> Tally:
    """Rows of a concept column by what the concept is: see CONCEPTS."""
    here = place_of(check.table, check.field)
    return Tally(CONCEPTS, lambda place, *concept: place == here and true_of(*concept))


#: Rows of every column of concepts by what the concept is: place, known, zero, domain, class,
#: standard and valid. Two concepts of one id count a row twice, as in DQD's join.
CONCEPTS: Final = Groups(
    "SELECT h.place, co.concept_id IS NOT NULL, co.concept_id = 0, co.domain_id, "
    "co.concept_class_id, "
    "coalesce(co.standard_concept = 'S', false) AND co.invalid_reason IS NULL, "
    f"CAST(sum(h.n) AS BIGINT) FROM {HISTOGRAM} h "
    f"LEFT JOIN {view('concept')} co ON h.id = co.concept_id GROUP BY 1, 2, 3, 4, 5, 6",
    "concept",
)
