"""The host of made-up gates."""

from .fake_gate import FakeGate
from .host import Host
from .world import Deployment


class FakeHost(Host):
    """Starts made-up gates in this process."""

    name = "fake"
    lacks = {
        need: "the made-up gate of the self-test cannot do this"
        for need in ("issue", "metrics", "starts", "freshness", "timeouts", "websocket", "styles", "bodies", "routes", "damage", "outage", "freeze")
    }

    def __init__(self, kind: type[FakeGate] = FakeGate):
        self.kind = kind

    def artifact(self) -> str:
        return f"{self.kind.__name__}, made up"

    def start(self, deployment: Deployment) -> FakeGate:
        return self.kind(deployment)

    def close(self):
        pass
