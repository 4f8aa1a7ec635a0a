"""The mapping file of a Québec extract: which file and column holds what Transat reads.

Some layouts of the province are not public (drug-plan periods, interventions, births, causes of
death), and a researcher's extract renames others, so the holder writes them down in a YAML file
with the shape of `columns.yaml`, the default; `columns.schema.json` describes that shape for
editors. Every fault is reported with its line and, for a misspelt name, the name that looks most
like it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

import yaml

from transat.core.codes import CCA, CCI, ICD9, ICD10, ICD10CA
from transat.core.errors import MappingError, close_match
from transat.core.languages import Text
from transat.tables.quebec import tables as declared

#: The extract's value of a classification column -> vocabulary: section of the file, vocabularies.
CLASSIFICATIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "classifications": (ICD10CA, ICD9),
    "intervention_classifications": (CCI, CCA),
    "death_classifications": (ICD10, ICD10CA, ICD9),
}

#: Sections that hold one word: what it may be.
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "emergency_classification": (ICD10CA, ICD9),
    "gestational_age_unit": ("days", "weeks"),
}

SECTIONS: Final = (*CLASSIFICATIONS, *CHOICES, "tables")


@dataclass(frozen=True, slots=True)
class TableColumns:
    """Where one declared table is found: `columns` goes from our name to the extract's."""

    file: str
    columns: Mapping[str, str]
    line: int
    lines: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class QuebecColumns:
    """A validated mapping file.

    values: section of `CLASSIFICATIONS` -> the extract's value -> vocabulary.
    choices: section of `CHOICES` -> the word chosen.
    tables: declared table name -> where it is found; tables left out keep their public names.
    """

    source: str
    values: Mapping[str, Mapping[str, str]]
    choices: Mapping[str, str]
    tables: Mapping[str, TableColumns]

    def file_of(self, table: str) -> str:
        """The stem of the extract's file that holds `table`."""
        found = self.tables.get(table)
        return found.file if found else table

    def name_of(self, table: str, column: str) -> str:
        """The extract's name for a declared column."""
        found = self.tables.get(table)
        return found.columns.get(column, column) if found else column


def load(path: Path | None = None) -> QuebecColumns:
    """Read and check a mapping file; without `path`, the default shipped beside this module.

    What a holder's file leaves out keeps its default. Raises MappingError naming file and line.
    """
    default = resources.files("transat.harmonise.quebec").joinpath("columns.yaml")
    base = _Reader("columns.yaml", default.read_text("utf-8")).read(None)
    if path is None:
        return base
    try:
        text = Path(path).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise MappingError(
            Text("fichier de correspondance illisible.", "unreadable mapping file."),
            str(path),
            Text("Donnez un fichier YAML en UTF-8.", "Give a YAML file in UTF-8."),
        ) from error
    return _Reader(str(path), text).read(base)


def check_header(mapping: QuebecColumns, table: str, header: Sequence[str]) -> None:
    """Check that the extract's file has the columns that the mapping names for `table`.

    Capitals and blanks around a name do not count. An optional column may be missing when the
    mapping says nothing else than its public name.
    Raises MappingError at the line of the mapping file.
    """
    entry = mapping.tables.get(table)
    if entry is None:
        return
    spelled = {name.strip().upper() for name in header}
    for column in declared()[table].columns:
        named = mapping.name_of(table, column.name)
        if named.upper() in spelled or (not column.required and named == column.name):
            continue
        fr, en = _hint(named, header)
        raise MappingError(
            Text(
                f"la colonne « {named} » (pour {column.name}) n'est pas dans {entry.file}.{fr}",
                f'column "{named}" (for {column.name}) is not in {entry.file}.{en}',
            ),
            _where(mapping.source, entry.lines.get(column.name, entry.line)),
            Text(
                f"Corrigez la correspondance de {table}, ou demandez la colonne au détenteur.",
                f"Correct the mapping of {table}, or ask the holder for the column.",
            ),
        )


class _Reader:
    """Walks the YAML nodes, which carry their line, and builds the mapping."""

    def __init__(self, source: str, text: str) -> None:
        self.source, self.text = source, text

    def read(self, base: QuebecColumns | None) -> QuebecColumns:
        sections = self._mapping(self._root(), "", SECTIONS)
        values = {name: dict(known) for name, known in base.values.items()} if base else {}
        choices = dict(base.choices) if base else {}
        tables = dict(base.tables) if base else {}
        for name, node in sections.items():
            if name == "tables":
                for table, entry in self._mapping(node, name, declared()).items():
                    tables[table] = self._table(table, entry)
            elif name in CHOICES:
                choices[name] = self._choice(node, name, CHOICES[name])
            else:
                found = self._mapping(node, name, None)
                allowed = CLASSIFICATIONS[name]
                values[name] = values.get(name, {}) | {
                    key: self._choice(value, name, allowed) for key, value in found.items()
                }
        return QuebecColumns(self.source, values, choices, tables)

    def _root(self) -> yaml.Node:
        try:
            root = yaml.compose(self.text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise self._error(
                line,
                Text("ce n'est pas du YAML.", "this is not YAML."),
                Text(
                    "Vérifiez les deux-points et les espaces en début de ligne.",
                    "Check the colons and the leading spaces.",
                ),
            ) from error
        if root is None:
            raise self._error(
                1,
                Text("le fichier est vide.", "the file is empty."),
                Text("Partez de columns.yaml.", "Start from columns.yaml."),
            )
        return root

    def _table(self, name: str, node: yaml.Node) -> TableColumns:
        entries = self._mapping(node, name, ("file", "columns"))
        file = self._text(entries["file"]) if "file" in entries else name
        columns: dict[str, str] = {}
        lines: dict[str, int] = {}
        if "columns" in entries:
            known = declared()[name].names
            pairs = self._mapping(entries["columns"], name, known)
            columns = {key: self._text(value) for key, value in pairs.items()}
            lines = {key: value.start_mark.line + 1 for key, value in pairs.items()}
            self._no_column_twice(name, lines, columns)
        return TableColumns(file, columns, node.start_mark.line + 1, lines)

    def _no_column_twice(
        self, table: str, lines: Mapping[str, int], columns: Mapping[str, str]
    ) -> None:
        seen: dict[str, str] = {}
        for key, value in columns.items():
            if value in seen:
                raise self._error(
                    lines[key],
                    Text(
                        f"{table} : « {value} » sert à la fois à {seen[value]} et à {key}.",
                        f'{table}: "{value}" is used for both {seen[value]} and {key}.',
                    ),
                    Text("Donnez une colonne à chacun.", "Give each its own column."),
                )
            seen[value] = key

    def _choice(self, node: yaml.Node, section: str, allowed: Sequence[str]) -> str:
        value = self._text(node)
        if value not in allowed:
            raise self._unknown(node, value, allowed, section)
        return value

    def _text(self, node: yaml.Node) -> str:
        if isinstance(node, yaml.ScalarNode) and str(node.value).strip():
            return str(node.value).strip()
        raise self._error(
            node.start_mark.line + 1,
            Text("une valeur manque ici.", "a value is missing here."),
            Text("Écrivez « nom : valeur ».", 'Write "name: value".'),
        )

    def _mapping(
        self, node: yaml.Node, section: str, known: Iterable[str] | None
    ) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            raise self._error(
                node.start_mark.line + 1,
                Text(
                    f"« {section or 'fichier'} » doit contenir des lignes « nom : valeur ».",
                    f'"{section or "file"}" must hold "name: value" lines.',
                ),
                Text("Partez de columns.yaml.", "Start from columns.yaml."),
            )
        pairs: dict[str, yaml.Node] = {}
        names = None if known is None else tuple(known)
        for key_node, value in node.value:
            key = self._text(key_node)
            if names is not None and key not in names:
                raise self._unknown(key_node, key, names, section)
            if key in pairs:
                raise self._error(
                    key_node.start_mark.line + 1,
                    Text(f"« {key} » est écrit deux fois.", f'"{key}" is written twice.'),
                    Text("Gardez une seule des deux lignes.", "Keep one of the two lines."),
                )
            pairs[key] = value
        return pairs

    def _unknown(
        self, node: yaml.Node, name: str, known: Iterable[str], section: str
    ) -> MappingError:
        candidates = tuple(known)
        inside = f" ({section})" if section else ""
        fr, en = _hint(name, candidates)
        listed = ", ".join(candidates)
        return self._error(
            node.start_mark.line + 1,
            Text(
                f"champ inconnu « {name} »{inside}.{fr}",
                f'unknown field "{name}"{inside}.{en}',
            ),
            Text(f"Champs possibles : {listed}.", f"Possible fields: {listed}."),
        )

    def _error(self, line: int, what: Text, next_step: Text) -> MappingError:
        return MappingError(what, _where(self.source, line), next_step)


def _where(source: str, line: int) -> str:
    return f"{source}:{line}"


def _hint(name: str, candidates: Iterable[str]) -> tuple[str, str]:
    """The close match as a sentence in French and English; two empty strings when none."""
    match = close_match(name, candidates)
    if match is None:
        return "", ""
    return f" Vouliez-vous dire « {match} » ?", f' Did you mean "{match}"?'
