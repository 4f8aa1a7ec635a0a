"""What is published: the files, with the whole log that approves them; verified without the desk.

OUT/FILES…          as they were reviewed
OUT/permit.toml     the permit
OUT/log.jsonl       the request's log: who approved what, signed; no note is in it
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Final

from transat.core.errors import DataQualityError, InputError
from transat.core.folders import partial_of
from transat.core.languages import Text
from transat.federation.keys import Key
from transat.federation.review.desk import LOG, PERMIT, Desk, chained, folded
from transat.federation.review.events import Ended
from transat.federation.review.rules import Request
from transat.federation.review.states import State
from transat.federation.review.terms import read_terms

#: Where, in the released folder, what proves it is kept: no reviewed file can take this name.
PROOF: Final = "_review"


def release(desk: Desk, name: str, key: Key, out: Path) -> Request:
    """Publish an approved request to the folder `out`, which must not be there yet.

    Every file is compared with what was reviewed first; the log says that it is released only once
    all files are written. A request that is released already is written out once more.

    Raises
    ------
    PermissionRefused: not approved, or not a reviewer. DataQualityError: a file has changed.
    InputError: `out` exists.
    """
    if out.exists():
        raise InputError(
            Text("ce dossier existe déjà.", "this folder exists already."),
            str(out),
            Text("Donnez un autre dossier.", "Name another folder."),
        )
    request = desk.request(name)
    with partial_of(out) as partial:
        for file in request.manifest.files:
            path = partial / file.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(desk.file(name, file.sha256))
        proof = partial / PROOF
        proof.mkdir()
        (proof / PERMIT).write_bytes(desk.permit(name))
        if request.state is not State.RELEASED:
            request = desk.act(name, "release", Ended(request.revision, None), key)
        (proof / LOG).write_bytes(b"".join(event.line() + b"\n" for event in desk.log(name)))
        partial.rename(out)
    return request


def verify(folder: Path, permit: Path | None = None) -> Request:
    """Check a released folder on any machine, offline: every file, every signature, every rule.

    permit: the reader's own copy. Without it the permit in the folder is believed, which proves
    only that its reviewers approved, not that they are the holders'.

    Raises
    ------
    DataQualityError: a file is not the one that was approved, the log was changed, or nothing in it
    says that these files were released. ConfigError, PermitRefused: the permit.
    """
    log = folder / PROOF / LOG
    if not log.is_file():
        raise _not_released(folder)
    terms = read_terms(permit if permit is not None else folder / PROOF / PERMIT)
    lines = log.read_bytes().removesuffix(b"\n").split(b"\n")
    past = chained(lines, _named(lines), log)
    request = folded(past, terms, log)
    if request.state is not State.RELEASED:
        raise _not_released(folder)
    there = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.parent != folder / PROOF
    }
    wrong = there ^ set(request.manifest.names())
    for file in request.manifest.files:
        path = folder / file.name
        if file.name in there and hashlib.sha256(path.read_bytes()).hexdigest() != file.sha256:
            wrong.add(file.name)
    if wrong:
        raise _changed(folder, sorted(wrong))
    return request


def _named(lines: list[bytes]) -> str:
    """The name that the first line gives the request: its signature is looked at afterwards."""
    try:
        return str(json.loads(lines[0])["request"])
    except (ValueError, KeyError, TypeError, IndexError):
        return ""


def _not_released(folder: Path) -> DataQualityError:
    return DataQualityError(
        Text(
            "rien ici ne dit que ces fichiers ont été publiés.",
            "nothing here says that these files were released.",
        ),
        str(folder),
        Text("Ne les diffusez pas.", "Do not pass them on."),
    )


def _changed(folder: Path, names: list[str]) -> DataQualityError:
    return DataQualityError(
        Text(
            "ces fichiers ne sont pas ceux qui ont été approuvés : " + ", ".join(names) + ".",
            "these files are not the ones that were approved: " + ", ".join(names) + ".",
        ),
        str(folder),
        Text("Ne les diffusez pas.", "Do not pass them on."),
    )
