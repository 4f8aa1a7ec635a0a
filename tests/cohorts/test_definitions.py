"""Definitions read from a file, a folder or a zip: their numbers, their names, what is refused."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from circe_by_hand import definition

from transat.cohorts.definitions import read
from transat.cohorts.language.examples import copy
from transat.core.errors import InputError, StudyError


def write(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".").lstrip("n")).write_text(text, "utf-8")
    return folder


def test_a_file_named_by_a_number_has_that_number(tmp_path: Path) -> None:
    write(tmp_path, n77__json=definition())
    batch = read(tmp_path / "77.json")
    assert [d.cohort_definition_id for d in batch.definitions] == [77]
    assert (batch.sources[0].form, batch.sources[0].name) == ("circe", "77.json")


def test_others_take_the_free_numbers_in_order_of_name(tmp_path: Path) -> None:
    write(tmp_path, n2__json=definition(2), b__json=definition(3), a__json=definition(4))
    (tmp_path / "notes.txt").write_text("not a definition")
    batch = read(tmp_path)
    named = {s.definition.cohort_definition_id: s.name for s in batch.sources}
    assert named == {1: "a.json", 2: "2.json", 3: "b.json"}


def test_a_zip_reads_as_its_folder(tmp_path: Path) -> None:
    folder = write(tmp_path / "d", n5__json=definition(5), n4__json=definition(4))
    (folder / "Cohorts.csv").write_text("cohortId,cohortName\n4,Four\n", "utf-8")
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as archive:
        for file in folder.iterdir():
            archive.write(file, f"inst/{file.name}")
    from_zip, from_folder = read(tmp_path / "d.zip"), read(folder)
    assert from_zip == from_folder
    assert [s.title.en for s in from_zip.sources] == ["Four", "5"]


def test_a_refused_definition_does_not_hide_the_others(tmp_path: Path) -> None:
    folder = write(tmp_path, n1__json=definition(), n2__json="{", n3__json=definition(3))
    batch = read(folder)
    assert [d.cohort_definition_id for d in batch.definitions] == [1, 3]
    assert [error.where.split(":")[0] for error in batch.refused] == ["2.json"]


def test_a_file_by_itself_is_refused_at_once(tmp_path: Path) -> None:
    write(tmp_path, n2__json="{")
    with pytest.raises(StudyError):
        read(tmp_path / "2.json")


def test_two_files_of_one_number_are_refused(tmp_path: Path) -> None:
    write(tmp_path, n2__json=definition(), n02__json=definition())
    with pytest.raises(StudyError, match=r"02\.json|2\.json"):
        read(tmp_path)


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "1.json").write_bytes(b'{"\xe9": 1}')
    with pytest.raises(StudyError, match="UTF-8"):
        read(tmp_path / "1.json")


def test_nothing_to_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="aucune définition"):
        read(tmp_path)
    with pytest.raises(InputError, match="aucune définition"):
        read(write(tmp_path / "d", a__txt="x") / "a.txt")


def test_a_number_beyond_64_bits_is_refused(tmp_path: Path) -> None:
    (tmp_path / f"{10**19}.json").write_text(definition(), "utf-8")
    with pytest.raises(StudyError, match="18"):
        read(tmp_path / f"{10**19}.json")


def zipped(path: Path, **files: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", ".").replace("_in_", "/"), text)
    return path


def test_one_name_in_two_folders_of_a_zip_loses_no_definition(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"b/1\.json"):
        read(zipped(tmp_path / "d.zip", a_in_1__json=definition(), b_in_1__json=definition()))


@pytest.mark.parametrize("place", [6, 8, 60])
def test_a_zip_that_cannot_be_taken_out_is_refused(tmp_path: Path, place: int) -> None:
    """Encrypted, compressed in an unknown way, damaged."""
    path = zipped(tmp_path / "d.zip", n1__json=definition())
    raw = bytearray(path.read_bytes())
    if place < 10:
        value = 1 if place == 6 else 99
        raw[place] = raw[raw.find(b"PK\1\2") + place + 2] = value
    else:
        raw[place] ^= 0xFF
    path.write_bytes(raw)
    with pytest.raises(StudyError, match="zip"):
        read(path)


def test_what_macos_adds_to_a_zip_is_passed_over(tmp_path: Path) -> None:
    path = zipped(tmp_path / "d.zip", n1__json=definition())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("__MACOSX/._1.json", b"\0")
        archive.writestr("2.json/", b"")
    assert [s.name for s in read(path).sources] == ["n1.json"]


def test_a_list_of_names_that_is_no_csv_is_refused(tmp_path: Path) -> None:
    write(tmp_path, n1__json=definition(), Cohorts__csv='cohortId,cohortName\n1,"' + "x" * 200_000)
    batch = read(tmp_path)
    assert len(batch.sources) == len(batch.refused) == 1


def test_a_code_list_by_a_link_out_of_the_folder_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("2 80 01 SECRET", "utf-8")
    (tmp_path / "study").mkdir()
    copy(tmp_path / "study")
    for path in (tmp_path / "study").rglob("*.csv"):
        path.unlink()
        path.symlink_to(tmp_path / "secret")
    refused = read(tmp_path / "study").refused
    assert refused
    assert "SECRET" not in "".join(e.message("en") for e in refused)
