"""The port between coordinator and sites: how signed questions reach them, and answers come back.

Three ways behind it, which pass the same contract tests (tests/federation/test_transports.py): in
one process, through an export desk (courier), over a network (NVIDIA FLARE). A transport carries
bytes and knows nothing of what they say; it neither signs, nor reads, nor counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from transat.core.errors import SiteUnreachable
from transat.core.languages import Text, current


class Transport(Protocol):
    """How questions reach sites."""

    def sites(self) -> frozenset[str]:
        """Names of the sites that can be asked."""

    def ask(self, questions: Mapping[str, bytes], deadline: float) -> dict[str, bytes]:
        """Exactly one answer from each site asked.

        questions: site name to signed question (`messages.question`). deadline: seconds to wait
        for all of them; the way is tried again as often as needed in between, so a site that comes
        back in time is not missed. A question may reach a site twice; it answers the same.
        Through an export desk an answer may be days old, and one site's answers may be fetched in
        another order than it gave them: a smaller number of entries than the last seen is then no
        fault, two heads for one number of entries are.

        Raises
        ------
        SiteMissing: one site or more did not answer in time; names them all. Never a part.
        """


class SiteMissing(SiteUnreachable):
    """Sites that did not answer: none of the others' answers is used without theirs."""

    def __init__(self, sites: frozenset[str] | set[str]) -> None:
        self.sites = frozenset(sites)
        super().__init__(
            Text("pas de réponse de ce site à temps.", "no answer from this site in time."),
            ", ".join(sorted(sites)),
            Text(
                "Vérifiez qu'il tourne, puis relancez : l'étude reprend où elle en était.",
                "Check that it runs, then start again: the study goes on from where it was.",
            ),
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.sites,)


class Posted(SiteMissing):
    """Sites whose questions wait to be carried, or whose answers do: come back another day."""

    def __init__(self, sites: frozenset[str] | set[str], folder: str) -> None:
        super().__init__(sites)
        self.folder = folder
        self.what = Text(
            f"les réponses de {self.where} ne sont pas encore là.",
            f"the answers from {self.where} are not here yet.",
        )
        self.where = folder
        self.next_step = Text(
            "« transat courier status » dit ce qu'il faut porter ; relancez ensuite la même étude.",
            '"transat courier status" says what to carry; then run the same study again.',
        )
        self.args = (self.message(current()),)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.sites, self.folder)
