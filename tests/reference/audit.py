"""The audit log (docs/spec/audit.md): how a chain grows, and whether an export is what was written."""

from . import ed25519
from .audit_line import WORDS, entry_line, first_hash, has_own_hash, head_line, read_head, read_line, signed_line
from .canonical import INTEGER_MAX, NotCanonical
from .wire import Refused, integer, octets

LINE_MAX = 66_560
EVERY_MS = 30_000
ENTRIES_MAX = 1_000


def is_due(last: int | None, now: int, entries: int) -> bool:
    if entries == 0:
        return False
    return last is None or now < last or now - last >= EVERY_MS or entries >= ENTRIES_MAX


class Wrong(Exception):
    """A line is wrong."""

    def __init__(self, code: str, number: int | None = None):
        super().__init__(code)
        self.code = code
        self.number = number


class Verification:
    """One walk through an export."""

    def __init__(self, keys: dict):
        self.keys = keys
        self.head = None
        self.ended = False
        self.number = self.checked = self.checkpoints = self.at = 0
        self.hash = ""
        self.vouched = None

    def line(self, line: bytes):
        if len(line) > LINE_MAX:
            raise Wrong("too_long")
        if self.ended:
            raise Wrong("after_end")
        if self.head is None:
            return self._begin(line)
        try:
            kind, found = read_line(line)
        except NotCanonical:
            raise Wrong("malformed") from None
        return self._entry(found) if kind == "entry" else self._signed(kind, found)

    def _begin(self, line: bytes):
        try:
            head = read_head(line)
        except NotCanonical:
            raise Wrong("no_export") from None
        if head is None:
            raise Wrong("other_version")
        if head["n"] == 0 and head["hash"] != first_hash(head["tenant"]):
            raise Wrong("changed")
        self.head = head
        self.number = self.checked = head["n"]
        self.hash = head["hash"]

    def _same_chain(self, found: dict):
        if found["tenant"] != self.head["tenant"]:
            raise Wrong("other_chain")

    def _entry(self, entry: dict):
        if not has_own_hash(entry):
            raise Wrong("changed")
        self._same_chain(entry)
        if entry["n"] > self.number + 1:
            raise Wrong("removed", self.number + 1)
        if entry["n"] < self.number + 1:
            raise Wrong("doubled", entry["n"])
        if entry["prev"] != self.hash:
            raise Wrong("unlinked")
        if entry["at"] < self.at:
            raise Wrong("backwards")
        self.number, self.hash, self.at = entry["n"], entry["hash"], entry["at"]

    def _signed(self, kind: str, found: dict):
        public = self.keys.get(found["kid"])
        if public is None:
            raise Wrong("unknown_key")
        if not ed25519.is_valid(public, WORDS[kind] + found["said"], found["signature"]):
            raise Wrong("bad_signature")
        self._same_chain(found)
        if kind == "end" and (found["since"], found["since_hash"]) != (self.head["n"], self.head["hash"]):
            raise Wrong("other_beginning")
        if found["n"] > self.number:
            raise Wrong("removed", self.number + 1)
        if found["n"] < self.number or (kind == "checkpoint" and found["n"] == self.checked):
            raise Wrong("doubled", found["n"])
        if found["hash"] != self.hash:
            raise Wrong("disagrees")
        if found["at"] < self.at:
            raise Wrong("backwards")
        self.checked = found["n"]
        self.checkpoints += 1
        self.ended = kind == "end"
        self.vouched = {"n": found["n"], "hash": found["hash"], "at_ms": found["at"], "kid": found["kid"]}

    def is_missing(self, number: int, line: bytes) -> bool:
        """Whether a line is the entry that should have come."""
        try:
            kind, found = read_line(line)
        except NotCanonical:
            return False
        return kind == "entry" and (found["n"], found["prev"]) == (number, self.hash) and has_own_hash(found)

    def piece(self):
        if self.head is None:
            return None
        return {
            "tenant": self.head["tenant"], "since": self.head["n"], "until": self.number,
            "checkpoints": self.checkpoints,
        }


def first_wrong(walk: Verification, lines: list[bytes], rest: bytes) -> dict | None:
    for at, line in enumerate(lines, start=1):
        try:
            walk.line(line)
        except Wrong as wrong:
            code = wrong.code
            if code == "removed" and any(walk.is_missing(wrong.number, later) for later in lines[at:]):
                code = "out_of_order"
            return {"line": at, "code": code, "n": wrong.number}
    if walk.ended and not rest:
        return None
    return {"line": len(lines) + 1, "code": "after_end" if walk.ended else "cut_off", "n": None}


# The ops


def _chain(value: dict) -> dict:
    return {"tenant": value["tenant"], "n": integer(value["n"]), "hash": value["hash"], "at": integer(value["at_ms"])}


def begin(argument):
    return {"tenant": argument["tenant"], "n": 0, "hash": first_hash(argument["tenant"]), "at_ms": 0}


def append(argument):
    chain, entry = _chain(argument["chain"]), argument["entry"]
    at = max(integer(entry["at_ms"]), chain["at"])
    if chain["n"] + 1 > INTEGER_MAX or at > INTEGER_MAX:
        raise Refused("audit_beyond")
    line, line_hash = entry_line(chain, {**entry, "at": at})
    return {
        "line": line,
        "chain": {"tenant": chain["tenant"], "n": chain["n"] + 1, "hash": line_hash, "at_ms": at},
    }


def head(argument):
    return {"line": head_line(_chain(argument["chain"]))}


def checkpoint(argument):
    chain, since = _chain(argument["chain"]), argument["since"]
    at = max(integer(argument["now_ms"]), chain["at"])
    seed = bytes.fromhex(argument["seed"])
    return {"line": signed_line(seed, argument["kid"], chain, since and _chain(since), at)}


def due(argument):
    last = argument["last_ms"]
    now, entries = integer(argument["now_ms"]), integer(argument["entries"])
    return {"due": is_due(None if last is None else integer(last), now, entries)}


def verify(argument):
    walk = Verification({key["kid"]: bytes.fromhex(key["x"]) for key in argument["keys"]})
    *lines, rest = octets(argument["text"]).split(b"\n")
    wrong = first_wrong(walk, lines, rest)
    return {
        "lines": len(lines) + (1 if rest else 0), "piece": walk.piece(), "vouched": walk.vouched, "wrong": wrong,
    }


OPS = {
    "audit.begin": begin, "audit.append": append, "audit.head": head, "audit.checkpoint": checkpoint,
    "audit.due": due, "audit.verify": verify,
}
