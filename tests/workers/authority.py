"""Who signs certificates: made anew for each run, as a deployment's own authority would."""

import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from contract.certificate import Certificate

HOUR = datetime.timedelta(hours=1)


class Authority:
    """Signs for servers, and for authorities under it."""

    def __init__(self, name: str, above: "Authority | None" = None):
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.above = above
        self.made = (above or self)._signed(self.name, self.key, [(x509.BasicConstraints(ca=True, path_length=None), True)])

    @property
    def bundle(self) -> str:
        """What whoever trusts it has."""
        return pem(self.made)

    def signs(self, host: str, expired: bool = False) -> Certificate:
        """One for a server at a name or an address, with the chain that leads here."""
        key = ec.generate_private_key(ec.SECP256R1())
        try:
            called = x509.IPAddress(ipaddress.ip_address(host))
        except ValueError:
            called = x509.DNSName(host)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a deployment")])
        made = self._signed(name, key, [(x509.SubjectAlternativeName([called]), False)], expired)
        chain = pem(made) + (self.bundle if self.above else "")
        private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return Certificate(chain, private.decode(), host)

    def _signed(self, name, key, extensions, expired: bool = False):
        now = datetime.datetime.now(datetime.UTC)
        begins, ends = (now - 2 * HOUR, now - HOUR) if expired else (now - HOUR, now + 24 * HOUR)
        made = x509.CertificateBuilder(self.name, name, key.public_key(), x509.random_serial_number(), begins, ends)
        for extension, critical in extensions:
            made = made.add_extension(extension, critical=critical)
        return made.sign(self.key, hashes.SHA256())


def pem(made) -> str:
    return made.public_bytes(serialization.Encoding.PEM).decode()
