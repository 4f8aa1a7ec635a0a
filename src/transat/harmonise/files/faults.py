"""What is said of a file that cannot be read. No message ever holds a value from a line."""

from __future__ import annotations

from transat.core.errors import InputError
from transat.core.languages import Text


def empty(where: str) -> InputError:
    """The file has no header line."""
    return InputError(
        Text("fichier vide, sans ligne d'en-tête.", "empty file, without a header line."),
        where,
        Text(
            "Redemandez le fichier, ou retirez-le s'il ne devait rien contenir.",
            "Ask for the file again, or remove it if it was to hold nothing.",
        ),
    )


def cut(where: str) -> InputError:
    """A gzip or zip archive ends too early, or does not say what it holds."""
    return InputError(
        Text("archive coupée ou abîmée.", "cut or damaged archive."),
        where,
        Text("Copiez-la de nouveau, puis relancez.", "Copy it again, then run again."),
    )


def locked(where: str) -> InputError:
    """A zip member under a password."""
    return InputError(
        Text("archive protégée par un mot de passe.", "archive under a password."),
        where,
        Text(
            "Déchiffrez-la dans votre espace sécurisé, puis relancez.",
            "Decrypt it inside your secure environment, then run again.",
        ),
    )


def packed(where: str) -> InputError:
    """A zip member compressed in a way that Python does not know."""
    return InputError(
        Text("compression inconnue dans l'archive.", "unknown compression in the archive."),
        where,
        Text(
            "Décompressez l'archive, ou refaites-la en zip ordinaire (deflate).",
            "Unpack the archive, or make it again as an ordinary zip (deflate).",
        ),
    )


def encoding(where: str) -> InputError:
    """The header line is not text in any encoding that is read."""
    return InputError(
        Text(
            "encodage inconnu : ni UTF-8, ni UTF-16, ni Windows-1252, ni latin-1.",
            "unknown encoding: neither UTF-8, nor UTF-16, nor Windows-1252, nor latin-1.",
        ),
        where,
        Text("Réexportez le fichier en UTF-8.", "Export the file again in UTF-8."),
    )


def two_forms(table: str, first: str, second: str) -> InputError:
    """One table, the same number of lines, in two forms under one name."""
    return InputError(
        Text(
            f"la table {table} est là sous deux formes, avec autant de lignes.",
            f"table {table} is there in two forms, with as many lines.",
        ),
        f"{first}, {second}",
        Text("Gardez une seule des deux.", "Keep one of the two."),
    )
