"""A site without permits, for runs in one process until the coordinator signs (`site` does).

The analysis table is built inside, once, from the protocol's own specification; a question can
choose neither people nor code. Whatever goes wrong inside becomes a coded refusal: no exception, no
text of one, crosses.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from transat.cohorts.analysis_table import AnalysisTable
from transat.cohorts.attrition import Attrition
from transat.cohorts.specification import PopulationSpecification
from transat.federation import attrition
from transat.federation.checks.between_releases import Journal
from transat.federation.facts import facts
from transat.federation.gate import Gate, Passed
from transat.federation.keys import Key
from transat.federation.ledger import GENESIS, Facts, Ledger
from transat.federation.messages import asked
from transat.federation.policy import Policy
from transat.federation.questions import RELEASES, Question, refusal
from transat.federation.refusals import TROUBLE, Refused
from transat.federation.regression import Watch
from transat.federation.trouble import note
from transat.federation.wire import WireError
from transat.statistics import firth, logistic, mantel_haenszel, prevalence

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
        self._journal = Journal(journal)
        self._inside: tuple[AnalysisTable, Attrition, Gate, Watch] | None = None

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
            return self._refused(payload, step, no.code, no.columns)
        except WireError:
            return self._refused(payload, step, "closed_list")
        except Exception as error:  # its text may not cross: it can hold a patient's value
            note(self._trouble, step, error)
            return self._refused(payload, step, "failed")
        name = RELEASES.name_of(passed.release)
        self._registered(payload, step, name, answer, passed.rule, passed)
        return answer

    def _refused(
        self, payload: bytes, step: str, code: str, columns: tuple[str, ...] = ()
    ) -> bytes:
        answer = refusal(code, columns)
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
        table, steps, gate, watch = self._opened()
        parameters = question.parameters
        if isinstance(parameters, (logistic.Parameters, firth.Parameters)):
            watch.check(parameters)
        if question.step == "attrition":
            return gate.let_out(attrition.at_site(steps, table.n))
        if isinstance(parameters, logistic.Parameters):
            return gate.let_out(logistic.at_site(table, parameters))
        if isinstance(parameters, firth.Parameters):
            return gate.let_out(firth.at_site(table, parameters))
        if isinstance(parameters, prevalence.Parameters):
            return gate.let_out(prevalence.at_site(table, parameters))
        if isinstance(parameters, mantel_haenszel.Parameters):
            return gate.let_out(mantel_haenszel.at_site(table, parameters))
        raise Refused("closed_list")

    def _opened(self) -> tuple[AnalysisTable, Attrition, Gate, Watch]:
        if self._inside is None:
            table, steps = self._make()
            keys = tuple(step.key for step in steps)
            known = facts(table, keys, self._policy.threshold)
            self._inside = table, steps, Gate(known, self._journal), Watch(table, known)
        return self._inside
