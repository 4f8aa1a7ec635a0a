"""Groups of criteria: correlated criteria in their windows, demographic criteria, groups again."""

from __future__ import annotations

from typing import Any, Final, Literal

from transat.cohorts.circe import reads
from transat.cohorts.circe.concept_sets import ConceptSets
from transat.cohorts.circe.criteria import CRITERIA, DEMOGRAPHIC
from transat.cohorts.circe.faults import malformed, unknown_value, unsupported
from transat.cohorts.circe.filters import filters
from transat.cohorts.circe.values import any_case, days, flag, items, members, whole, words
from transat.cohorts.query.model import Bound, Count, Demographic, Edge, Group, Window
from transat.core.languages import Text

_GROUP: Final = frozenset(("Type", "Count", "CriteriaList", "DemographicCriteriaList", "Groups"))
_NEEDS: Final[dict[str, Literal["all", "any", "at_least", "at_most"]]] = {
    "ALL": "all",
    "ANY": "any",
    "AT_LEAST": "at_least",
    "AT_MOST": "at_most",
}
_COUNT: Final = frozenset(
    (
        "Criteria",
        "StartWindow",
        "EndWindow",
        "RestrictVisit",
        "IgnoreObservationPeriod",
        "Occurrence",
    )
)
_OCCURRENCE: Final = frozenset(("Type", "Count", "IsDistinct", "CountColumn"))
_COMPARISONS: Final[tuple[Literal["exactly", "at_most", "at_least"], ...]] = (
    "exactly",
    "at_most",
    "at_least",
)
_WINDOW: Final = frozenset(("Start", "End", "UseIndexEnd", "UseEventEnd"))
_ENDPOINT: Final = frozenset(("Days", "Coeff"))
_PERSON: Final = frozenset(a.key for a in DEMOGRAPHIC)
#: The columns that Circe can count the distinct values of, of one domain or another.
COLUMNS: Final = (
    "DAYS_SUPPLY",
    "DOMAIN_CONCEPT",
    "DOMAIN_SOURCE_CONCEPT",
    "DURATION",
    "END_DATE",
    "ERA_OCCURRENCES",
    "GAP_DAYS",
    "QUANTITY",
    "RANGE_HIGH",
    "RANGE_LOW",
    "REFILLS",
    "START_DATE",
    "UNIT",
    "VALUE_AS_NUMBER",
    "VISIT_ID",
    "VISIT_DETAIL_ID",
)
#: Nobody writes groups that lie so deep; beyond, a program's own depth is at stake.
_DEEPEST: Final = 50
#: The whole observation period, in which events start anyway: a window that bounds nothing.
_ANYTIME: Final = Window("period_start", "period_end")


def unless_empty(value: Any, path: str, sets: ConceptSets) -> Group | None:
    """A group, or None when it holds nothing: Circe then asks nothing of a criterion."""
    found = group(value, path, sets)
    return found if found.members else None


def group(value: Any, path: str, sets: ConceptSets, text: Text | None = None) -> Group:
    """A group of criteria with its members, in the order of the JSON."""
    said = members(value, path, _GROUP)
    if path.count(".Groups[") + path.count(".CorrelatedCriteria") > _DEEPEST:
        raise malformed(
            path,
            f"plus de {_DEEPEST} groupes l'un dans l'autre.",
            f"more than {_DEEPEST} groups, one in the other.",
        )
    held: tuple[Count | Demographic | Group, ...] = (
        *(
            _count(one, f"{path}.CriteriaList[{n}]", sets)
            for n, one in enumerate(items(said.get("CriteriaList"), f"{path}.CriteriaList"))
        ),
        *(
            _demographic(one, f"{path}.DemographicCriteriaList[{n}]", sets)
            for n, one in enumerate(
                items(said.get("DemographicCriteriaList"), f"{path}.DemographicCriteriaList")
            )
        ),
        *(
            group(one, f"{path}.Groups[{n}]", sets)
            for n, one in enumerate(items(said.get("Groups"), f"{path}.Groups"))
        ),
    )
    if not held and said.get("Type") is None:
        return Group("all", text=text)
    need = any_case(said.get("Type"), f"{path}.Type", _NEEDS)
    if need in ("all", "any"):
        return Group(need, held, text=text)
    times = 0 if not held and said.get("Count") is None else said.get("Count")
    return Group(need, held, whole(times, f"{path}.Count", 0), text)


def _demographic(value: Any, path: str, sets: ConceptSets) -> Demographic:
    body = members(value, path, _PERSON)
    return Demographic(tuple(filters(body, path, DEMOGRAPHIC, sets)))


def _count(value: Any, path: str, sets: ConceptSets) -> Count:
    said = members(value, path, _COUNT)
    events = reads.criterion(said.get("Criteria"), f"{path}.Criteria", sets)
    anywhere = flag(said.get("IgnoreObservationPeriod"), f"{path}.IgnoreObservationPeriod")
    occurrence = members(said.get("Occurrence"), f"{path}.Occurrence", _OCCURRENCE)
    comparison = whole(occurrence.get("Type"), f"{path}.Occurrence.Type", 0, 2)
    return Count(
        events,
        _windows(said, path),
        _COMPARISONS[comparison],
        whole(occurrence.get("Count"), f"{path}.Occurrence.Count", 0),
        _distinct(occurrence, f"{path}.Occurrence", said["Criteria"]),
        flag(said.get("RestrictVisit"), f"{path}.RestrictVisit"),
        anywhere,
    )


def _distinct(occurrence: dict[str, Any], path: str, criteria: dict[str, Any]) -> str | None:
    """The attribute whose values are counted. Without CountColumn: the concept, as before 1.8."""
    distinct = flag(occurrence.get("IsDistinct"), f"{path}.IsDistinct")
    value = occurrence.get("CountColumn")
    column = "DOMAIN_CONCEPT" if value is None else words(value, f"{path}.CountColumn")
    if column not in COLUMNS:
        raise unknown_value(f"{path}.CountColumn", column, COLUMNS)
    if not distinct:
        return None
    name = next(iter(criteria))
    if column not in CRITERIA[name].counted:
        raise unsupported(
            f"{path}.CountColumn",
            f"CountColumn {column}",
            f"un critère {name} n'a pas cette colonne.",
            f"a criterion {name} does not have this column.",
        )
    return CRITERIA[name].counted[column]


def _windows(said: dict[str, Any], path: str) -> tuple[Window, ...]:
    """StartWindow bounds the event's start, EndWindow its end, unless UseEventEnd says so."""
    found = [_window(said.get("StartWindow"), f"{path}.StartWindow", "start")]
    if said.get("EndWindow") is not None:
        found.append(_window(said["EndWindow"], f"{path}.EndWindow", "end"))
    return tuple(
        window
        for window in found
        if (window.low, window.high, window.event) != (_ANYTIME.low, _ANYTIME.high, "start")
    )


def _window(value: Any, path: str, edge: Edge) -> Window:
    said = members(value, path, _WINDOW)
    at_end = said.get("UseEventEnd")
    if at_end is not None:
        edge = "end" if flag(at_end, f"{path}.UseEventEnd") else "start"
    return Window(
        _bound(said.get("Start"), f"{path}.Start"),
        _bound(said.get("End"), f"{path}.End"),
        "end" if flag(said.get("UseIndexEnd"), f"{path}.UseIndexEnd") else "start",
        edge,
    )


def _bound(value: Any, path: str) -> Bound:
    said = members(value, path, _ENDPOINT)
    sign = whole(said.get("Coeff"), f"{path}.Coeff", -1, 1)
    if sign == 0:
        raise malformed(f"{path}.Coeff", "il faut -1 ou 1.", "-1 or 1 is needed.")
    if said.get("Days") is None:
        return "period_start" if sign < 0 else "period_end"
    return sign * days(said["Days"], f"{path}.Days")
