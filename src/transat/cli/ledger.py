"""`transat ledger verify | purge`: is a site's register whole? what its journal need not keep."""

from __future__ import annotations

import json as json_
from pathlib import Path
from typing import Annotated, Any

import typer

from transat.cli.say import command, group, say


def declare(app: typer.Typer) -> None:
    """Add the group of commands to the application."""
    ledger = group("Le registre de ce qui est sorti d'un site.", "The ledger of what left a site.")
    for name, fr, en, function in (
        ("verify", "Vérifie la chaîne et les signatures.",
         "Verify the chain and the signatures.", verify),
        ("purge", "Efface du journal d'un site arrêté les réponses d'une étude finie.",
         "Delete the answers of an ended study from the journal of a stopped site.", purge),
    ):  # fmt: skip
        command(ledger, name, fr, en)(function)
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
    peer: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="LEDGER",
            help=say(
                "Registre d'un autre site : chacun contresigne l'autre à chaque tour.",
                "Another site's ledger: each counter-signs the other at every round.",
            )
        ),
    ] = None,
    permit: Annotated[
        Path | None,
        typer.Option(
            help=say(
                "Permis : tout ce qui est sorti pour son étude doit y être permis.",
                "Permit: all that left for its study must be allowed by it.",
            )
        ),
    ] = None,
    signatures: Annotated[
        bool,
        typer.Option(
            "--signatures",
            help=say(
                "Vérifie toutes les signatures, non un échantillon et la dernière.",
                "Check every signature, not a sample and the last.",
            ),
        ),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help=say("Réponse JSON.", "Answer in JSON."))]
    = False,
) -> None:  # fmt: skip
    """Verify the chain; print the number of entries, the head and what else was looked at."""
    from transat.federation import ledger_verify, permit_file

    entries, found = ledger_verify.verify(ledger, every=signatures)
    if head is not None:
        ledger_verify.holds(ledger, head)
    checked: dict[str, Any] = {
        "entries": entries,
        "head": found,
        "signatures": len(ledger_verify.looked_at(entries, signatures)),
    }
    if peer:
        checked["agreed"] = sum(ledger_verify.agree(ledger, other) for other in peer)
    if permit is not None:
        checked["under_permit"] = ledger_verify.under(ledger, permit_file.read(permit))
    if json:
        typer.echo(json_.dumps(checked))
        return
    for line in _sentences(checked):
        typer.echo(line)


def purge(
    ledger: Annotated[Path, typer.Argument(help=say("Fichier du registre.", "Ledger file."))],
    permit: Annotated[
        Path, typer.Option(help=say("Permis de l'étude finie.", "Permit of the ended study."))
    ],
) -> None:
    """Delete the bodies; the entries, and what the checks remember of them, stay."""
    from transat.federation import permit_file, site_journal

    study = permit_file.read(permit).study
    journal = ledger.with_name(f"{ledger.stem}.journal.jsonl")
    deleted = site_journal.purge(journal, ledger, study)
    typer.echo(say(f"réponses effacées : {deleted}", f"answers deleted: {deleted}"))


def _sentences(checked: dict[str, Any]) -> list[str]:
    """What was looked at, a line each; the head of the chain comes second."""
    entries, signed = checked["entries"], checked["signatures"]
    said = [
        say(f"{entries} sorties, chaîne intacte", f"{entries} releases, chain intact"),
        checked["head"],
        say(
            f"{signed} signatures vérifiées, dont la dernière",
            f"{signed} signatures checked, the last among them",
        ),
    ]
    if "agreed" in checked:
        n = checked["agreed"]
        said.append(
            say(
                f"{n} contresignatures, toutes d'accord",
                f"{n} counter-signatures, all in agreement",
            )
        )
    if "under_permit" in checked:
        n = checked["under_permit"]
        said.append(
            say(f"{n} sorties sous ce permis, toutes permises", f"{n} releases, all permitted")
        )
    return said
