"""Elders written twice, in French and in Québec accounting, harmonised, and held to the truth.

Every replacement, heart-failure stay, diagnosis of the valve, echo and death of the truth is in the
two CDMs under the same person and day, and nothing else is, but for what `unseen` lists.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from transat.engines.cdm import Cdm
from transat.engines.duckdb import DuckDB
from transat.harmonise.run import harmonise
from transat.harmonise.shore import ShoreName
from transat.simulate.design import Design
from transat.simulate.simulate import simulate

DESIGN = Design(seed=6, persons=40, elders=900, same_people=True)
TRUTH = (
    "persons", "conditions", "valve_patients", "valve_echos", "valve_events", "valve_diagnoses",
    "unseen", "crosswalk",
)  # fmt: skip
TAVI = (
    "code IN ('DBLF001', 'DBLA004') OR starts_with(code, '1HV90GP') OR starts_with(code, '1HV90ST')"
)
SAVR = (
    "starts_with(code, 'DBKA0') OR code = 'DBMA009' OR starts_with(code, '1HV90LA') "
    "OR starts_with(code, '1HV90WJ')"
)
Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Shores:
    """The folder of a simulation, and the CDM of each shore."""

    folder: Path
    cdms: dict[str, Cdm]


@dataclass(frozen=True)
class Written:
    """One shore: its name, and its CDM beside the truth (`true_*`; `who`: person_id, true_id)."""

    shore: str
    engine: DuckDB

    def rows(self, query: str) -> Rows:
        return self.engine.rows(query)

    def hidden(self, kind: str) -> str:
        """SQL: numbers of the true rows that this shore cannot show."""
        return f"(SELECT id FROM true_unseen WHERE kind = '{kind}' AND shore = '{self.shore}')"

    def same(self, found: str, truth: str) -> int:
        """Both queries give the same rows; how many."""
        assert self.rows(f"({found}) EXCEPT ({truth})") == []
        assert self.rows(f"({truth}) EXCEPT ({found})") == []
        return int(self.engine.scalar(f"SELECT count(*) FROM ({truth})"))


@pytest.fixture(scope="session")
def shores(tmp_path_factory: pytest.TempPathFactory) -> Shores:
    """900 elders who live on both shores."""
    folder = simulate(DESIGN, tmp_path_factory.mktemp("valve") / "sim", processes=1)
    sources: dict[ShoreName, str] = {"snds": "france", "quebec": "quebec"}
    cdms = {
        source: harmonise(
            name, folder / source, folder.parent / f"cdm_{name}", memory_limit="1GB", threads=1
        ).cdm
        for name, source in sources.items()
    }
    return Shores(folder, cdms)


@pytest.fixture(params=["france", "quebec"])
def written(request: pytest.FixtureRequest, shores: Shores) -> Iterator[Written]:
    with opened(shores, request.param) as engine:
        yield Written(request.param, engine)


def opened(shores: Shores, shore: str) -> DuckDB:
    engine = DuckDB(memory_limit="1GB", threads=1)
    shores.cdms[shore].attach(engine)
    for name in TRUTH:
        engine.view_parquet(f"true_{name}", [shores.folder / "truth" / f"{name}.parquet"])
    key = "snds_person" if shore == "france" else "quebec_person"
    engine.sql(
        "CREATE VIEW who AS SELECT p.person_id, c.person_id AS true_id FROM person AS p "
        f"JOIN true_crosswalk AS c ON c.{key} = p.person_source_value "
        "JOIN true_valve_patients AS v ON v.person_id = c.person_id"
    )
    return engine


def test_elders_are_who_they_are(written: Written) -> None:
    found = (
        "SELECT true_id, CASE gender_concept_id WHEN 8507 THEN 'M' WHEN 8532 THEN 'F' END, "
        "year_of_birth FROM person JOIN who USING (person_id)"
    )
    truth = "SELECT person_id, sex, year(birth_date) FROM true_persons WHERE role = 'elder'"
    assert written.same(found, truth) == DESIGN.elders


@pytest.mark.parametrize(("kind", "codes"), [("tavi", TAVI), ("savr", SAVR)], ids=["tavi", "savr"])
def test_replacements(written: Written, kind: str, codes: str) -> None:
    found = (
        "SELECT true_id, day FROM (SELECT true_id, procedure_date AS day, procedure_source_value "
        f"AS code FROM procedure_occurrence JOIN who USING (person_id)) WHERE {codes}"
    )
    truth = (
        f"SELECT person_id, date FROM true_valve_events WHERE kind = '{kind}' "
        f"AND event_id NOT IN {written.hidden('valve_event')}"
    )
    assert written.same(found, truth) > 20


def test_heart_failure_stays(written: Written) -> None:
    found = (
        "SELECT true_id, visit_start_date, visit_end_date FROM visit_occurrence AS v "
        "JOIN condition_occurrence AS c USING (visit_occurrence_id) "
        "JOIN who ON who.person_id = v.person_id WHERE visit_concept_id = 9201 "
        "AND condition_status_concept_id = 32902 AND starts_with(condition_source_value, 'I50')"
    )
    truth = (
        "SELECT person_id, date, end_date FROM true_valve_events WHERE kind = 'heart_failure' "
        f"AND event_id NOT IN {written.hidden('valve_event')}"
    )
    assert written.same(found, truth) > 50


def test_diagnoses_of_the_valve(written: Written) -> None:
    found = (
        "SELECT true_id, condition_start_date, condition_source_value FROM condition_occurrence "
        "JOIN who USING (person_id) WHERE condition_source_value IN ('I350', 'I352', '4241')"
    )
    in_icd9 = "setting = 'visit'" if written.shore == "quebec" else "false"
    truth = (
        f"SELECT person_id, date, replace(CASE WHEN {in_icd9} THEN icd9 ELSE icd10 END, '.', '') "
        f"FROM true_valve_diagnoses WHERE event_id NOT IN {written.hidden('valve_diagnosis')}"
    )
    assert written.same(found, truth) > 300


def test_echos_of_the_registry(written: Written) -> None:
    found = (
        "SELECT true_id, measurement_date, concept_code, CAST(value_as_number AS FLOAT) "
        "FROM measurement JOIN who USING (person_id) "
        "JOIN concept ON concept_id = measurement_source_concept_id "
        "WHERE vocabulary_id = 'TRANSAT_ECHO'"
    )
    codes = ("vmax", "mean_gradient", "ava", "lvef", "nyha", "calcium_score")
    truth = " UNION ALL ".join(
        f"SELECT person_id, date, '{code}', CAST({code} AS FLOAT) FROM true_valve_echos "
        f"WHERE {code} IS NOT NULL AND echo_id NOT IN {written.hidden('valve_echo')}"
        for code in codes
    )
    assert written.same(found, truth) > 5000


def test_only_people_of_the_registry_have_echos(written: Written) -> None:
    hidden = written.rows(
        "SELECT DISTINCT reason, registry FROM true_unseen JOIN true_valve_echos AS e "
        "ON e.echo_id = id JOIN true_valve_patients USING (person_id) "
        f"WHERE kind = 'valve_echo' AND true_unseen.shore = '{written.shore}'"
    )
    assert hidden == [("not_in_the_registry", False)]


def test_deaths(written: Written) -> None:
    found = "SELECT true_id, death_date FROM death JOIN who USING (person_id)"
    truth = (
        "SELECT person_id, death_date FROM true_persons "
        "WHERE role = 'elder' AND death_date IS NOT NULL"
    )
    assert written.same(found, truth) > 50


def test_heart_failure_of_before_is_never_a_stay_for_it(written: Written) -> None:
    """It is a long-term illness, or visits: a stay for it would be an event that did not happen."""
    found = written.rows(
        "SELECT count(*) FROM condition_occurrence AS c JOIN who USING (person_id) "
        "JOIN visit_occurrence AS v USING (visit_occurrence_id) "
        "WHERE visit_concept_id = 9201 AND starts_with(condition_source_value, 'I50') "
        "AND NOT EXISTS (SELECT 1 FROM true_valve_events AS e WHERE e.person_id = true_id "
        "AND e.kind = 'heart_failure' AND e.date = condition_start_date)"
    )
    assert found == [(0,)]


@pytest.mark.parametrize(
    ("condition", "codes"),
    [
        ("hypertension", ("I10", "401")),
        ("diabetes", ("E11", "250")),
        ("chronic_kidney_disease", ("N18", "585")),
        ("atrial_fibrillation", ("I48", "427")),
        ("coronary_disease", ("I25", "414")),
        ("copd", ("J44", "496")),
        ("heart_failure", ("I50", "428")),
    ],
)
def test_other_diseases_are_those_of_the_truth(
    written: Written, condition: str, codes: tuple[str, str]
) -> None:
    """But for a few who die before their first claim, and heart failure that comes after."""
    either = " OR ".join(f"starts_with(condition_source_value, '{code}')" for code in codes)
    coded = "SELECT DISTINCT true_id FROM condition_occurrence JOIN who USING (person_id)"
    found = f"{coded} WHERE {either}"
    truth = f"SELECT person_id FROM true_conditions WHERE condition = '{condition}'"
    later = "SELECT person_id FROM true_valve_events WHERE kind = 'heart_failure'"
    if condition != "heart_failure":
        later = "SELECT NULL WHERE false"
    false = written.rows(f"({found}) EXCEPT ({truth}) EXCEPT ({later})")
    every = written.rows(f"SELECT DISTINCT true_id FROM who WHERE true_id IN ({truth})")
    missed = written.rows(f"SELECT true_id FROM who WHERE true_id IN ({truth}) EXCEPT ({found})")
    assert false == []
    assert len(every) > 40
    assert len(missed) <= 0.02 * len(every)


def test_what_is_hidden_has_a_known_reason(written: Written) -> None:
    found = written.rows(
        "SELECT DISTINCT kind, reason FROM true_unseen WHERE starts_with(kind, 'valve') "
        f"AND shore = '{written.shore}'"
    )
    known = {("valve_event", "waits_are_in_no_file"), ("valve_echo", "not_in_the_registry")}
    french = {
        ("valve_event", "bad_chaining"),
        ("valve_diagnosis", "bad_chaining"),
        ("valve_diagnosis", "a_long_term_illness_already"),
    }
    assert known <= set(found) <= known | (french if written.shore == "france" else set())


def people(shores: Shores, shore: str, query: str) -> set[int]:
    with opened(shores, shore) as engine:
        return {int(row[0]) for row in engine.rows(query)}


@pytest.mark.parametrize(
    ("kind", "query"),
    [
        (
            "valve_diagnosis",
            "SELECT true_id FROM condition_occurrence JOIN who USING (person_id) "
            "WHERE condition_source_value IN ('I350', 'I352', '4241')",
        ),
        (
            "valve_event",
            "SELECT true_id FROM (SELECT true_id, procedure_source_value AS code FROM "
            f"procedure_occurrence JOIN who USING (person_id)) WHERE {TAVI} OR {SAVR}",
        ),
    ],
)
def test_both_writings_tell_the_same_people(shores: Shores, kind: str, query: str) -> None:
    french, quebecois = (people(shores, shore, query) for shore in ("france", "quebec"))
    assert french <= quebecois
    table = {"valve_diagnosis": "true_valve_diagnoses", "valve_event": "true_valve_events"}[kind]
    badly_chained = people(
        shores,
        "france",
        f"SELECT person_id FROM true_unseen JOIN {table} ON event_id = id "
        f"WHERE true_unseen.kind = '{kind}' AND reason = 'bad_chaining'",
    )
    assert len(quebecois) > 50
    assert quebecois - french <= badly_chained
    assert len(badly_chained) < 0.02 * DESIGN.elders


def test_without_elders_there_is_no_registry(tmp_path: Path) -> None:
    folder = simulate(Design(seed=6, persons=30), tmp_path / "sim", processes=1)
    assert list(folder.rglob("*echo*")) == []
    assert list((folder / "truth").glob("valve*")) == []


STAYS = "SELECT count(*) FROM visit_occurrence WHERE visit_concept_id = 9201"
CATHETERS = (
    "SELECT count(*) FROM (SELECT procedure_source_value AS code FROM procedure_occurrence) "
    f"WHERE {TAVI}"
)


@pytest.mark.parametrize(
    ("name", "source", "rule", "count"),
    [
        ("snds", "france", "T8", STAYS),
        ("snds", "france", "T10", STAYS),
        ("snds", "france", "T11", STAYS),
        ("quebec", "quebec", "intervention_abandoned", CATHETERS),
    ],
    ids=["T8", "T10", "T11", "abandoned"],
)
def test_a_reader_that_forgets_a_rule_finds_care_that_was_not_given(
    shores: Shores, tmp_path: Path, name: ShoreName, source: str, rule: str, count: str
) -> None:
    found = harmonise(
        name, shores.folder / source, tmp_path / "cdm", rules_off=(rule,), memory_limit="1GB"
    )
    with DuckDB(memory_limit="1GB", threads=1) as careless, opened(shores, source) as careful:
        found.cdm.attach(careless)
        assert int(careless.scalar(count)) > int(careful.scalar(count))


def test_some_interventions_are_cut_to_seven_characters(shores: Shores) -> None:
    """Whoever looks for a whole code loses them: codes are looked for by their prefix."""
    with opened(shores, "quebec") as engine:
        found = dict(
            engine.rows(
                "SELECT length(procedure_source_value), count(*) FROM procedure_occurrence "
                "WHERE starts_with(procedure_source_value, '1HV90') GROUP BY 1"
            )
        )
    assert 0.02 < found[7] / sum(found.values()) < 0.3
