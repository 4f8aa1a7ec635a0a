"""The desk on a folder: what was written stands, what was changed shows, what is blind is blind."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from transat.cli import review_screen
from transat.core.errors import DataQualityError, InputError, PermissionRefused
from transat.core.languages import Text
from transat.federation import permit_file
from transat.federation.review import submission, votes
from transat.federation.review.counts import counts_of
from transat.federation.review.desk import LOG, FolderDesk, chained, folded
from transat.federation.review.events import GENESIS, Event
from transat.federation.review.records import Counted
from transat.federation.review.release import release as publish
from transat.federation.review.release import verify
from transat.federation.review.states import State
from transat.federation.review.votes import Given


def log_of(office: Any, request: str) -> Path:
    return office.desk.folder / request / LOG


def test_a_request_from_its_author_to_the_world(office: Any, tmp_path: Path) -> None:
    request = office.submitted()
    assert office.desk.requests() == (request,)
    for who in ("anne", "bruno", "chloe"):
        office.vote(request, who)
    assert office.vote(request, "denis").state is State.REVIEWED  # the last opens at once
    for who in ("chloe", "bruno"):
        assert office.open(request, who).state is State.REVIEWED
    assert office.open(request, "anne").state is State.APPROVED
    out = tmp_path / "released"
    assert publish(office.desk, request, office.people.keys["bruno"], out).state is State.RELEASED
    assert (out / "two.csv").read_bytes() == (office.outputs / "two.csv").read_bytes()
    assert len(verify(out, office.permit).votes) == 4
    again = tmp_path / "again"
    publish(office.desk, request, office.people.keys["anne"], again)
    assert verify(again).state is State.RELEASED


def test_nothing_at_the_desk_tells_a_sealed_vote(office: Any) -> None:
    request = office.submitted()
    before = {p for p in office.desk.folder.rglob("*") if p.is_file()}
    given = {"two.csv": Given("low_counts", "la région du nord")}
    key, beside = office.people.keys["anne"], office.people.file("anne")
    votes.vote(office.desk, request, given, key, beside)
    assert {p for p in office.desk.folder.rglob("*") if p.is_file()} == before
    last = log_of(office, request).read_bytes().splitlines()[-1]
    assert b"low_counts" not in last
    assert b"nord" not in last
    kept = next((beside.parent / "anne.votes").iterdir())
    assert kept.stat().st_mode & 0o077 == 0


def test_words_stay_at_the_desk(office: Any, tmp_path: Path) -> None:
    request = office.submitted()
    given = {"two.csv": Given(None, "vu avec la statisticienne")}
    key, beside = office.people.keys["anne"], office.people.file("anne")
    votes.vote(office.desk, request, given, key, beside)
    for who in ("bruno", "chloe", "denis"):
        office.vote(request, who)
    for who in ("anne", "bruno", "chloe"):
        office.open(request, who)
    opinion = office.desk.request(request).votes[key.public][1]
    assert "statisticienne" in json.loads(office.desk.noted(request, opinion.note))["text"]
    out = tmp_path / "released"
    publish(office.desk, request, key, out)
    for path in (p for p in out.rglob("*") if p.is_file()):
        assert b"statisticienne" not in path.read_bytes()


def test_a_changed_file_needs_new_votes(office: Any) -> None:
    request = office.approved()
    (office.outputs / "two.csv").write_text("cases\n19\n", encoding="utf-8")
    author = office.people.keys["author"]
    now = submission.put(office.desk, office.manifest(), office.outputs, author, request=request)
    assert now.state is State.PENDING
    assert submission.submit(office.desk, request, author).missing() == {"france": 2, "quebec": 2}
    with pytest.raises(PermissionRefused):
        publish(office.desk, request, office.people.keys["anne"], office.outputs / "out")
    assert not (office.outputs / "out").exists()


def test_what_is_published_is_what_was_reviewed(office: Any, tmp_path: Path) -> None:
    request = office.approved()
    digest = office.desk.request(request).manifest.files[0].sha256
    place = office.desk.folder / request / "files" / digest
    place.write_text("cases\n3\n", encoding="utf-8")
    with pytest.raises(DataQualityError, match="n'est plus celui"):
        publish(office.desk, request, office.people.keys["anne"], tmp_path / "released")
    assert not (tmp_path / "released").exists()
    assert office.desk.request(request).state is State.APPROVED


@pytest.mark.parametrize("what", ["changed", "added", "gone", "cut", "permit"])
def test_a_released_folder_that_was_touched_is_refused(
    office: Any, tmp_path: Path, other_permit: Path, what: str
) -> None:
    out = tmp_path / "released"
    request = office.approved()
    publish(office.desk, request, office.people.keys["anne"], out)
    log, permit = out / "_review" / LOG, office.permit
    if what == "changed":
        (out / "two.csv").write_text("cases\n5\n", encoding="utf-8")
    elif what == "added":
        (out / "three.csv").write_text("cases\n50\n", encoding="utf-8")
    elif what == "gone":
        (out / "two.csv").unlink()
    elif what == "cut":
        log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:-1]))
    else:  # signed by the same holders, for other reviewers: not the permit of this review
        permit = other_permit
    with pytest.raises(DataQualityError):
        verify(out, permit)


def test_a_log_that_was_edited_is_refused_by_its_line(office: Any) -> None:
    request = office.approved()
    path = log_of(office, request)
    lines = path.read_bytes().splitlines(keepends=True)
    for number in range(len(lines)):
        for spoiled in (
            [
                *lines[:number],
                lines[number].replace(b'"time":"2', b'"time":"1'),
                *lines[number + 1 :],
            ],
            [*lines[:number], *lines[number + 1 :]] if number + 1 < len(lines) else None,
            [*lines[: number + 1], lines[number], *lines[number + 1 :]],
        ):
            if spoiled is None:
                continue
            path.write_bytes(b"".join(spoiled))
            with pytest.raises(DataQualityError, match=rf"log\.jsonl:{number + 1}|:{number + 2}"):
                office.desk.request(request)
    path.write_bytes(b"".join(lines))
    assert office.desk.request(request).state is State.APPROVED


def test_2000_mutated_logs_are_refused(office: Any) -> None:
    request = office.approved()
    path, terms = log_of(office, request), office.desk.terms(request)
    whole = path.read_bytes()
    rng = random.Random(5)
    for _ in range(2_000):
        place = rng.randrange(len(whole) - 1)  # the last byte ends the last line
        other = bytes([rng.choice([b for b in range(256) if b != whole[place]])])
        spoiled = whole[:place] + other + whole[place + 1 :]
        with pytest.raises(DataQualityError):
            folded(chained(spoiled.split(b"\n")[:-1], request, path), terms, path)


def test_a_line_cut_short_by_a_crash_was_not_done(office: Any) -> None:
    request = office.submitted()
    office.vote(request, "anne")
    path = log_of(office, request)
    whole = path.read_bytes()
    last = whole.splitlines(keepends=True)[-1]
    for cut in (1, len(last) // 2, len(last) - 1):
        path.write_bytes(whole[: len(whole) - cut])
        assert office.desk.request(request).state is State.SUBMITTED
    office.vote(request, "bruno")
    now = office.vote(request, "anne")
    assert len(now.seals) == 2
    assert office.desk.request(request) == now


def test_a_request_that_a_crash_left_without_a_line_is_none(office: Any) -> None:
    request = office.submitted()
    office.desk.begin("cut-short", office.permit.read_bytes())
    (office.desk.folder / "cut-short" / LOG).touch()
    assert office.desk.requests() == (request,)


def test_only_where_it_was_cast_can_a_vote_be_opened(office: Any, tmp_path: Path) -> None:
    request = office.submitted()
    for who in ("anne", "bruno", "chloe", "denis"):
        office.vote(request, who)
    with pytest.raises(InputError, match="n'est pas ici"):
        votes.opened(office.desk, request, office.people.keys["anne"], tmp_path / "elsewhere")


def test_strangers_and_authors_cannot_vote(office: Any) -> None:
    request = office.submitted()
    for who in ("stranger", "author", "holder_f", "hub"):
        with pytest.raises(PermissionRefused):
            office.vote(request, who)


def test_a_file_that_the_request_lacks(office: Any) -> None:
    request = office.submitted()
    with pytest.raises(InputError, match=r"two\.csv"):
        office.vote(request, "anne", three="low_counts")


def test_a_permit_that_lacks_a_signature_opens_no_request(office: Any, tmp_path: Path) -> None:
    permit = permit_file.read(office.permit)
    half = replace(permit, signatures={"france": permit.signatures["france"]})
    permit_file.write(half, tmp_path / "half.toml")
    author = office.people.keys["author"]
    with pytest.raises(PermissionRefused, match="signature"):
        submission.put(
            office.desk, office.manifest(), office.outputs, author, tmp_path / "half.toml"
        )
    assert not office.desk.folder.exists()


def test_a_name_that_is_not_there(office: Any) -> None:
    request = office.submitted()
    with pytest.raises(InputError, match=request):
        office.desk.request(request[:-1] + "z")
    for name in ("..", "", f"../{office.desk.folder.name}/{request}"):
        with pytest.raises(InputError):
            office.desk.request(name)
    with pytest.raises(InputError, match="bureau"):
        FolderDesk(office.outputs / "none", office.desk._terms).requests()


def test_the_screen_believes_no_author(office: Any) -> None:
    """What a manifest claims is compared with the file; a count of few is never printed."""
    author = office.people.keys["author"]
    honest = office.manifest()
    (office.outputs / "two.csv").write_text('cases\n7\n31\n""\n', encoding="utf-8")
    content = (office.outputs / "two.csv").read_bytes()
    for least, warned in ((7, False), (14, True)):
        two = replace(
            honest.files[1],
            sha256=hashlib.sha256(content).hexdigest(),
            counts=(Counted("cases", 2, 1, least, False),),
        )
        lying = replace(honest, files=(two,))
        put = submission.put(office.desk, lying, office.outputs, author, office.permit)
        shown = "\n".join(review_screen.lines(put, office.desk))
        assert ("ATTENTION" in shown) == warned
        assert ("SOUS LE SEUIL" in shown) == (least == 7)
        assert "petit 7" not in shown


def test_an_author_with_tools_of_their_own_leads_nobody_out_of_the_folder(
    office: Any, tmp_path: Path
) -> None:
    """Names, hashes and texts are looked at by whoever reads the log, not only by its author."""
    author = office.people.keys["author"]
    honest = office.manifest()
    for spoiled in (
        replace(honest.files[0], name="../../out.csv"),
        replace(honest.files[0], name="_review/log.jsonl"),
        replace(honest.files[0], sha256="../" * 20 + "etc"),
    ):
        name = f"r{len(list(tmp_path.rglob('permit.toml')))}"
        office.desk.begin(name, office.permit.read_bytes())
        with pytest.raises(InputError):
            office.desk.act(name, "files", replace(honest, files=(spoiled,)), author)
        event = Event(name, 0, GENESIS, "t", "files", replace(honest, files=(spoiled,)), "")
        (office.desk.folder / name / LOG).write_bytes(event.signed(author).line() + b"\n")
        with pytest.raises(DataQualityError):
            office.desk.request(name)


def test_nothing_on_the_screen_moves_or_hides(office: Any) -> None:
    hidden = Text("tout va bien\x1b[2K\r", "all is well\u202e")
    spoiled = replace(office.manifest(), title=hidden, purpose=hidden)
    author = office.people.keys["author"]
    put = submission.put(office.desk, spoiled, office.outputs, author, office.permit)
    for line in review_screen.lines(put, office.desk):
        assert not {"\x1b", "\r", "\u202e"} & set(line)


@pytest.mark.parametrize(
    ("cells", "rounded"), [("15\n40\n0", True), ('15\n""\n40', True), ("15\n41", False)]
)
def test_whether_counts_are_rounded_is_said(cells: str, rounded: bool) -> None:
    (count,) = counts_of("t.csv", f"cases\n{cells}\n".encode())
    assert (count.rounded, count.least) == (rounded, 15)
