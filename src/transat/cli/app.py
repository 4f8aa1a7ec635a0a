"""The commands, declared; each one's work is imported only when it runs."""

from __future__ import annotations

from typing import Annotated

import typer

from transat import __version__
from transat.cli import (
    bench,
    bundle,
    check,
    cohort,
    courier,
    coverage,
    demo,
    harmonise,
    hub,
    ledger,
    permit,
    review,
    simulate,
    site,
    study,
)
from transat.cli.say import group, say

app = group(
    "Des extraits natifs du SNDS et du Québec à un résultat commun, sans qu'une ligne de patient "
    "traverse l'océan. --lang fr|en choisit la langue.",
    "From native SNDS and Québec extracts to one joint result, and no patient row crosses the "
    "ocean. --lang fr|en chooses the language.",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def transat(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_version,
            is_eager=True,
            help=say("Affiche la version.", "Show the version."),
        ),
    ] = False,
) -> None:
    """Options common to all commands."""


demo.declare(app)
simulate.declare(app)
harmonise.declare(app)
check.declare(app)
coverage.declare(app)
cohort.declare(app)
study.declare(app)
hub.declare(app)
site.declare(app)
permit.declare(app)
ledger.declare(app)
bundle.declare(app)
courier.declare(app)
review.declare(app)
bench.declare(app)
