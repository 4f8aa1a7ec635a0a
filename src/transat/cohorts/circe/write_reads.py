"""A Read as a criterion of OHDSI's JSON, or the name of what that format cannot say."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from transat.cohorts.circe.criteria import CRITERIA, Attribute, Criterion
from transat.cohorts.circe.faults import inexpressible
from transat.cohorts.circe.filters import OPERATORS, TEXT_OPERATORS
from transat.cohorts.circe.reads import NOT_BACKWARDS
from transat.cohorts.circe.values import rounded
from transat.cohorts.query.model import (
    Abnormal,
    CodeSet,
    ConceptIn,
    DateIs,
    Filter,
    NumberIs,
    Read,
    Shift,
    TextIs,
)

_TYPES: Final = {criterion.domain: name for name, criterion in CRITERIA.items()}
_SIGNS: Final = {sign: word for word, sign in OPERATORS.items()}
_TEXT_SIGNS: Final = {sign: word for word, sign in TEXT_OPERATORS.items()}
_EDGES: Final = {"start": "START_DATE", "end": "END_DATE"}


class Numbered:
    """The code sets of a definition, numbered from 0 in the order in which it uses them."""

    def __init__(self) -> None:
        self.sets: dict[CodeSet, int] = {}

    def number(self, codes: CodeSet, path: str) -> int:
        """The id of a code set. Raises for one that holds codes: OHDSI's hold concepts."""
        if codes.codes:
            raise inexpressible(
                path,
                "une liste de codes (l'OHDSI n'a que des identifiants de concepts)",
                "a list of codes (OHDSI only has concept ids)",
            )
        return self.sets.setdefault(codes, len(self.sets))

    def written(self) -> list[dict[str, Any]]:
        """ConceptSets."""
        return [
            {
                "id": number,
                "name": codes.name or str(number),
                "expression": {
                    "items": [
                        {
                            "concept": {"CONCEPT_ID": item.concept_id},
                            "isExcluded": item.excluded,
                            "includeDescendants": item.descendants,
                            "includeMapped": item.mapped,
                        }
                        for item in codes.concepts
                    ]
                },
            }
            for codes, number in self.sets.items()
        ]


def criterion_name(read: Read, path: str) -> str:
    """The type of criterion of a domain."""
    if read.domain not in _TYPES:
        raise inexpressible(path, f"le domaine {read.domain}", f"the domain {read.domain}")
    return _TYPES[read.domain]


def written_read(read: Read, path: str, sets: Numbered) -> dict[str, Any]:
    """The members of a criterion, less its correlated criteria."""
    kind = CRITERIA[criterion_name(read, path)]
    if read.any_codes is not None:
        raise inexpressible(
            path, "un code standard ou source", "a code that is standard or of the source"
        )
    body: dict[str, Any] = {}
    for key, codes in (("CodesetId", read.codes), (kind.source, read.source_codes)):
        if codes is None:
            continue
        if key is None or (key == "CodesetId" and not kind.coded):
            raise inexpressible(path, f"des codes de {read.domain}", f"codes of {read.domain}")
        body[key] = sets.number(codes, path)
    if read.first:
        if not kind.first:
            raise inexpressible(path, "le premier décès", "the first death")
        body["First"] = True
    body |= _dates(read, kind, path)
    rest = tuple(f for f in read.filters if f != NOT_BACKWARDS)
    return body | written_filters(rest, kind.attributes, path, sets)


def _dates(read: Read, kind: Criterion, path: str) -> dict[str, Any]:
    body: dict[str, Any] = {}
    if read.start_on is not None or read.end_on is not None:
        if not kind.dated:
            raise inexpressible(path, "une date qui remplace", "a date that replaces")
        body["UserDefinedPeriod"] = written_days(read.start_on, read.end_on)
    moved = (read.start, read.end) != (Shift("start"), Shift("end"))
    if not moved and NOT_BACKWARDS not in read.filters:
        return body
    plain = (read.start.edge, read.end.edge) == ("start", "end")
    if (
        NOT_BACKWARDS not in read.filters
        or kind.adjusted == "not"
        or (kind.adjusted == "death" and not plain)
    ):
        raise inexpressible(
            path,
            "des dates déplacées qui peuvent se croiser, ou de ce domaine",
            "moved dates that may cross, or of this domain",
        )
    body["DateAdjustment"] = {
        "StartWith": _EDGES[read.start.edge],
        "StartOffset": read.start.days,
        "EndWith": _EDGES[read.end.edge],
        "EndOffset": read.end.days,
    }
    return body


def written_days(first: date | None, last: date | None) -> dict[str, str]:
    """A period of which either side may be open."""
    sides = (("StartDate", first), ("EndDate", last))
    return {key: day.isoformat() for key, day in sides if day is not None}


def written_filters(
    asked: tuple[Filter, ...], attributes: tuple[Attribute, ...], path: str, sets: Numbered
) -> dict[str, Any]:
    """The keys that say the filters; each key says one."""
    body: dict[str, Any] = {}
    implied = _implied(asked, attributes)
    for one in asked:
        if one in implied:
            continue
        for attribute in attributes:
            if attribute.key in body or not attribute.written:
                continue
            said = _said(one, attribute, asked, path, sets)
            if said is not None:
                body |= said
                break
        else:
            name = getattr(one, "attribute", type(one).__name__)
            raise inexpressible(path, f"la condition sur « {name} »", f'the condition on "{name}"')
    return body


def _implied(asked: tuple[Filter, ...], attributes: tuple[Attribute, ...]) -> set[Filter]:
    """'The row asked exists', which goes without saying beside 'and its attribute is unknown'."""
    return {
        ConceptIn(a.through, None)
        for a in attributes
        if a.through is not None and ConceptIn(a.name, None, True) in asked
    }


def _said(
    one: Filter, a: Attribute, asked: tuple[Filter, ...], path: str, sets: Numbered
) -> dict[str, Any] | None:
    """How this key says the filter; None when it cannot."""
    if isinstance(one, Abnormal):
        return {a.key: True} if a.kind == "abnormal" else None
    if one.attribute != a.name:
        return None
    if isinstance(one, ConceptIn):
        return _concepts(one, a, asked, path, sets)
    if isinstance(one, TextIs):
        word = _TEXT_SIGNS[one.operator, one.negated]
        plain = not set(one.text) & set("%_") and "\\'" not in one.text
        return {a.key: {"Op": word, "Text": one.text}} if a.kind == "text" and plain else None
    if isinstance(one, DateIs):
        if a.kind != "day":
            return None
        extent = {} if one.extent is None else {"Extent": one.extent.isoformat()}
        return {a.key: {"Op": _SIGNS[one.operator], "Value": one.value.isoformat(), **extent}}
    return _number(one, a)


def _number(one: NumberIs, a: Attribute) -> dict[str, Any] | None:
    ends = [n for n in (one.value, one.extent) if n is not None]
    if a.kind == "whole" and all(float(n).is_integer() for n in ends):
        said: list[float] = [int(n) for n in ends]
    elif a.kind == "decimal" and all(rounded(n, "") == n for n in ends):
        said = [int(n) if float(n).is_integer() else n for n in ends]
    else:
        return None
    extent = {"Extent": said[1]} if len(said) > 1 else {}
    return {a.key: {"Op": _SIGNS[one.operator], "Value": said[0], **extent}}


def _concepts(
    one: ConceptIn, a: Attribute, asked: tuple[Filter, ...], path: str, sets: Numbered
) -> dict[str, Any] | None:
    if isinstance(one.among, tuple):
        if a.kind != "concepts" or not one.among or (one.excluded and a.exclude is None):
            return None
        said: dict[str, Any] = {a.key: [{"CONCEPT_ID": c} for c in one.among]}
        return said | ({a.exclude: True} if one.excluded and a.exclude else {})
    if a.kind == "set" and one.among is not None and not one.excluded:
        return {a.key: sets.number(one.among, path)}
    if a.kind != "selection":
        return None
    if one.among is not None:
        selected = {"CodesetId": sets.number(one.among, path), "IsExclusion": one.excluded}
        return {a.key: selected}
    stranded = one.excluded and a.through and ConceptIn(a.through, None) not in asked
    return None if stranded else {a.key: {"CodesetId": None, "IsExclusion": one.excluded}}
