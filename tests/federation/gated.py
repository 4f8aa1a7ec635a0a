"""Sites that are their gate and their data alone: what is asked of them passes as bytes, with the
others' last answers as evidence, and what leaves is remembered as a site remembers it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from scipy.sparse import csc_array

from transat.cohorts.analysis_table import AnalysisTable
from transat.cohorts.attrition import Attrition
from transat.cohorts.survival_table import SurvivalTable
from transat.federation import messages
from transat.federation.checks.check import Asked, Check
from transat.federation.data import SiteData
from transat.federation.facts import facts
from transat.federation.gate import Gate, checks
from transat.federation.messages import SignedAnswer
from transat.federation.policy import installed
from transat.federation.questions import PARAMETERS, RELEASES, STEPS

STUDY, COHORT = "a" * 64, "b" * 64


def births(seed: int, n: int) -> AnalysisTable:
    """Age, year, epilepsy, one medicine and one outcome that depends on them all."""
    rng = np.random.default_rng(seed)
    age, year = rng.normal(30, 6, n).round(1), rng.integers(2010, 2019, n).astype(float)
    epilepsy, drug = rng.random(n) < 0.2, rng.random(n) < 0.4
    log_odds = -1.5 + 1.0 * epilepsy + 0.15 * drug * (age - 30)
    outcome = rng.random(n) < 1 / (1 + np.exp(-log_odds))
    return AnalysisTable(
        n=n,
        exposures=csc_array(drug[:, None].astype(np.uint8)),
        exposure_codes=("D0",),
        outcomes=csc_array(outcome[:, None].astype(np.uint8)),
        outcome_codes=("m0",),
        strata=np.zeros(n, np.int32),
        stratum_labels=("all",),
        covariates=np.column_stack([age, year, epilepsy]).astype(np.float64),
        covariate_names=("age", "year", "epilepsy"),
        cluster=np.arange(n, dtype=np.int32),
        exposure_parents=(-1,),
        outcome_parents=(-1,),
    )


def times(seed: int, n: int, late: bool = False) -> SurvivalTable:
    """Months to one of two kinds of event; a 0/1 column, and another inside it."""
    rng = np.random.default_rng(seed)
    old = rng.random(n) < 0.5
    ill = old & (rng.random(n) < 0.9)
    x = np.column_stack([rng.normal(size=n), old, ill]).astype(np.float64)
    entry = np.where(rng.random(n) < 0.3, rng.integers(0, 6, n), 0) if late else np.zeros(n)
    event = entry + np.ceil(rng.exponential(20 / np.exp(0.4 * x[:, 0] + 0.3 * old)))
    end = entry + rng.integers(1, 60, n)
    return SurvivalTable(
        n=n,
        time=np.minimum(event, end).astype(np.float64),
        entry=np.asarray(entry, dtype=np.float64),
        event=np.where(event <= end, rng.integers(1, 3, n), 0).astype(np.int8),
        columns=x,
        column_names=("x0", "old", "ill"),
        strata=np.zeros(n, np.int32),
        stratum_labels=("all",),
        people=np.arange(n),
    )


class Sites:
    """Sites by their tables; `ask` is what a statistic's `combine` calls."""

    def __init__(
        self,
        tables: Sequence[AnalysisTable],
        survival: Sequence[SurvivalTable | None] = (),
        without: Collection[str] = (),
        only: Sequence[Check] | None = None,
        professionals: Any = None,
        simulated: bool = True,
    ) -> None:
        """simulated: as a CDM may say of itself, so that small tables last for many questions."""
        self.policy = installed()["snds"]
        held = survival or [None] * len(tables)
        self.data = [
            SiteData(
                t, Attrition(()), facts(t, (), 11), np.arange(t.n), s, professionals, simulated
            )
            for t, s in zip(tables, held, strict=True)
        ]  # fmt: skip
        self.gates = [Gate(only or checks(without=without), self.policy) for _ in tables]
        self.last: dict[int, SignedAnswer] = {}

    def ask(self, questions: Sequence[Any], cohort: str = COHORT) -> list[Any]:
        """The same question to all, or one to each; raises the first Refused."""
        asked = list(questions) * (len(self.data) if len(questions) == 1 else 1)
        told = [self._answer(k, parameters, cohort) for k, parameters in enumerate(asked)]
        self.last = {k: answer for k, (answer, _) in enumerate(told)}
        return [release for _, release in told]

    def _answer(self, k: int, parameters: Any, cohort: str) -> tuple[SignedAnswer, Any]:
        body = PARAMETERS.encode(parameters)
        parameters = PARAMETERS.decode(body)
        step, name = PARAMETERS.name_of(parameters), f"site{k}"
        evidence = tuple(answer for other, answer in self.last.items() if other != k)
        asked = Asked(STUDY, cohort, step, parameters, self.data[k], self.policy, evidence, name)
        self.gates[k].before(asked)
        passed = self.gates[k].let_out(asked, STEPS[step].compute(self.data[k], parameters))
        self.gates[k].recall(passed.left)
        left = RELEASES.encode(passed.release)
        name_asked = messages.asked(STUDY, cohort, name, body)
        signed = SignedAnswer(STUDY, cohort, name, name_asked, 1, "c" * 64, left, "k", "")
        return signed, RELEASES.decode(left)
