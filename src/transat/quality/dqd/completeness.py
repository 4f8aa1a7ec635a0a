"""Field level, completeness: what is empty, and what was not mapped to a concept."""

from __future__ import annotations

from typing import Final

from transat.quality.dqd.catalogue import Check
from transat.quality.dqd.question import (
    Question,
    Relation,
    Sum,
    column,
    count_where,
    every_row,
    rows,
    view,
)

#: What optional concepts are of: an empty one counts as not mapped where `…_source_value` is there
#: (field_concept_record_completeness.sql lists them one by one).
_OPTIONAL: Final = frozenset({
    "admitted_from", "anatomic_site", "cause", "condition_status", "country", "discharged_to",
    "disease_status", "modifier", "payer", "place_of_service", "plan", "qualifier", "route",
    "specialty", "sponsor", "stop_reason", "unit",
})  # fmt: skip


def concept_record_completeness(check: Check) -> Question:
    """Rows whose concept is 0, or empty though the source says something."""
    concept, everything = column(check.field), rows(check.table)
    source = _source_value(check)
    if source is None:
        return Question(
            count_where(everything, f"{concept} = 0"), Sum(everything, f"count({concept})")
        )
    said = f"{column(source)} IS NOT NULL"
    return Question(
        count_where(everything, f"{concept} = 0 OR ({concept} IS NULL AND {said})"),
        count_where(everything, f"{concept} IS NOT NULL OR {said}"),
        ((check.table, source),),
    )


def _source_value(check: Check) -> str | None:
    stem = check.field.removesuffix("_concept_id").removesuffix("_source")
    optional = stem in _OPTIONAL and check.table != "dose_era"
    if optional or (check.table, stem) == ("provider", "gender"):
        return f"{stem}_source_value"
    return None


def source_value_completeness(check: Check) -> Question:
    """Distinct source values, empty being one, that some row maps to 0."""
    standard = check.row["standardConceptFieldName"].lower()
    values = Relation(
        f"(SELECT max(CASE WHEN {column(standard)} = 0 THEN 1 ELSE 0 END) AS zero "
        f"FROM {view(check.table)} c GROUP BY {column(check.field)}) h",
        check.table,
        ((check.table, ""),),
    )
    return Question(Sum(values, "sum(h.zero)"), every_row(values), ((check.table, standard),))
