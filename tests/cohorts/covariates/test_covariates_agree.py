"""Covariates against a plain reading of the same rules, on random people, whatever the order."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from transat.cohorts import covariates as cv
from transat.cohorts.query.domains import DOMAINS
from transat.engines.cdm import Cdm

FIRST = date(2020, 1, 1)
Rows = list[dict[str, Any]]
persons = st.integers(1, 4)
days = st.integers(0, 40).map(lambda n: FIRST + timedelta(days=n))
maybe_days = st.one_of(st.none(), days)
concepts = st.sampled_from([None, 0, 11, 12, 13])
numbers = st.one_of(st.none(), st.integers(0, 5).map(float))


def table(**columns: st.SearchStrategy[Any]) -> st.SearchStrategy[Rows]:
    return st.lists(st.fixed_dictionaries({"person_id": persons, **columns}), max_size=12)


CDM = st.fixed_dictionaries(
    {
        "drug_exposure": table(
            drug_concept_id=concepts,
            drug_exposure_start_date=maybe_days,
            drug_exposure_end_date=maybe_days,
            days_supply=st.sampled_from([None, 0, 1, 10]),
        ),
        "condition_era": table(
            condition_concept_id=concepts,
            condition_era_start_date=days,
            condition_era_end_date=maybe_days,
        ),
        "measurement": table(
            measurement_concept_id=concepts,
            measurement_date=days,
            value_as_number=numbers,
            range_low=numbers,
            range_high=numbers,
            unit_concept_id=st.sampled_from([None, 0, 21, 22]),
            value_as_concept_id=st.sampled_from([None, 0, 31, 32]),
        ),
        "visit_occurrence": table(
            visit_concept_id=st.sampled_from([0, 9201, 9202]),
            visit_start_date=days,
            visit_end_date=maybe_days,
        ),
    }
)
COHORT = st.lists(
    st.fixed_dictionaries(
        {
            "cohort_definition_id": st.integers(1, 2),
            "subject_id": st.integers(1, 5),
            "cohort_start_date": days,
            "cohort_end_date": st.just(FIRST + timedelta(days=90)),
        }
    ),
    max_size=6,
)
ANALYSES = (
    cv.Analysis(1, "drug", "concept", "drug_exposure", -10, 0),
    cv.Analysis(2, "covered", "concept", "drug_exposure", -5, 5, "covered"),
    cv.Analysis(3, "ever", "concept", "condition_era", None, -1, "overlap"),
    cv.Analysis(4, "era", "concept", "condition_era", -7, 3, "overlap"),
    cv.Analysis(5, "distinct", "distinct", "condition_era", -7, 3, "overlap"),
    cv.Analysis(6, "visits", "rows", "visit_occurrence", -20, 0, "overlap"),
    cv.Analysis(7, "by_concept", "rows_by_concept", "visit_occurrence", -20, 0, "overlap"),
    cv.Analysis(8, "range", "range", "measurement", -20, 0),
    cv.Analysis(9, "answer", "answer", "measurement", -20, 0),
    cv.Analysis(10, "value", "value", "measurement", -20, 5),
    cv.Analysis(11, "stay", "concept", "drug_exposure", None, 0, "inpatient"),
)


def write(folder: Path, people: dict[str, Rows], seed: int) -> Cdm:
    """The tables, their rows in an order of the seed, in row groups of three."""
    order = random.Random(seed)
    dates = {c for d in DOMAINS.values() for c in (d.start, d.end)}
    named = people | {
        "person": [{"person_id": i, "year_of_birth": 1980} for i in range(1, 6)],
        "concept_ancestor": [{"ancestor_concept_id": 9201, "descendant_concept_id": 9201}],
        "concept": [{"concept_id": 11, "concept_name": "eleven"}],
    }
    for name, rows in named.items():
        if rows:
            order.shuffle(rows)
            made = pa.Table.from_pylist(rows)
            for at, field in enumerate(made.schema):
                kind = pa.date32() if field.name in dates else field.type
                if pa.types.is_null(kind):
                    kind = pa.float64() if field.name.startswith(("value_as_n", "range")) else None
                made = made.set_column(at, field.name, made[field.name].cast(kind or pa.int32()))
            pq.write_table(made, folder / f"{name}.parquet", row_group_size=3)
    return Cdm(folder)


def plain(people: dict[str, Rows], row: dict[str, Any]) -> dict[tuple[Any, ...], float]:
    """What each analysis says of one cohort row: (analysis, item …) to value."""
    found: dict[tuple[Any, ...], float] = {}
    for analysis in ANALYSES:
        seen = list(events(people, row, analysis))
        concept = DOMAINS[analysis.table].concept
        if analysis.kind == "distinct" and seen:
            found[analysis.number, 1] = len({e[concept] for e in seen})
        elif analysis.kind == "rows" and seen:
            found[analysis.number, 1] = len(seen)
        elif analysis.kind == "value":
            for event in sorted(
                seen, key=lambda e: (e["measurement_date"], -(e["value_as_number"] or 0))
            ):
                if event["value_as_number"] is not None and event["unit_concept_id"] is not None:
                    item = (event[concept], event["unit_concept_id"])
                    found[analysis.number, *item] = event["value_as_number"]
        else:
            for event in seen:
                item = item_of(analysis, event)
                if item is not None:
                    more = found.get((analysis.number, *item), 0)
                    found[analysis.number, *item] = more + 1 if "rows" in analysis.kind else 1
    return found


def item_of(analysis: cv.Analysis, event: dict[str, Any]) -> tuple[Any, ...] | None:
    concept = event[DOMAINS[analysis.table].concept]
    if analysis.kind == "range":
        low, high, value = (event[n] for n in ("range_low", "range_high", "value_as_number"))
        if low is None or high is None:
            return None
        below, above = value is not None and value < low, value is not None and value > high
        return (concept, 1 if below else 3 if above else 2)
    if analysis.kind == "answer":
        return (concept, event["value_as_concept_id"]) if event["value_as_concept_id"] else None
    return (concept,)


def events(
    people: dict[str, Rows], row: dict[str, Any], analysis: cv.Analysis
) -> Iterator[dict[str, Any]]:
    domain = DOMAINS[analysis.table]
    index = row["cohort_start_date"]
    for event in people[analysis.table]:
        start = event[domain.start]
        if event["person_id"] != row["subject_id"] or not event[domain.concept] or start is None:
            continue
        if start > index + timedelta(days=analysis.high):
            continue
        if analysis.events == "inpatient" and not in_stay(people, event["person_id"], start):
            continue
        last = last_day(analysis, event)
        if analysis.low is not None and (
            last is None or last < index + timedelta(days=analysis.low)
        ):
            continue
        yield event


def last_day(analysis: cv.Analysis, event: dict[str, Any]) -> date | None:
    domain = DOMAINS[analysis.table]
    start: date = event[domain.start]
    if analysis.events == "overlap":
        return event[domain.end]  # type: ignore[no-any-return]
    if analysis.events == "covered":
        if (event["days_supply"] or 0) >= 1:
            return start + timedelta(days=event["days_supply"] - 1)
        return max(start, event[domain.end] or start)
    return start


def in_stay(people: dict[str, Rows], person: int, when: date) -> bool:
    return any(
        v["person_id"] == person
        and v["visit_concept_id"] == 9201
        and v["visit_end_date"] is not None
        and v["visit_start_date"] <= when <= v["visit_end_date"]
        for v in people["visit_occurrence"]
    )


def keyed(found: cv.Covariates) -> list[dict[tuple[Any, ...], float]]:
    """The matrix as `plain` writes it."""
    keys = []
    for line in found.dictionary.to_pylist():
        kind = found.analysis_of(line["column"]).kind
        second: tuple[Any, ...] = ()
        if kind in ("answer", "value"):
            second = (line["value_as_concept_id"] or 0,)
        elif kind == "range":
            second = (line["covariate_id"] // 1000 % 10,)
        keys.append((line["analysis_id"], line["concept_id"] or 1, *second))
    matrix = found.matrix
    return [
        {
            keys[c]: matrix.data[i]
            for i in range(matrix.indptr[row], matrix.indptr[row + 1])
            for c in [matrix.indices[i]]
        }
        for row in range(matrix.shape[0])
    ]


@settings(max_examples=120, deadline=None)
@given(people=CDM, cohort=COHORT, seed=st.integers(0, 5))
def test_every_kind_is_what_its_rule_says(people: dict[str, Rows], cohort: Rows, seed: int) -> None:
    table = pa.Table.from_pylist(cohort, schema=COHORT_TYPES)
    with tempfile.TemporaryDirectory() as folder:
        found = cv.build(write(Path(folder), people, seed), table, cv.Settings(ANALYSES))
    assert keyed(found) == [plain(people, row) for row in cohort]


COHORT_TYPES = pa.schema(
    [
        ("cohort_definition_id", pa.int64()),
        ("subject_id", pa.int64()),
        ("cohort_start_date", pa.date32()),
        ("cohort_end_date", pa.date32()),
    ]
)
