"""What a driver gives: a host that starts gates, and the gates that it started."""

from .origin import Origin
from .world import Deployment


class Unavailable(Exception):
    """The host cannot do this at all; the message says why."""


class Gate:
    """A running gate."""

    host: "Host"
    deployment: Deployment
    origin: Origin
    #: Where it answers.
    address: tuple[str, int]
    #: Where it answers the questions of proxies, if its configuration says `decide`.
    questions: tuple[str, int]

    def store_calls(self) -> int:
        """How many transactions the store has seen, counted at the store."""
        raise NotImplementedError

    def logs(self) -> bytes:
        """Everything it has logged."""
        raise NotImplementedError

    def metrics(self) -> bytes:
        """Its metrics as they are served, or nothing."""
        return b""

    def operate(self, words: list[str], fails: bool = False) -> dict | None:
        """Does what an operator would: `["keys", "revoke", id]`; answers what the operator is told.

        Where it should fail, that is what it was refused with, or None if it was not.
        """
        raise NotImplementedError

    def reload(self):
        """Makes it read its settings and secrets again; returns when it has."""
        raise NotImplementedError

    def without_store(self):
        """A context in which nobody gets at the store."""
        raise NotImplementedError

    def frozen(self):
        """A context in which the gate does not run."""
        raise NotImplementedError

    def alive(self) -> bool:
        """Whether it is still the process that was started."""
        raise NotImplementedError

    def stop(self):
        """Ends it, and only it."""
        raise NotImplementedError


class Host:
    """A platform."""

    name: str
    #: What it cannot do, and why: a row that needs it does not apply.
    lacks: dict[str, str] = {}
    #: Classes of abuse that cannot arise on it, and why: no row of such a class applies.
    spares: dict[str, str] = {}

    def artifact(self) -> str:
        """What is tested, with its hash."""
        raise NotImplementedError

    def start(self, deployment: Deployment) -> Gate:
        """Starts a gate whose store holds the deployment's keys; returns when it is ready."""
        raise NotImplementedError

    def refuses(self, deployment: Deployment) -> bool:
        """Whether a gate with these settings does not start."""
        raise NotImplementedError

    def close(self):
        """Ends everything that was started."""
