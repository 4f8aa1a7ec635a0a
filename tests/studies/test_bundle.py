"""A finished study in one file: what it proves, and that no part of it can be changed unseen."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from test_by_courier import data

from transat.core.errors import DataQualityError, InputError, PermissionRefused, TransatError
from transat.federation import bundle, permit_file
from transat.federation.bundle_verify import Checked, verify
from transat.federation.in_process import InProcess
from transat.federation.keys import Key
from transat.federation.ledger import canonical
from transat.federation.ledger_verify import read
from transat.federation.permit import sign
from transat.federation.site import Site
from transat.studies.carried import carried
from transat.studies.hashes import canonical as canonical_json
from transat.studies.hashes import document_sha256, logic_sha256
from transat.studies.over_network import conduct


def names(protocol: Any) -> tuple[str, str]:
    return logic_sha256(protocol), document_sha256(protocol)


@pytest.fixture(scope="module")
def whole(ran: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bundle") / "study.zip"
    bundle.make(ran.out, path)
    return path


def test_a_study_verifies_from_the_file_alone(ran: Any, whole: Path, tmp_path: Path) -> None:
    alone = shutil.copy(whole, tmp_path / "elsewhere.zip")
    found = verify(Path(alone), names)
    assert [site.site for site in found.sites] == ["france", "quebec"]
    for site, said in zip(found.sites, ran.result.sites, strict=True):
        entries = read(ran.out / said.ledger)
        assert (site.head, site.releases) == (said.ledger_head, said.releases)
        assert site.bytes == said.bytes_out
        assert site.entries == len(entries)
    assert found.agreed > 0
    assert (found.answers, found.signed) == (0, False)


def test_the_same_study_gives_the_same_bytes(ran: Any, whole: Path, tmp_path: Path) -> None:
    bundle.make(ran.out, tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == whole.read_bytes()
    with pytest.raises(InputError):
        bundle.make(ran.out, whole)


Files = dict[str, bytes]


def rewritten(path: Path, to: Path, change: Callable[[Files], None], named: bool) -> Checked:
    """What is found of a bundle whose files were changed; named: its manifest was made to fit."""
    files = bundle.content(path)
    change(files)
    if named:
        manifest = json.loads(files.pop(bundle.MANIFEST))
        manifest["files"] = {n: bundle._named(raw) for n, raw in files.items()}
        files[bundle.MANIFEST] = canonical(manifest)
    bundle._write(to, files)
    return verify(to, names)


def swapped(name: str, old: str, new: str) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        text = files[name].decode()
        assert re.search(old, text)
        files[name] = re.sub(old, new, text, count=1).encode()

    return change


def without(name: str) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        del files[name]

    return change


def cut(name: str, lines: int) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        files[name] = b"".join(files[name].splitlines(keepends=True)[:-lines])

    return change


def exchanged(files: Files) -> None:
    one, two = "ledgers/france.jsonl", "ledgers/quebec.jsonl"
    files[one], files[two] = files[two], files[one]


FRANCE = "ledgers/france.jsonl"
CHANGES: dict[str, tuple[Callable[[Files], None], str]] = {
    "a line of a register": (swapped(FRANCE, '"cells":', '"cells":1'), "france.jsonl:"),
    "a register's end": (cut(FRANCE, 1), "jsonl:|result.json"),
    "the other's register": (exchanged, "ledgers/"),
    "no register": (without(FRANCE), "result.json"),
    "a rule of the protocol": (swapped("protocol.json", '"value": 0', '"value": 1'), "protocol"),
    "another permit's study": (swapped("permit.toml", 'study = "..', 'study = "00'), ""),
    "a longer permit": (swapped("permit.toml", "rounds = ", "rounds = 1"), "france"),
    "the result's state": (swapped("result.json", '"ledger_head": "..', '"ledger_head": "00'), ""),
    "the result's study": (
        swapped("result.json", '"logic_sha256": "..', '"logic_sha256": "00'),
        "",
    ),
    "a result of nothing": (swapped("result.json", '\n "sites"', '\n "sities"'), "result.json"),
    "no result": (without("result.json"), "result.json"),
    "an answer of no site": (lambda files: files.update({"answers.jsonl": b"{}\n"}), "answers"),
}


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("case", CHANGES)
def test_no_part_can_be_changed_unseen(whole: Path, tmp_path: Path, case: str, named: bool) -> None:
    change, where = CHANGES[case]
    with pytest.raises((DataQualityError, PermissionRefused)) as found:
        rewritten(whole, tmp_path / "changed.zip", change, named)
    if named:
        assert re.search(where, found.value.where)


def test_what_is_no_bundle_is_said(whole: Path, tmp_path: Path) -> None:
    raw = whole.read_bytes()
    for number, content in enumerate((b"", b"PK", raw[:-30], raw[40:], raw[:400] + raw[900:])):
        path = tmp_path / f"{number}.zip"
        path.write_bytes(content)
        with pytest.raises((InputError, DataQualityError)):
            verify(path, names)
    with pytest.raises(InputError):
        verify(tmp_path / "none.zip", names)


@pytest.mark.parametrize("name", ["../escape", "notes.txt", "ledgers/a/b.jsonl", "/permit.toml"])
def test_a_file_of_another_name_is_refused(whole: Path, tmp_path: Path, name: str) -> None:
    path = Path(shutil.copy(whole, tmp_path / "more.zip"))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, b"x")
    with pytest.raises(DataQualityError):
        verify(path, names)


def test_one_changed_byte_anywhere_is_found(whole: Path, tmp_path: Path) -> None:
    raw = whole.read_bytes()
    same = verify(whole, names)
    path = tmp_path / "changed.zip"
    for at in range(0, len(raw), max(len(raw) // 60, 1)):
        path.write_bytes(raw[:at] + bytes([raw[at] ^ 0x10]) + raw[at + 1 :])
        try:
            found = verify(path, names)
        except TransatError:
            continue
        assert found == same  # a byte of the archive's own, of no file


# With what the coordinator kept ---------------------------------------------------------------


@dataclass
class Conducted:
    """A study that a coordinator conducted, with its key; its sites keep their registers."""

    folder: Path
    key: Key
    registers: dict[str, Path]

    def bundled(self, to: Path, key: Key | None = None, journal: Path | None = None) -> Path:
        bundle.make(self.folder / "out", to, self.registers, journal, key or self.key)
        return to


@pytest.fixture(scope="module")
def conducted(ran: Any, tmp_path_factory: pytest.TempPathFactory) -> Conducted:
    folder = tmp_path_factory.mktemp("conducted")
    document = json.loads((ran.out / "protocol.json").read_text("utf-8"))
    protocol = carried(canonical_json(document) + b"\n", ran.out / "protocol.json")
    holder, coordinator = Key.new(), Key.new()
    keys = {name: Key.new() for name in ran.tables}
    before = permit_file.read(ran.out / "permit.toml")
    terms = {
        n: replace(before.sites[n], holder=holder.public, key=k.public) for n, k in keys.items()
    }
    permit = sign(
        replace(before, coordinator=coordinator.public, sites=terms, signatures={}), holder
    )

    def site(name: str) -> Site:
        tables = data(protocol, ran.tables[name], 3)
        own = protocol.policies()[name]
        return Site(name, keys[name], folder / name, own, lambda _: permit, lambda *_: tables)

    with InProcess({name: partial(site, name) for name in terms}) as transport:
        conduct(protocol, permit, transport, folder, coordinator)
    return Conducted(folder, coordinator, {n: folder / n / f"{n}.jsonl" for n in terms})


def test_every_answer_that_the_coordinator_took_is_in_a_register(
    conducted: Conducted, tmp_path: Path
) -> None:
    path = conducted.bundled(tmp_path / "study.zip")
    same = conducted.bundled(tmp_path / "same.zip", journal=conducted.folder / "journal")
    assert path.read_bytes() == same.read_bytes()
    found = verify(path, names)
    assert found.signed
    assert found.answers == sum(site.entries for site in found.sites) > 20
    assert found.agreed > 20


def test_the_answers_stand_where_a_register_is_not_there(
    conducted: Conducted, tmp_path: Path
) -> None:
    conducted.bundled(tmp_path / "study.zip")
    files = bundle.content(tmp_path / "study.zip")
    for name in ("ledgers/france.jsonl", "ledgers/quebec.jsonl", bundle.MANIFEST):
        del files[name]
    for name, raw in files.items():
        (tmp_path / name).write_bytes(raw)
    bundle.make(tmp_path, tmp_path / "bare.zip")
    found = verify(tmp_path / "bare.zip", names)
    assert [site.entries for site in found.sites] == [0, 0]
    assert found.answers > 20


@pytest.mark.parametrize("case", ["forged", "left out of its register", "of another site"])
def test_an_answer_that_no_register_holds_is_named(
    conducted: Conducted, tmp_path: Path, case: str
) -> None:
    files = bundle.content(conducted.bundled(tmp_path / "study.zip"))
    lines = files["answers.jsonl"].splitlines(keepends=True)
    if case == "forged":
        lines[3] = re.sub(rb'"entries":\d+', b'"entries":1', lines[3])
    elif case == "of another site":
        lines[3] = re.sub(rb'"site":"\w+"', b'"site":"ontario"', lines[3])
    else:
        register = files["ledgers/france.jsonl"].splitlines(keepends=True)
        files["ledgers/france.jsonl"] = b"".join(register[:-1])
    files["answers.jsonl"] = b"".join(lines)
    del files[bundle.MANIFEST]
    (tmp_path / "ledgers").mkdir()
    for name, raw in files.items():
        (tmp_path / name).write_bytes(raw)
    bundle.make(tmp_path, tmp_path / "changed.zip")
    with pytest.raises(DataQualityError, match=r"answers\.jsonl:|quebec\.jsonl:"):
        verify(tmp_path / "changed.zip", names)


def test_only_the_coordinator_of_the_permit_can_sign(conducted: Conducted, tmp_path: Path) -> None:
    conducted.bundled(tmp_path / "forged.zip", Key.new())
    with pytest.raises(DataQualityError, match="coordonnateur"):
        verify(tmp_path / "forged.zip", names)


def transat(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from transat.cli.main import main; main()", "--lang", "en"]
    return subprocess.run(
        [*command, *map(str, arguments)], capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_on_the_command_line(ran: Any, tmp_path: Path) -> None:
    path = tmp_path / "study.zip"
    made = transat("bundle", "make", ran.out, "--to", path)
    assert (made.returncode, made.stdout.strip()) == (0, str(path))
    said = transat("bundle", "verify", path)
    assert said.returncode == 0, said.stderr
    assert "all belongs together" in said.stdout
    assert "did not sign" in said.stdout
    told = json.loads(transat("bundle", "verify", path, "--json").stdout)
    assert [s["site"] for s in told["sites"]] == ["france", "quebec"]

    france, quebec = (ran.out / "ledgers" / f"{s}.jsonl" for s in ("france", "quebec"))
    permit = ran.out / "permit.toml"
    looked = transat("ledger", "verify", france, "--peer", quebec, "--permit", permit,
                     "--signatures", "--json")  # fmt: skip
    assert looked.returncode == 0, looked.stderr
    checked = json.loads(looked.stdout)
    assert checked["signatures"] == checked["entries"] == told["sites"][0]["entries"]
    assert checked["under_permit"] == told["sites"][0]["releases"]
    assert checked["agreed"] == told["agreed"]
    spoken = transat("ledger", "verify", france, "--peer", quebec)
    assert checked["head"] in spoken.stdout.splitlines()[1]
    other = replace(permit_file.read(permit), signatures={})
    permit_file.write(other, tmp_path / "unsigned.toml")
    assert (
        transat("ledger", "verify", france, "--permit", tmp_path / "unsigned.toml").returncode == 15
    )
    shutil.copytree(france.parent, tmp_path / "stopped")
    stopped = tmp_path / "stopped" / "france.jsonl"
    deleted = transat("ledger", "purge", stopped, "--permit", permit)
    assert deleted.stdout.strip() == f"answers deleted: {checked['entries']}"
    assert transat("ledger", "verify", stopped, "--peer", quebec).returncode == 0
    assert transat("ledger", "purge", tmp_path / "no.jsonl", "--permit", permit).returncode == 17
