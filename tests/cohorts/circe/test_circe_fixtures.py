"""circe-be's own fixtures: each of its row sets is reproduced, or its difference is explained.

Not here: `negativecontrols`, another format (OutcomeCohortExpression: one cohort for each of many
concepts, outside observation too), which is no cohort definition; the texts that `printfriendly`
expects, as Transat has a prose of its own (their definitions are read); those of `checkers` that
hang on taste (test_circe_remarks has the others).
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from circe_json import Json, concept_set, counted, definition, group, read
from ohdsi_fixtures import Fixtures, charts, day, index_events

from transat.cohorts.circe.criteria import CRITERIA
from transat.cohorts.circe.faults import DefinitionMalformed, FeatureUnsupported
from transat.cohorts.query.columns.executor import Columns
from transat.cohorts.query.executor import Definition
from transat.cohorts.query.model import Cohort, Count, Read
from transat.cohorts.query.reference import Reference
from transat.cohorts.query.sql.executor import Sql

Change = Callable[[Json], Any]
PRIOR_YEAR: Final = {"Start": {"Days": 365, "Coeff": -1}, "End": {"Days": 0, "Coeff": -1}}
ANY_TIME: Final = {"Start": {"Coeff": -1}, "End": {"Coeff": 1}}
MOVED: Final = {
    "StartWith": "START_DATE",
    "StartOffset": 15,
    "EndWith": "END_DATE",
    "EndOffset": -10,
}
#: The concept sets that each criterion of circe-be's tests of 1.12 is given, by attribute.
SELECTED: Final[dict[str, dict[str, int]]] = {
    "ConditionEra": {"GenderCS": 1},
    "ConditionOccurrence": {
        "ConditionTypeCS": 1,
        "GenderCS": 1,
        "VisitTypeCS": 2,
        "ProviderSpecialtyCS": 3,
    },
    "Death": {"GenderCS": 1, "DeathTypeCS": 1},
    "DeviceExposure": {
        "DeviceTypeCS": 1,
        "GenderCS": 1,
        "VisitTypeCS": 2,
        "ProviderSpecialtyCS": 3,
    },
    "DoseEra": {"GenderCS": 1, "UnitCS": 3},
    "DrugEra": {"GenderCS": 1},
    # DoseUnitCS of the original is a column that OMOP 5.4 does not have: see the refusals
    "DrugExposure": {
        "DrugTypeCS": 2,
        "GenderCS": 1,
        "RouteConceptCS": 3,
        "ProviderSpecialtyCS": 3,
        "VisitTypeCS": 2,
    },
    "Measurement": {
        "GenderCS": 1,
        "OperatorCS": 3,
        "ValueAsConceptCS": 2,
        "UnitCS": 1,
        "ProviderSpecialtyCS": 3,
        "VisitTypeCS": 2,
    },
    "Observation": {
        "ObservationTypeCS": 1,
        "QualifierCS": 3,
        "ValueAsConceptCS": 2,
        "UnitCS": 1,
        "GenderCS": 1,
        "ProviderSpecialtyCS": 3,
        "VisitTypeCS": 2,
    },
    "ObservationPeriod": {"PeriodTypeCS": 1},
    "ProcedureOccurrence": {
        "GenderCS": 1,
        "ModifierCS": 3,
        "ProcedureTypeCS": 2,
        "VisitTypeCS": 2,
        "ProviderSpecialtyCS": 3,
    },
    "Specimen": {
        "GenderCS": 1,
        "SpecimenTypeCS": 2,
        "UnitCS": 3,
        "AnatomicSiteCS": 2,
        "DiseaseStatusCS": 3,
    },
    "VisitOccurrence": {
        "GenderCS": 1,
        "VisitTypeCS": 2,
        "ProviderSpecialtyCS": 3,
        "PlaceOfServiceCS": 2,
    },
}
#: Definitions of the fixtures that are refused, and why: what the message says.
REFUSED: Final = {
    "checkers/additionalCriteriaCheckValueCorrect": "no entry event",
    "checkers/additionalCriteriaCheckValueIncorrect": "a text is needed, not nothing",
    "checkers/censoringEventCheckValueCorrect": "no entry event",
    "checkers/censoringEventCheckValueIncorrect": "no entry event",
    "checkers/contradictionsCriteriaCheckCorrect": "no entry event",
    "checkers/contradictionsCriteriaCheckIncorrect": "no entry event",
    "checkers/domainTypeCheckCorrect": "no concept set has the number 44787739",
    "checkers/drugEraCheckCorrect": "no entry event",
    "checkers/drugEraCheckIncorrect": "no entry event",
    "checkers/duplicatesConceptSetCheckIncorrect": "two concept sets have the number 2",
    "checkers/emptyCensoringCriteriaList": "no entry event",
    "checkers/emptyCorrelatedCriteria": "an object is needed, not nothing",
    "checkers/emptyDemographicCheckCorrect": "a number is needed, not nothing",
    "checkers/emptyInclusionRules": "no entry event",
    "checkers/inclusionRulesCheckValueCorrect": "no entry event",
    "checkers/inclusionRulesCheckValueIncorrect": "no entry event",
    "checkers/primaryCriteriaCheckValueCorrect": "EffectiveDrugDose is not supported",
    "checkers/primaryCriteriaCheckValueIncorrect": "a text is needed, not nothing",
    "checkers/unusedConceptSetCorrect": "LocationRegion is not supported",
    "cohortgeneration/allCriteria/allCriteriaExpression": "a text is needed, not nothing",
    "cohortgeneration/firstOccurrence/firstOccurrenceTestExpression": "no entry event",
    "printfriendly/allAttributes": 'unknown key "ConditionStatusCS"',
    "printfriendly/conceptSet_simple": "no entry event",
    "printfriendly/customEraExit": "no entry event",
    "printfriendly/dateOffset": "no entry event",
    "printfriendly/drugExposure": "EffectiveDrugDose is not supported",
    "printfriendly/visit": "PlaceOfServiceLocation is not supported",
    "printfriendly/visitDetail": 'unknown key "PlaceOfService"',
}


@pytest.fixture(scope="module")
def fixtures(tmp_path_factory: pytest.TempPathFactory) -> Fixtures:
    archive = Path(__file__).resolve().parents[4] / "shared/data/circe_be_test_fixtures.zip"
    if not archive.is_file():
        pytest.skip("the reference material (../shared) is not on this machine")
    return Fixtures(archive, tmp_path_factory.mktemp("circe"))


def _stem(name: str) -> str:
    return name[0].lower() + name[1:]


def _criterion(name: str, **body: Any) -> Read:
    coded = {"CodesetId": 1} if CRITERIA[name].coded else {}
    return read(definition({name: coded | body})).entry.reads[0]


def _rows(fixtures: Fixtures, file: str, asked: Read) -> list[dict[str, Any]]:
    """What a criterion finds, in the columns of the fixtures."""
    return [
        {
            "person_id": chart.person,
            "event_id": event.key,
            "start_date": day(event.start),
            "end_date": day(event.end),
            "visit_occurrence_id": event.visit,
            "sort_date": day(event.moved),
        }
        for chart in charts(fixtures.cdm(file))
        for event in chart.read(asked)
    ]


def _sorted(rows: list[dict[str, Any]], columns: set[str] | None = None) -> list[str]:
    """Rows as texts, in order; 2.0 is 2."""
    keep = [
        {k: f"{v:g}" if isinstance(v, float | int) else v for k, v in r.items()}
        for r in ({k: v for k, v in r.items() if columns is None or k in columns} for r in rows)
    ]
    return sorted(str(sorted(row.items())) for row in keep)


def test_moved_dates_of_every_domain(fixtures: Fixtures) -> None:
    tried = 0
    for name in set(CRITERIA) - {"Specimen"}:
        stem = _stem(name)
        verify = fixtures.json(f"criteria/{stem}DateOffset_VERIFY")
        for table, expected in verify.items():
            asked = _criterion(name) if table.endswith("simple") else _moved(name, table)
            found = _rows(fixtures, f"criteria/{stem}DateOffset_PREP", asked)
            assert _sorted(found) == _sorted(expected), table
            tried += 1
    assert tried == 30


def _moved(name: str, table: str) -> Read:
    study = {"StartDate": "2000-09-01", "EndDate": "2000-09-30"}
    more = {"UserDefinedPeriod": study} if table.endswith("user_defined") else {}
    return _criterion(name, DateAdjustment=MOVED, **more)


@pytest.mark.parametrize("name", sorted(SELECTED))
def test_concept_sets_on_attributes(fixtures: Fixtures, name: str) -> None:
    selected = {key: {"CodesetId": n} for key, n in SELECTED[name].items()}
    file = f"criteria/{_stem(name)}ConceptSet"
    (expected,) = fixtures.json(f"{file}_VERIFY").values()
    found = _rows(fixtures, f"{file}_PREP", _criterion(name, **selected))
    assert _sorted(found) == _sorted(expected)


def test_windows_of_every_domain(fixtures: Fixtures) -> None:
    """The events in the year before, and the values that can be counted distinct."""
    tried = 0
    for file in fixtures.names("windowcriteria/"):
        if not file.endswith("_PREP"):
            continue
        base = file.removesuffix("_PREP")
        plain, columns = fixtures.json(f"{base}_VERIFY").values()
        kind = base.partition("window/")[0].rpartition("window")[2]
        study = {"StartDate": "2008-01-01", "EndDate": "2009-01-01"}
        defined = kind.endswith("UserDefined")
        body = {"UserDefinedPeriod": study} if defined else {}
        name = kind.removesuffix("UserDefined")
        member = counted({name: body}, StartWindow=ANY_TIME if defined else PRIOR_YEAR)
        (count,) = read(definition(AdditionalCriteria=group(member))).qualified.members  # type: ignore[union-attr]
        assert isinstance(count, Count)
        found = _counted(fixtures, file, name, count)
        assert _sorted(found, {"person_id", "event_id"}) == _sorted(plain), file
        assert _sorted(found, set(columns[0])) == _sorted(columns), file
        tried += 1
    assert tried == 15


def _counted(fixtures: Fixtures, file: str, name: str, count: Count) -> list[dict[str, Any]]:
    (cohort,) = (v for k, v in fixtures.json(file).items() if k.endswith(".cohort"))
    columns = {
        "DOMAIN_CONCEPT": "domain_concept_id",
        "DURATION": "duration",
        "ERA_OCCURRENCES": "occurrence_count",
        "UNIT": "unit_concept_id",
    }
    rows = []
    for chart in charts(fixtures.cdm(file)):
        for index in index_events(chart, cohort):
            for event in chart.near(count.events, count.windows, index, False):
                row = {"person_id": chart.person, "event_id": index.key}
                row |= {"start_date": day(event.start), "end_date": day(event.end)}
                for column, attribute in CRITERIA[name].counted.items():
                    if column.endswith("_DATE") or column == "VISIT_ID":
                        continue
                    value = chart.facts.value(event, _shown(name, column, attribute))
                    row[columns.get(column, column.lower())] = value
                rows.append(row)
    return rows


def _shown(name: str, column: str, attribute: str) -> str:
    """What stands in Circe's column; counted, a constant stands for it where it is constant."""
    if attribute != "person_id":
        return attribute
    return "duration" if column == "DURATION" else "cause_concept_id"


def _holding(fixtures: Fixtures, file: str, said: Json) -> list[dict[str, Any]]:
    qualified = read(said).qualified
    assert qualified is not None
    name = f"corelatedcriteria/{file}_PREP"
    (cohort,) = (v for k, v in fixtures.json(name).items() if k.endswith(".cohort"))
    return [
        {"index_id": 0, "person_id": chart.person, "event_id": index.key}
        for chart in charts(fixtures.cdm(name))
        for index in index_events(chart, cohort)
        if chart.holds(qualified, index)
    ]


@pytest.mark.parametrize(
    ("file", "table", "criterion", "occurrence"),
    [
        ("simpleInclusion", "inclusion", {"ConditionOccurrence": {}}, (2, 1, None)),
        ("simpleInclusion", "exclusion", {"ConditionOccurrence": {}}, (0, 0, None)),
        ("distinctStart", "output", {"ConditionOccurrence": {}}, (2, 2, "START_DATE")),
        ("distinctVisit", "output", {"ConditionOccurrence": {}}, (2, 2, "VISIT_ID")),
        ("distinctDefault", "output", {"ConditionOccurrence": {}}, (2, 2, "")),
        *(
            (
                "visitDetailCodesetCriteria",
                f"{table}_{'not_' if turned else ''}in_codeset",
                {"VisitDetail": {key: {"CodesetId": 4, "IsExclusion": turned}}},
                (0, 1, None),
            )
            for key, table in (
                ("GenderCS", "gender"),
                ("ProviderSpecialtyCS", "provider"),
                ("PlaceOfServiceCS", "provider"),
            )
            for turned in (False, True)
        ),
    ],
)
def test_correlated_criteria(
    fixtures: Fixtures, file: str, table: str, criterion: Json, occurrence: tuple[int, int, str]
) -> None:
    kind, times, column = occurrence
    times_said = {"Type": kind, "Count": times, "IsDistinct": column is not None}
    times_said |= {"CountColumn": column} if column else {}
    member = counted(criterion, StartWindow=PRIOR_YEAR, Occurrence=times_said)
    sets = [concept_set(4, 1, 3, 5)]
    said = definition({"Death": {}}, ConceptSets=sets, AdditionalCriteria=group(member))
    (expected,) = (
        v
        for k, v in fixtures.json(f"corelatedcriteria/{file}_VERIFY").items()
        if k.endswith(f".{table}")
    )
    assert _sorted(_holding(fixtures, file, said)) == _sorted(expected)


def _set(said: Json, path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for key in parents:
        said = said[int(key) if key.isdigit() else key]  # type: ignore[index]
    said[last] = value


#: Each test of whole cohorts: its data, and the definitions that it runs as 1, 2, 3 … with the
#: changes that circe-be's test makes to each, one after the other.
GENERATED: Final[dict[str, tuple[str, list[tuple[str, dict[str, Any]]]]]] = {
    "limits/limitTest": (
        "limitTest",
        [
            ("limits/limitExpression", {}),
            ("", {"ExpressionLimit.Type": "first"}),
            ("", {"QualifiedLimit.Type": "first"}),
            ("", {"PrimaryCriteria.PrimaryCriteriaLimit.Type": "first"}),
            ("", {"PrimaryCriteria.PrimaryCriteriaLimit.Type": "last"}),
        ],
    ),
    "correlatedCriteria/countsTest": (
        "correlatedCriteriaCountsTest",
        [
            ("correlatedCriteria/countsExpression", {}),
            (
                "",
                {
                    "AdditionalCriteria.CriteriaList.0.Occurrence.Type": 2,
                    "AdditionalCriteria.CriteriaList.0.Occurrence.Count": 1,
                },
            ),
            (
                "",
                {
                    "AdditionalCriteria.CriteriaList.0.Occurrence.Type": 1,
                    "AdditionalCriteria.CriteriaList.0.Occurrence.Count": 0,
                },
            ),
            ("correlatedCriteria/visitExpression", {}),
        ],
    ),
    "correlatedCriteria/groupTest": (
        "groupsTest",
        [
            ("correlatedCriteria/groupExpression", {}),
            ("", {"AdditionalCriteria.Type": "AT_LEAST", "AdditionalCriteria.Count": 2}),
            ("", {"AdditionalCriteria.Type": "AT_MOST", "AdditionalCriteria.Count": 2}),
            (
                "",
                {
                    "AdditionalCriteria.Type": "ALL",
                    "AdditionalCriteria.Groups.0.Type": "AT_MOST",
                    "AdditionalCriteria.Groups.0.Count": 0,
                },
            ),
            ("", {"AdditionalCriteria.Groups": []}),
        ],
    ),
    "exits/continuousExposure": (
        "continuousExposure",
        [
            ("exits/continuousExposureExpression", {}),
            ("", {"PrimaryCriteria.PrimaryCriteriaLimit.Type": "First"}),
        ],
    ),
    "exits/continuousExposureCensor": (
        "continuousExposureCensor",
        [("exits/continuousExposureCensorExpression", {})],
    ),
    "exits/fixedOffset": ("fixedOffset", [("exits/fixedOffsetExpression", {})]),
    "exits/fixedOffsetCensor": ("fixedOffsetCensor", [("exits/fixedOffsetCensorExpression", {})]),
    "exits/censorEvent": ("censorEvent", [("exits/censorEventExpression", {})]),
    "censorWindow/censorWindow": ("censorWindow", [("censorWindow/censorWindowExpression", {})]),
    "mixedConceptsets/mixedConceptsets": (
        "mixedConceptsets",
        [("mixedConceptsets/mixedConceptsetsExpression", {})],
    ),
    "eraDupes/eraDupes": ("eraDupes", [("eraDupes/eraDupesExpression", {})]),
    "inclusionRules/simpleInclusionRule": (
        "simpleInclusionRule",
        [("inclusionRules/simpleInclusionRule", {})],
    ),
}


@pytest.mark.parametrize("file", sorted(GENERATED))
def test_whole_cohorts(fixtures: Fixtures, file: str) -> None:
    schema, steps = GENERATED[file]
    definitions, said = [], {}
    for number, (source, changes) in enumerate(steps, 1):
        said = fixtures.json(f"cohortgeneration/{source}") if source else copy.deepcopy(said)
        for path, value in changes.items():
            _set(said, path, value)
        definitions.append(Definition(number, read(said)))
    _same_rows(fixtures, f"cohortgeneration/{file}", schema, definitions)


def _same_rows(fixtures: Fixtures, file: str, schema: str, definitions: list[Definition]) -> None:
    """All engines give the fixture's rows."""
    expected = fixtures.json(f"{file}_VERIFY")[f"{schema}.cohort"]
    cdm = fixtures.cdm(f"{file}_PREP")
    for engine in (Reference(), Columns(), Sql("duckdb")):
        table = engine.run(cdm, definitions).cohorts
        found = [
            {k: v if isinstance(v, int) else v.isoformat() for k, v in row.items()}
            for row in table.to_pylist()
        ]
        assert _sorted(found) == _sorted(expected)


def test_first_occurrence_in_each_domain(fixtures: Fixtures) -> None:
    file = "cohortgeneration/firstOccurrence/firstOccurrenceTest"
    names = (
        "ConditionEra",
        "ConditionOccurrence",
        "DeviceExposure",
        "DrugEra",
        "DrugExposure",
        "Measurement",
        "Observation",
        "ProcedureOccurrence",
        "Specimen",
        "VisitOccurrence",
        "PayerPlanPeriod",
    )
    cohorts: list[Cohort] = []
    for name in names:
        said = fixtures.json(f"{file}Expression")
        said["PrimaryCriteria"]["CriteriaList"] = [{name: {"First": True}}]
        cohorts.append(read(said))
    numbered = [Definition(n, c) for n, c in enumerate(cohorts, 1)]
    _same_rows(fixtures, file, "firstOccurrenceTest", numbered)


def test_condition_status(fixtures: Fixtures) -> None:
    file = "cohortgeneration/conditionOccurrence/conditionStatusTest"
    status: tuple[Json, ...] = (
        {},
        {"ConditionStatus": []},
        {"ConditionStatus": [{"CONCEPT_ID": 1}]},
    )
    cohorts = []
    for body in status:
        said = definition({"ConditionOccurrence": body})
        del said["PrimaryCriteria"]["PrimaryCriteriaLimit"]
        del said["QualifiedLimit"], said["ExpressionLimit"]
        cohorts.append(read(said))
    numbered = [Definition(n, c) for n, c in enumerate(cohorts, 1)]
    _same_rows(fixtures, file, "conditionStatusCriteria", numbered)


def test_a_concept_set_of_thousands(fixtures: Fixtures) -> None:
    items = [
        {"concept": {"CONCEPT_ID": i}, "isExcluded": i % 2 == 0, "includeDescendants": True}
        for i in range(1, 4000)
    ]
    said = definition(
        {"Death": {"CodesetId": 1}},
        ConceptSets=[{"id": 1, "name": "odd", "expression": {"items": items}}],
    )
    codes = read(said).entry.reads[0].codes
    assert codes is not None
    cdm = fixtures.cdm("criteria/deathDateOffset_PREP")
    chart = next(charts(cdm))
    expected = fixtures.json("conceptset/inClause_VERIFY")["inclause.result"]
    assert sorted(chart.concepts.members(codes)) == [row["concept_id"] for row in expected]


def test_every_definition_of_the_fixtures_is_read_or_refused_as_said(fixtures: Fixtures) -> None:
    refused, read_ones = {}, 0
    for name in fixtures.names(""):
        said = fixtures.json(name)
        if not isinstance(said, dict) or "PrimaryCriteria" not in said:
            continue
        try:
            read(said)
            read_ones += 1
        except (DefinitionMalformed, FeatureUnsupported) as error:
            refused[name] = error.message("en")
    assert refused.keys() == REFUSED.keys()
    assert [n for n, why in REFUSED.items() if why not in refused[n]] == []
    assert read_ones == 55
