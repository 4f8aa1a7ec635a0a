"""The side that asks: it has a key, a permit and a transport, and sees what passed the gates only.

Every question is signed and written to the journal before it goes; every answer must be signed by
the key that the permit gives its site, answer that very question, and come from a register that
only grew. Statistics get all the answers that they asked for, or an error.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
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
from transat.federation.messages import MessageError, SignedAnswer
from transat.federation.permit import Permit, PermitRefused, verify
from transat.federation.questions import RELEASES, Question
from transat.federation.refusals import CODES, TROUBLE
from transat.federation.transport import SiteMissing, Transport
from transat.federation.wire import Refusal, WireError

#: Seconds to wait for one round: building the analysis table of a whole country takes long.
DEADLINE: Final = 6 * 3600.0

#: Codes that are not the gate's judgement of a question: no study goes on after one of them.
_FORBIDDEN: Final = frozenset({"permit", "expired", "not_signed", "forked"})
_FAILED: Final = frozenset({"failed", "unreadable"})


class SiteRefused(DisclosureRefused):
    """A site answered with a refusal: which site, which code, which columns."""

    def __init__(self, site: str, code: str, columns: tuple[str, ...]) -> None:
        self.site, self.code, self.columns = site, code, columns
        super().__init__(
            _said(code, columns),
            site,
            Text(
                "Le registre de ce site dit quelle question ; voyez son détenteur.",
                "That site's register says which question; see its holder.",
            ),
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.site, self.code, self.columns)


class SiteForbids(PermissionRefused):
    """A site's permit does not cover the question, or the site lacks the statistic."""

    def __init__(self, site: str, code: str, columns: tuple[str, ...] = ()) -> None:
        self.site, self.code, self.columns = site, code, columns
        super().__init__(
            _said(code, columns),
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
        return SiteRefused(site, refusal.code, refusal.columns)
    return SiteFailed(site)


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
        self._last: dict[str, dict[str, str]] = {}  # by fit and site, the answer to the last round

    def sites(self) -> tuple[str, ...]:
        """Names of the sites that the permit names, in order."""
        return tuple(sorted(self._permit.sites))

    def registers(self) -> dict[str, Seen]:
        """What was seen of each site's register."""
        return {site: self._journal.seen(site) for site in self.sites()}

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
        asked = {
            site: question if isinstance(question, Question) else question[site]
            for site in sorted(to)
        }
        fits = {site: fit_name(one.step, one.parameters) for site, one in asked.items()}
        bodies = {site: one.encode() for site, one in asked.items()}
        names = {s: messages.asked(self._permit.study, about, s, b) for s, b in bodies.items()}
        found = {site: self._stored(site, name) for site, name in names.items()}
        missing = {site: bodies[site] for site, answer in found.items() if answer is None}
        fetched = self._fetched(missing, names, about, fits)
        taken = {site: answer or fetched[site] for site, answer in found.items()}
        for site, answer in taken.items():
            if (fit := fits[site]) is not None:
                self._last.setdefault(fit, {})[site] = messages.carry(answer)
        return {site: _release(answer) for site, answer in taken.items()}

    def end(self) -> None:
        """Close the study: bodies of answers are deleted from the journal, their heads are kept."""
        self._journal.purge()

    def _evidence(self, fit: str | None, site: str) -> tuple[str, ...]:
        """The other sites' answers to the round before, from which a site sees where a fit is."""
        last = self._last.get(fit or "", {})
        return tuple(answer for name, answer in sorted(last.items()) if name != site)

    def _stored(self, site: str, name: str) -> SignedAnswer | None:
        """What the journal holds to a question, or None."""
        raw = self._journal.answer(name)
        if raw is None:
            return None
        try:
            answer = self._checked(site, name, raw)
            _release(answer)
        except AnswerRejected:
            raise DataQualityError(
                Text("la réponse notée ici est abîmée.", "the answer noted here is damaged."),
                site,
                Text("Donnez un autre dossier.", "Name another folder."),
            ) from None
        return answer

    def _fetched(
        self,
        bodies: Mapping[str, bytes],
        names: Mapping[str, str],
        cohort: str,
        fits: Mapping[str, str | None],
    ) -> dict[str, SignedAnswer]:
        """Ask the sites of `bodies`; journal and read what they answer."""
        if not bodies:
            return {}
        questions = {
            site: messages.question(
                self._permit.study,
                cohort,
                site,
                body,
                self._key,
                self._journal.peers(site),
                self._evidence(fits[site], site),
            )
            for site, body in bodies.items()
        }
        self._journal.ask({site: names[site] for site in questions})
        raw = self._transport.ask(questions, self._deadline)
        silent = set(questions) - set(raw)
        if silent:
            raise SiteMissing(silent)
        answers = {site: self._checked(site, names[site], raw[site]) for site in questions}
        for site, answer in answers.items():
            if not self._journal.fits(answer):
                raise AnswerRejected(site, "register")
        for site, answer in answers.items():
            release = _release(answer)
            if isinstance(release, Refusal) and release.code in _FORBIDDEN | _FAILED:
                raise raised(site, release)
        self._journal.answered((answers[site], raw[site]) for site in questions)
        return answers

    def _checked(self, site: str, name: str, raw: bytes) -> SignedAnswer:
        """An answer that is signed by the site and answers the question of that name."""
        try:
            answer = messages.read_answer(raw)
        except MessageError:
            raise AnswerRejected(site, "unreadable") from None
        if answer.key != self._permit.sites[site].key:
            raise AnswerRejected(site, "key")
        if (answer.site, answer.study, answer.asked) != (site, self._permit.study, name):
            raise AnswerRejected(site, "asked")
        return answer


def _release(answer: SignedAnswer) -> Any:
    try:
        return RELEASES.decode(answer.body)
    except WireError:
        raise AnswerRejected(answer.site, "unreadable") from None


def _said(code: str, columns: tuple[str, ...]) -> Text:
    named = f" ({', '.join(columns)})" if columns else ""
    said = CODES[code]
    return Text(f"{said.fr}{named}.", f"{said.en}{named}.")
