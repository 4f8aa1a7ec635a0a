"""`transat bundle make | verify`: a finished study in one file that anyone can verify offline."""

from __future__ import annotations

import json as json_
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from transat.cli.say import command, group, say

if TYPE_CHECKING:
    from transat.federation.bundle_verify import Checked, SiteChecked


def declare(app: typer.Typer) -> None:
    """Add the group of commands to the application."""
    bundle = group(
        "Une étude finie en un fichier, vérifiable sans réseau.",
        "A finished study in one file, verified without a network.",
    )
    for name, fr, en, function in (
        ("make", "Réunit protocole, permis, registres, réponses et résultat.",
         "Bring together protocol, permit, ledgers, answers and result.", make),
        ("verify", "Vérifie que tout va ensemble, et qui a signé quoi.",
         "Verify that all belongs together, and who signed what.", verify),
    ):  # fmt: skip
        command(bundle, name, fr, en)(function)
    app.add_typer(bundle, name="bundle")


def make(
    study: Annotated[
        Path, typer.Argument(help=say("Dossier d'une étude finie.", "Folder of a finished study."))
    ],
    to: Annotated[Path, typer.Option(help=say("Fichier à écrire.", "File to write."))],
    ledger: Annotated[
        list[str] | None,
        typer.Option(
            metavar=say("SITE=REGISTRE", "SITE=LEDGER"),
            help=say(
                "Registre envoyé par un détenteur, un par site.",
                "Ledger sent by a holder, one per site.",
            ),
        ),
    ] = None,
    journal: Annotated[
        Path | None, typer.Option(help=say("Journal du coordonnateur.", "Coordinator's journal."))
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option(
            help=say("Clé du coordonnateur, pour signer.", "Coordinator's key, to sign with.")
        ),
    ] = None,
) -> None:
    """Write the bundle."""
    from transat.cli.sites import named_sites
    from transat.federation import bundle
    from transat.federation.keys import read

    bundle.make(study, to, named_sites(ledger or []), journal, read(key) if key else None)
    typer.echo(to)


def verify(
    bundle: Annotated[Path, typer.Argument(help=say("Fichier de l'ensemble.", "Bundle file."))],
    json: Annotated[bool, typer.Option("--json", help=say("Réponse JSON.", "Answer in JSON."))] = (
        False
    ),
) -> None:
    """Verify the bundle; print what left each site, and what is not there to be verified."""
    from transat.federation.bundle_verify import verify as check
    from transat.studies.hashes import document_sha256, logic_sha256

    def names(protocol: Any) -> tuple[str, str]:
        return logic_sha256(protocol), document_sha256(protocol)

    found = check(bundle, names)
    if json:
        typer.echo(json_.dumps(asdict(found), ensure_ascii=False))
        return
    for line in _sentences(found):
        typer.echo(line)


def _sentences(found: Checked) -> list[str]:
    colon = say(" : ", ": ")
    said = [
        say(f"{found.project} : tout va ensemble", f"{found.project}: all belongs together"),
        say(f"permis : {found.permit}", f"permit: {found.permit}"),
        *(f"{site.site}{colon}{_site(site)}" for site in found.sites),
        say(
            f"contresignatures d'accord : {found.agreed} ; "
            f"réponses retrouvées dans les registres : {found.answers}",
            f"counter-signatures in agreement: {found.agreed}; "
            f"answers found in the ledgers: {found.answers}",
        ),
    ]
    if not found.signed:
        said.append(
            say(
                "le coordonnateur n'a pas signé cet ensemble : le résultat n'est tenu que par les "
                "registres qu'il nomme",
                "the coordinator did not sign this bundle: the result rests on the ledgers that it "
                "names",
            )
        )
    return said


def _site(site: SiteChecked) -> str:
    if not site.entries:
        return say(
            "registre absent, ses réponses signées font foi", "no ledger; its signed answers stand"
        )
    return say(
        f"{site.releases} sorties, {site.bytes} octets, registre de {site.entries} lignes",
        f"{site.releases} releases, {site.bytes} bytes, ledger of {site.entries} lines",
    )
