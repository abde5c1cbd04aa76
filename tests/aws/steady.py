"""`python -m aws steady --authorizer BINARY`: no event, no setting and no store makes an environment end, which Lambda would start
again for every event; and what does end one ends it once, with a line that says why.
"""

import argparse
import json
import signal
from functools import partial
from pathlib import Path

from .keeper import Keeper
from .runtime_api import DEADLINE_S, Function
from .stand import Stand, Wrong, comes_to_pass, failed, lines, of, played
from .way import Way

#: How long an environment may begin, on Lambda.
INIT_MAX_S = 10

#: What is set wrong, and the word for it.
SETTINGS = {
    "no configuration": ({"TOLLGATE_CONFIG": None}, "TOLLGATE_CONFIG: is not set"),
    "half a configuration": ({"TOLLGATE_CONFIG": "{"}, "TOLLGATE_CONFIG: is no JSON"),
    "a setting that nobody knows": ({"TOLLGATE_CONFIG": '{"gate":{"reallm":"x"}}'}, "gate.reallm"),
    "a configuration that is no text": ({"TOLLGATE_CONFIG": "\udcff{}"}, "TOLLGATE_CONFIG: is not set"),
    "a file that is not there": ({"TOLLGATE_CONFIG": None, "TOLLGATE_CONFIG_FILE": "nothing.toml"}, "TOLLGATE_CONFIG_FILE: cannot be read"),
    "no secrets": ({"TOLLGATE_SECRETS": None}, "TOLLGATE_SECRETS: is not set"),
    "no table of buckets": ({"TOLLGATE_BUCKETS_TABLE": None}, "TOLLGATE_BUCKETS_TABLE: is not set"),
    "no table of the ledger": ({"TOLLGATE_LEDGER_TABLE": ""}, "TOLLGATE_LEDGER_TABLE: is not set"),
    "no region": ({"AWS_REGION": ""}, "AWS_REGION: is not set"),
    "no credentials": ({"AWS_SECRET_ACCESS_KEY": ""}, "AWS_SECRET_ACCESS_KEY: is not set"),
    "answers that are kept too long": ({"TOLLGATE_AUTHORIZER_TTL": "3601"}, "TOLLGATE_AUTHORIZER_TTL"),
    "neither yes nor no": ({"TOLLGATE_CONNECT_IN_INIT": "maybe"}, "TOLLGATE_CONNECT_IN_INIT"),
}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="steady")
    parser.add_argument("--authorizer", type=Path, required=True)
    binary = parser.parse_args(arguments).authorizer.resolve()
    with Stand("steady") as stand:
        return played(Steady(stand, binary).cases())


class Steady:
    """One run."""

    def __init__(self, stand: Stand, binary: Path):
        self.stand, self.binary = stand, binary

    def cases(self) -> dict:
        cases = {name: partial(self.goes_on_without, variables, words) for name, (variables, words) in SETTINGS.items()}
        error = json.dumps({"__type": "com.amazon.coral#InternalServerError", "message": "injected"})
        missing = json.dumps({"__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException", "message": "injected"})
        for name, answer in {"fails": ("plain", 500, error), "has no table": ("plain", 400, missing), "says nothing": ("nothing",),
                             "speaks no JSON": ("plain", 200, "<html>"), "closes": ("closed",)}.items():
            cases[f"a store that {name} while it begins"] = partial(self.goes_on_over, answer)
        return cases | {
            "a store that is away while it begins": self.waits_for_its_store, "events that cannot be read": self.answers_what_cannot_be_read,
            "a runtime API that is not there": self.ends_without_a_runtime, "a runtime API that goes away": self.ends_with_its_runtime,
            "a panic": self.ends_with_a_panic,
        }

    def function(self, **variables: str | None) -> Function:
        return self.stand.function(self.binary, **variables)

    def begins(self, function: Function):
        seconds = function.wait_until_polled()
        if seconds > INIT_MAX_S:
            raise Wrong(f"it begins for {seconds:.1f} s")

    def is_up(self, function: Function):
        if not function.alive() or function.runtime.init_errors:
            raise Wrong(f"it ended, or told Lambda to end it: {function.runtime.init_errors} {function.logs()[-600:]!r}")

    def goes_on_without(self, variables: dict, words: str):
        function = self.function(**variables)
        try:
            self.begins(function)
            told = lines(function)
            if len(told) != 1 or told[0]["event"] != "not_started" or words not in told[0]["why"]:
                raise Wrong(f"not one line that says what is wrong: {told}")
            for event in (self.stand.event(), {}, None):
                failed(function.invoke(event))
            self.is_up(function)
        finally:
            function.stop()

    def goes_on_over(self, answer: tuple):
        with Keeper(answer) as keeper:
            function = self.function(AWS_ENDPOINT_URL_DYNAMODB=keeper.endpoint)
            try:
                self.begins(function)
                for _ in range(2):
                    failed(function.invoke(self.stand.event()))
                failed(function.invoke({}), "Malformed event")
                for event in ("store_not_reached_in_init", "store_failed", "unavailable"):
                    if not of(function, event):
                        raise Wrong(f"nothing is said of it: {event} {function.logs()!r}")
                self.is_up(function)
            finally:
                function.stop()

    def waits_for_its_store(self):
        way = Way(self.stand.local.port)
        way.away()
        function = self.function(AWS_ENDPOINT_URL_DYNAMODB=way.endpoint)
        try:
            self.begins(function)
            failed(function.invoke(self.stand.event()))
            way.back()
            comes_to_pass(function, self.stand.event())
            self.is_up(function)
        finally:
            function.stop()
            way.stop()

    def answers_what_cannot_be_read(self):
        function, key = self.function(), self.stand.keys["usual"].text
        event = json.dumps(self.stand.event()).encode()
        ours = [b"null", b"[]", b"{}", b"17", b'"text"', b'{"type":"TOKEN"}', b'{"type":"TOKEN","methodArn":17}', b'{"version":"3.0"}',
                b"[" * 100 + b"]" * 100, b"[" * 100_000 + b"]" * 100_000, b'{"type":' * 50_000 + b"1" + b"}" * 50_000,
                event.replace(b'"TOKEN"', b'"TOKEN","type":7'), event.replace(b"arn:aws:execute-api", b"arn:aws:lambda"),
                json.dumps(self.stand.event() | {"more": "x" * 5_000_000}).encode()]
        runtimes = [b"", b"{", event[:-2], b"\xff" + event, event.replace(b"live", b"li\xffve"), b"NaN", b"\0" * 1_000]
        try:
            self.begins(function)
            for text in ours + runtimes:
                answered = function.invoke(text)
                message = (answered.error or {}).get("errorMessage", "Unauthorized")
                if message == "Unauthorized" or key.decode() in message:
                    raise Wrong(f"{text[:60]!r}: {answered}")
                comes_to_pass(function, self.stand.event())
            if len(of(function, "event_malformed")) < len(ours) - 3:
                raise Wrong(f"events without a line: {lines(function)}")
            if key in function.logs():
                raise Wrong("a key stands in the log")
            self.is_up(function)
        finally:
            function.stop()

    def ends_without_a_runtime(self):
        self.ends(self.function(AWS_LAMBDA_RUNTIME_API="127.0.0.1:1"), 1, "runtime_lost")

    def ends_with_its_runtime(self):
        function = self.function()
        self.begins(function)
        function.runtime.close()
        self.ends(function, 1, "runtime_lost")

    def ends_with_a_panic(self):
        """Lambda always says how much memory there is; the runtime's library panics if it does not."""
        self.ends(self.function(AWS_LAMBDA_FUNCTION_MEMORY_SIZE="many"), -signal.SIGABRT, "panicked")

    def ends(self, function: Function, code: int, event: str):
        """It ends by itself, with this as its last line, and nothing but lines."""
        try:
            ended = function.process.wait(DEADLINE_S)
            told = lines(function)
            # A store that was late is told of between them.
            if ended != code or [line["event"] for line in (told[0], told[-1])] != ["started", event]:
                raise Wrong(f"ended by {ended}: {told}")
            if function.runtime.init_errors:
                raise Wrong("it told Lambda that it cannot begin, after it had begun")
        finally:
            function.stop()
