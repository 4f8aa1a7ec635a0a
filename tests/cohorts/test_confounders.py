"""Strata and covariates: read before LMP, with the same names on every shore."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hand_cdm import LMP, Hand, day

from transat.cohorts.analysis_table import AnalysisTable
from transat.cohorts.build import build
from transat.cohorts.confounders import VARIABLES
from transat.cohorts.specification import Exposure, PopulationSpecification
from transat.core.errors import StudyError

COVARIATES = tuple(v for v in VARIABLES if v != "region")


def table(hand: Hand, path: Path, **changes: object) -> AnalysisTable:
    values: dict[str, object] = {
        "exposures": (Exposure("N03AG01"),), "outcomes": (), "strata": (), "confounders": COVARIATES
    }  # fmt: skip
    asked = PopulationSpecification(**(values | changes))  # type: ignore[arg-type]
    return build(hand.write(path / "cdm"), asked)[0]


def one() -> Hand:
    hand = Hand()
    hand.woman(1)
    hand.birth(1, 2)
    return hand


def value(built: AnalysisTable, name: str) -> float:
    return float(built.covariates[0, built.covariate_names.index(name)])


@pytest.mark.parametrize(
    ("name", "code", "vocabulary"),
    [
        ("diabetes", "E109", "CIM10"),
        ("diabetes", "250", "ICD9"),
        ("epilepsy", "G409", "ICD10CA"),
        ("epilepsy", "3451", "ICD9"),
        ("hypertension", "I10", "CIM10"),
        ("psychiatric", "F329", "CIM10"),
        ("bipolar", "F319", "CIM10"),
        ("obesity", "E660", "CIM10"),
        ("asthma", "493", "ICD9"),
        ("thyroid", "E050", "CIM10"),
        ("autoimmune", "M060", "CIM10"),
        ("migraine", "G439", "CIM10"),
    ],
)
def test_a_diagnosis_counts_strictly_before_lmp(
    tmp_path: Path, name: str, code: str, vocabulary: str
) -> None:
    for shift, expected in ((-1, 1.0), (0, 0.0)):
        hand = one()
        hand.condition(1, code, day(shift), vocabulary=vocabulary, hospital=False)
        assert value(table(hand, tmp_path / str(shift)), name) == expected


def test_drugs_and_contacts_before_are_logs_of_distinct_counts(tmp_path: Path) -> None:
    hand = one()
    for shift, atc in ((-1, "N02BE01"), (-2, "N02BE01"), (-90, "A02BC01"), (-91, "C09AA05"),
                       (0, "M01AE01")):  # fmt: skip
        hand.dispensing(1, atc, day(shift))
    for shift in (-1, -1, -45, -90, -91, 0):
        hand.visit(1, day(shift), concept=9202)
    built = table(hand, tmp_path)
    assert value(built, "drugs_before") == pytest.approx(1.0986, abs=1e-4)
    assert value(built, "contacts_before") == pytest.approx(1.3863, abs=1e-4)


def test_folic_acid_and_other_teratogens_have_windows_of_their_own(tmp_path: Path) -> None:
    hand = one()
    hand.dispensing(1, "B03BB01", day(89), 1)
    hand.dispensing(1, "D10BA01", day(-60), 31)
    built = table(hand, tmp_path)
    assert (value(built, "folic_acid"), value(built, "teratogens")) == (1.0, 1.0)
    late = one()
    late.dispensing(1, "B03BB01", day(90), 1)
    assert value(table(late, tmp_path / "late"), "folic_acid") == 0.0


def test_names_do_not_depend_on_what_a_shore_holds(tmp_path: Path) -> None:
    few = table(one(), tmp_path / "a", years=(2014, 2016))
    hand = one()
    hand.woman(3, year=1970)
    hand.birth(3, 4, lmp=LMP - timedelta(days=400))
    many = table(hand, tmp_path / "b", years=(2014, 2016))
    assert few.covariate_names == many.covariate_names
    assert [n for n in few.covariate_names if n.startswith("year")] == ["year=2015", "year=2016"]
    assert value(few, "year=2015") == 1.0
    assert value(table(one(), tmp_path / "c"), "year") == 0.0


def test_strata_cross_their_variables_and_only_those_present_are_listed(tmp_path: Path) -> None:
    hand = one()
    hand.woman(3, year=1975, region="13")
    hand.birth(3, 4)
    hand.condition(3, "E109", day(-10))
    built = table(hand, tmp_path, strata=("year", "age_band", "region", "diabetes"))
    assert built.stratum_labels == (
        "year=2015|age_band=25-29|region=75|diabetes=0",
        "year=2015|age_band=35-39|region=13|diabetes=1",
    )
    assert built.strata.tolist() == [0, 1]


def test_region_is_no_covariate_and_unknown_names_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="strates"):
        table(one(), tmp_path / "a", confounders=("region",))
    with pytest.raises(StudyError, match="epilepsy"):
        table(one(), tmp_path / "b", confounders=("epilepsi",))
