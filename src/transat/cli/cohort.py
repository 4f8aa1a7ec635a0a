"""`transat cohort`: run definitions on a CDM, show them, check them, compare what they give."""

from __future__ import annotations

import json as json_
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from transat.cli import cohort_tables, cohort_texts
from transat.cli.cohort_texts import DefinitionFile
from transat.cli.say import command, group, say
from transat.core.languages import current

if TYPE_CHECKING:
    from transat.cohorts.definitions import Batch
    from transat.cohorts.generation import Generated

CdmFolder = Annotated[Path, typer.Option(help=say("Dossier du CDM.", "Folder of the CDM."))]


def declare(app: typer.Typer) -> None:
    """Add the group of commands to the application."""
    cohort = group(
        "Cohortes : « transat cohort DEFINITION --cdm CDM » exécute (c'est run) ; les autres "
        "commandes montrent, vérifient, comparent.",
        'Cohorts: "transat cohort DEFINITION --cdm CDM" runs (it is run); the other commands '
        "show, check, compare.",
        defaults=True,
    )
    command(
        cohort,
        "run",
        "Exécute une ou plusieurs définitions sur un CDM.",
        "Run one or more definitions on a CDM.",
    )(run)
    command(
        cohort,
        "analyse",
        "Écrit la table d'analyse de chaque analyse d'une étude (YAML).",
        "Write the analysis table of each analysis of a study (YAML).",
    )(analyse)
    cohort_texts.declare(cohort)
    cohort_tables.declare(cohort)
    app.add_typer(cohort, name="cohort")


Engine = Annotated[
    str,
    typer.Option(
        metavar="columns|duckdb|spark|reference",
        help=say(
            "Qui calcule ; tous donnent les mêmes lignes.",
            "Who computes; all give the same rows.",
        ),
    ),
]


def run(
    definition: DefinitionFile,
    cdm: CdmFolder,
    out: Annotated[
        Path | None,
        typer.Option(
            help=say(
                "Dossier à écrire (cohort.parquet, attrition.parquet) ; il reste sur le site.",
                "Folder to write (cohort.parquet, attrition.parquet); it stays on the site.",
            )
        ),
    ] = None,
    engine: Engine = "columns",
    sql: Annotated[
        Path | None,
        typer.Option(
            metavar=say("FICHIER", "FILE"),
            help=say(
                "Écrit le SQL que duckdb exécute, pour relecture.",
                "Write the SQL that duckdb runs, for a reviewer.",
            ),
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help=say("Réponse JSON.", "Answer in JSON."))] = (
        False
    ),
) -> None:
    """Run, write what was asked for, print what each definition found."""
    from transat.cohorts.definitions import read
    from transat.cohorts.generation import engine_named, generate
    from transat.engines.cdm import Cdm
    from transat.engines.cdm_check import check

    batch = read(definition)
    found = [f for f in cohort_texts.findings(batch) if f.level == "error" or batch.studies]
    for finding in found:
        typer.echo(finding.message(current()), err=True)
    if batch.studies:
        cohort_texts.refuse_errors(found, str(definition))
    database = Cdm(cdm)
    check(database)
    if sql is not None:
        _write_sql(sql, batch)
    made = generate(database, batch, engine_named(engine), out)
    if json:
        typer.echo(json_.dumps(_answer(batch, made), ensure_ascii=False, indent=2))
    else:
        _print(batch, made, out)
    _refuse(batch)


def _print(batch: Batch, made: Generated, out: Path | None) -> None:
    from transat.reports.cohort_screen import screen

    for line in screen(batch, made, current()):
        typer.echo(line)
    if out is not None:
        typer.echo(out)


def _answer(batch: Batch, made: Generated) -> dict[str, object]:
    from transat.reports.cohort_screen import answer

    return answer(batch, made)


def _write_sql(path: Path, batch: Batch) -> None:
    from transat.cohorts.query.sql.executor import text
    from transat.reports.files import refuse_another_kind, write_beside

    refuse_another_kind(path, ".sql")
    typer.echo(write_beside(path, text(batch.definitions)))


def _refuse(batch: Batch) -> None:
    """Name every definition refused in a folder, then raise StudyError when there is one."""
    from transat.core.errors import StudyError
    from transat.core.languages import Text

    if not batch.refused:
        return
    for error in batch.refused:
        typer.echo(error.message(current()), err=True)
    many = len(batch.refused)
    raise StudyError(
        Text(
            f"{many} définition(s) refusée(s), nommée(s) ci-dessus ; les autres sont faites.",
            f"{many} definition(s) refused, named above; the others are done.",
        ),
        ", ".join(error.where for error in batch.refused[:5]) + (" …" if many > 5 else ""),
        Text("Corrigez-les, ou ôtez-les du dossier.", "Correct them, or take them out."),
    )


def analyse(
    study: DefinitionFile,
    cdm: CdmFolder,
    out: Annotated[
        Path,
        typer.Option(
            help=say(
                "Dossier à écrire (une table Parquet par analyse) ; il reste sur le site.",
                "Folder to write (a Parquet table for each analysis); it stays on the site.",
            )
        ),
    ],
    engine: Engine = "columns",
) -> None:
    """Write ANALYSIS.parquet for each analysis, one row per period of its cohort."""
    from transat.cohorts.definitions import read
    from transat.cohorts.generation import analyse as tables
    from transat.cohorts.generation import engine_named
    from transat.engines.cdm import Cdm
    from transat.engines.cdm_check import check

    batch = read(study)
    cohort_texts.refuse_errors(cohort_texts.findings(batch), str(study))
    database = Cdm(cdm)
    check(database)
    for path in tables(database, batch, engine_named(engine), out):
        typer.echo(path)
