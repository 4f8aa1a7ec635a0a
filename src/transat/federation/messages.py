"""Questions and answers as signed, self-describing bytes, the same over every transport.

A message is two lines of canonical JSON (RFC 8785): its head (what it is, of which study, for whom,
the SHA-256 of the body, who signed) and its body (a Question, a Release or a Refusal of `wire`),
which an answer's head may say to be followed by so many spaces, so that its size tells nothing.
A person at an export desk can read both; one changed character breaks the signature. Reading is
strict and bounded: `MessageError` for whatever is not exactly what this module writes.

A question's name (`asked`) is the SHA-256 of what it asks and of whom, without what changes from
one delivery to the next: the same question again has the same name, and gets the same answer.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any, Final

import rfc8785

from transat.federation.keys import Key, signed_by

#: Bytes of the longest message that is looked at (a Hessian of 1,000 columns takes about 20 MB).
LONGEST: Final = 64 * 1024 * 1024
LONGEST_HEAD: Final = 64 * 1024
_PATTERNS: Final = {
    "study": re.compile(r"[0-9a-f]{64}"),
    "cohort": re.compile(r"[0-9a-f]{64}"),
    "site": re.compile(r"[a-z0-9_-]{1,20}"),
    "asked": re.compile(r"[0-9a-f]{64}"),
    "head": re.compile(r"[0-9a-f]{64}"),
    "body_sha256": re.compile(r"[0-9a-f]{64}"),
    "key": re.compile(r"[A-Za-z0-9+/]{43}="),
    "signature": re.compile(r"[A-Za-z0-9+/]{86}=="),
}


class MessageError(ValueError):
    """Bytes that are not a message; says what does not fit, never a value."""


@dataclass(frozen=True, slots=True)
class SignedQuestion:
    """A question to one site.

    study: the protocol's logic hash. cohort: SHA-256 of the population that it is about. peers: the
    heads of the other sites' last answers (as `SignedAnswer.line`), which the site counter-signs by
    writing them into its register. body: one line of canonical JSON. key: who asks. evidence: the
    other sites' answers to the round before (`carried`), from which a site sees that the
    coefficients asked for are those of the fit.
    """

    study: str
    cohort: str
    site: str
    peers: tuple[str, ...]
    body: bytes
    key: str
    evidence: tuple[str, ...] = ()

    @property
    def asked(self) -> str:
        """The question's name, 64 hexadecimal digits."""
        return asked(self.study, self.cohort, self.site, self.body)


@dataclass(frozen=True, slots=True)
class SignedAnswer:
    """A site's answer to the question named `asked`.

    entries, head: the site's register with this answer in it: how many entries, SHA-256 of the
    last. line: the head of the message as it stood, a signed statement that stands alone.
    """

    study: str
    cohort: str
    site: str
    asked: str
    entries: int
    head: str
    body: bytes
    key: str
    line: str


def asked(study: str, cohort: str, site: str, body: bytes) -> str:
    """The name of a question, 64 hexadecimal digits."""
    whole = "\n".join((study, cohort, site, hashlib.sha256(body).hexdigest()))
    return hashlib.sha256(whole.encode()).hexdigest()


def question(
    study: str, cohort: str, site: str, body: bytes, key: Key, peers: tuple[str, ...] = (),
    evidence: tuple[str, ...] = (),
) -> bytes:  # fmt: skip
    """The bytes of a signed question."""
    head = {
        "kind": "question", "study": study, "cohort": cohort, "site": site, "peers": peers,
        "evidence": evidence,
    }  # fmt: skip
    return _signed(head, body, key)


def carry(answer: SignedAnswer) -> str:
    """An answer as a question carries it to the other sites: its head and its body."""
    return f"{answer.line}\n{answer.body.decode()}"


def carried(text: str) -> SignedAnswer:
    """The answer that `carry` wrote; who signed it is for the reader to judge.

    Raises
    ------
    MessageError: as `read_question`.
    """
    line, newline, body = text.partition("\n")
    head = _head(line.encode("utf-8", "replace"), "answer")
    raw = body.encode("utf-8", "replace")
    if not newline or hashlib.sha256(raw).hexdigest() != head["body_sha256"]:
        raise MessageError("body")
    return _answered(head, raw, line)


def answer(
    to: SignedQuestion, body: bytes, entries: int, head: str, key: Key, pad: int = 0
) -> bytes:
    """The bytes of a signed answer; pad: spaces after its body, which hide its kind by size."""
    said = {
        "kind": "answer", "study": to.study, "cohort": to.cohort, "site": to.site,
        "asked": to.asked, "entries": entries, "head": head, "pad": pad,
    }  # fmt: skip
    return _signed(said, body, key, pad)


def read_question(payload: bytes) -> SignedQuestion:
    """A question whose signature holds; who signed it is for the reader to judge.

    Raises
    ------
    MessageError: too long, another kind, a field that does not fit, a signature that does not hold.
    """
    head, body, _ = _read(payload, "question")
    return SignedQuestion(
        head["study"], head["cohort"], head["site"], tuple(head["peers"]), body, head["key"],
        tuple(head["evidence"]),
    )  # fmt: skip


def read_answer(payload: bytes) -> SignedAnswer:
    """An answer whose signature holds; who signed it is for the reader to judge.

    Raises
    ------
    MessageError: as `read_question`.
    """
    head, body, line = _read(payload, "answer")
    return _answered(head, body, line)


def read_head(line: str) -> SignedAnswer:
    """The head of an answer alone (its body empty), as peers pass it on.

    Raises
    ------
    MessageError: as `read_question`.
    """
    return _answered(_head(line.encode("utf-8", "replace"), "answer"), b"", line)


def _answered(head: dict[str, Any], body: bytes, line: str) -> SignedAnswer:
    return SignedAnswer(
        head["study"], head["cohort"], head["site"], head["asked"], head["entries"], head["head"],
        body, head["key"], line,
    )  # fmt: skip


def _signed(head: dict[str, Any], body: bytes, key: Key, pad: int = 0) -> bytes:
    head = {
        **head, "transat": 1, "key": key.public, "body_sha256": hashlib.sha256(body).hexdigest()
    }  # fmt: skip
    head["signature"] = key.sign(rfc8785.dumps(head))
    return b"".join((rfc8785.dumps(head), b"\n", body, b" " * pad, b"\n"))


_QUESTION: Final = {"study", "cohort", "site", "peers", "evidence"}
_ANSWER: Final = {"study", "cohort", "site", "asked", "entries", "head", "pad"}
_ALWAYS: Final = {"transat", "kind", "key", "body_sha256", "signature"}


def _read(payload: bytes, kind: str) -> tuple[dict[str, Any], bytes, str]:
    if len(payload) > LONGEST:
        raise MessageError("length")
    start, end = payload.find(b"\n") + 1, len(payload) - 1
    if not start or payload.find(b"\n", start) != end:
        raise MessageError("lines")
    first = payload[: start - 1]
    head = _head(first, kind)
    stop = end - head.get("pad", 0)
    if stop < start or payload[stop:end].strip(b" "):
        raise MessageError("pad")
    body = payload[start:stop]
    if hashlib.sha256(body).hexdigest() != head["body_sha256"]:
        raise MessageError("body")
    return head, body, first.decode()


def _head(line: bytes, kind: str) -> dict[str, Any]:
    if len(line) > (LONGEST if kind == "question" else LONGEST_HEAD):
        raise MessageError("length")
    try:
        head = json.loads(line)
    except (ValueError, RecursionError):
        raise MessageError("head") from None
    fields = _ALWAYS | (_QUESTION if kind == "question" else _ANSWER)
    if not isinstance(head, dict) or head.get("kind") != kind or set(head) != fields:
        raise MessageError("head")
    for name in fields:
        _fits(name, head[name])
    signature = head.pop("signature")
    try:
        content, whole = rfc8785.dumps(head), rfc8785.dumps({**head, "signature": signature})
    except rfc8785.CanonicalizationError:  # half a letter
        raise MessageError("head") from None
    if whole != line:
        raise MessageError("head")
    if not signed_by(head["key"], signature, content):
        raise MessageError("signature")
    return head


def _fits(name: str, value: Any) -> None:
    if name in _PATTERNS:
        fits = isinstance(value, str) and _PATTERNS[name].fullmatch(value) is not None
    elif name in ("peers", "evidence"):
        fits = isinstance(value, list) and all(isinstance(p, str) for p in value)
    elif name == "transat":
        fits = type(value) is int and value == 1
    elif name in ("entries", "pad"):
        fits = type(value) is int and 0 <= value < 2**53
    else:
        fits = isinstance(value, str)
    if not fits:
        raise MessageError(name)
