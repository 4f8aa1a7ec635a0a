"""`transat harmonise`: a native extract to an OMOP CDM, every row accounted for."""

from __future__ import annotations

import json as json_
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from transat.cli.say import command, say
from transat.core.counts import may_leave, shown
from transat.core.languages import Text, current

if TYPE_CHECKING:
    from transat.cohorts.pregnancies import Pregnancies
    from transat.harmonise.report import Report


class Source(StrEnum):
    """The native form of the extract."""

    snds = "snds"
    quebec = "quebec"
    conception = "conception"


class Engine(StrEnum):
    """What runs the rules."""

    duckdb = "duckdb"
    spark = "spark"


def declare(app: typer.Typer) -> None:
    """Add the command to the application."""
    command(
        app,
        "harmonise",
        "Passe un extrait natif à OMOP CDM 5.4 et rend compte de chaque ligne lue.",
        "Take a native extract to OMOP CDM 5.4 and account for every row read.",
    )(harmonise)


def _told(fr: str, en: str) -> Any:
    """An option of which nothing but its help is to be said."""
    return typer.Option(help=say(fr, en))


def harmonise(
    shore: Annotated[Source, typer.Argument(help=say("Forme native.", "Native form."))],
    source: Annotated[Path, typer.Argument(help=say("Dossier de l'extrait.", "Extract folder."))],
    to: Annotated[Path, typer.Option("--to", help=say("CDM à écrire.", "CDM to write."))],
    without: Annotated[
        list[str] | None,
        typer.Option(
            metavar=say("RÈGLE", "RULE"),
            help=say(
                "Règle à ne pas appliquer ; autant de fois qu'il faut.",
                "Rule not to apply; as often as needed.",
            ),
        ),
    ] = None,
    also: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar=say("RÈGLE", "RULE"),
            help=say(
                "Règle coupée par défaut à appliquer (T13).",
                "Rule that is off by default, to apply (T13).",
            ),
        ),
    ] = None,
    columns: Annotated[
        Path | None,
        _told(
            "Fichier de correspondance du détenteur (Québec, ConcePTION).",
            "The holder's mapping file (Québec, ConcePTION).",
        ),
    ] = None,
    vocabulary: Annotated[
        Path | None,
        _told(
            "Vocabulaire Athena (zip ou dossier) ; sans lui, concepts locaux.",
            "Athena vocabulary (zip or folder); without it, local concepts.",
        ),
    ] = None,
    referentials: Annotated[
        Path | None,
        _told(
            "Dossier des référentiels absents de l'extrait (IR_PHA_R, NU_UCD_R, BDPP).",
            "Folder of the referentials that the extract lacks (IR_PHA_R, NU_UCD_R, DPD).",
        ),
    ] = None,
    engine: Annotated[
        Engine,
        _told("Moteur ; le résultat est le même.", "Engine; the result is the same."),
    ] = Engine.duckdb,
    memory: Annotated[
        str, _told("Mémoire du moteur ; le reste va au disque.", "The engine's memory, then disk.")
    ] = "3GB",
    json: Annotated[bool, _told("Réponse JSON.", "Answer in JSON.")] = False,
) -> None:
    """Parse, harmonise, derive the pregnancies, print the ledger."""
    from transat.cli.progress import progress, steps
    from transat.cohorts.pregnancies import write_pregnancies
    from transat.harmonise.run import harmonise as run

    found: list[Pregnancies] = []
    with progress() as show:
        report = run(
            shore.value,
            source,
            to,
            rules_off=tuple(without or ()),
            rules_on=tuple(also or ()),
            columns=columns,
            vocabulary=vocabulary,
            referentials=referentials,
            engine=engine.value,
            memory_limit=memory,
            progress=steps(show, Text(f"harmonisation, {shore}", f"harmonising, {shore}")),
            then=lambda cdm: found.append(write_pregnancies(cdm)),
        )
    if json:
        typer.echo(_json(report))
    else:
        _print(report, found[0], to)


def _json(report: Report) -> str:
    """The ledger counts lines; findings count people too, and few of them are not printed."""
    findings = {name: shown(number) for name, number in report.findings.items()}
    return json_.dumps(report.json() | {"findings": findings}, ensure_ascii=False, indent=2)


def _print(report: Report, found: Pregnancies, to: Path) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=say("Lignes mises de côté, par règle", "Rows set aside, by rule"))
    for heading in ("table", say("règle", "rule"), say("titre", "title")):
        # Whole names on a narrow screen: a person copies them into --without.
        table.add_column(heading, overflow="fold")
    table.add_column(say("lignes", "rows"), justify="right")
    for name, rule, title, rows in report.explain(current()):
        if rows:
            table.add_row(name, rule, title, _shown(rows))
    console = Console()
    console.print(table)
    console.print(
        say(
            f"{_number(report.lines)} lignes lues, {_number(report.rejects)} rejetées ; "
            "gardées + mises de côté + rejetées = lues, pour chaque table.",
            f"{_number(report.lines)} rows read, {_number(report.rejects)} rejected; "
            "kept + set aside + rejected = read, for every table.",
        )
    )
    typer.echo(found.message.in_(current()))
    typer.echo(to)


def _shown(rows: int) -> str:
    """A number of rows as a terminal may show it; the exact one stays in the CDM's ledger."""
    return _number(rows) if may_leave(rows) else say("moins de 11", "fewer than 11")


def _number(rows: int) -> str:
    return f"{rows:,}".replace(",", "\u202f" if current() == "fr" else ",")
