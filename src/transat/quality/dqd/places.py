"""The columns that hold concept ids, numbered: one histogram serves all that is asked of them."""

from __future__ import annotations

from functools import cache

from transat.quality.dqd.catalogue import Check, checks, vocabulary

_OF_CONCEPTS = ("fkDomain", "fkClass", "isStandardValidConcept")


@cache
def places() -> dict[tuple[str, str], int]:
    """Number of each (table, column) whose concept ids are counted one by one.

    A vocabulary table's own keys are not, unless more is asked of them than to exist: they are as
    many as there are concepts.
    """
    found = dict.fromkeys((c.table, c.field) for c in checks() if _counted(c))
    return {column: number for number, column in enumerate(found)}


def _counted(check: Check) -> bool:
    key = check.row.get("fkTableName") == "CONCEPT" and check.type.name == "isForeignKey"
    return (
        check.type.level == "CONCEPT"
        or check.type.name in _OF_CONCEPTS
        or (key and check.table not in vocabulary())
    )


def place_of(table: str, column: str) -> int:
    """The number of one of them. Raises KeyError."""
    return places()[table, column]
