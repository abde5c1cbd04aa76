"""FastAPI and Starlette under uvicorn, over TCP."""

import asyncio
import json
import threading
import unittest
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse

from tollgate_origin import Identity, Refused, Settings, TollgateMiddleware, Verifier
from tollgate_origin.asgi import answer
from tollgate_origin.fastapi import identity, require_scope

from .data import PLAIN, SHARED, seen, settings
from .servers import Jwks
from .wire import ask, play_paths, play_rows, served_by_uvicorn

METHODS = ["GET", "POST", "DELETE", "HEAD", "OPTIONS"]
GOOD = [("Tollgate-Identity", PLAIN.decode())]


def origin(count=lambda: None, **more) -> FastAPI:
    app = FastAPI(openapi_url=None)
    app.add_middleware(TollgateMiddleware, **settings(**more))

    @app.get("/needs/{action}")
    def needs(action: str, who: Annotated[Identity, Depends(identity)]):
        who.require(f"orders:{action}")
        return who.tenant

    @app.get("/write")
    def write(who: Annotated[Identity, Depends(require_scope("orders:write"))]):
        return who.tenant

    @app.get("/drop", dependencies=[Depends(require_scope("orders:read", "orders:drop"))])
    def drop():
        return count()

    @app.get("/health")
    def health():
        return "well"

    @app.get("/open")
    def open_and_not(who: Annotated[Identity, Depends(identity)]):
        return count()

    @app.api_route("/{rest:path}", methods=METHODS)
    def any_of(request: Request, who: Annotated[Identity, Depends(identity)]):
        count()
        return JSONResponse(seen(who))

    return app


class Asgi(unittest.TestCase):
    def test_every_row_over_tcp_under_uvicorn(self):
        reached = []
        apps = {name: origin(lambda: reached.append(1), require_binding=name == "bound") for name in ("usual", "bound")}

        async def by_host(scope, receive, send):
            host = dict(scope.get("headers", [])).get(b"host", b"usual").decode()
            await apps.get(host, apps["usual"])(scope, receive, send)

        with served_by_uvicorn(by_host) as port:
            play_rows(self, port, "fastapi under uvicorn", {}, lambda: len(reached))

    def test_scopes_are_asked_for_in_a_dependency_or_in_the_handler(self):
        reached = []
        with served_by_uvicorn(origin(lambda: reached.append(1))) as port:
            for target, status in (("/write", 200), ("/needs/read", 200), ("/drop", 403), ("/needs/drop", 403)):
                found, fields, body = ask(port, target=target, headers=GOOD)
                self.assertEqual(found, status, target)
                if status == 403:
                    self.assertEqual(json.loads(body)["code"], "scope_missing")
                    self.assertIn('error="insufficient_scope", scope="orders:', fields["www-authenticate"])
                    self.assertEqual(fields["content-type"], "application/problem+json")
            self.assertEqual(ask(port, target="/drop")[0], 401)
            self.assertEqual(ask(port, "HEAD", headers=[])[2], b"")
        self.assertEqual(reached, [])

    def test_a_public_path_is_exactly_that_path(self):
        app, reached = FastAPI(), []
        app.add_middleware(TollgateMiddleware, **settings(public=tuple(SHARED["public"])))

        @app.get("/{rest:path}")
        def anybody():
            reached.append(1)

        with served_by_uvicorn(app) as port:
            play_paths(self, port, "fastapi under uvicorn", {}, lambda: len(reached))
        with served_by_uvicorn(origin(public=("/open",))) as port:
            self.assertEqual(ask(port, target="/open")[0], 401)

    def test_nothing_is_served_without_the_middleware(self):
        app, reached = FastAPI(), []

        @app.get("/")
        def any_of(who: Annotated[Identity, Depends(identity)]):
            reached.append(1)

        with served_by_uvicorn(app) as port:
            self.assertEqual((ask(port, headers=GOOD)[0], reached), (500, []))

    def test_others_are_served_while_somebody_waits_for_keys(self):
        with Jwks("held") as keys, served_by_uvicorn(origin(jwks=keys.url, deadline_s=30, public=("/health",))) as port:
            found = []
            waiting = threading.Thread(target=lambda: found.append(ask(port, headers=GOOD)[0]))
            waiting.start()
            self.assertTrue(keys.was_asked.wait(60))
            self.assertEqual((ask(port, target="/health")[0], found), (200, []))
            keys.released.set()
            waiting.join(60)
            self.assertEqual(found, [200])

    def test_without_keys_the_answer_is_503(self):
        with Jwks("status") as keys, served_by_uvicorn(origin(jwks=keys.url)) as port:
            status, fields, body = ask(port, headers=GOOD)
            self.assertEqual((status, fields["retry-after"], json.loads(body)["code"]), (503, "1", "unavailable"))


class Scopes(unittest.TestCase):
    """What a server hands over besides requests."""

    def run_app(self, scope, app=None, **more):
        sent, reached = [], []

        async def usual(scope, receive, send):
            reached.append(scope.get("tollgate.identity"))

        async def send(message):
            sent.append(message)

        made = TollgateMiddleware(app or usual, verifier=Verifier(Settings(**settings(**more))))
        asyncio.run(made(scope, None, send))
        return sent, reached

    def socket(self, headers, **more):
        return {"type": "websocket", "path": "/v1/orders/A", "raw_path": b"/v1/orders/%41", "headers": headers, **more}

    def test_a_websocket_is_verified_before_it_is_accepted(self):
        good = [(b"tollgate-identity", PLAIN)]
        self.assertEqual(self.run_app(self.socket(good))[1][0].tenant, "acme")
        for headers in ([], [(b"tollgate-identity", b"x")], good * 2):
            sent, reached = self.run_app(self.socket(headers))
            self.assertEqual(([message["type"] for message in sent], reached), (["websocket.close"], []))
            sent, reached = self.run_app(self.socket(headers, extensions={"websocket.http.response": {}}))
            self.assertIn(sent[0]["status"], (400, 401))
            self.assertEqual(reached, [])

    def test_lifespan_passes_and_what_nobody_knows_does_not(self):
        self.assertEqual(self.run_app({"type": "lifespan"})[1], [None])
        self.assertRaises(RuntimeError, self.run_app, {"type": "new", "path": "/", "headers": []})

    def test_where_a_server_does_not_say_what_was_sent_no_path_is_public(self):
        # What is decoded may have been sent as something else.
        for raw, served in ((b"/health", [None]), (b"/%68ealth", []), (None, [])):
            scope = {"type": "http", "method": "GET", "path": "/health", "raw_path": raw, "headers": []}
            self.assertEqual(self.run_app(scope, public=("/health",))[1], served, raw)
        del scope["raw_path"]
        self.assertEqual(self.run_app(scope, public=("/health",))[1], [])

    def test_an_identity_that_was_there_before_is_not_believed(self):
        scope = {"type": "http", "method": "GET", "path": "/", "raw_path": b"/", "headers": [], "tollgate.identity": "me"}
        sent, reached = self.run_app(scope)
        self.assertEqual((sent[0]["status"], reached), (401, []))

    def test_a_framework_that_keeps_what_is_raised_is_told_what_to_answer(self):
        answers = []

        async def app(scope, receive, send):
            try:
                scope["tollgate.identity"].require("orders:drop")
            except Refused as refused:
                answers.append(answer(scope, refused))

        scope = {"type": "http", "method": "HEAD", "path": "/", "raw_path": b"/", "headers": [(b"tollgate-identity", PLAIN)]}
        self.run_app(scope, app)
        self.assertEqual([(one.status, one.body) for one in answers], [(403, b"")])
        self.assertRaises(RuntimeError, answer, scope, Refused("key_invalid", "x"))

    def test_what_is_refused_after_the_answer_began_is_an_error(self):
        async def late(scope, receive, send):
            await send({"type": "http.response.start", "status": 200, "headers": []})
            scope["tollgate.identity"].require("orders:drop")

        scope = {"type": "http", "method": "GET", "path": "/", "raw_path": b"/", "headers": [(b"tollgate-identity", PLAIN)]}
        self.assertRaises(Refused, self.run_app, scope, late)
