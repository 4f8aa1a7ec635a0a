"""Every error that Transat shows: what happened, where, and the next step.

    TransatError
    ├── StudyError          10   a protocol that cannot be read or run
    ├── MappingError        11   a mapping file that does not fit its extract
    ├── DataQualityError    12   data that contradict themselves
    ├── DisclosureRefused   13   the gate kept something in
    ├── SiteUnreachable     14   a site that did not answer
    ├── PermissionRefused   15   a permit that does not cover the question
    ├── ConfigError         16   a setting, a missing optional part
    └── InputError          17   a file that cannot be read as what it should be

A message never carries a value from a patient row: only names of files, tables, columns and fields.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from transat.core.languages import Language, Text, current


class TransatError(Exception):
    """Base of all errors shown to a person.

    Parameters
    ----------
    what: the fact, in both languages.
    where: file, table, column, field or site; never a patient value.
    next_step: what the reader can do now, in both languages.
    """

    exit_code = 1
    title = Text("Erreur", "Error")

    def __init__(self, what: Text, where: str, next_step: Text) -> None:
        self.what, self.where, self.next_step = what, where, next_step
        super().__init__(self.message(current()))

    def message(self, language: Language) -> str:
        """One line: what, where, next step."""
        colon = " : " if language == "fr" else ": "
        return f"{self.where}{colon}{self.what.in_(language)} {self.next_step.in_(language)}"

    def __reduce__(self) -> tuple[type[TransatError], tuple[Text, str, Text]]:
        return type(self), (self.what, self.where, self.next_step)


class StudyError(TransatError):
    """A protocol that cannot be read, or cannot be run as written."""

    exit_code = 10
    title = Text("Protocole refusé", "Protocol refused")


class MappingError(TransatError):
    """A mapping file that does not fit the extract it describes."""

    exit_code = 11
    title = Text("Fichier de correspondance refusé", "Mapping file refused")


class DataQualityError(TransatError):
    """Data that contradict themselves, or a ledger that does not balance."""

    exit_code = 12
    title = Text("Données incohérentes", "Inconsistent data")


class DisclosureRefused(TransatError):
    """The gate kept something inside the site."""

    exit_code = 13
    title = Text("Sortie refusée", "Release refused")


class SiteUnreachable(TransatError):
    """A site that was expected and did not answer."""

    exit_code = 14
    title = Text("Site absent", "Site missing")


class PermissionRefused(TransatError):
    """A permit that does not cover the question asked."""

    exit_code = 15
    title = Text("Permis insuffisant", "Permit refused")


class ConfigError(TransatError):
    """A setting that cannot be used, or an optional part that is not installed."""

    exit_code = 16
    title = Text("Réglage refusé", "Setting refused")


class InputError(TransatError):
    """A file or folder that cannot be read as what it should be."""

    exit_code = 17
    title = Text("Fichier refusé", "File refused")


ERRORS: tuple[type[TransatError], ...] = (
    StudyError,
    MappingError,
    DataQualityError,
    DisclosureRefused,
    SiteUnreachable,
    PermissionRefused,
    ConfigError,
    InputError,
)


def close_match(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that `name` most looks like, or None."""
    matches = difflib.get_close_matches(name, sorted(candidates), n=1, cutoff=0.6)
    return matches[0] if matches else None
