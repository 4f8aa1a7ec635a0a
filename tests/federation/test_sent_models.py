"""Models that are sent to the sites: set right by sums that tell no few, reviewed, and refused
where what they foresee is of a few people."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from gated import Sites, births, times

from transat.federation.refusals import Refused
from transat.learners import hazard_review, recalibration
from transat.learners.hazards import Hazard, Model, Proportional
from transat.statistics import aalen_johansen

GRID = tuple(float(m) for m in range(3, 49, 3))


def model(coefficients: tuple[float, float] = (0.4, 0.3), level: float = -2.5) -> Model:
    form = Proportional(("x0", "old"), (0.0, 0.0), coefficients, (level,) * len(GRID))
    return Model(GRID, (Hazard(1, form),))


def rooms(n: int = 3000, seeds: tuple[int, ...] = (1, 2)) -> Sites:
    made = Sites([births(k, n) for k in seeds], [times(k, n) for k in seeds])
    made.ask([aalen_johansen.Parameters(GRID)])  # the population's grid
    return made


LEVEL = recalibration.Parameters(model())
BASELINE = recalibration.Parameters(model(), what="baseline", groups=GRID[1::2])


@pytest.mark.parametrize("asked", [LEVEL, replace(LEVEL, what="slope"), BASELINE])
def test_a_model_is_set_right_through_whole_gates(asked: recalibration.Parameters) -> None:
    sites = rooms()
    found = recalibration.combine(sites.ask, asked)
    assert np.isfinite(found.shifts).all()
    assert found.expected != pytest.approx(found.observed, rel=0.02)
    again = replace(asked, before=found.model)
    (told,) = [recalibration.at_site(t.survival, again) for t in rooms(seeds=(1,)).data]
    assert told.expected.sum() > 0


def test_nothing_is_told_of_what_comes_after_the_last_edge_told() -> None:
    """Who has the event beyond it would be a few, by subtraction from the curve."""
    sites = rooms(500, (1,))
    (curve,) = sites.ask([aalen_johansen.Parameters(GRID)])
    (told,) = sites.ask([BASELINE])
    assert curve.edges[-1] < GRID[-1]
    assert told.events.sum() == curve.events[0, 0].sum()
    table = sites.data[0].survival
    assert table is not None
    whole = recalibration.at_site(table, BASELINE)
    assert 0 < whole.events.sum() - told.events.sum() < 11


def test_groups_told_are_sums_of_the_curves_intervals() -> None:
    sites = rooms(1500, (1,))
    (curve,) = sites.ask([aalen_johansen.Parameters(GRID)])
    (told,) = sites.ask([BASELINE])
    assert set(told.edges[:-1]) <= set(curve.edges)


def test_a_model_may_not_be_chosen_between_rounds() -> None:
    sites = rooms(seeds=(1,))
    sites.ask([LEVEL])
    with pytest.raises(Refused) as no:
        sites.ask([replace(LEVEL, coefficients=(0.5,))])
    assert no.value.code == "coefficients"


def test_a_model_of_a_few_people_is_not_applied() -> None:
    """So steep that only the people at the end of a column are foreseen anything."""
    steep = model((40.0, 0.0), -120.0)
    for asked in (replace(LEVEL, before=steep), hazard_review.Parameters(steep)):
        with pytest.raises(Refused) as no:
            rooms(seeds=(1,)).ask([asked])
        assert (no.value.code, no.value.columns) == ("models", ("model",))


def test_a_review_goes_through_the_gate() -> None:
    sites = rooms()
    asked = hazard_review.Parameters(model())
    found = hazard_review.combine(sites.ask([asked]), asked)
    assert found.persons == 6000


def test_wrong_questions_are_refused_before_anything_is_computed() -> None:
    unknown = Model(GRID, (Hazard(1, Proportional(("weight",), (0.0,), (1.0,), (0.0,) * 16)),))
    parts = Model((1.5, 48.0), (Hazard(1, Proportional((), (), (), (0.0, 0.0))),))
    for wrong in (
        replace(LEVEL, before=unknown),
        replace(LEVEL, before=parts),
        replace(LEVEL, kind=2),
        replace(LEVEL, groups=(6.0, 48.0)),
        replace(BASELINE, groups=(6.0,)),
        replace(BASELINE, groups=(7.0, 48.0)),
        replace(LEVEL, coefficients=(0.0, 0.0)),
        hazard_review.Parameters(unknown),
    ):
        with pytest.raises(Refused) as no:
            rooms(500, (1,)).ask([wrong])
        assert no.value.code == "closed_list"
