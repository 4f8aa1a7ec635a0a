"""`transat coverage`: how much of each CDM is mapped, by records and by persons, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from transat.cli.say import command, say
from transat.cli.sites import named_sites
from transat.core.languages import Text


def declare(app: typer.Typer) -> None:
    """Add the command to the application."""
    command(
        app,
        "coverage",
        "Couverture des codes de chaque CDM, par lignes et par personnes, côte à côte.",
        "Mapping coverage of each CDM, by records and by persons, side by side.",
    )(coverage)


def coverage(
    site: Annotated[
        list[str],
        typer.Option(
            help=say("nom=CDM ; une fois par site.", "name=CDM; once per site."),
            metavar="NAME=CDM",
        ),
    ],
    out: Annotated[Path, typer.Option(help=say("Dossier à écrire.", "Folder to write."))],
) -> None:
    """Measure each CDM, write the pages and the tables, print where."""
    from transat.cli.progress import progress
    from transat.engines.cdm import Cdm
    from transat.quality.examined import examined
    from transat.quality.mapping_coverage import coverage as measure
    from transat.reports.coverage_page import write_coverage

    found = {}
    with progress() as show:
        sites = named_sites(site)
        for place, (name, path) in enumerate(sites.items()):
            show(place, len(sites), Text(f"couverture, {name}", f"coverage, {name}"))
            with examined(Cdm(path)) as cdm:
                found[name] = measure(cdm)
    for page in write_coverage(found, out):
        typer.echo(page)
