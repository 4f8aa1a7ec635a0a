"""Kits: what is made, for whom, and what the certificates allow."""

from __future__ import annotations

import ssl
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from transat.core.errors import ConfigError
from transat.federation.flare import certificates, kit


@pytest.fixture
def hub(tmp_path: Path) -> kit.Hub:
    return kit.new_hub(tmp_path / "hub", "hub.example.org:8443")


def test_a_hub_and_two_kits(hub: kit.Hub, tmp_path: Path) -> None:
    made = kit.new_kit(hub, "france", "site", tmp_path / "france")
    kit.new_kit(hub, "marie", "client", tmp_path / "marie")
    assert hub.kits() == {"france": "site", "marie": "client"}
    assert made.url == "transat://hub.example.org:8443"
    assert hub.url == "transat://0:8443"
    assert kit.read_kit(tmp_path / "france") == made
    assert kit.read_hub(hub.folder) == hub


def test_private_keys_are_for_their_owner(hub: kit.Hub, tmp_path: Path) -> None:
    made = kit.new_kit(hub, "france", "site", tmp_path / "france")
    made.signing_key()
    private = [*hub.folder.glob("*.key"), *hub.folder.glob("*.pem"), *made.folder.glob("*.key"),
               made.folder / "site.pem"]  # fmt: skip
    assert len(private) == 5
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}
    assert stat.S_IMODE(hub.folder.stat().st_mode) == stat.S_IMODE(made.folder.stat().st_mode)


def test_the_authoritys_key_stays_at_the_hub(hub: kit.Hub, tmp_path: Path) -> None:
    made = kit.new_kit(hub, "france", "site", tmp_path / "france")
    secret = (hub.folder / "ca.key").read_bytes()
    names = sorted(path.name for path in made.folder.iterdir())
    assert names == ["ca.crt", "kit.crt", "kit.key", "kit.toml"]
    assert all(secret not in path.read_bytes() for path in made.folder.iterdir())


def test_a_sites_signing_key_is_made_there_once(hub: kit.Hub, tmp_path: Path) -> None:
    made = kit.new_kit(hub, "france", "site", tmp_path / "france")
    assert not (made.folder / "site.pem").exists()
    assert made.signing_key().public == kit.read_kit(made.folder).signing_key().public


def test_a_kits_certificate_can_call_and_not_serve(hub: kit.Hub, tmp_path: Path) -> None:
    made = kit.new_kit(hub, "france", "site", tmp_path / "france")
    for path, use in (
        (made.folder / "kit.crt", ExtendedKeyUsageOID.CLIENT_AUTH),
        (hub.folder / "server.crt", ExtendedKeyUsageOID.SERVER_AUTH),
    ):
        found = x509.load_pem_x509_certificate(path.read_bytes())
        uses = found.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert list(uses) == [use]
        assert not found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert (certificates.ends(made.folder / "kit.crt")).year >= 2028


def test_openssl_reads_them(hub: kit.Hub, tmp_path: Path) -> None:
    made = kit.new_kit(hub, "france", "site", tmp_path / "france")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(made.folder / "ca.crt")
    context.load_cert_chain(made.folder / "kit.crt", made.folder / "kit.key")
    assert context.cert_store_stats() == {"x509": 1, "crl": 0, "x509_ca": 1}


@pytest.mark.parametrize("name", ["", "server", "France", "9x", "a" * 21, "a.b", "../x", "é"])
def test_names_that_cannot_be(hub: kit.Hub, tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError):
        kit.new_kit(hub, name, "site", tmp_path / "kit")
    assert hub.kits() == {}


def test_a_name_is_given_once_even_when_withdrawn(hub: kit.Hub, tmp_path: Path) -> None:
    kit.new_kit(hub, "france", "site", tmp_path / "one")
    kit.withdraw(hub, "france")
    assert hub.kits() == {}
    with pytest.raises(ConfigError):
        kit.new_kit(hub, "france", "site", tmp_path / "two")
    with pytest.raises(ConfigError):
        kit.withdraw(hub, "quebec")


def test_a_folder_that_holds_something_is_left_alone(hub: kit.Hub, tmp_path: Path) -> None:
    (tmp_path / "kit").mkdir()
    (tmp_path / "kit" / "mine").write_text("x")
    with pytest.raises(ConfigError):
        kit.new_kit(hub, "france", "site", tmp_path / "kit")
    assert hub.kits() == {}


@pytest.mark.parametrize("address", ["", "host", "host:", "host:0", "host:99999", "a b:1", "x:y"])
def test_addresses_that_cannot_be(tmp_path: Path, address: str) -> None:
    with pytest.raises(ConfigError):
        kit.new_hub(tmp_path / "hub", address)


def test_a_folder_that_is_no_kit_is_named(tmp_path: Path) -> None:
    for read in (kit.read_kit, kit.read_hub):
        with pytest.raises(ConfigError) as error:
            read(tmp_path)
        assert str(tmp_path) in error.value.where
