"""The side that asks: it has a key, a permit and a transport, and sees what passed the gates only.

Every question is signed and written to the journal before it goes; every answer must be signed by
the key that the permit gives its site, answer that very question, and come from a register that
only grew. Statistics get all the answers that they asked for, or an error.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from transat.core.errors import (
    DataQualityError,
    DisclosureRefused,
    PermissionRefused,
    SiteUnreachable,
    TransatError,
)
from transat.core.languages import Text
from transat.federation import messages
from transat.federation.checks.path import fit_name
from transat.federation.coordinator_journal import Journal, Seen
from transat.federation.keys import Key
from transat.federation.ledger import GENESIS
from transat.federation.messages import MessageError, SignedAnswer
from transat.federation.permit import WHY, Permit, PermitRefused, verify
from transat.federation.questions import RELEASES, Question
from transat.federation.refusals import CODES, TROUBLE, next_step
from transat.federation.tally import Left, Tally
from transat.federation.transport import SiteMissing, Transport
from transat.federation.wire import Refusal, WireError

#: Seconds to wait for one round: building the analysis table of a whole country takes long.
DEADLINE: Final = 6 * 3600.0

#: Codes that are not the gate's judgement of a question: no study goes on after one of them.
_FORBIDDEN: Final = frozenset({"permit", "expired", "not_signed", "forked", "unreadable"})
_FAILED: Final = frozenset({"failed"})


class SiteRefused(DisclosureRefused):
    """A site's gate refused: which site, which code, which columns, which merges would pass."""

    def __init__(
        self, site: str, code: str, columns: tuple[str, ...], merge: tuple[str, ...] = ()
    ) -> None:
        self.site, self.code, self.columns, self.merge = site, code, columns, merge
        ask_there = Text(
            "Le registre de ce site dit quelle question ; voyez son détenteur.",
            "That site's register says which question; see its holder.",
        )
        step = next_step(merge) if columns or merge else ask_there
        super().__init__(_said(code, columns), site, step)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.site, self.code, self.columns, self.merge)


class SiteForbids(PermissionRefused):
    """A site's permit does not cover the question; columns: which part of it does not fit."""

    def __init__(self, site: str, code: str, columns: tuple[str, ...] = ()) -> None:
        self.site, self.code, self.columns = site, code, columns
        known = WHY.get(columns[0]) if columns else None
        super().__init__(
            known or _said(code, columns),
            site,
            Text(
                "Comparez le permis et les versions de part et d'autre.",
                "Compare the permit and the versions on both sides.",
            ),
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.site, self.code, self.columns)


class SiteFailed(SiteUnreachable):
    """A site is there but its computation failed; why is known to the site alone."""

    def __init__(self, site: str) -> None:
        self.site = site
        super().__init__(
            Text("le calcul a échoué sur ce site.", "the computation failed at this site."),
            site,
            Text(
                f"Sur ce site, lisez {site}{TROUBLE} à côté de son registre.",
                f"At that site, read {site}{TROUBLE} beside its register.",
            ),
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.site,)


#: Why an answer is not taken.
REJECTED: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "unreadable": Text(
            "aucune réponse lisible de ce site.", "no readable answer from this site."
        ),
        "key": Text(
            "la réponse n'est pas signée par la clé que le permis donne à ce site.",
            "the answer is not signed by the key that the permit gives this site.",
        ),
        "asked": Text(
            "la réponse est celle d'une autre question.", "the answer is to another question."
        ),
        "register": Text(
            "le registre de ce site a été raccourci ou réécrit depuis sa dernière réponse.",
            "this site's register was cut or rewritten since its last answer.",
        ),
    }
)


class AnswerRejected(SiteUnreachable):
    """What came in a site's name cannot be taken: forged, altered, replayed or out of step."""

    def __init__(self, site: str, why: str) -> None:
        self.site, self.why = site, why
        super().__init__(
            REJECTED[why],
            site,
            Text(
                "Appelez son détenteur avant de recommencer.",
                "Call its holder before you start again.",
            ),
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.site, self.why)


def raised(site: str, refusal: Refusal) -> TransatError:
    """The error that a site's refusal stands for."""
    if refusal.code in _FORBIDDEN:
        return SiteForbids(site, refusal.code, refusal.columns)
    if refusal.code in CODES and refusal.code not in _FAILED:
        return SiteRefused(site, refusal.code, refusal.columns, refusal.merge)
    return SiteFailed(site)


@dataclass(frozen=True, slots=True)
class _Asking:
    """One question to one site: its body, its name (`messages.asked`), the fit it belongs to."""

    site: str
    cohort: str
    body: bytes
    name: str
    fit: str | None


#: An answer whose signature and place were checked, and the Release or Refusal in it.
Told = tuple[SignedAnswer, Any]


class Coordinator:
    """Asks the sites of a permit and reads their answers."""

    def __init__(
        self,
        transport: Transport,
        key: Key,
        permit: Permit,
        journal: Journal | None = None,
        deadline: float = DEADLINE,
    ) -> None:
        """Prepare to ask; nothing is asked yet.

        journal: of this study; without one, what was answered is known as long as this lives.
        deadline: seconds to wait for each round.

        Raises
        ------
        PermitRefused: the permit is not signed by all, or names another coordinator.
        """
        verify(permit)
        if key.public != permit.coordinator:
            raise PermitRefused("coordinator")
        self._transport, self._key, self._permit = transport, key, permit
        self._journal = journal or Journal(None, permit.study, key.public)
        self._deadline = deadline
        #: By fit and site, the answer to the last round.
        self._last: dict[str, dict[str, SignedAnswer]] = {}
        self._past: set[str] = set()
        self._tally = Tally()

    def sites(self) -> tuple[str, ...]:
        """Names of the sites that the permit names, in order."""
        return tuple(sorted(self._permit.sites))

    def registers(self) -> dict[str, Seen]:
        """What was seen of each site's register."""
        return {site: self._journal.seen(site) for site in self.sites()}

    def left(self, site: str) -> Left:
        """What left a site for this study."""
        return self._tally.of(site)

    def ask(
        self,
        question: Question | Mapping[str, Question],
        to: Collection[str],
        cohort: str | None = None,
    ) -> dict[str, Any]:
        """One release per expected site.

        Raises
        ------
        SiteRefused: a site's gate refused; the first in the order of the names. Others: as
        `answers`.
        """
        answers = self.answers(question, to, cohort)
        for site, answer in answers.items():
            if isinstance(answer, Refusal):
                raise raised(site, answer)
        return answers

    def answers(
        self,
        question: Question | Mapping[str, Question],
        to: Collection[str],
        cohort: str | None = None,
    ) -> dict[str, Any]:
        """One release, or `Refusal` of its gate, per expected site, in the order of the names.

        cohort: SHA-256 of the population that is meant; the permit's first where none is given.

        Raises
        ------
        SiteMissing: a site did not answer in time. AnswerRejected: what came is not its answer.
        SiteForbids, SiteFailed: the permit does not cover the question, or a site failed.
        """
        unknown = sorted(set(to) - set(self._permit.sites))
        if unknown:
            raise SiteMissing(set(unknown))
        about = self._permit.cohorts[0] if cohort is None else cohort
        asks = {site: self._asking(site, about, question) for site in sorted(to)}
        found = {site: self._stored(ask) for site, ask in asks.items()}
        told = {site: answer for site, answer in found.items() if answer is not None}
        told |= self._fetched([ask for site, ask in asks.items() if site not in told])
        for site, (answer, release) in told.items():
            self._tally.take(answer, release)
            fit = asks[site].fit
            again = answer.asked in self._past  # a fit may come back to where it was
            if fit is not None and not again and not isinstance(release, Refusal):
                self._past.add(answer.asked)
                self._last.setdefault(fit, {})[site] = answer
        return {site: told[site][1] for site in asks}

    def sign(self, content: bytes) -> tuple[str, str]:
        """The public key of the coordinator and its signature of what a study publishes."""
        return self._key.public, self._key.sign(content)

    def end(self) -> None:
        """Close the study: bodies of answers are deleted from the journal, their heads are kept."""
        self._journal.purge()

    def _asking(
        self, site: str, cohort: str, question: Question | Mapping[str, Question]
    ) -> _Asking:
        own = question if isinstance(question, Question) else question[site]
        body = own.encode()
        name = messages.asked(self._permit.study, cohort, site, body)
        return _Asking(site, cohort, body, name, fit_name(own.step, own.parameters))

    def _stored(self, ask: _Asking) -> Told | None:
        """What the journal holds to a question, or None."""
        raw = self._journal.answer(ask.name)
        if raw is None:
            return None
        try:
            answer = self._checked(ask, raw)
            return answer, _release(answer)
        except AnswerRejected:
            raise DataQualityError(
                Text("la réponse notée ici est abîmée.", "the answer noted here is damaged."),
                ask.site,
                Text("Donnez un autre dossier.", "Name another folder."),
            ) from None

    def _fetched(self, asks: Collection[_Asking]) -> dict[str, Told]:
        """Ask sites; journal and read what they answer: all of it, or an error."""
        if not asks:
            return {}
        questions = {ask.site: self._question(ask) for ask in asks}
        self._journal.ask({ask.site: ask.name for ask in asks})
        raw = self._transport.ask(questions, self._deadline)
        silent = set(questions) - set(raw)
        if silent:
            raise SiteMissing(silent)
        told: dict[str, Told] = {}
        for ask in asks:
            answer = self._checked(ask, raw[ask.site])
            told[ask.site] = answer, _release(answer)
        for site, (answer, release) in told.items():
            if isinstance(release, Refusal) and release.code in _FORBIDDEN | _FAILED:
                raise raised(site, release)  # such a refusal may not be in the register
            if not self._journal.fits(answer):
                raise AnswerRejected(site, "register")
        self._journal.answered((answer, raw[site]) for site, (answer, _) in told.items())
        return told

    def _question(self, ask: _Asking) -> bytes:
        """The signed question; with it, what the other sites said last: of themselves, and in this
        fit, from which the site sees where the fit is."""
        last = self._last.get(ask.fit or "", {})
        evidence = tuple(messages.carry(last[site]) for site in sorted(last) if site != ask.site)
        peers = self._journal.peers(ask.site)
        return messages.question(
            self._permit.study, ask.cohort, ask.site, ask.body, self._key, peers, evidence
        )

    def _checked(self, ask: _Asking, raw: bytes) -> SignedAnswer:
        """An answer that is signed by the site and answers that very question."""
        try:
            answer = messages.read_answer(raw)
        except MessageError:
            raise AnswerRejected(ask.site, "unreadable") from None
        if answer.key != self._permit.sites[ask.site].key:
            raise AnswerRejected(ask.site, "key")
        wanted = (ask.site, self._permit.study, ask.cohort, ask.name)
        if (answer.site, answer.study, answer.cohort, answer.asked) == wanted:
            return answer
        if (answer.site, answer.study) == (ask.site, GENESIS):  # it could not read the question
            release = _release(answer)
            if isinstance(release, Refusal):
                raise raised(ask.site, release)
        raise AnswerRejected(ask.site, "asked")


def _release(answer: SignedAnswer) -> Any:
    try:
        return RELEASES.decode(answer.body)
    except WireError:
        raise AnswerRejected(answer.site, "unreadable") from None


def _said(code: str, columns: tuple[str, ...]) -> Text:
    named = f" ({', '.join(columns)})" if columns else ""
    said = CODES[code]
    return Text(f"{said.fr}{named}.", f"{said.en}{named}.")
