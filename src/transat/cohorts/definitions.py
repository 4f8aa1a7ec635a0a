"""Cohort definitions as a person names them: one file, a folder of them, or a zip of them."""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from transat.cohorts.query.executor import Definition
from transat.cohorts.query.model import Cohort
from transat.core.errors import InputError, StudyError, TransatError
from transat.core.languages import Text

if TYPE_CHECKING:
    from transat.cohorts.language import Study

#: OHDSI's list of the names of a set of definitions (CohortGenerator, PhenotypeLibrary).
NAMES: Final = "cohorts.csv"
#: Digits of a cohort_definition_id: 64 bits hold as many.
_DIGITS: Final = 18
SUFFIXES: Final = (".json", ".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Source:
    """One definition and where it was read.

    name: the file's name within its folder or zip. form: 'circe' (OHDSI JSON) or 'transat' (YAML).
    title: what its author calls it. study: the whole YAML file, with its analyses.
    """

    definition: Definition
    name: str
    form: str
    title: Text
    study: Study | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """What was read, by definition id, and what was refused, with the reason."""

    sources: tuple[Source, ...]
    refused: tuple[TransatError, ...] = ()

    @property
    def definitions(self) -> tuple[Definition, ...]:
        """The definitions alone, in the order of their ids."""
        return tuple(source.definition for source in self.sources)

    @property
    def studies(self) -> tuple[Study, ...]:
        """The YAML files, each once, in the order of their cohorts' ids."""
        return tuple({s.study.file: s.study for s in self.sources if s.study}.values())


def read(path: Path) -> Batch:
    """The definitions of a file, or of the files of a folder or zip (not of folders inside it).

    A file named by a number is that cohort_definition_id; the others take the smallest free numbers
    from 1, in order of name. In a folder a definition that is refused does not hide the others; the
    refusal of a file given by itself is raised (StudyError). Raises InputError when nothing there
    is a definition.
    """
    many = path.is_dir() or zipfile.is_zipfile(path)
    named: list[tuple[int | None, Source]] = []
    refused: list[TransatError] = []
    titles: dict[int, str] = {}
    for name, raw in _files(path) if many else _one(path):
        try:
            if name.lower() == NAMES:
                titles = _titles(_text(raw, name))
            else:
                named += _parsed(name, _text(raw, name), partial(beside, path))
        except StudyError as error:
            if not many:
                raise
            refused.append(error)
    if not named and not refused:
        raise InputError(
            Text("aucune définition de cohorte.", "no cohort definition."),
            str(path),
            Text(
                "Donnez un fichier YAML ou JSON, ou un dossier qui en contient.",
                "Give a YAML or JSON file, or a folder that holds some.",
            ),
        )
    return Batch(tuple(_numbered(named, titles)), tuple(refused))


def circe_texts(path: Path) -> Iterator[tuple[str, str]]:
    """Name and text of every OHDSI definition (JSON) of a file, a folder or a zip."""
    many = path.is_dir() or zipfile.is_zipfile(path)
    for name, raw in _files(path) if many else _one(path):
        if name.lower().endswith(".json"):
            yield name, _text(raw, name)


def _one(path: Path) -> Iterator[tuple[str, bytes]]:
    raw = path.read_bytes()
    if path.suffix.lower() in SUFFIXES:
        yield path.name, raw


def _files(path: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of the files of a folder or zip that may matter, in order of name."""
    if path.is_dir():
        for file in sorted(f for f in path.iterdir() if _matters(f.name) and f.is_file()):
            yield file.name, file.read_bytes()
        return
    with _opened(path) as archive:
        inside: dict[str, str] = {}
        for entry in archive.infolist():
            name = PurePosixPath(entry.filename).name
            if entry.is_dir() or not _matters(name):
                continue
            if name in inside:
                raise _same_name(entry.filename, inside[name])
            inside[name] = entry.filename
        for name in sorted(inside):
            yield name, _unzipped(archive, inside[name])


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except zipfile.BadZipFile:
        raise InputError(
            Text("ce zip est abîmé.", "this zip is damaged."),
            str(path),
            Text("Copiez-le de nouveau.", "Copy it again."),
        ) from None


def _unzipped(archive: zipfile.ZipFile, name: str) -> bytes:
    """What the zip holds under `name`. Raises StudyError for what cannot be taken out."""
    try:
        return archive.read(name)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError):
        # RuntimeError: encrypted, or compressed in a way that Python does not know.
        raise StudyError(
            Text(
                "ce fichier ne s'extrait pas : zip abîmé ou chiffré.",
                "this file cannot be taken out: the zip is damaged or encrypted.",
            ),
            name,
            Text("Refaites le zip, sans mot de passe.", "Make the zip again, without a password."),
        ) from None


def beside(path: Path, name: str) -> bytes:
    """A file that a definition names: beside it, or in the same zip. Raises OSError.

    A link that leads out of the folder is not followed: whoever wrote the definition would read by
    it, in an error, a file of whoever runs it.
    """
    if path.is_dir() or not zipfile.is_zipfile(path):
        folder = path if path.is_dir() else path.parent
        found = (folder / name).resolve()
        if not found.is_relative_to(folder.resolve()):
            raise FileNotFoundError(name)
        return found.read_bytes()
    with _opened(path) as archive:
        ends = [inside for inside in archive.namelist() if f"/{inside}".endswith(f"/{name}")]
        if not ends:
            raise FileNotFoundError(name)
        return _unzipped(archive, min(ends, key=len))


def _matters(name: str) -> bool:
    if name.startswith("."):  # what macOS puts beside a file in a zip
        return False
    return name.lower() == NAMES or Path(name).suffix.lower() in SUFFIXES


def _text(raw: bytes, name: str) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise StudyError(
            Text("ce fichier n'est pas en UTF-8.", "this file is not UTF-8."),
            name,
            Text("Enregistrez-le en UTF-8.", "Save it as UTF-8."),
        ) from None


def _parsed(
    name: str, text: str, opener: Callable[[str], bytes]
) -> list[tuple[int | None, Source]]:
    stem = Path(name).stem
    number = _number(stem, name)
    if Path(name).suffix.lower() == ".json":
        from transat.cohorts import circe

        cohort = circe.read(text, name)
        return [(number, _source(cohort, name, "circe", Text(stem, stem)))]
    from transat.cohorts import language

    study = language.parse(text, name, opener)
    return [
        (number if len(study.cohorts) == 1 else None, _source(c, name, "transat", t, study))
        for t, c in study.cohorts
    ]


def _number(stem: str, name: str) -> int | None:
    """The number that names a file; None for another name. Raises StudyError when it is too big."""
    if not (stem.isascii() and stem.isdigit()):
        return None
    if len(stem) > _DIGITS:
        raise StudyError(
            Text("ce numéro de cohorte est trop grand.", "this cohort number is too big."),
            name,
            Text(
                f"Nommez le fichier par {_DIGITS} chiffres au plus.",
                f"Name the file by {_DIGITS} digits at most.",
            ),
        )
    return int(stem)


def _source(
    cohort: Cohort, name: str, form: str, title: Text, study: Study | None = None
) -> Source:
    return Source(Definition(0, cohort), name, form, cohort.name or title, study)


def _numbered(named: list[tuple[int | None, Source]], titles: dict[int, str]) -> list[Source]:
    """Every source with its number. Raises StudyError when two files claim one."""
    claimed: dict[int, Source] = {}
    for number, source in named:
        if number is None:
            continue
        if number in claimed:
            raise _twice(number, claimed[number].name, source.name)
        claimed[number] = source
    free = (n for n in range(1, len(named) + len(claimed) + 1) if n not in claimed)
    for number, source in named:
        if number is None:
            claimed[next(free)] = source
    return [_titled(n, claimed[n], titles.get(n)) for n in sorted(claimed)]


def _titled(number: int, source: Source, title: str | None) -> Source:
    definition = replace(source.definition, cohort_definition_id=number)
    shown = Text(title, title) if title else source.title
    return replace(source, definition=definition, title=shown)


def _same_name(second: str, first: str) -> StudyError:
    return StudyError(
        Text(
            f"ce fichier porte le nom de {first}, dans un autre dossier du zip.",
            f"this file has the name of {first}, in another folder of the zip.",
        ),
        second,
        Text("Renommez l'un des deux fichiers.", "Rename one of the two files."),
    )


def _twice(number: int, first: str, second: str) -> StudyError:
    return StudyError(
        Text(
            f"le numéro de cohorte {number} est aussi celui de {first}.",
            f"cohort number {number} is also that of {first}.",
        ),
        second,
        Text("Renommez l'un des deux fichiers.", "Rename one of the two files."),
    )


def _titles(text: str) -> dict[int, str]:
    """cohortId → cohortName of OHDSI's list; columns are found whatever their case."""
    found = {}
    try:
        rows = list(csv.DictReader(io.StringIO(text)))
    except csv.Error:
        raise StudyError(
            Text("cette liste n'est pas un CSV.", "this list is no CSV."),
            NAMES,
            Text("Corrigez-la, ou ôtez-la.", "Correct it, or take it out."),
        ) from None
    for row in rows:
        low = {(k or "").lower().replace("_", ""): v for k, v in row.items()}
        number, name = low.get("cohortid") or "", low.get("cohortname") or ""
        if number.isascii() and number.isdigit() and len(number) <= _DIGITS and name.strip():
            found[int(number)] = name.strip()
    return found
