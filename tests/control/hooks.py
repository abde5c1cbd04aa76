"""What schemathesis is given besides the document: keys that live, and an address for each connection.

A run ends keys: its own by `revoke-self`, others by what it reads of lists. So whether the key of the run is still
what it was is looked at after each change, and another is made where it is not. Wrong keys are what runs are made of,
and an address that shows too many of them waits: each connection has an address of its own, and one request.
"""

import functools
import ipaddress
import itertools
import os
from pathlib import Path

import schemathesis
import urllib3.util.connection
from hypothesis import strategies

from . import rightful
from .deployed import Deployment

_connect = urllib3.util.connection.create_connection
_numbers = itertools.count(1)


def from_elsewhere(address, timeout=None, source_address=None, socket_options=None):
    """A connection from an address that has not failed yet: above those that `Deployment` takes."""
    number = next(_numbers)
    source = f"127.{64 + number // 62_500 % 64}.{number // 250 % 250}.{1 + number % 250}"
    return _connect(address, timeout, (source, 0), socket_options)


urllib3.util.connection.create_connection = from_elsewhere

WHO = os.environ.get("CONTROL_WHO", "nobody")
PLACE = Path(os.environ.get("CONTROL_PLACE", "."))


def deployed() -> Deployment:
    return Deployment.at(PLACE, Path(os.environ["CONTROL_BINARY"]), int(os.environ["CONTROL_PORT"]))


def block(address, prefix_max: int):
    """Blocks in canonical form: no bit is set behind the prefix."""
    lengths = strategies.integers(0, prefix_max)
    return strategies.tuples(address, lengths).map(lambda one: str(ipaddress.ip_network(f"{one[0]}/{one[1]}", strict=False)))


V4 = strategies.integers(0x01000000, 0xDFFFFFFF).map(ipaddress.IPv4Address)
V6 = strategies.integers(1 << 64, (1 << 128) - 1).map(ipaddress.IPv6Address)
WORDS = strategies.text("abcdefghijklmnopqrstuvwxyz0123456789 äöü", min_size=1, max_size=40)
VERSIONS = strategies.one_of(strategies.just("*"), strategies.from_regex(r'"[0-9]{1,19}\.[0-9]{1,19}"', fullmatch=True))

#: An instant that nobody who runs this will see.
FAR = 4_000_000_000_000
#: Stands for a key that there is.
SOME_KEY = "key_some"
#: What there is in the tenants that a run begins with, and what there may be.
IDS = strategies.one_of(strategies.sampled_from(("alice", "usual", "acme")), strategies.just(SOME_KEY),
                        strategies.from_regex(r"[A-Za-z0-9_+-]{1,32}(@[A-Za-z0-9._+-]{1,30})?", fullmatch=True))

# What the formats of the document mean, where a pattern cannot say it.
schemathesis.openapi.format("tollgate-address", strategies.one_of(V4.map(str), V6.map(str)))
schemathesis.openapi.format("tollgate-block", strategies.one_of(block(V4, 32), block(V6, 128)))
schemathesis.openapi.format("tollgate-id", IDS)
schemathesis.openapi.format("tollgate-name", WORDS)
schemathesis.openapi.format("tollgate-version", VERSIONS)
schemathesis.openapi.format("tollgate-name-part", WORDS)


class Living:
    """A key with what it began with."""

    def __init__(self):
        self.deployment = deployed()
        _, self.watcher = self.deployment.admin("operators", "watcher")
        self.key, self.id, self.client, self.given = None, None, None, set()
        # What must be looked at again, as something was changed since.
        self.doubtful = set()

    def get(self) -> str:
        """The key of the run."""
        if self.key is None or "key" in self.doubtful and not self.lives():
            make = self.deployment.admin if WHO == "admin" else lambda: self.deployment.key("operators", "admin", [])
            self.id, self.key = make()
            self.given.add(self.key)
        self.doubtful.discard("key")
        return self.key

    def shown(self, id: str) -> dict:
        """A key as it is at this moment."""
        answer = self.deployment.ask("GET", f"/api/keys/{id}", self.watcher)
        if answer.status in (401, 403):
            # The key that watches was ended or changed, or its owner or its tenant was stopped.
            self.resume()
            _, self.watcher = self.deployment.admin("operators", "watcher")
            answer = self.deployment.ask("GET", f"/api/keys/{id}", self.watcher)
        return answer.json()

    def some(self) -> str:
        """A key of a client, which lives."""
        if self.client is None or "client" in self.doubtful and self.shown(self.client)["state"] != "active":
            self.client, _ = self.deployment.key("operators", "alice", ["orders:read"])
        self.doubtful.discard("client")
        return self.client

    def resume(self):
        """Ends what a run does to itself: it may stop every tenant and every owner, its own too."""
        self.deployment.did("tenants", "resume", "operators")
        for owner in ("watcher", "admin"):
            self.deployment.did("owners", "resume", "operators", owner)

    def lives(self) -> bool:
        key = self.shown(self.id)
        if key["owner_stopped"] or key["tenant_stopped"]:
            self.resume()
        blank = all(not key[name] for name in ("ips_allowed", "ips_denied", "countries_allowed", "countries_denied",
                                               "expires", "not_before"))
        return key["state"] == "active" and blank and bool(key["scopes"]) == (WHO == "admin") and self.is_first(key)

    def is_first(self, key: dict) -> bool:
        """Whether nobody has given it another secret, other scopes or another owner."""
        return len(key["secrets"]) == 1 and key["updated"] == key["created"] and key["owner"] == "admin"


LIVING = functools.cache(Living)


class Shown:
    """Gives each request the key of the run."""

    def get(self, case, context) -> str:
        return LIVING().get()

    def set(self, case, data, context):
        case.headers = case.headers or {}
        case.headers["X-API-Key"] = data


if WHO != "nobody":
    schemathesis.auth(refresh_interval=None)(Shown)


@schemathesis.hook
def filter_failure(context, failure, case, response) -> bool:
    """Whether it is a finding. What is none is written down, so that each can be counted."""
    why = rightful.reason(failure, case, response, lambda id: LIVING().shown(id).get("state"))
    if why is None:
        return True
    with (PLACE / "rightful.txt").open("a") as file:
        file.write(f"{why}\n")
    return False


def fit(case):
    """Makes fields that are right by themselves right together, where the request is to be a right one."""
    body = case.body
    if not (case.meta and case.meta.generation.mode.is_positive and isinstance(body, dict)):
        return
    said = dict(body)
    begins, ends = said.get("not_before"), said.get("expires")
    if isinstance(begins, int) and isinstance(ends, int) and ends <= begins:
        said.update(not_before=ends, expires=max(begins, FAR))
    if case.operation.label in rightful.MAKES_KEYS and said.get("template") is None:
        said.update({name: usual for name, usual in (("env", "live"), ("limits", [])) if said.get(name) is None})
    if said != body:
        case.body = said


@schemathesis.hook
def before_call(context, case, kwargs):
    """A key that was ended after the request was made up is shown by nobody: it gets the one that lives."""
    fit(case)
    if WHO != "nobody" and (case.path_parameters or {}).get("id") == SOME_KEY:
        case.path_parameters["id"] = LIVING().some()
    if WHO != "nobody" and case.headers and case.headers.get("X-API-Key") in LIVING().given:
        now = LIVING().get()
        if case.headers["X-API-Key"] != now:
            case.headers["X-API-Key"] = now


@schemathesis.hook
def after_call(context, case, response):
    """Counts what was asked."""
    if WHO != "nobody" and case.method != "GET" and response.status_code < 300:
        LIVING().doubtful.update(("key", "client"))
    phase = case.meta.phase.name.value if case.meta else "check"
    with (PLACE / "asked.txt").open("a") as file:
        file.write(f"{case.operation.label}\t{response.status_code}\t{phase}\n")
