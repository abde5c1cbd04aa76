"""A way to DynamoDB that counts: what is asked of the store on it, of which item, when, and when it was answered."""

import asyncio
import json
import re
import time
from dataclasses import dataclass

from .framing import parted

_TARGET = re.compile(rb"\r\nx-amz-target: *DynamoDB_20120810\.(\w+)", re.IGNORECASE)


@dataclass
class Call:
    """One call of the store."""

    name: str
    #: The partition key of the one item that it is about; empty for what reads several.
    item: str
    asked: float
    #: When the last byte of its answer so far had come; 0 if none has.
    answered: float = 0.0


class Counted:
    """Listens on loopback, and hands every call on to a port of this machine."""

    def __init__(self, port: int):
        self.target = port
        self.calls: list[Call] = []
        self.server: asyncio.Server | None = None
        #: What is kept until it was asked for so many buckets, by its name.
        self.gathered: dict[str, _Gathered] = {}

    async def start(self):
        loop = asyncio.get_running_loop()
        self.server = await loop.create_server(lambda: _Asker(self), "127.0.0.1", 0)
        return self

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    def together(self, name: str, number: int):
        """From now on calls of this name reach the store when so many buckets of a key have been asked for, and then all at once."""
        self.gathered[name] = _Gathered(number)

    def stop(self):
        self.server.close()


class _Asker(asyncio.Protocol):
    """Whoever asks, on one connection, one call after the other."""

    def __init__(self, way: Counted):
        self.way, self.held, self.call = way, b"", None
        self.store: asyncio.Transport | None = None
        #: What is asked before the store is reached.
        self.early: list[bytes] = []

    def connection_made(self, transport: asyncio.Transport):
        self.transport = transport
        loop = asyncio.get_running_loop()
        self.connecting = loop.create_task(loop.create_connection(lambda: _Store(self), "127.0.0.1", self.way.target))

    def data_received(self, data: bytes):
        self.held += data
        while message := parted(self.held):
            head, body, self.held = message
            request = head + body
            self._count(head, body)
            gathered = self.way.gathered.get(self.call.name)
            if gathered is None:
                self.hand_on(request)
            else:
                gathered.add(self, request)

    def hand_on(self, request: bytes):
        if self.store is None:
            self.early.append(request)
        else:
            self.store.write(request)

    def _count(self, head: bytes, body: bytes):
        target = _TARGET.search(head)
        asked = json.loads(body) if body else {}
        item = asked.get("Key", {}).get("pk", {}).get("S", "")
        self.call = Call(target[1].decode() if target else "", item, time.monotonic())
        self.way.calls.append(self.call)

    def reached(self, store: asyncio.Transport):
        self.store = store
        for request in self.early:
            store.write(request)

    def answered(self, data: bytes):
        if self.call is not None:
            self.call.answered = time.monotonic()
        self.transport.write(data)

    def connection_lost(self, _):
        self.connecting.cancel()
        if self.store is not None:
            self.store.close()


class _Gathered:
    """Calls about the buckets of one key that wait for each other."""

    def __init__(self, number: int):
        self.number = number
        #: Of each key, by item; what comes again after they were all there waits no more.
        self.waiting: dict[str, dict[str, tuple[_Asker, bytes]]] = {}

    def add(self, asker: _Asker, request: bytes):
        key, _, name = asker.call.item.rpartition("/")
        waiting = self.waiting.setdefault(key, {})
        complete = len(waiting) == self.number
        waiting[name] = asker, request
        if complete or not key:
            asker.hand_on(request)
        elif len(waiting) == self.number:
            for one, held in waiting.values():
                one.hand_on(held)


class _Store(asyncio.Protocol):
    """The store, on the other side of it."""

    def __init__(self, asker: _Asker):
        self.asker = asker

    def connection_made(self, transport: asyncio.Transport):
        self.asker.reached(transport)

    def data_received(self, data: bytes):
        self.asker.answered(data)

    def connection_lost(self, _):
        self.asker.transport.close()
