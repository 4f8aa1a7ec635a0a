"""`transat site new-kit | run | status | dry-run`: a site of a network, and what it starts from."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Annotated

import typer

from transat.cli import dry_run
from transat.cli.say import command, group, say

if TYPE_CHECKING:
    from transat.federation.site import Site

Kit = Annotated[Path, typer.Argument(help=say("Dossier du kit.", "The kit's folder."))]


def declare(app: typer.Typer) -> None:
    """Add the group of commands to the application."""
    site = group("Un site d'un réseau, et son kit.", "A site of a network, and its kit.")
    for name, fr, en, function in (
        ("new-kit", "Fait, au hub, le kit d'un site ou d'un client ; le premier fait aussi le hub.",
         "Make, at the hub, the kit of a site or a client; the first makes the hub too.", new_kit),
        ("run", "Se connecte au hub et répond sous permis, jusqu'à SIGTERM.",
         "Connect to the hub and answer under permits, until SIGTERM.", run),
        ("status", "Dit si le site est connecté.", "Say whether the site is connected.", status),
    ):  # fmt: skip
        command(site, name, fr, en)(function)
    command(site, "dry-run", *dry_run.SAYS)(dry_run.dry_run)
    app.add_typer(site, name="site")


def new_kit(
    name: Annotated[str, typer.Argument(help=say("Nom du site.", "The site's name."))],
    hub: Annotated[Path, typer.Option(help=say("Dossier du hub.", "The hub's folder."))],
    to: Annotated[
        Path | None,
        typer.Option(help=say("Dossier à écrire ; sinon NAME.", "Folder to write; else NAME.")),
    ] = None,
    address: Annotated[
        str,
        typer.Option(
            metavar="HOST:PORT",
            help=say(
                "Où les sites trouvent le hub ; lu au premier kit seulement.",
                "Where sites find the hub; read at the first kit only.",
            ),
        ),
    ] = "localhost:8443",
    scheme: Annotated[
        str,
        typer.Option(
            help=say(
                "transat (TCP) ou grpc ; lu au premier kit seulement.",
                "transat (TCP) or grpc; read at the first kit only.",
            )
        ),
    ] = "transat",
    client: Annotated[
        bool,
        typer.Option(
            "--client",
            help=say("Pour qui soumet des études.", "For somebody who submits studies."),
        ),
    ] = False,
) -> None:
    """Make a kit to be carried to its site; it holds a private key."""
    from transat.federation.flare import kit

    made_hub = not (hub / "hub.toml").exists()
    at = kit.new_hub(hub, address, scheme) if made_hub else kit.read_hub(hub)
    made = kit.new_kit(at, name, "client" if client else "site", to or Path(name))
    if made_hub:
        typer.echo(say(f"hub : {hub}, {at.address}", f"hub: {hub}, {at.address}"))
        typer.echo(say(f"clé du coordonnateur : {at.key.public}",
                       f"coordinator's key: {at.key.public}"))  # fmt: skip
    typer.echo(
        say(
            f"kit : {made.folder}. Portez-le à « {name} » comme un mot de passe.",
            f'kit: {made.folder}. Carry it to "{name}" as you would a password.',
        )
    )


def run(
    folder: Kit,
    cdm: Annotated[Path, typer.Option(help=say("CDM du site.", "The site's CDM."))],
    policy: Annotated[
        str,
        typer.Option(
            help=say("Règles du détenteur : snds, ramq…", "The holder's rules: snds, ramq…")
        ),
    ],
    studies: Annotated[
        Path | None,
        typer.Option(
            help=say(
                "Dossier des permis et des protocoles ; sinon studies dans le kit.",
                "Folder of permits and protocols; else studies in the kit.",
            )
        ),
    ] = None,
) -> None:
    """Serve until SIGTERM; the public key of the site's signatures is printed first."""
    from transat.cli.network import require_flare

    require_flare()
    from transat.federation.flare import kit, site
    from transat.studies.at_site import open_site

    found = kit.read_kit(folder)
    key, place = found.signing_key(), studies or found.folder / "studies"
    place.mkdir(parents=True, exist_ok=True)
    typer.echo(say(f"site : {found.name}, hub {found.address}",
                   f"site: {found.name}, hub {found.address}"))  # fmt: skip
    typer.echo(say(f"clé du site : {key.public}", f"site's key: {key.public}"))

    lock = Lock()

    @cache
    def once() -> Site:
        return open_site(found.name, key, found.folder / "site", policy, cdm, place)

    def opened() -> Site:
        with lock:
            return once()

    if not (place / "holder.pub").exists():  # in the network, and silent until it is there
        typer.echo(say(f"aucune question ne sera traitée sans {place / 'holder.pub'}",
                       f"no question is dealt with without {place / 'holder.pub'}"))  # fmt: skip
        site.run(found, lambda question: opened().answer(question))
    else:
        site.run(found, lambda question: opened().answer(question), opened)


def status(
    folder: Kit,
    json: Annotated[bool, typer.Option("--json", help=say("Réponse JSON.", "Answer in JSON."))] = (
        False
    ),
) -> None:
    """Print what the process that serves this kit said last."""
    from transat.cli.network import show

    show(folder, json)
