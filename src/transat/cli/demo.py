"""`transat demo`: the main job, offline, from two native extracts to two studies' reports."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from transat.cli.say import command, say


def declare(app: typer.Typer) -> None:
    """Add the command to the application."""
    command(
        app,
        "demo",
        "Tout le travail, hors ligne : deux extraits, deux CDM, deux études, leurs rapports.",
        "The whole job, offline: two extracts, two CDMs, two studies, their reports.",
    )(demo)


def demo(
    out: Annotated[Path, typer.Option(help=say("Dossier à écrire.", "Folder to write."))] = Path(
        "transat-demo"
    ),
    persons: Annotated[
        int, typer.Option(min=1, help=say("Femmes par rive.", "Women on each shore."))
    ] = 60_000,
    seed: Annotated[int, typer.Option(min=0, help=say("Graine.", "Seed."))] = 2026,
) -> None:
    """Run the demonstration and print where to look."""
    from transat.cli.joint import demonstrate
    from transat.cli.progress import progress

    with progress() as show:
        reports = demonstrate(out, persons, seed, show)
    typer.echo(say("Ouvrez les rapports :", "Open the reports:"))
    for path in reports:
        typer.echo(f"  {path}")
