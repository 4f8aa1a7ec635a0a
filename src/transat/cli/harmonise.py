"""`transat harmonise`: a native extract to an OMOP CDM, every row accounted for."""

from __future__ import annotations

import json as json_
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from transat.cli.say import command, say

if TYPE_CHECKING:
    from transat.harmonise.report import Report


class Source(StrEnum):
    """The native form of the extract."""

    snds = "snds"
    quebec = "quebec"


def declare(app: typer.Typer) -> None:
    """Add the command to the application."""
    command(
        app,
        "harmonise",
        "Passe un extrait natif à OMOP CDM 5.4 et rend compte de chaque ligne lue.",
        "Take a native extract to OMOP CDM 5.4 and account for every row read.",
    )(harmonise)


def harmonise(
    shore: Annotated[Source, typer.Argument(help=say("Forme native.", "Native form."))],
    source: Annotated[Path, typer.Argument(help=say("Dossier de l'extrait.", "Extract folder."))],
    to: Annotated[Path, typer.Option("--to", help=say("CDM à écrire.", "CDM to write."))],
    without: Annotated[
        list[str] | None,
        typer.Option(help=say("Règle à ne pas appliquer.", "Rule not to apply.")),
    ] = None,
    columns: Annotated[
        Path | None,
        typer.Option(
            help=say(
                "Correspondance des colonnes dont le nom n'est pas public (Québec).",
                "Mapping of the columns whose names are not public (Québec).",
            )
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help=say("Réponse JSON.", "Answer in JSON."))] = (
        False
    ),
) -> None:
    """Parse, harmonise, derive the pregnancies, print the ledger."""
    from transat.cli.progress import progress
    from transat.cohorts.pregnancies import derive
    from transat.engines.cdm import Cdm
    from transat.harmonise.run import harmonise as run

    with progress() as show:
        report = run(
            shore.value, source, to, rules_off=tuple(without or ()), columns=columns, progress=show
        )
        derive(Cdm(to))
    if json:
        typer.echo(json_.dumps(report.as_dict(), ensure_ascii=False, indent=2))
    else:
        _print(report)
        typer.echo(to)


def _print(report: Report) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=say("Registre des lignes", "Row ledger"))
    for title in (say("table", "table"), say("règle", "rule")):
        table.add_column(title)
    table.add_column(say("lignes", "rows"), justify="right")
    for name, rule, rows in report.ledger.rows():
        table.add_row(name, rule, f"{rows:,}".replace(",", " "))
    Console().print(table)
