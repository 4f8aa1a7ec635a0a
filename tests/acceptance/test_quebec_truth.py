"""A virtual population written as a Québec extract comes back whole, but for what is unseen.

The writer and the reader were made apart, each from the published layouts; the truth is a third
thing. Every comparison is exact and on multisets: truth, minus the rows that the writer lists as
unknowable on this shore, equals the CDM.
"""

from __future__ import annotations

import pytest
from virtual_people import Written, recovers, same_people, write_and_harmonise

from transat.core.codes import ICD10CA
from transat.engines.engine import Engine

SEEN = "NOT IN (SELECT id FROM unseen WHERE kind = '{}')"


@pytest.fixture(scope="module", params=[("csv", 41, 3500), ("parquet", 4, 3500)], ids=str)
def written(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Written:
    file_format, seed, women = request.param
    design, people = same_people(seed, women, file_format=file_format)
    return write_and_harmonise(people, "quebec", design, tmp_path_factory.mktemp("quebec"))


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
        "refused_claim",
        "exact_duplicate",
        "cancelled_pair",
        "service_not_dispensing",
        "duration_not_positive",
        "lump_sum_act",
        "address_outside_quebec",
        "address_not_residence",
    }


def test_persons_with_sex_birth_and_death(engine: Engine) -> None:
    recovers(
        engine,
        f"SELECT person_id, sex, birth_date, death_date FROM true_persons "
        f"WHERE person_id {SEEN.format('person')}",
        "SELECT truth, CASE gender_concept_id WHEN 8532 THEN 'F' WHEN 8507 THEN 'M' END, "
        "make_date(year_of_birth, month_of_birth, day_of_birth), death_date "
        "FROM person JOIN who USING (person_id) LEFT JOIN death USING (person_id)",
    )


def test_drug_plan_periods_until_death(engine: Engine) -> None:
    recovers(
        engine,
        'SELECT person_id, start, least(CAST("end" - 1 AS DATE), coalesce(death_date, "end")) '
        "FROM true_drug_plan JOIN true_persons USING (person_id) "
        "WHERE start <= coalesce(death_date, start)",
        "SELECT truth, payer_plan_period_start_date, payer_plan_period_end_date "
        "FROM payer_plan_period JOIN who USING (person_id)",
    )


def test_drug_exposures_with_date_atc_and_days(engine: Engine) -> None:
    recovers(
        engine,
        "SELECT person_id, date, atc, days FROM true_exposures "
        f"WHERE exposure_id {SEEN.format('exposure')}",
        "SELECT truth, drug_exposure_start_date, concept_code, days_supply "
        "FROM drug_exposure JOIN who USING (person_id) "
        "JOIN concept ON concept_id = drug_concept_id",
    )


def test_every_drug_exposure_is_inside_a_drug_plan_period(engine: Engine) -> None:
    outside = engine.scalar(
        "SELECT count(*) FROM drug_exposure AS d WHERE NOT EXISTS ("
        "SELECT 1 FROM payer_plan_period AS p WHERE p.person_id = d.person_id "
        "AND d.drug_exposure_start_date BETWEEN p.payer_plan_period_start_date "
        "AND p.payer_plan_period_end_date)"
    )
    assert outside == 0


def stays(codes: str) -> str:
    """SQL (truth, admission) of the stays with a diagnosis that matches the pattern."""
    return (
        "SELECT DISTINCT truth, visit_start_date, visit_occurrence_id "
        "FROM visit_occurrence AS v JOIN who USING (person_id) "
        "JOIN condition_occurrence AS c USING (visit_occurrence_id) "
        f"WHERE visit_concept_id = 9201 AND regexp_matches(condition_source_value, '{codes}')"
    )


def test_delivery_stays_start_on_the_admission(engine: Engine) -> None:
    recovers(
        engine,
        "SELECT person_id, admission_date FROM true_pregnancies "
        "WHERE outcome IN ('live_birth', 'stillbirth')",
        f"SELECT truth, visit_start_date FROM ({stays('^Z37')})",
    )


def test_stays_for_a_loss_start_on_the_day_of_the_loss(engine: Engine) -> None:
    # No act is dated in the public Québec layouts: the day of a loss is its stay's admission.
    recovers(
        engine,
        'SELECT person_id, "end" FROM true_pregnancies '
        "WHERE setting = 'hospital' AND outcome NOT IN ('live_birth', 'stillbirth')",
        f"SELECT truth, visit_start_date FROM ({stays('^O0[0-8]')})",
    )


def test_birth_stays_start_on_the_birth(engine: Engine) -> None:
    recovers(
        engine,
        "SELECT infant_id, birth_date FROM true_links WHERE infant_id IS NOT NULL",
        f"SELECT truth, visit_start_date FROM ({stays('^Z38')})",
    )


def test_gestation_gives_the_start_of_every_hospital_pregnancy(engine: Engine) -> None:
    recovers(
        engine,
        "SELECT person_id, start FROM true_pregnancies "
        f"WHERE pregnancy_id {SEEN.format('start')} AND pregnancy_id {SEEN.format('pregnancy')}",
        "SELECT truth, CAST(measurement_date - CAST(value_as_number AS INTEGER) AS DATE) "
        "FROM measurement JOIN who USING (person_id) "
        "JOIN concept ON concept_id = measurement_concept_id "
        "WHERE concept_code = 'gestational_age_days'",
    )


def test_mother_and_child_links(engine: Engine) -> None:
    recovers(
        engine,
        "SELECT mother_id, infant_id FROM true_links "
        f"WHERE infant_id IS NOT NULL AND infant_id {SEEN.format('link')}",
        "SELECT m.truth, c.truth FROM fact_relationship "
        "JOIN who AS m ON m.person_id = fact_id_1 JOIN who AS c ON c.person_id = fact_id_2 "
        "WHERE relationship_concept_id = 581436",
    )


def test_birth_weights_of_linked_children(engine: Engine) -> None:
    recovers(
        engine,
        "SELECT infant_id, weight_g FROM true_links "
        f"WHERE infant_id IS NOT NULL AND infant_id {SEEN.format('link')}",
        "SELECT truth, CAST(value_as_number AS SMALLINT) FROM measurement "
        "JOIN who USING (person_id) JOIN true_persons AS t ON t.person_id = truth "
        "JOIN concept ON concept_id = measurement_concept_id "
        "WHERE concept_code = 'birth_weight_g' AND role = 'infant'",
    )


def test_malformations_with_code_in_the_stay_of_their_diagnosis(engine: Engine) -> None:
    # A stay's diagnoses have no day of their own: they carry its admission.
    engine.sql(
        f"""CREATE TEMP TABLE found AS
            SELECT truth, condition_source_value AS code, visit_start_date, visit_end_date
            FROM condition_occurrence JOIN who USING (person_id)
            JOIN true_persons AS t ON t.person_id = truth
            JOIN visit_occurrence USING (visit_occurrence_id)
            JOIN concept ON concept_id = condition_source_concept_id
            WHERE role = 'infant' AND vocabulary_id = '{ICD10CA}'
            -- A diagnosis of admission (A) says once more what the principal one says.
            AND condition_status_source_value IN ('P', 'S')
            AND (code LIKE 'Q%' OR code IN (SELECT icd10 FROM true_malformations))"""
    )
    true = f"SELECT * FROM true_malformations WHERE malformation_id {SEEN.format('malformation')}"
    recovers(engine, f"SELECT infant_id, icd10 FROM ({true})", "SELECT truth, code FROM found")
    outside = engine.scalar(
        f"SELECT count(*) FROM ({true}) AS t JOIN found ON truth = infant_id AND code = icd10 "
        "WHERE diagnosis_date NOT BETWEEN visit_start_date AND visit_end_date"
    )
    assert outside == 0


def test_physician_claims_only_support_a_malformation(engine: Engine) -> None:
    # ICD-9 740-759 of a claim has no WHO concept: nothing that counts malformations can use it.
    concepts = engine.rows(
        "SELECT DISTINCT condition_concept_id FROM condition_occurrence "
        "WHERE condition_status_source_value = 'act'"
    )
    assert concepts == [(0,)]


def test_every_ordinary_visit_is_a_claim_of_that_day_with_its_code_or_a_truncated_one(
    engine: Engine,
) -> None:
    lost = engine.scalar(
        "SELECT count(*) FROM true_contacts AS t JOIN who ON truth = t.person_id "
        "WHERE NOT EXISTS (SELECT 1 FROM condition_occurrence AS c "
        "WHERE c.person_id = who.person_id AND c.condition_start_date = t.date "
        "AND condition_status_source_value = 'act' "
        "AND starts_with(replace(t.icd9, '.', ''), condition_source_value))"
    )
    assert lost == 0


def test_observation_covers_every_pregnancy(engine: Engine) -> None:
    outside = engine.scalar(
        "SELECT count(*) FROM true_pregnancies AS p JOIN who ON truth = p.person_id "
        "WHERE NOT EXISTS (SELECT 1 FROM observation_period AS o "
        "WHERE o.person_id = who.person_id AND observation_period_start_date <= p.start "
        'AND observation_period_end_date >= p."end")'
    )
    assert outside == 0
