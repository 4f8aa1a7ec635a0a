"""ConceptSets: what the numbers of a definition's criteria stand for."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from transat.cohorts.circe.faults import malformed
from transat.cohorts.circe.values import concept_id, flag, items, members, whole, words
from transat.cohorts.query.model import CodeSet, ConceptItem

ConceptSets = dict[int, CodeSet]

_SET: Final = frozenset(("id", "name", "expression"))
_EXPRESSION: Final = frozenset(("items",))
_ITEM: Final = frozenset(("concept", "isExcluded", "includeDescendants", "includeMapped"))
_FLAGS: Final = frozenset((bool,))
#: The same concepts come again in most definitions of a library: one object for each.
_item = lru_cache(maxsize=1 << 16)(ConceptItem)


def concept_sets(value: Any, path: str) -> ConceptSets:
    """Every concept set by its id. Raises DefinitionMalformed when two share one."""
    found: ConceptSets = {}
    for n, one in enumerate(items(value, path)):
        here = f"{path}[{n}]"
        said = members(one, here, _SET)
        number = whole(said.get("id"), f"{here}.id")
        if number in found:
            raise malformed(
                f"{here}.id",
                f"deux ensembles de concepts portent le numéro {number}.",
                f"two concept sets have the number {number}.",
            )
        found[number] = _concept_set(said, here)
    return found


def _concept_set(said: dict[str, Any], path: str) -> CodeSet:
    name = said.get("name")
    inside = members(said.get("expression"), f"{path}.expression", _EXPRESSION)
    if "items" not in inside:
        raise malformed(
            f"{path}.expression",
            "cet ensemble de concepts n'a pas de liste « items ».",
            'this concept set has no list "items".',
        )
    here = f"{path}.expression.items"
    lines = items(inside["items"], here)
    return CodeSet(
        tuple([_concept_item(line, here, n) for n, line in enumerate(lines)]),
        name="" if name is None else words(name, f"{path}.name"),
    )


def _concept_item(line: Any, path: str, n: int) -> ConceptItem:
    """One line. What is well formed, all but always, is taken without naming its place."""
    try:
        number = line["concept"]["CONCEPT_ID"]
        flags = line["includeDescendants"], line["includeMapped"], line["isExcluded"]
        plain = len(line) == 4 and type(number) is int and 0 <= number < 1 << 63
        if plain and _FLAGS.issuperset(map(type, flags)):
            return _item(number, *flags)
    except (KeyError, TypeError):
        pass
    here = f"{path}[{n}]"
    said = members(line, here, _ITEM)
    return _item(
        concept_id(said.get("concept"), f"{here}.concept"),
        flag(said.get("includeDescendants"), f"{here}.includeDescendants"),
        flag(said.get("includeMapped"), f"{here}.includeMapped"),
        flag(said.get("isExcluded"), f"{here}.isExcluded"),
    )


def code_set(value: Any, path: str, known: ConceptSets) -> CodeSet | None:
    """The concept set of a CodesetId; None when it is absent. Raises when no set has that id.

    Circe runs such a definition, and finds nobody.
    """
    if value is None:
        return None
    number = whole(value, path)
    if number not in known:
        raise malformed(
            path,
            f"aucun ensemble de concepts ne porte le numéro {number}.",
            f"no concept set has the number {number}.",
        )
    return known[number]
