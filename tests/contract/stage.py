"""Where a row is played: sends its bytes, reads what comes back, and has it judged."""

import base64
import re
import socket
import time
from contextlib import AbstractContextManager
from dataclasses import replace

from reference import key as key_format

from .doors import BY_NAME, Inexpressible
from .doors.base import Line
from .host import Gate
from .judge import Judge
from .message import Broken, Response, Stream
from .row import Answer, Crowd, Row, Seen, Talk, request, x_api_key

CLOSES_S = 3
#: What somebody is told of whom a store was not heard in time.
UNAVAILABLE = 503
#: How long nothing more may arrive at the origin before a row is judged.
SETTLE_S = 1.0
#: How often a gate is asked until it asks its store nothing more for it.
ASKED_MAX = 10

_PLACE = re.compile(rb"\{(key|row|host|port|origin)(?::([a-z0-9-]+))?((?:\|[A-Za-z0-9:_-]+)*)\}")


#: What may be done to a key in a request: `{key:usual|upper}`.
CHANGES = {
    "forge": lambda text, stage, at="0": stage.gate.deployment.forged(text, int(at)),
    "upper": lambda text, stage: text.upper(),
    "cut": lambda text, stage, count="1": text[: -int(count)],
    "behead": lambda text, stage, count="1": text[int(count) :],
    "add": lambda text, stage, what="0": text + what.encode(),
    "flip": lambda text, stage, at="30": _flip(text, int(at)),
    "percent": lambda text, stage, at="0": _escaped(text, int(at)),
    "byte": lambda text, stage, at="20", value="00": _put(text, int(at), bytes.fromhex(value)),
    "env": lambda text, stage, env="test": _rebranded(text, 1, env.encode()),
    "prefix": lambda text, stage, prefix="th": _rebranded(text, 0, prefix.encode()),
    "base64": lambda text, stage: base64.b64encode(text + b":"),
    "wrap": lambda text, stage, at="0": _wrapped(text, int(at)),
}


def _wrapped(text: bytes, at: int) -> bytes:
    """Another spelling of the same numbers for whoever lets them wrap: a group plus 2^64, or the check plus 2^32."""
    tail = text[-50:]
    groups = [key_format.number_of(tail[start : start + 11]) for start in range(0, 44, 11)]
    if at == len(groups):
        return text[:-6] + key_format.base62(key_format.number_of(tail[44:]) + 2**32, 6)
    groups[at] += 2**64
    without_check = text[:-50] + b"".join(key_format.base62(group, 11) for group in groups)
    return without_check + key_format.check_of(without_check)


def _flip(text: bytes, at: int) -> bytes:
    at %= len(text)
    return text[:at] + (b"0" if text[at : at + 1] != b"0" else b"1") + text[at + 1 :]


def _escaped(text: bytes, at: int) -> bytes:
    return text[:at] + b"%%%02X" % text[at] + text[at + 1 :]


def _put(text: bytes, at: int, piece: bytes) -> bytes:
    at %= len(text)
    return text[:at] + piece + text[at + len(piece) :]


def _rebranded(text: bytes, part: int, word: bytes) -> bytes:
    parts = text.split(b"_", 2)
    parts[part] = word
    return b"_".join(parts)


def own_role(number: int, role: str, again: int = 0) -> str:
    """The role of a row's own key among those of all rows."""
    return f"r{number}{'-again' * again}-{role}"


class Stage:
    """One row on one gate."""

    def __init__(self, gate: Gate, judge: Judge, row: Row, number: int, lonely: bool, again: int = 0):
        self.gate, self.judge, self.row, self.number = gate, judge, row, number
        #: How often it was played before; each time has keys of its own.
        self.again = again
        self.mark = f"{number}"
        #: Nobody else uses this gate at the moment: whatever arrives at the origin is this row's doing.
        self.lonely = lonely
        self.faults: list[str] = []
        self.told: list[str] = []
        self.wanted: list[tuple[Seen, bytes, bytes]] = []
        self.checks = 0
        self.door = BY_NAME[row.door]
        #: Whether what the origin received is compared; a script that counts answers itself leaves it.
        self.compares_origin = True
        self.at_origin = gate.origin.count()
        #: Somebody was told that nothing can be told: a message from a store may have been late.
        self.unavailable = False

    # What rows use

    def key(self, role: str) -> bytes:
        """The text of a key of this row, or of all."""
        return self.gate.deployment.keys[self.role(role)].text

    def role(self, role: str) -> str:
        return own_role(self.number, role, self.again) if role in self.row.keys else role

    def fill(self, data: bytes) -> bytes:
        """The bytes with what only this run knows in the places."""

        def place(match: re.Match) -> bytes:
            what, role, changes = match[1], match[2], match[3].split(b"|")[1:]
            if what == b"row":
                return self.mark.encode()
            if what == b"host":
                return b"%s:%d" % (self.gate.address[0].encode(), self.gate.address[1])
            if what == b"port":
                return b"%d" % self.gate.address[1]
            if what == b"origin":
                return b"127.0.0.1:%d" % self.gate.origin.port
            text = self.key(role.decode())
            for change in changes:
                name, *arguments = change.decode().split(":")
                text = CHANGES[name](text, self, *arguments)
            return text

        filled = _PLACE.sub(place, data)
        if b"{key" in filled:
            raise ValueError(f"a place that nobody fills: {filled[filled.index(b'{key') :][:60]!r}")
        return filled

    def ask(self, data: bytes) -> Response | None:
        """One request on a connection of its own; nothing is judged."""
        with self.line() as line:
            filled = self.fill(data)
            self.told.append("> " + shown(filled))
            return self._heard(line.ask(filled))

    def line(self) -> AbstractContextManager[Line]:
        """A client that asks several requests on one connection, through this row's door."""
        return self.door.client(self)

    def fresh_head(self):
        """Lets the gate learn how far the ledger has come, so that what is counted next is about keys only."""
        # With the mark of no row: the origin receives it, and nobody is told.
        calls = self.gate.store_calls()
        for _ in range(ASKED_MAX):
            self.ask(request(x_api_key("bare")).replace(b"{row}", b"0"))
            before, calls = calls, self.gate.store_calls()
            if before == calls:
                return

    def connect(self) -> socket.socket:
        """A connection for bytes as they stand; only doors of HTTP/1.1 have one."""
        return self.door.connect(self.gate)

    def fault(self, text: str):
        """The guarantee does not hold."""
        if len(self.faults) < 20:
            self.faults.append(text)

    def expect(self, holds: bool, text: str):
        if not holds:
            self.fault(text)

    def check(self, expected: Answer, got: Response | None, sent: bytes, where: str = "") -> bool:
        """Judges one answer, and notes what the origin must have received for it."""
        self.checks += 1
        self._heard(got)
        expected = self.door.instead(expected, sent)
        if got is None:
            if not expected.or_closed:
                self.fault(f"{where}the connection was closed without an answer")
                return False
            return True
        faults = self.judge.answer(expected, got)
        for fault in faults:
            self.fault(where + fault)
        if expected.seen is not None:
            self.want(expected.seen, sent)
        return not faults

    def want(self, seen: Seen, sent: bytes):
        head, _, body = sent.lstrip(b"\r\n").partition(b"\r\n\r\n")
        target = head.split(b"\r\n")[0].split(b" ")[1]
        if b"transfer-encoding:" in head.lower():
            body = _unchunked(body)
        if seen.identity is not None:
            seen = replace(seen, identity=self.role(seen.identity))
        if seen.key_shown:
            filled = {
                name: [self.fill(value.encode()).decode() for value in values] for name, values in seen.fields.items()
            }
            seen = replace(seen, fields=filled)
        seen = self.door.seen(self, seen, sent)
        self.wanted.append((seen, target, body))

    # Playing

    def play(self):
        """Plays all steps, then looks at what the origin received and how often the store was asked."""
        if self.row.origin is not None:
            self.gate.origin.answers[self.mark] = self.fill(self.row.origin)
        counts = self.row.calls is not None and "calls" not in self.gate.host.lacks
        before = self.gate.store_calls() if counts else 0
        for step in self.row.steps:
            if isinstance(step, Talk):
                self._talk(step)
            elif isinstance(step, Crowd):
                self._crowd(step)
            else:
                step(self)
        self._look_at_origin()
        if counts:
            calls = self.gate.store_calls() - before
            self.expect(calls == self.row.calls, f"the store was asked {calls} times, not {self.row.calls}")
        self.expect(self.gate.alive(), "the gate has died")

    def _send(self, connection: socket.socket, data: bytes):
        self.told.append("> " + shown(data))
        try:
            connection.sendall(data)
        except OSError as error:
            self.told.append(f"> (cut off: {error})")

    def _talk(self, talk: Talk):
        if not self.door.raw:
            self._asks(talk)
            return
        sent = [self.fill(piece) for piece in talk.sent]
        with self.connect() as connection:
            stream = Stream(connection)
            for piece in sent:
                self._send(connection, piece)
            requests = _requests(b"".join(sent), len(talk.answers))
            for at, (expected, asked) in enumerate(zip(talk.answers, requests)):
                where = f"answer {at + 1}: " if len(talk.answers) > 1 else ""
                try:
                    got = stream.response(asked.split(b" ", 1)[0])
                except (Broken, OSError, ValueError) as error:
                    got = None
                    if not expected.or_closed:
                        self.fault(f"{where}no answer: {error!r}")
                        break
                self.told.append("< " + shown(b"" if got is None else got.raw + got.body))
                self.check(expected, got, asked, where)
                if got is None:
                    break
            if talk.closes and not self.faults:
                self._must_close(connection, stream)

    def _asks(self, talk: Talk):
        """The same through a door that carries requests and not bytes."""
        if talk.closes:
            raise Inexpressible("judges whether a connection of HTTP/1.1 is closed")
        sent = self.fill(b"".join(talk.sent))
        with self.line() as line:
            for at, (expected, asked) in enumerate(zip(talk.answers, _requests(sent, len(talk.answers)))):
                where = f"answer {at + 1}: " if len(talk.answers) > 1 else ""
                self.told.append("> " + shown(asked))
                got = line.ask(asked)
                self.told.append("< " + shown(b"" if got is None else got.raw + got.body))
                self.check(expected, got, asked, where)

    def _must_close(self, connection: socket.socket, stream: Stream):
        connection.settimeout(CLOSES_S)
        try:
            rest = stream.rest()
            self.expect(not rest, f"there is more after the last answer: {rest[:120]!r}")
        except TimeoutError:
            self.fault("the connection stays open")
        except OSError:
            pass

    def _crowd(self, crowd: Crowd):
        got = self.at_once([self.fill(crowd.sent)] * crowd.times)
        counts = {}
        for response in got:
            status = response.status if response else 0
            counts[status] = counts.get(status, 0) + 1
        self.expect(counts == crowd.statuses, f"answers by status are {counts}, not {crowd.statuses}")
        for response in got:
            if crowd.seen is not None and response is not None and response.status == 200:
                self.want(crowd.seen, self.fill(crowd.sent))

    def at_once(self, requests: list[bytes], connected=lambda: None) -> list[Response | None]:
        """Sends all of them at the same moment, each on its own connection or, where a door has them, stream.

        `connected` is called when there is nothing left to do but to send.
        """
        return [self._heard(got) for got in self.door.at_once(self, requests, connected)]

    def _heard(self, got: Response | None) -> Response | None:
        self.unavailable |= got is not None and got.status == UNAVAILABLE
        return got

    # The origin

    def arrived(self) -> list:
        """What the origin received for this row: by its mark, or all of it where nobody else is there."""
        every = self.gate.origin.since(self.at_origin)
        # What carries the mark of another row is that row's, even if it comes late; what carries none may be hidden.
        return [one for one in every if one.mark == self.mark or (self.lonely and one.mark is None)]

    def settle(self):
        """Waits until the origin has received what it should; a row that has failed already waits for nothing."""
        deadline = time.monotonic() + (0.0 if self.faults else SETTLE_S)
        while len(self.arrived()) < len(self.wanted) and time.monotonic() < deadline:
            time.sleep(0.002)

    def _look_at_origin(self):
        if not self.compares_origin:
            return
        self.settle()
        arrived = self.arrived()
        if len(arrived) != len(self.wanted):
            heads = [shown(one.raw[:300]) for one in arrived]
            self.fault(f"the origin received {len(arrived)} requests, not {len(self.wanted)}: {heads[:5]}")
            return
        for (seen, target, body), one in zip(self.wanted, arrived):
            if one.broken or one.request is None:
                self.fault(f"the origin received no request: {one.broken}: {one.raw[:200]!r}")
                continue
            faults = self.judge.arrival(seen, target, body, one)
            if not seen.key_shown and self.judge.leaks(one.raw):
                faults.append("the origin received a key")
            for fault in faults:
                self.fault(fault)
            if faults:
                self.told.append("= the origin received " + shown(one.raw))


def _unchunked(body: bytes) -> bytes:
    out = []
    while body:
        line, _, body = body.partition(b"\r\n")
        size = int(line.split(b";")[0] or b"0", 16)
        if size == 0:
            break
        out.append(body[:size])
        body = body[size + 2 :]
    return b"".join(out)


def _requests(sent: bytes, count: int) -> list[bytes]:
    """What was sent, cut into as many requests as there are answers."""
    if count <= 1:
        return [sent] * count
    starts = [match.start() for match in re.finditer(rb"(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH) \S+ HTTP/1", sent)]
    return [sent[start:end] for start, end in zip(starts, [*starts[1:], len(sent)])]


def shown(data: bytes, most: int = 1_500) -> str:
    """Bytes for a report."""
    text = data[:most].decode("latin-1").encode("unicode_escape").decode().replace("\\r\\n", "\n    ")
    return text + (f"… ({len(data)} bytes)" if len(data) > most else "")
