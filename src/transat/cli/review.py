"""`transat review …`: two people of each holder look at what would be published."""

from __future__ import annotations

import json as json_
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from transat.cli.say import command, group, say

if TYPE_CHECKING:
    from transat.federation.review.desk import FolderDesk
    from transat.federation.review.rules import Request
    from transat.federation.review.votes import Given

Desk = Annotated[
    Path, typer.Argument(help=say("Dossier du bureau d'examen.", "The desk's folder."))
]
Name = Annotated[str, typer.Argument(help=say("Nom de la demande.", "Name of the request."))]
KeyFile = Annotated[Path, typer.Option(help=say("Votre clé privée.", "Your private key."))]
Json = Annotated[bool, typer.Option("--json", help=say("Réponse JSON.", "Answer in JSON."))]
Reason = Annotated[
    str,
    typer.Option(
        help=say("Une raison de la liste (review reasons).", "A listed reason (review reasons).")
    ),
]


def declare(app: typer.Typer) -> None:
    """Add the group of commands to the application."""
    review = group(
        "L'examen, par deux personnes de chaque détenteur, de ce qui serait publié.",
        "The review, by two people of each holder, of what would be published.",
    )
    for name, fr, en, function in (
        ("submit", "Soumet le résultat d'une étude.", "Submit a study's result.", submit),
        ("list", "Liste les demandes et leur état.", "List requests and their state.", list_),
        ("show", "Montre une demande et ses fichiers.", "Show a request and its files.", show),
        ("reasons", "Liste les raisons de ne pas approuver.", "List reasons not to approve.",
         reasons),
        ("vote", "Vote, à l'aveugle, sur chaque fichier.", "Vote, blind, on each file.", vote),
        ("open", "Ouvre son vote une fois tous donnés.", "Open one's vote once all are cast.",
         open_),
        ("return", "Rend la demande à son auteur.", "Return a request to its author.", return_),
        ("reject", "Rejette la demande pour de bon.", "Reject a request for good.", reject),
        ("withdraw", "Retire sa propre demande.", "Withdraw one's own request.", withdraw),
        ("release", "Publie une demande approuvée.", "Release an approved request.", release),
        ("verify", "Vérifie un dossier publié, hors ligne.", "Verify a released folder, offline.",
         verify),
    ):  # fmt: skip
        command(review, name, fr, en)(function)
    app.add_typer(review, name="review")


def submit(
    study: Annotated[
        Path, typer.Argument(help=say("Dossier du résultat d'une étude.", "A study's result."))
    ],
    desk: Annotated[Path, typer.Option(help=say("Dossier du bureau.", "The desk's folder."))],
    key: KeyFile,
    permit: Annotated[
        Path | None,
        typer.Option(
            help=say(
                "Le permis signé ; sinon celui du dossier.",
                "The signed permit; else the folder's.",
            )
        ),
    ] = None,
    request: Annotated[
        str | None,
        typer.Option(
            help=say(
                "Demande dont les fichiers ont changé : ses votes sont remis à zéro.",
                "Request whose files have changed: its votes start again.",
            )
        ),
    ] = None,
    pending: Annotated[
        bool,
        typer.Option(
            "--pending",
            help=say("Dépose sans soumettre encore.", "Put it there without submitting yet."),
        ),
    ] = False,
) -> None:
    """Put a study's files at the desk, with their context and counts, and submit them."""
    from transat.federation import keys
    from transat.federation.review import submission
    from transat.federation.review.terms import read_terms
    from transat.studies import class_b

    at, owner = _desk(desk), keys.read(key)
    if request is not None:
        terms = at.terms(request)
    else:
        permit = permit or study / "permit.toml"
        terms = read_terms(permit)
    asked = class_b.manifest(study, terms.permit)
    now = submission.put(at, asked, study, owner, permit, request)
    _state(now if pending else submission.submit(at, now.name, owner))


def list_(desk: Desk, json: Json = False) -> None:
    """Print every request: name, state, study, missing votes."""
    from transat.cli.review_screen import plain
    from transat.core.languages import current
    from transat.federation.review.states import TEXTS

    at = _desk(desk)
    found = [at.request(name) for name in at.requests()]
    if json:
        typer.echo(json_.dumps([_plain(request) for request in found], ensure_ascii=False))
        return
    for request in found:
        title, state = request.manifest.title.in_(current()), TEXTS[request.state].in_(current())
        typer.echo(plain(f"{request.name}  {request.state.value:<20} {title}"))
        typer.echo(f"{'':14}{state}{_missing(request)}")


def show(
    desk: Desk,
    request: Name,
    files: Annotated[
        Path | None,
        typer.Option(
            help=say("Copie les fichiers ici, pour les lire.", "Copy the files here, to read them.")
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Print a request: its state, each file with its context and counts, votes once open."""
    from transat.cli import review_screen

    at = _desk(desk)
    found = at.request(request)
    if files is not None:
        for file in found.manifest.files:
            path = files / file.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(at.file(request, file.sha256))
    if json:
        typer.echo(json_.dumps(_plain(found), ensure_ascii=False))
        return
    for line in review_screen.lines(found, at):
        typer.echo(line)


def reasons() -> None:
    """Print the closed list of reasons."""
    from transat.core.languages import current
    from transat.federation.review.reasons import REASONS

    for key, text in REASONS.items():
        typer.echo(f"{key:<16} {text.in_(current())}")


def vote(
    desk: Desk,
    request: Name,
    key: KeyFile,
    change: Annotated[
        list[str] | None,
        typer.Option(
            metavar=say("FICHIER=RAISON", "FILE=REASON"),
            help=say(
                "Fichier à changer ; les autres sont approuvés.",
                "File to change; others are approved.",
            ),
        ),
    ] = None,
    note: Annotated[
        list[str] | None,
        typer.Option(
            metavar=say("FICHIER=TEXTE", "FILE=TEXT"),
            help=say("Des mots, qui restent au bureau.", "Words, which stay at the desk."),
        ),
    ] = None,
) -> None:
    """Seal a vote on every file; it is opened once all votes are cast."""
    from transat.federation import keys
    from transat.federation.review import votes

    given = _given(change or [], note or [])
    _state(votes.vote(_desk(desk), request, given, keys.read(key), key))


def open_(desk: Desk, request: Name, key: KeyFile) -> None:
    """Open one's own sealed vote."""
    from transat.federation import keys
    from transat.federation.review import votes

    _state(votes.opened(_desk(desk), request, keys.read(key), key))


def return_(desk: Desk, request: Name, key: KeyFile, reason: Reason) -> None:
    """Return a request to its author, who may submit it again with other files."""
    _end(desk, request, "return", key, reason)


def reject(desk: Desk, request: Name, key: KeyFile, reason: Reason) -> None:
    """Reject a request; nothing leads out of that state."""
    _end(desk, request, "reject", key, reason)


def withdraw(desk: Desk, request: Name, key: KeyFile) -> None:
    """Withdraw one's own request; nothing leads out of that state."""
    _end(desk, request, "withdraw", key, None)


def release(
    desk: Desk,
    request: Name,
    key: KeyFile,
    out: Annotated[Path, typer.Option(help=say("Dossier à écrire.", "Folder to write."))],
) -> None:
    """Write the approved files, with the permit and the log that approves them."""
    from transat.federation import keys
    from transat.federation.review.release import release as publish

    _state(publish(_desk(desk), request, keys.read(key), out))
    typer.echo(out)


def verify(
    folder: Annotated[Path, typer.Argument(help=say("Dossier publié.", "Released folder."))],
    permit: Annotated[
        Path | None,
        typer.Option(help=say("Votre copie du permis.", "Your own copy of the permit.")),
    ] = None,
) -> None:
    """Check every file, every signature and every rule; exit code 12 where one does not hold."""
    from transat.federation.review.release import verify as check

    found = check(folder, permit)
    count = len(found.manifest.files)
    typer.echo(
        say(
            f"{count} fichiers, approuvés par {len(found.votes)} personnes",
            f"{count} files, approved by {len(found.votes)} people",
        )
    )
    if permit is None:
        typer.echo(
            say(
                "Permis du dossier, cru sur parole : donnez le vôtre avec --permit.",
                "The folder's own permit, taken at its word: give yours with --permit.",
            )
        )


def _desk(folder: Path) -> FolderDesk:
    from transat.federation.review.desk import FolderDesk
    from transat.federation.review.terms import read_terms

    return FolderDesk(folder, read_terms)


def _end(desk: Path, request: str, kind: str, key: Path, reason: str | None) -> None:
    from transat.federation import keys
    from transat.federation.review.events import Ended

    at = _desk(desk)
    content = Ended(at.request(request).revision, reason)
    _state(at.act(request, kind, content, keys.read(key)))


def _given(changes: list[str], notes: list[str]) -> dict[str, Given]:
    from transat.federation.review.votes import Given

    reasons_of, notes_of = dict(map(_pair, changes)), dict(map(_pair, notes))
    return {
        file: Given(reasons_of.get(file), notes_of.get(file))
        for file in sorted({*reasons_of, *notes_of})
    }


def _pair(text: str) -> tuple[str, str]:
    file, equals, said = text.partition("=")
    if not equals or not file or not said:
        raise typer.BadParameter(say(f"écrivez FICHIER=… : {text}", f"write FILE=…: {text}"))
    return file, said


def _state(request: Request) -> None:
    from transat.core.languages import current
    from transat.federation.review.states import TEXTS

    typer.echo(request.name)
    typer.echo(f"{TEXTS[request.state].in_(current())}{_missing(request)}")


def _missing(request: Request) -> str:
    if not request.submitted or request.ended is not None:
        return ""
    lacking = ", ".join(f"{site}: {count}" for site, count in request.missing().items())
    return say(f" (votes à venir : {lacking})", f" (votes to come: {lacking})") if lacking else ""


def _plain(request: Request) -> dict[str, object]:
    from dataclasses import asdict

    return {
        "request": request.name,
        "state": request.state.value,
        "author": request.author,
        "revision": request.revision,
        "missing": request.missing() if request.submitted else {},
        "voted": sorted(request.seals),
        "votes": {key: [asdict(o) for o in given] for key, given in request.votes.items()},
        "manifest": asdict(request.manifest),
    }
