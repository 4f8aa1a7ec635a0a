"""All sites in one process, each behind its own thread: the coordinator holds queues of bytes only.

A site is made inside its thread and is reachable from nowhere else; what crosses is the bytes of a
signed question and of a signed answer. The same contract as over a network: one answer from each
site asked, or SiteMissing naming those that gave none. A site that failed outright is made anew for
the next question, as a service that is started again would be.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Protocol

from transat.federation.transport import SiteMissing


class Answers(Protocol):
    """A site, as a transport sees it."""

    def answer(self, payload: bytes) -> bytes:
        """The signed answer to a signed question."""


Reply = SimpleQueue[bytes | None]
Inbox = SimpleQueue[tuple[bytes, Reply] | None]


class InProcess:
    """Asks sites that live in threads of this process. Use as a context manager."""

    def __init__(self, sites: Mapping[str, Callable[[], Answers]]) -> None:
        """Start one thread per site; each makes its own site when first asked."""
        self._inboxes: dict[str, Inbox] = {}
        self._ended: dict[str, SimpleQueue[None]] = {}
        self._late: set[str] = set()
        for name, make in sorted(sites.items()):
            inbox, ended = Inbox(), SimpleQueue[None]()
            threading.Thread(
                target=_serve, args=(make, inbox, ended), name=f"site-{name}", daemon=True
            ).start()
            self._inboxes[name], self._ended[name] = inbox, ended

    def sites(self) -> frozenset[str]:
        """Names of the sites."""
        return frozenset(self._inboxes)

    def ask(self, questions: Mapping[str, bytes], deadline: float) -> dict[str, bytes]:
        """One answer from each site asked, which all work at the same time.

        Raises
        ------
        SiteMissing: a site is unknown, failed outright, or is silent at the deadline.
        """
        unknown = set(questions) - set(self._inboxes)
        if unknown:
            raise SiteMissing(unknown)
        until = monotonic() + deadline
        replies = {name: Reply() for name in sorted(questions)}
        for name, reply in replies.items():
            self._inboxes[name].put((questions[name], reply))
        found = {name: self._awaited(name, reply, until) for name, reply in replies.items()}
        answers = {name: answer for name, answer in found.items() if answer is not None}
        if len(answers) < len(found):
            raise SiteMissing(set(found) - set(answers))
        return answers

    def _awaited(self, name: str, reply: Reply, until: float) -> bytes | None:
        self._late.discard(name)
        try:
            return reply.get(timeout=max(until - monotonic(), 0.0))
        except Empty:
            self._late.add(name)
            return None

    def close(self) -> None:
        """Stop every site and wait until each has let go of its data, save silent ones."""
        for inbox in self._inboxes.values():
            inbox.put(None)
        for name in self._inboxes.keys() - self._late:
            self._ended[name].get()
        self._inboxes.clear()

    def __enter__(self) -> InProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _serve(make: Callable[[], Answers], inbox: Inbox, ended: SimpleQueue[None]) -> None:
    """A site's loop; of what goes wrong, the coordinator learns only that there is no answer."""
    site: Answers | None = None
    try:
        while (letter := inbox.get()) is not None:
            answer = None
            try:
                site = site or make()
                answer = site.answer(letter[0])
            except Exception:  # its text may hold a patient's value: it ends here
                _let_go(site)
                site = None
            finally:
                letter[1].put(answer)
                del letter, answer
    finally:
        _let_go(site)
        site = None
        ended.put(None)


def _let_go(site: Answers | None) -> None:
    """Close a site, where it has files to close."""
    close = getattr(site, "close", None)
    if close is not None:
        close()
