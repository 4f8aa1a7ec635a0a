"""The same people written on both shores are the same people in both CDMs.

One virtual population is written as an SNDS extract and as a Québec extract; each is harmonised
and its pregnancies found. On each shore what is recovered equals the truth minus the rows that
the shore cannot know, which its writer lists by reason (`pytest -s` prints how many of each).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from virtual_people import differences, recovers

from transat.cohorts import exposures
from transat.cohorts.pregnancies import derive, use
from transat.cohorts.specification import T1, Exposure
from transat.core.counts import THRESHOLD
from transat.engines.cdm import Cdm
from transat.engines.duckdb import DuckDB
from transat.engines.engine import Engine
from transat.harmonise.run import harmonise
from transat.simulate.design import Design
from transat.simulate.simulate import simulate

WOMEN = 4000
SHORES = {"snds": "france", "quebec": "quebec"}


@dataclass(frozen=True)
class World:
    """The folder of the simulation, and a CDM per shore with its pregnancies derived."""

    folder: Path
    cdms: dict[str, Cdm]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    base = tmp_path_factory.mktemp("people")
    design = Design(seed=17, persons=WOMEN, same_people=True)
    folder = simulate(design, base / "simulation", processes=1)
    cdms = {
        shore: derive(harmonise(shore, folder / SHORES[shore], base / shore, threads=2).cdm)
        for shore in SHORES
    }
    return World(folder, cdms)


def attached(world: World, shore: str) -> Engine:
    """The shore's CDM, its pregnancies, and the truth: `true_*`, `seen(kind)` as views, `who`."""
    engine = DuckDB(threads=2)
    cdm = world.cdms[shore]
    cdm.attach(engine)
    use(engine, cdm)
    for path in sorted((world.folder / "truth").glob("*.parquet")):
        engine.view_parquet(f"true_{path.stem}", [path])
    engine.sql(f"CREATE VIEW unseen AS SELECT * FROM true_unseen WHERE shore = '{SHORES[shore]}'")
    engine.sql(
        "CREATE TEMP TABLE who AS SELECT c.person_id AS truth, p.person_id "
        f"FROM true_crosswalk AS c JOIN person AS p ON p.person_source_value = c.{shore}_person"
    )
    return engine


@pytest.fixture(params=list(SHORES))
def shore(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def engine(world: World, shore: str) -> Iterator[Engine]:
    with attached(world, shore) as engine:
        yield engine


def seen(kind: str) -> str:
    return f"NOT IN (SELECT id FROM unseen WHERE kind = '{kind}')"


#: Truth's pregnancies that the shore can know, and those whose start it can know to the day.
PREGNANCIES = f"SELECT * FROM true_pregnancies WHERE pregnancy_id {seen('pregnancy')}"
DATED = f"SELECT * FROM ({PREGNANCIES}) WHERE pregnancy_id {seen('start')}"


def test_every_person_is_found_once(engine: Engine) -> None:
    recovers(
        engine,
        f"SELECT person_id, sex, year(birth_date), month(birth_date) FROM true_persons "
        f"WHERE person_id {seen('person')}",
        "SELECT truth, CASE gender_concept_id WHEN 8532 THEN 'F' WHEN 8507 THEN 'M' END, "
        "year_of_birth, month_of_birth FROM person LEFT JOIN who USING (person_id)",
    )


def test_pregnancies_with_outcome_and_end(engine: Engine) -> None:
    recovers(
        engine,
        f'SELECT person_id, outcome, "end" FROM ({PREGNANCIES})',
        "SELECT truth, outcome, end_date FROM pregnancy JOIN who USING (person_id)",
    )


def test_how_many_each_pregnancy_bore(engine: Engine) -> None:
    recovers(
        engine,
        f'SELECT person_id, "end", plurality FROM ({PREGNANCIES}) '
        f"WHERE pregnancy_id {seen('plurality')}",
        f"""SELECT truth, end_date, plurality FROM pregnancy JOIN who USING (person_id)
            WHERE (truth, end_date) NOT IN (SELECT (person_id, "end") FROM true_pregnancies
                WHERE NOT pregnancy_id {seen("plurality")})""",
    )


def test_every_ordinary_visit_is_found(engine: Engine) -> None:
    truth = f"SELECT DISTINCT person_id, date FROM true_contacts WHERE contact_id {seen('contact')}"
    found = (
        "SELECT DISTINCT truth, visit_start_date FROM visit_occurrence JOIN who USING (person_id) "
        "WHERE visit_concept_id = 9202"
    )
    lines, missed, _ = differences(engine, truth, found)
    assert lines > WOMEN
    assert missed == 0


def test_cover_of_the_drug_plan_ends_with_life(world: World) -> None:
    with attached(world, "quebec") as engine:
        recovers(
            engine,
            'SELECT person_id, start, "end" FROM true_drug_plan',
            "SELECT truth, payer_plan_period_start_date, payer_plan_period_end_date + 1 "
            "FROM payer_plan_period JOIN who USING (person_id)",
        )


def test_starts_of_pregnancies_to_the_day(engine: Engine) -> None:
    recovers(
        engine,
        f'SELECT person_id, start, "end" FROM ({DATED})',
        f"""SELECT truth, start_date, end_date FROM pregnancy JOIN who USING (person_id)
            WHERE (truth, end_date) IN (SELECT (person_id, "end") FROM ({DATED}))""",
    )


def test_a_start_is_never_further_off_than_it_says(engine: Engine) -> None:
    worst = engine.scalar(
        f"""SELECT max(abs(date_diff('day', t.start, g.start_date)) - g.precision_days)
            FROM pregnancy AS g JOIN who USING (person_id)
            JOIN ({PREGNANCIES}) AS t ON t.person_id = truth AND t."end" = g.end_date
            WHERE dating <> 'default'"""
    )
    assert worst is not None
    assert worst <= 0


def test_the_episode_table_says_the_same(engine: Engine) -> None:
    recovers(
        engine,
        "SELECT person_id, start_date, end_date, outcome FROM pregnancy",
        "SELECT person_id, episode_start_date, episode_end_date, episode_source_value FROM episode",
    )


def test_every_concept_has_its_domain_class_and_vocabulary(engine: Engine) -> None:
    for word in ("domain", "concept_class", "vocabulary"):
        lost = (
            f"SELECT {word}_id FROM concept WHERE {word}_id NOT IN (SELECT {word}_id FROM {word})"
        )
        assert engine.rows(lost) == []
        assert engine.scalar(f"SELECT count(*) - count(DISTINCT {word}_id) FROM {word}") == 0


def test_links_of_mothers_and_infants(engine: Engine) -> None:
    recovers(
        engine,
        "SELECT mother_id, infant_id, birth_date FROM true_links "
        f"WHERE infant_id IS NOT NULL AND infant_id {seen('link')} "
        f"AND pregnancy_id {seen('pregnancy')}",
        "SELECT m.truth, i.truth, end_date FROM pregnancy_infant "
        "JOIN pregnancy USING (episode_id) JOIN who AS m USING (person_id) "
        "JOIN who AS i ON i.person_id = infant_id",
    )


def test_malformations_of_infants(engine: Engine) -> None:
    recovers(
        engine,
        "SELECT DISTINCT infant_id, icd10 FROM true_malformations "
        f"WHERE malformation_id {seen('malformation')}",
        # The infant's hospital diagnoses other than those of a birth (P, Z) or of a later illness.
        "SELECT DISTINCT truth, replace(concept_code, '.', '') FROM condition_occurrence "
        "JOIN concept ON concept_id = condition_concept_id "
        "JOIN who USING (person_id) JOIN true_persons AS t ON t.person_id = truth "
        "WHERE t.role = 'infant' AND condition_type_concept_id = 32817 "
        "AND (concept_code LIKE 'Q%' "
        "OR replace(concept_code, '.', '') IN (SELECT icd10 FROM true_malformations))",
    )


def exposed_in_truth(days: str) -> str:
    """SQL (woman, end, ATC) of first-trimester exposures, a dispensing covering `days` days.

    An ATC of five characters gathers those of seven under it, as it does in the cohorts.
    """
    return f"""SELECT DISTINCT p.person_id, p."end", d.atc FROM ({DATED}) AS p
        JOIN true_exposures AS x ON x.person_id = p.person_id
            AND x.exposure_id {seen("exposure")}
            AND x.date < least(p.start + {T1.end_day}, p."end")
            AND x.date + CAST({days} AS INTEGER) > p.start + {T1.start_day}
        JOIN (SELECT DISTINCT atc FROM true_exposures) AS d ON starts_with(x.atc, d.atc)"""


def test_first_trimester_exposures(engine: Engine, shore: str) -> None:
    engine.sql(
        "CREATE TEMP TABLE cohort AS SELECT CAST(row_number() OVER (ORDER BY g.episode_id) - 1 "
        "AS INTEGER) AS preg, g.person_id, truth, g.start_date, g.end_date "
        "FROM pregnancy AS g JOIN who USING (person_id) WHERE (truth, g.end_date) IN "
        f'(SELECT (person_id, "end") FROM ({DATED}))'
    )
    size = int(engine.scalar("SELECT count(*) FROM cohort") or 0)
    drugs = [r[0] for r in engine.rows("SELECT DISTINCT atc FROM true_exposures ORDER BY 1")]
    chosen = tuple(Exposure(atc) for atc in drugs)
    matrix = exposures.exposed(engine, size, chosen, (T1,))[T1.name].tocoo()
    found = {"preg": matrix.row.astype("int32"), "atc": [drugs[j] for j in matrix.col]}
    engine.register("first_trimester", pa.table(found))
    recovered = "SELECT truth, end_date, atc FROM first_trimester JOIN cohort USING (preg)"
    # The SNDS records boxes, not days: there, 30 days a box is all that can be known.
    knowable = {"snds": "30 * x.packs", "quebec": "x.days"}[shore]
    recovers(engine, exposed_in_truth(knowable), recovered)
    _, missed, _ = differences(engine, exposed_in_truth("x.days"), recovered)
    assert missed == 0


def test_what_both_shores_know_is_the_same_on_both(world: World) -> None:
    known: list[set[tuple[object, ...]]] = []
    unknown: set[object] = set()
    for shore in SHORES:
        with attached(world, shore) as engine:
            known.append(
                set(
                    engine.rows(
                        "SELECT t.pregnancy_id, g.outcome, g.start_date, g.end_date "
                        "FROM pregnancy AS g JOIN who USING (person_id) "
                        "JOIN true_pregnancies AS t "
                        'ON t.person_id = truth AND t."end" = g.end_date'
                    )
                )
            )
            lost = engine.rows("SELECT id FROM unseen WHERE kind IN ('pregnancy', 'start')")
            unknown |= {row[0] for row in lost}
    france, quebec = ({row for row in shore if row[0] not in unknown} for shore in known)
    assert len(france) > WOMEN // 2
    assert france == quebec


def test_what_a_shore_cannot_know_is_listed_by_reason(
    world: World,
) -> None:
    unseen = pq.read_table(world.folder / "truth" / "unseen.parquet")
    lines = zip(*(unseen[c].to_pylist() for c in ("shore", "kind", "reason")), strict=True)
    counted = Counter(lines)
    for (shore, kind, reason), number in sorted(counted.items()):
        shown = str(number) if number >= THRESHOLD else f"< {THRESHOLD}"
        print(f"{shore:8} {kind:13} {reason:32} {shown:>7}")
    assert {shore for shore, _, _ in counted} == set(SHORES.values())
    assert all(reason for _, _, reason in counted)
