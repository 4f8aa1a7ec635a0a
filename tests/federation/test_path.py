"""A regression is answered at the coefficients of its own fit, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from transat.cohorts.analysis_table import AnalysisTable
from transat.federation import messages
from transat.federation.checks.check import Asked
from transat.federation.checks.path import Combine, Path, fit_name
from transat.federation.keys import Key
from transat.federation.messages import SignedAnswer
from transat.federation.questions import PARAMETERS, RELEASES
from transat.federation.refusals import Refused
from transat.statistics import firth, logistic
from transat.statistics.design_matrix import Model

Draw = Callable[..., AnalysisTable]
STUDY, COHORT = "a" * 64, "b" * 64
COMBINE: dict[str, Combine] = {"logistic": logistic.combine, "firth": firth.combine}
AT_SITE: dict[str, Any] = {"logistic": logistic.at_site, "firth": firth.at_site}
MODEL = Model("any_major", ("N03A",), ("age", "epilepsy"), sites=2)
START: dict[str, Any] = {
    "logistic": logistic.Parameters(MODEL),
    "firth": firth.Parameters(MODEL, tested=("N03A",)),
}


class Network:
    """Two sites that only check the path, and a coordinator that brings them each other's answers.

    `change` alters what is asked of the first site; `forget` makes both start again before a round.
    """

    def __init__(self, step: str, tables: Sequence[AnalysisTable]) -> None:
        self.step, self.tables = step, tables
        self.paths = [Path(COMBINE) for _ in tables]
        self.keys = [Key.new() for _ in tables]
        self.memory: list[list[Any]] = [[] for _ in tables]
        self.last: list[SignedAnswer | None] = [None for _ in tables]
        self.change: Callable[[Any], Any] = lambda p: p
        self.bring = True

    def ask(self, parameters: Sequence[Any]) -> list[Any]:
        said = [self.answer(k, self.change(p) if k == 0 else p) for k, p in enumerate(parameters)]
        self.last = [answer for answer, _ in said]
        return [release for _, release in said]

    def answer(self, k: int, parameters: Any) -> tuple[SignedAnswer, Any]:
        others = tuple(a for j, a in enumerate(self.last) if j != k and a and self.bring)
        asked: Any = Asked(STUDY, COHORT, self.step, parameters, None, None, others)  # type: ignore[arg-type]
        self.paths[k].before(asked)
        release = AT_SITE[self.step](self.tables[k], parameters)
        remembered = self.paths[k].left(asked, release)
        if remembered is not None:
            self.memory[k].append(remembered)
            self.paths[k].recall(remembered)
        question = messages.read_question(
            messages.question(STUDY, COHORT, f"s{k}", PARAMETERS.encode(parameters), self.keys[k])
        )
        body = RELEASES.encode(release)
        raw = messages.answer(question, body, 1, "c" * 64, self.keys[k])
        carried = messages.carry(messages.read_answer(raw))
        return messages.carried(carried), release

    def restart(self) -> None:
        self.paths = [Path(COMBINE) for _ in self.tables]
        for path, lines in zip(self.paths, self.memory, strict=True):
            for line in lines:
                path.recall(line)


@pytest.fixture(params=["logistic", "firth"])
def network(request: pytest.FixtureRequest, draw: Draw) -> Network:
    return Network(request.param, [draw(1, 1500), draw(2, 1100)])


def test_an_honest_fit_goes_through_and_is_the_pooled_one(network: Network) -> None:
    fitted: Any = COMBINE[network.step](network.ask, START[network.step])
    assert fitted.converged
    plain: Any = COMBINE[network.step](
        lambda ps: [AT_SITE[network.step](t, p) for t, p in zip(network.tables, ps, strict=True)],
        START[network.step],
    )
    assert np.array_equal(fitted.coefficients, plain.coefficients)


def test_it_goes_through_when_sites_start_again_in_between(network: Network) -> None:
    def ask(parameters: Sequence[Any]) -> list[Any]:
        network.restart()
        return network.ask(parameters)

    fitted: Any = COMBINE[network.step](ask, START[network.step])
    assert fitted.converged


@pytest.mark.parametrize("by", [1e-3, -0.5, 5.0])
def test_coefficients_of_ones_own_choice_are_refused(network: Network, by: float) -> None:
    def tilted(p: Any) -> Any:
        if not any(p.coefficients):
            return p
        return replace(p, coefficients=(p.coefficients[0] + by, *p.coefficients[1:]))

    network.change = tilted
    with pytest.raises(Refused, match="coefficients"):
        COMBINE[network.step](network.ask, START[network.step])


def test_a_step_without_the_others_answers_is_refused(network: Network) -> None:
    network.bring = False
    with pytest.raises(Refused):
        COMBINE[network.step](network.ask, START[network.step])


def test_a_step_of_a_fit_that_never_began_is_refused(network: Network) -> None:
    with pytest.raises(Refused):
        network.answer(0, replace(START[network.step], coefficients=(0.1, 0.0, 0.0, 0.0, 0.0)))


def test_the_inverse_of_the_penalty_is_not_the_coordinators_to_choose(draw: Draw) -> None:
    network = Network("firth", [draw(1, 1500), draw(2, 1100)])

    def swapped(p: Any) -> Any:
        return replace(p, inverse=tuple(v + 0.01 for v in p.inverse))

    network.change = swapped
    with pytest.raises(Refused):
        firth.combine(network.ask, START["firth"])


def test_the_same_step_is_answered_once(network: Network) -> None:
    asked: list[Sequence[Any]] = []

    def ask(parameters: Sequence[Any]) -> list[Any]:
        before = list(network.last)
        asked.append(parameters)
        releases = network.ask(parameters)
        if len(asked) == 3:  # again, a hair's breadth beside: it would be another point
            near = parameters[0].coefficients
            network.last, after = before, network.last
            with pytest.raises(Refused):
                network.answer(0, replace(parameters[0], coefficients=(near[0] + 1e-9, *near[1:])))
            network.last = after
        return releases

    COMBINE[network.step](ask, START[network.step])
    assert len(asked) > 3


def test_a_fit_has_one_name_at_all_its_sites_and_rounds() -> None:
    for step, start in START.items():
        other = replace(start, model=replace(MODEL, site=1), coefficients=(0.1,) * 5)
        assert fit_name(step, start) == fit_name(step, other)
    assert fit_name("logistic", START["logistic"]) != fit_name("firth", START["firth"])
    assert fit_name("prevalence", object()) is None
