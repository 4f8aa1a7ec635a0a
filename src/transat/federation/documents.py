"""YAML documents read strictly: every complaint names the file, the line and the field.

Used for holders' policies and for study protocols. Duplicate keys, unknown fields and wrong types
are errors; a misspelt field comes back with the name it most looks like.
"""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from transat.core.errors import ConfigError, StudyError, close_match
from transat.core.languages import Text
from transat.federation.complaints import in_french

Model = TypeVar("Model", bound=BaseModel)
Place = tuple[str | int, ...]

FIX = Text("Corrigez cette ligne et recommencez.", "Correct this line and try again.")


class Strict(BaseModel):
    """Base of all document models: immutable, no unknown field, no silent conversion."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Bilingual(Strict):
    """A text in both languages, both mandatory and neither empty."""

    fr: str
    en: str

    def text(self) -> Text:
        """As the core type."""
        return Text(self.fr, self.en)


def read_document(
    path: Path, model: type[Model], error: type[StudyError] | type[ConfigError] = ConfigError
) -> Model:
    """Read a YAML file into `model`.

    Raises
    ------
    error: the file is missing, is not YAML, or does not fit the model; it names `file:line`.
    """
    root = _compose(path, error)
    lines: dict[Place, int] = {}
    data = _plain(root, (), lines, path, error)
    try:
        return model.model_validate_json(json.dumps(data, default=_iso), strict=True)
    except ValidationError as problem:
        details = problem.errors(include_url=False)
        # A misspelt field is also a missing one: say the misspelling.
        details.sort(key=lambda d: d["type"] != "extra_forbidden")
        raise _complaint(details[0], model, lines, path, error) from None


def word_of(path: Path, field: str, error: type[StudyError] | type[ConfigError]) -> str | None:
    """One field of a YAML file that holds one word; None where it has none.

    Raises
    ------
    error: the file is missing or is not YAML.
    """
    for key, value in _compose(path, error).value:
        if key.value == field:
            return str(value.value)
    return None


def _compose(path: Path, error: type[StudyError] | type[ConfigError]) -> yaml.Node:
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except UnicodeDecodeError as problem:
        line = problem.object[: problem.start].count(b"\n") + 1
        raise error(
            Text("ce fichier n'est pas en UTF-8.", "this file is not in UTF-8."),
            f"{path}:{line}",
            Text("Enregistrez-le en UTF-8.", "Save it as UTF-8."),
        ) from None
    except OSError:
        raise error(
            Text("ce fichier ne peut pas être lu.", "this file cannot be read."),
            str(path),
            Text("Vérifiez le chemin.", "Check the path."),
        ) from None
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        raise error(Text("ce n'est pas du YAML.", "this is not YAML."), where, FIX) from None
    if not isinstance(root, yaml.MappingNode):
        raise error(
            Text("le document est vide ou n'a pas de champs.", "the document has no fields."),
            f"{path}:1",
            FIX,
        )
    return root


def _plain(
    node: yaml.Node,
    place: Place,
    lines: dict[Place, int],
    path: Path,
    error: type[StudyError] | type[ConfigError],
) -> Any:
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(n, (*place, i), lines, path, error) for i, n in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        loader = yaml.SafeLoader("")
        value = loader.construct_object(node)
        loader.dispose()
        return value
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = str(key_node.value)
        if key in result:
            raise error(
                Text(f"le champ « {key} » est écrit deux fois.", f'field "{key}" appears twice.'),
                f"{path}:{key_node.start_mark.line + 1}",
                FIX,
            )
        lines[(*place, key)] = key_node.start_mark.line + 1
        result[key] = _plain(value_node, (*place, key), lines, path, error)
    return result


def _iso(value: object) -> str:
    if isinstance(value, datetime.date):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _complaint(
    detail: ErrorDetails,
    model: type[BaseModel],
    lines: dict[Place, int],
    path: Path,
    error: type[StudyError] | type[ConfigError],
) -> StudyError | ConfigError:
    place = tuple(detail["loc"])
    known = place
    while known and known not in lines:
        known = known[:-1]
    field = ".".join(str(p) for p in place)
    return error(_what(detail, model, field, place), f"{path}:{lines.get(known, 1)}", FIX)


def _what(detail: ErrorDetails, model: type[BaseModel], field: str, place: Place) -> Text:
    if detail["type"] == "extra_forbidden":
        near = close_match(str(place[-1]), _all_fields(model))
        return Text(
            f"le champ « {field} » n'existe pas"
            + (f" ; vouliez-vous « {near} » ?" if near else "."),
            f'there is no field "{field}"' + (f'; did you mean "{near}"?' if near else "."),
        )
    if detail["type"] == "missing":
        return Text(f"il manque le champ « {field} ».", f'field "{field}" is missing.')
    said = in_french(detail)
    return Text(
        f"le champ « {field} » n'est pas valable ({said}).",
        f'field "{field}" is not valid ({detail["msg"]}).',
    )


def _all_fields(model: type[BaseModel]) -> set[str]:
    """Names of every field of the model and of the models it holds."""
    names: set[str] = set()

    def visit(schema: Any) -> None:
        if isinstance(schema, dict):
            names.update(schema.get("properties", {}))
            for part in schema.values():
                visit(part)
        elif isinstance(schema, list):
            for part in schema:
                visit(part)

    visit(model.model_json_schema())
    return names
