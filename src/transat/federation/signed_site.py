"""An unsigned site behind signed messages: it reads the question's body and signs the answer."""

from __future__ import annotations

from transat.federation import messages
from transat.federation.keys import Key
from transat.federation.site_unsigned import Site


class SignedSite:
    """A site with its key."""

    def __init__(self, site: Site, key: Key) -> None:
        self._site, self._key = site, key

    def answer(self, payload: bytes) -> bytes:
        """The signed answer. Raises MessageError where the question is none."""
        question = messages.read_question(payload)
        body = self._site.answer(question.body)
        state = self._site._ledger.state
        return messages.answer(question, body, state.entries, state.head, self._key)
