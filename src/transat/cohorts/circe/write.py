"""A Cohort as an OHDSI cohort definition, where that format can say it.

What is written reads back as the same cohort, and gives the same rows in Circe 1.12; a concept set
as a condition on an attribute (GenderCS and its like) is not known to Circe before 1.12.
"""

from __future__ import annotations

import json
from typing import Any, Final

from transat.cohorts.circe.criteria import CRITERIA, DEMOGRAPHIC
from transat.cohorts.circe.faults import inexpressible
from transat.cohorts.circe.write_reads import (
    Numbered,
    criterion_name,
    written_days,
    written_filters,
    written_read,
)
from transat.cohorts.query.model import (
    Bound,
    Cohort,
    Count,
    Demographic,
    Entry,
    Exit,
    FixedOffset,
    Group,
    Persistence,
    Read,
    Rule,
    Window,
)
from transat.core.languages import Language, Text, current

_LIMITS: Final = {"all": "All", "first": "First", "last": "Last"}
_COMPARISONS: Final = {"exactly": 0, "at_most": 1, "at_least": 2}


def write(cohort: Cohort, where: str, language: Language | None = None) -> str:
    """The JSON of a cohort, its names in `language` (that of the process by default).

    where: shown in errors before the JSON path. Raises FeatureUnsupported, with the name of what
    OHDSI's format does not have.
    """
    path, sets = f"{where} $", Numbered()
    spoken = language or current()
    said: dict[str, Any] = {"cdmVersionRange": ">=5.0.0"}
    if cohort.name is not None:
        said["Title"] = cohort.name.in_(spoken)
    said["PrimaryCriteria"] = _entry(cohort.entry, f"{path}.PrimaryCriteria", sets)
    said["QualifiedLimit"] = _limit("all")
    if cohort.qualified is not None:
        said["AdditionalCriteria"] = _group(cohort.qualified, f"{path}.AdditionalCriteria", sets)
        said["QualifiedLimit"] = _limit(cohort.qualified_limit)
    said["ExpressionLimit"] = _limit(cohort.limit)
    said["InclusionRules"] = [
        _rule(rule, f"{path}.InclusionRules[{n}]", sets, spoken)
        for n, rule in enumerate(cohort.rules)
    ]
    said |= _exit(cohort.exit, path, sets)
    said["CensoringCriteria"] = [
        _criterion(read, f"{path}.CensoringCriteria[{n}]", sets)
        for n, read in enumerate(cohort.censoring)
    ]
    said["CollapseSettings"] = {"CollapseType": "ERA", "EraPad": cohort.gap}
    said["CensorWindow"] = written_days(cohort.from_date, cohort.to_date)
    said["ConceptSets"] = sets.written()
    return json.dumps(said, ensure_ascii=False, indent=2) + "\n"


def _limit(limit: str) -> dict[str, str]:
    return {"Type": _LIMITS[limit]}


def _entry(entry: Entry, path: str, sets: Numbered) -> dict[str, Any]:
    return {
        "CriteriaList": [
            _criterion(read, f"{path}.CriteriaList[{n}]", sets)
            for n, read in enumerate(entry.reads)
        ],
        "ObservationWindow": {"PriorDays": entry.prior_days, "PostDays": entry.post_days},
        "PrimaryCriteriaLimit": _limit(entry.limit),
    }


def _rule(rule: Rule, path: str, sets: Numbered, language: Language) -> dict[str, Any]:
    said: dict[str, Any] = {"name": rule.name.in_(language)}
    if isinstance(rule.group.text, Text):
        said["description"] = rule.group.text.in_(language)
    return {**said, "expression": _group(rule.group, f"{path}.expression", sets)}


def _exit(exit_: Exit, path: str, sets: Numbered) -> dict[str, Any]:
    """EndStrategy, which is absent when periods end with the observation."""
    if isinstance(exit_, FixedOffset):
        field = "StartDate" if exit_.edge == "start" else "EndDate"
        return {"EndStrategy": {"DateOffset": {"DateField": field, "Offset": exit_.days}}}
    if not isinstance(exit_, Persistence):
        return {}
    said = {
        "DrugCodesetId": sets.number(exit_.codes, f"{path}.EndStrategy.CustomEra"),
        "GapDays": exit_.gap,
        "Offset": exit_.offset,
    }
    if exit_.days_supply is not None:
        said["DaysSupplyOverride"] = exit_.days_supply
    return {"EndStrategy": {"CustomEra": said}}


def _criterion(read: Read, path: str, sets: Numbered) -> dict[str, Any]:
    name = criterion_name(read, path)
    here = f"{path}.{name}"
    body = written_read(read, here, sets)
    if read.within is not None:
        if not read.within.members:
            raise inexpressible(here, "un groupe vide", "an empty group")
        body["CorrelatedCriteria"] = _group(read.within, f"{here}.CorrelatedCriteria", sets)
    return {name: body}


def _group(group: Group, path: str, sets: Numbered) -> dict[str, Any]:
    said: dict[str, Any] = {"Type": group.need.upper()}
    if group.need in ("at_least", "at_most"):
        said["Count"] = group.times
    counts = [m for m in group.members if isinstance(m, Count)]
    people = [m for m in group.members if isinstance(m, Demographic)]
    groups = [m for m in group.members if isinstance(m, Group)]
    said["CriteriaList"] = [
        _count(m, f"{path}.CriteriaList[{n}]", sets) for n, m in enumerate(counts)
    ]
    said["DemographicCriteriaList"] = [
        written_filters(m.filters, DEMOGRAPHIC, f"{path}.DemographicCriteriaList[{n}]", sets)
        for n, m in enumerate(people)
    ]
    said["Groups"] = [_group(m, f"{path}.Groups[{n}]", sets) for n, m in enumerate(groups)]
    return said


def _count(count: Count, path: str, sets: Numbered) -> dict[str, Any]:
    if len(count.windows) > 2:
        raise inexpressible(path, "plus de deux fenêtres", "more than two windows")
    first, *second = count.windows or (Window("period_start", "period_end"),)
    occurrence: dict[str, Any] = {
        "Type": _COMPARISONS[count.comparison],
        "Count": count.times,
        "IsDistinct": count.distinct is not None,
    }
    if count.distinct is not None:
        occurrence["CountColumn"] = _column(count.events, count.distinct, path)
    return {
        "Criteria": _criterion(count.events, f"{path}.Criteria", sets),
        "StartWindow": _window(first),
        **({"EndWindow": _window(second[0])} if second else {}),
        "RestrictVisit": count.same_visit,
        "IgnoreObservationPeriod": count.outside_period,
        "Occurrence": occurrence,
    }


def _column(read: Read, distinct: str, path: str) -> str:
    counted = CRITERIA[criterion_name(read, path)].counted
    for column, name in counted.items():
        if name == distinct:
            return column
    raise inexpressible(
        path, f"les valeurs distinctes de {distinct}", f"the distinct values of {distinct}"
    )


def _window(window: Window) -> dict[str, Any]:
    return {
        "Start": _bound(window.low, -1),
        "End": _bound(window.high, 1),
        "UseIndexEnd": window.index == "end",
        "UseEventEnd": window.event == "end",
    }


def _bound(bound: Bound, side: int) -> dict[str, int]:
    """0 days are 'before' on the left of a window and 'after' on its right, as ATLAS shows it."""
    if isinstance(bound, str):
        return {"Coeff": -1 if bound == "period_start" else 1}
    sign = side if bound == 0 else (-1 if bound < 0 else 1)
    return {"Days": abs(bound), "Coeff": sign}
