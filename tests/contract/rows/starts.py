"""A gate that is missing something does not start, rather than start open."""

import json
from dataclasses import replace
from pathlib import Path

from ..row import Row
from ..world import MAIN, Deployment

F = "starts"
VECTORS = Path(__file__).parents[2] / "vectors" / "keys.json"


def refused(name: str, cls: str, change, starts=False) -> Row:
    """Whether a gate with this deployment starts."""

    def play(stage):
        deployment = Deployment.drawn(replace(MAIN, name="start"))
        change(deployment)
        does = not stage.gate.host.refuses(deployment)
        stage.checks += 1
        stage.expect(does == starts, "it starts" if does else "it does not start")

    return Row(F, name, cls, (play,), needs=("starts",), vectors=1)


def _peppers(ring: list[tuple[int, bytes]], issuing: int):
    def change(deployment):
        # A list, so that one id can stand twice.
        deployment.peppers, deployment.issuing = ring, issuing

    return change


def _brand(prefix: str, envs: list[str]):
    def change(deployment):
        deployment.config = replace(deployment.config, prefix=prefix, envs=tuple(envs))

    return change


def _vectors():
    for row in json.loads(VECTORS.read_text())["rows"]:
        given, fine = row["in"], "error" not in row["out"]
        if row["op"] == "pepper.ring":
            ring = [(pepper["id"], bytes.fromhex(pepper["secret"])) for pepper in given["peppers"]]
            yield refused(f"{row['id']}: {row['why']}", "C07", _peppers(ring, given["issuing"]), fine)
        elif row["op"] == "key.brand":
            yield refused(f"{row['id']}: {row['why']}", "own", _brand(given["prefix"], given["envs"]), fine)


def _seed(seed: bytes):
    def change(deployment):
        deployment.seed = seed

    return change


ROWS = [
    *_vectors(),
    refused("a signing key of one byte repeated", "F04", _seed(bytes(32))),
    refused("a signing key that is too short", "F04", _seed(bytes(range(31)))),
    refused("a deployment as it should be starts", "own", lambda deployment: None, True),
]
