"""A Cox regression over two sites by courier: four exports a side, or one where one must do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from transat.cohorts.survival_table import SurvivalTable
from transat.federation import courier_site, messages
from transat.federation.courier import Courier, exports
from transat.federation.keys import Key
from transat.federation.transport import Posted
from transat.federation.wire import Registry
from transat.statistics import cox, inverse_variance

SITES = ("france", "quebec")
STUDY, COHORT = "a" * 64, "b" * 64
STEPS = {"cox": cox, "inverse_variance": inverse_variance}
ASKED = Registry({name: module.Parameters for name, module in STEPS.items()})
TOLD = Registry({name: module.Release for name, module in STEPS.items()})
COLUMNS = tuple(f"x{k}" for k in range(8))
#: The last round is asked for once the gain left, in parts of l, is below this: Newton squares the
#: error, so the round that follows ends far below it.
ENOUGH = 1e-8


def follow_up(seed: int, n: int) -> SurvivalTable:
    """Months to an event that eight columns bring nearer, among n people; a third have it."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 8))
    x[:, 4:] = x[:, 4:] > 0.4
    beta = np.array([0.4, -0.3, 0.2, 0.0, 0.5, -0.4, 0.3, 0.0])
    event = np.ceil(rng.exponential(60 / np.exp(x @ beta - 0.2)))
    end = rng.integers(6, 49, n)
    return SurvivalTable(
        n=n,
        time=np.minimum(event, end).astype(np.float64),
        entry=np.zeros(n),
        event=(event <= end).astype(np.int8),
        columns=x,
        column_names=COLUMNS,
        strata=np.zeros(n, np.int32),
        stratum_labels=("all",),
        people=np.arange(n),
    )


class FollowUpSite:
    """Answers survival steps on its table, with no gate: what is counted here are exports."""

    def __init__(self, name: str, table: SurvivalTable) -> None:
        self.name, self._table, self._key = name, table, Key.new()
        self._entries = 0

    def answer(self, payload: bytes) -> bytes:
        """The signed sums."""
        question = messages.read_question(payload)
        parameters = ASKED.decode(question.body)
        release = STEPS[ASKED.name_of(parameters)].at_site(self._table, parameters)
        self._entries += 1
        return messages.answer(
            question, TOLD.encode(release), self._entries, question.asked, self._key
        )


@pytest.fixture(scope="module")
def tables() -> dict[str, SurvivalTable]:
    return {"france": follow_up(1, 6000), "quebec": follow_up(2, 4000)}


class Study:
    """Runs a study again each time that its letters were carried."""

    def __init__(self, folder: Path, tables: dict[str, SurvivalTable]) -> None:
        self._folder, self._key = folder, Key.new()
        self._sites = {name: FollowUpSite(name, table) for name, table in tables.items()}

    def done(self, study: Callable[[Callable[[Sequence[Any]], Sequence[Any]]], Any]) -> Any:
        for _ in range(30):
            self._courier = Courier(self._folder / "letters", SITES)
            try:
                return study(self._ask)
            except Posted:
                self._carry()
        raise AssertionError("the study does not end")

    def exports(self, site: str) -> int:
        return len(exports(self._folder / "letters" / "out" / site))

    def _ask(self, parameters: Sequence[Any]) -> Sequence[Any]:
        """A fit's question to each site, through the courier."""
        body = ASKED.encode(parameters[0])
        questions = {s: messages.question(STUDY, COHORT, s, body, self._key) for s in SITES}
        answers = self._courier.ask(questions, 0)
        return [TOLD.decode(messages.read_answer(answers[s]).body) for s in SITES]

    def _carry(self) -> None:
        for name, site in self._sites.items():
            for export in exports(self._folder / "letters" / "out" / name):
                back = self._folder / f"{name}-{export.name}"
                if not back.exists():
                    courier_site.answer(export, back, name, site.answer)
                    courier_site.collect(back, self._folder / "letters")


def joint(tables: dict[str, SurvivalTable], **wanted: Any) -> cox.Result:
    return cox.combine(
        lambda asked: [cox.at_site(tables[s], asked[0]) for s in SITES],
        cox.Parameters(COLUMNS, **wanted),
    )


def test_a_cox_regression_takes_four_exports_a_side(
    tmp_path: Path, tables: dict[str, SurvivalTable]
) -> None:
    study = Study(tmp_path, tables)
    asked = cox.Parameters(COLUMNS, tolerance=ENOUGH)
    found = study.done(lambda ask: cox.combine(ask, asked))
    assert [study.exports(s) for s in SITES] == [found.rounds] * 2
    assert found.rounds <= 4
    same, exact = joint(tables, tolerance=ENOUGH), joint(tables)
    assert np.array_equal(found.coefficients, same.coefficients)
    assert np.array_equal(found.covariance, same.covariance)
    apart = (found.coefficients - exact.coefficients) / exact.standard_errors
    assert np.abs(apart).max() < 1e-6
    assert np.allclose(found.standard_errors, exact.standard_errors, rtol=1e-6)


def test_or_one_where_the_sites_fit_alone(tmp_path: Path, tables: dict[str, SurvivalTable]) -> None:
    study = Study(tmp_path, tables)
    asked = inverse_variance.Parameters(cox.Parameters(COLUMNS))
    found = study.done(lambda ask: inverse_variance.combine(ask([asked]), asked))
    assert [study.exports(s) for s in SITES] == [1, 1]
    exact = joint(tables)
    apart = (found.coefficients - exact.coefficients) / exact.standard_errors
    assert np.abs(apart).max() < 0.1
