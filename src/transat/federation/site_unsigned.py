"""A site without permits, for runs in one process until the coordinator signs (`site` does).

The analysis table is built inside, once, from the protocol's own specification; a question can
choose neither people nor code. Whatever goes wrong inside becomes a coded refusal: no exception, no
text of one, crosses.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from transat.cohorts.analysis_table import AnalysisTable
from transat.cohorts.attrition import Attrition
from transat.cohorts.specification import PopulationSpecification
from transat.federation.checks.check import Asked
from transat.federation.data import SiteData
from transat.federation.facts import facts
from transat.federation.gate import Gate, Passed, checks
from transat.federation.keys import Key
from transat.federation.ledger import GENESIS, Facts, Ledger
from transat.federation.messages import asked
from transat.federation.policy import Policy
from transat.federation.questions import RELEASES, STEPS, Question, refusal
from transat.federation.refusals import TROUBLE, Refused
from transat.federation.trouble import note
from transat.federation.wire import WireError

Table = Callable[[], tuple[AnalysisTable, Attrition]]


class Site:
    """One data holder's side of a study."""

    def __init__(
        self, name: str, table: Table, policy: Policy, ledger: Path, study: str,
        journal: Path | None = None,
    ) -> None:  # fmt: skip
        """Prepare a site; nothing is read before the first question.

        table: makes the analysis table and its attrition. ledger: its register, made if missing.
        study: the protocol's logic hash, written with every line. journal: where the counts that
        left are kept between runs.
        """
        self.name, self._policy, self._study = name, policy, study
        self._make = table
        self._ledger = Ledger(ledger, name, Key.new())
        self._trouble = ledger.with_name(name + TROUBLE)
        self._journal = journal
        # Nothing here carries the other sites' answers, which `path` asks for.
        self._gate = Gate(checks(without=("path",)), policy)
        for left in _lines(journal):
            self._gate.recall(left)
        self._inside: SiteData | None = None

    @staticmethod
    def of_cdm(
        name: str, cdm: Path, specification: PopulationSpecification, policy: Policy,
        ledger: Path, study: str, journal: Path | None = None,
    ) -> Site:  # fmt: skip
        """A site whose table comes from a CDM on disk.

        Raises
        ------
        InputError: `cdm` is not a CDM.
        """
        from transat.cohorts.build import build
        from transat.engines.cdm import Cdm

        folder = Cdm(cdm)
        return Site(name, lambda: build(folder, specification), policy, ledger, study, journal)

    def answer(self, payload: bytes) -> bytes:
        """The answer to a question: a release that passed the gate, or a refusal; always bytes.

        Every answer is in the register before this returns.
        """
        step = "unreadable"
        try:
            question = Question.decode(payload)
            step = question.step
            passed = self._passed(question)
            answer = RELEASES.encode(passed.release)
        except Refused as no:
            return self._refused(payload, step, no.code, no.columns, no.merge)
        except WireError:
            return self._refused(payload, step, "closed_list")
        except Exception as error:  # its text may not cross: it can hold a patient's value
            note(self._trouble, step, error)
            return self._refused(payload, step, "failed")
        name = RELEASES.name_of(passed.release)
        self._registered(payload, step, name, answer, passed.rule, passed)
        return answer

    def _refused(
        self, payload: bytes, step: str, code: str, columns: tuple[str, ...] = (),
        merge: tuple[str, ...] = (),
    ) -> bytes:  # fmt: skip
        answer = refusal(code, columns, merge)
        self._registered(payload, step, "refusal", answer, code)
        return answer

    def _registered(
        self, question: bytes, step: str, release: str, payload: bytes, rule: str,
        passed: Passed | None = None,
    ) -> None:  # fmt: skip
        facts = Facts(
            study=self._study, cohort=GENESIS, step=step, release=release,
            asked=asked(self._study, GENESIS, self.name, question),
            payload_sha256=hashlib.sha256(payload).hexdigest(), payload_bytes=len(payload),
            cells=passed.cells if passed else 0, cells_masked=passed.cells_masked if passed else 0,
            rule=f"{self._policy.key}:{rule}",
        )  # fmt: skip
        self._ledger.write(self._ledger.next(facts))

    def _passed(self, question: Question) -> Passed:
        data = self._opened()
        asked = Asked(
            self._study, GENESIS, question.step, question.parameters, data, self._policy
        )  # fmt: skip
        self._gate.before(asked)
        release = STEPS[asked.step].compute(data, asked.parameters)
        passed = self._gate.let_out(asked, release)
        if self._journal is not None and passed.left:
            with self._journal.open("a", encoding="utf-8") as file:
                file.write(json.dumps(passed.left) + "\n")
                file.flush()
                os.fsync(file.fileno())
        self._gate.recall(passed.left)
        return passed

    def _opened(self) -> SiteData:
        if self._inside is None:
            table, steps = self._make()
            known = facts(table, tuple(step.key for step in steps), self._policy.threshold)
            self._inside = SiteData(table, steps, known, np.arange(table.n, dtype=np.int64))
        return self._inside


def _lines(journal: Path | None) -> list[dict[str, Any]]:
    """What left in earlier runs; a last line that was cut short did not leave."""
    if journal is None or not journal.exists():
        return []
    whole, _, _ = journal.read_text(encoding="utf-8").rpartition("\n")
    return [json.loads(line) for line in whole.splitlines()]
