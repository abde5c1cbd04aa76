"""Certificates, made anew for each run: for gates that serve TLS, signed by itself; and for origins under TLS."""

import datetime
import ipaddress
from dataclasses import dataclass
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "gate.test"
HOUR = datetime.timedelta(hours=1)


@dataclass(frozen=True)
class Certificate:
    """Both as PEM, and the name that it is for."""

    chain: str
    key: str
    host: str = HOST


@dataclass(frozen=True)
class Issued:
    """A certificate of a server on loopback, its key, and that of the authority that has signed it, as PEM."""

    chain: str
    key: str
    authority: str


@cache
def drawn() -> Certificate:
    """The one of this run."""
    key = ec.generate_private_key(ec.SECP256R1())
    made = _signed(HOST, x509.DNSName(HOST), key, HOST, key, authority=True)
    return Certificate(made, _private(key))


@cache
def issued() -> Issued:
    """That of this run's origins, by an authority that nobody else knows."""
    key, authority = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    above, server = "authority.test", x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    known = _signed(above, x509.DNSName(above), authority, above, authority, authority=True)
    return Issued(_signed("origin.test", server, key, above, authority, authority=False), _private(key), known)


def _signed(name: str, called, key, issuer: str, signer, authority: bool) -> str:
    subject, above = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)]) for one in (name, issuer))
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder(above, subject, key.public_key(), x509.random_serial_number(), now - HOUR, now + 24 * HOUR)
    made = made.add_extension(x509.SubjectAlternativeName([called]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=authority, path_length=0 if authority else None), critical=True)
    return made.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def _private(key) -> str:
    pkcs8 = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, pkcs8, serialization.NoEncryption()).decode()
