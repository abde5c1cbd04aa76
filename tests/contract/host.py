"""The seam between the contract and a platform: a host that starts gates, and the gates that it started.

Rows know nothing of a platform. A driver (`driver_*.py`) is a `Host` and a `Gate`, and supplies:

* **What is deployed.** `start` takes a `Deployment` (`world.py`), writes its configuration in the form of the platform,
  its peppers and signing seed where the platform keeps secrets, and its keys into the store, and returns when requests
  are answered. A gate is the artifact that a user would deploy, with nothing in it for tests: what is counted, broken or
  stopped is counted, broken or stopped from outside.
* **A way in.** `address` speaks HTTP/1.1 to clients on this machine, who are seen as 127.0.0.1. Where the platform ends
  connections itself (Workers, API Gateway), the driver puts something there that does to a request what the platform
  does, replacing what the platform replaces, and lacks the rows that this thing would answer instead of the gate.
  With `Config.tls` it speaks TLS under the deployment's certificate, and HTTP/2 by ALPN; with `Config.decide`
  `questions` answers the questions of proxies.
* **The origin.** `origin` is an `Origin` (`origin.py`) of this gate alone, to which the gate forwards.
* **The store.** `store_calls` counts at the store, by whatever it sees (locks, queries, requests to it), and only what is
  asked on behalf of requests, not what a gate does by itself from time to time. `without_store` takes the store away
  from the gate, and only that. A damaged record (`world.DAMAGES`) is written in the form that the store has.
* **Time.** `clock_ms` is the gate's clock. Instants in keys are offsets from `Deployment.now_ms`, which is read from it.
  Nothing is set: rows wait, or are about the far past and future.
* **Bad settings.** `refuses` says whether a gate with these settings never lets a request pass: it does not start, cannot
  be deployed, or answers nothing but 503. Which of these is the platform's matter.

What a platform cannot do is said in three ways, each with a sentence that stands in the report; the rows concerned are
counted as not applicable in the table of families and doors, never left out in silence:

* `lacks` by a word of `NEEDS`; by `door NAME`; by `WORD at NAME` for one door only; by `family NAME`; or by
  `damage NAME` for one way to damage a record;
* `spares` by a class of abuse (`P15`) that cannot arise there;
* a row says what it needs by a word in `Row.needs`; the words that follow from its configuration are added to them.

`python -m contract guards` plays everything against a gate that can do nothing of it: a row that uses what it does not
need by a word is red there.
"""

import time
from contextlib import AbstractContextManager

from .origin import Origin
from .row import Row
from .world import Config, Deployment

#: What a row can need besides a gate that answers, and an origin.
NEEDS = {
    "wire": "the gate itself reads the bytes of HTTP/1.1 and its connections",
    "timeouts": "the gate's own patience with clients and origins can be set",
    "limits": "the gate's own bounds of heads can be set",
    "bodies": "bodies and answers are streamed, and an origin may misbehave",
    "websocket": "connections are upgraded",
    "upstream": "the gate decides what the origin receives besides identity and key",
    "near": "a bucket is as near as where it is deployed: how much of a small limit is admitted hangs on the round trip",
    "address": "the gate is told the address of a client",
    "repeats": "a field that is given twice reaches the gate as two",
    "methods": "a request of any method reaches the gate",
    "named": "any field that carries a key is kept from the origin",
    "fragment": "a target with a fragment reaches the gate",
    "hops": "it can be told whose X-Forwarded-For and country are believed",
    "styles": "the RateLimit fields can be chosen",
    "routes": "routes have limits of their own",
    "calls": "`store_calls`",
    "freshness": "a head is as old as the specification allows, and no older or younger",
    "damage": "records can be damaged in the store",
    "outage": "`without_store`",
    "freeze": "`frozen`",
    "operate": "`operate`, for keys, owners and tenants that are stopped and resumed",
    "issue": "`operate`, for keys, peppers and signing keys that are made and changed; and `reload`",
    "starts": "`refuses`",
    "logs": "`logs`",
    "metrics": "`metrics`",
}


class Unavailable(Exception):
    """The host cannot do this at all; the message says why."""


class Gate:
    """A running gate."""

    #: Set by the runner.
    host: "Host"
    deployment: Deployment
    origin: Origin
    #: Where it answers.
    address: tuple[str, int]
    #: Where it answers the questions of proxies, if its configuration says `decide`.
    questions: tuple[str, int]

    def key_set(self) -> dict | None:
        """The public keys, where the platform publishes them beside the gate; None where the gate serves them itself."""
        return None

    def store_calls(self) -> int:
        """How often the store was asked for requests so far, counted at the store. Needs `calls`."""
        raise NotImplementedError

    def logs(self) -> bytes:
        """Everything it has logged. Needs `logs`."""
        raise NotImplementedError

    def metrics(self) -> bytes:
        """Its metrics as they are served. Needs `metrics`."""
        raise NotImplementedError

    def operate(self, words: list[str], fails: bool = False) -> dict | None:
        """Does what an operator would, in the words of the command line: `["keys", "revoke", id]`; answers what it says.

        Where it should fail, that is what it was refused with, or None if it was not. Needs `operate` or `issue`.
        """
        raise NotImplementedError

    def reload(self):
        """Makes it take its settings and secrets as they are now; returns when it has. Needs `issue`."""
        raise NotImplementedError

    def without_store(self) -> AbstractContextManager:
        """A context in which nobody gets at the store. Needs `outage`."""
        raise NotImplementedError

    def frozen(self) -> AbstractContextManager:
        """A context in which the gate does not run. Needs `freeze`."""
        raise NotImplementedError

    def alive(self) -> bool:
        """Whether no request has brought it down since it was started."""
        raise NotImplementedError

    def stop(self):
        """Ends it, and only it."""
        raise NotImplementedError


class Host:
    """A platform."""

    name: str
    #: What it cannot do, and why.
    lacks: dict[str, str] = {}
    #: Classes of abuse that cannot arise on it, and why: no row of such a class applies.
    spares: dict[str, str] = {}
    #: How often its store is asked for a key that is seen for the first time, the head being fresh.
    calls_of_a_key = 1
    #: How often for a head that is too old.
    calls_of_a_head = 1

    def because(self, row: Row, config: Config) -> str | None:
        """Why a row does not apply to this platform, if it does not."""
        needs = [*row.needs, *(["hops"] if config.trusted_hops or config.country_header else [])]
        words = [f"door {row.door}", f"family {row.family}", *needs, *(f"{need} at {row.door}" for need in needs)]
        return next((self.lacks[word] for word in words if word in self.lacks), self.spares.get(row.cls))

    def clock_ms(self) -> int:
        """The time by the clock that its gates read."""
        return time.time_ns() // 10**6

    def late_since(self, begun: float) -> bool:
        """Whether a store of its gates took too long for an answer at any time since, through no doing of theirs."""
        return False

    def artifact(self) -> str:
        """What is tested, with its hash."""
        raise NotImplementedError

    def start(self, deployment: Deployment) -> Gate:
        """Starts a gate whose store holds the deployment's keys; returns when it is ready."""
        raise NotImplementedError

    def refuses(self, deployment: Deployment) -> bool:
        """Whether a gate with these settings never lets a request pass. Needs `starts`."""
        raise NotImplementedError

    def close(self):
        """Ends everything that was started."""
