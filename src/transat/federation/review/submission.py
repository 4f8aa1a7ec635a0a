"""The author's side: files are put at the desk, then submitted."""

from __future__ import annotations

import secrets
from pathlib import Path

from transat.core.errors import InputError
from transat.core.languages import Text
from transat.federation.keys import Key
from transat.federation.review.desk import Desk
from transat.federation.review.events import Submitted
from transat.federation.review.records import Manifest, require_sound
from transat.federation.review.rules import Request, begun
from transat.federation.review.states import State
from transat.federation.review.terms import read_terms


def put(
    desk: Desk,
    manifest: Manifest,
    folder: Path,
    author: Key,
    permit: Path | None = None,
    request: str | None = None,
) -> Request:
    """Put the files of a manifest, which lie in `folder`, at the desk; where the request stands.

    permit: for a new request. request: the one whose files these replace; its votes start again.

    Raises
    ------
    InputError: a manifest that cannot be reviewed, a file that changed meanwhile. ConfigError,
    PermitRefused: the permit. PermissionRefused: as `rules.begun` and `rules.after`.
    """
    if request is not None:
        require_sound(manifest)
        now = desk.request(request)
        if now.state is State.PENDING and now.revision == manifest.revision:
            return now
        name = request
    else:
        if permit is None:
            raise ValueError("a new request needs its permit")
        name = secrets.token_hex(6)
        begun(name, author.public, manifest, read_terms(permit))
        desk.begin(name, permit.read_bytes())
    for file in manifest.files:
        if desk.put(name, (folder / file.name).read_bytes()) != file.sha256:
            raise InputError(
                Text("ce fichier a changé entre-temps.", "this file changed meanwhile."),
                str(folder / file.name),
                Text("Recommencez.", "Start again."),
            )
    return desk.act(name, "files", manifest, author)


def submit(desk: Desk, name: str, author: Key) -> Request:
    """Submit what lies at the desk for this request; where it stands then.

    Raises
    ------
    PermissionRefused: not its author, or not pending.
    """
    return desk.act(name, "submit", Submitted(desk.request(name).revision), author)
