"""What every page is made with: the templates, the texts and numbers of its language, the style."""

from __future__ import annotations

from functools import partial
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

import transat
from transat.core.languages import LANGUAGES, Language, Text
from transat.reports.numbers import Numbers
from transat.reports.texts import text, typeset


def environment() -> Environment:
    """The templates; a name that the page was not given is an error."""
    return Environment(
        loader=PackageLoader("transat.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def spoken(language: Language) -> dict[str, Any]:
    """The names that every template uses: `t` says a text of the catalogue, `say` a Text."""
    return {
        "language": language,
        "other": next(name for name in LANGUAGES if name != language),
        "n": Numbers(language),
        "t": partial(_text, language),
        "say": partial(_say, language),
        "style": Markup(files(__package__).joinpath("style.css").read_text("utf-8")),
        "version": transat.__version__,
    }


def _text(language: Language, key: str, **values: Any) -> str:
    return text(key, language, **values)


def _say(language: Language, said: Text) -> str:
    return typeset(said.in_(language), language)
