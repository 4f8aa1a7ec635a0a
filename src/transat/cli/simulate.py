"""`transat simulate`: a virtual population, written as two native extracts and a truth."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from transat.cli.say import command, say


class Format(StrEnum):
    """How the native files are written."""

    csv = "csv"
    parquet = "parquet"


class Effects(StrEnum):
    """Which drug effects are planted."""

    published = "published"
    none = "none"


def declare(app: typer.Typer) -> None:
    """Add the command to the application."""
    command(
        app,
        "simulate",
        "Écrit une population virtuelle : DIR/france, DIR/quebec et la vérité dans DIR/truth.",
        "Write a virtual population: DIR/france, DIR/quebec and the truth in DIR/truth.",
    )(simulate)


def simulate(
    out: Annotated[Path, typer.Option(help=say("Dossier à écrire.", "Folder to write."))],
    persons: Annotated[
        int,
        typer.Option(
            min=1,
            help=say(
                "Nombre de femmes par rive ; leurs enfants s'y ajoutent.",
                "Number of women on each shore; their children come on top.",
            ),
        ),
    ] = 20_000,
    seed: Annotated[int, typer.Option(min=0, help=say("Graine.", "Seed."))] = 1,
    same_people: Annotated[
        bool,
        typer.Option(
            "--same-people",
            help=say(
                "Écrit les mêmes personnes sur les deux rives.",
                "Write the same people on both shores.",
            ),
        ),
    ] = False,
    file_format: Annotated[
        Format, typer.Option("--format", help=say("Format des fichiers.", "File format."))
    ] = Format.csv,
    effects: Annotated[
        Effects,
        typer.Option(
            help=say(
                "Effets plantés : ceux qui sont publiés, ou aucun.",
                "Effects planted: the published ones, or none.",
            )
        ),
    ] = Effects.published,
    exposure_multiplier: Annotated[
        float,
        typer.Option(
            min=0.0,
            help=say(
                "Multiplie la fréquence des médicaments étudiés.",
                "Multiply how often the studied medicines are taken.",
            ),
        ),
    ] = 1.0,
    elders: Annotated[
        int,
        typer.Option(
            min=0,
            help=say(
                "Nombre de personnes âgées par rive, dont la moitié a une sténose aortique.",
                "Number of older people on each shore, half of them with aortic stenosis.",
            ),
        ),
    ] = 0,
) -> None:
    """Parse, call the simulator, say where the files are."""
    from transat.cli.progress import progress
    from transat.simulate.design import Design
    from transat.simulate.simulate import simulate as write_population

    design = Design(
        seed=seed,
        persons=persons,
        same_people=same_people,
        effects=effects.value,
        exposure_multiplier=exposure_multiplier,
        file_format=file_format.value,
        elders=elders,
    )
    with progress() as show:
        write_population(design, out, show)
    for folder in ("france", "quebec", "truth"):
        typer.echo(out / folder)
