"""Requests that two parties could read in two ways: refused, and the connection with them."""

import socket

from ..message import Broken, Stream
from ..row import Answer, Row, Seen, Talk, allowed, denied, request, row, x_api_key

F = "smuggling"
#: What is hidden in bodies: it must never reach the origin as a request of its own.
HIDDEN = b"GET /smuggled HTTP/1.1\r\nHost: {host}\r\nX-API-Key: {key:usual}\r\n\r\n"
REFUSALS = (400, 405, 408, 411, 413, 414, 417, 431, 501, 502, 505)


def _play(raw: bytes, statuses=REFUSALS, whole=0):
    """Sends it; the first answer is a refusal or nothing, nothing follows, and the origin has no whole request."""

    def play(stage):
        sent = stage.fill(raw)
        with stage.connect() as connection:
            connection.settimeout(5)
            stage.told.append("> " + repr(sent[:600]))
            try:
                connection.sendall(sent)
                connection.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            stream = Stream(connection)
            answers = []
            try:
                while (got := stream.response()) is not None and len(answers) < 4:
                    answers.append(got)
            except (OSError, Broken) as error:
                if isinstance(error, TimeoutError):
                    stage.fault("the connection stays open")
        said = [answer.status for answer in answers]
        stage.checks += 1
        stage.expect(len(said) <= 1, f"there are {len(said)} answers: {said}")
        stage.expect(all(status in statuses for status in said), f"the answer is {said}")
        stage.told.append("< " + repr(bytes(stream.received[:400])))
        complete = [one for one in stage.arrived() if one.request is not None]
        stage.expect(len(complete) <= whole, f"the origin received {[one.raw[:160] for one in complete]}")
        stage.expect(not any(b"smuggled" in one.raw.split(b"\r\n")[0] for one in complete), "a hidden request arrived")
        stage.compares_origin = False

    return play


def smuggled(name: str, raw: bytes, cls="H09", **more) -> Row:
    return Row(F, name, cls, (_play(raw, **more),), needs=("wire",))


def with_body(name: str, *fields: bytes, body: bytes = HIDDEN, method="POST", **more) -> Row:
    """Two ways to say where the body ends."""
    return smuggled(name, request(x_api_key(), *fields, method=method) + body, **more)


def length(of: bytes) -> bytes:
    return b"Content-Length: " + of


CHUNKED = b"Transfer-Encoding: chunked"
EMPTY = b"0\r\n\r\n" + HIDDEN
ONE = b"1\r\na\r\n0\r\n\r\n"


def head(name: str, raw: bytes, **more) -> Row:
    return smuggled(name, raw, **more)


GOOD = b"GET /orders/1 HTTP/1.1\r\nHost: {host}\r\nX-API-Key: {key:usual}\r\n"

ROWS = [
    # Two lengths.
    with_body("Transfer-Encoding beside Content-Length", CHUNKED, length(b"4"), body=EMPTY),
    with_body("Content-Length beside Transfer-Encoding", length(b"4"), CHUNKED, body=EMPTY),
    with_body("the same with a Content-Length of nothing", length(b"0"), CHUNKED, body=EMPTY),
    with_body("Content-Length twice with different values", length(b"0"), length(b"5")),
    with_body("the same in the other order", length(b"5"), length(b"0")),
    with_body("Content-Length with a list of different values", length(b"0, 5")),
    with_body("Content-Length with a list of one value", length(b"5, 5"), body=b"abcde"),
    *(with_body(f"Content-Length: {value.decode('latin-1')!r}", length(value), body=b"hello" + HIDDEN)
      for value in (b"+5", b"-5", b"0x5", b"5 5", b"5.0", b"5e0", b"five", b"", b"\x0b5", b"5;x", b"99999999999999999999999", b"18446744073709551621",
                    b"\xd9\xa5")),
    # Codings.
    *(with_body(f"Transfer-Encoding: {value.decode('latin-1')!r}", b"Transfer-Encoding: " + value, body=EMPTY)
      for value in (b"xchunked", b"chunked, identity", b"identity", b"chunked, chunked", b"gzip", b"gzip, chunked, deflate", b'"chunked"', b"chunked;x=1",
                    b"\x0bchunked", b"chunked\x0c", b"", b"chunked, cow", b"cow, chunked")),
    with_body("Transfer-Encoding twice", CHUNKED, b"Transfer-Encoding: identity", body=EMPTY),
    with_body("Transfer-Encoding twice the same", CHUNKED, CHUNKED, body=EMPTY),
    with_body("Transfer-Encoding with a blank before the colon", b"Transfer-Encoding : chunked", length(b"4"), body=EMPTY),
    with_body("Transfer-Encoding with a tab before the colon", b"Transfer-Encoding\t: chunked", length(b"4"), body=EMPTY),
    with_body("Content-Length with a blank before the colon", b"Content-Length : 5", body=b"hello"),
    with_body("Transfer-Encoding on a folded line", b"X-A: b\r\n Transfer-Encoding: chunked", length(b"5"), body=b"hello"),
    with_body("Transfer-Encoding folded itself", b"Transfer-Encoding:\r\n chunked", body=EMPTY),
    with_body("Transfer-Encoding behind a bare line feed", b"X-A: b\nTransfer-Encoding: chunked", length(b"4"), body=EMPTY),
    with_body("Transfer-Encoding behind a bare carriage return", b"X-A: b\rTransfer-Encoding: chunked", length(b"4"), body=EMPTY),
    with_body("Transfer-Encoding behind a NUL", b"X-A: b\0\r\nTransfer-Encoding: chunked", body=EMPTY),
    smuggled("Transfer-Encoding in HTTP/1.0", request(x_api_key(), CHUNKED, method="POST", version="1.0") + EMPTY),
    # Chunks.
    *(smuggled(f"a chunk of size {size.decode('latin-1')!r}", request(x_api_key(), CHUNKED, method="POST") + size + b"\r\na\r\n0\r\n\r\n" + HIDDEN,
               statuses=REFUSALS + (401,))
      for size in (b"zz", b"0x1", b"-1", b"+1", b"1 ", b" 1", b"", b"1;\n", b"FFFFFFFFFFFFFFFFF", b"10000000000000001", b"1\n", b"1\r", b"\x001", b"1_0", b"1,1")),
    smuggled("a chunk longer than it says", request(x_api_key(), CHUNKED, method="POST") + b"1\r\nabc\r\n0\r\n\r\n" + HIDDEN),
    smuggled("a chunk without its end", request(x_api_key(), CHUNKED, method="POST") + b"1\r\na0\r\n\r\n" + HIDDEN),
    smuggled("a chunk that ends in a bare line feed", request(x_api_key(), CHUNKED, method="POST") + b"1\na\n0\n\n" + HIDDEN),
    smuggled("a body that is cut off", request(x_api_key(), b"Content-Length: 10", method="POST") + b"abc"),
    smuggled("chunks that are cut off", request(x_api_key(), CHUNKED, method="POST") + b"5\r\nab"),
    # Lines.
    head("lines that end in a line feed alone", GOOD.replace(b"\r\n", b"\n") + b"\n"),
    head("one line that ends in a line feed alone", GOOD[:-2] + b"\nX-A: b\r\n\r\n"),
    head("a head that ends in two line feeds", GOOD[:-2] + b"\n\n"),
    head("lines that end in a carriage return alone", GOOD.replace(b"\r\n", b"\r") + b"\r"),
    head("a blank before the colon", b"GET /orders/1 HTTP/1.1\r\nHost: {host}\r\nX-API-Key : {key:usual}\r\n\r\n"),
    head("a tab before the colon", b"GET /orders/1 HTTP/1.1\r\nHost: {host}\r\nX-API-Key\t: {key:usual}\r\n\r\n"),
    head("a blank in a name", GOOD + b"X A: b\r\n\r\n"),
    head("the identity's name with a blank", GOOD + b"Tollgate Identity: x\r\n\r\n", cls="S02"),
    head("the identity's name with a blank before the colon", GOOD + b"Tollgate-Identity : x\r\n\r\n", cls="S02"),
    head("a folded line", GOOD + b"X-A: b\r\n c\r\n\r\n", cls="P10"),
    head("a key on a folded line", b"GET /orders/1 HTTP/1.1\r\nHost: {host}\r\nX-API-Key:\r\n {key:usual}\r\n\r\n", cls="P10"),
    head("the identity on a folded line", GOOD + b"X-A: b\r\n Tollgate-Identity: x\r\n\r\n", cls="S02"),
    head("a folded first line", b"GET /orders/1 HTTP/1.1\r\n Host: {host}\r\nX-API-Key: {key:usual}\r\n\r\n"),
    head("a line without a colon", GOOD + b"nonsense\r\n\r\n"),
    head("a line without a name", GOOD + b": x\r\n\r\n"),
    *(head(f"the byte {byte:#04x} in a name", GOOD + b"X-%cA: b\r\n\r\n" % byte) for byte in (0, 1, 9, 34, 40, 44, 47, 64, 91, 123, 127, 128, 255)),
    *(head(f"the byte {byte:#04x} in a value", GOOD + b"X-A: b%cc\r\n\r\n" % byte, cls="P07") for byte in (0, 1, 8, 11, 12, 31, 127)),
    # The request line.
    *(head(f"the request line {line.decode('latin-1')!r}", line + b"\r\nHost: {host}\r\nX-API-Key: {key:usual}\r\n\r\n")
      for line in (b"GET  /orders/1 HTTP/1.1", b"GET /orders/1  HTTP/1.1", b"GET\t/orders/1\tHTTP/1.1", b"GET /orders/1 HTTP/1.1 ", b"GET /orders/1",
                   b"GET /orders/1 HTTP/1.2", b"GET /orders/1 HTTP/2.0", b"GET /orders/1 HTTP/3", b"GET /orders/1 http/1.1", b"GET /orders/1 HTTP/01.1",
                   b"GET /orders/1 HTTP/1.10", b" GET /orders/1 HTTP/1.1", b"GET /orders/1 HTTP/1.1\tx", b"G\x00T /orders/1 HTTP/1.1", b"G@T /orders/1 HTTP/1.1",
                   b"/orders/1 HTTP/1.1", b"GET /orders/1 /x HTTP/1.1", b"GET /orders/1 HTTP/1.1\x0b", b"(GET) /orders/1 HTTP/1.1")),
    # Other protocols on the same connection.
    smuggled("HTTP/2 without asking first", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0" * 30),
    row(F, "H09", "an upgrade to h2c is no tunnel", request(x_api_key(), ("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"),
                                                           ("HTTP2-Settings", "AAMAAABkAARAAAAAAAIAAAAA")),
        Answer((200, 400, 426, 501), seen=Seen(identity="usual", fields={"upgrade": [], "http2-settings": []}))),
    row(F, "H09", "an upgrade to TLS is no tunnel", request(x_api_key(), ("Connection", "Upgrade"), ("Upgrade", "TLS/1.2")),
        Answer((200, 400, 426, 501), seen=Seen(identity="usual", fields={"upgrade": []}))),
    # Hosts.
    head("no Host", b"GET /orders/1 HTTP/1.1\r\nX-API-Key: {key:usual}\r\n\r\n", cls="H10"),
    head("two Hosts", GOOD + b"Host: evil.example\r\n\r\n", cls="H10"),
    head("two Hosts that are alike", GOOD + b"Host: {host}\r\n\r\n", cls="H10"),
    *(head(f"the Host {value.decode('latin-1')!r}", b"GET /orders/1 HTTP/1.1\r\nHost: " + value + b"\r\nX-API-Key: {key:usual}\r\n\r\n", cls="H10")
      for value in (b"a b", b"a/b", b"a@b", b"a?b", b"a#b", b"a,b", b"http://a", b"a:b:c", b"a:port", b"[::1", b"a\\b", b"a:99999")),
    head("an absolute target of another host", b"GET http://evil.example/orders/1 HTTP/1.1\r\nHost: {host}\r\nX-API-Key: {key:usual}\r\n\r\n", cls="H10"),
    head("an absolute target with a user", b"GET http://x@{host}/orders/1 HTTP/1.1\r\nHost: {host}\r\nX-API-Key: {key:usual}\r\n\r\n", cls="H10"),
    head("an absolute target with a dot segment", b"GET http://{host}/public/../admin/1 HTTP/1.1\r\nHost: {host}\r\nX-API-Key: {key:usual}\r\n\r\n", cls="H10"),
    head("an absolute target of another scheme", b"GET ftp://{host}/orders/1 HTTP/1.1\r\nHost: {host}\r\nX-API-Key: {key:usual}\r\n\r\n", cls="H10"),
    row(F, "H10", "an absolute target of the same host is forwarded as its path", request(x_api_key(), path="http://{host}/orders/1?x=1"),
        allowed(target=b"/orders/1?x=1"), needs=("wire",)),
    row(F, "H10", "an absolute target is judged by its path", request(x_api_key(), path="http://{host}/admin/1"), denied("scope_missing"), needs=("wire",)),
    # What is no smuggling, but looks like it.
    row(F, "H08", "a request in the body of another is a body", request(x_api_key(), method="POST", body=b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"), allowed()),
    Row(F, "two requests on one connection keep their own keys", "H09", (Talk(
        (request(x_api_key("usual"), path="/orders/1") + request(x_api_key("other"), path="/orders/2"),),
        (allowed("usual"), allowed("other"))),), needs=("wire",)),
    Row(F, "a denied request leaves the next one to itself", "H09", (Talk(
        (request(path="/orders/1") + request(x_api_key("other"), path="/orders/2"),), (denied("credential_missing"), allowed("other"))),),
        needs=("wire",)),
    Row(F, "a body belongs to its own request", "H09", (Talk(
        (request(x_api_key("usual"), path="/orders/1", method="POST", body=b"abc") + request(x_api_key("other"), path="/orders/2"),),
        (allowed("usual"), allowed("other"))),), needs=("wire",)),
    row(F, "H09", "empty lines before a request are nothing", b"\r\n" + request(x_api_key()), allowed(target=b"/orders/1"), needs=("wire",)),
]
