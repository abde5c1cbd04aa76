"""Pepper and signing key are rotated under load: each step is a deployment, whose gates begin beside those before it."""

import json
import re
import secrets as drawn
import socket
import threading
import time
from contextlib import contextmanager

from contract.origin import Origin
from contract.world import Key
from gate.deployed import Crowd, until
from reference import identity

from .apart import Apart
from .client import LATE, Client
from .fleet import PATIENT_MS, Fleet

CLIENTS, GATES = 4, 2
#: What nobody wakes for: an hour from now a key is known, and does not sign.
HOUR_MS = 3_600_000
#: The machine may be busy, and the objects are away for a moment: neither is what this is about.
STALENESS_MS = 60_000
#: So many answers of old and new gates each before the old ones go.
ANSWERS_MIN = 60
BREATH_S = 0.004
#: So few of the requests meanwhile may have no verdict: what a gate knows nothing of it has to ask for.
LATE_ONE_IN = 50
SKEW_MS = 2_000
JWKS = "/.well-known/tollgate/jwks.json"
ALLOWED, REVOKED, FORGED = (200, ""), (401, "key_revoked"), (401, "key_invalid")


class Identities(Origin):
    """An origin that keeps each identity that it was given, and when it first was: on the clock, and since the start."""

    FIELD = re.compile(rb"\r\ntollgate-identity: *([^\r]+)\r\n", re.IGNORECASE)

    def __init__(self):
        super().__init__()
        self.seen: dict[bytes, tuple[int, float]] = {}
        self.requests = self.without = 0

    def _serve(self, connection: socket.socket, number: int):
        held = b""
        try:
            while data := connection.recv(65_536):
                held += data
                while (end := held.find(b"\r\n\r\n")) >= 0:
                    self.note(self.FIELD.findall(held[: end + 2]))
                    held = held[end + 4 :]
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        except OSError:
            pass
        finally:
            connection.close()

    def note(self, found: list[bytes]):
        with self.lock:
            self.requests += 1
            self.without += len(found) != 1
            for token in found:
                self.seen.setdefault(token, (int(time.time() * 1_000), time.monotonic()))


class Ring:
    """The secrets of a deployment, as its operator's file has them."""

    def __init__(self, deployment):
        self.deployment = deployment
        self.peppers, self.issuing = dict(deployment.peppers), deployment.issuing
        self.signing = {deployment.kid: (deployment.seed, 1)}

    def text(self) -> str:
        signing = [{"kid": kid, "alg": "EdDSA", "seed": seed.hex(), "from": begins, "until": None} for kid, (seed, begins) in self.signing.items()]
        peppers = [{"id": at, "secret": secret.hex()} for at, secret in self.peppers.items()]
        return json.dumps({"peppers": peppers, "issuing": self.issuing, "signing": signing})


class Roll:
    """Which gates there are, and who asks them."""

    def __init__(self, fleet: Fleet, origin: Identities):
        self.fleet, self.origin, self.ring = fleet, origin, Ring(fleet.deployment)
        self.lock, self.crowd = threading.Lock(), Crowd()
        self.live: list[Apart] = []
        self.roles: list[str] = []
        self.answers: dict[str, int] = {}
        self.users: dict[str, int] = {}
        self.failures: list[str] = []
        self.late = 0
        self.turns = [0] * CLIENTS
        #: When a key set was asked for, and the keys that it held.
        self.served: list[tuple[float, list[dict]]] = []
        self.deployments = 0
        self.begin()

    @contextmanager
    def somewhere(self, turn: int):
        """Some gate that is there; it does not go before it was let go."""
        with self.lock:
            gates = [(apart, gate) for apart in self.live for gate in apart.gates]
            apart, gate = gates[turn % len(gates)]
            self.users[apart.name] += 1
        try:
            yield apart, gate
        finally:
            with self.lock:
                self.users[apart.name] -= 1

    def begin(self):
        """One more process, of which the others know nothing."""
        apart = Apart(self.fleet, f"deployed-{self.deployments}", GATES, self.ring.text())
        self.deployments += 1
        # What a new gate knows nothing of it has to ask for: a busy machine may be late with that, once.
        for gate in apart.gates:
            for role in self.roles:
                until(f"{role} passes at once", lambda client=Client(gate), role=role: self.passes(client, role), 10)
        with self.lock:
            self.users[apart.name] = self.answers[apart.name] = 0
            self.live.append(apart)

    def passes(self, client: Client, role: str) -> bool:
        answer = client.ask(self.fleet.key(role))
        assert answer in (ALLOWED, LATE), f"{role} at new gates: {answer}"
        return answer == ALLOWED

    def client(self, number: int):
        clients: dict[tuple, Client] = {}

        def work():
            turn = self.turns[number]
            with self.somewhere(turn // 2 + number) as (apart, gate):
                client = clients.setdefault(gate.address, Client(gate))
                role = self.roles[turn % len(self.roles)]
                answer = client.ask(self.fleet.key(role))
                with self.lock:
                    self.answers[apart.name] += 1
                    self.late += answer == LATE
                    if answer not in (ALLOWED, LATE):
                        self.failures.append(f"{role} at {apart.name}: {answer}")
            self.turns[number] += 1
            time.sleep(BREATH_S)

        return work

    def verifier(self):
        """Asks for the key set all the time, anywhere."""
        clients: dict[tuple, Client] = {}

        def work():
            with self.somewhere(len(self.served)) as (apart, gate):
                client = clients.setdefault(gate.address, Client(gate))
                asked, (status, _) = time.monotonic(), client.ask(b"none", JWKS)
                if status == 200:
                    self.served.append((asked, json.loads(client.body)["keys"]))
                else:
                    self.failures.append(f"the key set at {apart.name}: {status}")
            time.sleep(5 * BREATH_S)

        return work

    def asks(self, *roles: str):
        """From now on clients ask for these, and none is still waiting for another."""
        self.roles = list(roles)
        before = list(self.turns)
        until("all ask for them", lambda: all(now > then + 1 for now, then in zip(self.turns, before)))

    def objects(self):
        """The objects' new deployment: they are away for a moment, and know what they knew."""
        self.fleet.secrets = self.ring.text()
        self.fleet.restart()
        until("objects are there", self.stamped)

    def stamped(self) -> bool:
        try:
            return "stamp" in self.fleet.administer({"op": "stamp"})
        except (OSError, RuntimeError):
            return False

    def gates(self):
        """New gates beside the old ones; then those are asked no more, and end."""
        self.begin()
        old, new = self.live
        before = dict(self.answers)
        both = lambda: all(self.answers[name] - before[name] >= ANSWERS_MIN for name in (old.name, new.name))
        until("old and new gates answer", both, 30)
        with self.lock:
            self.live.remove(old)
        until("nobody asks the old ones", lambda: self.users[old.name] == 0)
        old.close()
        self.fleet.no_secret_told(old.log_path)

    def deploys(self, objects_first: bool):
        """Neither may depend on which comes first."""
        for step in (self.objects, self.gates) if objects_first else (self.gates, self.objects):
            step()

    def everywhere(self, role: str, *expected: tuple[int, str]) -> bool:
        return all(Client(gate).verdict(self.fleet.key(role)) in expected for apart in self.live for gate in apart.gates)

    def close(self):
        for apart in self.live:
            apart.close()


def rotated() -> str:
    origin = Identities()
    keys = {"one": Key(), "two": Key(), "gone": Key()}
    more = {"max_staleness_ms": STALENESS_MS}
    with Fleet("rolling", keys, gates=1, origin_port=origin.port, deadline_ms=PATIENT_MS, more=more, stays=True) as fleet:
        roll = Roll(fleet, origin)
        try:
            roll.roles = ["one", "two"]
            for number in range(CLIENTS):
                roll.crowd.add(roll.client(number))
            roll.crowd.add(roll.verifier())
            steps(fleet, roll)
            roll.crowd.stop()
            assert not roll.failures, f"{len(roll.failures)} requests failed: {roll.failures[:3]}"
            assert roll.late * LATE_ONE_IN <= sum(roll.answers.values()), f"{roll.late} requests had no verdict"
            kids = verified(roll)
            assert roll.everywhere("one", FORGED) and roll.everywhere("two", FORGED), "a key of the pepper that is gone is let through"
            assert roll.everywhere("three", ALLOWED) and roll.everywhere("gone", FORGED)
            for apart in roll.live:
                fleet.no_secret_told(apart.log_path)
            fleet.no_secret_told()
        finally:
            roll.crowd.stopped.set()
            roll.close()
            origin.stop()
    return (f"{sum(roll.answers.values())} requests through {roll.deployments} deployments, {roll.late} of which were late and none refused; {len(origin.seen)} "
            f"identities under {' and '.join(kids)} verify with what {len(roll.served)} questions for the key set were told")


def steps(fleet: Fleet, roll: Roll):
    deployment, ring = fleet.deployment, roll.ring
    # A pepper is known before it issues.
    deployment.peppers[1] = ring.peppers[1] = drawn.token_bytes(32)
    roll.deploys(objects_first=False)
    ring.issuing = deployment.issuing = 1
    roll.deploys(objects_first=True)
    deployment.put("three", Key())
    deployment.put("four", Key())
    fleet.create("three")
    fleet.create("four")
    roll.asks("one", "two", "three", "four")
    fleet.did("keys", "revoke", fleet.id("gone"))
    # A signing key is known before it signs.
    ring.signing["next"] = drawn.token_bytes(32), int(time.time() * 1_000) + HOUR_MS
    roll.deploys(objects_first=False)
    until("a revoked key is refused", lambda: roll.everywhere("gone", REVOKED))
    ring.signing["next"] = ring.signing["next"][0], int(time.time() * 1_000)
    roll.deploys(objects_first=True)
    del ring.signing[deployment.kid]
    roll.deploys(objects_first=False)
    # Nobody uses a key of the old pepper any more: it ends, and the admin key with it.
    roll.asks("three", "four")
    fleet.admin = deployment.put("next-admin", Key(tenant="operators", owner="ann", scopes=("keys:read", "keys:write")))
    del ring.peppers[0]
    roll.deploys(objects_first=True)


def verified(roll: Roll) -> list[str]:
    """Each identity, with the key set that was asked for last before it came."""
    assert roll.origin.requests > 100 and not roll.origin.without, f"{roll.origin.without} of {roll.origin.requests} requests without one identity"
    config, kids = roll.fleet.deployment.config, {}
    for token, (now_ms, at) in roll.origin.seen.items():
        keys = [keys for asked, keys in roll.served if asked < at] or [roll.served[0][1]]
        known = [{"kid": key["kid"], "alg": key["alg"], "x": identity.from_base64url(key["x"].encode()).hex()} for key in keys[-1]]
        told = identity.verify({"keys": known, "iss": config.issuer, "aud": config.audience, "skew_ms": SKEW_MS, "require_binding": False,
                                "token": token.decode(), "now_ms": now_ms, "method": "GET", "path": {"hex": b"/orders".hex()}})
        kids[told["kid"]] = True
    assert list(kids) == [roll.fleet.deployment.kid, "next"], kids
    return list(kids)


CASES = {"pepper and signing key are rotated under load": rotated}
