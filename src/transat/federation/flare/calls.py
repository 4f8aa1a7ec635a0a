"""A question and its answer over a line that may be cut at any moment, in parts of at most 1 MiB.

The side that asks puts the parts of the question one by one, then gets the parts of the answer. A
question is known by its SHA-256, so every request can be made again: the other side says where it
stands (`MORE` wanted, still `WORKING`, `READY`) and nothing is computed twice. An answer that is
there within `HOLD` seconds comes back with the last part of the question, in one round trip.

Nothing here knows of a network or of FLARE: `send` is any function that carries bytes there and
back or says that it could not.

A request is 41 bytes (what is wanted, SHA-256 of the question, which part, how many) and a part; a
reply is 41 bytes (state, which part, how many, SHA-256 of the answer) and a part.
"""

from __future__ import annotations

import hashlib
import struct
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Final

from transat.federation.flare import log
from transat.federation.messages import LONGEST

#: Bytes of a part: at 1 Mbit/s one takes 8 s, so a slow line makes progress too.
PART: Final = 1024 * 1024
#: Seconds that a request is held back while its answer is being computed.
HOLD: Final = 5.0
#: Seconds that one request may take: held back, and a part each way on a slow line.
PATIENCE: Final = HOLD + 15.0
#: Seconds before a site whose computation failed is asked again.
AGAIN: Final = 1.0
#: Answers kept to be fetched again, and for how many seconds since one was last fetched: a site
#: that is asked the same much later decides anew whether it may still say it.
KEPT: Final = 4
FRESH: Final = 60.0

PUT, GET = b"P", b"G"
MORE, WORKING, READY, UNKNOWN, FAILED, REFUSED = b"M", b"W", b"R", b"U", b"F", b"N"
_HEAD: Final = struct.Struct(">cII32s")
_NONE: Final = bytes(32)

#: Carries a request there and its reply back within some seconds; None when it could not.
Send = Callable[[bytes, float], bytes | None]
#: From who asks and the question to the answer.
Answer = Callable[[str, bytes], bytes]
#: An answer and its SHA-256.
_Kept = tuple[bytes, bytes]


def fetch(question: bytes, send: Send, until: float, longest: int = LONGEST) -> bytes | None:
    """The answer to `question`, or None when it did not come before `until` (monotonic seconds).

    longest: bytes of the longest answer taken.
    """
    going, most = _Fetching(question), 1 + longest // PART
    while (left := until - time.monotonic()) > 0:
        reply = send(going.request(), min(left, PATIENCE))
        if reply is None or len(reply) < _HEAD.size:
            continue
        state, index, count, digest = _HEAD.unpack_from(reply)
        if state == REFUSED or count > most:
            return None
        if state == FAILED:
            time.sleep(min(AGAIN, max(0.0, until - time.monotonic())))
        if state == READY:
            whole = going.took(index, count, digest, reply[_HEAD.size :])
            if whole is not None:
                return whole
        else:
            going.told(state, index)
    return None


class _Fetching:
    """How far a question has gone there, and its answer come back.

    An answer that changes while it is fetched is fetched again whole: parts are never mixed.
    """

    def __init__(self, question: bytes) -> None:
        self._name = hashlib.sha256(question).digest()
        self._parts = cut(question)
        self._put = 0
        self._got: list[bytes] = []
        self._digest = _NONE

    def request(self) -> bytes:
        """What to ask for next."""
        if self._put < len(self._parts):
            head = _HEAD.pack(PUT, self._put, len(self._parts), self._name)
            return head + self._parts[self._put]
        return _HEAD.pack(GET, len(self._got), 0, self._name)

    def told(self, state: bytes, index: int) -> None:
        """The other side has no answer yet; it says which part of the question it wants."""
        self._got = []
        if state == MORE:
            self._put = min(index, len(self._parts))
        else:
            self._put = len(self._parts) if state == WORKING else 0

    def took(self, index: int, count: int, digest: bytes, part: bytes) -> bytes | None:
        """One part of the answer; the answer when it was the last."""
        self._put = len(self._parts)
        if digest != self._digest:
            self._got, self._digest = [], digest
        if index == len(self._got):
            self._got.append(part)
        if len(self._got) < count:
            return None
        whole, self._got = b"".join(self._got), []
        return whole if hashlib.sha256(whole).digest() == digest else None


def cut(whole: bytes) -> list[bytes]:
    """The parts of `whole`, at least one."""
    return [whole[i : i + PART] for i in range(0, len(whole), PART)] or [b""]


@dataclass(slots=True)
class _Upload:
    """A question on its way in: `parts` so far, of `count`."""

    name: bytes
    count: int
    parts: list[bytes] = field(default_factory=list)


class Answerer:
    """Answers requests with `answer`, one question at a time, in a thread of its own.

    answer: called once for a question however often its parts come; may take hours. What it raises
    stays here: the other side learns that it failed, not why.
    """

    def __init__(self, answer: Answer, longest: int = LONGEST, hold: float = HOLD) -> None:
        self._answer, self._longest, self._hold = answer, longest, hold
        self._lock = threading.Lock()
        self._uploads: dict[str, _Upload] = {}
        self._works: dict[tuple[str, bytes], Future[_Kept]] = {}
        self._fetched: dict[tuple[str, bytes], float] = {}
        self._worker = ThreadPoolExecutor(1, "answer")

    def reply(self, peer: str, request: bytes) -> bytes:
        """The reply to one request of `peer`: always bytes, whatever came."""
        if len(request) < _HEAD.size:
            return self._refused(peer, "head")
        what, index, count, name = _HEAD.unpack_from(request)
        key = peer, name
        with self._lock:
            self._forget()
            work = self._works.get(key)
            if work is None and what == PUT:
                told = self._put(peer, index, count, name, request[_HEAD.size :])
                if isinstance(told, bytes):
                    return told
                work = told
            self._fetched[key] = time.monotonic()
        if what not in (PUT, GET):
            return self._refused(peer, "what")
        if work is None:
            return _head(UNKNOWN)
        return self._ready(key, work, index if what == GET else 0)

    def _put(
        self, peer: str, index: int, count: int, name: bytes, part: bytes
    ) -> bytes | Future[_Kept]:
        """One part taken: what to reply, or the work begun when it was the last."""
        upload = self._uploads.get(peer)
        if upload is None or upload.name != name:
            if not 0 < count <= 1 + self._longest // PART:
                return self._refused(peer, "length")
            upload = self._uploads[peer] = _Upload(name, count)
        last = index == count - 1
        if count != upload.count or index >= count:
            return self._refused(peer, "count")
        if index != len(upload.parts):
            return _head(MORE, len(upload.parts))
        if len(part) > PART or (len(part) < PART and not last):
            return self._refused(peer, "part")
        upload.parts.append(part)
        return self._begin(peer, name) if last else _head(MORE, index + 1)

    def _begin(self, peer: str, name: bytes) -> bytes | Future[_Kept]:
        whole = b"".join(self._uploads.pop(peer).parts)
        if hashlib.sha256(whole).digest() != name:
            return self._refused(peer, "digest")
        work = self._works[peer, name] = self._worker.submit(self._computed, peer, whole)
        return work

    def _forget(self) -> None:
        """Let go of answers that nobody fetched for a while, and of more than `KEPT`."""
        now = time.monotonic()
        done = [key for key, work in self._works.items() if work.done()]
        done.sort(key=self._fetched.__getitem__)
        for place, key in enumerate(reversed(done)):
            if place >= KEPT or now - self._fetched[key] > FRESH:
                del self._works[key]
        self._fetched = {key: self._fetched[key] for key in self._works}

    def _computed(self, peer: str, question: bytes) -> _Kept:
        answer = self._answer(peer, question)
        return answer, hashlib.sha256(answer).digest()

    def _ready(self, key: tuple[str, bytes], work: Future[_Kept], index: int) -> bytes:
        if not wait([work], self._hold).done:
            return _head(WORKING)
        error = work.exception()
        if error is not None:  # its text may hold a patient's value: only its kind is written
            log.event("failed", peer=key[0], why=type(error).__name__)
            with self._lock:
                self._works.pop(key, None)
            return _head(FAILED)
        answer, digest = work.result()
        count = max(1, -(-len(answer) // PART))
        if index >= count:
            return self._refused(key[0], "part")
        return _HEAD.pack(READY, index, count, digest) + answer[index * PART : (index + 1) * PART]

    def _refused(self, peer: str, why: str) -> bytes:
        log.event("refused", peer=peer, why=why)
        return _head(REFUSED)

    def close(self) -> None:
        """Take no more questions; the one being answered is not waited for."""
        self._worker.shutdown(wait=False, cancel_futures=True)


def _head(state: bytes, index: int = 0) -> bytes:
    return _HEAD.pack(state, index, 0, _NONE)
