"""An origin behind the gate: a program in `programs/`, one for each verifier.

It is told in `ORIGIN` (JSON) its `port`, `issuer`, `audience`, `jwks`, the ages of keys in seconds, and `other`, which is
the audience of somebody else. Below `/bound/` it demands binding, below `/other/` it takes itself for that somebody, and
elsewhere it does neither. What its handler answers is what it knows of who calls, and the token. A refusal is a line.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

from proxies.process import Process, environment, free_ports

from .gate import ISSUER

#: Of keys: short, since they are waited for.
AGES = {"fresh_s": 1, "refetch_s": 1, "max_age_s": 10, "deadline_s": 10}
OTHER = "somebody-else"


@dataclass(frozen=True)
class Language:
    """How the program of a verifier is started."""

    name: str
    words: list
    environment: dict[str, str]
    #: What it is told wrongly, where a test wants to see that noticed.
    wrong: dict = field(default_factory=dict)


class Origin:
    """A program that runs."""

    def __init__(self, language: Language, folder: Path, audience: str):
        self.language, self.folder, self.audience = language, folder, audience
        [self.port] = free_ports(1)
        self.process: Process | None = None

    def start(self, jwks: str):
        told = {"port": self.port, "issuer": ISSUER, "audience": self.audience, "jwks": jwks, "other": OTHER, **AGES,
                **self.language.wrong}
        more = {**self.language.environment, "ORIGIN": json.dumps(told)}
        self.process = Process(self.language.words, self.folder, {**environment(), **more}, "origin")
        self.process.listens(self.port)

    def stop(self):
        if self.process:
            self.process.stop()

    def refusals(self) -> list[str]:
        """Why it has refused whom it has refused, as it says itself."""
        lines = self.process.log().splitlines() if self.process else []
        return [line.removeprefix("refused ") for line in lines if line.startswith("refused ")]


def python(project: Path, interpreter: str) -> Language:
    program = Path(__file__).with_name("programs") / "fastapi_origin.py"
    return Language("fastapi", [interpreter, program], {"PYTHONPATH": str(project / "sdk/python/src")})


def node(program: Path) -> Language:
    return Language("express", [program, Path(__file__).with_name("programs") / "express_origin.mjs"], {})


def built(name: str, program: Path) -> Language:
    """One that was compiled before."""
    return Language(name, [program], {})


__all__ = ["AGES", "OTHER", "Language", "Origin", "built", "node", "python"]
