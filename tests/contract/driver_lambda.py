"""The gate as a Lambda authorizer: the binary that is deployed, driven over HTTP by a Lambda runtime API, on the real DynamoDB
Local. `doors/gateway.py` plays API Gateway around it, once for each kind of event."""

import base64
import hashlib
import json
import re
import shutil
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

from aws.local import Local
from aws.runtime_api import Answered, Function
from aws.way import Way
from reference import ed25519

from . import lambda_store
from .driver_workers import route, secrets
from .folders import FOLDERS
from .host import Gate, Host, Unavailable
from .origin import Origin
from .row import Row
from .world import Config, Deployment

_PUBLISHER = "keys are written by the publisher, whose own suite has it: nothing of it is in an authorizer"
_UNCOUNTED = "DynamoDB Local counts nothing: how often it is asked is counted by the tests of the crate and of the function"
#: From so many exchanges in a row on one of them may be late.
EXCHANGES_IN_A_ROW = 30
_BUDGET = ("each token of a small limit is an exchange with its table, and DynamoDB Local does not answer so many in a row in time on a "
           "slow machine: that N of N are admitted at once is shown by the simulation of functions")
_ONE_BY_ONE = ("a store that is gone is asked again until the deadline of a second, and an environment answers one request after the "
               "other: the two seconds of this row are over before its questions are")
_PREFLIGHT = "an authorizer answers no preflights: the API does, or the origin"


class LambdaHost(Host):
    """Starts for each gate a function of each form of answer, over tables of its own."""

    name = "lambda"
    lacks = {
        "wire": "API Gateway reads the bytes of HTTP/1.1",
        "timeouts": "API Gateway's own patience holds",
        "limits": "API Gateway's own bounds of heads hold",
        "bodies": "an authorizer sees no body",
        "websocket": "an authorizer sees no connection",
        "upstream": "what the origin receives beside identity and key is API Gateway's doing",
        "named": "an integration takes away the fields that its mapping names: X-API-Key",
        "repeats at http-2.0": "payload 2.0 joins fields of one name: a key that is given twice is a list, which is 400",
        "repeats at http-simple": "payload 2.0 joins fields of one name: a key that is given twice is a list, which is 400",
        "address at token": "a TOKEN event does not say where a client is: what hangs on that is refused",
        "repeats at token": "a TOKEN authorizer sees one value",
        "methods": "API Gateway knows seven methods and refuses others itself",
        "fragment": "API Gateway refuses a fragment",
        "hops": "API Gateway says where a client is: there are no hops to be configured, and no country",
        "styles": "a context has the values of the standard fields only",
        "metrics": "there is no page of metrics: Lambda counts invocations and errors",
        "calls": _UNCOUNTED,
        "near": "an environment asks over a network of its own, one request after the other: the bound is shown here, the share is not",
        "operate": _PUBLISHER,
        "issue": _PUBLISHER,
    }
    #: The head by itself once, and then record and head together.
    calls_of_a_key = 1

    def __init__(self, binary: str):
        self.binary = Path(binary).resolve()
        if not self.binary.is_file():
            raise Unavailable(f"there is no {self.binary}: cargo build --profile lambda -p tollgate-authorizer")
        self.folder = Path(tempfile.mkdtemp(prefix="tollgate-lambda-", dir=FOLDERS))
        self.gates: list[LambdaGate] = []
        self.lock = threading.Lock()
        self.number = 0
        self.local: Local | None = None

    def because(self, row: Row, config: Config) -> str | None:
        if row.calls is not None:
            return _UNCOUNTED
        counted = re.match(r"exactly (\d+) of ", row.name)
        if counted and int(counted[1]) >= EXCHANGES_IN_A_ROW:
            return _BUDGET
        if row.name.startswith("without its store known keys pass"):
            return _ONE_BY_ONE
        return _PREFLIGHT if row.name == "a preflight spends nothing" else super().because(row, config)

    def late_since(self, begun: float) -> bool:
        with self.lock:
            gates = list(self.gates)
        return any(gate.way.late_since(begun) for gate in gates)

    def artifact(self) -> str:
        digest = hashlib.sha256(self.binary.read_bytes()).hexdigest()
        return f"{self.binary.name}, {self.binary.stat().st_size} bytes, sha256 {digest}"

    def _place(self) -> tuple[Path, str]:
        with self.lock:
            if self.local is None:
                self.local = Local()
            self.number += 1
            name = f"t{self.number}"
        place = self.folder / name
        place.mkdir()
        return place, name

    def start(self, deployment: Deployment) -> "LambdaGate":
        gate = LambdaGate(self, deployment, *self._place())
        with self.lock:
            self.gates.append(gate)
        return gate

    def refuses(self, deployment: Deployment) -> bool:
        """A function cannot refuse to start: it fails for every event, which API Gateway makes 503 of."""
        gate = self.start(deployment)
        key = next(iter(deployment.keys.values())).text.decode() if deployment.keys else "none"
        event = {"type": "TOKEN", "methodArn": "arn:aws:execute-api:us-east-1:1:a/live/GET/orders/1"}
        answers = [gate.invoke("token", {**event, "authorizationToken": token}) for token in (key, None)]
        return all(answer.error is not None and answer.error["errorMessage"] != "Unauthorized" for answer in answers)

    def close(self):
        for gate in self.gates:
            gate.stop()
        if self.local is not None:
            self.local.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class LambdaGate(Gate):
    """The functions of one deployment: one that answers policies, and one that answers yes or no."""

    def __init__(self, host: LambdaHost, deployment: Deployment, place: Path, name: str):
        self.host, self.deployment, self.place = host, deployment, place
        self.origin = Origin()
        self.address = self.questions = ("gate.example", 443)
        self.way = Way(host.local.port)
        host.local.tables(name)
        lambda_store.fill(host.local, name, deployment)
        variables = {
            "TOLLGATE_CONFIG": json.dumps(settings(deployment)), "TOLLGATE_SECRETS": secrets(deployment),
            "TOLLGATE_BUCKETS_TABLE": f"{name}-buckets", "TOLLGATE_LEDGER_TABLE": f"{name}-ledger", "TOLLGATE_LIMITS_EPOCH": "1",
            "TOLLGATE_AUTHORIZER_UNAUTHORIZED": "deny", "AWS_ENDPOINT_URL": self.way.endpoint,
        }
        self.functions = {
            form: Function(host.binary, {**variables, "TOLLGATE_AUTHORIZER_ANSWER": form}, place / f"{form}.log")
            for form in ("policy", "simple")
        }

    def invoke(self, kind: str, event: dict) -> Answered:
        """What the authorizer answers to an event of this kind."""
        return self.functions["simple" if kind == "http-simple" else "policy"].invoke(event)

    def key_set(self) -> dict:
        """What `tollgate signing-keys jwks` prints and the template serves."""
        public = base64.urlsafe_b64encode(ed25519.public_of(self.deployment.seed)).rstrip(b"=").decode()
        return {"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": self.deployment.kid, "use": "sig", "alg": "EdDSA", "x": public}]}

    def logs(self) -> bytes:
        return b"".join(function.logs() for function in self.functions.values())

    def alive(self) -> bool:
        return all(function.alive() for function in self.functions.values())

    @contextmanager
    def without_store(self):
        self.way.away()
        try:
            yield
        finally:
            self.way.back()

    @contextmanager
    def frozen(self):
        with self.functions["policy"].frozen(), self.functions["simple"].frozen():
            time.sleep(0.05)
            yield

    def stop(self):
        for function in self.functions.values():
            function.stop()
        self.way.stop()


def settings(deployment: Deployment) -> dict:
    """What would stand in `TOLLGATE_CONFIG`. Preflights that the gate would answer are left to the API."""
    config = deployment.config
    told = {
        "keys": {"prefix": config.prefix, "envs": list(config.envs), "header": config.header, "query": config.query, "forward": config.forward},
        "identity": {"issuer": config.issuer, "audience": config.audience},
        "gate": {"realm": config.realm, "rate_limit_fields": config.rate_fields, "max_staleness_ms": config.max_staleness_ms},
        "routes": [route(one) for one in config.routes if one.cors != "answer"],
    }
    return {name: {field: value for field, value in table.items() if value is not None} if isinstance(table, dict) else table
            for name, table in told.items()}
