"""A population is refused when it names what does not exist; exposures nest."""

from __future__ import annotations

import pytest

from transat.cohorts.specification import (
    T1,
    Exposure,
    PopulationSpecification,
    Window,
    exposure_parents,
)
from transat.core.errors import StudyError


def test_the_nearest_containing_exposure_is_the_parent() -> None:
    exposures = (
        Exposure("N03AG01"),
        Exposure("N"),
        Exposure("N03A"),
        Exposure("valproates", ("N03AG01", "N03AG02")),
        Exposure("C09A"),
        Exposure("valproate_again", ("N03AG01",)),
    )
    assert exposure_parents(exposures) == (3, -1, 1, 2, -1, 0)


@pytest.mark.parametrize(
    "changes",
    [
        {"pregnancy_outcomes": ("live_berth",)},
        {"primary_window": "t2"},
        {"datings": ("year",)},
        {"excluded_causes": ("drugs",)},
        {"exposures": (Exposure("C09A"), Exposure("C09A"))},
        {"outcomes": ("any_major", "any_major")},
        {"windows": (Window("t1", 0, 90), Window("t1", 0, 98))},
        {"windows": (T1, *(Window(str(i), i, i + 1) for i in range(30)))},
    ],
)
def test_what_does_not_exist_or_comes_twice_is_refused(changes: dict[str, object]) -> None:
    values: dict[str, object] = {"exposures": (), "outcomes": ()}
    with pytest.raises(StudyError, match=next(iter(changes))):
        PopulationSpecification(**(values | changes))  # type: ignore[arg-type]


def test_an_empty_window_is_refused() -> None:
    with pytest.raises(StudyError, match="vide"):
        Window("none", 10, 10)
