"""A hub's queue of studies, on disk: once each, resumed after a kill, told to their owner only."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest

from transat.core.errors import SiteUnreachable, TransatError
from transat.core.languages import Text
from transat.federation.flare import client, folders
from transat.federation.flare.hub import _answer
from transat.federation.flare.kit import new_hub, new_kit
from transat.federation.flare.studies import OUT, Studies, as_error, as_json, packed
from transat.federation.transport import SiteMissing


def writes(protocol: bytes, permit: bytes, folder: Path) -> None:
    (folder / OUT).mkdir(exist_ok=True)
    (folder / OUT / "result").write_bytes(protocol + permit)


def ended(made: Studies, name: str, by: str = "marie") -> dict[str, object]:
    for _ in range(500):
        said = made.status(by, name)
        assert said is not None
        if said["state"] in ("done", "failed"):
            return said
        time.sleep(0.01)
    raise AssertionError("it did not end")


def test_a_study_runs_once_and_its_result_comes_back(tmp_path: Path) -> None:
    ran: list[bytes] = []

    def work(protocol: bytes, permit: bytes, folder: Path) -> None:
        ran.append(protocol)
        writes(protocol, permit, folder)

    made = Studies(tmp_path / "studies", work)
    made.start()
    name = made.submit("marie", b"protocol", b"permit")
    assert ended(made, name)["state"] == "done"
    assert made.submit("marie", b"protocol", b"permit") == name
    result = made.result("marie", name)
    assert result is not None
    client.unpack(result, tmp_path / "out")
    assert (tmp_path / "out" / "result").read_bytes() == b"protocolpermit"
    assert ran == [b"protocol"]
    assert made.submit("marie", b"protocoL", b"permit") != name


def test_nobody_else_sees_it(tmp_path: Path) -> None:
    made = Studies(tmp_path / "studies", writes)
    made.start()
    name = made.submit("marie", b"a", b"b")
    ended(made, name)
    assert made.status("paul", name) is None
    assert made.result("paul", name) is None


def test_what_a_kill_left_goes_on(tmp_path: Path) -> None:
    before = Studies(tmp_path / "studies", writes)  # never started: as killed before the work
    name = before.submit("marie", b"a", b"b")
    running = before.submit("marie", b"c", b"d")
    before._set(running, state="running")  # as killed during it
    after = Studies(tmp_path / "studies", writes)
    after.start()
    assert [ended(after, each)["state"] for each in (name, running)] == ["done", "done"]


def test_a_study_that_failed_says_why_and_is_taken_up_again(tmp_path: Path) -> None:
    away = [True]

    def work(protocol: bytes, permit: bytes, folder: Path) -> None:
        if away:
            raise SiteMissing({"quebec"})
        writes(protocol, permit, folder)

    made = Studies(tmp_path / "studies", work)
    made.start()
    name = made.submit("marie", b"a", b"b")
    said = ended(made, name)
    assert said["state"] == "failed"
    error = as_error(said["error"])  # type: ignore[arg-type]
    assert isinstance(error, SiteUnreachable)
    assert "quebec" in str(error)
    away.clear()
    made.submit("marie", b"a", b"b")
    assert ended(made, name)["state"] == "done"


def test_what_nobody_foresaw_says_its_kind_only(tmp_path: Path) -> None:
    def work(*_: object) -> None:
        raise KeyError("patient 12")

    made = Studies(tmp_path / "studies", work)
    made.start()
    said = ended(made, made.submit("marie", b"a", b"b"))
    assert "KeyError" in json.dumps(said)
    assert "12" not in json.dumps(said["error"])


def test_a_study_that_waits_keeps_no_other_waiting(tmp_path: Path) -> None:
    waiting = threading.Event()

    def work(protocol: bytes, permit: bytes, folder: Path) -> None:
        if protocol == b"waits":
            waiting.wait(20)
        writes(protocol, permit, folder)

    made = Studies(tmp_path / "studies", work)
    made.start()
    first = made.submit("marie", b"waits", b"b")
    assert ended(made, made.submit("paul", b"a", b"b"), "paul")["state"] == "done"
    waiting.set()
    assert ended(made, first)["state"] == "done"


def test_an_error_comes_through_in_both_languages() -> None:
    error = SiteUnreachable(Text("un", "one"), "où", Text("deux", "two"))
    again = as_error(json.loads(json.dumps(as_json(error))))
    assert type(again) is SiteUnreachable
    assert again.message("fr") == error.message("fr")
    assert again.message("en") == error.message("en")


def test_the_same_files_are_the_same_zip(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name / "sub").mkdir(parents=True)
        (tmp_path / name / "sub" / "f").write_bytes(b"x")
        (tmp_path / name / "a").write_bytes(b"y")
    assert packed(tmp_path / "one") == packed(tmp_path / "two")


@pytest.mark.parametrize("name", ["../evil", "/evil", "a/../../evil"])
def test_a_zip_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    import io
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, b"x")
    with pytest.raises(TransatError):
        client.unpack(buffer.getvalue(), tmp_path / "deep" / "out")
    assert not list(tmp_path.rglob("evil"))


@pytest.mark.parametrize(
    "request_",
    [b"", b"{", b"[]", b"1", b'{"do":"submit"}', b'{"do":"submit","protocol":1,"permit":2}',
     b'{"do":"submit","protocol":"*","permit":"*"}', b'{"do":"result","name":"../x"}',
     b'{"do":"format"}', b"\xff\xfe", b"[" * 100_000],
)  # fmt: skip
def test_requests_that_are_none_are_refused(tmp_path: Path, request_: bytes) -> None:
    hub = new_hub(tmp_path / "hub", "localhost:1")
    new_kit(hub, "marie", "client", tmp_path / "marie")
    made = Studies(hub.folder / "studies", writes)
    assert _answer(hub, made, list, "marie", request_).startswith(b'{"refused"')
    assert made.all() == {}


def test_a_site_cannot_submit(tmp_path: Path) -> None:
    hub = new_hub(tmp_path / "hub", "localhost:1")
    new_kit(hub, "france", "site", tmp_path / "france")
    made = Studies(hub.folder / "studies", writes)
    submit = b'{"do":"submit","protocol":"YQ==","permit":"Yg=="}'
    for who in ("france", "nobody"):
        assert _answer(hub, made, list, who, submit) == b'{"refused": "role"}'
    assert made.all() == {}


def test_a_status_grows_stale(tmp_path: Path) -> None:
    assert folders.status(tmp_path) is None
    folders.write(tmp_path / folders.STATUS, {"time": time.time(), "pid": 1})
    assert folders.status(tmp_path) is not None
    folders.write(tmp_path / folders.STATUS, {"time": time.time() - 60, "pid": 1})
    assert folders.status(tmp_path) is None
