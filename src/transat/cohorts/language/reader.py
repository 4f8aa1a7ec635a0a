"""A study file: YAML in, a typed `Study` out. Data, never code.

Strict: an unknown word, a missing language, a wrong type, a name that nothing bears or a code list
that does not fit is a StudyError that names file:line:column and the close match.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from transat.cohorts.language.analyses import part
from transat.cohorts.language.code_lists import CodeLine, CodeList, Opener, code_list
from transat.cohorts.language.context import Context
from transat.cohorts.language.days import Bound, bounds
from transat.cohorts.language.grammar import ANY, EVER
from transat.cohorts.language.hashes import Hashes, logic, sha256
from transat.cohorts.language.place import NAME, Place, compose
from transat.cohorts.language.populations import population
from transat.cohorts.language.study import Part, Population, Study
from transat.core.errors import StudyError
from transat.core.languages import Text

#: Names that nothing can bear: words with a meaning here, and those that YAML takes for a value.
RESERVED: Final = (
    ANY, EVER, "known", "unknown", "null", "true", "false", "yes", "no", "on", "off", "y", "n",
)  # fmt: skip
Named = TypeVar("Named", Population, Part)


def read(path: Path) -> Study:
    """The study file at `path`; its code lists are read beside it.

    Raises StudyError for anything that does not fit, with file:line:column.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError:
        raise StudyError(
            Text("ce fichier ne peut pas être lu.", "this file cannot be read."),
            str(path),
            Text("Vérifiez le chemin.", "Check the path."),
        ) from None
    except UnicodeDecodeError as problem:
        line = problem.object[: problem.start].count(b"\n") + 1
        raise StudyError(
            Text("ce fichier n'est pas en UTF-8.", "this file is not in UTF-8."),
            f"{path}:{line}:1",
            Text("Enregistrez-le en UTF-8.", "Save it as UTF-8."),
        ) from None
    return parse(text, str(path), lambda name: (path.parent / name).read_bytes())


def parse(text: str, name: str, opener: Opener | None = None) -> Study:
    """The study of a text; `name` is how errors call it, `opener` reads the files it names.

    Without `opener` a study may only hold OMOP concepts. Raises StudyError.
    """
    root = compose(text, name)
    entries = root.shape("document")
    if entries["grammar"].kind != "int" or entries["grammar"].word_of() != "1":
        raise entries["grammar"].expected("1", "1")
    study = entries["study"].shape("study")
    titles = {word: _said(entries[word]) for word in ("title", "purpose") if word in entries}
    windows, labels = _windows(entries.get("windows"))
    codes = _codes(entries.get("codes"), opener or _nothing)
    context = Context({n: c.codes for n, c in codes.items()}, windows)
    cohorts = _unique(entries["cohorts"], lambda place: population(place, context))
    by_name = {p.id: p for p in cohorts}
    analyses: list[Part] = []
    if "analyses" in entries:
        analyses = _unique(entries["analyses"], lambda place: part(place, context, by_name))
    ethics = study["ethics"].each(0) if "ethics" in study else []
    return Study(
        file=name,
        id=study["id"].matching(
            "[a-z0-9-]{3,40}",
            "de 3 à 40 minuscules, chiffres ou tirets",
            "3 to 40 small letters, digits or dashes",
        ),
        version=study["version"].matching(
            r"[0-9]{1,6}\.[0-9]{1,6}\.[0-9]{1,6}", "une version 1.2.3", "a version 1.2.3"
        ),
        ethics=tuple(each.sentence() for each in ethics),
        title=titles["title"],
        purpose=titles.get("purpose"),
        windows=labels,
        codes=codes,
        used=frozenset(context.used),
        populations=tuple(cohorts),
        analyses=tuple(analyses),
        hashes=_hashes(root, codes, cohorts, analyses),
    )


def _said(place: Place) -> Text:
    place.shape("text")
    return place.said()


def _nothing(name: str) -> bytes:
    raise FileNotFoundError(name)


def _windows(
    place: Place | None,
) -> tuple[dict[str, tuple[Bound, Bound]], dict[str, Text]]:
    made: dict[str, tuple[Bound, Bound]] = {}
    labels: dict[str, Text] = {}
    for name, each in place.entries().items() if place else ():
        _named(each, name)
        entries = each.shape("window")
        if entries["days"].kind == "str":
            raise entries["days"].expected("[premier, dernier]", "[first, last]")
        made[name], labels[name] = bounds(entries["days"], {}), each.said()
    return made, labels


def _codes(place: Place | None, opener: Opener) -> dict[str, CodeList]:
    made: dict[str, CodeList] = {}
    for name, each in place.entries().items() if place else ():
        _named(each, name)
        made[name] = code_list(name, each, opener)
    return made


def _named(place: Place, name: str) -> None:
    if not NAME.fullmatch(name) or name in RESERVED:
        raise place.refused(
            Text(f"« {name[:60]} » ne peut pas servir de nom.", f'"{name[:60]}" cannot be a name.'),
            Text(f"Écrivez des minuscules, des chiffres, _ ; aucun de {', '.join(RESERVED)}.",
                 f"Write small letters, digits, _; none of {', '.join(RESERVED)}."),
        )  # fmt: skip


def _unique(place: Place, make: Callable[[Place], Named]) -> list[Named]:
    made: dict[str, Named] = {}
    for each in place.each():
        one = make(each)
        if one.id in made:
            raise each.refused(
                Text(f"« {one.id} » est donné deux fois.", f'"{one.id}" is given twice.')
            )
        made[one.id] = one
    return list(made.values())


def _hashes(
    root: Place, codes: Mapping[str, CodeList], cohorts: list[Population], analyses: list[Part]
) -> Hashes:
    """Logic: what runs, under the ids that it is called by. Document: everything that is read."""
    runs = {
        "grammar": 1,
        "cohorts": {p.id: logic(p.cohort) for p in cohorts},
        "analyses": {
            p.id: {"cohort": p.cohort, "measures": logic(p.analysis.measures),
                   "follow_up": logic(p.analysis.follow_up)}
            for p in analyses
        },
    }  # fmt: skip
    lists = {name: [_line(line) for line in each.lines] for name, each in codes.items()}
    return Hashes(sha256(runs), sha256({"document": root.data(), "codes": lists}))


def _line(line: CodeLine) -> dict[str, Any]:
    label = {"fr": line.label.fr, "en": line.label.en} if line.label else None
    return {"item": logic(line.item), "label": label, "source": line.source,
            "checked": line.checked}  # fmt: skip
