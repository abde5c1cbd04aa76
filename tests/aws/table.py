"""One ledger and its buckets in DynamoDB Local, the command that changes it, and environments of the function on it."""

import asyncio
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from contract.driver_lambda import settings
from contract.driver_workers import secrets
from contract.lambda_store import record_of
from contract.world import Config, Deployment, Key, Minted

from .environments import Environment
from .local import Local, record_item

LEDGER, BUCKETS = "processes-ledger", "processes-buckets"
#: A store that does not answer for so long has failed, unless settings say otherwise.
STORE_DEADLINE_S = 1.0
#: For so long a known key goes on where the store has failed.
STALENESS_S = 10.0
COMMAND_S = 60
CONFIG = f"""[keys]
prefix = "tg"
envs = ["live"]

[secrets]
path = "tollgate.secrets.json"

[dynamodb]
ledger = "{LEDGER}"
buckets = "{BUCKETS}"
"""


class Table:
    """Both tables, and everybody who uses them."""

    def __init__(self, binary: Path, command: Path):
        self.binary, self.command = binary, command
        self.folder = Path(tempfile.mkdtemp(prefix="tollgate-processes-"))
        self.local = Local()
        self.environments: list[Environment] = []
        config = Config("processes", envs=("live",), routes=(), max_staleness_ms=int(STALENESS_S * 1_000))
        self.deployment = Deployment.drawn(config)
        self.deployment.now_ms = time.time_ns() // 10**6
        self.stamp = [0, 0]
        #: The keys that the command has made.
        self.minted: list[bytes] = []

    async def begin(self):
        """Makes the tables, with the command."""
        (self.folder / "tollgate.toml").write_text(CONFIG)
        file = self.folder / "tollgate.secrets.json"
        file.touch(0o600)
        file.write_text(secrets(self.deployment))
        await self.did("init", "--create-tables")
        place = {"pk": {"S": "head"}, "sk": {"S": "head"}}
        head = self.local.call("GetItem", {"TableName": LEDGER, "Key": place})["Item"]
        self.stamp = [int(head[name]["N"]) for name in ("incarnation", "epoch")]

    async def did(self, *words: str) -> dict:
        """What the command says, which must succeed."""
        given = {"PATH": os.environ.get("PATH", ""), "AWS_ENDPOINT_URL": self.local.endpoint, "AWS_REGION": "us-east-1",
                 "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
        words = (*words, "--target", "dynamodb", "--json", "--config", "tollgate.toml")
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(self.command, *words, cwd=self.folder, env=given, stdout=pipe, stderr=pipe,
                                                       stdin=asyncio.subprocess.DEVNULL)
        try:
            async with asyncio.timeout(COMMAND_S):
                out, error = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
        if process.returncode:
            raise RuntimeError(f"tollgate {' '.join(words)}: {process.returncode}: {error.decode('utf-8', 'replace')[:300]}")
        return json.loads(out)

    async def start(self, number: int) -> list[Environment]:
        """So many environments more, each with its connection."""
        variables = {
            "TOLLGATE_CONFIG": json.dumps(settings(self.deployment)), "TOLLGATE_SECRETS": secrets(self.deployment),
            "TOLLGATE_BUCKETS_TABLE": BUCKETS, "TOLLGATE_LEDGER_TABLE": LEDGER, "TOLLGATE_AUTHORIZER_UNAUTHORIZED": "deny",
        }
        started = []
        for _ in range(number):
            name = f"e{len(self.environments)}"
            environment = Environment(name, self.folder / f"{name}.log")
            self.environments.append(environment)
            started.append(await environment.start(self.binary, variables, self.local.port))
        return started

    def end(self, environments: list[Environment]):
        """These serve no longer."""
        for environment in environments:
            environment.stop()
            self.environments.remove(environment)

    def put(self, role: str, key: Key) -> Minted:
        """A key whose record stands in the table, as of when the ledger was begun."""
        minted = self.deployment.put(role, key)
        record = {**record_of(self.deployment, minted), "as_of": self.stamp}
        record["limits"] = [{**limit, "changed": self.stamp} for limit in record["limits"]]
        item = record_item(record, self.deployment.peppers[minted.pepper])
        self.local.put(LEDGER, {**item, "incarnation": self.stamp[0], "epoch": self.stamp[1]})
        return minted

    async def no_secret_told(self) -> str:
        """Neither a pepper nor a seed nor a key stands in a log."""
        keys = [*self.minted, *(minted.text for minted in self.deployment.keys.values())]
        # Not even what of a key is proof.
        told = [*self.deployment.secrets(), *keys, *(key.rsplit(b"_", 1)[1] for key in keys)]
        logs = [log.read_bytes() for log in self.folder.glob("*.log")]
        found = sum(secret in log for secret in told for log in logs)
        assert logs and all(logs) and not found, f"{found} secrets stand in {len(logs)} logs"
        return f"{len(told)} were looked for in {len(logs)} logs"

    def stop(self):
        for environment in self.environments:
            environment.stop()
        self.local.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def bucket(minted: Minted) -> str:
    """The item of its limit."""
    (limit,) = minted.spec.limits
    return f"{minted.tenant}/key/{minted.id}/{limit.name}"


def event(key: str) -> Callable[[str], bytes]:
    """What API Gateway asks about a request with this key: a REST API's REQUEST event, given the request's id."""
    fields = {"Accept": "*/*", "X-API-Key": key}
    told = json.dumps({
        "type": "REQUEST", "methodArn": "arn:aws:execute-api:us-east-1:123456789012:abcdef123/live/GET/orders/1",
        "resource": "/{proxy+}", "path": "/orders/1", "httpMethod": "GET", "headers": fields,
        "multiValueHeaders": {name: [value] for name, value in fields.items()}, "queryStringParameters": {},
        "multiValueQueryStringParameters": {}, "pathParameters": {"proxy": "orders/1"}, "stageVariables": {},
        "requestContext": {"path": "/live/orders/1", "stage": "live", "requestId": "{id}", "apiId": "abcdef123", "httpMethod": "GET",
                           "identity": {"sourceIp": "192.0.2.1"}},
    }).encode()
    before, after = told.split(b"{id}")
    return lambda name: before + name.encode() + after
