"""What comes with cohorts, on the site: covariates, attrition, profile, eras, pregnancies."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from transat.cli.say import command, say
from transat.core.languages import Text, current

Cohorts = Annotated[
    Path,
    typer.Argument(
        help=say(
            "Dossier écrit par « transat cohort … --out ».",
            'Folder that "transat cohort … --out" wrote.',
        )
    ),
]
CdmFolder = Annotated[Path, typer.Option(help=say("Dossier du CDM.", "Folder of the CDM."))]


def declare(cohort: typer.Typer) -> None:
    """Add the commands to the group `cohort`."""
    command(
        cohort,
        "covariates",
        "Écrit les covariables de chaque période (matrice creuse) et le tableau 1.",
        "Write the covariates of each period (sparse matrix) and Table 1.",
    )(covariates)
    command(
        cohort,
        "attrition",
        "Dessine l'attrition de cohortes : une page par langue, effectifs masqués.",
        "Draw the attrition of cohorts: a page in each language, counts masked.",
    )(attrition)
    command(
        cohort,
        "profile",
        "Écrit la page d'une personne, pour le détenteur seul : elle ne sort jamais du site.",
        "Write the page of one person, for the holder alone: it never leaves the site.",
    )(profile)
    command(
        cohort,
        "eras",
        "Écrit les ères de médicaments et de diagnostics d'un CDM.",
        "Write the drug eras and condition eras of a CDM.",
    )(eras)
    command(
        cohort,
        "pregnancies",
        "Trouve les grossesses d'un CDM et les y écrit (pregnancy, episode).",
        "Find the pregnancies of a CDM and write them there (pregnancy, episode).",
    )(pregnancies)


def covariates(
    cohorts: Cohorts,
    cdm: CdmFolder,
    out: Annotated[
        Path,
        typer.Option(
            help=say(
                "Dossier à écrire ; seul le tableau 1 peut sortir du site.",
                "Folder to write; Table 1 alone may leave the site.",
            )
        ),
    ],
    codes: Annotated[
        bool,
        typer.Option(
            help=say(
                "Par codes sources (ATC, CIM-10), pour un CDM sans vocabulaire ; sinon le jeu "
                "d'OHDSI.",
                "By source codes (ATC, ICD-10), for a CDM without a vocabulary; else OHDSI's set.",
            )
        ),
    ] = False,
) -> None:
    """Write the matrix, its dictionary and Table 1 in both languages."""
    from transat.cohorts.covariates import build, code_settings, default_settings, table_one, write
    from transat.cohorts.generation import rows_of
    from transat.engines.cdm import Cdm
    from transat.reports.table_one import write_table_one

    rows, names = rows_of(cohorts)
    made = build(Cdm(cdm), rows, code_settings() if codes else default_settings())
    typer.echo(write(made, out / "covariates"))
    for path in write_table_one(table_one(made, names=names), out):
        typer.echo(path)


def attrition(
    cohorts: Cohorts,
    out: Annotated[
        Path, typer.Option(help=say("Dossier où écrire les pages.", "Folder to write them in."))
    ],
) -> None:
    """Write the page in both languages."""
    from transat.reports.cohorts_attrition import write_attrition

    for path in write_attrition(cohorts, out):
        typer.echo(path)


def profile(
    cdm: CdmFolder,
    person: Annotated[
        int,
        typer.Option(
            min=-(2**63),
            max=2**63 - 1,
            help=say("Son person_id dans ce CDM.", "Its person_id in this CDM."),
        ),
    ],
    out: Annotated[Path, typer.Option(help=say("Page HTML à écrire.", "HTML page to write."))],
    cohorts: Annotated[
        Path | None,
        typer.Option(
            help=say(
                "Dossier de cohortes à montrer avec elle.", "Folder of cohorts to show with it."
            )
        ),
    ] = None,
) -> None:
    """Write the page, readable by its owner alone, and say that it stays."""
    from transat.engines.cdm import Cdm
    from transat.reports.cohorts_profile import profile as page
    from transat.reports.cohorts_profile import write_profile
    from transat.reports.files import refuse_another_kind

    refuse_another_kind(out, ".html")
    typer.echo(write_profile(page(Cdm(cdm), person, current(), cohorts), out))
    stays = Text(
        "Cette page montre une personne : elle ne sort pas du site.",
        "This page shows one person: it does not leave the site.",
    )
    typer.echo(stays.in_(current()), err=True)


def eras(
    cdm: Annotated[Path, typer.Argument(help=say("Dossier du CDM.", "Folder of the CDM."))],
    gap: Annotated[
        int,
        typer.Option(
            min=0,
            help=say(
                "Jours sans couverture permis dans une ère.",
                "Days without cover allowed within an era.",
            ),
        ),
    ] = 30,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace",
            help=say(
                "Remplace des ères que Transat n'a pas écrites.",
                "Replace eras that Transat did not write.",
            ),
        ),
    ] = False,
) -> None:
    """Write `drug_era` and `condition_era` in the CDM's folder."""
    from transat.cohorts.eras.tables import write_eras
    from transat.engines.cdm import Cdm

    made = write_eras(Cdm(cdm), gap, replace=replace)
    for table in ("drug_era", "condition_era"):
        typer.echo(made.path_of(table))


def pregnancies(
    cdm: Annotated[Path, typer.Argument(help=say("Dossier du CDM.", "Folder of the CDM."))],
) -> None:
    """Write the extension and OMOP's episodes; say what was found and by which numbers."""
    from transat.cohorts.pregnancies import write_pregnancies
    from transat.engines.cdm import Cdm
    from transat.reports.numbers import Numbers

    found = write_pregnancies(Cdm(cdm))
    typer.echo(found.message.in_(current()))
    if found.found:
        names = {
            "pregnancies": say("grossesses", "pregnancies"),
            "all_outcomes": say("dont l'issue est connue", "of known outcome"),
            "live_births": say("naissances vivantes", "live births"),
        }
        for key, number in found.sizes.shown().items():
            typer.echo(f"{names[key]}  {Numbers(current()).count(number)}")
    typer.echo(f"{say('paramètres', 'parameters')}  {found.parameters.fingerprint}")
