"""What each desk does with an export that was carried to it.

At a site: `answer` gives every question of an export to the site and writes the export of answers.
At the coordinator: `collect` takes an export of answers into the courier's folder. Both look at the
whole export before they do anything, and both can be done again after any interruption: a site
gives the same answer to the same question.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from transat.core.errors import InputError, SiteUnreachable
from transat.core.languages import Text
from transat.federation.courier import IN, OUT, answer_in, exports
from transat.federation.courier_export import Carried, file_name, is_export, listed, read, write
from transat.federation.courier_manifest import manifest
from transat.federation.courier_words import Said, said
from transat.federation.messages import MessageError, SignedQuestion, read_question

_AGAIN: Final = Text(
    "Demandez-le de nouveau au coordonnateur.", "Ask the coordinator for it again."
)


def answer(
    questions: Path, out: Path, site: str, answered: Callable[[bytes], bytes]
) -> tuple[Said, ...]:
    """Answer an export of questions; what each answer says, in order.

    questions: the folder that was carried in. out: the folder to write, which will be carried out;
    one that holds other answers is refused. site: this site's name. answered: `Site.answer`.

    Raises
    ------
    InputError: an export that is not whole, a file that is no question, one to another site, or a
    folder that holds something else; nothing is answered then. SiteUnreachable: the site failed on
    a question; the other answers are written, and the same command again completes them.
    """
    asked = [_asked(questions / m.file, m, site) for m in read(questions)]
    _free(out, {f"{number:03d}-{q.asked[:16]}" for number, (q, _) in enumerate(asked, 1)})
    messages, told = [], []
    for number, (question, payload) in enumerate(asked, 1):
        given = _given(answered, payload)
        if given is not None:
            message = Carried(file_name("answer", number, question.asked), given)
            messages.append(message)
            told.append(said(given, message.file))
    if messages:
        write(out, messages, manifest(messages, told))
    if len(messages) < len(asked):
        raise _unanswered(out, len(asked) - len(messages))
    return tuple(told)


def collect(export: Path, folder: Path) -> tuple[Said, ...]:
    """Take an export of answers into a courier's folder; what each answer says, in order.

    Raises
    ------
    InputError: an export that is not whole, a file that is no answer, an answer to a question that
    this folder did not put out. Nothing is taken in then.
    """
    messages = read(export)
    told = []
    known = _put_out(folder)
    for message in messages:
        asked = answer_in(export / message.file, message.payload).asked
        if asked not in known:
            raise InputError(
                Text(
                    "cette réponse est à une question qui n'est pas partie d'ici.",
                    "this answers a question that did not leave from here.",
                ),
                str(export / message.file),
                Text("Voyez de quelle étude elle est.", "See which study it is of."),
            )
        told.append(said(message.payload, message.file))
    sites = sorted({message.site for message in told})
    place = folder / IN / (sites[0] if len(sites) == 1 else "sites")
    write(_new(place, messages), messages, manifest(messages, told))
    return tuple(told)


def _given(answered: Callable[[bytes], bytes], payload: bytes) -> bytes | None:
    try:
        return answered(payload)
    except Exception:  # its text can hold a patient's value: the site keeps it, nobody prints it
        return None


def _unanswered(out: Path, number: int) -> SiteUnreachable:
    return SiteUnreachable(
        Text(
            f"questions sans réponse de ce site : {number}.",
            f"questions that this site did not answer: {number}.",
        ),
        str(out),
        Text(
            "Lisez ce que le site a noté à côté de son registre, puis recommencez.",
            "Read what the site noted beside its register, then try again.",
        ),
    )


def _new(place: Path, messages: tuple[Carried, ...]) -> Path:
    """The folder for an export that came in: the one that holds it already, or the next."""
    wanted = tuple((message.sha256, message.file) for message in messages)
    held = exports(place)
    for export in held:
        if listed(export) == wanted:
            return export
    return place / f"{len(held) + 1:04d}"


def _put_out(folder: Path) -> set[str]:
    sites = [place for place in sorted((folder / OUT).glob("*")) if place.is_dir()]
    return {
        read_question(message.payload).asked
        for site in sites
        for export in exports(site)
        for message in read(export)
    }


def _asked(path: Path, message: Carried, site: str) -> tuple[SignedQuestion, bytes]:
    try:
        question = read_question(message.payload)
    except MessageError:
        raise InputError(
            Text("ce fichier n'est pas une question signée.", "this file is no signed question."),
            str(path),
            _AGAIN,
        ) from None
    if question.site != site:
        raise InputError(
            Text(
                f"cette question est pour le site « {question.site} ».",
                f'this question is for the site "{question.site}".',
            ),
            str(path),
            Text("Portez-la à ce site.", "Carry it to that site."),
        )
    return question, message.payload


def _free(out: Path, expected: set[str]) -> None:
    """Refuse a folder that holds anything but (a part of) these answers."""
    if not out.exists():
        return
    if not out.is_dir():
        raise _taken(out)
    if is_export(out):
        held = {name.removeprefix("answer-").removesuffix(".jsonl") for _, name in listed(out)}
        if not held <= expected:
            raise _taken(out)
    elif any(not place.name.startswith((".", "answer-", "manifest")) for place in out.iterdir()):
        raise _taken(out)


def _taken(out: Path) -> InputError:
    return InputError(
        Text("ce dossier contient autre chose.", "this folder holds something else."),
        str(out),
        Text("Donnez un dossier neuf.", "Give a new folder."),
    )
