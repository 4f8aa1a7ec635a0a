"""A criterion of an OHDSI definition as a Read: a domain, its codes, first, dates, filters."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from transat.cohorts.circe import groups
from transat.cohorts.circe.concept_sets import ConceptSets, code_set
from transat.cohorts.circe.criteria import CRITERIA, REFUSED, Criterion
from transat.cohorts.circe.faults import malformed, unsupported
from transat.cohorts.circe.filters import filters
from transat.cohorts.circe.values import choice, day, days, flag, members
from transat.cohorts.query.model import Edge, Filter, NumberIs, Read, Shift

_TYPES: Final = frozenset((*CRITERIA, *REFUSED))
_EDGES: Final[dict[str, Edge]] = {"START_DATE": "start", "END_DATE": "end"}
_ADJUSTMENT: Final = frozenset(("StartWith", "StartOffset", "EndWith", "EndOffset"))
_PERIOD: Final = frozenset(("StartDate", "EndDate"))
#: What Circe adds to a criterion whose dates are moved.
NOT_BACKWARDS: Final = NumberIs("duration", ">=", 0)


def criterion_keys(criterion: Criterion) -> frozenset[str]:
    """Every key that a criterion of this type may have."""
    own = [a.key for a in criterion.attributes]
    own += [a.exclude for a in criterion.attributes if a.exclude is not None]
    own += ["CodesetId"] if criterion.coded else []
    own += ["First"] if criterion.first else []
    own += ["UserDefinedPeriod"] if criterion.dated else []
    own += [criterion.source] if criterion.source is not None else []
    return frozenset((*own, *(criterion.refused or ()), "CorrelatedCriteria", "DateAdjustment"))


_KEYS: Final = {name: criterion_keys(criterion) for name, criterion in CRITERIA.items()}
_FLAGS: Final = {
    name: tuple(a.exclude for a in criterion.attributes if a.exclude is not None)
    for name, criterion in CRITERIA.items()
}


def criterion_type(value: Any, path: str) -> str:
    """The one key of the object that a criterion is wrapped in."""
    said = members(value, path, _TYPES)
    if len(said) != 1:
        raise malformed(
            path,
            "un critère a un type et un seul.",
            "a criterion has one type, and only one.",
        )
    return next(iter(said))


def criterion(value: Any, path: str, sets: ConceptSets) -> Read:
    """A criterion. Raises FeatureUnsupported for what is not run."""
    name = criterion_type(value, path)
    here = f"{path}.{name}"
    if name in REFUSED:
        raise unsupported(here, name, REFUSED[name].fr, REFUSED[name].en)
    kind = CRITERIA[name]
    body = members(value[name], here, _KEYS[name])
    for key, why in (kind.refused or {}).items():
        if body.get(key) is not None:
            raise unsupported(f"{here}.{key}", key, why.fr, why.en)
    for key in _FLAGS[name]:
        flag(body.get(key), f"{here}.{key}")
    return _read(kind, body, here, sets)


def _read(kind: Criterion, body: dict[str, Any], path: str, sets: ConceptSets) -> Read:
    codes = source = None
    if kind.coded:
        codes = code_set(body.get("CodesetId"), f"{path}.CodesetId", sets)
    if kind.source is not None:
        source = code_set(body.get(kind.source), f"{path}.{kind.source}", sets)
    start, end, held = _dates(kind, body, path)
    start_on, end_on = period(body.get("UserDefinedPeriod"), f"{path}.UserDefinedPeriod")
    within = body.get("CorrelatedCriteria")
    return Read(
        kind.domain,
        codes=codes,
        source_codes=source,
        first=flag(body.get("First"), f"{path}.First"),
        start=start,
        end=end,
        filters=(*held, *filters(body, path, kind.attributes, sets)),
        within=None
        if within is None
        else groups.unless_empty(within, f"{path}.CorrelatedCriteria", sets),
        start_on=start_on,
        end_on=end_on,
        name=codes.name if codes is not None else "",
    )


def _dates(
    kind: Criterion, body: dict[str, Any], path: str
) -> tuple[Shift, Shift, tuple[Filter, ...]]:
    """Start and end of the events, and the filter that Circe adds when they are moved."""
    value = body.get("DateAdjustment")
    if value is None:
        return Shift("start"), Shift("end"), ()
    here = f"{path}.DateAdjustment"
    said = members(value, here, _ADJUSTMENT)
    moved = [
        Shift(
            choice(said.get(f"{edge}With", default), f"{here}.{edge}With", _EDGES),
            days(said.get(f"{edge}Offset", 0), f"{here}.{edge}Offset"),
        )
        for edge, default in (("Start", "START_DATE"), ("End", "END_DATE"))
    ]
    if kind.adjusted == "not":
        return Shift("start"), Shift("end"), ()
    if kind.adjusted == "death":
        moved = [Shift("start", moved[0].days), Shift("end", moved[1].days)]
    return moved[0], moved[1], (NOT_BACKWARDS,)


def period(value: Any, path: str) -> tuple[date | None, date | None]:
    """The days of an object with StartDate and EndDate, either of which may be absent."""
    if value is None:
        return None, None
    said = members(value, path, _PERIOD)
    first, last = said.get("StartDate"), said.get("EndDate")
    return (
        None if first is None else day(first, f"{path}.StartDate"),
        None if last is None else day(last, f"{path}.EndDate"),
    )
