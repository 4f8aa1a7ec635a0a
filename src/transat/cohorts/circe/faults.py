"""Why an OHDSI definition is not read: where in its JSON, what, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from transat.core.errors import StudyError, close_match
from transat.core.languages import Text


class DefinitionMalformed(StudyError):
    """The JSON is not an OHDSI cohort definition, or contradicts itself."""

    title = Text("Définition refusée", "Definition refused")


class FeatureUnsupported(StudyError):
    """A feature of OHDSI's definitions that Transat does not run, named; it never approximates."""

    title = Text("Définition non prise en charge", "Definition not supported")


_CORRECT = Text(
    "Corrigez la définition dans l'outil qui l'a écrite, ou à cet endroit.",
    "Correct the definition in the tool that wrote it, or at that place.",
)


def malformed(path: str, fr: str, en: str, next_step: Text = _CORRECT) -> DefinitionMalformed:
    """A refusal at a JSON path."""
    return DefinitionMalformed(Text(fr, en), path, next_step)


def unsupported(path: str, feature: str, fr: str, en: str) -> FeatureUnsupported:
    """A refusal of a feature, by its name in the JSON, with the reason."""
    return FeatureUnsupported(
        Text(f"{feature} n'est pas pris en charge : {fr}", f"{feature} is not supported: {en}"),
        path,
        Text(
            "Récrivez ce critère autrement ; Transat n'exécute pas une définition à peu près.",
            "Write this criterion otherwise; Transat does not run a definition approximately.",
        ),
    )


def inexpressible(path: str, fr: str, en: str) -> FeatureUnsupported:
    """A refusal to write what OHDSI's format cannot say."""
    return FeatureUnsupported(
        Text(
            f"le format de l'OHDSI ne sait pas dire {fr}.",
            f"OHDSI's format cannot say {en}.",
        ),
        path,
        Text(
            "Gardez cette définition dans le langage de Transat.",
            "Keep this definition in Transat's language.",
        ),
    )


def wrong_kind(path: str, wanted: Text, value: Any) -> DefinitionMalformed:
    """A value of another JSON kind than the one expected."""
    got_fr, got_en = _KINDS[type(value)]
    return malformed(
        path, f"il faut {wanted.fr}, pas {got_fr}.", f"{wanted.en} is needed, not {got_en}."
    )


def unknown_key(path: str, key: str, known: Iterable[str]) -> DefinitionMalformed:
    """A key that OHDSI's format does not have there; Circe would pass over it without a word."""
    near = close_match(key, known)
    return malformed(
        path,
        f"clé inconnue « {key[:60]} ».",
        f'unknown key "{key[:60]}".',
        _CORRECT
        if near is None
        else Text(f"Vouliez-vous dire « {near} » ?", f'Did you mean "{near}"?'),
    )


def unknown_value(path: str, value: str, known: Iterable[str]) -> DefinitionMalformed:
    """A word that is none of those allowed."""
    near = close_match(value, known)
    listed = ", ".join(known)
    return malformed(
        path,
        f"« {value[:60]} » n'est pas une valeur possible.",
        f'"{value[:60]}" is not a possible value.',
        Text(f"Valeurs possibles : {listed}.", f"Possible values: {listed}.")
        if near is None
        else Text(f"Vouliez-vous dire « {near} » ?", f'Did you mean "{near}"?'),
    )


_KINDS: dict[type, tuple[str, str]] = {
    type(None): ("rien", "nothing"),
    bool: ("vrai ou faux", "true or false"),
    int: ("un nombre", "a number"),
    float: ("un nombre", "a number"),
    str: ("un texte", "a text"),
    list: ("une liste", "a list"),
    dict: ("un objet", "an object"),
}
