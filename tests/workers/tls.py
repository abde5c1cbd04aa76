"""The command administers a deployment over TLS: `cd tests && python -m workers.tls --binary FILE`.

The deployment is workerd itself, under certificates that are made here.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from contract import workers_config
from contract.world import Key

from .authority import Authority
from .client import Client
from .fleet import ADMIN_PATH, Fleet

COMMAND_S = 60
LIST = ("keys", "list")
CREATE = ("keys", "create", "--tenant", "acme", "--owner", "ann", "--env", "live", "--unlimited")


class Operator:
    """Somebody with the admin key, and with a bundle of certificates to trust."""

    def __init__(self, binary: Path, fleet: Fleet):
        self.binary, self.fleet = binary.resolve(), fleet
        self.place = fleet.place / "operator"
        self.place.mkdir()
        config = fleet.deployment.config
        (self.place / "tollgate.toml").write_text(f"[keys]\nprefix = {json.dumps(config.prefix)}\nenvs = {json.dumps(list(config.envs))}\n")
        path = self.place / "tollgate.secrets.json"
        path.touch(0o600)
        path.write_text(fleet.secrets)

    def types(self, words, url: str, trusts: str | None) -> subprocess.CompletedProcess:
        """`trusts` is a bundle; none is a file that is not there."""
        bundle = self.place / "bundle.pem"
        bundle.unlink(missing_ok=True)
        if trusts is not None:
            bundle.write_text(trusts)
        given = {name: value for name, value in os.environ.items() if not name.startswith(("TOLLGATE_", "SSL_CERT_"))}
        given |= {"TOLLGATE_ADMIN_KEY": self.fleet.admin.text.decode(), "SSL_CERT_FILE": str(bundle)}
        words = [self.binary, *words, "--json", "--target", "cloudflare", "--url", url]
        return subprocess.run(words, cwd=self.place, env=given, stdin=subprocess.DEVNULL, capture_output=True, timeout=COMMAND_S, check=False)


def administers(fleet: Fleet, operator: Operator, url: str, trusts: str, what: str):
    """Makes a key, which passes, and sees it."""
    done = operator.types(CREATE, url, trusts)
    assert done.returncode == 0, f"{what}: {done.stderr.decode()}"
    made = json.loads(done.stdout)
    assert Client(fleet.gates[0]).verdict(made["secret"].encode()) == (200, ""), what
    done = operator.types(LIST, url, trusts)
    assert done.returncode == 0 and made["key"]["id"] in done.stdout.decode(), f"{what}: {done.stderr.decode()}"


def refuses(fleet: Fleet, operator: Operator, url: str, trusts: str | None, says: tuple[str, ...], what: str):
    """Says why and what to do; the deployment does not hear of it, and the key is shown nowhere."""
    before = fleet.objects()["administered"]
    for words in (LIST, CREATE):
        done = operator.types(words, url, trusts)
        told = (done.stdout + done.stderr).decode()
        assert done.returncode == 1, f"{what}: {done.returncode} {told}"
        assert all(one in told for one in says), f"{what}: {told}"
        # Nothing was sent: whether a change was made is known.
        assert "not known" not in told, f"{what}: {told}"
        assert fleet.admin.text.decode() not in told, f"{what}: the key is shown"
    assert fleet.objects()["administered"] == before, f"{what}: the deployment was asked"


def run(binary: Path) -> int:
    ours, others = Authority("ours"), Authority("others")
    below = Authority("below ours", above=ours)
    certificates = {
        "named": ours.signs("localhost"), "address": ours.signs("127.0.0.1"), "chain": below.signs("localhost"),
        "elsewhere": ours.signs("admin.example.com"), "expired": ours.signs("localhost", expired=True),
    }
    at = {name: number for number, name in enumerate(certificates, 1)}
    tls = dict(enumerate(certificates.values(), 1))
    held = 0
    with Fleet("tls", {"good": Key()}, gates=1 + len(tls), tls=tls) as fleet:
        operator = Operator(binary, fleet)
        url = lambda name, host="localhost", scheme="https": f"{scheme}://{host}:{fleet.ports[f'gate{at.get(name, 0)}']}{ADMIN_PATH}"
        both = others.bundle + ours.bundle
        for what, place, trusts in (
            ("a name", url("named"), ours.bundle), ("an address", url("address", "127.0.0.1"), ours.bundle),
            ("an authority below", url("chain"), ours.bundle), ("one of several authorities", url("named"), both),
        ):
            administers(fleet, operator, place, trusts, what)
            held += 1
        for what, place, trusts, says in (
            ("nobody knows who signed it", url("named"), others.bundle, ("nobody that this machine trusts", "SSL_CERT_FILE")),
            ("no bundle", url("named"), None, ("trusts no certificate", "SSL_CERT_FILE")),
            ("a bundle of nothing", url("named"), "nothing", ("trusts no certificate", "SSL_CERT_FILE")),
            ("another name", url("elsewhere"), ours.bundle, ("for another name", "localhost")),
            ("an address that is not named", url("named", "127.0.0.1"), ours.bundle, ("for another name", "127.0.0.1")),
            ("it has expired", url("expired"), ours.bundle, ("not valid now", "clock")),
            ("no TLS at all", url("plain"), ours.bundle, ("does not speak TLS",)),
        ):
            refuses(fleet, operator, place, trusts, says, what)
            held += 1
        fleet.no_secret_told()
    print(f"tollgate-tally tests={held} rows=0 held={held} not_applicable=0 skipped=0")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="workers.tls", description=__doc__)
    parser.add_argument("--binary", help="the command", default=workers_config.ROOT / "target/debug/tollgate", type=Path)
    return run(parser.parse_args().binary)


if __name__ == "__main__":
    sys.exit(main())
