"""Mistakes in an origin and in its gate: each is made, and a part of the story must notice."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from .origin import AGES, Language
from .story import Story


@dataclass(frozen=True)
class Mistake:
    """What is wrong, and the part that notices."""

    name: str
    part: str
    told: dict = field(default_factory=dict)
    gate: tuple[str, str] = ("", "")


MISTAKES = (
    Mistake("an origin of another audience", "known", {"audience": "another"}),
    Mistake("an origin of another gate", "known", {"issuer": "https://another.example"}),
    Mistake("a gate that signs for another", "known", gate=('audience = "', 'audience = "another-')),
    Mistake("a gate that does not bind", "bound", gate=("bind = true", "bind = false")),
    Mistake("an origin that is not somebody else", "another_audience", {"other": "orders-fastapi"}),
    Mistake("an origin that keeps a removed key", "rotated", {"fresh_s": 3_600, "max_age_s": 36_000}),
    Mistake("an origin whose keys never end", "gate_is_gone", {"max_age_s": 36_000}),
)


class Short(Story):
    """One part of it, in which is waited for no longer than it would take if all was well."""

    def __init__(self, mistake: Mistake, language: Language, binary: Path, folder: Path):
        self.mistake = mistake
        self.patience_s = 3.0 + (AGES["max_age_s"] if mistake.part == "gate_is_gone" else 0)
        super().__init__(replace(language, wrong=mistake.told), binary, folder, self.changed)

    def changed(self, text: str) -> str:
        old, new = self.mistake.gate
        if old and text.count(old) != 1:
            raise ValueError(f"{self.mistake.name}: the gate is told {text.count(old)} times {old}")
        return text.replace(old, new) if old else text

    def parts(self):
        return (getattr(self, self.mistake.part),)
