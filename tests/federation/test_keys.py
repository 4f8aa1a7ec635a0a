"""Keys: files that their owner alone may read, and signatures that hold or do not."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from transat.core.errors import ConfigError, InputError
from transat.federation.keys import Key, is_public, read, read_public, signed_by

KEY, OTHER = Key.new(), Key.new()
#: Test 2 of RFC 8032, section 7.1: public key, message, signature.
RFC_8032 = (
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "72",
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
)


def test_a_key_is_written_and_read(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "site.key"
    KEY.write(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read(path).public == KEY.public
    assert read_public(tmp_path / "folder" / "site.key.pub") == KEY.public
    assert b"PRIVATE" not in (tmp_path / "folder" / "site.key.pub").read_bytes()


def test_a_key_is_never_replaced(tmp_path: Path) -> None:
    KEY.write(tmp_path / "key")
    with pytest.raises(InputError):
        OTHER.write(tmp_path / "key")
    (tmp_path / "key.pub").unlink()
    with pytest.raises(InputError):
        OTHER.write(tmp_path / "key")
    assert not (tmp_path / "key.pub").exists()
    assert read(tmp_path / "key").public == KEY.public
    (tmp_path / "holder.pub").write_text(KEY.public, encoding="ascii")
    with pytest.raises(InputError):
        OTHER.write(tmp_path / "holder")
    assert read_public(tmp_path / "holder.pub") == KEY.public
    assert not (tmp_path / "holder").exists()


def test_what_is_no_key(tmp_path: Path) -> None:
    curve = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = tmp_path / "key"
    for content in (b"", b"text", KEY.public.encode(), curve):
        path.write_bytes(content)
        with pytest.raises(ConfigError):
            read(path)
    for content in (b"", b"text", b"\xff", KEY.public[:-1].encode(), curve):
        path.write_bytes(content)
        with pytest.raises(ConfigError):
            read_public(path)
    for missing in (read, read_public):
        with pytest.raises(ConfigError):
            missing(tmp_path / "none")


@given(st.binary(max_size=100), st.binary(max_size=100))
def test_a_signature_is_of_one_content_by_one_key(content: bytes, other: bytes) -> None:
    signature = KEY.sign(content)
    assert signed_by(KEY.public, signature, content)
    assert not signed_by(OTHER.public, signature, content)
    assert signed_by(KEY.public, signature, other) is (other == content)


@given(st.text(max_size=90), st.text(max_size=90))
def test_any_text_for_a_key_or_a_signature_is_refused(key: str, signature: str) -> None:
    assert not signed_by(key, KEY.sign(b"x"), b"x")
    assert not signed_by(KEY.public, signature, b"x")


def test_base64_has_one_spelling() -> None:
    """Two spellings of one signature would be two names of one message."""
    signature = KEY.sign(b"x")
    last = signature[-3]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    twin = alphabet[alphabet.index(last) ^ 1]
    respelt = signature[:-3] + twin + "=="
    assert base64.b64decode(respelt) == base64.b64decode(signature)
    assert not signed_by(KEY.public, respelt, b"x")
    assert not signed_by(KEY.public, signature + "\n", b"x")


def test_the_other_form_of_a_signature_is_refused() -> None:
    """S + L verifies the same equation; RFC 8032 5.1.7 refuses it, and so must we."""
    order = 2**252 + 27742317777372353535851937790883648493
    raw = base64.b64decode(KEY.sign(b"x"))
    s = int.from_bytes(raw[32:], "little") + order
    other = base64.b64encode(raw[:32] + s.to_bytes(32, "little")).decode()
    assert not signed_by(KEY.public, other, b"x")


def test_the_vector_of_the_rfc() -> None:
    public, content, signature = (bytes.fromhex(part) for part in RFC_8032)
    key, sign = (base64.b64encode(part).decode() for part in (public, signature))
    assert is_public(key)
    assert signed_by(key, sign, content)
    assert not signed_by(key, sign, b"")
