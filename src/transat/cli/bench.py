"""`transat bench NAME`: rows per second and peak memory, on a machine that is described."""

from __future__ import annotations

import json as json_
from pathlib import Path
from typing import Annotated

import typer

from transat.cli.say import command, group, say

Json = Annotated[bool, typer.Option("--json", help=say("Réponse JSON.", "Answer in JSON."))]


def declare(app: typer.Typer) -> None:
    """Add the group of commands to the application."""
    bench = group(
        "Mesures : lignes par seconde et mémoire, avec la machine décrite.",
        "Measures: rows per second and memory, with the machine described.",
    )
    command(
        bench,
        "scan",
        "Toutes les paires médicament et malformation : Mantel-Haenszel sur un site simulé.",
        "All medicine and malformation pairs: Mantel-Haenszel on one simulated site.",
    )(scan)
    command(
        bench,
        "harmonise",
        "Extraits natifs simulés vers OMOP, à côté de la simple lecture des mêmes fichiers.",
        "Simulated native extracts to OMOP, beside the mere reading of the same files.",
    )(harmonise)
    command(
        bench,
        "cohorts",
        "Des définitions de cohortes, toutes ensemble, sur un CDM multiplié.",
        "Cohort definitions, all together, on a CDM multiplied.",
    )(cohorts)
    command(
        bench,
        "eras",
        "Ères de médicaments en une passe, à côté de la lecture seule et du SQL.",
        "Drug eras in one pass, beside mere decoding and SQL.",
    )(eras)
    command(
        bench,
        "covariates",
        "Covariables d'un an et expositions du premier trimestre, à côté de la lecture et du SQL.",
        "One-year covariates and first-trimester exposures, beside decoding and SQL.",
    )(covariates)
    command(
        bench,
        "federation",
        "Tours d'un réseau de deux sites réels ; régressions, à côté des lignes réunies.",
        "Rounds of a network of two real sites; regressions, beside the pooled rows.",
    )(federation)
    command(
        bench,
        "cox",
        "Régression de Cox et indice C, à côté d'autres outils sur les mêmes tableaux ; tours et "
        "octets.",
        "Cox regression and C index, beside other tools on the same arrays; rounds and bytes.",
    )(cox)
    command(
        bench,
        "boosting",
        "Risques instantanés par arbres, sur deux sites, à côté de scikit-learn sur les lignes "
        "réunies.",
        "Hazards by boosted trees over two sites, beside scikit-learn on the pooled rows.",
    )(boosting)
    app.add_typer(bench, name="bench")


def scan(
    births: Annotated[int, typer.Option(min=1000, help=say("Naissances.", "Births."))] = 1_000_000,
    exposures: Annotated[int, typer.Option(min=1, help=say("Médicaments.", "Medicines."))] = 1_000,
    outcomes: Annotated[int, typer.Option(min=1, help=say("Malformations.", "Outcomes."))] = 100,
    strata: Annotated[int, typer.Option(min=1, help=say("Strates.", "Strata."))] = 240,
    json: Json = False,
) -> None:
    """Measure the scan and print the figures."""
    from transat.cli import measure

    _print(measure.scan(births, exposures, outcomes, strata), json)


def harmonise(
    persons: Annotated[int, typer.Option(min=1, help=say("Femmes.", "Women."))] = 20_000,
    extracts: Annotated[
        Path | None,
        typer.Option(
            help=say(
                "Dossier d'extraits déjà simulés (france et quebec) ; sinon il est écrit.",
                "Folder of extracts already simulated (france and quebec); else it is written.",
            )
        ),
    ] = None,
    lines: Annotated[
        list[int] | None,
        typer.Option(
            min=1,
            help=say(
                "Taille en lignes françaises, à atteindre par copie ; autant de fois qu'il faut.",
                "Size in French lines, to reach by copying; as often as needed.",
            ),
        ),
    ] = None,
    spark: Annotated[
        bool, typer.Option(help=say("Mesurer Spark aussi.", "Measure Spark too."))
    ] = False,
    json: Json = False,
) -> None:
    """Measure both harmonisations and print the figures."""
    from transat.cli import measure

    engines = ("spark",) if spark else ()
    _print(measure.harmonise(persons, extracts, lines or (), engines), json)


def cohorts(
    definitions: Annotated[
        Path,
        typer.Option(
            help=say(
                "Fichier, dossier ou zip de définitions.",
                "File, folder or zip of definitions.",
            )
        ),
    ],
    cdm: Annotated[Path, typer.Option(help=say("Dossier du CDM.", "Folder of the CDM."))],
    copies: Annotated[
        int,
        typer.Option(
            min=1, help=say("Combien de fois ses personnes.", "How many times its people.")
        ),
    ] = 1,
    engine: Annotated[
        list[str] | None,
        typer.Option(
            metavar="columns|duckdb|spark|reference",
            help=say(
                "Qui calcule ; autant de fois qu'il faut.", "Who computes; as often as needed."
            ),
        ),
    ] = None,
    circe_sql: Annotated[
        Path | None,
        typer.Option(
            help=say(
                "Dossier du SQL que Circe et SqlRender écrivent pour DuckDB, mesuré à côté.",
                "Folder of the SQL that Circe and SqlRender write for DuckDB, measured beside.",
            )
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Measure the definitions and print the figures."""
    from transat.cli import measure_cohorts
    from transat.cohorts.generation import engine_named

    engines = [engine_named(name) for name in engine or ["columns"]]
    _print(measure_cohorts.cohorts(definitions, cdm, copies, engines, circe_sql), json)


def eras(
    rows: Annotated[int, typer.Option(min=1000, help=say("Délivrances.", "Dispensings."))] = (
        20_000_000
    ),
    threads: Annotated[int, typer.Option(min=1, help=say("Fils.", "Threads."))] = 2,
    json: Json = False,
) -> None:
    """Measure the eras and print the figures."""
    from transat.cli.measure import machine
    from transat.cohorts.eras.bench import bench

    _print({**machine(), **bench(rows, threads)}, json)


def covariates(
    rows: Annotated[int, typer.Option(min=1000, help=say("Délivrances.", "Dispensings."))] = (
        20_000_000
    ),
    json: Json = False,
) -> None:
    """Measure the covariates and print the figures."""
    from transat.cli.measure import machine
    from transat.cohorts.covariates.bench import bench

    _print({**machine(), **bench(rows)}, json)


def federation(
    rows: Annotated[int, typer.Option(min=20_000, help=say("Lignes.", "Rows."))] = 1_000_000,
    columns: Annotated[int, typer.Option(min=2, help=say("Colonnes.", "Columns."))] = 50,
    json: Json = False,
) -> None:
    """Measure rounds and fits over mutual TLS, and print the figures."""
    from transat.cli.network import require_flare

    require_flare()
    from transat.cli import measure_federation

    _print(measure_federation.federation(rows, columns), json)


def cox(
    rows: Annotated[
        list[int] | None,
        typer.Option(
            min=1000,
            help=say(
                "Lignes ; autant de fois qu'il faut (10 000, 100 000 et 1 000 000 sinon).",
                "Rows; as often as needed (else 10,000, 100,000 and 1,000,000).",
            ),
        ),
    ] = None,
    columns: Annotated[int, typer.Option(min=5, help=say("Colonnes.", "Columns."))] = 50,
    repeat: Annotated[
        int,
        typer.Option(min=1, help=say("Tours ; la médiane est dite.", "Turns; the median is told.")),
    ] = 1,
    limit: Annotated[
        float,
        typer.Option(
            min=1,
            help=say(
                "Secondes au bout desquelles un autre outil est arrêté.",
                "Seconds after which another tool is stopped.",
            ),
        ),
    ] = 300.0,
    python: Annotated[
        Path | None,
        typer.Option(
            help=say(
                "Python d'un autre environnement, qui a scikit-survival.",
                "Python of another environment, that holds scikit-survival.",
            )
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Measure the fits and print the figures."""
    from transat.cli import measure_cox

    sizes = rows or (10_000, 100_000, 1_000_000)
    _print(measure_cox.cox(sizes, columns, repeat, limit, python), json)


def boosting(
    people: Annotated[int, typer.Option(min=1000, help=say("Personnes.", "People."))] = 100_000,
    columns: Annotated[int, typer.Option(min=4, help=say("Colonnes.", "Columns."))] = 50,
    trees: Annotated[int, typer.Option(min=1, help=say("Arbres.", "Trees."))] = 100,
    depth: Annotated[
        int, typer.Option(min=1, max=6, help=say("Niveaux d'un arbre.", "Levels of a tree."))
    ] = 3,
    json: Json = False,
) -> None:
    """Measure the boosted hazards and print the figures."""
    from transat.cli import measure_boosting

    _print(measure_boosting.boosting(people, columns, trees, depth), json)


def _print(figures: dict[str, str | int | float], json: bool) -> None:
    if json:
        typer.echo(json_.dumps(figures, ensure_ascii=False, indent=2))
        return
    width = max(map(len, figures))
    for name, value in figures.items():
        shown = (
            f"{value:,.3g}"
            if isinstance(value, float)
            else f"{value:,}"
            if isinstance(value, int)
            else value
        )
        typer.echo(f"{name:<{width}}  {shown}")
