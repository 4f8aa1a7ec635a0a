"""The side that asks: it holds names and a transport, and sees only what passed the gates."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Protocol

from transat.core.errors import DisclosureRefused, SiteUnreachable
from transat.core.languages import Text
from transat.federation.questions import RELEASES, Question
from transat.federation.refusals import CODES, TROUBLE
from transat.federation.wire import Refusal, WireError


class Transport(Protocol):
    """How questions reach sites: in one process, by courier, over a network."""

    def sites(self) -> tuple[str, ...]:
        """Names of the sites that take part."""

    def ask(
        self, question: Question | Mapping[str, Question], to: Collection[str] | None = None
    ) -> dict[str, bytes]:
        """Exactly one answer from each expected site, or SiteUnreachable."""


class SiteRefused(DisclosureRefused):
    """A site answered with a refusal: which site, which code, which columns."""

    def __init__(self, site: str, code: str, columns: tuple[str, ...]) -> None:
        self.site, self.code, self.columns = site, code, columns
        named = f" ({', '.join(columns)})" if columns else ""
        said = CODES[code]
        super().__init__(
            Text(f"{said.fr}{named}.", f"{said.en}{named}."),
            site,
            Text(
                "Le registre de ce site dit quelle question ; voyez son détenteur.",
                "That site's register says which question; see its holder.",
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


def raised(site: str, refusal: Refusal) -> SiteRefused | SiteFailed:
    """The error that a site's refusal stands for."""
    if refusal.code in CODES:
        return SiteRefused(site, refusal.code, refusal.columns)
    return SiteFailed(site)


class Coordinator:
    """Asks sites and reads their answers."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def sites(self) -> tuple[str, ...]:
        """Names of the sites that take part, in order."""
        return self._transport.sites()

    def ask(
        self, question: Question | Mapping[str, Question], to: Collection[str]
    ) -> dict[str, Any]:
        """One release per expected site.

        Raises
        ------
        SiteUnreachable: a site did not answer, or answered something unreadable.
        SiteRefused, SiteFailed: a site refused or failed; the first in the order of the names.
        """
        answers = self.answers(question, to)
        for site, answer in answers.items():
            if isinstance(answer, Refusal):
                raise raised(site, answer)
        return answers

    def answers(
        self, question: Question | Mapping[str, Question], to: Collection[str]
    ) -> dict[str, Any]:
        """One release or `Refusal` per expected site.

        Raises
        ------
        SiteUnreachable: as `ask`.
        """
        raw = self._transport.ask(question, to)
        missing = sorted(set(to) - set(raw))
        if missing:
            raise _unreadable(missing[0])
        return {site: _read(site, raw[site]) for site in sorted(to)}


def _read(site: str, payload: bytes) -> Any:
    try:
        return RELEASES.decode(payload)
    except WireError:
        raise _unreadable(site) from None


def _unreadable(site: str) -> SiteUnreachable:
    return SiteUnreachable(
        Text("aucune réponse lisible de ce site.", "no readable answer from this site."),
        site,
        Text("Vérifiez les versions de part et d'autre.", "Check the versions on both sides."),
    )
