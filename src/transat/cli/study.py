"""`transat study show | hash | run`: read a protocol, name it by its hashes, run it."""

from __future__ import annotations

import json as json_
from pathlib import Path
from typing import Annotated

import typer

from transat.cli.say import command, group, say
from transat.cli.sites import named_sites
from transat.core.languages import current

Protocol = Annotated[
    Path | None,
    typer.Argument(
        help=say(
            "Protocole (YAML) ; sans lui, celui d'INuTERO.",
            "Protocol (YAML); without one, INuTERO's.",
        )
    ),
]


def declare(app: typer.Typer) -> None:
    """Add the group of commands to the application."""
    study = group("Lire, nommer et exécuter un protocole.", "Read, name and run a protocol.")
    command(
        study,
        "show",
        "Montre le protocole en langue claire, pour un comité.",
        "Show the protocol in plain language, for a committee.",
    )(show)
    command(
        study,
        "hash",
        "Donne les deux noms SHA-256 du protocole : sa logique, le document entier.",
        "Give the protocol's two SHA-256 names: its logic, the whole document.",
    )(hash_)
    command(
        study,
        "run",
        "Exécute le protocole sur les CDM nommés et écrit le résultat commun.",
        "Run the protocol on the CDMs named and write the joint result.",
    )(run)
    command(
        study,
        "carry",
        "Écrit le protocole avec ses listes en un seul fichier, pour les sites.",
        "Write the protocol with its lists as one file, for the sites.",
    )(carry)
    command(
        study,
        "submit",
        "Soumet le protocole à un hub, attend la fin et rapporte le résultat.",
        "Submit the protocol to a hub, wait for the end and bring the result back.",
    )(submit)
    app.add_typer(study, name="study")


def show(protocol: Protocol = None) -> None:
    """Print the protocol as prose."""
    from transat.studies.prose import prose
    from transat.studies.protocol import read

    typer.echo(prose(read(protocol), current()))


def hash_(
    protocol: Protocol = None,
    json: Annotated[bool, typer.Option("--json", help=say("Réponse JSON.", "Answer in JSON."))] = (
        False
    ),
) -> None:
    """Print both hashes."""
    from transat.studies.hashes import hashes
    from transat.studies.protocol import read

    names = hashes(read(protocol))
    if json:
        typer.echo(json_.dumps({"logic": names.logic, "document": names.document}))
    else:
        typer.echo(f"{say('logique', 'logic')}   {names.logic}")
        typer.echo(f"{say('document', 'document')}  {names.document}")


def run(
    site: Annotated[
        list[str],
        typer.Option(
            help=say("nom=CDM ; une fois par site.", "name=CDM; once per site."),
            metavar="NAME=CDM",
        ),
    ],
    out: Annotated[Path, typer.Option(help=say("Dossier à écrire.", "Folder to write."))],
    protocol: Protocol = None,
    truth: Annotated[
        Path | None,
        typer.Option(
            help=say(
                "Dossier truth d'une population simulée : compte ce qui est retrouvé.",
                "The truth folder of a simulated population: count what is found.",
            )
        ),
    ] = None,
) -> None:
    """Run the study in one process, write its report, print where."""
    from transat.cli.joint import run_and_report
    from transat.cli.progress import progress

    sites = named_sites(site)
    with progress() as show:
        result, reports = run_and_report(protocol, sites, out, truth, show)
    for note in result.notes:
        typer.echo(note.in_(current()))
    for path in reports:
        typer.echo(path)


def carry(
    to: Annotated[Path, typer.Option(help=say("Fichier à écrire.", "File to write."))],
    protocol: Protocol = None,
) -> None:
    """Write the carried document; print the hash by which permits name it."""
    from transat.studies.carried import written
    from transat.studies.hashes import hashes
    from transat.studies.protocol import read

    found = read(protocol)
    to.write_bytes(written(found))
    typer.echo(hashes(found).logic)


def submit(
    permit: Annotated[
        Path, typer.Option(help=say("Permis signé par tous.", "Permit signed by all."))
    ],
    kit: Annotated[
        Path,
        typer.Option(help=say("Kit de client, fait au hub.", "A client's kit, made at the hub.")),
    ],
    out: Annotated[Path, typer.Option(help=say("Dossier à écrire.", "Folder to write."))],
    protocol: Protocol = None,
) -> None:
    """Submit, follow and fetch; killed and run again, it takes the study up where it is."""
    from transat.cli.network import require_flare, state

    require_flare()
    from transat.federation import permit_file
    from transat.federation.flare import client
    from transat.federation.flare.kit import read_kit
    from transat.reports.by_kind import write_report
    from transat.studies.carried import written
    from transat.studies.permits import require_for
    from transat.studies.protocol import read

    found, allowed = read(protocol), permit_file.read(permit)
    require_for(allowed, found)
    client.submit(
        read_kit(kit), written(found), permit_file.text(allowed).encode(), out,
        lambda said: typer.echo(state(said)),
    )  # fmt: skip
    for path in write_report(found.read_result(out / "result.json"), out):
        typer.echo(path)
