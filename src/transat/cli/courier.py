"""`transat courier …`: a study whose questions and answers people carry through export desks."""

from __future__ import annotations

import json as json_
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from transat.cli.say import command, group, say
from transat.core.languages import current

if TYPE_CHECKING:
    from transat.federation.courier_words import Said

Folder = Annotated[
    Path,
    typer.Argument(
        help=say(
            "Dossier du courrier, avec « out » et « in ».",
            'The courier\'s folder, with "out" and "in".',
        )
    ),
]
#: In the courier's folder: the study's journal and, at the end, its result.
STUDY = "study"

Json = Annotated[bool, typer.Option("--json", help=say("Réponse JSON.", "Answer in JSON."))]


def declare(app: typer.Typer) -> None:
    """Add the group of commands to the application."""
    courier = group(
        "Une étude dont des personnes portent les questions et les réponses.",
        "A study whose questions and answers are carried by people.",
    )
    for name, fr, en, function in (
        ("run", "Conduit l'étude aussi loin que les réponses revenues le permettent.",
         "Conduct the study as far as the answers that came back allow.", run),
        ("status", "Dit ce qu'il faut porter, et où.", "Say what to carry, and where.", status),
        ("show", "Dit en clair ce que dit un message ou un envoi.",
         "Say in plain words what a message or an export says.", show),
        ("answer", "Répond, au site, à un envoi de questions.",
         "Answer, at the site, an export of questions.", answer),
        ("collect", "Range un envoi de réponses revenu d'un site.",
         "Take in an export of answers that came back from a site.", collect),
        ("purge", "Efface les messages d'une étude finie ; les listes restent.",
         "Delete the messages of a study that ended; the lists stay.", purge),
    ):  # fmt: skip
        command(courier, name, fr, en)(function)
    app.add_typer(courier, name="courier")


def run(
    folder: Folder,
    permit: Annotated[
        Path, typer.Option(help=say("Permis signé par tous.", "Permit signed by all."))
    ],
    key: Annotated[
        Path,
        typer.Option(help=say("Clé privée du coordonnateur.", "The coordinator's private key.")),
    ],
    protocol: Annotated[
        Path | None,
        typer.Option(
            help=say(
                "Protocole (YAML) ; sans lui, celui d'INuTERO.",
                "Protocol (YAML); without one, INuTERO's.",
            )
        ),
    ] = None,
) -> None:
    """Write the questions that are not answered yet, or the result when none is left.

    Ends with the code of a site that did not answer as long as something is to be carried.
    """
    from transat.federation import keys, permit_file
    from transat.federation.courier import Courier
    from transat.federation.transport import Posted
    from transat.reports.by_kind import write_report
    from transat.studies.over_network import OUT, conduct
    from transat.studies.protocol import read

    allowed = permit_file.read(permit)
    courier = Courier(folder, allowed.sites)
    try:
        result = conduct(
            read(protocol), allowed, courier, folder / STUDY, keys.read(key), deadline=0.0
        )
    except Posted:
        status(folder)
        raise
    for path in write_report(result, folder / STUDY / OUT):
        typer.echo(path)
    purge(folder)  # the sums that a fit went through are not kept (rule G12)


def status(folder: Folder, json: Json = False) -> None:
    """Print every export of questions, how many are answered, and what to carry."""
    from transat.federation.courier import status as sent

    found = sent(folder)
    if json:
        rows = [
            {"site": s.site, "export": str(s.export), "questions": s.questions,
             "answered": s.answered}
            for s in found
        ]  # fmt: skip
        typer.echo(json_.dumps(rows, ensure_ascii=False))
        return
    for s in found:
        colon = say(" : ", ": ")
        counts = say(
            f"questions{colon}{s.questions}, réponses{colon}{s.answered}",
            f"questions{colon}{s.questions}, answers{colon}{s.answered}",
        )
        typer.echo(f"{s.site}  {s.export.name}  {counts}")
        if s.answered < s.questions:
            carry = say("à porter à ce site, ou déjà parti", "to carry to this site, or on its way")
            typer.echo(f"  {carry}{colon}{s.export}")


def show(
    path: Annotated[
        Path, typer.Argument(help=say("Un message, ou un envoi.", "A message, or an export."))
    ],
    json: Json = False,
) -> None:
    """Print what each message says: which statistic, how many numbers, which counts.

    Exits with the code of a refused release where something may not leave.
    """
    from transat.federation.courier_export import content, read
    from transat.federation.courier_words import said

    if path.is_dir():
        messages = {message.file: message.payload for message in read(path)}
    else:
        messages = {path.name: content(path)}
    found = {file: said(payload, file) for file, payload in messages.items()}
    if json:
        rows = [_plain(file, message) for file, message in found.items()]
        typer.echo(json_.dumps(rows, ensure_ascii=False))
    else:
        for file, message in found.items():
            _print(file, message)
    _stop(found)


def answer(
    questions: Annotated[
        Path,
        typer.Argument(
            help=say("Envoi de questions, tel que porté.", "Export of questions, as carried.")
        ),
    ],
    to: Annotated[Path, typer.Option(help=say("Envoi à écrire.", "Export to write."))],
    name: Annotated[str, typer.Option(help=say("Nom du site.", "The site's name."))],
    folder: Annotated[
        Path,
        typer.Option(
            help=say(
                "Dossier du site : sa clé, son registre ; celui de son kit s'il en a un.",
                "The site's folder: its key, its register; its kit's where it has one.",
            )
        ),
    ],
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
                "Dossier des permis et des protocoles ; sinon studies dans le dossier du site.",
                "Folder of permits and protocols; else studies in the site's folder.",
            )
        ),
    ] = None,
) -> None:
    """Answer every question of an export under the site's permits, and say what leaves."""
    from transat.federation import courier_site, keys
    from transat.federation.courier_manifest import summary, warnings
    from transat.studies.at_site import open_site

    path = folder / "site.pem"
    if not path.exists():
        keys.Key.new().write(path)
    key = keys.read(path)
    typer.echo(say(f"clé du site : {key.public}", f"site's key: {key.public}"))
    with open_site(name, key, folder / "site", policy, cdm, studies or folder / "studies") as site:
        told = courier_site.answer(questions, to, name, site.answer)
    for message in told:
        typer.echo(summary(message, current()))
        for warning in warnings(message, current()):
            typer.echo(warning)
    typer.echo(say(f"à faire sortir : {to}", f"to be let out: {to}"))


def collect(
    answers: Annotated[
        Path,
        typer.Argument(
            help=say("Envoi de réponses, tel que porté.", "Export of answers, as carried.")
        ),
    ],
    to: Annotated[Path, typer.Option(help=say("Dossier du courrier.", "The courier's folder."))],
) -> None:
    """Check an export of answers whole and put it where the study looks for it."""
    from transat.federation import courier_site
    from transat.federation.courier_manifest import summary

    for message in courier_site.collect(answers, to):
        typer.echo(summary(message, current()))
    typer.echo(say("Relancez l'étude.", "Run the study again."))


def purge(folder: Folder) -> None:
    """Delete every message under a folder; its lists and manifests stay as a record."""
    from transat.federation.courier import purge as purged

    removed = purged(folder)
    typer.echo(say(f"messages effacés : {removed}", f"messages deleted: {removed}"))


def _print(file: str, message: Said) -> None:
    from transat.federation.courier_manifest import details, summary

    typer.echo(file)
    typer.echo(f"  {summary(message, current())}")
    for line in details(message, current()):
        typer.echo(f"  {line}")


def _plain(file: str, message: Said) -> dict[str, Any]:
    return {
        "file": file, "kind": message.kind, "study": message.study, "site": message.site,
        "asked": message.asked, "statistic": message.statistic, "numbers": message.numbers,
        "withheld": message.withheld, "counts": dict(message.counts), "small": message.small,
    }  # fmt: skip


def _stop(found: dict[str, Said]) -> None:
    """Exit 13 where a message may not leave."""
    from transat.core.errors import DisclosureRefused
    from transat.core.languages import Text

    bad = [file for file, message in found.items() if message.small or message.kind == "unknown"]
    if bad:
        raise DisclosureRefused(
            Text("ce message ne peut pas sortir.", "this message may not leave."),
            ", ".join(bad),
            Text(
                "Gardez-le et appelez le responsable du site.",
                "Keep it and call the person in charge of the site.",
            ),
        )
