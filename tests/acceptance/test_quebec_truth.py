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
        "stillbirth_known",
        "intervention_abandoned",
    }
    notes = {e.rule for e in written.report.ledger if e.kind == "note"}
    assert notes >= {
        "note:not_ambulatory",
        "note:din_padding",
        "note:region_without_network",
        "note:network_1610",
        "note:death_not_in_register",
    }
    assert "note:claim_outside_plan" not in notes


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


def test_homes_by_region_and_network(engine: Engine) -> None:
    # The writer shifts regions by 5; INESSS moves network 1610 of region 16 to region 15.
    recovers(
        engine,
        "SELECT person_id, lpad(CAST((region + 4) % 18 + 1 AS VARCHAR), 2, '0') "
        f"FROM true_persons WHERE person_id {SEEN.format('person')}",
        "SELECT truth, CASE location_source_value WHEN '0511' THEN '16' ELSE county END "
        "FROM person JOIN who USING (person_id) JOIN location USING (location_id)",
    )
    odd = engine.rows(
        "SELECT county, location_source_value FROM location WHERE county IN ('10', '17', '18') "
        "OR location_source_value = '0511' ORDER BY 1"
    )
    assert odd == [("10", "1001"), ("15", "0511"), ("17", "1701"), ("18", "1801")]


DELIVERED = "outcome IN ('live_birth', 'stillbirth')"


def test_services_of_delivery_stays_follow_one_another(engine: Engine) -> None:
    recovers(
        engine,
        f"SELECT person_id, admission_date FROM true_pregnancies WHERE {DELIVERED}",
        "SELECT truth, min(visit_detail_start_date) FROM visit_detail "
        "JOIN who USING (person_id) GROUP BY truth, visit_occurrence_id",
    )
    outside = engine.scalar(
        "SELECT count(*) FROM visit_detail AS d JOIN visit_occurrence AS v "
        "USING (visit_occurrence_id) WHERE d.person_id <> v.person_id "
        "OR d.care_site_id <> v.care_site_id "
        "OR visit_detail_start_date < visit_start_date OR visit_detail_end_date > visit_end_date"
    )
    assert outside == 0


def test_terminations_in_hospital_have_their_intervention(engine: Engine) -> None:
    recovers(
        engine,
        "SELECT person_id, \"end\" FROM true_pregnancies WHERE setting = 'hospital' "
        "AND outcome IN ('elective_termination', 'therapeutic_termination')",
        "SELECT truth, procedure_date FROM procedure_occurrence JOIN who USING (person_id) "
        "JOIN concept ON concept_id = procedure_source_concept_id "
        "WHERE vocabulary_id = 'CCI' AND concept_code LIKE '5CA%'",
    )


def test_a_caesarean_is_one_of_a_delivery_on_its_day(engine: Engine) -> None:
    caesareans = (
        "SELECT truth, procedure_date FROM procedure_occurrence JOIN who USING (person_id) "
        "WHERE procedure_source_value = '5MD60'"
    )
    found = int(engine.scalar(f"SELECT count(*) FROM ({caesareans})") or 0)
    true = f'SELECT person_id, "end" FROM true_pregnancies WHERE {DELIVERED}'
    elsewhere = engine.scalar(f"SELECT count(*) FROM (({caesareans}) EXCEPT ALL ({true}))")
    births = int(engine.scalar(f"SELECT count(*) FROM ({true})") or 0)
    assert 0.15 * births < found < 0.35 * births
    assert elsewhere == 0


def test_acts_of_live_births_belong_to_the_delivery_stay(engine: Engine) -> None:
    recovers(
        engine,
        "SELECT person_id, admission_date FROM true_pregnancies WHERE outcome = 'live_birth'",
        "SELECT truth, visit_start_date FROM condition_occurrence JOIN who USING (person_id) "
        "JOIN visit_occurrence USING (visit_occurrence_id) "
        "WHERE visit_concept_id = 9201 AND condition_status_source_value = 'act'",
    )


def test_stillbirths_are_told_of_the_mother(engine: Engine) -> None:
    recovers(
        engine,
        "SELECT l.mother_id, l.birth_date FROM true_links AS l "
        f"JOIN true_pregnancies USING (pregnancy_id) WHERE NOT l.live AND {DELIVERED}",
        "SELECT truth, observation_date FROM observation JOIN who USING (person_id) "
        "JOIN concept ON concept_id = observation_concept_id WHERE concept_code = 'stillbirth'",
    )


def test_every_emergency_has_its_triage_priority(engine: Engine) -> None:
    emergencies = "SELECT person_id, visit_start_date FROM visit_occurrence WHERE visit_concept_id"
    recovers(
        engine,
        f"{emergencies} = 9203",
        "SELECT person_id, observation_date FROM observation JOIN concept "
        "ON concept_id = observation_concept_id WHERE concept_code = 'triage_priority' "
        "AND value_as_string BETWEEN '1' AND '5'",
    )


def test_performers_and_establishments_are_all_known(engine: Engine) -> None:
    lost = engine.scalar(
        "SELECT count(*) FROM visit_occurrence LEFT JOIN provider USING (provider_id) "
        "WHERE visit_concept_id = 9202 AND provider_source_value IS NULL"
    )
    assert lost == 0
    nowhere = engine.scalar(
        "SELECT count(*) FROM visit_occurrence LEFT JOIN care_site USING (care_site_id) "
        "WHERE visit_concept_id IN (9201, 9203) AND care_site_source_value NOT LIKE 'MSSS:%'"
    )
    assert nowhere == 0
    kinds = engine.rows(
        "SELECT left(care_site_source_value, 5), count(*) FROM care_site GROUP BY 1 ORDER BY 1"
    )
    assert kinds == [("MSSS:", 60), ("USUEL", 80)]


def test_causes_of_death_are_coded_as_the_isq_codes_them(engine: Engine) -> None:
    unmapped = engine.rows(
        "SELECT DISTINCT s.vocabulary_id, c.vocabulary_id FROM death "
        "JOIN concept AS s ON s.concept_id = cause_source_concept_id "
        "JOIN concept AS c ON c.concept_id = nullif(cause_concept_id, 0)"
    )
    assert unmapped == [("ICD10", "ICD10")]
    causes = engine.rows(
        "SELECT count(cause_source_value) > 0.8 * count(*), "
        "count(*) FILTER (WHERE death_type_concept_id = 32815) > 0 FROM death"
    )
    assert causes == [(True, True)]
