"""What verification costs per request, beside the bare framework: `PYTHONPATH=src python bench.py`.

An application of one line, written for FastAPI, for ASGI and for WSGI, is asked in this process, without a socket, in
turns: bare, with a token that is remembered, and with tokens that are verified each time. The cost is the difference to bare in the same round; the
median of all rounds is printed.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from pathlib import Path

from fastapi import FastAPI

from tollgate_origin import Settings, TollgateMiddleware, Verifier, wsgi

SHARED = json.loads((Path(__file__).resolve().parents[2] / "tests/origins/adversarial.json").read_text("ascii"))
ROUNDS, REQUESTS = 15, 1_000


def token(why: str) -> bytes:
    [row] = [row for row in SHARED["requests"] if row["why"] == why]
    return row["request"]["headers"][0][1].encode("ascii")


PLAIN, BOUND = token("a token without binding"), token("a token with binding, for this request")


def verifier(remember_max: int) -> Verifier:
    return Verifier(
        Settings(
            SHARED["issuer"], SHARED["audience"], SHARED["jwks"], remember_max=remember_max, now_ms=lambda: SHARED["now_ms"]
        )
    )


fast = FastAPI()


@fast.get("/v1/orders/{order}")
async def order_of(order: str) -> str:
    return "ok"


async def asgi_app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


def asgi(app, given: bytes):
    async def send(message):
        if message.get("status", 200) != 200:
            raise RuntimeError("a good token is refused")

    headers = [(b"host", b"origin"), (b"accept", b"*/*"), (b"user-agent", b"bench"), (b"tollgate-identity", given)]
    scope = {
        "type": "http", "method": "GET", "path": "/v1/orders/A", "raw_path": b"/v1/orders/%41", "query_string": b"", "headers": headers
    }

    async def receive():
        return {"type": "http.request", "body": b""}

    async def many():
        for _ in range(REQUESTS):
            await app({**scope}, receive, send)

    return lambda: asyncio.run(many())


def wsgi_app(environ, start_response):
    start_response("200 OK", [])
    return [b"ok"]


def wsgi_of(app, given: bytes):
    environ = {
        "REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": "/v1/orders/A", "REQUEST_URI": "/v1/orders/%41",
        "HTTP_HOST": "origin", "HTTP_ACCEPT": "*/*", "HTTP_TOLLGATE_IDENTITY": given.decode(),
    }

    def start_response(status, fields):
        if not status.startswith("200"):
            raise RuntimeError("a good token is refused")

    def many():
        for _ in range(REQUESTS):
            app({**environ}, start_response)

    return many


def main() -> None:
    for name, bare, wrap, play in (
        ("FastAPI", fast, TollgateMiddleware, asgi),
        ("ASGI", asgi_app, TollgateMiddleware, asgi),
        ("WSGI", wsgi_app, wsgi.TollgateMiddleware, wsgi_of),
    ):
        runs = {
            "bare": play(bare, PLAIN),
            "remembered": play(wrap(bare, verifier=verifier(1_024)), PLAIN),
            "verified each time": play(wrap(bare, verifier=verifier(0)), PLAIN),
            "bound, verified each time": play(wrap(bare, verifier=verifier(0)), BOUND),
        }
        times: dict[str, list[float]] = {run: [] for run in runs}
        for _ in range(ROUNDS):
            for run, many in runs.items():
                started = time.perf_counter()
                many()
                times[run].append((time.perf_counter() - started) / REQUESTS * 1e6)
        print(f"{name}, bare: {statistics.median(times['bare']):.1f} us per request")
        for run in list(runs)[1:]:
            more = [one - bare for one, bare in zip(times[run], times["bare"], strict=True)]
            print(f"{name}, {run}: {statistics.median(more):.1f} us more")


if __name__ == "__main__":
    main()
