"""Keys in the real DynamoDB Local, and functions of the authorizer's binary over them."""

import json
import shutil
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from contract import lambda_store
from contract.driver_lambda import settings
from contract.driver_workers import secrets
from contract.world import MAIN, Deployment, Key

from .local import Local
from .runtime_api import DEADLINE_S, Answered, Function

ARN = "arn:aws:execute-api:us-east-1:123456789012:abcdef123/live/GET/orders/1"
#: How many cases are played at one time.
AT_ONCE = 8


class Wrong(Exception):
    """Something that should not be."""


class Stand:
    """Two tables with `keys` by role, and a folder that is gone after it."""

    def __init__(self, name: str, **keys: Key):
        self.name, self.local = name, Local()
        self.folder = Path(tempfile.mkdtemp(prefix=f"tollgate-{name}-"))
        self.deployment = Deployment.drawn(MAIN)
        self.deployment.now_ms = 1_700_000_000_000
        self.keys = {role: self.deployment.put(role, spec) for role, spec in (keys or {"usual": Key()}).items()}
        self.local.tables(name)
        lambda_store.fill(self.local, name, self.deployment)
        self.lock, self.started = threading.Lock(), 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.local.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def secrets(self) -> str:
        """The secrets file."""
        return secrets(self.deployment)

    def variables(self) -> dict[str, str]:
        """Everything that is set but secrets."""
        return {
            "TOLLGATE_CONFIG": json.dumps(settings(self.deployment)), "TOLLGATE_BUCKETS_TABLE": f"{self.name}-buckets",
            "TOLLGATE_LEDGER_TABLE": f"{self.name}-ledger", "TOLLGATE_LIMITS_EPOCH": "1",
            "AWS_ENDPOINT_URL_DYNAMODB": self.local.endpoint,
        }

    def function(self, binary: Path, **variables: str | None) -> Function:
        """An environment with these variables besides; those that are None are not set."""
        with self.lock:
            self.started += 1
            log = self.folder / f"{self.started}.log"
        given = {"TOLLGATE_SECRETS": self.secrets, **self.variables(), **variables}
        return Function(binary, {name: value for name, value in given.items() if value is not None}, log)

    def event(self, role: str = "usual") -> dict:
        return {"type": "TOKEN", "methodArn": ARN, "authorizationToken": self.keys[role].text.decode()}


def passes(answered: Answered) -> bool:
    """Whether API Gateway would let a request through for this answer."""
    return answered.error is None and answered.payload["policyDocument"]["Statement"][0]["Effect"] == "Allow"


def failed(answered: Answered, word: str = "Unavailable"):
    """An error of this name, of which API Gateway makes no 401 and no allow."""
    if answered.error is None or answered.error.get("errorMessage") != word:
        raise Wrong(f"no {word}: {answered.payload!r} {answered.error!r}")


def comes_to_pass(function: Function, event: dict):
    """It passes now, or once a store has answered that was late; until then it is Unavailable, and nothing else."""
    deadline = time.monotonic() + DEADLINE_S
    while not passes(answered := function.invoke(event)):
        failed(answered)
        if time.monotonic() > deadline:
            raise Wrong(f"it never passes: {answered} {function.logs()[-600:]!r}")
        time.sleep(0.05)


def lines(function: Function) -> list[dict]:
    """What it wrote, which is one JSON object a line and nothing else."""
    return [json.loads(line) for line in function.logs().splitlines()]


def of(function: Function, event: str) -> list[dict]:
    return [line for line in lines(function) if line["event"] == event]


def played(cases: dict, at_once: int = AT_ONCE) -> int:
    """Plays cases, which raise where something is wrong; prints what became of each, and returns the exit code."""
    def one(name: str) -> str | None:
        try:
            cases[name]()
        except Exception as error:  # noqa: BLE001 - it is told, and the others go on
            return f"{type(error).__name__}: {error}"
        return None

    with ThreadPoolExecutor(at_once) as pool:
        faults = dict(zip(cases, pool.map(one, cases)))
    for name, fault in faults.items():
        print(f"{name}: {fault or 'holds'}")
    wrong = sum(fault is not None for fault in faults.values())
    print(f"tollgate-tally tests={len(faults) - wrong} rows=0 held={len(faults) - wrong} not_applicable=0 skipped=0")
    return 1 if wrong else 0
