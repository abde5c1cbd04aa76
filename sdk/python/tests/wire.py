"""Requests over TCP, byte for byte, and real servers to send them to."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import Counter
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import uvicorn

from .data import LINES, SHARED, TALLY

PATIENCE_S = 60


def ask(port, method="GET", target="/", headers=(), host="usual") -> tuple[int, dict[str, str], bytes]:
    """Status, fields and body of what comes back."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers]
    with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as connection:
        try:
            connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
        except OSError:
            pass  # A server need not read what it refuses.
        got = b""
        try:
            while piece := connection.recv(65_536):
                got += piece
        except ConnectionResetError:
            pass
    head, _, body = got.partition(b"\r\n\r\n")
    status, *fields = head.decode("latin-1").split("\r\n")
    named = dict(line.split(": ", 1) for line in fields if ": " in line)
    words = status.split(" ")
    return int(words[1]) if len(words) > 1 else 0, {name.lower(): value for name, value in named.items()}, body


def play_rows(case, port, door, lacks, reached) -> None:
    """Puts every row to a server. `reached` counts what its handler has seen."""
    counts, left_out = Counter(), Counter()
    for row in SHARED["requests"]:
        why = next((lacks[need] for need in row["needs"] if need in lacks), None)
        why = why or (None if row["wire"] else "no request can be written so")
        if why:
            left_out[why] += 1
            continue
        request, out = row["request"], row["out"]
        with case.subTest(door, id=row["id"], why=row["why"]):
            before = reached()
            status, _, body = ask(port, **request, host="bound" if row["bound"] else "usual")
            if out["status"] == 200:
                case.assertEqual((status, json.loads(body)), (200, out["identity"]))
                counts["served"] += 1
                continue
            case.assertEqual(reached(), before, "the handler was reached")
            case.assertTrue(status == 0 or 400 <= status < 500, status)
            if b'"code":' in body:
                found = json.loads(body)
                case.assertEqual((status, found["code"]), (out["status"], out["code"]))
                counts["refused"] += 1
            else:
                counts["refused by the server itself"] += 1
    TALLY["rows"] += counts.total()
    case.assertEqual(counts.total() + left_out.total(), len(SHARED["requests"]))
    # Most must have come to the verifier, or nothing was shown of it.
    case.assertGreater(counts["refused"], 500)
    said = ", ".join(f"{count} {name}" for name, count in counts.items())
    reasons = "; ".join(f"{count}: {why}" for why, count in left_out.items())
    LINES.append(f"{door}: {said}, {left_out.total()} not applicable ({reasons})")


def play_paths(case, port, door, lacks, reached) -> None:
    """Puts every path to a server that has nothing but public ones to serve."""
    played = 0
    for row in SHARED["paths"]:
        if any(need in lacks for need in row["needs"]):
            continue
        with case.subTest(door, why=row["why"]):
            before = reached()
            status = ask(port, target=row["target"])[0]
            case.assertEqual(reached() - before, row["public"], "what reached the handler")
            case.assertTrue(status == 200 if row["public"] else status == 0 or 400 <= status < 500, status)
            played += 1
    TALLY["rows"] += played
    LINES.append(f"{door}: {played} of {len(SHARED['paths'])} paths")


@contextmanager
def served_by_uvicorn(app):
    """The port of an ASGI server."""
    made = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="on"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [made]}, daemon=True)
    thread.start()
    try:
        ends = time.monotonic() + PATIENCE_S
        while not server.started and time.monotonic() < ends:
            time.sleep(0.01)
        yield made.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(PATIENCE_S)
        made.close()


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64


class _Handler(WSGIRequestHandler):
    def get_environ(self):
        # As gunicorn, uWSGI, mod_wsgi and werkzeug do.
        return {**super().get_environ(), "REQUEST_URI": self.path}

    def log_message(self, *_):
        pass


@contextmanager
def served_by_wsgiref(app):
    """The port of a WSGI server."""
    with make_server("127.0.0.1", 0, app, _Server, _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.02], daemon=True)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join(PATIENCE_S)
