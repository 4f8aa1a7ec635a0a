"""`transat permit …`: make keys; draft, show, sign, verify, revoke and list permits."""

from __future__ import annotations

import json as json_
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from transat.cli.permit_screen import as_lines, shown
from transat.cli.say import command, group, say
from transat.cli.sites import lacking, named, one_each

if TYPE_CHECKING:
    from transat.studies.permits import Party

DAY = say("AAAA-MM-JJ", "YYYY-MM-DD")

PermitFile = Annotated[Path, typer.Argument(help=say("Permis (TOML).", "Permit (TOML)."))]
HolderKey = Annotated[
    Path, typer.Option(help=say("Clé privée du détenteur.", "The holder's private key."))
]
Studies = Annotated[
    Path,
    typer.Argument(
        help=say(
            "Dossier des permis du site ; holder.pub y est.",
            "The site's folder of permits; holder.pub is in it.",
        )
    ),
]
Json = Annotated[bool, typer.Option("--json", help=say("Réponse JSON.", "Answer in JSON."))]


Protocol = Annotated[
    Path | None,
    typer.Argument(
        help=say(
            "Protocole (YAML) ; sans lui, celui d'INuTERO.",
            "Protocol (YAML); without one, INuTERO's.",
        )
    ),
]
Coordinator = Annotated[
    Path,
    typer.Option(
        metavar="FILE.pub",
        help=say("Clé publique du coordonnateur.", "The coordinator's public key."),
    ),
]
Holders = Annotated[
    list[str],
    typer.Option(
        metavar="SITE=FILE.pub",
        help=say("Clé publique du détenteur d'un site.", "Public key of a site's holder."),
    ),
]
SiteKeys = Annotated[
    list[str],
    typer.Option(
        metavar="SITE=FILE.pub",
        help=say("Clé publique du site même.", "Public key of the site itself."),
    ),
]
Reviewers = Annotated[
    list[str] | None,
    typer.Option(
        metavar="SITE=FILE.pub",
        help=say(
            "Clé publique d'un examinateur ; deux au moins par site pour publier.",
            "Public key of a reviewer; two at least per site in order to publish.",
        ),
    ),
]
Cdms = Annotated[
    list[str] | None,
    typer.Option(
        metavar="SITE=CDM",
        help=say(
            "CDM auquel le permis est lié, là où on l'a ; dit aussi d'où il vient.",
            "CDM that the permit is bound to, where one has it; says where it is from too.",
        ),
    ),
]


def declare(app: typer.Typer) -> None:
    """Add the group of commands to the application."""
    permit = group(
        "Ce que les détenteurs permettent : un permis par étude, signé par tous.",
        "What the holders allow: one permit per study, signed by all.",
    )
    for name, fr, en, function in (
        ("new-key", "Fait une clé privée, et sa clé publique à côté (.pub).",
         "Make a private key, and its public key beside it (.pub).", new_key),
        ("draft", "Écrit le permis d'un protocole, que personne n'a encore signé.",
         "Write the permit of a protocol, which nobody has signed yet.", draft),
        ("show", "Dit en langue claire ce qu'un permis permet.",
         "Say in plain language what a permit allows.", show),
        ("sign", "Signe un permis pour les sites dont on est détenteur.",
         "Sign a permit for the sites that one holds.", sign),
        ("verify", "Vérifie les signatures et, si on le donne, le protocole.",
         "Verify the signatures and, if it is given, the protocol.", verify),
        ("revoke", "Retire un permis : le site ne répond plus aussitôt.",
         "Take a permit back: the site answers no more at once.", revoke),
        ("list", "Liste les permis d'un site et leur état.",
         "List the permits of a site and how they stand.", list_),
    ):  # fmt: skip
        command(permit, name, fr, en)(function)
    app.add_typer(permit, name="permit")


def new_key(
    path: Annotated[Path, typer.Argument(help=say("Fichier à écrire.", "File to write."))],
) -> None:
    """Write a new key and print its public half."""
    from transat.federation.keys import Key

    key = Key.new()
    key.write(path)
    typer.echo(key.public)


def draft(
    out: Annotated[Path, typer.Option(help=say("Permis à écrire.", "Permit to write."))],
    coordinator: Coordinator,
    holder: Holders,
    key: SiteKeys,
    ends: Annotated[
        datetime,
        typer.Option(
            formats=["%Y-%m-%d"],
            metavar=DAY,
            help=say("Premier jour sans permis.", "First day without it."),
        ),
    ],
    protocol: Protocol = None,
    starts: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            metavar=DAY,
            help=say("Premier jour ; sinon aujourd'hui (UTC).", "First day; else today (UTC)."),
        ),
    ] = None,
    reviewer: Reviewers = None,
    cdm: Cdms = None,
    step: Annotated[
        list[str] | None,
        typer.Option(
            metavar="STEP",
            help=say("Statistique permise ; sinon toutes.", "Statistic allowed; else all of them."),
        ),
    ] = None,
    rounds: Annotated[
        int, typer.Option(min=1, help=say("Questions par site, au plus.", "Questions per site."))
    ] = 20_000,
) -> None:
    """Write an unsigned permit; each holder then reads it and signs it."""
    from transat.federation import permit_file
    from transat.federation.keys import read_public
    from transat.federation.permit_folder import today
    from transat.federation.questions import STEPS
    from transat.studies.permits import draft as drafted
    from transat.studies.protocol import read

    made = drafted(
        read(protocol),
        _parties(holder, key, reviewer or [], cdm or []),
        read_public(coordinator),
        starts.date() if starts else today(),
        ends.date(),
        rounds,
        step or STEPS,
    )
    permit_file.write(made, out)
    typer.echo(say(f"permis à signer : {out}", f"permit to sign: {out}"))
    typer.echo(made.sha256())


def show(permit: PermitFile, json: Json = False) -> None:
    """Print what a permit allows, to whom, until when, and who has signed it."""
    from transat.federation.permit_file import read

    found = read(permit)
    typer.echo(json_.dumps(shown(found)) if json else "\n".join(as_lines(found)))


def sign(permit: PermitFile, key: HolderKey) -> None:
    """Sign: the file is written again with one signature more."""
    from transat.federation import keys, permit_file
    from transat.federation.permit import sign as signed

    found = signed(permit_file.read(permit), keys.read(key))
    permit_file.write(found, permit)
    lacking = found.unsigned()
    missing = ", ".join(lacking)
    if lacking:
        typer.echo(say(f"signé ; il manque : {missing}", f"signed; still lacking: {missing}"))
    else:
        typer.echo(say("signé par tous", "signed by all"))


def verify(
    permit: PermitFile,
    protocol: Annotated[
        Path | None,
        typer.Option(help=say("Protocole que le permis nomme.", "Protocol that it should name.")),
    ] = None,
) -> None:
    """Verify that all have signed, and that it is that protocol's permit."""
    from transat.federation.permit import verify as check
    from transat.federation.permit_file import read

    found = read(permit)
    check(found)
    if protocol is not None:
        from transat.studies.permits import require_for
        from transat.studies.protocol import read as read_protocol

        require_for(found, read_protocol(protocol))
    typer.echo(
        say(f"signé par tous : {', '.join(sorted(found.sites))}",
            f"signed by all: {', '.join(sorted(found.sites))}")
    )  # fmt: skip
    typer.echo(found.sha256())


def revoke(
    permit: PermitFile,
    key: HolderKey,
    studies: Annotated[
        Path, typer.Option(help=say("Dossier des permis du site.", "The site's folder of permits."))
    ],
    reason: Annotated[str, typer.Option(help=say("Pourquoi.", "Why."))],
) -> None:
    """Write the revocation, signed, beside the permits of the site."""
    from transat.federation import keys, permit_file
    from transat.federation.permit_revocations import revoke as take_back

    line = take_back(studies, permit_file.read(permit), keys.read(key), reason)
    typer.echo(say(f"révoqué : {line.permit}", f"revoked: {line.permit}"))


def list_(
    studies: Studies,
    site: Annotated[str, typer.Option(help=say("Nom du site.", "The site's name."))],
    json: Json = False,
) -> None:
    """Print one line per permit: how it stands, its project, its days, its name."""
    from transat.cli.permit_screen import listed
    from transat.federation.permit_folder import PermitFolder

    found = PermitFolder(studies, site).all()
    if json:
        typer.echo(json_.dumps([listed(one) for one in found]))
        return
    for one in found:
        said = listed(one)
        typer.echo("  ".join(str(said[name]) for name in ("file", "says", "project", "ends")))


def _parties(
    holder: list[str], key: list[str], reviewer: list[str], cdm: list[str]
) -> dict[str, Party]:
    """What the options say of each site. Raises ConfigError where one lacks a key."""
    from transat.engines.cdm import Cdm
    from transat.federation.keys import read_public
    from transat.federation.permit import Holding
    from transat.studies.permits import Party
    from transat.studies.run import holding

    holders, keys = one_each(holder, "--holder"), one_each(key, "--key")
    data, reviewers = one_each(cdm, "--cdm"), named(reviewer, "--reviewer")
    for site in sorted({*holders, *keys, *data, *(name for name, _ in reviewers)}):
        for option, given in (("--holder", holders), ("--key", keys)):
            if site not in given:
                raise lacking(option, site)
    return {
        site: Party(
            read_public(path),
            read_public(keys[site]),
            tuple(read_public(file) for name, file in reviewers if name == site),
            holding(Cdm(data[site])) if site in data else Holding(),
        )
        for site, path in holders.items()
    }
