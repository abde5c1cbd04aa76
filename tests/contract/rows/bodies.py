"""Bodies go through untouched, both ways, and do not change what is decided."""

import threading
import time

from ..message import Broken, Stream
from ..row import Row, Talk, allowed, denied, request, row, x_api_key

F = "bodies"
CHUNKED = ("Transfer-Encoding", "chunked")
BINARY = bytes(range(256)) * 4
LARGE = b"0123456789abcdef" * 65_536

#: How often a request that may not be sent twice is begun until it meets no connection that is just being closed.
TRIES_MAX = 10


def chunks(*parts: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def posted(name: str, *fields, body=b"", answer=None, method="POST", **more) -> Row:
    return row(F, "H08", name, request(x_api_key(), *fields, method=method, body=body), answer or allowed(), **more)


def _continues(stage):
    """A client that waits for 100 Continue gets it, and then its answer."""
    head, body = stage.fill(request(x_api_key(), ("Expect", "100-continue"), ("Content-Length", "5"), method="POST")), b"hello"
    with stage.connect() as connection:
        connection.sendall(head)
        connection.settimeout(3)
        stream = Stream(connection)
        try:
            interim = stream.head()
        except TimeoutError:
            stage.fault("no 100 Continue within 3 s")
            return
        stage.expect(interim.start.startswith(b"HTTP/1.1 100"), f"the first answer is {interim.start!r}")
        connection.sendall(body)
        stage.check(allowed(), stream.response(b"POST"), head + body)


def _no_continue(stage):
    """A client that is refused is not asked for its body."""
    head = stage.fill(request(("X-API-Key", "{key:usual|forge}"), ("Expect", "100-continue"), ("Content-Length", "5"), method="POST"))
    with stage.connect() as connection:
        connection.sendall(head)
        connection.settimeout(3)
        got = Stream(connection).response(b"POST")
        stage.check(denied("key_invalid"), got, head)
        stage.expect(not got.interim, f"it was told {got.interim} first")


def _streams(stage):
    """A body reaches the origin while the client is still sending it."""
    stage.compares_origin = False
    first = stage.fill(request(x_api_key(), CHUNKED, method="POST")) + b"5\r\nfirst\r\n"
    with stage.connect() as connection:
        connection.sendall(first)
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline and stage.mark not in stage.gate.origin.heads:
            time.sleep(0.01)
        stage.expect(stage.mark in stage.gate.origin.heads, "the origin heard nothing before the body was whole")
        connection.sendall(b"6\r\nsecond\r\n0\r\n\r\n")
        got = Stream(connection).response(b"POST")
        stage.expect(got is not None and got.status == 200, f"the answer is {got}")
    bodies = [one.request.body for one in stage.arrived() if one.request]
    stage.expect(bodies == [b"firstsecond"], f"the origin received {bodies}")


def _streams_back(stage):
    """An answer reaches the client while the origin is still sending it."""
    more = threading.Event()
    stage.gate.origin.answers[stage.mark] = [OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n", more, b"6\r\nsecond\r\n0\r\n\r\n"]
    with stage.connect() as connection:
        connection.settimeout(3)
        sent = stage.fill(request(x_api_key()))
        connection.sendall(sent)
        stream = Stream(connection)
        try:
            while b"first" not in stream.held:
                if not stream.more():
                    break
        except TimeoutError:
            stage.fault("the client heard nothing before the answer was whole")
        more.set()
        got = stream.response()
        stage.check(allowed(says=b"firstsecond"), got, sent)


def _nothing_left_over(stage):
    """What an origin sends behind its answer is nobody's answer."""
    evil = b"HTTP/1.1 200 OK\r\nX-Evil: 1\r\nContent-Length: 4\r\n\r\nevil"
    for at in range(6):
        role = "usual" if at % 2 else "other"
        stage.gate.origin.answers[stage.mark] = OK + b"Content-Length: 2\r\n\r\nok" + (b"" if at % 2 else evil)
        sent = stage.fill(request(x_api_key(role), path=f"/orders/{at}"))
        stage.check(allowed(role, says=b"ok", answer={"x-evil": None}), stage.ask(sent), sent, f"request {at + 1}: ")


def _origin_that_closes(stage):
    """A request that meets a connection which the origin is just closing is answered, and never asked twice."""
    stage.compares_origin = False
    said = []
    for at in range(30):
        stage.gate.origin.answers[stage.mark] = [OK + b"Content-Length: 2\r\n\r\nok"]
        got = stage.ask(request(x_api_key(), path=f"/orders/{at}"))
        said.append(got.status if got else 0)
    stage.expect(set(said) <= {200, 502}, f"the answers are {set(said)}")
    stage.expect(len(stage.arrived()) <= 30, f"the origin was asked {len(stage.arrived())} times for 30 requests")
    stage.expect(said.count(200) >= 20, f"only {said.count(200)} of 30 were answered")


def _asked_once(stage):
    """A request that an origin leaves unanswered is not sent a second time.

    One that meets a connection which the origin is closing for another row's sake does not reach it at all.
    """
    stage.compares_origin = False
    for method in ("POST", "DELETE", "PUT"):
        for _ in range(TRIES_MAX):
            before = len(stage.arrived())
            stage.gate.origin.answers[stage.mark] = [b""]
            got = stage.ask(request(x_api_key(), method=method, body=b"pay"))
            stage.expect(got is not None and got.status == 502, f"{method} is {got and got.status}")
            times = len(stage.arrived()) - before
            stage.expect(times <= 1, f"{method} reached the origin {times} times")
            if times:
                break
        stage.expect(times == 1, f"{method} reached the origin {times} times")


def _client_that_leaves(stage):
    """Clients that leave in the middle of anything harm nobody."""
    stage.compares_origin = False
    head = stage.fill(request(x_api_key(), ("Content-Length", "100000"), method="POST"))
    for cut in (10, len(head) - 3, len(head), len(head) + 500):
        with stage.connect() as connection:
            connection.sendall((head + b"x" * 1_000)[:cut])
    good = stage.fill(request(x_api_key()))
    for _ in range(5):
        got = stage.ask(good)
        stage.expect(got is not None and got.status == 200, f"afterwards a good request is {got and got.status}")


def _unread(stage):
    """A refusal does not wait for a large body, and nothing of it is taken for a request."""
    head = stage.fill(request(("X-API-Key", "{key:usual|forge}"), ("Content-Length", "50000000"), method="POST"))
    with stage.connect() as connection:
        connection.sendall(head)
        connection.settimeout(5)
        stream = Stream(connection)
        stage.check(denied("key_invalid"), stream.response(b"POST"), head)
        try:
            connection.sendall(b"GET /public/1 HTTP/1.1\r\nHost: a\r\n\r\n" * 50)
            connection.settimeout(1)
            rest = stream.rest()
            stage.expect(not rest, f"the body was answered: {rest[:200]!r}")
        except (OSError, Broken):
            pass


def origin(name: str, raw: bytes, answer, method="GET", **more) -> Row:
    return row(F, "H08", name, request(x_api_key(), method=method), answer, origin=raw, **more)


OK = b"HTTP/1.1 200 OK\r\n"

ROWS = [
    posted("a body with its length", body=b"hello"),
    posted("a body of every byte there is", body=BINARY),
    posted("a body of nothing", ("Content-Length", "0")),
    posted("a body in one chunk", CHUNKED, body=chunks(b"hello")),
    posted("a body in many chunks", CHUNKED, body=chunks(*(b"%d" % at for at in range(500)))),
    posted("chunks with extensions", CHUNKED, body=b'5;a=b;c="d"\r\nhello\r\n0\r\n\r\n'),
    posted("chunks of nothing", CHUNKED, body=b"0\r\n\r\n"),
    posted("chunks with a trailer", CHUNKED, body=b"5\r\nhello\r\n0\r\nX-Trailer: 1\r\n\r\n"),
    posted("a body of a megabyte", body=LARGE),
    posted("a body of a megabyte in chunks", CHUNKED, body=chunks(*(LARGE[at : at + 60_000] for at in range(0, len(LARGE), 60_000)))),
    posted("a GET with a body", body=b"hello", method="GET"),
    posted("a DELETE with a body", body=b"hello", method="DELETE"),
    posted("a body that looks like an identity", body=b"Tollgate-Identity: x\r\n"),
    row(F, "H08", "a body does not help without a key", request(method="POST", body=b"api_key={key:usual}"), denied("credential_missing")),
    row(F, "H08", "a key in a form is no credential", request(("Content-Type", "application/x-www-form-urlencoded"), method="POST",
                                                              body=b"access_token={key:usual}"), denied("credential_missing")),
    Row(F, "Expect: 100-continue is answered", "H08", (_continues,)),
    Row(F, "Expect: 100-continue of a refused request is not", "H08", (_no_continue,)),
    Row(F, "a body streams to the origin", "H08", (_streams,), needs=("bodies",)),
    Row(F, "an answer streams to the client", "H08", (_streams_back,), needs=("bodies",)),
    Row(F, "a refusal does not wait for the body", "H08", (_unread,), needs=("wire",)),
    origin("an answer with its length", OK + b"Content-Length: 5\r\n\r\nhello", allowed(says=b"hello")),
    origin("an answer in chunks", OK + b"Transfer-Encoding: chunked\r\n\r\n" + chunks(b"hel", b"lo"), allowed(says=b"hello")),
    origin("an answer until the connection closes", OK + b"Connection: close\r\n\r\nhello", allowed(says=b"hello")),
    origin("an answer of every byte there is", OK + b"Content-Length: 1024\r\n\r\n" + BINARY, allowed(says=BINARY)),
    origin("an answer of a megabyte", OK + b"Content-Length: %d\r\n\r\n" % len(LARGE) + LARGE, allowed(says=LARGE)),
    origin("an answer without a body", b"HTTP/1.1 204 No Content\r\n\r\n", allowed(status=204, says=b"")),
    origin("an answer to HEAD", OK + b"Content-Length: 5\r\n\r\nhello", allowed(answer={"content-length": "5"}, says=b""), method="HEAD"),
    origin("an error of the origin with its body", b"HTTP/1.1 500 Oops\r\nContent-Length: 4\r\n\r\noops", allowed(status=500, says=b"oops")),
    origin("an interim answer of the origin", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nok", allowed(says=b"ok"),
           needs=("bodies",)),
    origin("a 401 of the origin is the origin's", b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"app\"\r\nContent-Length: 0\r\n\r\n",
           allowed(status=401, answer={"www-authenticate": 'Basic realm="app"'})),
    origin("several cookies of the origin", OK + b"Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n", allowed(says=b"")),
    *(origin(f"an origin that {what} is a bad gateway, and no allow of ours", raw, allowed(status=502), needs=("bodies",))
      for what, raw in (("speaks no HTTP", b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), ("says two lengths", OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
                        ("answers with a folded line", OK + b"X-A: b\r\n c\r\nContent-Length: 0\r\n\r\n"))),
    origin("an origin that closes instead of answering is a bad gateway", b"HTTP/1.0 ", allowed(status=502), needs=("bodies",)),
    row(F, "H08", "an origin that does not answer in time is a gateway timeout", request(x_api_key()), allowed(status=504), config="tight",
        needs=("timeouts",), origin=b"HTTP/1.1 100 Continue\r\n\r\n"),
    Row(F, "what an origin sends behind its answer is nobody's answer", "H09", (_nothing_left_over,), needs=("bodies",)),
    Row(F, "an origin that closes its connections is asked once for each request", "H08", (_origin_that_closes,), needs=("bodies",)),
    Row(F, "a request that an origin leaves unanswered is sent once", "H08", (_asked_once,), needs=("bodies",)),
    Row(F, "clients that leave harm nobody", "H08", (_client_that_leaves,)),
    *(origin(f"an identity in {where} of the origin's answer does not reach the client", raw, allowed(says=b"ok"), needs=("bodies",))
      for where, raw in (("an interim head", b"HTTP/1.1 103 Early Hints\r\nTollgate-Identity: x\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nok"),
                         ("the trailers", OK + b"Transfer-Encoding: chunked\r\nTrailer: Tollgate-Identity\r\n\r\n2\r\nok\r\n0\r\nTollgate-Identity: x\r\n\r\n"))),
    Row(F, "a connection serves many requests", "own", (Talk(
        (b"".join(request(x_api_key("usual" if at % 2 else "other"), path=f"/orders/{at}") for at in range(50)),),
        tuple(allowed("usual" if at % 2 else "other") for at in range(50))),)),
    row(F, "own", "a client that closes is answered and closed", request(x_api_key(), ("Connection", "close")), allowed(), closes=True),
    row(F, "own", "a client of HTTP/1.0 is answered and closed", request(x_api_key(), version="1.0"), allowed(), closes=True),
    row(F, "own", "a WebSocket passes with its key", request(x_api_key(), ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
                                                            ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")),
        allowed(status=101, fields={"upgrade": ["websocket"]}), needs=("websocket",),
        origin=b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"),
]
