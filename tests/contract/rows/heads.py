"""Heads that are too big, too many or too slow: refused in bounded time."""

import time

from ..message import Broken, Stream
from ..row import Row, allowed, refused, request, row, x_api_key

F = "big heads"
BIG = (400, 413, 414, 431)
SECONDS_MAX = 5


def _bounded(raw: bytes, statuses: tuple[int, ...], times: int = 1):
    """An answer or a closed connection, soon, and nothing at the origin."""

    def play(stage):
        for _ in range(times):
            sent = stage.fill(raw)
            begun = time.monotonic()
            got = None
            with stage.connect() as connection:
                try:
                    connection.sendall(sent)
                    got = Stream(connection).response()
                except (OSError, Broken):
                    # Closed while we were still sending: refused as well.
                    pass
            took = time.monotonic() - begun
            stage.expect(got is None or got.status in statuses, f"the status is {got and got.status}")
            stage.expect(took < SECONDS_MAX, f"it took {took:.1f} s")
        stage.checks += 1
        sent = stage.fill(request(x_api_key()))
        stage.check(allowed(), stage.ask(sent), sent, "afterwards: ")

    return play


def big(name: str, raw: bytes, *statuses: int, cls="P15", times=1, **more) -> Row:
    return Row(F, name, cls, (_bounded(raw, statuses or BIG, times),), **more)


def fields(count: int, size: int = 1) -> list[bytes]:
    return [b"X-F%d: %s" % (at, b"a" * size) for at in range(count)]


def _slow(stage):
    """A head that does not come to its end is not waited for."""
    with stage.connect() as connection:
        connection.settimeout(4)
        connection.sendall(stage.fill(request(x_api_key()))[:-2])
        begun = time.monotonic()
        try:
            got = Stream(connection).response()
            stage.expect(got is None or got.status in (400, 408), f"the answer is {got and got.status}")
        except TimeoutError:
            stage.fault("after 4 s it still waits for the end of a head")
        except (OSError, Broken):
            pass
        stage.expect(time.monotonic() - begun > 0.5, "a head has at least half a second")


def _dripping(stage):
    """A head that comes byte by byte is not waited for either."""
    head = stage.fill(request(x_api_key(), ("X-Long", "a" * 500)))
    with stage.connect() as connection:
        connection.settimeout(0.2)
        begun = time.monotonic()
        for at in range(40):
            try:
                connection.sendall(head[at : at + 1])
                if connection.recv(1) in (b"", b"H"):
                    return
            except TimeoutError:
                continue
            except OSError:
                return
        stage.fault(f"after {time.monotonic() - begun:.1f} s of single bytes it still waits")


def _idle_attackers(stage):
    """Two hundred connections that say nothing keep nobody out."""
    connections = [stage.connect() for _ in range(200)]
    try:
        begun = time.monotonic()
        sent = stage.fill(request(x_api_key()))
        stage.check(allowed(), stage.ask(sent), sent)
        stage.expect(time.monotonic() - begun < 1, "it took longer than a second")
    finally:
        for connection in connections:
            connection.close()


ROWS = [
    big("10,000 fields", request(x_api_key(), *fields(10_000))),
    big("200 fields, where 128 are allowed", request(x_api_key(), *fields(200))),
    big("1,000 cookies", request(x_api_key(), *([b"Cookie: a=b"] * 1_000)), needs=("repeats",)),
    big("a field of 128 kB", request(x_api_key(), b"X-Big: " + b"a" * 131_072)),
    big("128 kB of small fields", request(x_api_key(), *fields(100, 1_300))),
    big("a name of 128 kB", request(x_api_key(), b"a" * 131_072 + b": b")),
    big("a target of 128 kB", request(x_api_key(), path="/" + "a" * 131_072)),
    big("a query of 128 kB", request(x_api_key(), path="/?" + "a" * 131_072)),
    big("a method of 128 kB", request(x_api_key(), method="G" * 131_072), *BIG, 501, 405),
    big("a key of 64 kB", request(b"X-API-Key: " + b"{key:usual}" + b"0" * 65_536), *BIG, 401, cls="P03"),
    big("a key of 32 kB", request(b"X-API-Key: " + b"{key:usual}" + b"0" * 32_000), *BIG, 401, cls="P03", times=5),
    big("the same behind Bearer", request(b"Authorization: Bearer " + b"{key:usual}" + b"0" * 32_000), *BIG, 401, cls="P03"),
    big("a megabyte without an end of line", b"GET /" + b"a" * (1 << 20)),
    big("a line that never names a field", request(x_api_key(), b"a" * 70_000)),
    row(F, "P15", "100 fields are fine", request(x_api_key(), *fields(100)), allowed()),
    row(F, "P15", "32 kB of fields are fine", request(x_api_key(), *fields(30, 1_000)), allowed()),
    row(F, "P15", "100 cookies in one field are fine", request(x_api_key(), b"Cookie: " + b"a=b; " * 100), allowed()),
    row(F, "P15", "30 Connection tokens are fine", request(x_api_key(), b"Connection: " + b"x-a," * 30), allowed()),
    row(F, "P15", "more fields than are configured", request(x_api_key(), *fields(60)), refused(*BIG), config="tight", needs=("limits",)),
    row(F, "P15", "a larger head than is configured", request(x_api_key(), b"X-Big: " + b"a" * 20_000), refused(*BIG), config="tight", needs=("limits",)),
    row(F, "P15", "a head within what is configured", request(x_api_key(), *fields(30, 300)), allowed(), config="tight", needs=("limits",)),
    Row(F, "a head that does not end is given up", "P15", (_slow,), config="tight", needs=("timeouts",)),
    Row(F, "a head that drips is given up", "P15", (_dripping,), config="tight", needs=("timeouts",)),
    Row(F, "connections that say nothing keep nobody out", "P15", (_idle_attackers,)),
]
