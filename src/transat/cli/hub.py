"""`transat hub run | status | withdraw`: the coordinator of a network of sites."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from transat.cli.say import command, group, say

Folder = Annotated[Path, typer.Argument(help=say("Dossier du hub.", "The hub's folder."))]


def declare(app: typer.Typer) -> None:
    """Add the group of commands to the application."""
    hub = group("Le coordonnateur d'un réseau de sites.", "The coordinator of a network of sites.")
    for name, fr, en, function in (
        ("run", "Écoute les sites et conduit les études soumises, jusqu'à SIGTERM.",
         "Listen to sites and conduct the studies submitted, until SIGTERM.", run),
        ("status", "Dit qui est connecté et où en sont les études.",
         "Say who is connected and how the studies are.", status),
        ("withdraw", "Retire un kit : plus rien de lui n'est regardé.",
         "Withdraw a kit: nothing of it is looked at any more.", withdraw),
    ):  # fmt: skip
        command(hub, name, fr, en)(function)
    app.add_typer(hub, name="hub")


def run(folder: Folder) -> None:
    """Serve until SIGTERM; where it listens and its public key are printed first."""
    from transat.cli.network import require_flare

    require_flare()
    from transat.federation.flare import hub, kit
    from transat.studies.over_network import conduct_submitted

    found = kit.read_hub(folder)
    port = found.address.rpartition(":")[2]
    typer.echo(say(f"hub : port {port}", f"hub: port {port}"))
    typer.echo(say(f"clé du coordonnateur : {found.key.public}",
                   f"coordinator's key: {found.key.public}"))  # fmt: skip
    key = found.key
    hub.run(
        found,
        lambda protocol, permit, transport, place: conduct_submitted(
            protocol, permit, transport, place, key
        ),
    )


def status(
    folder: Folder,
    json: Annotated[bool, typer.Option("--json", help=say("Réponse JSON.", "Answer in JSON."))] = (
        False
    ),
) -> None:
    """Print what the hub that serves this folder said last."""
    from transat.cli.network import show

    show(folder, json)


def withdraw(
    folder: Folder,
    name: Annotated[str, typer.Argument(help=say("Nom du kit.", "The kit's name."))],
) -> None:
    """Withdraw a kit; its name does not come back."""
    from transat.federation.flare import kit

    kit.withdraw(kit.read_hub(folder), name)
    typer.echo(say(f"{name} : retiré", f"{name}: withdrawn"))
