"""What `transat hub` and `transat site` share: the optional part, a status in words."""

from __future__ import annotations

import json as json_
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import typer

from transat.cli.say import say
from transat.core.errors import ConfigError, SiteUnreachable
from transat.core.languages import Text


def require_flare() -> None:
    """Raises ConfigError where NVIDIA FLARE is not installed."""
    if find_spec("nvflare") is None:
        raise ConfigError(
            Text("NVIDIA FLARE n'est pas installé.", "NVIDIA FLARE is not installed."),
            "nvflare",
            Text(
                "Installez-le : pip install 'transat[federation]'.",
                "Install it: pip install 'transat[federation]'.",
            ),
        )


def show(folder: Path, json: bool) -> None:
    """Print how the process that serves a folder is.

    Raises
    ------
    SiteUnreachable: none serves it.
    """
    from transat.federation.flare.folders import status

    said = status(folder)
    if said is None:
        raise SiteUnreachable(
            Text("aucun processus ne sert ce dossier.", "no process serves this folder."),
            str(folder),
            Text(
                "Lancez « transat hub run » ou « transat site run ».",
                'Start "transat hub run" or "transat site run".',
            ),
        )
    if json:
        typer.echo(json_.dumps(said, ensure_ascii=False, sort_keys=True))
        return
    typer.echo(say(f"processus {said['pid']}", f"process {said['pid']}"))
    _peers(said)
    for name, state in said.get("studies", {}).items():
        typer.echo(say(f"étude {name[:12]} : {_STATES[state].fr}",
                       f"study {name[:12]}: {_STATES[state].en}"))  # fmt: skip
    if "answered" in said:
        typer.echo(say(f"questions traitées : {said['answered']}",
                       f"questions dealt with: {said['answered']}"))  # fmt: skip
    ends = said["certificate_ends"]
    typer.echo(say(f"certificat valable jusqu'au {ends}", f"certificate holds until {ends}"))


def state(said: Mapping[str, Any]) -> str:
    """A study's state as its client reads it, and which sites it waits for."""
    words, away = _STATES[said["state"]], ", ".join(said.get("away", ()))
    if not away:
        return say(words.fr, words.en)
    return say(f"{words.fr}, sans {away} pour l'instant", f"{words.en}, without {away} so far")


_STATES = {
    "queued": Text("en attente", "waiting"),
    "running": Text("en cours", "running"),
    "done": Text("finie", "done"),
    "failed": Text("échouée", "failed"),
}


def _peers(said: Mapping[str, Any]) -> None:
    connected = said["connected"]
    for name in sorted({*connected, *said.get("kits", {})}):
        if name in connected:
            since = datetime.fromtimestamp(connected[name], UTC).isoformat(timespec="seconds")
            typer.echo(say(f"{name} : connecté depuis {since}", f"{name}: connected since {since}"))
        else:
            typer.echo(say(f"{name} : absent", f"{name}: away"))
    if "kits" not in said and not connected:
        typer.echo(say(f"hub {said['hub']} : absent", f"hub {said['hub']}: away"))
