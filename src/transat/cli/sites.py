"""What is said of a site on the command line: `--site france=CDM`, an option once per site."""

from __future__ import annotations

from pathlib import Path

from transat.core.errors import ConfigError
from transat.core.languages import Text


def named_sites(arguments: list[str]) -> dict[str, Path]:
    """The CDM of each site (`--site`), in the order given. Raises ConfigError, as `one_each`."""
    return one_each(arguments, "--site", "CDM")


def one_each(arguments: list[str], option: str, what: str = "FILE") -> dict[str, Path]:
    """The path that an option gives for each site, in the order given.

    Raises ConfigError for an argument that is not name=path, or a site given twice.
    """
    found: dict[str, Path] = {}
    for name, path in named(arguments, option, what):
        if name in found:
            raise ConfigError(
                Text("ce site est donné deux fois.", "this site is given twice."),
                f"{option} {name}",
                Text("N'en gardez qu'un.", "Keep one of them."),
            )
        found[name] = path
    return found


def named(arguments: list[str], option: str, what: str = "FILE") -> list[tuple[str, Path]]:
    """Name and path of each argument. Raises ConfigError for one that is not name=path."""
    return [_named(argument, option, what) for argument in arguments]


def lacking(option: str, site: str) -> ConfigError:
    """The error for a site of which an option says nothing."""
    return ConfigError(
        Text("il manque une option pour ce site.", "an option is lacking for this site."),
        f"{option} {site}=",
        Text("Donnez-la pour chaque site.", "Give it for every site."),
    )


def _named(argument: str, option: str, what: str) -> tuple[str, Path]:
    name, equals, path = argument.partition("=")
    if not (name and equals and path):
        example = "cdm/france" if what == "CDM" else "france.pub"
        raise ConfigError(
            Text(f"un site s'écrit nom={what}.", f"a site is written name={what}."),
            f"{option} {argument}",
            Text(f"Exemple : {option} france={example}.", f"Example: {option} france={example}."),
        )
    return name, Path(path)
