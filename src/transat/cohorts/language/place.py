"""A value of a YAML file and where it stands, so that every refusal names file:line:column."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import yaml

from transat.cohorts.language import grammar
from transat.core.errors import StudyError, close_match
from transat.core.languages import Text

FIX: Final = Text("Corrigez cette ligne et recommencez.", "Correct this line and try again.")
NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
#: Without zeros in front: YAML 1.1 reads 010 as eight, YAML 1.2 as ten.
_WHOLE: Final = re.compile(r"[-+]?(0|[1-9][0-9]{0,15})")
_NUMBER: Final = re.compile(r"[-+]?(0|[1-9][0-9]{0,15})(\.[0-9]{1,15})?")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TAG: Final = "tag:yaml.org,2002:"
#: What a node may be.
_PLAIN: Final = ("map", "seq", "str", "int", "float", "bool", "null", "timestamp")
_UNREAD: Final = "not read here"
#: A file deeper or longer than a person would write is refused before it is read.
_LONGEST: Final = 2_000_000


class _Loader(yaml.SafeLoader):
    """Refuses what two readers of a file may unfold differently: `*alias`, `!tag`, `<<`."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """As the parent's, without aliases and tags of its own."""
        if self.check_event(yaml.AliasEvent):
            event: Any = self.get_event()  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem=_UNREAD, problem_mark=event.start_mark)
        node: yaml.Node | None = super().compose_node(parent, index)
        if node is not None and str(node.tag).removeprefix(_TAG) not in _PLAIN:
            raise yaml.MarkedYAMLError(problem=_UNREAD, problem_mark=node.start_mark)
        return node


def compose(text: str, name: str) -> Place:
    """The root of a YAML document. Raises StudyError for what is not one YAML mapping."""
    try:
        if len(text) > _LONGEST:
            raise RecursionError
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
        if error.problem == _UNREAD:
            raise StudyError(_REFUSED, where, FIX) from None
        raise StudyError(_NOT_YAML, where, _LAYOUT) from None
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        raise StudyError(_NOT_YAML, f"{name}:{line}:1", FIX) from None
    except (RecursionError, ValueError):
        raise StudyError(_NOT_YAML, f"{name}:1:1", FIX) from None
    if not isinstance(root, yaml.MappingNode):
        raise StudyError(_NO_FIELDS, f"{name}:1:1", FIX)
    return Place(name, root, "")


@dataclass(frozen=True, slots=True)
class Place:
    """A node of file `file`; `field` is the way to it ('cohorts.0.entry')."""

    file: str
    node: yaml.Node
    field: str

    @property
    def where(self) -> str:
        """file:line:column, from 1."""
        mark = self.node.start_mark
        return f"{self.file}:{self.line}:{mark.column + 1}"

    @property
    def line(self) -> int:
        """Its line, from 1."""
        return int(self.node.start_mark.line) + 1

    def refused(self, what: Text, next_step: Text = FIX) -> StudyError:
        """The error that this place cannot be read."""
        return StudyError(what, self.where, next_step)

    def expected(self, fr: str, en: str) -> StudyError:
        """The error that something else was expected here."""
        return self.refused(Text(f"« {self._last} » attend {fr}.", f'"{self._last}" takes {en}.'))

    def unknown(self, name: str, known: Iterable[str]) -> StudyError:
        """The error for a name that is none of `known`, with the close match or all of them."""
        names = list(known)
        near = close_match(name, names)
        shown = name if len(name) <= 60 else f"{name[:60]}…"
        if near:
            return self.refused(
                Text(f"« {shown} » n'est pas connu ; vouliez-vous « {near} » ?",
                     f'"{shown}" is not known; did you mean "{near}"?')
            )  # fmt: skip
        listed = ", ".join(names[:30]) + (", …" if len(names) > 30 else "")
        return self.refused(
            Text(f"« {shown} » n'est pas connu.", f'"{shown}" is not known.'),
            Text(f"Possibles : {listed}.", f"Possible: {listed}.") if names else FIX,
        )

    def shape(self, name: str) -> dict[str, Place]:
        """The entries of a mapping of the grammar's shape `name`; required ones are there."""
        keys = grammar.keys(name)
        entries = self.entries(keys)
        for key in keys.values():
            if key.required and key.name not in entries:
                missing = Text(
                    f"il manque « {key.name} » ({_low(key.text.fr)}).",
                    f'"{key.name}" is missing ({_low(key.text.en)}).',
                )
                raise self.refused(missing)
        return entries

    def entries(self, known: Collection[str] | None = None) -> dict[str, Place]:
        """The entries of a mapping, each name once; of `known` names when given."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.expected("des lignes « mot : valeur »", 'lines "word: value"')
        found: dict[str, Place] = {}
        for key, value in self.node.value:
            here = Place(self.file, key, self.field)
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            if known is not None and name not in known:
                raise here.unknown(name, known)
            if name in found:
                raise here.refused(
                    Text(f"« {name} » est écrit deux fois.", f'"{name}" is written twice.')
                )
            found[name] = Place(self.file, value, f"{self.field}.{name}".lstrip("."))
        return found

    def each(self, least: int = 1) -> list[Place]:
        """The members of a list."""
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.expected("une liste", "a list")
        if len(self.node.value) < least:
            raise self.expected("au moins un élément", "at least one member")
        return [Place(self.file, n, f"{self.field}.{i}") for i, n in enumerate(self.node.value)]

    def pair(self) -> tuple[Place, Place]:
        """The two members of a list."""
        if not isinstance(self.node, yaml.SequenceNode) or len(self.node.value) != 2:
            raise self.expected("[premier, dernier]", "[first, last]")
        first, last = self.each()
        return first, last

    @property
    def kind(self) -> str:
        """'map', 'list', or what YAML takes the scalar for: 'str', 'int', 'null'…"""
        if isinstance(self.node, yaml.MappingNode):
            return "map"
        if isinstance(self.node, yaml.SequenceNode):
            return "list"
        return str(self.node.tag).removeprefix(_TAG)

    def sentence(self) -> str:
        """A text that is not empty."""
        if self.kind != "str" or not str(self.node.value).strip():
            raise self.expected("un texte", "a text")
        return str(self.node.value).strip()

    def word(self, words: Collection[str]) -> str:
        """One of `words`, whatever YAML takes it for."""
        value = self.word_of()
        if value not in words:
            raise self.unknown(value, words)
        return value

    def name(self) -> str:
        """A short name: small letters, digits, _."""
        value = self.word_of()
        if self.kind != "str" or not NAME.fullmatch(value):
            raise self.expected(
                "un nom court (minuscules, chiffres, _)", "a short name (small letters, digits, _)"
            )
        return value

    def matching(self, pattern: str, fr: str, en: str) -> str:
        """A scalar that matches a pattern, which the words describe."""
        value = self.word_of()
        if self.kind != "str" or not re.fullmatch(pattern, value):
            raise self.expected(fr, en)
        return value

    def yes(self) -> bool:
        """true or false."""
        value = self.word_of().lower()
        if self.kind != "bool" or value not in ("true", "false"):
            raise self.expected("true ou false", "true or false")
        return value == "true"

    def whole(self, least: int = 0, most: int = 2**31 - 1) -> int:
        """A whole number from `least` to `most`."""
        value = self.word_of()
        if self.kind != "int" or not _WHOLE.fullmatch(value) or not least <= int(value) <= most:
            raise self.expected(
                f"un nombre entier d'au moins {least}", f"a whole number of at least {least}"
            )
        return int(value)

    def concept(self) -> int:
        """An OMOP concept id."""
        return self.whole(0, 2**53 - 1)

    def signed(self) -> int:
        """A whole number of days, negative or not, of at most a century."""
        return self.whole(-36_500, 36_500)

    def number(self) -> float:
        """A number written in digits."""
        value = self.word_of()
        if self.kind not in ("int", "float") or not _NUMBER.fullmatch(value):
            raise self.expected("un nombre", "a number")
        return float(value)

    def date(self) -> date:
        """A day, YYYY-MM-DD."""
        value = self.word_of()
        try:
            if not _DATE.fullmatch(value):
                raise ValueError
            return date.fromisoformat(value)
        except ValueError:
            raise self.expected("un jour AAAA-MM-JJ", "a day YYYY-MM-DD") from None

    def said(self) -> Text:
        """A text in both languages, `fr` and `en`, of a shape that requires them."""
        entries = self.entries()
        return Text(entries["fr"].sentence(), entries["en"].sentence())

    def data(self) -> Any:
        """This value as JSON carries it; a day is its text."""
        if isinstance(self.node, yaml.MappingNode):
            return {name: value.data() for name, value in self.entries().items()}
        if isinstance(self.node, yaml.SequenceNode):
            return [value.data() for value in self.each(0)]
        value = str(self.node.value).strip()
        if self.kind == "int" and _WHOLE.fullmatch(value):
            return int(value)
        if self.kind == "float" and _NUMBER.fullmatch(value):
            return float(value)
        if self.kind == "bool" and value.lower() in ("true", "false"):
            return value.lower() == "true"
        return None if self.kind == "null" else value

    def word_of(self) -> str:
        """The scalar as written, without spaces around."""
        if not isinstance(self.node, yaml.ScalarNode):
            raise self.expected("une seule valeur", "one value")
        return str(self.node.value).strip()

    @property
    def _last(self) -> str:
        named = [part for part in self.field.split(".") if not part.isdigit()]
        return named[-1] if named else "document"


def _low(text: str) -> str:
    return text[:1].lower() + text[1:]


_NOT_YAML: Final = Text("ce n'est pas du YAML.", "this is not YAML.")
_LAYOUT: Final = Text(
    "Vérifiez les deux-points, les espaces en début de ligne et les guillemets ('> 3').",
    "Check the colons, the leading spaces and the quotation marks ('> 3').",
)
_REFUSED: Final = Text(
    "les renvois et étiquettes YAML (*nom, !nom, <<) ne sont pas lus ici.",
    "YAML aliases and tags (*name, !name, <<) are not read here.",
)
_NO_FIELDS: Final = Text(
    "le document est vide ou n'a pas de lignes « mot : valeur ».",
    'the document is empty or has no lines "word: value".',
)
