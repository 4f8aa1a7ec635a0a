"""Days covered against windows of gestational days, at their very edges."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hand_cdm import Hand, day

from transat.cohorts.build import build_windows
from transat.cohorts.specification import Exposure, PopulationSpecification, Window
from transat.core.errors import DataQualityError

T1 = Window("t1", 0, 98)
LATE = Window("late", 98, 310)
EARLIER = Window("earlier", -90, 0)
EXPOSURES = (
    Exposure("N03AG01"),
    Exposure("N03A"),
    Exposure("C09A"),
    Exposure("valproates", ("N03AG01", "N03AG02")),
)


def exposed(path: Path, *drugs: tuple[str, date, int | None]) -> dict[str, set[str]]:
    hand = Hand()
    hand.woman(1)
    hand.birth(1, 2)
    for atc, when, days in drugs:
        hand.dispensing(1, atc, when, days)
    specification = PopulationSpecification(
        exposures=EXPOSURES,
        outcomes=(),
        windows=(T1, LATE, EARLIER),
        strata=(),
        confounders=(),
    )
    tables = build_windows(hand.write(path / "cdm"), specification).tables
    assert {table.n for table in tables.values()} == {1}
    return {
        name: {code for code in table.exposure_codes if table.exposure(code)[0]}
        for name, table in tables.items()
    }


@pytest.mark.parametrize(
    ("start", "days", "windows"),
    [
        (-30, 30, {"earlier"}),
        (-30, 31, {"earlier", "t1"}),
        (0, 1, {"t1"}),
        (97, 1, {"t1"}),
        (97, 2, {"t1", "late"}),
        (98, 30, {"late"}),
        (279, 30, {"late"}),
        (280, 30, set()),
        (-91, 1, set()),
        (-90, 1, {"earlier"}),
        (-400, 400, {"earlier"}),
        (-400, 401, {"earlier", "t1"}),
    ],
)
def test_one_covered_day_in_the_window_is_enough(
    tmp_path: Path, start: int, days: int, windows: set[str]
) -> None:
    found = exposed(tmp_path, ("C09AA05", day(start), days))
    assert {name for name, codes in found.items() if codes} == windows


def test_a_drug_counts_in_its_class_and_in_named_lists(tmp_path: Path) -> None:
    found = exposed(tmp_path, ("N03AG02", day(10), 30))
    assert found["t1"] == {"N03A", "valproates"}


@pytest.mark.parametrize("days", [None, 0, -5])
def test_a_dispensing_without_duration_covers_its_own_day(tmp_path: Path, days: int | None) -> None:
    found = exposed(tmp_path, ("C09AA05", day(97), days))
    assert (found["t1"], found["late"]) == ({"C09A"}, set())


def test_other_drugs_and_unknown_codes_expose_nobody(tmp_path: Path) -> None:
    found = exposed(tmp_path, ("N02BE01", day(10), 30))
    assert set.union(*found.values()) == set()


def test_dispensings_without_any_atc_code_are_not_no_exposure(tmp_path: Path) -> None:
    hand = Hand()
    hand.woman(1)
    hand.birth(1, 2)
    hand.add("drug_exposure", drug_exposure_id=1, person_id=1, drug_concept_id=1118084,
             drug_exposure_start_date=day(1))  # fmt: skip
    asked = PopulationSpecification(exposures=EXPOSURES, outcomes=(), strata=(), confounders=())
    with pytest.raises(DataQualityError, match="ATC"):
        build_windows(hand.write(tmp_path / "cdm"), asked)
