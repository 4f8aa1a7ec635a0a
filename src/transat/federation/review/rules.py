"""Who may do what to a request, and where that leaves it: pure functions of what happened.

- Only the author adds files, submits, withdraws; whoever signed the first line is the author.
- Two people of each holder that the permit names must vote; nobody votes on their own request.
- A vote is sealed first: others see that it was cast, not what it says, and it cannot be changed.
  Votes are opened once every holder's two people have cast theirs, never before.
- Once all are open, people talk, and may revise their opinions openly. All files approved by all:
  the request is approved. One person of any holder can return or reject it.
- New files undo every vote, those on files that did not change too: what a table tells depends on
  the others beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from transat.core.errors import PermissionRefused
from transat.core.languages import Text
from transat.federation.review.events import (
    Content,
    Ended,
    Event,
    Opened,
    Revised,
    Sealed,
    Submitted,
)
from transat.federation.review.reasons import REASONS
from transat.federation.review.records import Manifest, Opinion, complete, require_sound
from transat.federation.review.states import ENDED, TEXTS, State

#: People of each holder who must approve.
NEEDED: Final = 2


@dataclass(frozen=True, slots=True)
class Terms:
    """What the permit says of reviews. permit: SHA-256 of its file. study, document: the protocol's
    two hashes. reviewers: public keys by site (its holder's people).
    """

    permit: str
    study: str
    document: str
    reviewers: Mapping[str, tuple[str, ...]]

    def of(self, key: str) -> tuple[str, ...]:
        """The sites for whose holder the owner of `key` reviews."""
        return tuple(site for site, keys in sorted(self.reviewers.items()) if key in keys)


@dataclass(frozen=True, slots=True)
class Request:
    """A request, after what happened to it so far.

    seals: commitment by reviewer. votes: opened opinions by reviewer. end: how it ended, or was
    returned. earlier: the revision before this one.
    """

    name: str
    author: str
    manifest: Manifest
    terms: Terms
    earlier: Manifest | None = None
    submitted: bool = False
    seals: Mapping[str, str] = field(default_factory=dict)
    votes: Mapping[str, tuple[Opinion, ...]] = field(default_factory=dict)
    end: Ended | None = None
    ended: State | None = None

    @property
    def revision(self) -> str:
        """The revision that stands."""
        return self.manifest.revision

    @property
    def state(self) -> State:
        """Where it stands."""
        if self.ended is not None:
            return self.ended
        if not self.submitted:
            return State.PENDING
        if not self.seals:
            return State.SUBMITTED
        if self.missing():
            return State.PARTIALLY_REVIEWED
        return State.APPROVED if self.unanimous() else State.REVIEWED

    def eligible(self, site: str) -> tuple[str, ...]:
        """Who may vote for the holder of `site`."""
        return tuple(sorted(set(self.terms.reviewers[site]) - {self.author}))

    def missing(self) -> dict[str, int]:
        """How many votes are still to be cast, by site that lacks some."""
        lacking = {
            site: NEEDED - sum(key in self.seals for key in self.eligible(site))
            for site in sorted(self.terms.reviewers)
        }
        return {site: count for site, count in lacking.items() if count > 0}

    def unanimous(self) -> bool:
        """Whether every vote cast is open and approves every file."""
        return set(self.votes) == set(self.seals) and all(
            opinion.verdict == "approve" for given in self.votes.values() for opinion in given
        )


def after(request: Request | None, event: Event, terms: Terms) -> Request:
    """The request after one more event.

    Raises
    ------
    PermissionRefused: this person may not do this now; says why. InputError: as `require_sound`.
    """
    if request is None:
        if not isinstance(event.content, Manifest):
            raise _no(event.request, "no_files")
        return begun(event.request, event.key, event.content, terms)
    if request.ended in ENDED:
        raise _no(request.name, "ended", TEXTS[request.state])
    return _ACTS[event.kind](request, event.key, event.content)


def begun(name: str, author: str, manifest: Manifest, terms: Terms) -> Request:
    """A new request, under the terms of its permit.

    Raises
    ------
    PermissionRefused: another study than the permit's; a holder without two people to vote.
    InputError: as `require_sound`.
    """
    require_sound(manifest)
    if (manifest.permit, manifest.study, manifest.document) != (
        terms.permit, terms.study, terms.document
    ):  # fmt: skip
        raise _no(name, "permit")
    request = Request(name, author, manifest, terms)
    lacking = [site for site in sorted(terms.reviewers) if len(request.eligible(site)) < NEEDED]
    if lacking or not terms.reviewers:
        raise _no(", ".join(lacking) or name, "too_few")
    return request


def _files(request: Request, key: str, content: Content) -> Request:
    assert isinstance(content, Manifest)
    _author_only(request, key)
    require_sound(content)
    named = (content.permit, content.study, content.document)
    before = request.manifest
    if named != (before.permit, before.study, before.document):
        raise _no(request.name, "permit")
    if content.revision == request.revision:
        raise _no(request.name, "same_files")
    return Request(request.name, key, content, request.terms, earlier=before)


def _submit(request: Request, key: str, content: Content) -> Request:
    assert isinstance(content, Submitted)
    _author_only(request, key)
    _of_this(request, content.revision)
    if request.state is not State.PENDING:
        raise _no(request.name, "state", TEXTS[request.state])
    return replace(request, submitted=True)


def _seal(request: Request, key: str, content: Content) -> Request:
    assert isinstance(content, Sealed)
    _reviewer_only(request, key, content.revision)
    if request.state not in (State.SUBMITTED, State.PARTIALLY_REVIEWED):
        raise _no(request.name, "state", TEXTS[request.state])
    if key in request.seals:
        raise _no(request.name, "voted")
    return replace(request, seals={**request.seals, key: content.commitment})


def _open(request: Request, key: str, content: Content) -> Request:
    assert isinstance(content, Opened)
    _reviewer_only(request, key, content.revision)
    if request.state is not State.REVIEWED:
        raise _no(request.name, "blind")
    if key not in request.seals or key in request.votes:
        raise _no(request.name, "not_sealed")
    if content.commitment(key) != request.seals[key]:
        raise _no(request.name, "other_vote")
    return _with(request, key, content.opinions)


def _revise(request: Request, key: str, content: Content) -> Request:
    assert isinstance(content, Revised)
    _reviewer_only(request, key, content.revision)
    if request.state not in (State.REVIEWED, State.APPROVED) or set(request.votes) != set(
        request.seals
    ):
        raise _no(request.name, "blind")
    if key not in request.votes:
        raise _no(request.name, "not_sealed")
    return _with(request, key, content.opinions)


def _with(request: Request, key: str, opinions: tuple[Opinion, ...]) -> Request:
    if not complete(request.manifest, opinions):
        raise _no(request.name, "opinions")
    return replace(request, votes={**request.votes, key: opinions})


def _return(request: Request, key: str, content: Content) -> Request:
    return _ended_by_reviewer(request, key, content, State.RETURNED)


def _reject(request: Request, key: str, content: Content) -> Request:
    return _ended_by_reviewer(request, key, content, State.REJECTED)


def _ended_by_reviewer(request: Request, key: str, content: Content, state: State) -> Request:
    assert isinstance(content, Ended)
    _reviewer_only(request, key, content.revision)
    if content.reason not in REASONS:
        raise _no(request.name, "opinions")
    if request.state not in (State.REVIEWED, State.APPROVED) or set(request.votes) != set(
        request.seals
    ):
        raise _no(request.name, "blind")
    return replace(request, ended=state, end=content)


def _withdraw(request: Request, key: str, content: Content) -> Request:
    assert isinstance(content, Ended)
    _author_only(request, key)
    _of_this(request, content.revision)
    _unexplained(request, content)
    return replace(request, ended=State.WITHDRAWN, end=content)


def _release(request: Request, key: str, content: Content) -> Request:
    assert isinstance(content, Ended)
    _reviewer_only(request, key, content.revision)
    _unexplained(request, content)
    if request.state is not State.APPROVED:
        raise _no(request.name, "state", TEXTS[request.state])
    return replace(request, ended=State.RELEASED, end=content)


_ACTS: Final[dict[str, Callable[[Request, str, Content], Request]]] = {
    "files": _files,
    "submit": _submit,
    "seal": _seal,
    "open": _open,
    "revise": _revise,
    "return": _return,
    "reject": _reject,
    "withdraw": _withdraw,
    "release": _release,
}


def _author_only(request: Request, key: str) -> None:
    if key != request.author:
        raise _no(request.name, "author")


def _reviewer_only(request: Request, key: str, revision: str) -> None:
    if key == request.author:
        raise _no(request.name, "own")
    if not request.terms.of(key):
        raise _no(request.name, "reviewer")
    _of_this(request, revision)


def _unexplained(request: Request, content: Ended) -> None:
    if content.reason is not None:
        raise _no(request.name, "opinions")


def _of_this(request: Request, revision: str) -> None:
    if revision != request.revision:
        raise _no(request.name, "revision")


_WHY: Final[dict[str, Text]] = {
    "no_files": Text("aucun fichier n'y a été mis.", "no file was put in it."),
    "ended": Text("cette demande est close", "this request is closed"),
    "state": Text("cela ne se fait pas dans son état", "that is not done in its state"),
    "permit": Text(
        "ce n'est pas l'étude que le permis nomme.", "this is not the study that the permit names."
    ),
    "too_few": Text(
        "le permis ne nomme pas, pour ce détenteur, deux personnes autres que l'auteur.",
        "the permit does not name, for this holder, two people other than the author.",
    ),
    "same_files": Text("les fichiers sont déjà ceux-là.", "the files are these already."),
    "author": Text("seul son auteur le peut.", "only its author may."),
    "own": Text("personne n'examine sa propre demande.", "nobody reviews their own request."),
    "reviewer": Text(
        "le permis ne nomme pas cette clé parmi les réviseurs.",
        "the permit does not name this key among the reviewers.",
    ),
    "revision": Text("les fichiers ont changé depuis.", "its files have changed since."),
    "voted": Text("cette personne a déjà voté.", "this person has already voted."),
    "blind": Text(
        "les votes ne s'ouvrent qu'une fois tous donnés ; le reste, qu'une fois tous ouverts.",
        "votes open once all are cast; the rest comes once all are open.",
    ),
    "not_sealed": Text(
        "cette personne n'a pas de vote à ouvrir ou à changer.",
        "this person has no vote to open or to change.",
    ),
    "other_vote": Text(
        "ce vote n'est pas celui qui a été scellé.", "this vote is not the one that was sealed."
    ),
    "opinions": Text(
        "il faut un avis par fichier, et une raison de la liste pour chaque changement demandé.",
        "one opinion for each file is due, and a listed reason for each change asked for.",
    ),
}


def _no(where: str, why: str, state: Text | None = None) -> PermissionRefused:
    what = _WHY[why]
    if state is not None:
        what = Text(f"{what.fr} ({state.fr}).", f"{what.en} ({state.en}).")
    return PermissionRefused(
        what,
        where,
        Text(
            "Voyez où elle en est : « transat review show ».",
            'See where it stands: "transat review show".',
        ),
    )
