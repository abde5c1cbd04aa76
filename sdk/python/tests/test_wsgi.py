"""A WSGI application under wsgiref, over TCP."""

import json
import unittest

from tollgate_origin import Refused, wsgi

from .data import BOUND, PLAIN, SHARED, seen, settings
from .wire import ask, play_paths, play_rows, served_by_wsgiref

GOOD = [("Tollgate-Identity", PLAIN.decode())]
LACKS = {
    "names": "a WSGI server has folded the name before anybody sees it",
    "odd-names": "wsgiref drops what is not named by a token",
    "slashes": "wsgiref makes one of the slashes at the start",
    "ends": "wsgiref takes more than blanks off a value",
}


def origin(count=lambda: None, **more):
    def app(environ, start_response):
        count()
        if environ["PATH_INFO"].startswith("/needs/"):
            wsgi.identity(environ).require("orders:" + environ["PATH_INFO"][7:])
        start_response("200 OK", [("content-type", "application/json")])
        who = environ[wsgi.KEY]
        return [json.dumps(who and seen(who)).encode()]

    return wsgi.TollgateMiddleware(app, **settings(**more))


class Wsgi(unittest.TestCase):
    def test_every_row_over_tcp_under_wsgiref(self):
        reached = []
        apps = {name: origin(lambda: reached.append(1), require_binding=name == "bound") for name in ("usual", "bound")}

        def by_host(environ, start_response):
            return apps.get(environ["HTTP_HOST"], apps["usual"])(environ, start_response)

        with served_by_wsgiref(by_host) as port:
            play_rows(self, port, "wsgiref", LACKS, lambda: len(reached))

    def test_scopes_are_asked_for_in_the_handler(self):
        with served_by_wsgiref(origin()) as port:
            for target, headers, status in (("/needs/read", GOOD, 200), ("/needs/drop", GOOD, 403), ("/needs/read", [], 401)):
                self.assertEqual(ask(port, target=target, headers=headers)[0], status, target)

    def test_a_public_path_is_exactly_that_path(self):
        reached = []
        with served_by_wsgiref(origin(lambda: reached.append(1), public=tuple(SHARED["public"]))) as port:
            play_paths(self, port, "wsgiref", LACKS, lambda: len(reached))

    def test_where_a_server_does_not_say_what_was_sent_no_path_is_public(self):
        path, public = {"PATH_INFO": "/health"}, ("/health",)
        self.assertEqual(self.play(path, public=public)[0], "401 Unauthorized")
        for name in wsgi.TARGETS:
            self.assertEqual(self.play({**path, name: "/health?x"}, public=public)[0], "200 OK")
            self.assertEqual(self.play({**path, name: "/%68ealth"}, public=public)[0], "401 Unauthorized")

    def play(self, environ, **more):
        told = []
        made = origin(**more)
        base = {"REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": "/v1/orders/A"}
        body = made({**base, **environ}, lambda status, fields: told.append(status))
        return told[0], b"".join(body)

    def test_a_server_that_does_not_tell_the_target_is_trusted_with_no_bound_token(self):
        token = {"HTTP_TOLLGATE_IDENTITY": BOUND.decode()}
        self.assertEqual(self.play(token)[0], "401 Unauthorized")
        for name in wsgi.TARGETS:
            self.assertEqual(self.play({**token, name: "/v1/orders/%41?a=b"})[0], "200 OK")
        # A client's header of that name is another variable.
        self.assertEqual(self.play({**token, "HTTP_REQUEST_URI": "/v1/orders/%41"})[0], "401 Unauthorized")

    def test_an_identity_that_was_there_before_is_not_believed(self):
        self.assertEqual(self.play({wsgi.KEY: "me"})[0], "401 Unauthorized")
        public = {wsgi.KEY: "me", "REQUEST_URI": "/health"}
        self.assertEqual(self.play(public, public=("/health",)), ("200 OK", b"null"))

    def test_a_framework_that_keeps_what_is_raised_is_told_what_to_answer(self):
        def app(environ, start_response):
            try:
                wsgi.identity(environ).require("orders:drop")
            except Refused as refused:
                answer = wsgi.answer(environ, refused)
                start_response(str(answer.status), list(answer.fields))
                return [answer.body]

        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_TOLLGATE_IDENTITY": PLAIN.decode(), "HTTP_X_REQUEST_ID": "0" * 16}
        told = []
        made = wsgi.TollgateMiddleware(app, **settings(realm="mine", on_refused=told.append))
        [body] = made(dict(environ), lambda status, fields: told.append((status, fields[0][1])))
        challenge = 'Bearer realm="mine", error="insufficient_scope", scope="orders:drop"'
        self.assertEqual(told, ["scope_missing", ("403", challenge)])
        self.assertIn(b'"instance":"urn:tollgate:request:0000000000000000","code":"scope_missing"', body)
        self.assertRaises(RuntimeError, wsgi.answer, environ, Refused("key_invalid", "x"))

    def test_an_event_is_read_where_adapters_put_it(self):
        [event] = [row["event"] for row in SHARED["events"] if row["why"] == "a REST API"]
        for name in wsgi.EVENTS:
            self.assertEqual(self.play({name: event}, source="api-gateway")[0], "200 OK")
        header = {"HTTP_TOLLGATE_IDENTITY": PLAIN.decode()}
        self.assertEqual(self.play(header, source="api-gateway")[0], "401 Unauthorized")

    def test_nothing_is_verified_without_the_middleware(self):
        self.assertRaises(RuntimeError, wsgi.identity, {"HTTP_TOLLGATE_IDENTITY": PLAIN.decode()})
