"""`transat cohort show | check | schema | export | diff`: definitions read, without any data."""

from __future__ import annotations

import json as json_
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from transat.cli.say import command, say
from transat.core.languages import current

if TYPE_CHECKING:
    import pyarrow as pa

    from transat.cohorts.definitions import Batch
    from transat.cohorts.language.checks import Finding

DefinitionFile = Annotated[
    Path,
    typer.Argument(
        metavar="DEFINITION",
        help=say(
            "Cohorte Transat (YAML), définition OHDSI (JSON), dossier ou zip de définitions.",
            "Transat cohort (YAML), OHDSI definition (JSON), folder or zip of definitions.",
        ),
    ),
]
Json = Annotated[bool, typer.Option("--json", help=say("Réponse JSON.", "Answer in JSON."))]


def declare(cohort: typer.Typer) -> None:
    """Add the commands to the group `cohort`."""
    command(
        cohort,
        "show",
        "Dit une définition en langue claire, pour un comité.",
        "Say a definition in plain language, for a committee.",
    )(show)
    command(
        cohort,
        "check",
        "Vérifie une définition avant toute donnée : anticipation, temps immortel, codes, règles.",
        "Check a definition before any data: look-ahead, immortal time, codes, rules.",
    )(check)
    command(
        cohort,
        "schema",
        "Donne le schéma JSON du langage, pour un éditeur.",
        "Give the JSON schema of the language, for an editor.",
    )(schema)
    command(
        cohort,
        "examples",
        "Copie les études d'exemple, avec leurs listes de codes, pour partir d'elles.",
        "Copy the example studies, with their code lists, to start from them.",
    )(examples)
    command(
        cohort,
        "export",
        "Écrit une cohorte comme définition OHDSI (Circe JSON).",
        "Write a cohort as an OHDSI definition (Circe JSON).",
    )(export)
    command(
        cohort,
        "diff",
        "Compare deux définitions, ou deux dossiers de cohortes.",
        "Compare two definitions, or two folders of cohorts.",
    )(diff)


def show(
    definition: DefinitionFile,
    cohorts: Annotated[
        Path | None,
        typer.Option(
            help=say(
                "Dossier écrit par « transat cohort » : l'attrition à côté de chaque règle.",
                'Folder that "transat cohort" wrote: the attrition beside each rule.',
            )
        ),
    ] = None,
) -> None:
    """Print the prose of every definition."""
    from transat.cohorts.definitions import read
    from transat.cohorts.generation import attrition_of
    from transat.cohorts.language.prose import prose

    batch = read(definition)
    for error in batch.refused:
        raise error
    attrition = None if cohorts is None else attrition_of(cohorts)
    for study in batch.studies:
        typer.echo(prose(study, current(), _renumbered(batch, study.file, attrition)))
    for source in batch.sources:
        if source.study is None:
            number = source.definition.cohort_definition_id
            own = None if attrition is None else _of(attrition, [number])
            named = replace(source.definition.cohort, name=source.title)
            typer.echo(prose(named, current(), own))


def _of(attrition: pa.Table, numbers: list[int]) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    return attrition.filter(pc.is_in(attrition["cohort_definition_id"], pa.array(numbers)))


def _renumbered(batch: Batch, file: str, attrition: pa.Table | None) -> pa.Table | None:
    """The attrition of one study, its cohorts numbered from 1 as the study numbers them."""
    if attrition is None:
        return None
    import pyarrow as pa

    own = [s.definition.cohort_definition_id for s in batch.sources
           if s.study is not None and s.study.file == file]  # fmt: skip
    kept = _of(attrition, own)
    place = {number: n for n, number in enumerate(own, 1)}
    numbers = [place[n] for n in kept["cohort_definition_id"].to_pylist()]
    return kept.set_column(0, "cohort_definition_id", pa.array(numbers, pa.int64()))


def check(definition: DefinitionFile, json: Json = False) -> None:
    """Print the findings; exit 10 when one is an error."""
    from transat.cohorts.definitions import read

    batch = read(definition)
    for error in batch.refused:
        raise error
    found = [*findings(batch), *_remarks(definition)]
    if json:
        typer.echo(json_.dumps([_plain(f) for f in found], ensure_ascii=False, indent=2))
    else:
        for finding in found:
            sign = "✗" if finding.level == "error" else "!"
            typer.echo(f"{sign} {finding.message(current())}")
        if not found:
            typer.echo(say("Rien à signaler.", "Nothing to report."))
    refuse_errors(found, str(definition))


def _remarks(definition: Path) -> list[Finding]:
    """What a reader of the OHDSI definitions there would not expect of them."""
    from transat.cohorts.circe.remarks import remarks
    from transat.cohorts.definitions import circe_texts

    return [one for name, text in circe_texts(definition) for one in remarks(text, name)]


def findings(batch: Batch) -> list[Finding]:
    """What the static checks say of every definition of a batch."""
    from transat.cohorts.language.checks import check, check_cohort

    found = [finding for study in batch.studies for finding in check(study)]
    for source in batch.sources:
        if source.study is None:
            found += check_cohort(source.definition.cohort, source.name)
    return sorted(found, key=lambda finding: finding.level != "error")


def refuse_errors(found: list[Finding], where: str) -> None:
    """Raise StudyError when a finding is an error."""
    from transat.core.errors import StudyError
    from transat.core.languages import Text

    errors = sum(finding.level == "error" for finding in found)
    if errors:
        raise StudyError(
            Text(f"erreurs dans la définition : {errors}.", f"errors in the definition: {errors}."),
            where,
            Text("Corrigez ce qui est marqué ✗.", "Correct what is marked ✗."),
        )


def _plain(finding: Finding) -> dict[str, object]:
    return {
        "level": finding.level,
        "kind": finding.kind,
        "where": finding.where,
        "text": {"fr": finding.text.fr, "en": finding.text.en},
        "next_step": {"fr": finding.next_step.fr, "en": finding.next_step.en},
    }


def schema() -> None:
    """Print the JSON schema."""
    from transat.cohorts.language.schema import text

    typer.echo(text(), nl=False)


def examples(
    out: Annotated[Path, typer.Argument(help=say("Dossier à écrire.", "Folder to write."))],
) -> None:
    """Copy them into a folder that does not hold such files yet."""
    from transat.cohorts.language.examples import copy

    for path in copy(out):
        typer.echo(path)


def export(
    definition: DefinitionFile,
    out: Annotated[
        Path | None,
        typer.Option(
            help=say(
                "Dossier où écrire ID.json ; sans lui, la définition est imprimée.",
                "Folder to write ID.json in; without it, the definition is printed.",
            )
        ),
    ] = None,
) -> None:
    """Write or print each definition as OHDSI's JSON."""
    from transat.cohorts.circe import write
    from transat.cohorts.definitions import read
    from transat.reports.files import write_beside

    batch = read(definition)
    for error in batch.refused:
        raise error
    for source in batch.sources:
        text = write(source.definition.cohort, source.name, current())
        if out is None:
            typer.echo(text, nl=False)
        else:
            out.mkdir(parents=True, exist_ok=True)
            typer.echo(write_beside(out / f"{source.definition.cohort_definition_id}.json", text))


def diff(
    a: Annotated[Path, typer.Argument(help=say("Avant.", "Before."))],
    b: Annotated[Path, typer.Argument(help=say("Après.", "After."))],
    json: Json = False,
) -> None:
    """Print what changed from A to B."""
    from transat.cohorts.inspect.diff import diff as compare

    found = compare(a, b)
    if json:
        typer.echo(json_.dumps(found.as_dict(), ensure_ascii=False, indent=2))
    else:
        typer.echo(found.text.in_(current()), nl=False)
