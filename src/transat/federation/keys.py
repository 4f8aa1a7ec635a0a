"""Ed25519 keys: a holder's, a site's, a coordinator's; who signed is known by the public key.

A private key is a PEM file (PKCS 8) that its owner alone may read; a public key is its 32 bytes in
base64 (RFC 4648), which is how permits, messages and registers name it.

Source: RFC 8032 (Josefsson, Liusvaara 2017), Ed25519.
"""

from __future__ import annotations

import base64
import binascii
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from transat.core.errors import ConfigError, InputError
from transat.core.languages import Text


@dataclass(frozen=True, slots=True)
class Key:
    """A private key; `public` is what others know of it."""

    private: Ed25519PrivateKey

    @staticmethod
    def new() -> Key:
        """A new key from the system's random numbers."""
        return Key(Ed25519PrivateKey.generate())

    @property
    def public(self) -> str:
        """The public key: 44 characters of base64."""
        return base64.b64encode(self.private.public_key().public_bytes_raw()).decode()

    def sign(self, content: bytes) -> str:
        """The signature of `content`: 88 characters of base64."""
        return base64.b64encode(self.private.sign(content)).decode()

    def write(self, path: Path) -> None:
        """Write `path` (mode 600) and its public half beside it, `path.pub`.

        Raises InputError where either exists: a key is never overwritten, nor anybody's public one.
        """
        pem = self.private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        public = path.with_name(path.name + ".pub")
        if public.exists():
            raise _taken(public)
        _write_new(path, pem, 0o600)
        _write_new(public, self.public.encode() + b"\n", 0o644)


def _write_new(path: Path, content: bytes, mode: int) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        raise _taken(path) from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def _taken(path: Path) -> InputError:
    return InputError(
        Text("une clé existe déjà ici.", "a key is there already."),
        str(path),
        Text("Donnez un autre nom ; une clé ne se remplace pas.", "Give another name."),
    )


def read(path: Path) -> Key:
    """The private key of a file. Raises ConfigError when it is none."""
    try:
        found = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError):
        found = None
    if not isinstance(found, Ed25519PrivateKey):
        raise ConfigError(
            Text("ce fichier n'est pas une clé privée Ed25519.", "this is no Ed25519 private key."),
            str(path),
            Text(
                "Faites-la avec « transat permit new-key ».", 'Make it: "transat permit new-key".'
            ),
        )
    return Key(found)


def read_public(path: Path) -> str:
    """The public key of a `.pub` file. Raises ConfigError when it is none."""
    try:
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        text = ""
    if not is_public(text):
        raise ConfigError(
            Text("ce fichier n'est pas une clé publique.", "this file is no public key."),
            str(path),
            Text("Demandez le fichier .pub à son détenteur.", "Ask its owner for the .pub file."),
        )
    return text


def is_public(text: str) -> bool:
    """Whether the text is a public key as this module writes them."""
    raw = _decoded(text)
    return raw is not None and len(raw) == 32


def signed_by(public: str, signature: str, content: bytes) -> bool:
    """Whether `signature` is that of `content` by the owner of `public`; never raises."""
    key, sign = _decoded(public), _decoded(signature)
    if key is None or sign is None or len(key) != 32 or len(sign) != 64:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(sign, content)
    except InvalidSignature:
        return False
    return True


def _decoded(text: str) -> bytes | None:
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    return raw if base64.b64encode(raw).decode() == text else None
