"""What refused keys cost: `cd tests && python -m gate.refusals --binary FILE [--full]`.

One third malformed, one third mistyped, one third with a right check and a random tag. None of them may cause a read
of the store, which is counted at the store, or leave anything behind in memory.
"""

import argparse
import random
import socket
import sys
import threading
import time
from pathlib import Path

from contract.driver_native import NativeHost
from contract.world import Key
from reference import key as key_format

from .deployed import TIDY_S, Client, Shared, drawn, until

KEYS, KEYS_FULL = 100_000, 1_000_000
CONNECTIONS = 4
#: How many requests are sent before their answers are read.
BATCH = 50
#: How much more memory may be in use after all of them than after a tenth.
GROWTH_MAX = 0.05


class Forger:
    """Makes keys that are none, each another."""

    def __init__(self, deployment, seed: int):
        self.genuine = deployment.keys["usual"].text
        self.head = self.genuine[: -key_format.TAIL_SYMBOLS]
        self.random = random.Random(seed)
        self.turn = 0

    def key(self) -> bytes:
        self.turn += 1
        return (self.malformed, self.mistyped, self.forged)[self.turn % 3]()

    def malformed(self) -> bytes:
        """Not of the form of a key, in one of several ways."""
        text = bytearray(self.forged())
        way = self.random.randrange(5)
        if way == 0:
            return bytes(text[: self.random.randrange(len(self.head), len(text))])
        if way == 1:
            return bytes(text) + b"0" * self.random.randrange(1, 40)
        if way == 2:
            text[self.random.randrange(len(self.head), len(text))] = self.random.choice(b"-+/=.~!")
            return bytes(text)
        if way == 3:
            # A group above 64 bits.
            text[len(self.head) : len(self.head) + 11] = b"zzzzzzzzzzz"
            return bytes(text)
        return b"tg_LIVE_" + bytes(text[len(self.head) :])

    def mistyped(self) -> bytes:
        """A key in which one symbol is another: the check does not hold."""
        text = bytearray(self.forged())
        at = self.random.randrange(len(self.head), len(text))
        others = [symbol for symbol in key_format.SYMBOLS if symbol != text[at]]
        text[at] = self.random.choice(others)
        return bytes(text)

    def forged(self) -> bytes:
        """The right form, version, pepper id and check; nobody holds the pepper that would make this tag."""
        body = bytes([self.first]) + self.random.randbytes(31)
        without_check = self.head + key_format.body_text(body)
        return without_check + key_format.check_of(without_check)

    @property
    def first(self) -> int:
        return key_format.VERSION << 4


def flood(address, forger: Forger, count: int) -> int:
    """Sends `count` requests, and says how many of their answers were the one that all of them get."""
    refused, left = 0, count
    with socket.create_connection(address, 30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        held = b""
        while left:
            batch = min(BATCH, left)
            left -= batch
            requests = (b"GET /orders HTTP/1.1\r\nHost: gate.test\r\nX-API-Key: %s\r\n\r\n" % forger.key() for _ in range(batch))
            connection.sendall(b"".join(requests))
            while batch:
                data = connection.recv(262_144)
                if not data:
                    return refused
                held += data
                done = held.count(b'"code":"key_invalid"}')
                refused += done
                batch -= done
                if done:
                    held = held[held.rindex(b'"code":"key_invalid"}') + 21 :]
                if b" 200 OK" in held or b" 503 " in held:
                    return refused
    return refused


def all_of(shared: Shared, gate, count: int, seed: int) -> int:
    """The same on several connections at once."""
    refused, lock = 0, threading.Lock()

    def one(number: int):
        nonlocal refused
        done = flood(gate.address, Forger(shared.deployment, seed + number), count // CONNECTIONS)
        with lock:
            refused += done

    threads = [threading.Thread(target=one, args=(number,)) for number in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return refused


def run(binary: str, count: int) -> int:
    host = NativeHost(binary)
    shared = None
    try:
        deployment = drawn("refusals")
        deployment.put("usual", Key())
        # Genuine, and nowhere in the store: what a read would look like.
        deployment.put("absent", Key(state="absent"))
        shared = Shared(host, deployment)
        gate = shared.start(traced=True)
        client = Client(gate)
        faults = []
        if client.ask(shared.key("usual"))[0] != 200 or client.ask(shared.key("absent")) != (401, "key_invalid"):
            faults.append("a genuine key is not told from one that is not")
        if gate.asked_of_store()[0] < 2:
            faults.append("two cold keys caused no two reads: they are not counted")
        # What a gate does by itself it has done once, and what it only has when it is used it has from here on.
        until("tidying", lambda: gate.asked_of_store()[1] >= 1)
        tenth = all_of(shared, gate, count // 10, 1)
        (reads, writes), at_tenth, begun = gate.asked_of_store(), gate.resident(), time.monotonic()
        rest = all_of(shared, gate, count - count // 10, 1_000)
        at_end = gate.resident()
        took = time.monotonic() - begun
        after = gate.asked_of_store()
        reads, writes = after[0] - reads, after[1] - writes
        again = client.ask(shared.key("usual"))[0]
        growth = at_end / at_tenth - 1
        print(f"{tenth + rest} keys refused, {rest / took:.0f} a second; {reads} reads of the store, {writes} writes; {at_tenth / 2**20:.1f} MiB after a tenth, "
              f"{at_end / 2**20:.1f} MiB after all ({growth:+.1%})")
        if tenth + rest != count // 10 // CONNECTIONS * CONNECTIONS + (count - count // 10) // CONNECTIONS * CONNECTIONS:
            faults.append(f"{tenth + rest} of {count} keys were answered as invalid")
        if reads:
            faults.append(f"{reads} reads of the store")
        if writes > took / TIDY_S + 2:
            faults.append(f"{writes} writes of the store in {took:.0f} s are more than tidying is")
        if growth > GROWTH_MAX:
            faults.append(f"memory grew by {growth:.1%}")
        if again != 200:
            faults.append(f"a good key is answered {again} afterwards")
        for fault in faults:
            print(f"FAILED {fault}")
        held = 0 if faults else 4
        print(f"tollgate-tally tests={held} rows=0 held={held} not_applicable=0 skipped=0")
        return 1 if faults else 0
    finally:
        if shared:
            shared.close()
        host.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="gate.refusals", description=__doc__)
    parser.add_argument("--binary", help="the file that a user would deploy", default="../target/release/tollgate", type=Path)
    parser.add_argument("--full", action="store_true", help=f"{KEYS_FULL} keys instead of {KEYS}")
    arguments = parser.parse_args()
    return run(arguments.binary, KEYS_FULL if arguments.full else KEYS)


if __name__ == "__main__":
    sys.exit(main())
