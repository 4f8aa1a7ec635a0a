"""`transat check`: may a study rest on this CDM, and what should be corrected first?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from transat.cli.say import command, say

if TYPE_CHECKING:
    from transat.quality.report import Judgement


def declare(app: typer.Typer) -> None:
    """Add the command to the application."""
    command(
        app,
        "check",
        "Juge un CDM : contrôles, verdict et ce qu'il faut corriger d'abord.",
        "Judge a CDM: checks, verdict and what to correct first.",
    )(check)


def check(
    cdm: Annotated[Path, typer.Argument(help=say("Dossier du CDM.", "Folder of the CDM."))],
    json: Annotated[
        Path | None,
        typer.Option(
            "--json",
            metavar=say("FICHIER", "FILE"),
            help=say(
                "Écrit la réponse en JSON dans ce fichier (« - » : la sortie).",
                'Write the answer as JSON in this file ("-": the output).',
            ),
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help=say("Dossier où écrire la page.", "Folder to write the page in.")),
    ] = None,
) -> None:
    """Judge, write what was asked for, print one screen; exit 12 when no study may run."""
    from transat.cli.progress import progress
    from transat.quality.report import judge
    from transat.reports.files import write_beside
    from transat.reports.quality_page import data, write_judgement

    with progress() as show:
        said = judge(cdm, show)
    pages = [] if out is None else write_judgement(said, out)
    to_output = json is not None and str(json) == "-"
    if to_output:
        typer.echo(data(said), nl=False)
    else:
        _print(said)
        if json is not None:
            typer.echo(write_beside(json, data(said)))
    for path in [] if to_output else pages:
        typer.echo(path)
    _refuse(said, cdm)


def _print(said: Judgement) -> None:
    from transat.core.languages import current
    from transat.reports.quality_screen import screen

    for line in screen(said, current()):
        typer.echo(line)


def _refuse(said: Judgement, cdm: Path) -> None:
    """Raise DataQualityError when the verdict forbids a study."""
    from transat.core.errors import DataQualityError
    from transat.core.languages import Text

    if said.verdict.may_run:
        return
    failed = ", ".join(dict.fromkeys(o.check for o in said.verdict.obstacles))
    raise DataQualityError(
        Text(
            f"une étude ne peut pas s'appuyer sur ce CDM ({failed}).",
            f"a study may not rest on this CDM ({failed}).",
        ),
        str(cdm),
        Text(
            "Corrigez ces contrôles, puis relancez « transat check » (--out DOSSIER : la page).",
            'Correct these checks, then run "transat check" again (--out FOLDER: the page).',
        ),
    )
