"""`python -m aws bench --authorizer BINARY --hello BINARY`: what the authorizer costs, beside a hello world in the same run.

Both are driven by the same runtime API, in turns; the store is the real DynamoDB Local on this machine. Times are told as medians
and 99th percentiles of this run, sizes exactly.
"""

import argparse
import io
import json
import statistics
import tempfile
import zipfile
from pathlib import Path

from contract import lambda_store
from contract.driver_lambda import settings
from contract.driver_workers import secrets
from contract.world import MAIN, Deployment, Key

from .local import Local
from .runtime_api import Function
from .symbols import main as symbols

#: How often each is started, and how many events a warm one gets.
STARTS = 15
EVENTS = 4_000
TURN = 200


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("--authorizer", type=Path, required=True)
    parser.add_argument("--hello", type=Path, required=True)
    given = parser.parse_args(arguments)
    local = Local()
    folder = Path(tempfile.mkdtemp(prefix="tollgate-bench-"))
    try:
        return Bench(given.authorizer.resolve(), given.hello.resolve(), local, folder).run()
    finally:
        local.stop()


class Bench:
    """One run."""

    def __init__(self, authorizer: Path, hello: Path, local: Local, folder: Path):
        self.binaries = {"authorizer": authorizer, "hello": hello}
        self.local, self.log = local, folder / "log"
        self.deployment = Deployment.drawn(MAIN)
        self.deployment.now_ms = 1_700_000_000_000
        self.key = self.deployment.put("usual", Key(scopes=("orders:read",)))
        local.tables("bench")
        lambda_store.fill(local, "bench", self.deployment)
        self.variables = {
            "TOLLGATE_CONFIG": json.dumps(settings(self.deployment)), "TOLLGATE_SECRETS": secrets(self.deployment),
            "TOLLGATE_BUCKETS_TABLE": "bench-buckets", "TOLLGATE_LEDGER_TABLE": "bench-ledger", "TOLLGATE_LIMITS_EPOCH": "1",
            "AWS_ENDPOINT_URL": local.endpoint,
        }

    def run(self) -> int:
        for name, binary in self.binaries.items():
            print(f"{name}: {binary.stat().st_size:,} bytes, {zipped(binary):,} zipped")
        self.starts()
        self.warm()
        return symbols([str(binary) for binary in self.binaries.values()])

    def function(self, name: str, **variables: str) -> Function:
        return Function(self.binaries[name], {**self.variables, **variables}, self.log)

    def event(self, key: bytes) -> dict:
        return {"type": "TOKEN", "methodArn": "arn:aws:execute-api:us-east-1:123456789012:abcdef123/live/GET/orders/1",
                "authorizationToken": key.decode()}

    def starts(self):
        """From exec to the first question for an event, and what the first event then takes."""
        kinds = {"hello": {}, "without a connection": {"TOLLGATE_CONNECT_IN_INIT": "false"}, "connected in init": {}}
        polls = {kind: [] for kind in kinds}
        firsts = {kind: [] for kind in kinds}
        memory = {kind: [] for kind in kinds}
        for _ in range(STARTS):
            for kind, variables in kinds.items():
                function = self.function("hello" if kind == "hello" else "authorizer", **variables)
                try:
                    polls[kind].append(function.wait_until_polled())
                    answered = function.invoke(self.event(self.key.text))
                    assert answered.error is None, answered.error
                    firsts[kind].append(answered.seconds)
                    memory[kind].append(function.memory())
                finally:
                    function.stop()
        for kind in kinds:
            print(f"{kind}: first poll after {ms(polls[kind])}, first event {ms(firsts[kind])}, "
                  f"at most {max(memory[kind]) / 2**20:.1f} MiB")

    def warm(self):
        """Events one after the other, in turns; between two questions for the head nothing is asked of the store."""
        hello, authorizer = self.function("hello"), self.function("authorizer")
        took = {"hello": [], "a warm key": [], "a forged key": []}
        events = {"hello": (hello, self.key.text), "a warm key": (authorizer, self.key.text),
                  "a forged key": (authorizer, self.deployment.forged(self.key.text))}
        try:
            for _ in range(EVENTS // TURN):
                for kind, (function, key) in events.items():
                    event = json.dumps(self.event(key)).encode()
                    took[kind] += [function.invoke(event).seconds for _ in range(TURN)]
            for kind, seconds in took.items():
                print(f"{kind}: {ms(seconds)} of {len(seconds)} events")
            print(f"after {2 * EVENTS} events the authorizer has had {authorizer.memory() / 2**20:.1f} MiB, hello {hello.memory() / 2**20:.1f}")
        finally:
            hello.stop()
            authorizer.stop()


def zipped(binary: Path) -> int:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.write(binary, "bootstrap")
    return len(held.getvalue())


def ms(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    return f"p50 {statistics.median(ordered) * 1000:.2f} ms, p99 {ordered[int(len(ordered) * 0.99)] * 1000:.2f} ms"
