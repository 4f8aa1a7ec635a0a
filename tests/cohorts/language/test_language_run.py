"""What a study says is what the engines find, on a CDM written by hand."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from study_text import study

from transat.cohorts.language.prose import prose
from transat.cohorts.query.columns.executor import Columns
from transat.cohorts.query.executor import Executor
from transat.cohorts.query.reference import Reference
from transat.cohorts.query.sql.executor import Sql
from transat.engines.cdm import Cdm

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from hand_cdm import FIRST, Hand, day

ENGINES: tuple[Executor, ...] = (Reference(), Columns(), Sql("duckdb"))
engines = pytest.mark.parametrize("engine", ENGINES, ids=lambda e: type(e).__name__)
RULES = """\
    washout: {fr: Rien avant, en: Nothing before, days: 365}
    rules:
      - {id: failure, fr: Insuffisance, en: Failure, has: {condition: failure}, days: [-30, 0]}
      - {id: women, fr: Femmes, en: Women, where: {sex: female, age: [18, 40]}}
    keep: first
    exit: {until: start + 90}
    censor: [{death: any}]
"""
ANALYSIS = """\
    covariates:
      - {id: before, fr: A, en: B, column: count, of: {condition: any}, days: [ever, -1]}
    follow_up: {fr: F, en: F, outcome: {death: any}, days: [1, 60]}
"""
#: Who, and why not: (person, born, sex, stenosis on days, failure on days, death on day).
PEOPLE = [
    (1, 1988, 8532, (0,), (-10,), None),  # in
    (2, 1988, 8532, (0,), (-31,), None),  # failure a day too early
    (3, 1988, 8532, (0, 200), (-10, 190), None),  # the second is within the washout
    (4, 1988, 8507, (0,), (-10,), None),  # a man
    (5, 1974, 8532, (0,), (-10,), None),  # 41
    (6, 1988, 8532, (0, 500), (0, 495), 30),  # in, dies
    (7, 1988, 8532, (400,), (380,), None),  # in, later
]


@pytest.fixture(scope="module")
def cdm(tmp_path_factory: pytest.TempPathFactory) -> Cdm:
    """People who each fail or pass one rule."""
    hand = Hand()
    stenosis, failure = hand.concept("CIM10", "I350"), hand.concept("CIM10", "I500")
    hand.concept("CIM10", "I509")
    excluded = hand.concept("CIM10", "I509")
    number = 0
    for person, born, sex, stenoses, failures, death in PEOPLE:
        hand.woman(person, born, sex)
        found = [(stenosis, d) for d in stenoses] + [(failure, d) for d in failures]
        for concept, on in (*found, (excluded, -5)):
            number += 1
            hand.add("condition_occurrence", condition_occurrence_id=number, person_id=person,
                     condition_concept_id=0, condition_source_concept_id=concept,
                     condition_start_date=day(on))  # fmt: skip
        if death is not None:
            hand.add("death", person_id=person, death_date=day(death))
    return hand.write(tmp_path_factory.mktemp("cdm"))


@engines
def test_periods_and_attrition(engine: Executor, cdm: Cdm) -> None:
    made = study(RULES, analysis=ANALYSIS)
    done = engine.run(cdm, made.definitions)
    found = [
        (row["subject_id"], (row["cohort_start_date"] - FIRST).days, row["cohort_end_date"])
        for row in done.cohorts.to_pylist()
    ]
    start = (day(0) - FIRST).days
    assert found == [
        (1, start, day(90)),
        (3, start, day(90)),
        (6, start, day(30)),
        (7, start + 400, day(490)),
    ]
    steps = {(r["kind"], r["rule"]): r["persons"] for r in done.attrition.to_pylist()}
    assert steps == {
        ("entry", None): 7,
        ("rule", 0): 7,
        ("rule", 1): 6,
        ("rule", 2): 4,
        ("limit", None): 4,
        ("cohort", None): 4,
    }
    assert "masqué" in prose(made.populations[0].cohort, "fr", done.attrition)


@engines
def test_columns_of_the_analysis(engine: Executor, cdm: Cdm) -> None:
    made = study(RULES, analysis=ANALYSIS)
    table = engine.analyse(cdm, made.analyses[0].analysis)
    assert table["before"].to_pylist() == [2, 2, 1, 2]
    assert table["time"].to_pylist() == [59, 59, 29, 59]
    assert table["status"].to_pylist() == [0, 0, 1, 0]


@engines
def test_pregnancies_and_an_exposure_that_ends_with_them(engine: Executor, tmp_path: Path) -> None:
    """Days covered after the end of the pregnancy expose nobody."""
    hand = Hand()
    drug = hand.concept("ATC", "N03AG01")
    for person, on in ((1, 10), (2, 60), (3, 200)):
        hand.woman(person)
        hand.add("drug_exposure", drug_exposure_id=person, person_id=person, drug_concept_id=0,
                 drug_source_concept_id=drug, drug_exposure_start_date=day(on),
                 drug_exposure_end_date=day(on + 29))  # fmt: skip
    cdm = hand.write(tmp_path)
    pregnancies(cdm, [(1, 280), (2, 70), (3, 280)])
    csv = "vocabulary,code,match,action,label_fr,label_en,source,checked\n"
    made = study(
        entry="    entry: {fr: A, en: B, events: [{pregnancy: any}]}\n    exit: {until: end}\n",
        analysis="    exposures:\n"
        + "".join(
            f"      - {{id: {name}, fr: A, en: B, column: days_covered, of: {{drug: stenosis}},"
            f" covered: first_trimester{more}}}\n"
            for name, more in (("ended", ", until_end: true"), ("window", ""))
        ),
        csv="set," + csv + "stenosis,ATC,N03A,prefix,include,A,A,ATC,yes\n"
        "failure,ATC,C09,prefix,include,A,A,ATC,yes\n",
    )
    table = engine.analyse(cdm, made.analyses[0].analysis)
    assert table["window"].to_pylist() == [30, 30, 0]
    assert table["ended"].to_pylist() == [30, 11, 0]


def pregnancies(cdm: Cdm, ends: list[tuple[int, int]]) -> None:
    """Write the extension: one episode for each person, from the LMP to day `end`."""
    rows = [
        {"episode_id": n, "person_id": person, "start_date": day(0),
         "end_date": day(0) + timedelta(days=end), "outcome": "live_birth"}
        for n, (person, end) in enumerate(ends, 1)
    ]  # fmt: skip
    schema = pa.schema(
        [("episode_id", pa.int64()), ("person_id", pa.int64()), ("start_date", pa.date32()),
         ("end_date", pa.date32()), ("outcome", pa.string())]
    )  # fmt: skip
    pq.write_table(pa.Table.from_pylist(rows, schema), cdm.path / "pregnancy.parquet")
