"""A holder's mapping file, read with its lines: each fault names the line and the close match."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import yaml

from transat.core.errors import MappingError, close_match
from transat.core.languages import Text


class MappingFile:
    """A YAML mapping whose every node knows its line.

    Raises MappingError when the file cannot be read or is not YAML. `source` is how errors name it.
    """

    def __init__(self, source: str, text: str) -> None:
        self.source = source
        try:
            root = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise self.error(line, _NOT_YAML, _COLONS) from error
        if root is None:
            raise self.error(1, Text("le fichier est vide.", "the file is empty."), _COLONS)
        self.root: yaml.Node = root

    @classmethod
    def of(cls, path: Path) -> MappingFile:
        """The mapping file at `path`."""
        try:
            return cls(str(path), path.read_text("utf-8-sig"))
        except (OSError, UnicodeDecodeError) as error:
            raise MappingError(
                Text("fichier de correspondance illisible.", "unreadable mapping file."),
                str(path),
                Text("Donnez un fichier YAML en UTF-8.", "Give a YAML file in UTF-8."),
            ) from error

    def entries(
        self, node: yaml.Node | None = None, known: Collection[str] | None = None
    ) -> dict[str, yaml.Node]:
        """The lines `name: value` of a node (default: the file); names must be `known` ones."""
        found = self.root if node is None else node
        if not isinstance(found, yaml.MappingNode):
            raise self.error(_line(found), _NOT_LINES, _COLONS)
        entries: dict[str, yaml.Node] = {}
        for key, value in found.value:
            name = self.text(key)
            if known is not None and name not in known:
                raise self.unknown(key, name, known)
            if name in entries:
                twice = Text(f"« {name} » est écrit deux fois.", f'"{name}" is written twice.')
                raise self.error(_line(key), twice, Text("Gardez une ligne.", "Keep one line."))
            entries[name] = value
        return entries

    def text(self, node: yaml.Node, allowed: Collection[str] | None = None) -> str:
        """The word at a node; one of `allowed` when given."""
        if not isinstance(node, yaml.ScalarNode) or not str(node.value).strip():
            missing = Text("une valeur manque ici.", "a value is missing here.")
            raise self.error(_line(node), missing, _COLONS)
        value = str(node.value).strip()
        if allowed is not None and value not in allowed:
            raise self.unknown(node, value, allowed)
        return value

    def unknown(self, node: yaml.Node, name: str, known: Collection[str]) -> MappingError:
        """The error for a name that is none of `known`."""
        near = close_match(name, known)
        fr, en = (
            (f" Vouliez-vous dire « {near} » ?", f' Did you mean "{near}"?') if near else ("", "")
        )
        listed = ", ".join(sorted(known))
        return self.error(
            _line(node),
            Text(f"nom inconnu « {name} ».{fr}", f'unknown name "{name}".{en}'),
            Text(f"Noms possibles : {listed}.", f"Possible names: {listed}."),
        )

    def error(self, line: int, what: Text, next_step: Text) -> MappingError:
        """An error at a line of the file."""
        return MappingError(what, f"{self.source}:{line}", next_step)


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


_NOT_YAML = Text("ce n'est pas du YAML.", "this is not YAML.")
_NOT_LINES = Text(
    "des lignes « nom : valeur » sont attendues.", '"name: value" lines are expected.'
)
_COLONS = Text(
    "Vérifiez les deux-points et les espaces en début de ligne.",
    "Check the colons and the leading spaces.",
)
