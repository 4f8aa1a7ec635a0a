"""What would leave a site, before its holder signs: the study carried out here, for nobody.

The real coordinator, permit, gate, register and messages, with keys made for the rehearsal and
this site alone; nothing leaves the process, and nothing that left before is remembered. Then the
attacks (`attacks`) ask the same site through the same gate, and what they claim is judged against
the site's own rows. With this site alone, what its answers would be is exact as long as
coefficients do not depend on another site: of a joint regression, rounds may differ.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from transat.core.errors import DisclosureRefused, PermissionRefused, SiteUnreachable, TransatError
from transat.core.languages import Text
from transat.federation import messages
from transat.federation.attacks.attack import Ask, Attack, Public, judged
from transat.federation.attacks.catalogue import ATTACKS
from transat.federation.coordinator import Coordinator
from transat.federation.data import SiteData
from transat.federation.keys import Key
from transat.federation.limits import NOT_COVERED
from transat.federation.permit import Permit
from transat.federation.questions import RELEASES, Question
from transat.federation.site import Site
from transat.federation.wire import Refusal


@dataclass(slots=True)
class Leaves:
    """One statistic: questions, bytes of the answers, different numbers in them, and table cells
    shown and masked; refused: questions by the code of their refusal, columns: by column named."""

    questions: int = 0
    bytes: int = 0
    numbers: int = 0
    cells: int = 0
    cells_masked: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    columns: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tried:
    """One attack: the questions that it asked, and what of its claims is true: counts of 1 to the
    threshold less one, rows of as few people."""

    key: str
    said: Text
    stopped_by: tuple[str, ...]
    questions: int
    cells: int
    rows: int


@dataclass(frozen=True, slots=True)
class DryRun:
    """The rehearsal of one study at one site.

    leaves: by statistic. ended: the error that ended the study early, or None. attacks: those whose
    statistics the study asks for; not_tried: keys of the others.
    """

    site: str
    policy: str
    threshold: int
    leaves: Mapping[str, Leaves]
    ended: Text | None
    attacks: tuple[Tried, ...]
    not_tried: tuple[str, ...]

    @property
    def recovered(self) -> int:
        """Small counts and rows that the attacks recovered, in all."""
        return sum(tried.cells + tried.rows for tried in self.attacks)

    def plain(self) -> dict[str, Any]:
        """As JSON; texts in both languages, and what no check covers with them."""
        ended = None if self.ended is None else asdict(self.ended)
        return {
            "site": self.site,
            "policy": self.policy,
            "threshold": self.threshold,
            "leaves": {step: asdict(leaves) for step, leaves in self.leaves.items()},
            "ended": ended,
            "attacks": [asdict(tried) for tried in self.attacks],
            "not_tried": list(self.not_tried),
            "recovered": self.recovered,
            "not_covered": [asdict(text) for text in NOT_COVERED],
        }


class _Listening:
    """A transport to one site that keeps an account of what it carries."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.leaves: dict[str, Leaves] = defaultdict(Leaves)

    def sites(self) -> frozenset[str]:
        """The one site."""
        return frozenset({self._site.name})

    def ask(self, questions: Mapping[str, bytes], deadline: float) -> dict[str, bytes]:
        """The site's answer, and the account of it."""
        return {name: self._carried(payload) for name, payload in questions.items()}

    def _carried(self, payload: bytes) -> bytes:
        step = Question.decode(messages.read_question(payload).body).step
        answer = self._site.answer(payload)
        read, told = messages.read_answer(answer), self.leaves[step]
        release = RELEASES.decode(read.body)
        told.questions += 1
        told.bytes += len(answer)
        if isinstance(release, Refusal):
            told.refused[release.code] = told.refused.get(release.code, 0) + 1
            for column in release.columns:
                told.columns[column] = told.columns.get(column, 0) + 1
            return answer
        told.numbers += numbers(release)
        counts = release.counts().values()
        told.cells += sum(int((values >= 0).sum()) for values in counts)
        told.cells_masked += sum(int((values < 0).sum()) for values in counts)
        return answer


def rehearse(
    site: Site,
    data: SiteData,
    permit: Permit,
    key: Key,
    conduct: Callable[[Coordinator], object],
) -> DryRun:
    """Carry out a study at one site, then attack the site.

    site: made for this, on `data`, in a folder of its own. permit: of this site alone, signed with
    keys made for this. key: the coordinator's. conduct: asks everything that the study asks.
    """
    wire = _Listening(site)
    coordinator = Coordinator(wire, key, permit)
    ended: Text | None = None
    try:
        conduct(coordinator)
    except (DisclosureRefused, PermissionRefused, SiteUnreachable) as error:
        ended = error.what
    leaves, wire.leaves = dict(wire.leaves), defaultdict(Leaves)
    terms = permit.sites[site.name]
    tried, others = [], []
    for attack in ATTACKS:
        if set(attack.steps) <= set(leaves):
            tried.append(_tried(attack, wire, coordinator, data, terms.threshold))
        else:
            others.append(attack.key)
    return DryRun(
        site.name, terms.policy, terms.threshold, leaves, ended, tuple(tried), tuple(others)
    )


def _tried(
    attack: Attack, wire: _Listening, coordinator: Coordinator, data: SiteData, threshold: int
) -> Tried:
    before = Counter({step: leaves.questions for step, leaves in wire.leaves.items()}).total()
    found = attack.run(_asking(coordinator), Public.of(data))
    after = Counter({step: leaves.questions for step, leaves in wire.leaves.items()}).total()
    recovered = judged(found, data, threshold)
    return Tried(
        attack.key, attack.said, attack.stopped_by, after - before, recovered.cells, recovered.rows
    )


def _asking(coordinator: Coordinator) -> Ask:
    """An attacker who has the coordinator's key and permit."""
    (site,) = coordinator.sites()

    def ask(step: str, parameters: Any) -> Any:
        try:
            return coordinator.answers(Question(step, parameters), {site})[site]
        except TransatError:  # the permit does not cover it, or the site failed: it learns no more
            return Refusal("failed")

    return ask


def numbers(release: Any) -> int:
    """How many different numbers a release tells, those withheld left out."""
    told: set[float] = set()
    for name in release.__dataclass_fields__:
        values = np.asarray(getattr(release, name))
        if values.dtype.kind in "fiu":
            told.update(float(v) for v in values.ravel() if np.isfinite(v) and v != -1)
    return len(told)
