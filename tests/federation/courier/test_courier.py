"""Questions out, answers in, days between: nothing twice, nothing by half, nothing by guess."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from transat.core.errors import InputError, SiteUnreachable
from transat.federation import courier_export, courier_site
from transat.federation.batch import each
from transat.federation.courier import Courier, exports, purge, status
from transat.federation.transport import Posted, SiteMissing

Ask = Callable[..., bytes]
SITES = ("france", "quebec")


def carried(folder: Path, export: Path, site: Any, desk: Path) -> None:
    """What people do: the questions to the site, its answers back."""
    out = desk / f"{site.name}-{export.name}"
    courier_site.answer(export, out, site.name, site.answer)
    courier_site.collect(out, folder)


def carry_all(folder: Path, sites: dict[str, Any], desk: Path) -> None:
    for name, site in sites.items():
        for export in exports(folder / "out" / name):
            carried(folder, export, site, desk)


@pytest.fixture
def sites(small_site: Any) -> dict[str, Any]:
    return {name: small_site(name) for name in SITES}


def test_a_round_takes_two_runs_and_one_export_a_side(
    tmp_path: Path, ask: Ask, sites: dict[str, Any]
) -> None:
    folder, questions = tmp_path / "letters", {s: ask(s) for s in SITES}
    with pytest.raises(Posted) as posted:
        Courier(folder, SITES).ask(questions, 0)
    assert posted.value.sites == set(SITES)
    assert [e.name for s in SITES for e in exports(folder / "out" / s)] == ["0001", "0001"]
    carry_all(folder, sites, tmp_path)
    answers = Courier(folder, SITES).ask(questions, 0)
    assert answers == {s: sites[s].answer(questions[s]) for s in SITES}


def test_one_site_back_is_not_enough(tmp_path: Path, ask: Ask, sites: dict[str, Any]) -> None:
    folder, questions = tmp_path / "letters", {s: ask(s) for s in SITES}
    courier = Courier(folder, SITES)
    with pytest.raises(Posted):
        courier.ask(questions, 0)
    carried(folder, folder / "out" / "france" / "0001", sites["france"], tmp_path)
    with pytest.raises(Posted) as posted:
        courier.ask(questions, 0)
    assert posted.value.sites == {"quebec"}
    assert list(courier.ask({"france": questions["france"]}, 0)) == ["france"]


def test_a_question_that_is_out_is_not_put_out_again(tmp_path: Path, ask: Ask) -> None:
    for _ in range(3):
        with pytest.raises(Posted):
            Courier(tmp_path, SITES).ask({"france": ask("france")}, 0)
    assert len(exports(tmp_path / "out" / "france")) == 1
    assert len(courier_export.read(tmp_path / "out" / "france" / "0001")) == 1


def test_independent_parts_leave_in_one_export(tmp_path: Path, ask: Ask) -> None:
    courier = Courier(tmp_path, SITES)
    levels = (0.5, 0.9, 0.95, 0.99)
    parts = [lambda k=k: courier.ask({s: ask(s, k) for s in SITES}, 0) for k in levels]
    with pytest.raises(Posted) as posted:
        each(parts)
    assert posted.value.sites == set(SITES)
    for site in SITES:
        assert [e.name for e in exports(tmp_path / "out" / site)] == ["0001"]
        names = [m.file[:12] for m in courier_export.read(tmp_path / "out" / site / "0001")]
        assert names == [f"question-00{k}" for k in range(1, 5)]


def test_an_export_that_came_back_is_closed(
    tmp_path: Path, ask: Ask, sites: dict[str, Any]
) -> None:
    folder = tmp_path / "letters"
    courier = Courier(folder, SITES)
    for level in (0.5, 0.9):
        with pytest.raises(Posted):
            courier.ask({"france": ask("france", level)}, 0)
        carry_all(folder, {"france": sites["france"]}, tmp_path)
        courier.ask({"france": ask("france", level)}, 0)
    assert [len(courier_export.read(e)) for e in exports(folder / "out" / "france")] == [1, 1]


def test_a_site_that_comes_back_in_time_is_not_missed(
    tmp_path: Path, ask: Ask, sites: dict[str, Any]
) -> None:
    folder = tmp_path / "letters"
    later = threading.Timer(0.3, lambda: carry_all(folder, {"quebec": sites["quebec"]}, tmp_path))
    later.start()
    assert list(Courier(folder, SITES).ask({"quebec": ask("quebec")}, 30)) == ["quebec"]
    later.join()


def test_an_unknown_site_is_named(tmp_path: Path, ask: Ask) -> None:
    with pytest.raises(SiteMissing) as missing:
        Courier(tmp_path, SITES).ask({"italie": ask("italie")}, 0)
    assert missing.value.sites == {"italie"}
    assert not (tmp_path / "out").exists()


def test_the_lists_are_those_of_sha256sum(tmp_path: Path, ask: Ask) -> None:
    tool = shutil.which("sha256sum")
    if tool is None:
        pytest.skip("sha256sum is not on this machine")
    with pytest.raises(Posted):
        Courier(tmp_path, SITES).ask({"france": ask("france")}, 0)
    export = tmp_path / "out" / "france" / "0001"
    subprocess.run([tool, "-c", "SHA256SUMS"], cwd=export, check=True, capture_output=True)


def test_an_export_that_is_half_way_in_is_waited_for_then_named(
    tmp_path: Path, ask: Ask, sites: dict[str, Any]
) -> None:
    folder, question = tmp_path / "letters", {"france": ask("france")}
    courier = Courier(folder, SITES)
    with pytest.raises(Posted):
        courier.ask(question, 0)
    carried(folder, folder / "out" / "france" / "0001", sites["france"], tmp_path)
    message = next((folder / "in" / "france" / "0001").glob("answer-*"))
    whole = message.read_bytes()
    message.unlink()
    with pytest.raises(InputError) as half:
        courier.ask(question, 0)
    assert half.value.where == str(message)
    message.write_bytes(whole)
    assert courier.ask(question, 0) == {"france": whole}


def test_two_answers_to_one_question_stop_the_study(
    tmp_path: Path, ask: Ask, small_site: Any
) -> None:
    folder, question = tmp_path / "letters", {"france": ask("france")}
    with pytest.raises(Posted):
        Courier(folder, SITES).ask(question, 0)
    for births in (4000, 4040):
        desk = tmp_path / str(births)
        carried(folder, folder / "out" / "france" / "0001", small_site("france", births), desk)
    with pytest.raises(InputError) as two:
        Courier(folder, SITES).ask(question, 0)
    assert "deux réponses" in two.value.message("fr")


def test_a_site_that_was_mended_answers_again_and_its_last_word_counts(
    tmp_path: Path, ask: Ask, sites: dict[str, Any]
) -> None:
    """A refusal that a missing permit gave is not for ever."""
    folder, question = tmp_path / "letters", {"france": ask("france")}
    site = sites["france"]
    with pytest.raises(Posted):
        Courier(folder, SITES).ask(question, 0)
    site.refuses = "permit"
    carried(folder, folder / "out" / "france" / "0001", site, tmp_path / "before")
    refused = Courier(folder, SITES).ask(question, 0)
    site.refuses = ""
    carried(folder, folder / "out" / "france" / "0001", site, tmp_path / "after")
    answers = Courier(folder, SITES).ask(question, 0)
    assert b"prevalence" in answers["france"]
    assert answers != refused


def test_the_state_of_every_export(tmp_path: Path, ask: Ask, sites: dict[str, Any]) -> None:
    folder = tmp_path / "letters"
    with pytest.raises(InputError):
        status(folder)
    with pytest.raises(Posted):
        Courier(folder, SITES).ask({s: ask(s) for s in SITES}, 0)
    carry_all(folder, {"france": sites["france"]}, tmp_path)
    found = [
        (sent.site, sent.export.name, sent.questions, sent.answered) for sent in status(folder)
    ]
    assert found == [("france", "0001", 1, 1), ("quebec", "0001", 1, 0)]


def test_the_same_export_carried_twice_is_taken_in_once(
    tmp_path: Path, ask: Ask, sites: dict[str, Any]
) -> None:
    folder, question = tmp_path / "letters", {"france": ask("france")}
    with pytest.raises(Posted):
        Courier(folder, SITES).ask(question, 0)
    for _ in range(2):
        carry_all(folder, {"france": sites["france"]}, tmp_path)
    assert len(exports(folder / "in" / "france")) == 1


def test_what_is_no_answer_is_not_taken(tmp_path: Path, ask: Ask) -> None:
    folder = tmp_path / "letters"
    question = ask("france")
    with pytest.raises(Posted):
        Courier(folder, SITES).ask({"france": question}, 0)
    forged = courier_export.Carried("answer-001-0123456789abcdef.jsonl", question)
    courier_export.write(folder / "in" / "x", [forged], "")
    with pytest.raises(InputError, match="signée"):
        Courier(folder, SITES).ask({"france": question}, 0)
    with pytest.raises(InputError):
        courier_site.collect(folder / "in" / "x", folder)


def test_an_answer_to_what_was_not_asked_is_not_taken(
    tmp_path: Path, ask: Ask, sites: dict[str, Any]
) -> None:
    for folder, level in ((tmp_path / "one", 0.9), (tmp_path / "other", 0.8)):
        with pytest.raises(Posted):
            Courier(folder, SITES).ask({"france": ask("france", level)}, 0)
    export, out = tmp_path / "other" / "out" / "france" / "0001", tmp_path / "answers"
    courier_site.answer(export, out, "france", sites["france"].answer)
    with pytest.raises(InputError) as stray:
        courier_site.collect(out, tmp_path / "one")
    assert not (tmp_path / "one" / "in").exists()
    assert "n'est pas partie d'ici" in stray.value.message("fr")


def test_purged_messages_are_gone_and_their_list_stays(
    tmp_path: Path, ask: Ask, sites: dict[str, Any]
) -> None:
    folder = tmp_path / "letters"
    with pytest.raises(Posted):
        Courier(folder, SITES).ask({"france": ask("france")}, 0)
    carry_all(folder, {"france": sites["france"]}, tmp_path)
    assert purge(folder) == 2
    assert list(folder.rglob("*.jsonl")) == []
    assert len(list(folder.rglob("SHA256SUMS.purged"))) == 2
    assert len(list(folder.rglob("manifest.txt"))) == 2
    assert purge(folder) == 0


def test_a_purge_touches_nothing_else_in_the_folder(
    tmp_path: Path, ask: Ask, sites: dict[str, Any]
) -> None:
    folder = tmp_path / "letters"
    with pytest.raises(Posted):
        Courier(folder, SITES).ask({"france": ask("france")}, 0)
    (folder / "study").mkdir()
    (folder / "study" / "SHA256SUMS").write_text(f"{'0' * 64}  result.json\n")
    assert purge(folder) == 1
    assert (folder / "study" / "SHA256SUMS").exists()


def test_a_study_that_was_purged_puts_out_a_new_export(tmp_path: Path, ask: Ask) -> None:
    for level in (0.5, 0.9):
        with pytest.raises(Posted):
            Courier(tmp_path, SITES).ask({"france": ask("france", level)}, 0)
        purge(tmp_path)
    assert sorted(p.name for p in (tmp_path / "out" / "france").iterdir()) == ["0001", "0002"]


def test_the_site_answers_nothing_of_an_export_for_another(
    tmp_path: Path, ask: Ask, sites: dict[str, Any]
) -> None:
    with pytest.raises(Posted):
        Courier(tmp_path, SITES).ask({"quebec": ask("quebec")}, 0)
    export = tmp_path / "out" / "quebec" / "0001"
    with pytest.raises(InputError) as wrong:
        courier_site.answer(export, tmp_path / "answers", "france", sites["france"].answer)
    assert "quebec" in wrong.value.message("en")
    assert sites["france"].given == {}
    assert not (tmp_path / "answers").exists()


def test_answers_are_not_written_over_something_else(
    tmp_path: Path, ask: Ask, sites: dict[str, Any]
) -> None:
    with pytest.raises(Posted):
        Courier(tmp_path, SITES).ask({"france": ask("france")}, 0)
    out = tmp_path / "answers"
    out.mkdir()
    (out / "letter.txt").write_text("mine")
    export = tmp_path / "out" / "france" / "0001"
    with pytest.raises(InputError):
        courier_site.answer(export, out, "france", sites["france"].answer)
    assert sites["france"].given == {}
    assert [p.name for p in out.iterdir()] == ["letter.txt"]


def test_a_question_that_a_site_fails_on_does_not_hold_up_the_others(
    tmp_path: Path, ask: Ask, sites: dict[str, Any]
) -> None:
    courier, failing = Courier(tmp_path / "letters", SITES), ask("france", 0.5)
    with pytest.raises(Posted):
        each([lambda k=k: courier.ask({"france": ask("france", k)}, 0) for k in (0.5, 0.9)])
    out, down = tmp_path / "answers", [True]

    def answer(payload: bytes) -> bytes:
        if down[0] and payload == failing:
            raise RuntimeError("patient Zoé")
        return bytes(sites["france"].answer(payload))

    export = tmp_path / "letters" / "out" / "france" / "0001"
    with pytest.raises(SiteUnreachable) as failed:
        courier_site.answer(export, out, "france", answer)
    assert "Zoé" not in failed.value.message("fr")
    assert failed.value.__cause__ is failed.value.__context__ is None
    assert [m.file[:10] for m in courier_export.read(out)] == ["answer-002"]
    down[0] = False
    assert len(courier_site.answer(export, out, "france", answer)) == 2


class Killed(BaseException):
    """Stands for the end of a process: nothing catches it."""


@pytest.mark.parametrize("point", range(40))
def test_killed_at_any_write_the_study_ends_the_same(
    point: int, tmp_path: Path, ask: Ask, sites: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A whole study of two rounds over two sites, stopped once at each of its writes."""
    folder, left = tmp_path / "letters", [point]
    put = courier_export.put

    def dying(path: Path, payload: bytes) -> None:
        left[0] -= 1
        if left[0] == -1:
            path.with_name(f".{path.name}.part").write_bytes(payload[: len(payload) // 2])
            raise Killed
        put(path, payload)

    monkeypatch.setattr(courier_export, "put", dying)
    answers = None
    for _ in range(12):
        try:
            answers = study(folder, ask, sites, tmp_path)
            break
        except (Killed, Posted):
            continue
    assert answers == [sites[s].answer(ask(s, k)) for k in (0.5, 0.6, 0.9) for s in SITES]
    assert [len(sites[s].given) for s in SITES] == [3, 3]


def study(folder: Path, ask: Ask, sites: dict[str, Any], desk: Path) -> list[bytes]:
    """Two independent questions, then one; what is out is carried at the end of each run."""
    courier = Courier(folder, SITES)

    def asked(level: float) -> list[bytes]:
        got = courier.ask({s: ask(s, level) for s in SITES}, 0)
        return [got[s] for s in SITES]

    try:
        first = each([lambda: asked(0.5), lambda: asked(0.6)])
        return first[0] + first[1] + asked(0.9)
    except Posted:
        carry_all(folder, sites, desk)
        raise
