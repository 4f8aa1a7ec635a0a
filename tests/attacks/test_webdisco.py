"""Sums by event time give patients back: they do as WebDISCO sends them, and not as they leave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from attacked import COLUMNS

from transat.federation.attacks import answering, webdisco
from transat.federation.attacks.attack import Public, judged
from transat.federation.data import SiteData
from transat.federation.policy import installed
from transat.statistics import cox, cox_unstratified

Population = Callable[[int], SiteData]
POLICY = installed()["snds"]


@pytest.mark.parametrize("round_", [0, 1])
def test_webdiscos_messages_give_hundreds_of_patients(population: Population, round_: int) -> None:
    """At any coefficients: the rows that come back are exactly patients' own."""
    data = population(0)
    assert data.survival is not None
    beta = round_ * np.linspace(-0.02, 0.02, len(COLUMNS))
    told = webdisco.messages(data.survival, COLUMNS, beta)
    found = webdisco.rebuilt(COLUMNS, told)
    rows = judged(found, data, POLICY.threshold).rows
    assert rows > 500
    assert rows > 0.5 * len(found.rows)


def test_its_messages_are_a_cox_regressions_own_sums(population: Population) -> None:
    """So what is attacked is what such a site sends: the gradient made of it is Breslow's."""
    data = population(0)
    assert data.survival is not None
    table = replace(
        data.survival, columns=data.survival.columns[:, :2], column_names=("age", "weight")
    )
    told = webdisco.messages(table, ("age", "weight"), np.array([0.01, -0.01]))
    gradient = (told.failed - told.events[:, None] * told.s1 / told.s0[:, None]).sum(axis=0)
    asked = cox.Parameters(("age", "weight"), ties="breslow", coefficients=(0.01, -0.01))
    np.testing.assert_allclose(gradient, cox.at_site(table, asked).gradient, rtol=1e-9)


def test_what_our_own_common_baseline_would_tell_by_day_gives_patients_too(
    population: Population,
) -> None:
    """S0 and S1 alone do: it is the intervals, and how many leave in them, that protect."""
    data = population(0)
    ask = answering.gated(data, POLICY, webdisco.ATTACK.stopped_by)
    assert judged(webdisco.ATTACK.run(ask, Public.of(data)), data, POLICY.threshold).rows > 100


@pytest.mark.parametrize("simulated", [False, True])
def test_at_the_default_policy_nothing_comes_back(population: Population, simulated: bool) -> None:
    """Also of people who are not counted against a budget."""
    data = replace(population(0), simulated=simulated)
    answered: list[Any] = []
    through = answering.gated(data, POLICY)

    def ask(step: str, parameters: Any) -> Any:
        answered.append(through(step, parameters))
        return answered[-1]

    found = webdisco.ATTACK.run(ask, Public.of(data))
    assert judged(found, data, POLICY.threshold) == (0, 0)
    if simulated:  # the fit went through to its end, and still nothing
        assert isinstance(answered[-1], cox_unstratified.Release)
        assert answered[-1].means.size
