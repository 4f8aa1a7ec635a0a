"""The network's own certificate authority: X.509, ECDSA on P-256, one certificate per kit.

A certificate says who talks (its common name), never who answers: answers are signed by keys made
at the sites. The hub's is for serving and for the name `server`, a kit's for calling; neither can
stand for the other.

Source: RFC 5280 (Cooper et al. 2008), sections 4.2.1.3 and 4.2.1.12; RFC 8446 (Rescorla 2018).
"""

from __future__ import annotations

import datetime
import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

#: Days that an authority and a certificate hold.
AUTHORITY_DAYS: Final = 3650
DAYS: Final = 800
#: How far two clocks may disagree.
SLACK: Final = datetime.timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def write(self, certificate: Path, key: Path) -> None:
        """Write both as PEM; the key for its owner alone."""
        certificate.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        pem = self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)


def authority(name: str) -> Pair:
    """A new authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(_name(name), _name(name), key, AUTHORITY_DAYS)
    builder = builder.add_extension(x509.BasicConstraints(True, 0), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
    return Pair(_signed(builder, key, key), key)


def server(authority: Pair, name: str, hosts: tuple[str, ...]) -> Pair:
    """A certificate to serve under `name`, and under `hosts` (names or addresses)."""
    also: list[x509.GeneralName] = [x509.DNSName(name)]
    also += [_host(host) for host in hosts if host != name]
    return _issued(authority, name, ExtendedKeyUsageOID.SERVER_AUTH, also)


def client(authority: Pair, name: str) -> Pair:
    """A certificate to call as `name`."""
    return _issued(authority, name, ExtendedKeyUsageOID.CLIENT_AUTH, [x509.DNSName(name)])


def read(certificate: Path, key: Path) -> Pair:
    """A pair from its files.

    Raises
    ------
    OSError, ValueError: no such file, or it is not what it should be.
    """
    found = serialization.load_pem_private_key(key.read_bytes(), password=None)
    if not isinstance(found, ec.EllipticCurvePrivateKey):
        raise ValueError(key.name)
    return Pair(x509.load_pem_x509_certificate(certificate.read_bytes()), found)


def ends(certificate: Path) -> datetime.date:
    """The last day on which a certificate holds (UTC)."""
    return x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc.date()


def _issued(
    authority: Pair, name: str, use: x509.ObjectIdentifier, also: list[x509.GeneralName]
) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(_name(name), authority.certificate.subject, key, DAYS)
    builder = builder.add_extension(x509.BasicConstraints(False, None), critical=True)
    builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([use]), critical=True)
    builder = builder.add_extension(x509.SubjectAlternativeName(also), critical=False)
    return Pair(_signed(builder, key, authority.key), key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(issuer, subject, key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - SLACK)
    return builder.not_valid_after(now + datetime.timedelta(days=days)).add_extension(
        x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
    )


def _signed(
    builder: x509.CertificateBuilder,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    by = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    return builder.add_extension(by, critical=False).sign(signer, hashes.SHA256())


def _usage(signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False,
        key_cert_sign=signs_certificates, crl_sign=signs_certificates, encipher_only=False,
        decipher_only=False,
    )  # fmt: skip


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
