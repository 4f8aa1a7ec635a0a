"""The catalogue of every sentence of the reports, French and English, in `texts.yaml` files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from transat.core.errors import StudyError
from transat.core.languages import Language, Text

FILES = ("texts.yaml", "aortic_stenosis/texts.yaml")

#: Words that keep their capital inside a sentence.
NAMES = frozenset({"Down", "Edwards", "Klinefelter", "Patau", "Turner"})


@cache
def catalogue() -> Mapping[str, Text]:
    """All texts by key.

    Raises
    ------
    KeyError: a text lacks one of its languages. ValueError: a key is in two files.
    """
    found: dict[str, Text] = {}
    for name in FILES:
        written = yaml.safe_load(files(__package__).joinpath(name).read_text("utf-8"))
        if found.keys() & written.keys():
            raise ValueError(f"{name}: a key of another file")
        for key, pair in written.items():
            found[key] = Text(fr=pair["fr"].strip(), en=pair["en"].strip())
    return found


def text(key: str, language: Language, **values: Any) -> str:
    """One text with its placeholders filled.

    Raises
    ------
    StudyError: the catalogue has no such key.
    """
    found = catalogue().get(key)
    if found is None:
        raise StudyError(
            Text("Ce texte manque au catalogue.", "This text is missing from the catalogue."),
            key,
            Text("L'ajouter à texts.yaml.", "Add it to texts.yaml."),
        )
    return typeset(found.in_(language).format(**values), language)


def typeset(said: str, language: Language) -> str:
    """French punctuation never starts a line: its spaces do not break."""
    if language != "fr":
        return said
    for mark in (":", ";", "?", "!", "»", "%"):
        said = said.replace(f" {mark}", f"\u00a0{mark}")
    said = re.sub(r"(?<=\d) (?=\d{3}\b)", "\u202f", said)
    return said.replace("« ", "«\u00a0")


def inside(label: str) -> str:
    """No capital inside a sentence, but for a name: Down, Ebstein's."""
    head = label.split(" ")[0]
    return label if head in NAMES or head.endswith("'s") else label[:1].lower() + label[1:]
