"""Covariates of a few persons written by hand: codes, exposures, demographics, scores, settings."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from covariate_people import cohort, mothers
from hand_cdm import LMP, day

from transat.cohorts import covariates as cv
from transat.cohorts.query.executor import COHORT_SCHEMA
from transat.core.errors import InputError
from transat.engines.cdm import Cdm


def said(found: cv.Covariates) -> list[dict[str, float]]:
    """Each row: English label to value."""
    labels = found.dictionary["label_en"].to_pylist()
    dense = found.matrix.toarray()
    return [
        {label: value for label, value in zip(labels, row, strict=True) if value} for row in dense
    ]


def test_codes_by_level(tmp_path: Path) -> None:
    rows = cohort((1, 1, LMP, day(280)), (1, 2, LMP, day(50)))
    settings = cv.Settings(
        (
            cv.code_analysis(151, "condition_occurrence", "category", -365, -1),
            cv.code_analysis(152, "condition_occurrence", "chapter", -365, -1, counts=True),
            cv.code_analysis(351, "drug_exposure", "atc2", -365, -1),
        )
    )
    found = cv.build(mothers().write(tmp_path / "cdm"), rows, settings)
    assert said(found) == [
        {
            "ICD-10 E11": 1.0,
            "Endocrine, nutritional and metabolic diseases (E00–E90)": 2.0,
            "ATC N03": 1.0,
        },
        {"ATC N03": 1.0},
    ]
    assert found.dictionary["code"].to_pylist() == ["E00", "E11", "N03"]


def test_first_trimester_exposure(tmp_path: Path) -> None:
    """Days covered count; a window cut at the end of the pregnancy stops there."""
    rows = cohort((1, 1, LMP, day(280)), (1, 2, LMP, day(50)))
    cdm = mothers().write(tmp_path / "cdm")

    def exposed(cut: bool) -> list[dict[str, float]]:
        one = cv.code_analysis(351, "drug_exposure", "atc5", 0, 90, events="covered", cut=cut)
        return said(cv.build(cdm, rows, cv.Settings((one,))))

    first = {"ATC N03AG01": 1.0, "ATC N03AX09": 1.0}
    assert exposed(cut=False) == [first, {"ATC N03AG01": 1.0}]
    assert exposed(cut=True) == [first, {}]


def test_rows_of_the_cdm_in_any_order_and_rows_of_the_cohort_in_theirs(tmp_path: Path) -> None:
    hand = mothers()
    rows = cohort((2, 2, LMP, day(50)), (1, 1, LMP, day(280)), (1, 2, day(100), day(280)))
    one = cv.build(hand.write(tmp_path / "a"), rows, cv.code_settings())
    for seed in range(3):
        other = cv.build(hand.write_shuffled(tmp_path / f"s{seed}", seed), rows, cv.code_settings())
        assert other.triplets().equals(one.triplets())
        assert other.dictionary.equals(one.dictionary)
    turned = cv.build(hand.write(tmp_path / "b"), rows.take([2, 0, 1]), cv.code_settings())
    assert (turned.matrix != one.matrix[[2, 0, 1]]).nnz == 0


def write(folder: Path, **tables: list[dict[str, Any]]) -> Cdm:
    folder.mkdir()
    for name, rows in tables.items():
        pq.write_table(pa.Table.from_pylist(rows), folder / f"{name}.parquet")
    return Cdm(folder)


def test_demographics_and_scores(tmp_path: Path) -> None:
    """A man of 76 with heart failure twice and a stroke; a woman of 66; a person unknown."""
    start = date(2020, 3, 5)

    def era(concept: int, when: date) -> dict[str, Any]:
        return {"person_id": 1, "condition_concept_id": concept, "condition_era_start_date": when,
                "condition_era_end_date": when}  # fmt: skip

    cdm = write(
        tmp_path / "cdm",
        person=[
            {"person_id": 1, "gender_concept_id": 8507, "year_of_birth": 1944},
            {"person_id": 2, "gender_concept_id": 8532, "year_of_birth": 1954},
        ],
        observation_period=[
            {"person_id": 1, "observation_period_start_date": date(1950, 1, 1),
             "observation_period_end_date": date(1969, 12, 1)},
            {"person_id": 1, "observation_period_start_date": date(2020, 3, 1),
             "observation_period_end_date": date(2020, 3, 31)},
        ],
        condition_era=[
            era(316139, date(1960, 1, 1)), era(5, start), era(381591, start),
            era(434056, start + timedelta(days=1)),
        ],
        concept_ancestor=[
            {"ancestor_concept_id": a, "descendant_concept_id": d}
            for a, d in ((316139, 316139), (316139, 5), (381591, 381591), (434056, 434056))
        ],
    )  # fmt: skip
    names = ["DemographicsAge", "DemographicsAgeGroup", "DemographicsGender",
             "DemographicsIndexYearMonth", "DemographicsPriorObservationTime",
             "DemographicsPostObservationTime", "DemographicsTimeInCohort", "CharlsonIndex",
             "Chads2", "Chads2Vasc", "Dcsi"]  # fmt: skip
    rows = cohort(*((1, p, start, start + timedelta(days=9)) for p in (1, 2, 3)),
                  (1, 1, date(1969, 1, 1), date(1969, 1, 1)))  # fmt: skip
    found = said(cv.build(cdm, rows, cv.chosen(names)))
    assert found[0] == {
        "Age (years)": 76.0, "75 to 79 years": 1.0, "Unknown concept": 1.0, "2020-03": 1.0,
        "Days observed before": 4.0, "Days observed after": 26.0, "Days in the cohort": 9.0,
        "Charlson index (Romano)": 2.0, "CHADS2 score": 4.0, "CHA2DS2-VASc score": 3.0,
    }  # fmt: skip
    assert found[1]["CHA2DS2-VASc score"] == 2.0
    assert found[2] == {"Days in the cohort": 9.0}
    assert (found[3]["Days observed before"], found[3]["Charlson index (Romano)"]) == (6940.0, 1.0)


def test_concepts_let_in_and_left_out(tmp_path: Path) -> None:
    def seen(concept: int) -> dict[str, Any]:
        return {"person_id": 1, "procedure_concept_id": concept, "procedure_date": LMP}

    cdm = write(
        tmp_path / "cdm",
        person=[{"person_id": 1}],
        procedure_occurrence=[seen(c) for c in (1, 2, 3, 0)],
        concept_ancestor=[{"ancestor_concept_id": 9, "descendant_concept_id": 2}],
    )
    one = cv.Analysis(501, "procedures", "concept", "procedure_occurrence")

    def concepts(**limits: Any) -> list[int]:
        found = cv.build(cdm, cohort((1, 1, LMP, LMP)), cv.Settings((one,), **limits))
        return found.dictionary["concept_id"].to_pylist()

    assert concepts() == [1, 2, 3]
    assert concepts(included=(1, 3)) == [1, 3]
    assert concepts(included=(9,), included_descendants=True) == [2]
    assert concepts(excluded=(9,), excluded_descendants=True) == [1, 3]
    assert concepts(excluded=(9,)) == [1, 2, 3]
    assert concepts(covariates=(3501,)) == [3]
    assert concepts(covariates=(3502,)) == []


def test_units_that_share_an_id_are_counted(tmp_path: Path) -> None:
    """Units 7 and 1007 give one id, as in FeatureExtraction: the smallest unit is kept."""
    seen = [
        {"person_id": 1, "measurement_concept_id": 5, "measurement_date": LMP,
         "value_as_number": value, "unit_concept_id": unit}
        for unit, value in ((1007, 2.0), (7, 1.0))
    ]  # fmt: skip
    cdm = write(tmp_path / "cdm", person=[{"person_id": 1}], measurement=seen)
    one = cv.Analysis(705, "values", "value", "measurement")
    found = cv.build(cdm, cohort((1, 1, LMP, LMP)), cv.Settings((one,)))
    assert found.matrix.toarray().tolist() == [[1.0]]
    assert found.dictionary["collisions"].to_pylist() == [1]


def test_an_empty_cohort_and_an_empty_cdm(tmp_path: Path) -> None:
    cdm = write(tmp_path / "cdm", person=[{"person_id": 1}])
    everything = cv.Settings(cv.catalogue())
    none = cv.build(cdm, COHORT_SCHEMA.empty_table(), everything)
    assert none.matrix.shape == (0, 0)
    alone = cv.build(cdm, cohort((1, 1, LMP, LMP)), everything)
    assert set(alone.dictionary["analysis_id"].to_pylist()) == {6, 7, 10, 11}


def test_a_cohort_without_its_columns_is_refused(tmp_path: Path) -> None:
    cdm = write(tmp_path / "cdm", person=[{"person_id": 1}])
    with pytest.raises(InputError, match="cohort_end_date"):
        cv.build(cdm, cohort((1, 1, LMP, LMP)).drop(["cohort_end_date"]))


def test_a_table_that_is_no_table_is_refused(tmp_path: Path) -> None:
    cdm = write(tmp_path / "cdm", person=[{"person_id": 1}])
    (cdm.path / "condition_era.parquet").write_bytes(b"nothing")
    with pytest.raises(InputError, match="condition_era"):
        cv.build(cdm, cohort((1, 1, LMP, LMP)))
