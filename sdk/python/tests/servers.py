"""Servers of keys, most of which are not what they should be."""

from __future__ import annotations

import json
import socket
import threading

from .data import JWKS

GOOD = json.dumps(JWKS).encode()
PRIVATE = json.dumps({"keys": [{**JWKS["keys"][0], "d": "AAAA"}]}).encode()


def answer(body: bytes, status="200 OK", more=b"", length=None) -> bytes:
    length = len(body) if length is None else length
    return b"HTTP/1.1 %s\r\nContent-Length: %d\r\n%s\r\n" % (status.encode(), length, more) + body


FIXED = {
    "good": answer(GOOD),
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(GOOD), GOOD),
    "status": answer(GOOD, "500 Oops"),
    "redirect": answer(GOOD, "302 Found", b"Location: /elsewhere\r\n"),
    "page": answer(b"<html>hello</html>"),
    "nothing": b"",
    "cut": answer(GOOD, length=len(GOOD) + 9),
    "junk": b"\x00\xff hello\r\n\r\n",
    "private": answer(PRIVATE),
    "huge": answer(b" " * (1 << 20)),
}
BEFORE = {
    "silent": b"",
    "dripping-head": b"HTTP/1.1 200 OK\r\nX-A: ",
    "dripping-body": b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n",
    "endless": b"HTTP/1.1 200 OK\r\n\r\n",
}


class Jwks:
    """A server of keys of one kind, on a port of its own, while it is open."""

    def __init__(self, kind: str) -> None:
        self.kind, self.asked, self.sent = kind, 0, 0
        self._ended = threading.Event()
        #: A server of the kind `held` answers when the test says so.
        self.released = threading.Event()
        self.was_asked = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/.well-known/tollgate/jwks.json"
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self) -> Jwks:
        return self

    def __exit__(self, *_) -> None:
        self._ended.set()
        # A thread that waits in accept holds the port: one more caller wakes it.
        socket.create_connection(self._socket.getsockname()).close()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                caller, _ = self._socket.accept()
            except OSError:
                return
            if self._ended.is_set():
                caller.close()
                return
            threading.Thread(target=self._answer, args=[caller], daemon=True).start()

    def _answer(self, caller: socket.socket) -> None:
        with caller:
            caller.settimeout(60)
            try:
                asked = b""
                while b"\r\n\r\n" not in asked:
                    piece = caller.recv(4096)
                    if not piece:
                        return
                    asked += piece
                self.asked += 1
                self.was_asked.set()
                self._say(caller)
            except OSError:
                pass

    def _say(self, caller: socket.socket) -> None:
        if self.kind == "held":
            self.released.wait(60)
            caller.sendall(FIXED["good"])
            return
        if self.kind in FIXED:
            caller.sendall(FIXED[self.kind])
            return
        caller.sendall(BEFORE[self.kind])
        piece = b" " * 65_536 if self.kind == "endless" else b"x"
        for _ in range(1_000_000 if self.kind == "endless" else 600):
            if self._ended.wait(0 if self.kind == "endless" else 0.02):
                break
            if self.kind != "silent":
                self.sent += len(piece)
                caller.sendall(piece)
