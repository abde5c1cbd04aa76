"""Once through a rotation of pepper and signing key, under load, without one request that fails."""

import json
import threading
import time

from reference.identity import from_base64url

from ..message import Stream
from ..row import Row, request, unproven, x_api_key

from ..world import Key

F = "rotation"
CLIENTS = 4
JWKS_PATH = "/.well-known/tollgate/jwks.json"


class Load:
    """Clients that never stop asking; everything but an allow with an identity that verifies is a failure."""

    def __init__(self, stage):
        self.stage, self.stopping = stage, threading.Event()
        self.answers, self.failures = 0, []
        self.threads = [threading.Thread(target=self._client, args=(role,)) for role in ("one", "two") * (CLIENTS // 2)]

    def _client(self, role: str):
        sent = self.stage.fill(request(x_api_key(role)))
        while not self.stopping.is_set():
            try:
                with self.stage.connect() as connection:
                    stream = Stream(connection)
                    for _ in range(100):
                        connection.sendall(sent)
                        got = stream.response()
                        if got is None:
                            break
                        self.answers += 1
                        if got.status != 200:
                            self.failures.append(f"{role}: {got.status} {got.body[:100]!r}")
                        if self.stopping.wait(0.002):
                            return
            except OSError as error:
                self.failures.append(f"{role}: {error!r}")

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()


def _kids(stage) -> list[str]:
    return [key["kid"] for key in json.loads(stage.ask(request(path=JWKS_PATH)).body)["keys"]]


def _signs(stage) -> str:
    """The kid of the newest identity that the origin was given."""
    tokens = [one.request.all("tollgate-identity") for one in stage.gate.origin.since(0) if one.request]
    header = [token for token in tokens if token][-1][0].split(b".")[0]
    return json.loads(from_base64url(header))["kid"]


def _passes(stage, text: str, what: str):
    got = stage.ask(request(("X-API-Key", text)))
    stage.expect(got.status == 200, f"{what} is {got.status}")


def _rotate_everything(stage):
    gate = stage.gate
    stage.compares_origin = False
    at_origin = gate.origin.count()
    with Load(stage) as load:
        time.sleep(0.3)
        before = gate.operate(["keys", "create", "--tenant", "rotated", "--owner", "r@o", "--env", "live", "--unlimited"])
        gate.operate(["peppers", "add"])
        gate.reload()
        listed = gate.operate(["peppers", "list"])
        ids = [pepper["id"] for pepper in listed["peppers"]]
        stage.expect(len(ids) == 2, f"after adding one the peppers are {ids}")
        new = max(ids)
        gate.operate(["peppers", "use", str(new)])
        gate.reload()
        after = gate.operate(["keys", "create", "--tenant", "rotated", "--owner", "r@o", "--env", "live", "--unlimited"])
        _passes(stage, before["secret"], "a key under the old pepper")
        _passes(stage, after["secret"], "a key under the new pepper")
        refused = gate.operate(["peppers", "retire", "0"], fails=True)
        stage.expect(refused is not None, "a pepper is retired while keys depend on it")
        kids = _kids(stage)
        gate.operate(["signing-keys", "rotate"])
        gate.reload()
        both = _kids(stage)
        stage.expect(len(both) == 2 and set(kids) < set(both), f"the key set shows {both}, before it was {kids}")
        time.sleep(0.3)
        # A key is published before it signs: verifiers have time to learn of it.
        stage.expect(_signs(stage) == kids[0], "the new key signs before it could be known")
        refused = gate.operate(["signing-keys", "retire", kids[0]], fails=True)
        stage.expect(refused is not None, "the key that signs is retired")
        time.sleep(0.2)
    stage.expect(load.answers > 200, f"only {load.answers} answers under load")
    stage.expect(not load.failures, f"{len(load.failures)} requests failed: {load.failures[:3]}")
    faults = 0
    for one in gate.origin.since(at_origin):
        carried = one.request.all("tollgate-identity") if one.request else []
        if len(carried) != 1:
            faults += 1
            continue
        try:
            stage.judge.claims(carried[0], one.request)
        except Exception:
            faults += 1
    stage.expect(faults == 0, f"{faults} identities do not verify with the served keys")
    gate.made = [before["secret"].encode(), after["secret"].encode()]
    _retire(stage, before, after)


def _retire(stage, before: dict, after: dict):
    """When nothing under it is left, the old pepper goes; what was made under it is then refused as anything forged."""
    gate = stage.gate
    gate.operate(["peppers", "retire", "0", "--force"])
    gate.reload()
    sent = stage.fill(request(("X-API-Key", before["secret"])))
    stage.check(unproven(), stage.ask(sent), sent, "under the retired pepper: ")
    _passes(stage, after["secret"], "a key under the pepper that is left")


ROWS = [
    Row(F, "pepper and signing key are rotated under load and no request fails", "C05", (_rotate_everything,), config="rotating", slow=True,
        needs=("issue",), keys={"one": Key(), "two": Key()}),
]
