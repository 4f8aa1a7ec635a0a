"""A whole OHDSI cohort definition (the JSON of ATLAS, CirceR, Capr) as a Cohort.

Follows Circe 1.11.3, in the SQL that it generates, and 1.12 for the keys that came with it
(GenderCS and its like). What Circe passes over in silence, such as an unknown key, is refused;
cdmVersionRange, which it does not heed either, is not: what needs a later CDM is refused by name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from transat.cohorts.circe.concept_sets import ConceptSets, code_set, concept_sets
from transat.cohorts.circe.faults import malformed
from transat.cohorts.circe.groups import group
from transat.cohorts.circe.reads import criterion, period
from transat.cohorts.circe.values import any_case, choice, days, items, members, whole, words
from transat.cohorts.query.model import (
    Cohort,
    Edge,
    Entry,
    Exit,
    FixedOffset,
    Group,
    Limit,
    ObservationEnd,
    Persistence,
    Rule,
)
from transat.core.languages import Text

_ROOT: Final = frozenset(
    (
        "cdmVersionRange",
        "Title",
        "PrimaryCriteria",
        "AdditionalCriteria",
        "ConceptSets",
        "QualifiedLimit",
        "ExpressionLimit",
        "InclusionRules",
        "EndStrategy",
        "CensoringCriteria",
        "CollapseSettings",
        "CensorWindow",
    )
)
_PRIMARY: Final = frozenset(("CriteriaList", "ObservationWindow", "PrimaryCriteriaLimit"))
_OBSERVED: Final = frozenset(("PriorDays", "PostDays"))
_LIMIT: Final = frozenset(("Type",))
_LIMITS: Final[dict[str, Limit]] = {"ALL": "all", "FIRST": "first", "LAST": "last"}
_RULE: Final = frozenset(("name", "description", "expression"))
_STRATEGY: Final = frozenset(("DateOffset", "CustomEra"))
_OFFSET: Final = frozenset(("DateField", "Offset"))
_FIELDS: Final[dict[str, Edge]] = {"StartDate": "start", "EndDate": "end"}
_ERA: Final = frozenset(("DrugCodesetId", "GapDays", "Offset", "DaysSupplyOverride"))
_COLLAPSE: Final = frozenset(("CollapseType", "EraPad"))


def read(text: str, where: str) -> Cohort:
    """The cohort of an OHDSI definition, as ATLAS exports it or as its web service gives it.

    where: the file's name, shown in errors before the JSON path. Raises DefinitionMalformed for
    what is not such a definition and FeatureUnsupported for what Transat does not run (both
    StudyError).
    """
    inside, path, called = unwrapped(_json(text, where), where)
    said = members(inside, path, _ROOT)
    if said.get("cdmVersionRange") is not None:
        words(said["cdmVersionRange"], f"{path}.cdmVersionRange")
    sets = concept_sets(said.get("ConceptSets"), f"{path}.ConceptSets")
    additional, limit = _qualified(said, path, sets)
    first, last = period(said.get("CensorWindow"), f"{path}.CensorWindow")
    title = said.get("Title", called)
    return Cohort(
        _entry(said.get("PrimaryCriteria"), f"{path}.PrimaryCriteria", sets),
        qualified=additional,
        qualified_limit=limit,
        rules=tuple(
            _rule(one, f"{path}.InclusionRules[{n}]", n, sets)
            for n, one in enumerate(items(said.get("InclusionRules"), f"{path}.InclusionRules"))
        ),
        limit=_limit(said, "ExpressionLimit", path),
        exit=_exit(said.get("EndStrategy"), f"{path}.EndStrategy", sets),
        censoring=tuple(
            criterion(one, f"{path}.CensoringCriteria[{n}]", sets)
            for n, one in enumerate(
                items(said.get("CensoringCriteria"), f"{path}.CensoringCriteria")
            )
        ),
        gap=_gap(said.get("CollapseSettings"), f"{path}.CollapseSettings"),
        from_date=first,
        to_date=last,
        name=None if title is None else _same(words(title, f"{path}.Title")),
    )


class _Twice(ValueError):
    """A key that an object has twice: readers of JSON differ on which of them counts."""


def _json(text: str, where: str) -> Any:
    def not_json(name: str) -> None:
        raise ValueError(name)

    try:
        said = json.loads(text, parse_constant=not_json, object_pairs_hook=_object)
        if "\\u" in text:
            json.dumps(said, ensure_ascii=False).encode()
        return said
    except json.JSONDecodeError as error:
        place = f"{where}:{error.lineno}:{error.colno}"
    except _Twice as error:
        raise malformed(
            where,
            f"la clé « {error} » est deux fois au même endroit.",
            f'the key "{error}" is twice at one place.',
        ) from None
    except UnicodeEncodeError:
        raise malformed(
            where,
            "un texte tient un code \\u qui n'est pas une lettre.",
            "a text holds a \\u code that is no letter.",
        ) from None
    except (ValueError, RecursionError):
        place = where
    raise malformed(place, "ce n'est pas du JSON.", "this is not JSON.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    said = dict(pairs)
    if len(said) != len(pairs):
        keys = [key for key, _ in pairs]
        raise _Twice(next(key for key in keys if keys.count(key) > 1))
    return said


def unwrapped(said: Any, where: str) -> tuple[Any, str, Any]:
    """The definition itself, its path, and the name around it.

    ATLAS's web service wraps a definition in its number, name and dates, as an object or as a text.
    """
    if type(said) is not dict or "expression" not in said or "PrimaryCriteria" in said:
        return said, f"{where} $", None
    inside = said["expression"]
    if type(inside) is str:
        inside = _json(inside, f"{where} $.expression")
    return inside, f"{where} $.expression", said.get("name")


def _same(text: str) -> Text | None:
    """A text that its author wrote in one language only; None when it is blank."""
    return Text(text, text) if text.strip() else None


def _entry(value: Any, path: str, sets: ConceptSets) -> Entry:
    said = members(value, path, _PRIMARY)
    window = f"{path}.ObservationWindow"
    observed = members(said.get("ObservationWindow"), window, _OBSERVED)
    listed = items(said.get("CriteriaList"), f"{path}.CriteriaList")
    if not listed:
        raise malformed(
            f"{path}.CriteriaList",
            "aucun événement d'entrée.",
            "there is no entry event.",
        )
    return Entry(
        tuple(criterion(c, f"{path}.CriteriaList[{n}]", sets) for n, c in enumerate(listed)),
        days(observed.get("PriorDays", 0), f"{window}.PriorDays"),
        days(observed.get("PostDays", 0), f"{window}.PostDays"),
        _limit(said, "PrimaryCriteriaLimit", path),
    )


def _limit(said: Mapping[str, Any], key: str, path: str) -> Limit:
    """First when nothing is said."""
    value = members(said.get(key, {}), f"{path}.{key}", _LIMIT)
    return any_case(value.get("Type", "First"), f"{path}.{key}.Type", _LIMITS)


def _qualified(said: Mapping[str, Any], path: str, sets: ConceptSets) -> tuple[Group | None, Limit]:
    """AdditionalCriteria and their limit, which applies when they are there, even empty."""
    limit = _limit(said, "QualifiedLimit", path)
    value = said.get("AdditionalCriteria")
    if value is None:
        return None, "all"
    return group(value, f"{path}.AdditionalCriteria", sets), limit


def _rule(value: Any, path: str, n: int, sets: ConceptSets) -> Rule:
    said = members(value, path, _RULE)
    name, more = said.get("name"), said.get("description")
    called = None if name is None else _same(words(name, f"{path}.name"))
    told = None if more is None else _same(words(more, f"{path}.description"))
    return Rule(
        group(said.get("expression"), f"{path}.expression", sets, told),
        called or Text(f"Règle {n + 1}", f"Rule {n + 1}"),
    )


def _exit(value: Any, path: str, sets: ConceptSets) -> Exit:
    if value is None:
        return ObservationEnd()
    said = members(value, path, _STRATEGY)
    if len(said) != 1:
        raise malformed(
            path,
            "une sortie a un type et un seul.",
            "an end strategy has one type, and only one.",
        )
    if "DateOffset" in said:
        return _offset(said["DateOffset"], f"{path}.DateOffset")
    return _persistence(said["CustomEra"], f"{path}.CustomEra", sets)


def _offset(value: Any, path: str) -> FixedOffset:
    said = members(value, path, _OFFSET)
    edge = choice(said.get("DateField", "StartDate"), f"{path}.DateField", _FIELDS)
    return FixedOffset(days(said.get("Offset", 0), f"{path}.Offset"), edge)


def _persistence(value: Any, path: str, sets: ConceptSets) -> Persistence:
    said = members(value, path, _ERA)
    codes = code_set(said.get("DrugCodesetId"), f"{path}.DrugCodesetId", sets)
    if codes is None:
        raise malformed(
            f"{path}.DrugCodesetId",
            "il faut l'ensemble de concepts des médicaments.",
            "the concept set of the drugs is needed.",
        )
    supply = said.get("DaysSupplyOverride")
    return Persistence(
        codes,
        _at_least_0(said.get("GapDays", 0), f"{path}.GapDays"),
        days(said.get("Offset", 0), f"{path}.Offset"),
        None if supply is None else _at_least_0(supply, f"{path}.DaysSupplyOverride"),
    )


def _gap(value: Any, path: str) -> int:
    said = members({} if value is None else value, path, _COLLAPSE)
    choice(said.get("CollapseType", "ERA"), f"{path}.CollapseType", {"ERA": None})
    return _at_least_0(said.get("EraPad", 0), f"{path}.EraPad")


def _at_least_0(value: Any, path: str) -> int:
    return whole(days(value, path), path, 0)
