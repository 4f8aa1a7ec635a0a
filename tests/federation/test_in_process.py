"""One process, but the coordinator holds bytes only: no road leads to a table or an engine."""

from __future__ import annotations

import gc
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_sites import draw, key, permit, question, signed_site

from transat.cohorts.analysis_table import AnalysisTable
from transat.core.errors import SiteUnreachable
from transat.engines.cdm import Cdm
from transat.engines.duckdb import DuckDB
from transat.federation import attrition
from transat.federation.coordinator import Coordinator, SiteFailed, SiteRefused
from transat.federation.in_process import InProcess
from transat.federation.questions import RELEASES, Question
from transat.federation.site import Site
from transat.statistics import logistic, mantel_haenszel
from transat.statistics.design_matrix import Model

SCAN = Question("mantel_haenszel", mantel_haenszel.Parameters())
SITES = ("france", "quebec")


@contextmanager
def coordinating(**sites: Callable[[], Site]) -> Iterator[Coordinator]:
    """A coordinator of these sites, each in its own thread."""
    with InProcess(sites) as transport:
        yield Coordinator(transport, key("coordinator"), permit())


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Coordinator]:
    with coordinating(
        france=lambda: signed_site(tmp_path, draw(1, 4000)),
        quebec=lambda: signed_site(tmp_path, draw(2, 3000), name="quebec"),
    ) as coordinator:
        yield coordinator


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


def test_nothing_of_a_site_is_reachable_from_the_coordinator(both: Coordinator) -> None:
    both.ask(SCAN, SITES)
    inside = (AnalysisTable, Site, DuckDB, Cdm)
    assert [type(o).__name__ for o in reachable(both) if isinstance(o, inside)] == []
    arrays = [o for o in reachable(both) if isinstance(o, np.ndarray)]
    assert arrays == []


def test_the_search_would_find_a_table(tmp_path: Path) -> None:
    with signed_site(tmp_path, draw(1, 400)) as site:
        site.answer(question("mantel_haenszel", SCAN.parameters))
        assert any(isinstance(o, AnalysisTable) for o in reachable([site]))


def test_a_site_that_cannot_start_is_named(tmp_path: Path) -> None:
    def dead() -> Site:
        raise RuntimeError("patient 12")

    started = signed_site(tmp_path, draw(1, 400))
    with coordinating(france=lambda: started, quebec=dead) as coordinator:
        with pytest.raises(SiteUnreachable) as missing:
            coordinator.ask(SCAN, SITES)
        assert missing.value.where == "quebec"
        assert "12" not in missing.value.message("en")


def test_a_refusal_names_its_site(both: Coordinator) -> None:
    models = [Model("any_major", ("N03A",), ("diabetes",), sites=2, site=k) for k in range(2)]
    asked = {
        s: Question("logistic", logistic.Parameters(m)) for s, m in zip(SITES, models, strict=True)
    }
    with pytest.raises(SiteRefused) as refused:
        both.ask(asked, SITES)
    assert (refused.value.site, refused.value.columns) == ("france", ("diabetes",))
    assert refused.value.exit_code == 13


def test_federated_equals_pooled(both: Coordinator) -> None:
    """A regression over two sites through bytes and gates is that of the stacked rows."""
    model = Model("any_major", ("N03A",), ("age", "epilepsy"), sites=2)

    def ask(parameters: Any) -> list[logistic.Release]:
        per_site = dict(zip(SITES, parameters, strict=True))
        questions = {s: Question("logistic", p) for s, p in per_site.items()}
        return list(both.ask(questions, SITES).values())

    federated = logistic.combine(ask, logistic.Parameters(model))
    tables = {0: draw(1, 4000), 1: draw(2, 3000)}
    pooled = logistic.combine(
        lambda ps: [logistic.at_site(tables[p.model.site], p) for p in ps],
        logistic.Parameters(model),
    )
    assert federated.converged
    assert np.allclose(federated.coefficients, pooled.coefficients, rtol=0, atol=1e-12)
    assert np.allclose(federated.low, pooled.low, rtol=1e-12)


def test_answers_do_not_depend_on_the_order_of_rows_or_questions(tmp_path: Path) -> None:
    rows = draw(3, 2000)
    shuffled = rows.take(np.random.default_rng(0).permutation(rows.n))
    steps = Question("attrition", attrition.Parameters())

    def told(folder: str, table: AnalysisTable, *asked: Question) -> list[bytes]:
        with coordinating(france=lambda: signed_site(tmp_path / folder, table)) as coordinator:
            return [RELEASES.encode(coordinator.ask(q, ["france"])["france"]) for q in asked]

    assert told("a", rows, SCAN, steps) == told("b", shuffled, steps, SCAN)[::-1]


def test_a_failure_inside_a_site_is_told_without_its_text(tmp_path: Path) -> None:
    def broken() -> Any:
        return {}["patient 12"]

    def site() -> Site:
        return signed_site(tmp_path, draw(1, 400), name="quebec", data=broken)

    with coordinating(quebec=site) as coordinator:
        with pytest.raises(SiteFailed) as failed:
            coordinator.ask(SCAN, ["quebec"])
        assert failed.value.exit_code == 14
        assert "quebec.trouble.log" in failed.value.message("fr")
        assert "12" not in failed.value.message("fr")
    assert "patient" not in (tmp_path / "quebec.trouble.log").read_text("utf-8")


def test_a_site_made_anew_goes_on_where_it_was(tmp_path: Path) -> None:
    """The second site in the same folder gives the stored answer, then the next entry."""
    steps = Question("attrition", attrition.Parameters())
    for entries in (1, 2):
        with coordinating(france=lambda: signed_site(tmp_path, draw(1, 4000))) as coordinator:
            coordinator.ask(SCAN, ["france"])
            if entries == 2:
                coordinator.ask(steps, ["france"])
            assert coordinator.registers()["france"].entries == entries
