"""One process, but the coordinator holds bytes only: no road leads to a table or an engine."""

from __future__ import annotations

import gc
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from permits import permit

from transat.cohorts.analysis_table import AnalysisTable
from transat.core.errors import SiteUnreachable
from transat.engines.cdm import Cdm
from transat.engines.duckdb import DuckDB
from transat.federation import attrition
from transat.federation.coordinator import Coordinator, SiteFailed, SiteRefused
from transat.federation.in_process import InProcess
from transat.federation.keys import Key
from transat.federation.questions import RELEASES, Question
from transat.federation.signed_site import SignedSite
from transat.federation.site_unsigned import Site
from transat.statistics import logistic, mantel_haenszel
from transat.statistics.design_matrix import Model

NewSite = Callable[..., Site]
Draw = Callable[..., AnalysisTable]
SCAN = Question("mantel_haenszel", mantel_haenszel.Parameters())
SITES = ("france", "quebec")
COORDINATOR, KEYS = Key.new(), {site: Key.new() for site in SITES}


def both(new_site: NewSite, draw: Draw) -> InProcess:
    return behind(
        france=lambda: new_site("france", draw(1, 4000)),
        quebec=lambda: new_site("quebec", draw(2, 3000)),
    )


def behind(**sites: Callable[[], Site]) -> InProcess:
    return InProcess({name: signing(make, KEYS[name]) for name, make in sites.items()})


def signing(make: Callable[[], Site], key: Key) -> Callable[[], SignedSite]:
    return lambda: SignedSite(make(), key)


def coordinating(transport: InProcess) -> Coordinator:
    return Coordinator(transport, COORDINATOR, permit(COORDINATOR, KEYS))


def reachable(start: object) -> list[object]:
    """All that Python's own memory graph leads to, short of modules, classes and functions."""
    seen: dict[int, object] = {}
    todo: list[object] = [start]
    closed = (types.ModuleType, type, types.FunctionType, types.BuiltinFunctionType)
    while todo:
        for item in gc.get_referents(todo.pop()):
            if id(item) not in seen and not isinstance(item, closed):
                seen[id(item)] = item
                todo.append(item)
    return list(seen.values())


def test_nothing_of_a_site_is_reachable_from_the_coordinator(new_site: NewSite, draw: Draw) -> None:
    with both(new_site, draw) as transport:
        coordinator = coordinating(transport)
        coordinator.ask(SCAN, SITES)
        inside = (AnalysisTable, Site, DuckDB, Cdm, np.ndarray)
        found = [type(o).__name__ for o in reachable(coordinator) if isinstance(o, inside)]
    assert found == []


def test_the_search_would_find_a_table(new_site: NewSite, draw: Draw) -> None:
    site = new_site("france", draw(1, 400))
    site.answer(SCAN.encode())
    assert any(isinstance(o, AnalysisTable) for o in reachable([site]))


def test_a_site_that_cannot_start_is_named(new_site: NewSite, draw: Draw) -> None:
    def dead() -> Site:
        raise RuntimeError("patient 12")

    with behind(france=lambda: new_site("france", draw(1, 400)), quebec=dead) as sites:
        with pytest.raises(SiteUnreachable) as missing:
            coordinating(sites).ask(SCAN, SITES)
        assert missing.value.where == "quebec"
        assert "12" not in missing.value.message("en")


def test_a_refusal_names_its_site(new_site: NewSite, draw: Draw) -> None:
    model = Model("any_major", ("N03A",), ("diabetes",))
    with both(new_site, draw) as transport, pytest.raises(SiteRefused) as refused:
        coordinating(transport).ask(Question("logistic", logistic.Parameters(model)), SITES)
    assert (refused.value.site, refused.value.columns) == ("france", ("diabetes",))
    assert refused.value.exit_code == 13


def test_federated_equals_pooled(new_site: NewSite, draw: Draw) -> None:
    """A regression over two sites through bytes and gates is that of the stacked rows."""
    one, two = draw(1, 4000), draw(2, 3000)
    model = Model("any_major", ("N03A",), ("age", "epilepsy"), sites=2)
    with both(new_site, draw) as transport:
        coordinator = coordinating(transport)

        def ask(parameters: Any) -> list[logistic.Release]:
            per_site = dict(zip(SITES, parameters, strict=True))
            questions = {s: Question("logistic", p) for s, p in per_site.items()}
            return list(coordinator.ask(questions, SITES).values())

        federated = logistic.combine(ask, logistic.Parameters(model))
    tables = {0: one, 1: two}
    pooled = logistic.combine(
        lambda ps: [logistic.at_site(tables[p.model.site], p) for p in ps],
        logistic.Parameters(model),
    )
    assert np.allclose(federated.coefficients, pooled.coefficients, rtol=0, atol=1e-12)
    assert np.allclose(federated.low, pooled.low, rtol=1e-12)


def test_answers_do_not_depend_on_the_order_of_rows_or_questions(
    new_site: NewSite, draw: Draw
) -> None:
    rows = draw(3, 2000)
    shuffled = rows.take(np.random.default_rng(0).permutation(rows.n))
    steps = Question("attrition", attrition.Parameters())
    with behind(france=lambda: new_site("france", rows)) as a:
        first = [coordinating(a).ask(q, ["france"])["france"] for q in (SCAN, steps)]
    with behind(france=lambda: new_site("france", shuffled)) as b:
        second = [coordinating(b).ask(q, ["france"])["france"] for q in (steps, SCAN)]
    assert [RELEASES.encode(r) for r in first] == [RELEASES.encode(r) for r in second[::-1]]


def test_a_failure_inside_a_site_is_told_without_its_text(new_site: NewSite, draw: Draw) -> None:
    def broken() -> Site:
        site: Any = new_site("quebec", draw(1, 400))
        site._make = lambda: {}["patient 12"]
        return site  # type: ignore[no-any-return]

    with behind(quebec=broken) as transport, pytest.raises(SiteFailed) as failed:
        coordinating(transport).ask(SCAN, ["quebec"])
    assert failed.value.exit_code == 14
    assert "quebec.trouble.log" in failed.value.message("fr")
    assert "12" not in failed.value.message("fr")
