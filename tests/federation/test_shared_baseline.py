"""Regressions with one baseline over sites, through whole gates: the pooled fit on the edges that
were kept, where more people leave in every interval than numbers are told about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from gated import Sites, births, times
from splits import stacked_times

from transat.federation.refusals import Refused
from transat.statistics import cox_unstratified, fine_gray

GRID = tuple(float(m) for m in range(1, 49))
COX = cox_unstratified.Parameters(("x0", "old"), GRID)
FINE_GRAY = fine_gray.Parameters(("x0", "old"), GRID)


def rooms(seeds: tuple[int, ...] = (1, 2), n: int = 3000, **more: Any) -> Sites:
    return Sites([births(k, n) for k in seeds], [times(k, n) for k in seeds], **more)


@pytest.mark.parametrize(("kind", "start"), [(cox_unstratified, COX), (fine_gray, FINE_GRAY)])
@pytest.mark.parametrize("seeds", [(1, 2), (1, 2, 3)])
def test_federated_is_pooled_on_the_edges_that_were_kept(
    kind: Any, start: Any, seeds: tuple[int, ...]
) -> None:
    sites = rooms(seeds)
    found = kind.combine(sites.ask, start)
    pooled = replace(
        stacked_times([times(k, 3000) for k in seeds]), people=np.arange(3000 * len(seeds))
    )
    pooled = replace(pooled, strata=np.zeros_like(pooled.strata))
    on_kept = replace(start, grid=tuple(float(e) for e in found.edges))
    wanted = kind.combine(lambda asked: [kind.at_site(pooled, asked[0])], on_kept)
    np.testing.assert_allclose(found.coefficients, wanted.coefficients, atol=1e-8)
    np.testing.assert_allclose(found.standard_errors, wanted.standard_errors, atol=1e-8)
    assert found.converged
    assert 5 < found.edges.size < len(GRID)


def recorded(sites: Sites, kind: Any, start: Any) -> list[tuple[Any, Any]]:
    told: list[tuple[Any, Any]] = []

    def ask(asked: Any) -> Any:
        releases = sites.ask(asked)
        told.append((asked[0], releases[0]))
        return releases

    kind.combine(ask, start)
    return told


@pytest.mark.parametrize(("kind", "start"), [(cox_unstratified, COX), (fine_gray, FINE_GRAY)])
def test_more_people_leave_an_interval_than_numbers_are_told_of_it(kind: Any, start: Any) -> None:
    sites = rooms((1,))
    told = recorded(sites, kind, start)
    asked, release = told[-1][0], told[0][1]
    table = sites.data[0].survival
    assert table is not None
    leavers = np.diff([int((table.time <= e).sum()) for e in (0.0, *release.edges)])
    risks = [r for a, r in told if np.asarray(r.risk).size]
    assert leavers.min() > len(risks) + 2 * len(asked.columns)


@pytest.mark.parametrize(("kind", "start"), [(cox_unstratified, COX), (fine_gray, FINE_GRAY)])
def test_nothing_that_a_fit_sends_down_may_be_chosen(kind: Any, start: Any) -> None:
    sites = rooms((1,))
    honest = recorded(sites, kind, start)
    later = [asked for asked, _ in honest[1:]]
    changes: list[Callable[[Any], Any]] = [
        lambda a: replace(a, coefficients=tuple(c + 0.01 for c in a.coefficients)),
        lambda a: replace(a, edges=a.edges[1:]),
    ]
    if kind is cox_unstratified:
        changes.append(lambda a: replace(a, hazard=tuple(h * 1.01 for h in a.hazard)))
    else:
        changes.append(lambda a: replace(a, steps=tuple(h * 1.01 for h in a.steps)))
        changes.append(lambda a: replace(a, stage="means"))
    for change in changes:
        again = rooms((1,))
        again.ask([honest[0][0]])
        for asked in later[:2]:
            changed = change(asked)
            if changed != asked:
                with pytest.raises(Refused) as no:
                    again.ask([changed])
                assert no.value.code in ("coefficients", "closed_list")
            again.ask([asked])


def test_wrong_questions_are_refused_before_anything_is_computed() -> None:
    sites = rooms((1,), 800)
    for wrong in (
        replace(COX, columns=("unknown",)),
        replace(COX, columns=()),
        replace(COX, grid=(), daily=100),
        replace(COX, grid=(3.0, 1.0)),
        replace(COX, edges=(7.5,)),
        replace(COX, most_rounds=1000),
        replace(COX, event=0),
        replace(FINE_GRAY, columns=("unknown",)),
        replace(FINE_GRAY, most_rounds=1000),
        replace(FINE_GRAY, edges=(7.5,)),
    ):
        with pytest.raises(Refused) as no:
            sites.ask([wrong])
        assert no.value.code == "closed_list"
    late = Sites([births(1, 800)], [times(1, 800, late=True)])
    with pytest.raises(Refused):
        late.ask([FINE_GRAY])
