"""Sites named on the command line: `--site france=CDM`, once per site."""

from __future__ import annotations

from pathlib import Path

from transat.core.errors import ConfigError
from transat.core.languages import Text


def named_sites(arguments: list[str]) -> dict[str, Path]:
    """The CDM of each site, in the order given.

    Raises ConfigError for an argument that is not name=CDM, or a site given twice.
    """
    found: dict[str, Path] = {}
    for name, path in map(_named, arguments):
        if name in found:
            raise ConfigError(
                Text("ce site est donné deux fois.", "this site is given twice."),
                f"--site {name}",
                Text("N'en gardez qu'un.", "Keep one of them."),
            )
        found[name] = path
    return found


def _named(argument: str) -> tuple[str, Path]:
    name, equals, path = argument.partition("=")
    if not (name and equals and path):
        raise ConfigError(
            Text("un site s'écrit nom=CDM.", "a site is written name=CDM."),
            f"--site {argument}",
            Text("Exemple : --site france=cdm/france.", "Example: --site france=cdm/france."),
        )
    return name, Path(path)
