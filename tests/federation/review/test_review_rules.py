"""Who may do what, in which state; nothing leaves but what two people of each holder approved."""

from __future__ import annotations

import hashlib
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transat.core.errors import InputError, PermissionRefused
from transat.core.languages import Text
from transat.federation.keys import Key
from transat.federation.review.events import (
    GENESIS,
    Content,
    Ended,
    Event,
    Opened,
    Revised,
    Sealed,
    Submitted,
)
from transat.federation.review.records import (
    Counted,
    Manifest,
    Opinion,
    OutputFile,
    changes,
    complete,
    require_sound,
)
from transat.federation.review.rules import Request, Terms, after
from transat.federation.review.states import ENDED, OWNERS, TEXTS, State

TERMS = Terms("9" * 64, "1" * 64, "2" * 64, {"france": ("A", "B", "E"), "quebec": ("C", "D")})
EVERYBODY = ("author", "A", "B", "C", "D", "E", "stranger")


def output(name: str, content: str = "x") -> OutputFile:
    digest = hashlib.sha256(content.encode()).hexdigest()
    text = Text("des cas", "cases")
    return OutputFile(name, digest, 1, "table", text, (Counted("cases", 1, 0, 12, False),), ())


def manifest(*contents: str) -> Manifest:
    files = tuple(output(f"{number}.csv", text) for number, text in enumerate(contents))
    return Manifest(
        TERMS.study, TERMS.document, TERMS.permit, Text("t", "t"), Text("p", "p"), files
    )


def opinions(whole: Manifest, *refused: str) -> tuple[Opinion, ...]:
    return tuple(
        Opinion(name, "change", "low_counts", None)
        if name in refused
        else Opinion(name, "approve", None, None)
        for name in whole.names()
    )


def done(request: Request | None, who: str, kind: str, content: Content) -> Request:
    event = Event("r", 0, GENESIS, "2026-11-23T12:00:00+00:00", kind, content, who)
    return after(request, event, TERMS)


def begun(*contents: str) -> Request:
    first = manifest(*(contents or ("a", "b")))
    return done(None, "author", "files", first)


def submitted(*contents: str) -> Request:
    request = begun(*contents)
    return done(request, "author", "submit", Submitted(request.revision))


def sealed(request: Request, *refused: str, by: str = "ABCD") -> tuple[Request, dict[str, Opened]]:
    kept = {}
    for who in by:
        kept[who] = Opened(request.revision, who * 64, opinions(request.manifest, *refused))
        seal = Sealed(request.revision, kept[who].commitment(who))
        request = done(request, who, "seal", seal)
    return request, kept


def opened(request: Request, *refused: str) -> Request:
    request, kept = sealed(request, *refused)
    for who, vote in kept.items():
        request = done(request, who, "open", vote)
    return request


def test_the_way_through() -> None:
    request = begun()
    assert request.state is State.PENDING
    request = done(request, "author", "submit", Submitted(request.revision))
    assert request.state is State.SUBMITTED
    assert request.missing() == {"france": 2, "quebec": 2}
    some, _ = sealed(request, by="AC")
    assert some.state is State.PARTIALLY_REVIEWED
    assert some.missing() == {"france": 1, "quebec": 1}
    request, kept = sealed(request)
    assert request.state is State.REVIEWED
    for who in "ABC":
        request = done(request, who, "open", kept[who])
        assert request.state is State.REVIEWED
    request = done(request, "D", "open", kept["D"])
    assert request.state is State.APPROVED
    request = done(request, "A", "release", Ended(request.revision, None))
    assert request.state is State.RELEASED


def test_two_of_one_holder_are_not_two_of_each() -> None:
    request, _ = sealed(submitted(), by="ABE")
    assert request.state is State.PARTIALLY_REVIEWED
    assert request.missing() == {"quebec": 2}


def test_one_refusal_of_one_file_is_enough() -> None:
    request, kept = sealed(submitted(), by="ABC")
    against = Opened(request.revision, "0" * 64, opinions(request.manifest, "1.csv"))
    request = done(request, "D", "seal", Sealed(request.revision, against.commitment("D")))
    for who, vote in {**kept, "D": against}.items():
        request = done(request, who, "open", vote)
    assert request.state is State.REVIEWED
    with pytest.raises(PermissionRefused):
        done(request, "A", "release", Ended(request.revision, None))
    agreed = Revised(request.revision, opinions(request.manifest))
    assert done(request, "D", "revise", agreed).state is State.APPROVED


def test_an_extra_reviewer_counts_when_they_voted() -> None:
    request, kept = sealed(submitted(), by="ABEC")
    against = Opened(request.revision, "0" * 64, opinions(request.manifest, "0.csv"))
    request = done(request, "D", "seal", Sealed(request.revision, against.commitment("D")))
    for who, vote in {**kept, "D": against}.items():
        request = done(request, who, "open", vote)
    assert request.state is State.REVIEWED


def test_nothing_is_opened_before_all_have_voted() -> None:
    request, kept = sealed(submitted(), by="ABC")
    for who in "ABC":
        with pytest.raises(PermissionRefused, match="tous donnés"):
            done(request, who, "open", kept[who])
    for kind in ("return", "reject"):
        with pytest.raises(PermissionRefused, match="tous ouverts"):
            done(request, "A", kind, Ended(request.revision, "other"))


def test_another_vote_than_the_sealed_one_is_refused() -> None:
    request, kept = sealed(submitted(), "0.csv")
    kinder = replace(kept["A"], opinions=opinions(request.manifest))
    with pytest.raises(PermissionRefused, match="scellé"):
        done(request, "A", "open", kinder)
    with pytest.raises(PermissionRefused, match="scellé"):
        done(request, "B", "open", kept["A"])  # nor somebody else's


def test_a_seal_is_cast_once_and_none_after_votes_open() -> None:
    request, kept = sealed(submitted(), by="ABC")
    seal = Sealed(request.revision, "0" * 64)
    with pytest.raises(PermissionRefused, match="déjà voté"):
        done(request, "A", "seal", seal)
    request = done(request, "D", "seal", seal)
    request = done(request, "A", "open", kept["A"])
    with pytest.raises(PermissionRefused):
        done(request, "E", "seal", seal)


def test_nobody_reviews_their_own() -> None:
    own = Terms(TERMS.permit, TERMS.study, TERMS.document, {"france": ("A", "B", "author")})
    event = Event("r", 0, GENESIS, "t", "files", manifest("a"), "author")
    request = after(None, event, own)
    request = done(request, "author", "submit", Submitted(request.revision))
    with pytest.raises(PermissionRefused, match="propre demande"):
        done(request, "author", "seal", Sealed(request.revision, "0" * 64))
    for few in (("A", "author"), ("A",), ()):
        with pytest.raises(PermissionRefused, match="deux personnes"):
            after(None, event, replace(own, reviewers={"france": few}))


def test_a_permit_for_another_study_or_without_holders_is_refused() -> None:
    event = Event("r", 0, GENESIS, "t", "files", manifest("a"), "author")
    for other in ({"study": "8" * 64}, {"permit": "8" * 64}, {"document": "8" * 64}):
        with pytest.raises(PermissionRefused, match="l'étude que le permis nomme"):
            after(None, event, replace(TERMS, **other))
    with pytest.raises(PermissionRefused):
        after(None, event, replace(TERMS, reviewers={}))


@pytest.mark.parametrize("votes", [0, 1, 4])
def test_new_files_undo_all_votes(votes: int) -> None:
    request, _ = sealed(submitted(), by="ABCD"[:votes])
    changed = manifest("a", "c")
    request = done(request, "author", "files", changed)
    assert request.state is State.PENDING
    assert request.seals == request.votes == {}
    assert changes(request.earlier, request.manifest) == {"0.csv": "same", "1.csv": "changed"}
    request = done(request, "author", "submit", Submitted(request.revision))
    old = Sealed(manifest("a", "b").revision, "0" * 64)
    with pytest.raises(PermissionRefused, match="ont changé"):
        done(request, "A", "seal", old)


def test_the_same_files_again_are_no_revision() -> None:
    with pytest.raises(PermissionRefused, match="déjà ceux-là"):
        done(begun(), "author", "files", manifest("a", "b"))


def test_returned_goes_back_to_its_author_and_rejected_nowhere() -> None:
    request = opened(submitted(), "0.csv")
    back = done(request, "C", "return", Ended(request.revision, "no_context"))
    assert back.state is State.RETURNED
    with pytest.raises(PermissionRefused):
        done(back, "author", "submit", Submitted(back.revision))
    again = done(back, "author", "files", manifest("a", "c"))
    assert done(again, "author", "submit", Submitted(again.revision)).state is State.SUBMITTED
    dead = done(request, "C", "reject", Ended(request.revision, "low_counts"))
    with pytest.raises(PermissionRefused, match="close"):
        done(dead, "author", "files", manifest("a", "c"))


def test_an_approval_can_be_taken_back_until_it_is_released() -> None:
    request = opened(submitted())
    assert request.state is State.APPROVED
    wiser = Revised(request.revision, opinions(request.manifest, "0.csv"))
    assert done(request, "B", "revise", wiser).state is State.REVIEWED
    assert (
        done(request, "B", "return", Ended(request.revision, "differencing")).state
        is State.RETURNED
    )


def test_opinions_are_whole_and_reasoned() -> None:
    whole = manifest("a", "b")
    assert complete(whole, opinions(whole, "1.csv"))
    assert not complete(whole, opinions(whole)[:1])
    assert not complete(whole, opinions(whole)[::-1])
    assert not complete(whole, (Opinion("0.csv", "change", None, None), opinions(whole)[1]))
    assert not complete(whole, (Opinion("0.csv", "change", "dislike", None), opinions(whole)[1]))
    assert not complete(whole, (Opinion("0.csv", "approve", "other", None), opinions(whole)[1]))
    assert not complete(whole, (Opinion("0.csv", "approve", None, "../x"), opinions(whole)[1]))


@pytest.mark.parametrize(
    "files",
    [
        (),
        (output("a.csv"), output("a.csv")),
        (output("../a.csv"),),
        (output("/a.csv"),),
        (output("a//b.csv"),),
        (output("a.pickle"),),
        (output("a.svg"),),
        (output("_review/log.jsonl"),),
        (replace(output("a.csv"), underlying=("b.csv",)),),
    ],
)
def test_what_cannot_be_reviewed_is_refused(files: tuple[OutputFile, ...]) -> None:
    with pytest.raises(InputError):
        require_sound(replace(manifest("a"), files=files))


def test_every_state_has_an_owner_and_a_name() -> None:
    assert set(OWNERS) == set(TEXTS) == set(State)
    assert {State.RELEASED, State.REJECTED, State.WITHDRAWN} == ENDED


def _any_act(rng: random.Random, request: Request) -> tuple[str, Content]:
    revision = rng.choice([request.revision] * 9 + ["0" * 64])
    refused = rng.choice([(), (), (), ("0.csv",)])
    vote = Opened(revision, "5" * 64, opinions(request.manifest, *refused))
    kind = rng.choice(
        ["submit", "seal", "seal", "seal", "seal", "open", "open", "open", "open", "revise",
         "release", "release", "return", "reject", "withdraw", "files"]
    )  # fmt: skip
    contents: dict[str, Content] = {
        "files": manifest("a", rng.choice("bc")),
        "submit": Submitted(revision),
        "open": vote,
        "revise": Revised(revision, vote.opinions),
    }
    return kind, contents.get(kind, Ended(revision, rng.choice([None, "other"])))


@settings(deadline=None)
@given(st.randoms(use_true_random=False))
def test_whatever_people_try(rng: random.Random) -> None:
    """Random acts by everybody: what is released was approved, whole, by two of each holder."""
    request = submitted()
    approvals: dict[str, set[str]] = {}
    for _ in range(60):
        who = rng.choice(EVERYBODY)
        kind, content = _any_act(rng, request)
        if kind == "seal":
            refused = rng.choice([(), (), (), ("0.csv",)])
            vote = Opened(request.revision, "5" * 64, opinions(request.manifest, *refused))
            content = Sealed(request.revision, vote.commitment(who))
        try:
            now = done(request, who, kind, content)
        except PermissionRefused:
            continue
        if kind in ("open", "revise"):
            assert not now.missing()
            approve = all(o.verdict == "approve" for o in now.votes[who])
            voters = approvals.setdefault(now.revision, set())
            (voters.add if approve else voters.discard)(who)
        elif kind == "files":
            approvals.pop(now.revision, None)
        if now.state in (State.APPROVED, State.RELEASED):
            yes = approvals[now.revision]
            assert "author" not in yes
            assert all(len(yes & set(keys)) >= 2 for keys in TERMS.reviewers.values())
        request = now


def test_the_key_is_in_the_seal() -> None:
    vote = Opened("1" * 64, "2" * 64, ())
    assert vote.commitment(Key.new().public) != vote.commitment(Key.new().public)
