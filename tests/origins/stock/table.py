"""What a stock part decides differently: every such row stands in `differs.toml`, with a reason."""

import base64
import json
import re
import tomllib
from collections import Counter
from pathlib import Path

SHARED = json.loads((Path(__file__).parents[1] / "adversarial.json").read_text("ascii"))
FIELDS = {"part", "group", "does", "reason", "rows"}
#: The row of a part that takes more than one spelling of a signature.
SPELLINGS = ("encoding", "unused bits in the signature")
#: What a table may say that a part does.
SERVES, REFUSES = "serves", "refuses"


class Table:
    """The rows of one part that differ, and what became of the rows that were put to it."""

    def __init__(self, part: str):
        self.part, self.faults, self.counts, self.left_out = part, [], Counter(), Counter()
        #: Errors that are not a refusal of the part's own kind.
        self.unusual: Counter = Counter()
        self.differs: dict[tuple[str, str], str] = {}
        for entry in tomllib.loads(Path(__file__).with_name("differs.toml").read_text())["differs"]:
            if set(entry) != FIELDS or entry["does"] not in (SERVES, REFUSES) or not entry["reason"]:
                raise ValueError(f"an entry of {entry.get('part')} has fields {sorted(entry)}")
            for why in entry["rows"] if entry["part"] == part else ():
                if self.differs.setdefault((entry["group"], why), entry["does"]) != entry["does"]:
                    raise ValueError(f"{entry['group']}: {why}: two entries")
        self.unplayed = set(self.differs)
        self.swept = 0

    def leave_out(self, row: dict, why: str):
        self.left_out[why] += 1
        self.unplayed.discard((row["group"], row["why"]))

    def judge(self, row: dict, served: bool, told: str = ""):
        """Compares what became of a row with the row, or with the table where it differs."""
        name = row["group"], row["why"]
        good = row["out"]["status"] == 200
        expected = {SERVES: True, REFUSES: False}.get(self.differs.get(name, ""), good)
        self.unplayed.discard(name)
        if served != expected:
            did = "is served" if served else "is refused"
            self.faults.append(f"{self.part}: {row['id']}: {row['group']}: {row['why']}: {did} {told}")
        elif name in self.differs and good == expected:
            self.faults.append(f"{self.part}: {row['id']}: {row['why']}: stands in the table, and does not differ")
        kind = {(True, True): "served", (False, False): "refused", (True, False): "served, and refused by ours",
                (False, True): "refused, and served by ours"}[served, good]
        self.counts[kind] += 1

    def sweep(self, sweep: dict, masks: list[int], serves):
        """Changes every byte of a token by each mask: none of what comes may be served, but as another spelling of the signature."""
        token = sweep["token"].encode()
        spelled = []
        for at in range(len(token)):
            for mask in masks:
                changed = token[:at] + bytes([token[at] ^ mask]) + token[at + 1 :]
                self.swept += 1
                if not serves(changed.decode("latin-1")):
                    continue
                if at < token.rindex(b".") + 1 or not spells_the_same(changed, token):
                    self.faults.append(f"{self.part}: {sweep['why']}: byte {at} by {mask:#x} is served")
                spelled.append(at)
        if spelled and SPELLINGS not in self.differs:
            self.faults.append(f"{self.part}: {sweep['why']}: other spellings are served, at {spelled[:5]}")

    def said(self, page: Path, text: str):
        """The page says so, with these numbers, wherever its lines end."""
        if text not in " ".join(page.read_text().split()):
            self.faults.append(f"{page.name} does not say: {text}")

    def close(self) -> bool:
        """Prints what became of all rows; whether all was as the table says."""
        for group, why in sorted(self.unplayed):
            self.faults.append(f"{self.part}: {group}: {why}: stands in the table, and was not played")
        # A part that refuses everything, or is put next to nothing, shows nothing.
        if self.counts["served"] < 10 or self.counts["refused"] < 300:
            self.faults.append(f"{self.part}: only {dict(self.counts)}")
        said = ", ".join(f"{count} {kind}" for kind, count in self.counts.items())
        reasons = "; ".join(f"{count}: {why}" for why, count in self.left_out.items())
        print(f"{self.part}: {self.swept} tokens with a byte changed")
        print(f"{self.part}: {said}, {self.left_out.total()} not applicable ({reasons})")
        if self.unusual:
            print(f"{self.part}: errors of another kind than it documents: {dict(self.unusual)}")
        for fault in self.faults:
            print(f"FAILED {fault}")
        return not self.faults

    @property
    def rows(self) -> int:
        return self.counts.total() + self.swept


def spells_the_same(changed: bytes, token: bytes) -> bool:
    """Whether two signatures have the same bytes for a decoder that forgives."""
    return forgiving(changed) == forgiving(token)


def forgiving(token: bytes) -> bytes:
    kept = re.sub(rb"[^A-Za-z0-9_-]", b"", token[token.rindex(b".") + 1 :])
    return base64.urlsafe_b64decode(kept[: len(kept) // 4 * 4 + len(kept) % 4] + b"=" * (-len(kept) % 4))
