"""A model sent to the sites: what it predicts is told in bins that hold enough people."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from gated import Sites, births, times

from transat.federation.predicted import Parameters
from transat.federation.questions import STEPS
from transat.federation.refusals import Refused
from transat.learners.hazards import Hazard, Model, Proportional
from transat.statistics import risk_histogram, time_auc

GRID = (6.0, 12.0, 24.0, 36.0)
ENDS = tuple(k / 20 for k in range(1, 20))


def model(slope: float = 0.5) -> Model:
    def of(kind: int) -> Hazard:
        form = Proportional(("x0", "old"), (0.0, 0.0), (slope, 0.3), (-2.5, -2.5, -1.8, -1.8))
        return Hazard(kind, form)

    return Model(GRID, (of(1), of(2)))


ASKED = Parameters(model(), 1, 24.0, ENDS, (12.0, 24.0), kinds=2, by=("old",))


def sites(n: int = 4000, seeds: tuple[int, ...] = (1, 2), **more: object) -> Sites:
    return Sites([births(k, n) for k in seeds], [times(k, n) for k in seeds], **more)


def test_metrics_over_sites_are_those_of_the_pooled_rows_on_the_same_bins() -> None:
    rooms = sites()
    releases = rooms.ask([ASKED])
    for release in releases:
        for counts in release.counts().values():
            assert not ((counts > 0) & (counts < 11)).any()
        assert release.bins.size >= 3
    found = risk_histogram.combine(releases, ASKED.counted())
    kept = ASKED.counted()
    kept = replace(
        kept, bins=tuple(float(b) for b in found.sites[0].bins),
        grid=tuple(float(e) for e in found.sites[0].edges),
    )  # fmt: skip
    wanted = [STEPS["risk_histogram"].compute(d, replace(ASKED, bins=kept.bins, grid=kept.grid))
              for d in rooms.data]  # fmt: skip
    exact = risk_histogram.combine(wanted, kept)
    one, other = (time_auc.time_auc(r.rows(), 24.0) for r in (found, exact))
    assert (one.value, one.standard_error) == (other.value, other.standard_error)
    assert one.low > 0.5


def test_a_bin_of_a_few_is_made_one_with_the_next() -> None:
    rooms = sites(600, (1,))
    bare = STEPS["risk_histogram"].compute(rooms.data[0], ASKED)
    assert any(((c > 0) & (c < 11)).any() for c in bare.counts().values())
    (release,) = rooms.ask([ASKED])
    assert not any(((c > 0) & (c < 11)).any() for c in release.counts().values())


def test_another_model_that_moves_a_few_people_over_an_end_tells_nothing_more() -> None:
    """The same risks but for a hair: bins whose people differ by a few are not told twice."""
    rooms = sites(4000, (1,))
    (first,) = rooms.ask([ASKED])
    moved = replace(ASKED, model=model(0.5005))
    (second,) = rooms.ask([moved])
    risk = [_risks(rooms, asked) for asked in (ASKED, moved)]
    for end in second.bins:
        for other in first.bins:
            more = int(((risk[1] >= end) & ~(risk[0] >= other)).sum())
            less = int((~(risk[1] >= end) & (risk[0] >= other)).sum())
            assert more + less == 0 or more + less >= 11
    bare = [STEPS["risk_histogram"].compute(rooms.data[0], a) for a in (ASKED, moved)]
    apart = np.abs(bare[0].persons().sum(axis=0).cumsum() - bare[1].persons().sum(axis=0).cumsum())
    assert ((apart > 0) & (apart < 11)).any()  # so the gate had something to do


def _risks(rooms: Sites, asked: Parameters) -> np.ndarray:
    from transat.federation import predicted

    assert rooms.data[0].survival is not None
    return predicted.risks(rooms.data[0].survival, asked)


def test_the_ends_of_bins_are_those_of_the_first_question() -> None:
    rooms = sites(4000, (1,))
    rooms.ask([ASKED])
    rooms.ask([replace(ASKED, bins=ENDS[::2])])
    with pytest.raises(Refused) as no:
        rooms.ask([replace(ASKED, bins=(0.123,))])
    assert (no.value.code, no.value.columns) == ("bins", ("bins",))


def test_wrong_questions_are_refused_before_anything_is_computed() -> None:
    unknown = Model(GRID, (Hazard(1, Proportional(("weight",), (0.0,), (1.0,), (0.0,) * 4)),))
    for wrong in (
        replace(ASKED, model=unknown),
        replace(ASKED, horizon=13.0),
        replace(ASKED, kind=3),
        replace(ASKED, kinds=1),
        replace(ASKED, by=("x0",)),
        replace(ASKED, bins=(0.5, 0.2)),
        replace(ASKED, bins=(0.0, 0.2)),
        replace(ASKED, grid=()),
    ):
        with pytest.raises(Refused) as no:
            sites(500, (1,)).ask([wrong])
        assert no.value.code == "closed_list"
