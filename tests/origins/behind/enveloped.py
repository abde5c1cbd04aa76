"""An origin behind Envoy with `examples/origin-envoy/envoy.yaml`, behind the gate."""

import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

from proxies.example import envoy
from proxies.process import Failed, Process, environment, free_ports

from .gate import ISSUER
from .origin import Language, Origin
from .story import Story

CONFIGURATION = Path(__file__).resolve().parents[3] / "examples/origin-envoy/envoy.yaml"


class Enveloped(Origin):
    """The port is Envoy's; the program has another."""

    def __init__(self, language: Language, folder: Path, audience: str):
        super().__init__(language, folder, audience)
        self.front, [self.behind] = None, free_ports(1)

    def start(self, jwks: str):
        place, self.port = self.port, self.behind
        try:
            super().start(jwks)
        finally:
            self.port = place
        tools = Path(self.language.environment["TOOLS"])
        file = self.folder / "envoy.yaml"
        file.write_text(self.configured(urlsplit(jwks).port))
        self.front = Process(envoy(tools, self.folder, file, None), self.folder, environment(), "envoy")
        self.front.listens(self.port)

    def configured(self, gate: int) -> str:
        """What a reader replaces; keys that are short-lived, since they are waited for; and the token, since the test looks at it."""
        text = CONFIGURATION.read_text()
        for old, new in (
            (r"port_value: 3000\b", f"port_value: {self.port}"), (r"port_value: 3001\b", f"port_value: {self.behind}"),
            (r"port_value: 8080\b", f"port_value: {gate}"), (r"issuer: \S+", f"issuer: {ISSUER}"),
            (r"audiences: \[orders\]", f"audiences: [{self.audience}]"), (r"cache_duration: 60s", "cache_duration: 1s"),
            (r"forward: false", "forward: true"),
        ):
            text, found = re.subn(old, new, text)
            if found != 1:
                raise Failed(f"the example says {found} times {old}")
        return text

    def stop(self):
        if self.front:
            self.front.stop()
        super().stop()

    def refusals(self) -> list[str]:
        """It says nothing of why."""
        return []


class EnvoyStory(Story):
    """Without what is another configuration of Envoy's: binding that is demanded, another audience. How long Envoy goes on
    without the gate is not ours to say."""

    origin_of = Enveloped
    demands = False

    def parts(self):
        return (self.known, self.around_the_gate, self.own_identity, self.bound, self.rotated)

    def refused(self, seen, what: str):
        self.expect(seen.status in (400, 401) and not seen.who, f"{what}: {seen.status} {sorted(seen.who)}")


def language(tools: Path) -> Language:
    program = Path(__file__).with_name("programs") / "told_origin.py"
    return Language("envoy", [sys.executable, program], {"TOOLS": str(tools)})
