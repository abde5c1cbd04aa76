"""Those who ask the API for verdicts and those who ask gates spend from one bucket: `cd tests && python -m control.beside`.

A limit that is never refilled is spent by clients of two gates, which lease of it, and by clients of
`/api/keys/validate`, which takes from it where it is kept. In sum they are let through as often as the limit says.
"""

import argparse
import http.client
import json
import sys
import threading
import time
from pathlib import Path

from contract.driver_native import NativeHost
from contract.world import Key
from gate.deployed import Client, Crowd, until, verdict
from gate.sharing import AFTER_S, fixed

from . import felt

TOTAL = 600
DEADLINE_S = 60
#: What one gate may hold when its message is late, which loses it: an eighth of the limit.
LOST_MAX = TOTAL // 8


class Count:
    """Who was let through."""

    def __init__(self):
        self.lock = threading.Lock()
        self.passed = {"gate": 0, "api": 0}
        self.refused = {"gate": 0, "api": 0}
        self.other: list = []

    def note(self, who: str, passes: bool, refused: bool, said):
        with self.lock:
            if passes:
                self.passed[who] += 1
            elif refused:
                self.refused[who] += 1
            else:
                self.other.append(said)

    @property
    def sum(self) -> int:
        return sum(self.passed.values())


def of_gate(gate, secret: bytes, count: Count):
    client = Client(gate)

    def work():
        status, code = client.ask(secret, felt.PATH)
        count.note("gate", status == 200, code == "rate_limited", (status, code))

    return work


def of_api(api: felt.Api, secret: str, count: Count):
    body = json.dumps({"key": secret, "scopes": ["orders:read"]})
    connection = http.client.HTTPConnection(api.connection.host, api.connection.port, timeout=30)

    def work():
        connection.request("POST", "/api/keys/validate", body, {"X-API-Key": api.key, "Content-Type": "application/json"})
        answer = connection.getresponse()
        told = json.loads(answer.read())
        valid, code = told.get("valid"), told.get("code")
        spent = valid is True and told["spent"] == 1
        count.note("api", spent, valid is False and code == "rate_limited", (answer.status, code))

    return work


def run(binary: Path) -> int:
    host, shared = NativeHost(str(binary)), None
    try:
        shared, gates, api = felt.deployed(host, {"limited": Key(scopes=("orders:read",), limits=fixed(TOTAL))})
        count, crowd, secret = Count(), Crowd(), shared.key("limited")
        for gate in gates:
            crowd.add(of_gate(gate, secret, count))
        for _ in range(2):
            crowd.add(of_api(api, secret.decode(), count))
        enough = lambda: count.sum >= TOTAL - LOST_MAX and count.refused["gate"] > 100 and count.refused["api"] > 10
        until("everything is spent", enough, DEADLINE_S)
        time.sleep(AFTER_S)
        crowd.stop()
    finally:
        if shared:
            shared.close()
        host.close()
    print(f"{count.passed['gate']} through {len(gates)} gates and {count.passed['api']} through the API: {count.sum} of a limit of {TOTAL}")
    faults = []
    if not TOTAL - LOST_MAX <= count.sum <= TOTAL:
        faults.append(f"{count.sum} were let through")
    if not all(count.passed.values()):
        faults.append("only one of the two was let through at all")
    neither = [said for said in count.other if said[0] != 503 and said[1] != "unavailable"]
    if neither:
        faults.append(f"answers that are neither, such as {neither[:3]}")
    return verdict(faults, 1)


def main() -> int:
    parser = argparse.ArgumentParser(prog="control.beside", description=__doc__)
    parser.add_argument("--binary", help="the file that a user would deploy", default="../target/release/tollgate", type=Path)
    return run(parser.parse_args().binary)


if __name__ == "__main__":
    sys.exit(main())
