"""`python -m aws invoked --authorizer BINARY`: `cargo lambda` hands the real binary an event of each kind, made from AWS's documented
examples, and each answer has the documented shape."""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from contract import lambda_store
from contract.driver_lambda import settings
from contract.driver_workers import secrets
from contract.world import MAIN, Deployment, Key

from .local import Local
from .runtime_api import ENVIRONMENT

EVENTS = Path(__file__).parents[2] / "lambda" / "authorizer" / "tests" / "events"
READY_S, CALL_S = 60, 60
NAME = "authorizer"
PATH = "/orders/1"
MAIN_RS = """use std::{env, os::unix::process::CommandExt, process::Command};
fn main() {
    panic!("{}", Command::new(env::var("TOLLGATE_TESTED_BINARY").unwrap()).exec());
}
"""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="invoked")
    parser.add_argument("--authorizer", type=Path, required=True)
    binary = parser.parse_args(arguments).authorizer.resolve()
    folder, local, processes = Path(tempfile.mkdtemp(prefix="tollgate-invoked-")), Local(), []
    try:
        return play(binary, folder, local, processes)
    finally:
        for process in processes:
            process.terminate()
            process.wait()
        local.stop()
        shutil.rmtree(folder, ignore_errors=True)


def play(binary: Path, folder: Path, local: Local, processes: list) -> int:
    deployment = Deployment.drawn(MAIN)
    deployment.now_ms = 1_700_000_000_000
    key = deployment.put("usual", Key(scopes=("orders:read",)))
    local.tables("invoked")
    lambda_store.fill(local, "invoked", deployment)
    tool = shutil.which("cargo-lambda", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    if tool is None:
        raise FileNotFoundError("no cargo-lambda: cargo xtask setup")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    # What it builds and starts is a program that becomes the real binary: that is built with a profile of its own.
    (folder / "src").mkdir()
    (folder / "src" / "main.rs").write_text(MAIN_RS)
    (folder / "Cargo.toml").write_text('[package]\nname = "authorizer"\nversion = "0.0.0"\nedition = "2024"\n[workspace]\n')
    with (folder / "log").open("wb") as log:
        given = {
            **os.environ, **ENVIRONMENT, "TOLLGATE_TESTED_BINARY": str(binary), "AWS_ENDPOINT_URL": local.endpoint,
            "CARGO_TARGET_DIR": str(folder / "target"),
            "TOLLGATE_CONFIG": json.dumps(settings(deployment)), "TOLLGATE_SECRETS": secrets(deployment), "TOLLGATE_LIMITS_EPOCH": "1",
            "TOLLGATE_BUCKETS_TABLE": "invoked-buckets", "TOLLGATE_LEDGER_TABLE": "invoked-ledger",
        }
        watch = [tool, "lambda", "watch", "--ignore-changes", "--invoke-port", str(port)]
        processes.append(subprocess.Popen(watch, cwd=folder, env=given, stdin=subprocess.DEVNULL, stdout=log, stderr=log))
        wait_for(port, processes[0], folder / "log")
    held = wrong = 0
    for kind in ("token", "request", "http_1", "http_2"):
        for presented, allowed in ((key.text.decode(), True), ("nothing", False)):
            event = event_of(kind, presented)
            place = folder / "event.json"
            place.write_text(json.dumps(event))
            done = subprocess.run([tool, "lambda", "invoke", NAME, "--invoke-port", str(port), "--data-file", place], cwd=folder,
                                  capture_output=True, text=True, timeout=CALL_S, check=False)
            fault = judged(done, event, allowed)
            print(f"{kind}, {'a good key' if allowed else 'no key'}: {fault or 'as documented'}")
            wrong += fault is not None
            held += fault is None
    print(f"tollgate-tally tests={held} rows=0 held={held} not_applicable=0 skipped=0")
    return 1 if wrong else 0


def event_of(kind: str, key: str) -> dict:
    """The documented example, for our path and with a key."""
    event = json.loads((EVENTS / f"{kind}.json").read_text())
    arn = f"arn:aws:execute-api:us-east-1:123456789012:abcdef123/test/GET{PATH}"
    if kind == "token":
        return {**event, "methodArn": arn, "authorizationToken": key}
    if kind == "http_2":
        event["headers"]["x-api-key"] = key
        return {**event, "routeArn": arn, "rawPath": f"/test{PATH}"}
    event["headers"]["X-API-Key"] = key
    return {**event, "methodArn": arn, "path": f"/test{PATH}" if kind == "http_1" else PATH}


def judged(done: subprocess.CompletedProcess, event: dict, allowed: bool) -> str | None:
    """What is wrong with an answer."""
    if not allowed:
        said = done.stdout + done.stderr
        return None if done.returncode and "Unauthorized" in said else f"no error of that name: {said[-300:]!r}"
    if done.returncode:
        return f"it failed: {done.stderr[-300:]!r}"
    answer = json.loads(done.stdout)
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": event.get("methodArn") or event.get("routeArn")}
    if answer.get("policyDocument") != {"Version": "2012-10-17", "Statement": [statement]}:
        return f"another policy: {answer.get('policyDocument')}"
    if not isinstance(answer.get("principalId"), str) or set(answer) - {"principalId", "policyDocument", "context", "usageIdentifierKey"}:
        return f"another shape: {sorted(answer)}"
    kinds = {type(value) for value in answer["context"].values()}
    return None if kinds <= {str, int, bool} else f"a context of {kinds}"


def wait_for(port: int, process: subprocess.Popen, log: Path):
    deadline = time.monotonic() + READY_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(log.read_text()[-600:]) from None
            time.sleep(0.05)
