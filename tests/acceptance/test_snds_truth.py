"""A virtual population written as an SNDS extract comes back whole, but for what is unseen.

Truth, minus the rows that the writer lists as unknowable on this shore, equals the CDM, line for
line. Two things a French extract cannot say are compared as it says them: a diagnosis made during a
stay has the stay's first day, and a visit whose flow comes after the extract is not in it.
"""

from __future__ import annotations

import pytest
from virtual_people import Written, differences, recovers, same_people, write_and_harmonise

from transat.engines.engine import Engine

SEEN = "NOT IN (SELECT id FROM unseen WHERE kind = '{}')"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    design, people = same_people(seed=43, women=4000)
    return write_and_harmonise(people, "snds", design, tmp_path_factory.mktemp("snds"))


@pytest.fixture
def engine(written: Written) -> Engine:
    return written.engine()


def test_the_ledger_accounts_for_every_line(written: Written) -> None:
    kinds: dict[str, int] = {}
    for entry in written.report.ledger:
        kinds[entry.kind] = kinds.get(entry.kind, 0) + entry.rows
    assert kinds["read"] == kinds["kept"] + kinds["rule"] + kinds.get("reject", 0)
    assert kinds["read"] > 100_000


def test_every_planted_trap_was_met(written: Written) -> None:
    met = {e.rule for e in written.report.ledger if e.kind == "rule"}
    assert met >= {
        "T1", "T2", "T3", "T4", "T5", "T8", "T9", "T10", "T11", "T12", "T14", "T20",
        "fictive_number", "twins_ambiguous",
    }  # fmt: skip
    notes = {e.rule: e.rows for e in written.report.ledger if e.table == "ER_PHA_F"}
    assert notes["note:negative_lines"] > 0


def test_persons_with_sex_birth_and_death(engine: Engine) -> None:
    recovers(
        engine,
        "SELECT person_id, sex, year(birth_date), month(birth_date), death_date "
        f"FROM true_persons WHERE person_id {SEEN.format('person')}",
        "SELECT truth, CASE gender_concept_id WHEN 8532 THEN 'F' WHEN 8507 THEN 'M' END, "
        "year_of_birth, month_of_birth, death_date "
        "FROM person JOIN who USING (person_id) LEFT JOIN death USING (person_id)",
    )


def test_birthdays_that_are_known_are_true(engine: Engine) -> None:
    recovers(
        engine,
        "SELECT p.person_id, birth_date FROM true_persons AS p JOIN who ON truth = p.person_id "
        "JOIN person AS f ON f.person_id = who.person_id WHERE f.day_of_birth IS NOT NULL",
        "SELECT truth, CAST(birth_datetime AS DATE) FROM person JOIN who USING (person_id) "
        "WHERE day_of_birth IS NOT NULL",
    )


def test_dispensings_to_the_box(engine: Engine) -> None:
    recovers(
        engine,
        "SELECT person_id, date, atc, CAST(packs AS DOUBLE) FROM true_exposures "
        f"WHERE exposure_id {SEEN.format('exposure')}",
        "SELECT truth, drug_exposure_start_date, concept_code, quantity FROM drug_exposure "
        "JOIN who USING (person_id) LEFT JOIN concept ON concept_id = drug_concept_id",
    )


def test_mothers_and_children(engine: Engine) -> None:
    recovers(
        engine,
        "SELECT p.person_id, l.infant_id FROM true_links AS l JOIN true_pregnancies AS p "
        f"USING (pregnancy_id) WHERE infant_id IS NOT NULL AND infant_id {SEEN.format('link')}",
        "SELECT m.truth, c.truth FROM fact_relationship JOIN who AS m ON m.person_id = fact_id_1 "
        "JOIN who AS c ON c.person_id = fact_id_2 WHERE relationship_concept_id = 581436",
    )


def test_malformations(engine: Engine) -> None:
    found = (
        "FROM condition_occurrence JOIN who USING (person_id) "
        "WHERE condition_source_value IN (SELECT icd10 FROM true_malformations)"
    )
    seen = f"FROM true_malformations WHERE malformation_id {SEEN.format('malformation')}"
    recovers(
        engine,
        f"SELECT DISTINCT infant_id, icd10 {seen}",
        f"SELECT truth, condition_source_value {found}",
    )
    dates = "SELECT infant_id, icd10, diagnosis_date"
    said = f"SELECT truth, condition_source_value, condition_start_date {found}"
    lines, missing, _ = differences(engine, f"{dates} {seen}", said)
    assert missing <= 0.05 * lines


def test_diseases(engine: Engine) -> None:
    recovers(
        engine,
        "SELECT DISTINCT person_id, icd10 FROM true_conditions WHERE icd10 <> ''",
        "SELECT DISTINCT truth, condition_source_value FROM condition_occurrence "
        "JOIN who USING (person_id) "
        "WHERE condition_source_value IN (SELECT icd10 FROM true_conditions)",
    )


def test_visits(engine: Engine) -> None:
    """Ordinary visits, in town or in a hospital; a passage for a scan names no consultation."""
    truth = "SELECT person_id, date FROM true_contacts"
    found = (
        "SELECT truth, visit_start_date FROM visit_occurrence JOIN who USING (person_id) "
        "WHERE visit_concept_id = 9202 AND visit_source_concept_id <> 0"
    )
    early = "date < DATE '2019-07-01'"
    recovers(
        engine,
        f"{truth} WHERE {early} AND date >= DATE '2012-01-01'",
        f"{found} AND visit_start_date < DATE '2019-07-01'",
    )
    _, _, false = differences(engine, truth, found)
    assert false == 0


def test_some_visits_are_outpatient_hospital_care(engine: Engine) -> None:
    rows = engine.rows(
        "SELECT care_site_id IS NULL, count(*) FROM visit_occurrence "
        "WHERE visit_concept_id = 9202 AND visit_source_concept_id <> 0 GROUP BY 1 ORDER BY 1"
    )
    (in_hospital, hospital), (elsewhere, town) = rows
    assert (in_hospital, elsewhere) == (False, True)
    assert 100 < hospital < town


def test_scans_are_done_once_and_on_their_day(engine: Engine) -> None:
    found = (
        "SELECT truth, procedure_date FROM procedure_occurrence JOIN who USING (person_id) "
        "WHERE procedure_source_value LIKE 'JQQM%'"
    )
    days = " UNION ALL ".join(
        f'SELECT person_id, "start" + {day} FROM true_pregnancies' for day in (84, 154, 224)
    )
    lines, not_true, _ = differences(engine, found, days)
    assert lines > 1000
    assert not_true == 0


def test_an_end_in_hospital_is_an_act_on_its_day(engine: Engine) -> None:
    ends = (
        "SELECT person_id, \"end\" FROM true_pregnancies WHERE setting = 'hospital' "
        "AND outcome IN ('live_birth', 'stillbirth', 'elective_termination') "
        f"AND pregnancy_id {SEEN.format('pregnancy')}"
    )
    found = (
        "SELECT truth, procedure_date FROM procedure_occurrence JOIN who USING (person_id) "
        "JOIN visit_occurrence AS v USING (visit_occurrence_id) WHERE v.visit_concept_id = 9201"
    )
    lines, missing, _ = differences(engine, ends, found)
    assert lines > 1000
    assert missing == 0


def test_units_fill_their_stay_one_after_the_other(engine: Engine) -> None:
    broken = engine.scalar(
        "SELECT count(*) FROM (SELECT v.visit_start_date, v.visit_end_date, d.*, "
        "lag(visit_detail_end_date) OVER stay AS before, lead(visit_detail_id) OVER stay AS next, "
        "lag(visit_detail_id) OVER stay AS previous FROM visit_detail AS d "
        "JOIN visit_occurrence AS v USING (visit_occurrence_id) WINDOW stay AS "
        "(PARTITION BY visit_occurrence_id ORDER BY visit_detail_id)) WHERE "
        "coalesce(visit_detail_start_date NOT IN (before, before + 1), "
        "visit_detail_start_date <> visit_start_date) OR visit_detail_end_date > visit_end_date "
        "OR next IS NULL AND visit_detail_end_date <> visit_end_date "
        "OR previous IS DISTINCT FROM preceding_visit_detail_id"
    )
    assert broken == 0
    several = engine.scalar(
        "SELECT count(*) FROM visit_detail WHERE preceding_visit_detail_id IS NOT NULL"
    )
    assert int(several or 0) > 100


def test_rehabilitation_is_for_a_true_disease(engine: Engine) -> None:
    found = (
        "SELECT truth, condition_source_value FROM condition_occurrence "
        "JOIN who USING (person_id) WHERE condition_status_source_value = 'MMP'"
    )
    lines, not_true, _ = differences(
        engine, found, "SELECT person_id, icd10 FROM true_conditions WHERE icd10 <> ''"
    )
    assert lines > 10
    assert not_true == 0


def test_pregnancies_that_end_in_hospital_have_their_start(engine: Engine) -> None:
    recovers(
        engine,
        "SELECT person_id, \"start\" FROM true_pregnancies WHERE setting = 'hospital' "
        f"AND pregnancy_id {SEEN.format('pregnancy')} AND pregnancy_id {SEEN.format('start')}",
        "SELECT truth, measurement_date - CAST(value_as_number AS INTEGER) FROM measurement "
        "JOIN who USING (person_id) JOIN concept ON concept_id = measurement_concept_id "
        "WHERE concept_code = 'gestational_age_days_at_admission'",
    )
