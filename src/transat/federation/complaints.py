"""What the validation library says of a value, in French; it speaks English only."""

from __future__ import annotations

from typing import Final

from pydantic_core import ErrorDetails

#: By the library's own name of the error; braces name what its context holds.
_FRENCH: Final = {
    "bool_type": "true ou false est attendu",
    "bool_parsing": "true ou false est attendu",
    "int_type": "un nombre entier est attendu",
    "int_parsing": "un nombre entier est attendu",
    "int_from_float": "un nombre entier est attendu",
    "float_type": "un nombre est attendu",
    "float_parsing": "un nombre est attendu",
    "finite_number": "un nombre fini est attendu",
    "string_type": "un texte est attendu",
    "string_pattern_mismatch": "la forme attendue est {pattern}",
    "string_too_short": "au moins {min_length} caractères",
    "tuple_type": "une liste est attendue",
    "list_type": "une liste est attendue",
    "model_type": "des champs sont attendus",
    "model_attributes_type": "des champs sont attendus",
    "dict_type": "des champs sont attendus",
    "too_short": "au moins {min_length} valeurs",
    "too_long": "au plus {max_length} valeurs",
    "literal_error": "valeurs possibles : {expected}",
    "greater_than": "plus de {gt}",
    "greater_than_equal": "au moins {ge}",
    "less_than": "moins de {lt}",
    "less_than_equal": "au plus {le}",
    "date_type": "une date AAAA-MM-JJ est attendue",
    "date_parsing": "une date AAAA-MM-JJ est attendue",
    "date_from_datetime_parsing": "une date AAAA-MM-JJ est attendue",
}


def in_french(detail: ErrorDetails) -> str:
    """The complaint in French; a rule of our own models says itself in both languages already."""
    form = _FRENCH.get(detail["type"])
    if form is None:
        return detail["msg"].removeprefix("Value error, ")
    said = form.format(**detail.get("ctx", {}))
    return said.replace(" or ", " ou ")
