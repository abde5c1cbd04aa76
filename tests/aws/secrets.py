"""`python -m aws secrets --authorizer BINARY`: secrets by their ARN, from Secrets Manager and the Parameter Store.

What moto keeps is fetched and used. What is missing, refused, malformed or late is one line of the log that names the setting
and holds no secret; events fail until it is mended, and the environment goes on.
"""

import argparse
import json
import logging
import os
import time
from functools import partial
from pathlib import Path

os.environ.update({"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"})

import boto3  # noqa: E402 - after what it looks for in the environment
from botocore.credentials import Credentials  # noqa: E402
from moto.server import ThreadedMotoServer  # noqa: E402

from .keeper import Keeper, is_recent, parameter, secret, signature  # noqa: E402
from .runtime_api import DEADLINE_S, Function  # noqa: E402
from .stand import Stand, Wrong, comes_to_pass, failed, lines, of, played  # noqa: E402

SETTING = "TOLLGATE_SECRETS_ARN"
#: Not the function's own: an ARN says where it is.
REGION = "eu-central-1"
SECRET = f"arn:aws:secretsmanager:{REGION}:123456789012:secret:tollgate-AbCdEf"
PARAMETER = f"arn:aws:ssm:{REGION}:123456789012:parameter/tollgate"
PUBLISHED = bytes(range(32)).hex()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="secrets")
    parser.add_argument("--authorizer", type=Path, required=True)
    binary = parser.parse_args(arguments).authorizer.resolve()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    moto = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    moto.start()
    try:
        with Stand("secrets") as stand:
            host, port = moto.get_host_and_port()
            return played(Secrets(stand, binary, f"http://{host}:{port}").cases())
    finally:
        moto.stop()


class Secrets:
    """One run."""

    def __init__(self, stand: Stand, binary: Path, moto: str):
        self.stand, self.binary, self.moto = stand, binary, moto

    def cases(self) -> dict:
        good, missing = self.kept(), {"an error": "the answer was an error", "none": "the answer holds no secret"}
        cases = {f"{name} is fetched": partial(self.starts, arn) for name, arn in good.items()}
        cases |= {
            "a secret that is not there": partial(self.refuses, self.moto, SECRET, missing["an error"]),
            "a parameter that is not there": partial(self.refuses, self.moto, PARAMETER, missing["an error"]),
            "a secret of bytes": partial(self.refuses, self.moto, self.binary_secret(), missing["none"]),
        }
        cases |= {name: partial(self.refuses_answer, answer, words) for name, (answer, words) in self.answers().items()}
        for name, arn in {"no ARN": "tollgate", "the ARN of another service": "arn:aws:s3:::tollgate", "half an ARN": "arn:aws:ssm"}.items():
            cases[name] = partial(self.refuses, self.moto, arn, "names no secret and no parameter")
        return cases | {
            "nobody listens": partial(self.refuses, "http://127.0.0.1:1", SECRET, "there was no answer"),
            "it is asked as AWS's own client asks": self.is_asked_as_by_aws,
            "what comes back is used": self.comes_back,
        }

    def kept(self) -> dict[str, str]:
        """What moto is to keep, by ARN."""
        given = {"endpoint_url": self.moto, "region_name": REGION}
        manager, store = boto3.client("secretsmanager", **given), boto3.client("ssm", **given)
        store.put_parameter(Name="/gate/secrets", Value=self.stand.secrets, Type="SecureString")
        return {
            "a secret": manager.create_secret(Name="gate", SecretString=self.stand.secrets)["ARN"],
            "a SecureString parameter": store.get_parameter(Name="/gate/secrets")["Parameter"]["ARN"],
        }

    def binary_secret(self) -> str:
        manager = boto3.client("secretsmanager", endpoint_url=self.moto, region_name=REGION)
        return manager.create_secret(Name="bytes", SecretBinary=self.stand.secrets.encode())["ARN"]

    def answers(self) -> dict[str, tuple[tuple, str]]:
        """What is answered that is no good, and what is said of it."""
        good, whole = self.stand.secrets, json.loads(self.stand.secrets)
        peppers = whole["peppers"]
        short = {**whole, "peppers": [{**peppers[0], "secret": peppers[0]["secret"][:32]}, *peppers[1:]]}
        known = {**whole, "peppers": [{**peppers[0], "secret": PUBLISHED}, *peppers[1:]]}
        error, none, silent = "the answer was an error", "the answer holds no secret", "there was no answer"
        refused = {"__type": "AccessDeniedException", "Message": f"not authorized: {good}"}
        texts = {
            "a secret that is no JSON": (good[:-1], "secrets: is no JSON"), "a pepper by itself": (peppers[0]["secret"], "secrets: is no JSON"),
            "a secret that is empty": ("", "secrets: is no JSON"), "a secret of 70 kB": (good + " " * 70_000, "secrets: is too long"),
            "a pepper in the place of its name": (json.dumps({peppers[0]["secret"]: 0}), "secrets: has a member"),
            "a secret without peppers": (json.dumps({**whole, "peppers": []}), "secrets.peppers"),
            "a pepper that is too short": (json.dumps(short), "secrets.peppers"),
            "a pepper that was published": (json.dumps(known), "secrets.peppers"),
            "a secret without a signing key": (json.dumps({**whole, "signing": []}), "secrets.signing"),
        }
        return {
            **{name: (("plain", 200, secret(text)), words) for name, (text, words) in texts.items()},
            "no permission": (("plain", 400, json.dumps(refused)), error),
            "a failure of 500": (("plain", 500, json.dumps({"__type": "InternalServiceError"})), error),
            "a failure of 503": (("plain", 503, ""), error),
            "a secret with a status of 500": (("plain", 500, secret(good)), error),
            "another place": (("moved", f"{self.moto}/"), error),
            "an answer that is no JSON": (("plain", 200, good[1:]), none), "an answer that is a list": (("plain", 200, f"[{good}]"), none),
            "an answer without a secret": (("plain", 200, "{}"), none), "no bytes": (("plain", 200, ""), none),
            "a secret that is no text": (("plain", 200, secret(whole)), none), "a null": (("plain", 200, secret(None)), none),
            "half an answer": (("half", secret(good)), silent), "one byte after the other": (("dribble", secret(good)), silent),
            "silence": (("nothing",), silent), "a closed connection": (("closed",), silent),
        }

    def function(self, arn: str, endpoint: str, **variables: str | None) -> Function:
        """Besides good secrets in its environment, which are not to be fallen back on, if there are to be some."""
        given = {"TOLLGATE_SECRETS": None, SETTING: arn, "AWS_ENDPOINT_URL": endpoint, **variables}
        return self.stand.function(self.binary, **given)

    def starts(self, arn: str):
        function = self.function(arn, self.moto)
        try:
            function.wait_until_polled()
            comes_to_pass(function, self.stand.event())
            self.went(function, "started")
            self.shows_nothing(function)
        finally:
            function.stop()

    def refuses_answer(self, answer: tuple, words: str):
        with Keeper(answer) as keeper:
            self.refuses(keeper.endpoint, SECRET, words)
            if not keeper.asked:
                raise Wrong("it was never asked")
        if answer[0] == "plain" and answer[1] == 200 and '"SecretString"' in answer[2]:
            with Keeper(("plain", 200, parameter(json.loads(answer[2])["SecretString"]))) as keeper:
                self.refuses(keeper.endpoint, PARAMETER, words)

    def refuses(self, endpoint: str, arn: str, words: str):
        """It waits for events, and fails each, and its log has one line for each time that it tried."""
        function = self.function(arn, endpoint, TOLLGATE_SECRETS=self.stand.secrets)
        try:
            function.wait_until_polled()
            begun = time.monotonic()
            self.is_told(function, words, 1)
            while len(of(function, "not_started")) < 2:
                if time.monotonic() > begun + DEADLINE_S:
                    raise Wrong("it is never tried again")
                failed(function.invoke(self.stand.event()))
                time.sleep(0.05)
            self.is_told(function, words, 2 + int(time.monotonic() - begun))
            if not function.alive() or function.runtime.init_errors:
                raise Wrong(f"it ended, or told Lambda to end it: {function.runtime.init_errors}")
        finally:
            function.stop()

    def is_told(self, function: Function, words: str, most: int):
        told = lines(function)
        if not 1 <= len(told) <= most or {line["event"] for line in told} != {"not_started"}:
            raise Wrong(f"not one line for each of at most {most} times: {told}")
        for line in told:
            if line["level"] != "error" or not line["why"].startswith(f"{SETTING}: ") or words not in line["why"]:
                raise Wrong(f"it does not say what is wrong: {line}")
        self.shows_nothing(function)

    def went(self, function: Function, *expected: str):
        """What it said of its start."""
        events = [line["event"] for line in lines(function) if line["event"].endswith("started")]
        if events != list(expected):
            raise Wrong(f"another course: {events}")

    def shows_nothing(self, function: Function):
        logs = function.logs()
        if any(secret in logs for secret in (*self.stand.deployment.secrets(), PUBLISHED.encode())):
            raise Wrong("a secret stands in the log")

    def is_asked_as_by_aws(self):
        credentials = Credentials("AKIDEXAMPLE", "an access key", "a token of a session")
        given = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "an access key", "AWS_SESSION_TOKEN": "a token of a session"}
        for arn, service, body, answer in (
            (SECRET, "secretsmanager", {"SecretId": SECRET}, secret(self.stand.secrets)),
            (PARAMETER, "ssm", {"Name": PARAMETER, "WithDecryption": True}, parameter(self.stand.secrets)),
        ):
            with Keeper(("plain", 200, answer)) as keeper:
                function = self.function(arn, keeper.endpoint, **given)
                try:
                    function.wait_until_polled()
                finally:
                    function.stop()
                ((headers, asked),) = keeper.asked
                expected = signature(headers, asked, f"{keeper.endpoint}/", service, REGION, credentials)
            told = {name.lower(): value for name, value in headers.items()}
            if json.loads(asked) != body or told["authorization"] != expected or not is_recent(headers):
                raise Wrong(f"asked otherwise: {asked!r} {told}")
            if told["x-amz-security-token"] != "a token of a session" or "x-amz-security-token" not in expected:
                raise Wrong("the token of the session is not signed")

    def comes_back(self):
        with Keeper(("plain", 503, ""), ("plain", 200, "{}"), ("plain", 200, secret(self.stand.secrets))) as keeper:
            function = self.function(SECRET, keeper.endpoint)
            try:
                function.wait_until_polled()
                comes_to_pass(function, self.stand.event())
                self.went(function, "not_started", "not_started", "started")
            finally:
                function.stop()
