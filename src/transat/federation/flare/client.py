"""Who submits a study to a hub, follows it and brings its results back.

It may be killed and run again: the hub knows the study by what it is, and the results stay there.
"""

from __future__ import annotations

import base64
import io
import json
import shutil
import time
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from transat.core.errors import PermissionRefused, SiteUnreachable
from transat.core.folders import replace_folder
from transat.core.languages import Text
from transat.federation.flare.calls import fetch
from transat.federation.flare.kit import HUB, Kit
from transat.federation.flare.studies import as_error

if TYPE_CHECKING:
    from transat.federation.flare.cells import Cell

#: Seconds between two looks at a study's state.
EVERY: Final = 0.5
#: Seconds without a word from the hub before it is given up; the study goes on without us.
PATIENCE: Final = 120.0
#: Bytes of the longest result.
LONGEST: Final = 1024 * 1024 * 1024


def submit(
    kit: Kit,
    protocol: bytes,
    permit: bytes,
    out: Path,
    show: Callable[[dict[str, Any]], None] = lambda state: None,
    patience: float = PATIENCE,
) -> None:
    """Submit a study, wait for its end, and write its results to `out`.

    show: is told each new state. patience: seconds without a word from the hub.

    Raises
    ------
    SiteUnreachable: no word from the hub. PermissionRefused: it refuses this kit.
    TransatError: the study failed; the error of the hub.
    """
    from transat.federation.flare.cells import Cell

    cell = Cell(kit.name, kit.url, kit.credentials, lambda peer: peer == HUB)
    cell.start()
    try:
        ask = _asking(cell, kit, patience)
        documents = {"protocol": _text(protocol), "permit": _text(permit)}
        name = json.loads(ask({"do": "submit", **documents}))["name"]
        before: dict[str, Any] = {}
        while (said := json.loads(ask({"do": "status", "name": name})))["state"] != "done":
            if said != before:
                show(said)
            if said["state"] == "failed":
                raise as_error(said["error"])
            before = said
            time.sleep(EVERY)
        unpack(ask({"do": "result", "name": name}), out)
    finally:
        cell.stop()


def _asking(cell: Cell, kit: Kit, patience: float) -> Callable[[dict[str, Any]], bytes]:
    def ask(request: dict[str, Any]) -> bytes:
        # A number that is new each time: the same question again would get the same answer.
        body = json.dumps({**request, "number": time.monotonic_ns()}).encode()
        until = time.monotonic() + patience
        answer = fetch(body, lambda part, left: cell.send(HUB, part, left), until, LONGEST)
        if answer is None:
            raise SiteUnreachable(
                Text("pas de réponse du hub.", "no answer from the hub."),
                kit.address,
                Text(
                    "Vérifiez qu'il tourne, puis relancez : l'étude y continue.",
                    "Check that it runs, then start again: the study goes on there.",
                ),
            )
        if answer.startswith(b'{"refused"'):
            raise PermissionRefused(
                Text("le hub refuse cette demande.", "the hub refuses this request."),
                kit.name,
                Text("Voyez son journal, hub.log.", "See its log, hub.log."),
            )
        return answer

    return ask


def unpack(archive: bytes, out: Path) -> None:
    """Write the files of a zip to `out`, which appears whole or not at all.

    Raises
    ------
    PermissionRefused: a name that would lead out of the folder.
    """
    beside = out.with_name(out.name + ".new")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        for name in files.namelist():
            path = PurePosixPath(name)
            if path.is_absolute() or ".." in path.parts:
                raise PermissionRefused(
                    Text("un nom sort du dossier.", "a name leads out of the folder."),
                    str(out),
                    Text("Ne l'ouvrez pas ; voyez le hub.", "Do not open it; see the hub."),
                )
            to = beside / path
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_bytes(files.read(name))
    replace_folder(beside, out)


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
