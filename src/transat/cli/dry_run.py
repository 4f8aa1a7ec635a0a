"""`transat site dry-run`: what a study would take out of a site, and what attacks would find."""

from __future__ import annotations

import json as json_
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from transat.cli.say import say

if TYPE_CHECKING:
    from transat.federation.dry_run import DryRun

SAYS = (
    "Répète une étude sur ce site seul : ce qui sortirait, et ce que des attaques trouveraient.",
    "Rehearse a study at this site alone: what would leave, and what attacks would find.",
)


def dry_run(
    protocol: Annotated[
        Path,
        typer.Argument(help=say("Protocole (YAML, ou document JSON reçu).",
                                "Protocol (YAML, or the JSON document received).")),
    ],
    cdm: Annotated[Path, typer.Option(help=say("CDM du site.", "The site's CDM."))],
    policy: Annotated[
        str,
        typer.Option(help=say("Règles du détenteur : snds, ramq…, ou son fichier.",
                              "The holder's rules: snds, ramq…, or its file.")),
    ],
    site: Annotated[
        str,
        typer.Option(help=say("Nom du site dans le protocole ; sinon celui de ces règles.",
                              "The site's name in the protocol; else that of these rules.")),
    ] = "",
    json: Annotated[bool, typer.Option("--json", help=say("Réponse JSON.", "Answer in JSON."))] = (
        False
    ),
) -> None:  # fmt: skip
    """Print what would leave; exit 1 where an attack recovered something."""
    from transat.studies.rehearsal import rehearsed

    found = rehearsed(protocol, cdm, policy, site)
    if json:
        typer.echo(json_.dumps(found.plain(), ensure_ascii=False, indent=2))
    else:
        _print(found)
    if found.recovered:
        raise typer.Exit(1)


def _print(found: DryRun) -> None:
    from transat.core.languages import current
    from transat.federation.limits import NOT_COVERED

    language = current()
    typer.echo(
        say(
            f"site {found.site}, règles {found.policy}, seuil {found.threshold}",
            f"site {found.site}, rules {found.policy}, threshold {found.threshold}",
        )
    )
    typer.echo(say("\nCe qui sortirait, par statistique", "\nWhat would leave, by statistic"))
    for step, told in found.leaves.items():
        typer.echo(
            say(
                f"  {step} : {told.questions} questions, {told.bytes} octets, {told.numbers} "
                f"nombres, {told.cells} cases montrées, {told.cells_masked} masquées",
                f"  {step}: {told.questions} questions, {told.bytes} bytes, {told.numbers} "
                f"numbers, {told.cells} cells shown, {told.cells_masked} masked",
            )
        )
        _print_refusals(told.refused, told.columns)
    if found.ended is not None:
        typer.echo(say("L'étude s'est arrêtée : ", "The study stopped: ")
                   + found.ended.in_(language))  # fmt: skip
    typer.echo(say("\nAttaques", "\nAttacks"))
    for tried in found.attacks:
        typer.echo(
            say(
                f"  {tried.said.fr} : {tried.questions} questions, {tried.cells} petits effectifs "
                f"et {tried.rows} lignes retrouvés",
                f"  {tried.said.en}: {tried.questions} questions, {tried.cells} small counts "
                f"and {tried.rows} rows recovered",
            )
        )
    if found.not_tried:
        names = ", ".join(found.not_tried)
        typer.echo(say(f"  sans objet ici : {names}", f"  nothing to ask here: {names}"))
    typer.echo(say("\nCe qu'aucune règle ne couvre", "\nWhat no rule covers"))
    for text in NOT_COVERED:
        typer.echo(f"  {text.in_(language)}")


def _print_refusals(refused: dict[str, int], columns: dict[str, int]) -> None:
    if refused:
        said = ", ".join(f"{code} {times}" for code, times in sorted(refused.items()))
        typer.echo(say(f"    refus : {said}", f"    refusals: {said}"))
    if columns:
        named = ", ".join(f"{name} {times}" for name, times in sorted(columns.items()))
        typer.echo(say(f"    colonnes nommées : {named}", f"    columns named: {named}"))
