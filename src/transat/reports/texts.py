"""The catalogue of every sentence of the reports, French and English, in `texts.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from transat.core.errors import StudyError
from transat.core.languages import Language, Text


@cache
def catalogue() -> Mapping[str, Text]:
    """All texts by key.

    Raises
    ------
    ValueError: a text lacks one of its languages.
    """
    written = yaml.safe_load(files(__package__).joinpath("texts.yaml").read_text("utf-8"))
    return {
        key: Text(fr=pair["fr"].strip(), en=pair["en"].strip()) for key, pair in written.items()
    }


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
    return found.in_(language).format(**values)
