"""`transat ledger verify`: has anything in this ledger been changed, added or removed?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from transat.cli.say import command, group, say


def declare(app: typer.Typer) -> None:
    """Add the group of commands to the application."""
    ledger = group("Le registre de ce qui est sorti d'un site.", "The ledger of what left a site.")
    command(ledger, "verify", "Vérifie la chaîne.", "Verify the chain.")(verify)
    # A callback keeps `verify` a subcommand while it is the only one.
    ledger.callback()(lambda: None)
    app.add_typer(ledger, name="ledger")


def verify(
    ledger: Annotated[Path, typer.Argument(help=say("Fichier du registre.", "Ledger file."))],
    head: Annotated[
        str | None,
        typer.Option(
            metavar="SHA256",
            help=say(
                "Tête attendue (ledger_head du résultat) : une coupe à la fin se voit alors.",
                "Head expected (the result's ledger_head): a cut at the end then shows.",
            ),
        ),
    ] = None,
) -> None:
    """Verify the chain and print the number of entries and the head."""
    from transat.federation.ledger_verify import holds
    from transat.federation.ledger_verify import verify as check

    entries, found = check(ledger)
    if head is not None:
        holds(ledger, head)
    typer.echo(say(f"{entries} sorties, chaîne intacte", f"{entries} releases, chain intact"))
    typer.echo(found)
