"""What the free words of a ConcePTION instance mean: the holder's mapping file, validated.

The model fixes tables and columns and leaves vocabularies and meanings to each holder (Thurin
2022), so no reader can guess them: `mapping.yaml`, beside this module, is default and example.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

from transat.core.codes import CCAM, CIM10, ICD9, ICD10, ICD10CA
from transat.harmonise.concepts import MEASUREMENTS, OUTCOMES
from transat.harmonise.mapping_file import MappingFile
from transat.tables.conception import tables as declared

VISITS: Final = ("emergency", "inpatient", "outpatient")
STATUSES: Final = ("A", "D", "P", "S")
RELATIONS: Final = ("child", "father", "mother")

#: Section -> what its words may mean.
ALLOWED: Final[Mapping[str, tuple[str, ...]]] = {
    "vocabularies": (CCAM, CIM10, ICD10, ICD10CA, ICD9),
    "visits": VISITS,
    "statuses": STATUSES,
    "relationships": RELATIONS,
    "outcomes": OUTCOMES,
    "measurements": MEASUREMENTS,
}


@dataclass(frozen=True, slots=True)
class Meanings:
    """A validated mapping: section -> word (in capitals) -> meaning; names of tables and columns.

    `files`: our table -> the extract's. `columns`: our table -> our column -> the extract's.
    """

    words: Mapping[str, Mapping[str, str]]
    files: Mapping[str, str]
    columns: Mapping[str, Mapping[str, str]]


def load(path: Path | None = None) -> Meanings:
    """The default mapping, completed by the holder's.

    Raises MappingError naming the line.
    """
    text = resources.files("transat.harmonise.conception").joinpath("mapping.yaml")
    default = _read(MappingFile("mapping.yaml", text.read_text("utf-8")))
    if path is None:
        return default
    own = _read(MappingFile.of(path))
    words = {s: {**default.words.get(s, {}), **own.words.get(s, {})} for s in ALLOWED}
    return Meanings(words, own.files, own.columns)


def _read(file: MappingFile) -> Meanings:
    sections = file.entries(known=(*ALLOWED, "tables"))
    words = {
        section: {
            word.upper(): file.text(meaning, allowed)
            for word, meaning in file.entries(sections[section]).items()
        }
        for section, allowed in ALLOWED.items()
        if section in sections
    }
    files: dict[str, str] = {}
    columns: dict[str, dict[str, str]] = {}
    if "tables" in sections:
        for table, node in file.entries(sections["tables"], declared()).items():
            parts = file.entries(node, ("file", "columns"))
            if "file" in parts:
                files[table] = file.text(parts["file"])
            if "columns" in parts:
                named = file.entries(parts["columns"], declared()[table].names)
                columns[table] = {ours: file.text(theirs) for ours, theirs in named.items()}
    return Meanings(words, files, columns)
