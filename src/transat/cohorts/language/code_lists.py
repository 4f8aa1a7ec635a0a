"""Code sets of a study: CSV files with labels and sources, or OMOP concepts written in place."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Final

from transat.cohorts.language.place import FIX, Place
from transat.cohorts.query.model import CodeItem, CodeSet, ConceptItem
from transat.core.codes import VOCABULARIES, undotted
from transat.core.errors import StudyError, close_match
from transat.core.languages import Text
from transat.tables.drug_codes import atc_drift

#: How the file beside the study is read: its name in, its bytes out. Raises OSError.
Opener = Callable[[str], bytes]

REQUIRED: Final = (
    "vocabulary", "code", "match", "action", "label_fr", "label_en", "source", "checked",
)  # fmt: skip
OPTIONAL: Final = ("set", "descendants")
#: In column `vocabulary`: the code is an OMOP CONCEPT_ID.
OMOP: Final = "OMOP"
MATCHES: Final = ("prefix", "exact")
ACTIONS: Final = ("include", "exclude")
CHECKED: Final = ("yes", "partly", "no")
#: OHDSI's vocabularies that definitions commonly name, beside Transat's own.
OHDSI: Final = (
    "SNOMED", "ICD10CM", "ICD10PCS", "ICD9CM", "ICD9Proc", "ICD9ProcCN", "ICD10GM", "ICD10CN",
    "ICDO3", "RxNorm", "RxNorm Extension", "NDC", "LOINC", "UCUM", "CPT4", "HCPCS", "OPCS4",
    "Read", "MedDRA", "MeSH", "CVX", "dm+d", "OPS", "Visit", "Gender", "Race", "Ethnicity",
    "CMS Place of Service", "Type Concept", "Medicare Specialty", "NUCC", "OMOP Extension",
    "OMOP Genomic", "Cancer Modifier", "DRG", "APC", "Revenue Code", "SPL", "VANDF", "GPI",
    "Nebraska Lexicon", "KCD7", "EDI", "Multum", "BDPM", "PPI", "SOPT", "Relationship",
)  # fmt: skip
#: Another name is taken as it is; `checks` warns of it.
KNOWN: Final = (*VOCABULARIES, *OHDSI, OMOP)
_CODE: Final = re.compile(r"[A-Z0-9]{1,24}")
_ATC: Final = re.compile(r"[A-Z]([0-9]{2}([A-Z]([A-Z]([0-9]{2})?)?)?)?")


def _plain(vocabulary: str) -> str:
    return re.sub("[^a-z0-9]", "", vocabulary.lower())


_BY_PLAIN_NAME: Final = {_plain(name): name for name in KNOWN}


@dataclass(frozen=True, slots=True)
class CodeLine:
    """One code of a list. line: its line in the file; None for a concept written in the study."""

    item: CodeItem | ConceptItem
    label: Text | None
    source: str
    checked: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class CodeList:
    """A code set as its author wrote it, and as the model runs it (`codes`, sorted)."""

    name: str
    label: Text
    lines: tuple[CodeLine, ...]
    codes: CodeSet
    where: str


def code_list(name: str, place: Place, opener: Opener) -> CodeList:
    """Read one entry of `codes`. Raises StudyError with the line of the study or of the CSV."""
    entries = place.shape("codes")
    label = place.said()
    if ("file" in entries) == ("concepts" in entries):
        raise place.refused(
            Text("donnez file ou concepts, et un seul.", "give file or concepts, and one only.")
        )
    if "file" in entries:
        lines, where = _from_file(entries, opener), entries["file"].word_of()
    else:
        lines, where = _from_concepts(entries["concepts"]), place.where
        for word in ("set", "sha256"):
            if word in entries:
                raise entries[word].refused(
                    Text(f"« {word} » ne va qu'avec « file ».", f'"{word}" goes with "file" only.')
                )
    return CodeList(name, label, lines, _code_set(name, lines), where)


def _code_set(name: str, lines: tuple[CodeLine, ...]) -> CodeSet:
    """Sorted, so that the order of lines is not part of the logic."""
    concepts = {line.item for line in lines if isinstance(line.item, ConceptItem)}
    codes = {line.item for line in lines if isinstance(line.item, CodeItem)}
    return CodeSet(
        tuple(sorted(concepts, key=lambda i: (i.concept_id, i.descendants, i.mapped, i.excluded))),
        tuple(sorted(codes, key=lambda i: (i.vocabulary, i.code, i.prefix, i.descendants,
                                           i.excluded))),
        name,
    )  # fmt: skip


def _from_concepts(place: Place) -> tuple[CodeLine, ...]:
    lines = []
    for each in place.each():
        entries = each.shape("concept")
        flags = {
            word: word in entries and entries[word].yes()
            for word in ("descendants", "mapped", "exclude")
        }
        item = ConceptItem(
            entries["id"].concept(), flags["descendants"], flags["mapped"], flags["exclude"]
        )
        lines.append(CodeLine(item, None, "", ""))
    return tuple(lines)


def _from_file(entries: dict[str, Place], opener: Opener) -> tuple[CodeLine, ...]:
    place = entries["file"]
    file = place.sentence()
    text = _opened(place, file, entries.get("sha256"), opener)
    wanted = entries["set"].name() if "set" in entries else None
    lines, sets = [], []
    for number, row in _rows(file, text):
        if wanted is None or row.get("set") == wanted:
            lines.append(_line(f"{file}:{number}", number, row))
        sets.append(row.get("set", ""))
    if wanted is None and len(set(sets)) > 1:
        raise place.refused(
            Text("ce fichier a plusieurs ensembles : dites lequel (set).",
                 "this file has several sets: say which one (set)."),
            Text(f"Possibles : {', '.join(sorted(set(sets)))}.",
                 f"Possible: {', '.join(sorted(set(sets)))}."),
        )  # fmt: skip
    if wanted is not None and not lines:
        raise entries["set"].unknown(wanted, sorted({s for s in sets if s}))
    if not lines:
        raise place.refused(Text("cette liste est vide.", "this list is empty."))
    return tuple(lines)


def _opened(place: Place, file: str, sha256: Place | None, opener: Opener) -> str:
    if PurePosixPath(file).is_absolute() or ".." in PurePosixPath(file).parts or "\\" in file:
        raise place.refused(
            Text("donnez un chemin sous le dossier de ce document.",
                 "give a path below the folder of this document.")
        )  # fmt: skip
    try:
        raw = opener(file)
        text = raw.decode("utf-8-sig")  # a spreadsheet may put a mark first
    except (OSError, KeyError, ValueError):
        raise place.refused(
            Text("ce fichier ne peut pas être lu, ou n'est pas en UTF-8.",
                 "this file cannot be read, or is not UTF-8."),
            Text("Vérifiez le chemin, relatif à ce document.",
                 "Check the path, relative to this document."),
        ) from None  # fmt: skip
    if sha256 is not None:
        wanted = sha256.matching(
            "[0-9a-f]{64}", "64 chiffres hexadécimaux", "64 hexadecimal digits"
        )
        if hashlib.sha256(raw).hexdigest() != wanted:
            raise sha256.refused(
                Text("le fichier n'est plus celui de cette empreinte.",
                     "the file is no longer the one of this hash."),
                Text("Relisez la liste, puis corrigez l'empreinte.",
                     "Review the list, then correct the hash."),
            )  # fmt: skip
    return text


def _rows(file: str, text: str) -> list[tuple[int, dict[str, str]]]:
    """Line number and cells of every line; columns in any order."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [cell.strip() for cell in next(reader, [])]
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(row)]
    except csv.Error:
        raise _refused(f"{file}:{reader.line_num}", "ce n'est pas du CSV.", "this is not CSV.") \
            from None  # fmt: skip
    _header(file, header)
    for number, row in rows:
        if len(row) != len(header):
            fr = f"il y a {len(row)} cellules au lieu de {len(header)}."
            raise _refused(f"{file}:{number}", fr, f"{len(row)} cells instead of {len(header)}.")
    return [(number, dict(zip(header, row, strict=True))) for number, row in rows]


def _header(file: str, header: list[str]) -> None:
    for name in header:
        if name not in (*REQUIRED, *OPTIONAL):
            near = close_match(name, (*REQUIRED, *OPTIONAL))
            raise _refused(
                f"{file}:1",
                f"colonne « {name} » inconnue" + (f" ; vouliez-vous « {near} » ?" if near else "."),
                f'unknown column "{name}"' + (f'; did you mean "{near}"?' if near else "."),
            )
    missing = [name for name in REQUIRED if name not in header]
    if missing or len(set(header)) < len(header):
        listed = ", ".join(missing) or "…"
        raise _refused(
            f"{file}:1",
            f"colonnes absentes ou en double : {listed}.",
            f"columns missing or repeated: {listed}.",
        )


def _line(where: str, number: int, row: dict[str, str]) -> CodeLine:
    for name in REQUIRED:
        if not row[name]:
            raise _refused(where, f"« {name} » est vide.", f'"{name}" is empty.')
    _one_of(where, row["match"], MATCHES)
    _one_of(where, row["action"], ACTIONS)
    _one_of(where, row["checked"], CHECKED)
    descendants = row.get("descendants", "") or "no"
    _one_of(where, descendants, ("yes", "no"))
    item = _concept(where, row) if row["vocabulary"] == OMOP else _code(where, row)
    item = replace(item, descendants=descendants == "yes", excluded=row["action"] == "exclude")
    label = Text(row["label_fr"], row["label_en"])
    return CodeLine(item, label, row["source"], row["checked"], number)


def _concept(where: str, row: dict[str, str]) -> ConceptItem:
    if not re.fullmatch("[0-9]{1,15}", row["code"]) or row["match"] != "exact":
        raise _refused(
            where,
            "un concept OMOP s'écrit en chiffres, avec match exact.",
            "an OMOP concept is written in digits, with match exact.",
        )
    return ConceptItem(int(row["code"]))


def _code(where: str, row: dict[str, str]) -> CodeItem:
    vocabulary, code = row["vocabulary"], undotted(row["code"])
    near = _BY_PLAIN_NAME.get(_plain(vocabulary))
    if near is not None and near != vocabulary:
        raise _refused(
            where,
            f"vocabulaire « {vocabulary} » inconnu ; vouliez-vous « {near} » ?",
            f'unknown vocabulary "{vocabulary}"; did you mean "{near}"?',
        )
    if not _CODE.fullmatch(code):
        raise _refused(where, "ce n'est pas un code.", "this is not a code.")
    if vocabulary == "ATC":
        _atc(where, code)
    return CodeItem(vocabulary, code, row["match"] == "prefix")


def _atc(where: str, code: str) -> None:
    """Refuse what would find nobody without a word: no ATC code, or one of an older vintage."""
    new = atc_drift().get(code)
    if new is not None:
        raise _refused(
            where,
            f"« {code} » est devenu {new} dans l'ATC de 2026.",
            f'"{code}" has become {new} in the ATC of 2026.',
        )
    if not _ATC.fullmatch(code):
        raise _refused(where, f"« {code} » n'est pas un code ATC.", f'"{code}" is not an ATC code.')


def _one_of(where: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        listed = ", ".join(allowed)
        near = close_match(value, allowed)
        raise _refused(
            where,
            f"« {value} » n'est pas de {listed}"
            + (f" ; vouliez-vous « {near} » ?" if near else "."),
            f'"{value}" is not one of {listed}' + (f'; did you mean "{near}"?' if near else "."),
        )


def _refused(where: str, fr: str, en: str) -> StudyError:
    return StudyError(Text(fr, en), where, FIX)
