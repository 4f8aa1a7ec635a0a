"""The sentences of the command-line library itself, in French; it only has them in English."""

from __future__ import annotations

import re
from typing import Final

_FRENCH: Final[tuple[tuple[str, str], ...]] = (
    (r"^Usage: ", "Usage : "),
    (r"COMMAND \[ARGS\]\.\.\.", "COMMANDE [ARGUMENTS]..."),
    (r"^Arguments:$", "Arguments :"),
    (r"^Options:$", "Options :"),
    (r"^Commands:$", "Commandes :"),
    (r"Show this message and exit\.", "Affiche cette aide."),
    (r"\[required\]", "[obligatoire]"),
    (r"; required\]", "; obligatoire]"),
    (r"\[default:(\s)", r"[par défaut :\1"),
    (r"^Error: ", "Erreur : "),
    (r"Try '(.+)' for help\.", r"Essayez « \1 »."),
    (r"No such command '(.*?)'\.", r"La commande « \1 » n'existe pas."),
    (r"No such option: (\S+)", r"L'option \1 n'existe pas."),
    (r"Did you mean '?(.+?)'?\?", r"Vouliez-vous dire « \1 » ?"),
    (r"\(Possible options: (.+)\)", r"(Options proches : \1)"),
    (r"Missing command\.", "Il manque la commande."),
    (r"Missing argument '(.+?)'\.", r"Il manque l'argument « \1 »."),
    (r"Choose from:", "Valeurs possibles :"),
    (r"Missing option '(.+?)'\.", r"Il manque l'option « \1 »."),
    (r"Invalid value for '(.+?)': ", r"Valeur refusée pour « \1 » : "),
    (r"Invalid value: ", "Valeur refusée : "),
    (r"Value error, ", ""),
    (r"Input should be a valid integer.*", "un nombre entier est attendu."),
    (r"Input should be a valid number.*", "un nombre est attendu."),
    (r"Input should be greater than or equal to (\S+)", r"il faut au moins \1."),
    (r"Input should be (.+)", r"valeurs possibles : \1."),
    (r"'(.*?)' is not a valid (?:integer|int)( range)?\.", r"« \1 » n'est pas un entier."),
    (r"'(.*?)' is not a valid float( range)?\.", r"« \1 » n'est pas un nombre."),
    (r"(\S+) is not in the range (.+)\.", r"\1 n'est pas dans l'intervalle \2."),
    (r"'(.*?)' is not one of (.+)\.", r"« \1 » n'est pas parmi \2."),
    (r"Option '(.+?)' requires an argument\.", r"L'option « \1 » attend une valeur."),
    (r"Got unexpected extra argument(?:s|\(s\))? \((.+)\)", r"En trop : \1"),
)


#: Names of types, as a help page writes them.
_TYPES: Final = {
    "<path>": "<chemin>",
    "<int range>": "<entier>",
    "<int>": "<entier>",
    "<float range>": "<nombre>",
    "<float>": "<nombre>",
    "<str>": "<texte>",
}


def in_french(text: str) -> str:
    """`text`, as the command-line library wrote it, said in French."""
    for english, french in _FRENCH:
        text = re.sub(english, french, text, flags=re.MULTILINE)
    return text


def types_in_french(text: str) -> str:
    """`text`, the left side of a line of help, with the names of types said in French."""
    for english, french in _TYPES.items():
        text = text.replace(english, french)
    return text
