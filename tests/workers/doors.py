"""What comes in and what goes on: what an origin is told, who is missed there, and where the ledger is administered."""

import json
import re
import socket
import threading
from http.client import HTTPConnection

from contract.origin import Origin
from contract.world import Key, Limit
from gate.deployed import until
from reference import identity

from .client import Client
from .fleet import ADMIN_PATH, PATIENT_MS, Fleet

#: How a client may spell what only a gate says.
SPELLINGS = ("Tollgate-Identity", "tollgate-identity", "TOLLGATE-IDENTITY", "Tollgate_Identity", "tollgate_identity", "Tollgate-identity")
#: What a client gives itself out for.
FORGED = b"eyJmb3JnZWQiOjF9.eyJmb3JnZWQiOjF9.AAAA"
#: Two of them may be told apart, and be joined to one.
ANSWER = b"HTTP/1.1 200 OK\r\nCache-Control: public, max-age=600\r\nContent-Length: 2\r\n\r\nok"
MISSED_S = 5.0


class Heads(Origin):
    """Keeps every head, and answers unless it is told to keep who asks waiting; knows who went away."""

    def __init__(self):
        super().__init__()
        self.heads_seen: list[bytes] = []
        self.answers_now, self.gone = True, threading.Event()

    def _serve(self, connection: socket.socket, number: int):
        held = b""
        try:
            while data := connection.recv(65_536):
                held += data
                while (end := held.find(b"\r\n\r\n")) >= 0:
                    self.heads_seen.append(held[: end + 2])
                    held = held[end + 4 :]
                    if self.answers_now:
                        connection.sendall(ANSWER)
        except OSError:
            pass
        finally:
            if not self.answers_now:
                self.gone.set()
            connection.close()


def told() -> str:
    """One identity, the gate's own, whatever a client calls itself; and nothing of a key."""
    origin = Heads()
    with Fleet("told", {"good": Key(owner="ann")}, gates=1, origin_port=origin.port, deadline_ms=PATIENT_MS) as fleet:
        client, key = Client(fleet.gates[0]), fleet.key("good")
        until("the key passes", lambda: client.ask(key) == (200, ""))
        config = fleet.deployment.config
        for spelling in (None, *SPELLINGS):
            forged = b"" if spelling is None else b"%s: %s\r\n" % (spelling.encode(), FORGED)
            for field in (b"X-API-Key: %s" % key, b"Authorization: Bearer %s" % key):
                client.send(b"GET /orders HTTP/1.1\r\nHost: gate.test\r\n%s%s\r\n%s\r\n" % (forged, field, forged))
                assert client.answer() == (200, ""), spelling
                stored = client.field("cache-control") or ""
                assert "private" in stored and "public" not in stored, f"whoever is between may keep it: {stored}"
                head = origin.heads_seen[-1]
                names = re.findall(rb"\r\ntollgate.identity: *([^\r]+)", head, re.IGNORECASE)
                assert len(names) == 1 and FORGED not in head, f"{spelling}: the origin is told who asks {len(names)} times"
                claims = json.loads(identity.from_base64url(names[0].split(b".")[1]))
                assert (claims["sub"], claims["aud"]) == ("ann", config.audience), claims
                assert key not in head, f"{spelling}: the origin is shown the key"
    origin.stop()
    return f"{len(origin.heads_seen)} requests, each with the gate's own identity and no key"


def missed() -> str:
    """A client that goes away is missed at the origin, also where the gate has something left to do for its key."""
    origin, times = Heads(), 3
    keys = {f"limited-{at}": Key(limits=(Limit(1_000, rate=50, period_ms=1_000),)) for at in range(times)}
    with Fleet("missed", keys, gates=1, origin_port=origin.port, deadline_ms=PATIENT_MS) as fleet:
        for at in range(times):
            origin.answers_now, before = False, len(origin.heads_seen)
            origin.gone.clear()
            client = Client(fleet.gates[0])
            client.send(b"GET /orders HTTP/1.1\r\nHost: gate.test\r\nX-API-Key: %s\r\n\r\n" % fleet.key(f"limited-{at}"))
            until("the origin is asked", lambda before=before: len(origin.heads_seen) > before)
            client.break_off()
            assert origin.gone.wait(MISSED_S), "nobody told the origin that the client has gone"
    origin.stop()
    return f"{times} times"


#: Where administration is, as the settings say it, and whether it is there at a path and a host.
WAYS_IN = (
    (None, ADMIN_PATH, "gate.test", False), (None, "/", "gate.test", False), ({}, ADMIN_PATH, "gate.test", False), ({}, "/", "gate.test", False),
    ({"path": ADMIN_PATH}, ADMIN_PATH, "gate.test", True), ({"path": ADMIN_PATH}, "/", "gate.test", False),
    ({"path": ADMIN_PATH}, f"{ADMIN_PATH}/more", "gate.test", False), ({"host": "operators.test"}, "/", "operators.test", True),
    ({"host": "operators.test"}, "/", "gate.test", False), ({"host": "operators.test"}, ADMIN_PATH, "gate.test", False),
)


def closed() -> str:
    """Off unless the settings name a place for it, there alone, and not for strangers."""
    with Fleet("ways-in", {"good": Key()}, gates=1, deadline_ms=PATIENT_MS) as fleet:
        settings = object()
        for way_in, path, host, there in WAYS_IN:
            if way_in is not settings:
                settings = fleet.way_in = way_in
                fleet.restart()
            what = f"administration at {way_in}, asked for at {host}{path}"
            before = administered(fleet)
            status, body = ask(fleet, path, host, fleet.admin.text)
            assert (status == 200 and "stamp" in body) == there, f"{what}: {status} {body}"
            for stranger in (fleet.deployment.forged(fleet.admin.text), b"none"):
                assert ask(fleet, path, host, stranger)[0] == 401, what
            # Strangers do not even reach it.
            assert administered(fleet) - before == there, f"{what}: the ledger was asked {administered(fleet) - before} times"
    return f"{len(WAYS_IN)} places"


def administered(fleet: Fleet) -> int:
    return fleet.objects()["administered"]


def ask(fleet: Fleet, path: str, host: str, key: bytes) -> tuple[int, dict]:
    door = HTTPConnection(*fleet.gates[0].address, timeout=20)
    try:
        door.request("POST", path, '{"op":"stamp"}', {"Authorization": f"Bearer {key.decode()}", "Host": host})
        response = door.getresponse()
        body = response.read()
        return response.status, json.loads(body) if body.startswith(b"{") else {}
    finally:
        door.close()


CASES = {
    "an origin is told by the gate alone": told,
    "a client that goes away is missed at the origin": missed,
    "administration is off the data route": closed,
}
