"""From a question, the permit, the site's data and its memory to what leaves: no file, no network.

Everything that a site decides is decided here. Whatever goes wrong becomes one of the coded
refusals (`refusals.CODES`): no text of an exception, no value, no row. A refusal of the gate is
made after the same work as the answer it stands for, and says how large that answer would have been
(rule G14: same time and size class).
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from transat.core.errors import ConfigError
from transat.core.languages import Text
from transat.federation import messages
from transat.federation.checks.check import Asked, Remembered
from transat.federation.data import SiteData
from transat.federation.gate import Gate, Passed
from transat.federation.ledger import State
from transat.federation.messages import MessageError, SignedAnswer, SignedQuestion
from transat.federation.permit import Permit, PermitRefused, covers
from transat.federation.policy import Policy
from transat.federation.questions import RELEASES, STEPS, Question, refusal
from transat.federation.refusals import Refused
from transat.federation.wire import WireError


@dataclass(frozen=True, slots=True)
class Here:
    """What a site is: its name, the public key of its signatures, its holder's policy."""

    site: str
    key: str
    policy: Policy


@dataclass(slots=True)
class Memory:
    """What a site remembers of all it answered: made again from its journal at each start.

    gate: the checks' memory. answered: questions answered, by study. peers: by public key of
    another site and number of entries, the head that its register had then.
    """

    gate: Gate
    answered: dict[str, int] = field(default_factory=dict)
    peers: dict[tuple[str, int], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answered:
    """What leaves, and what the site writes down of it.

    body: a Release or a Refusal as bytes. release: its registered name. rule: by which it left or
    did not. left: what the checks remember. size: bytes of the body that it stands for. lasting:
    the same question gets the same answer for ever. peers: the states told of other sites'
    registers, said: the signed lines that told them. trouble: for the site's own eyes.
    """

    step: str
    release: str
    body: bytes
    rule: str
    size: int = 0
    cells: int = 0
    cells_masked: int = 0
    left: Remembered | None = None
    lasting: bool = False
    peers: Mapping[str, State] = field(default_factory=dict)
    said: tuple[str, ...] = ()
    trouble: Exception | None = None


#: Refusals that pass (a permit gets signed, a disk mended); a gate's judgement is for ever.
_PASSING: Final = frozenset(
    {"permit", "expired", "not_signed", "not_installed", "forked", "failed"}
)
UNREADABLE: Final = "unreadable"


def answered(
    question: SignedQuestion,
    permit: Permit | None,
    data: Callable[[], SiteData],
    memory: Memory,
    here: Here,
    today: datetime.date,
) -> Answered:
    """What leaves to a question whose own signature holds; never raises.

    permit: the study's, from this site's holder; None where there is none. data: the site's tables
    of the cohort asked about, made only once the permit covers the question. today: the site's day.
    """
    step, peers = UNREADABLE, dict[str, State]()
    try:
        step, found = _read(question)
        if permit is None:
            raise PermitRefused("study")
        meant = permit.steps[0] if found is None else step  # what is no statistic is said below
        covers(
            permit, question, meant, site=here.site, key=here.key, policy=here.policy,
            answered=memory.answered.get(question.study, 0), today=today,
        )  # fmt: skip
        peers = counter_signed(question, permit, memory, here.site)
        if found is None:
            raise Refused(_unknown(question))
        policy = permit.sites[here.site].tighten(here.policy)
        tables = data()
        if tables.facts.threshold < policy.threshold:
            raise _too_loose(question.cohort)
        asked = Asked(
            question.study, question.cohort, step, found.parameters, tables, policy,
            evidence(question, permit, here.site), here.site,
        )  # fmt: skip
        leaves = _judged(asked, memory.gate)
    except PermitRefused as no:
        leaves = refused(step, no.code, (no.field,))
    except Refused as no:
        leaves = refused(step, no.code, no.columns, no.merge)
    except WireError:
        leaves = refused(step, "closed_list")
    except Exception as error:  # its text may not cross: it can hold a patient's value
        leaves = refused(step, "failed", trouble=error)
    return replace(leaves, peers=peers, said=question.peers if peers else ())


def _too_loose(cohort: str) -> ConfigError:
    return ConfigError(
        Text(
            "les masques de cette population ont été faits pour un seuil plus bas.",
            "this population's masks were made for a lower threshold.",
        ),
        cohort,
        Text("Faites-les au seuil du permis.", "Make them at the permit's threshold."),
    )


def allowed_again(
    question: SignedQuestion, permit: Permit | None, step: str, here: Here, today: datetime.date
) -> bool:
    """Whether the permit still covers a question that was answered before."""
    try:
        if permit is not None:
            covers(
                permit, question, step, site=here.site, key=here.key, policy=here.policy,
                answered=0, today=today,
            )  # fmt: skip
    except PermitRefused:
        return False
    return permit is not None


def refused(
    step: str, code: str, columns: tuple[str, ...] = (), merge: tuple[str, ...] = (),
    size: int = 0, trouble: Exception | None = None,
) -> Answered:  # fmt: skip
    """A refusal that stands for an answer of `size` bytes."""
    body = refusal(code, columns, merge)
    return Answered(
        step, "refusal", body, code, max(size, len(body)), lasting=code not in _PASSING,
        trouble=trouble,
    )  # fmt: skip


def _read(question: SignedQuestion) -> tuple[str, Question | None]:
    """The step asked for, and the question itself where it is one of an installed statistic."""
    try:
        found = Question.decode(question.body)
    except WireError:
        return UNREADABLE, None
    return found.step, found


def _unknown(question: SignedQuestion) -> str:
    """Why a question is none of an installed statistic: its name is another, or all of it is."""
    try:
        name = json.loads(question.body)["release"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return "closed_list"
    other = isinstance(name, str) and name not in STEPS
    return "not_installed" if other else "closed_list"


def counter_signed(
    question: SignedQuestion, permit: Permit, memory: Memory, site: str
) -> dict[str, State]:
    """The states of the other sites' registers that a question passes on, by site.

    Raises
    ------
    Refused: not_signed (a line that the permit's other sites did not sign, for this study), forked
    (a register that had another head at the same number of entries).
    """
    found: dict[str, State] = {}
    for line in question.peers:
        try:
            told = messages.read_head(line)
        except MessageError:
            raise Refused("not_signed", ("peers",)) from None
        if told.site in found or not _of_another(told, question, permit, site):
            raise Refused("not_signed", ("peers",))
        if memory.peers.get((told.key, told.entries), told.head) != told.head:
            raise Refused("forked", (told.site,))
        found[told.site] = State(told.entries, told.head)
    return found


def evidence(question: SignedQuestion, permit: Permit, site: str) -> tuple[SignedAnswer, ...]:
    """The other sites' answers that a question brings.

    Raises
    ------
    Refused: not_signed, where one is not signed by another site of the permit, for this study.
    """
    found = []
    for text in question.evidence:
        try:
            told = messages.carried(text)
        except MessageError:
            raise Refused("not_signed", ("evidence",)) from None
        if not _of_another(told, question, permit, site):
            raise Refused("not_signed", ("evidence",))
        found.append(told)
    return tuple(found)


def _of_another(told: SignedAnswer, question: SignedQuestion, permit: Permit, site: str) -> bool:
    """Whether what was told of another site is signed with the key that the permit gives it."""
    terms = permit.sites.get(told.site)
    known = terms is not None and told.key == terms.key
    return known and told.site != site and told.study == question.study


def _judged(asked: Asked, gate: Gate) -> Answered:
    """The release that passed the gate, or its refusal after the same work."""
    no: Refused | None = None
    try:
        gate.before(asked)
    except Refused as found:
        no = found
    try:
        release = STEPS[asked.step].compute(asked.data, asked.parameters)
        if no is None:
            return _passed(asked, gate.let_out(asked, release))
    except Refused as found:
        no = no or found
    except Exception:
        if no is None:
            raise
        return refused(asked.step, no.code, no.columns, no.merge)
    return refused(asked.step, no.code, no.columns, no.merge, _size(release))


def _passed(asked: Asked, passed: Passed) -> Answered:
    body = RELEASES.encode(passed.release)
    return Answered(
        asked.step, RELEASES.name_of(passed.release), body, passed.rule, len(body), passed.cells,
        passed.cells_masked, passed.left, lasting=True,
    )  # fmt: skip


def _size(release: Any) -> int:
    """Bytes that the answer would have had; 0 where it could not have travelled."""
    try:
        return len(RELEASES.encode(release))
    except WireError:
        return 0
