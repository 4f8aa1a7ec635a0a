"""Federated is pooled: every statistic and learner, over 2, 3 and 5 sites, within its bound.

First on the statistics alone, through bytes; then the same with signed questions, real sites, their
gates and a coordinator, behind a transport: a class for another one subclasses `OverATransport`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_sites import COHORT, STUDY, TODAY, key, permit, policy, site_data
from made_sites import attrition as steps_of
from splits import BY_TIME, CASES, Ask, Split, drawn, same

from transat.federation.coordinator import Coordinator
from transat.federation.in_process import InProcess
from transat.federation.permit import Permit, terms_for
from transat.federation.questions import PARAMETERS, RELEASES, STEPS, Question
from transat.federation.site import Site
from transat.federation.transport import Transport


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**31), sites=st.sampled_from([2, 3, 5]))
@pytest.mark.parametrize("name", sorted(CASES))
def test_the_statistic_itself(name: str, seed: int, sites: int) -> None:
    split, case = drawn(seed, sites, 1500), CASES[name]
    same(case.federated(lambda step: _directly(split, step), split), case.pooled(split), case.bound)


def _directly(split: Split, step: str) -> Ask:
    """Every site at once, its release through bytes."""

    def ask(questions: Sequence[Any]) -> list[Any]:
        each = list(questions) * (split.sites if len(questions) == 1 else 1)
        told = []
        for k, parameters in enumerate(each):
            asked = PARAMETERS.decode(PARAMETERS.encode(parameters))
            release = STEPS[step].compute(_data(split, k), asked)
            told.append(RELEASES.decode(RELEASES.encode(release)))
        return told

    return ask


def _data(split: Split, k: int) -> Any:
    table = split.tables[k]
    made = site_data(table, steps_of(table.n))
    return replace(made, people=split.survival[k].people, survival=split.survival[k])


class OverATransport:
    """The tests; `opened` puts sites, by name, behind a transport."""

    rows = 30_000

    @contextmanager
    def opened(self, sites: Mapping[str, Callable[[], Site]]) -> Iterator[Transport]:
        raise AssertionError("a subclass opens its transport")
        yield

    @pytest.mark.parametrize("sites", [2, 3, 5])
    @pytest.mark.parametrize("name", sorted(CASES))
    def test_federated_is_pooled(self, name: str, sites: int, tmp_path: Path) -> None:
        split, case = drawn(sites, sites, self.rows), CASES[name]
        names = [f"site{k}" for k in range(sites)]
        allowed = permit(sites={s: _terms(s) for s in names})
        made = {
            s: _site_of(s, tmp_path, allowed, split, k) for k, s in enumerate(names)
        }  # fmt: skip
        with self.opened(made) as transport:
            coordinator = Coordinator(transport, key("coordinator"), allowed)
            found = case.federated(lambda step: _asked(coordinator, step, names), split)
        wanted = case.pooled(split)
        if name in BY_TIME:
            wanted = {
                key: {edge: value for edge, value in curve.items() if edge in found[key]}
                for key, curve in wanted.items()
            }
        same(found, wanted, case.bound)


def _terms(site: str) -> Any:
    return terms_for(policy(site), key(f"holder {site}").public, key(f"site {site}").public)


def _site_of(name: str, folder: Path, allowed: Permit, split: Split, k: int) -> Callable[[], Site]:
    def data(study: str, cohort: str) -> Any:
        assert (study, cohort) == (STUDY, COHORT)
        return _data(split, k)

    def made() -> Site:
        return Site(
            name, key(f"site {name}"), folder, policy(name), {STUDY: allowed}.get, data,
            lambda: TODAY,
        )  # fmt: skip

    return made


def _asked(coordinator: Coordinator, step: str, names: Sequence[str]) -> Ask:
    def ask(questions: Sequence[Any]) -> list[Any]:
        each = list(questions) * (len(names) if len(questions) == 1 else 1)
        by_site = {s: Question(step, p) for s, p in zip(names, each, strict=True)}
        told = coordinator.ask(by_site, names)
        return [told[s] for s in names]

    return ask


class TestInProcess(OverATransport):
    """Sites in threads of this process."""

    @contextmanager
    def opened(self, sites: Mapping[str, Callable[[], Site]]) -> Iterator[Transport]:
        with InProcess(sites) as transport:
            yield transport
