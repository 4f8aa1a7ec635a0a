"""What each side of the network keeps on disk.

A hub's folder: `hub.toml` (address, scheme), the authority and the hub's certificate, the key with
which it signs questions, and `kits.json`, who may connect. A kit's folder, made at the hub and
carried to its site or client by hand: `kit.toml` (name, role, where the hub is), its certificate,
the authority's. The site's signing key is made at the site, in the kit, on its first run, and never
leaves it. Keys are files that their owner alone may read.
"""

from __future__ import annotations

import datetime
import json
import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import tomli_w

from transat.core.errors import ConfigError
from transat.core.languages import Text
from transat.federation import keys
from transat.federation.flare import certificates

#: The hub's name to FLARE, which wants this one, and in its certificate.
HUB: Final = "server"
DEFAULT_ADDRESS: Final = "localhost:8443"
#: `transat` is TCP with this network's TLS (see `driver`); `grpc` goes through proxies of HTTP/2.
SCHEMES: Final = ("transat", "grpc")
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,19}")
_ADDRESS: Final = re.compile(r"[A-Za-z0-9.-]{1,253}:[0-9]{1,5}")

Role = Literal["site", "client"]


@dataclass(frozen=True, slots=True)
class Hub:
    """A hub's folder. address: host and port, as sites reach it."""

    folder: Path
    address: str
    scheme: str

    @property
    def key(self) -> keys.Key:
        """The key with which the hub signs questions."""
        return keys.read(self.folder / "coordinator.pem")

    @property
    def url(self) -> str:
        """Where it listens: every address of its machine, on its port."""
        return f"{self.scheme}://0:{self.address.rpartition(':')[2]}"

    @property
    def credentials(self) -> dict[str, Path]:
        """FLARE's names of files."""
        own = {"ca_cert": "ca.crt", "server_cert": "server.crt", "server_key": "server.key"}
        return {what: self.folder / name for what, name in own.items()}

    def kits(self) -> dict[str, Role]:
        """Who may connect, by name."""
        found = _kits(self.folder)
        return {name: kit["role"] for name, kit in found.items() if not kit["withdrawn"]}


@dataclass(frozen=True, slots=True)
class Kit:
    """A site's or a client's folder. address: host and port of the hub."""

    folder: Path
    name: str
    role: Role
    address: str
    scheme: str

    @property
    def url(self) -> str:
        """Where the hub is."""
        return f"{self.scheme}://{self.address}"

    @property
    def credentials(self) -> dict[str, Path]:
        """FLARE's names of files."""
        own = {"ca_cert": "ca.crt", "client_cert": "kit.crt", "client_key": "kit.key"}
        return {what: self.folder / name for what, name in own.items()}

    def signing_key(self) -> keys.Key:
        """The key with which this site signs; made at the first call."""
        path = self.folder / "site.pem"
        if not path.exists():
            keys.Key.new().write(path)
        return keys.read(path)


def new_hub(folder: Path, address: str, scheme: str = SCHEMES[0]) -> Hub:
    """Make a hub's folder: its authority, its certificate, its key.

    Raises
    ------
    ConfigError: an address or a scheme that cannot be one.
    """
    port = address.rpartition(":")[2]
    if not _ADDRESS.fullmatch(address) or not 0 < int(port) < 65536 or scheme not in SCHEMES:
        raise ConfigError(
            Text("cette adresse ne peut servir.", "this address cannot be used."),
            f"{scheme}://{address}",
            Text(
                f"Donnez hôte:port ; protocoles : {', '.join(SCHEMES)}.",
                f"Give host:port; schemes: {', '.join(SCHEMES)}.",
            ),
        )
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    ca = certificates.authority("transat")
    ca.write(folder / "ca.crt", folder / "ca.key")
    host = address.rpartition(":")[0]
    certificates.server(ca, HUB, (host,)).write(folder / "server.crt", folder / "server.key")
    keys.Key.new().write(folder / "coordinator.pem")
    _write(folder / "kits.json", json.dumps({}))
    _write(folder / "hub.toml", tomli_w.dumps({"address": address, "scheme": scheme}))
    return read_hub(folder)


def read_hub(folder: Path) -> Hub:
    """A hub's folder. Raises ConfigError when it is none."""
    said = _toml(folder / "hub.toml", {"address", "scheme"})
    return Hub(folder, said["address"], said["scheme"])


def new_kit(hub: Hub, name: str, role: Role, to: Path) -> Kit:
    """Make a kit and write down that its name may connect.

    Raises
    ------
    ConfigError: the name cannot be one, or was given before; `to` holds something.
    """
    known = _kits(hub.folder)
    if not _NAME.fullmatch(name) or name == HUB or name in known:
        raise ConfigError(
            Text("ce nom ne peut servir, ou est déjà pris.", "this name cannot be used, or is."),
            name,
            Text(
                "Une minuscule, puis au plus 19 minuscules, chiffres, - ou _ ; un nom retiré ne "
                "revient pas.",
                "A small letter, then at most 19 small letters, digits, - or _; a name that was "
                "withdrawn does not come back.",
            ),
        )
    if to.exists() and any(to.iterdir()):
        raise ConfigError(
            Text("ce dossier n'est pas vide.", "this folder is not empty."),
            str(to),
            Text("Donnez-en un autre.", "Give another."),
        )
    to.mkdir(parents=True, exist_ok=True)
    to.chmod(0o700)
    ca = certificates.read(hub.folder / "ca.crt", hub.folder / "ca.key")
    certificates.client(ca, name).write(to / "kit.crt", to / "kit.key")
    (to / "ca.crt").write_bytes((hub.folder / "ca.crt").read_bytes())
    said = {"name": name, "role": role, "address": hub.address, "scheme": hub.scheme}
    _write(to / "kit.toml", tomli_w.dumps(said))
    made = datetime.datetime.now(datetime.UTC).date().isoformat()
    known[name] = {"role": role, "made": made, "withdrawn": ""}
    _write(hub.folder / "kits.json", json.dumps(known, indent=1, sort_keys=True))
    return read_kit(to)


def withdraw(hub: Hub, name: str) -> None:
    """From now on, nothing that this kit sends is looked at; a hub that runs sees it at once.

    Raises
    ------
    ConfigError: no such kit.
    """
    known = _kits(hub.folder)
    if name not in known:
        raise ConfigError(
            Text("aucun kit de ce nom.", "no kit of this name."),
            name,
            Text("Voyez « transat hub status ».", 'See "transat hub status".'),
        )
    known[name]["withdrawn"] = datetime.datetime.now(datetime.UTC).date().isoformat()
    _write(hub.folder / "kits.json", json.dumps(known, indent=1, sort_keys=True))


def read_kit(folder: Path) -> Kit:
    """A kit's folder. Raises ConfigError when it is none."""
    said = _toml(folder / "kit.toml", {"name", "role", "address", "scheme"})
    return Kit(folder, said["name"], said["role"], said["address"], said["scheme"])


def _kits(folder: Path) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads((folder / "kits.json").read_text("utf-8"))
    return found


def _toml(path: Path, fields: set[str]) -> dict[str, Any]:
    try:
        said = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        said = {}
    if set(said) != fields or not all(isinstance(value, str) for value in said.values()):
        raise ConfigError(
            Text("ce fichier manque ou n'est pas lisible.", "this file is not there or not read."),
            str(path),
            Text(
                "Un kit se fait au hub avec « transat site new-kit ».",
                'A kit is made at the hub with "transat site new-kit".',
            ),
        )
    return said


def _write(path: Path, text: str) -> None:
    beside = path.with_name(path.name + ".new")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)
