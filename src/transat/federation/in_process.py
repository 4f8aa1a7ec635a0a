"""All sites in one process, each behind its own thread: the coordinator holds queues of bytes only.

A site is made inside its thread and is reachable from nowhere else; what crosses is the canonical
bytes of a question, and the bytes that passed the gate. The same contract as over a network: one
answer from each expected site, or SiteUnreachable naming who is missing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from queue import Empty, SimpleQueue
from typing import Final

from transat.core.errors import SiteUnreachable
from transat.core.languages import Text
from transat.federation.questions import Question
from transat.federation.site import Site

Inbox = SimpleQueue[bytes | None]
Outbox = SimpleQueue[bytes | None]

#: Seconds to wait for one answer: building the analysis table of a whole country takes long.
PATIENCE: Final = 6 * 3600.0


class InProcess:
    """Asks sites that live in threads of this process. Use as a context manager."""

    def __init__(self, sites: Mapping[str, Callable[[], Site]], patience: float = PATIENCE) -> None:
        """Start one thread per site; each makes its own `Site`."""
        self._queues: dict[str, tuple[Inbox, Outbox]] = {}
        self._patience = patience
        for name, make in sorted(sites.items()):
            inbox, outbox = Inbox(), Outbox()
            threading.Thread(
                target=_serve, args=(make, inbox, outbox), name=f"site-{name}", daemon=True
            ).start()
            self._queues[name] = inbox, outbox

    def sites(self) -> tuple[str, ...]:
        """Names of the sites, in order."""
        return tuple(self._queues)

    def ask(
        self, question: Question | Mapping[str, Question], to: Collection[str] | None = None
    ) -> dict[str, bytes]:
        """One answer from each expected site, in the order of the names.

        question: the same for all, or one per site. to: the expected sites; None for all.

        Raises
        ------
        SiteUnreachable: a site is unknown, stopped, or silent for too long; names it.
        """
        expected = sorted(self._queues if to is None else to)
        answers: dict[str, bytes] = {}
        for name in expected:
            if name not in self._queues:
                raise unreachable(name)
            asked = question if isinstance(question, Question) else question[name]
            answers[name] = self._answer(name, asked.encode())
        return answers

    def _answer(self, name: str, payload: bytes) -> bytes:
        inbox, outbox = self._queues[name]
        inbox.put(payload)
        try:
            answer = outbox.get(timeout=self._patience)
        except Empty:
            answer = None
        if answer is None:
            del self._queues[name]
            raise unreachable(name)
        return answer

    def close(self) -> None:
        """Stop every site and wait until each has let go of its data."""
        for inbox, outbox in self._queues.values():
            inbox.put(None)
            while outbox.get() is not None:
                pass
        self._queues.clear()

    def __enter__(self) -> InProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def unreachable(name: str) -> SiteUnreachable:
    """The error for a site that gave no answer."""
    return SiteUnreachable(
        Text("ce site n'a pas répondu.", "this site did not answer."),
        name,
        Text(
            "Vérifiez qu'il tourne, puis relancez l'étude.", "Check that it runs, then start again."
        ),
    )


def _serve(make: Callable[[], Site], inbox: Inbox, outbox: Outbox) -> None:
    """A site's loop; whatever ends it, the coordinator learns only that it ended."""
    try:
        site = make()
        while (payload := inbox.get()) is not None:
            outbox.put(site.answer(payload))
    except Exception:  # its text may hold a patient's value: it ends here
        pass
    finally:
        outbox.put(None)
