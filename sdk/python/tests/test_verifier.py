"""Settings, answers, scopes, replay and what is remembered."""

import logging
import typing
import unittest

from tollgate_origin import ConfigError, Identity, Refused, Settings, Verifier, aws

from .data import BOUND, NOW, PATH, PLAIN, SHARED, settings

FIELD = b"tollgate-identity"


def verifier(**more):
    return Verifier(Settings(**settings(**more)))


def reason(made, token=PLAIN, method=b"GET", path=PATH):
    try:
        made.admit([(FIELD, token)], method, path)
    except Refused as refused:
        return refused.reason
    return None


class Configuration(unittest.TestCase):
    def test_what_cannot_be_meant_is_refused_when_it_is_made(self):
        for wrong in (
            {"issuer": ""}, {"issuer": "a b"}, {"issuer": "x" * 129}, {"issuer": None}, {"audience": ""}, {"audience": 'a"'},
            {"skew_ms": -1}, {"skew_ms": 60_001}, {"skew_ms": 1.5}, {"skew_ms": True}, {"skew_ms": "5"}, {"skew_ms": float("nan")},
            {"replay_max": 10}, {"replay_max": -1, "require_binding": True}, {"replay_max": 1_048_577, "require_binding": True},
            {"remember_max": -1}, {"remember_max": 65_537}, {"require_binding": "no"}, {"require_binding": 1}, {"source": "both"},
            {"source": ""}, {"realm": 'a"b'}, {"realm": ""}, {"realm": "a\r\nb"}, {"fresh_s": 0}, {"fresh_s": 300.0},
            {"max_age_s": 86_401}, {"refetch_s": 0.5}, {"deadline_s": 0}, {"deadline_s": 31}, {"deadline_s": float("nan")},
            {"fresh_s": "60"}, {"public": ["/"]}, {"public": ("health",)}, {"public": ("/health?x",)}, {"public": tuple(f"/{at}" for at in range(65))},
            {"public": ("/health",), "source": "api-gateway"},
            {"jwks": {}}, {"jwks": {"keys": []}}, {"jwks": 7}, {"jwks": ""}, {"jwks": None, "issuer": "gate"}, {"allow_http": "yes"},
        ):
            with self.subTest(**wrong):
                self.assertRaises(ConfigError, lambda wrong=wrong: verifier(**wrong))
        for good in ({"replay_max": 10, "require_binding": True}, {"skew_ms": 0}, {"jwks": None}, {"public": ("/health",)}):
            verifier(**good)

    def test_a_verifier_of_one_source_reads_no_other(self):
        self.assertRaises(ConfigError, lambda: verifier().admit_event({}))
        self.assertRaises(ConfigError, lambda: verifier(source="api-gateway").admit([(FIELD, PLAIN)], b"GET", PATH))


class Answers(unittest.TestCase):
    ID = b"0123456789abcdef"

    def check(self, refused, fields, body, method="GET", request_id=ID):
        answer = verifier().answer(refused, [(b"X-Request-Id", request_id)], method)
        common = (("content-type", "application/problem+json"), ("cache-control", "no-store"))
        self.assertEqual(answer.fields, (*fields, *common))
        self.assertEqual(answer.body.decode(), body)
        return answer.status

    def test_each_refusal_has_the_body_that_the_gate_gives(self):
        start = '{"type":"about:blank","title":'
        end = '"instance":"urn:tollgate:request:0123456789abcdef","code":'
        for refused, status, challenge, body in (
            (Refused("credential_missing", "missing"), 401, 'Bearer realm="api"',
             f'{start}"Credential missing","status":401,"detail":"The request presents no API key.",{end}"credential_missing"}}\n'),
            (Refused("key_invalid", "expired"), 401, 'Bearer realm="api", error="invalid_token"',
             f'{start}"Key invalid","status":401,"detail":"The API key is not valid.",{end}"key_invalid"}}\n'),
            (Refused("request_invalid", "ambiguous"), 400, 'Bearer realm="api", error="invalid_request"',
             f'{start}"Request invalid","status":400,"detail":"The request has a header that an origin could take for '
             f'Tollgate-Identity. Leave it out.",{end}"request_invalid"}}\n'),
            (Refused("scope_missing", "scope_missing", ["a:b", "c:d"]), 403,
             'Bearer realm="api", error="insufficient_scope", scope="a:b c:d"',
             f'{start}"Scope missing","status":403,"detail":"The key lacks a scope that this request needs.",{end}"scope_missing"}}\n'),
        ):
            fields = (("www-authenticate", challenge),)
            self.assertEqual(self.check(refused, fields, body), status)
            self.assertEqual(self.check(refused, fields, "", method="HEAD"), status)
        body = f'{start}"Unavailable","status":503,"detail":"The request cannot be judged at the moment.",{end}"unavailable"}}\n'
        self.assertEqual(self.check(Refused("unavailable", "no_keys"), (("retry-after", "1"),), body), 503)

    def test_only_the_gates_own_name_of_a_request_is_repeated(self):
        for given in ([b"0123456789abcdeg"], [b"<script>"], [b""], [self.ID * 2], [self.ID, self.ID], [], [self.ID + b"\n"]):
            made = verifier().answer(Refused("key_invalid", "x"), [(b"x-request-id", one) for one in given], "GET")
            self.assertNotIn(self.ID, made.body)
            self.assertRegex(made.body, b'"instance":"urn:tollgate:request:[0-9a-f]{16}"')

    def test_no_error_and_no_log_holds_a_byte_of_a_token(self):
        told = []
        made = verifier(on_refused=told.append)
        pieces = [PLAIN[at : at + 12].decode() for at in range(0, len(PLAIN) - 12, 12)]
        with self.assertLogs("tollgate_origin", logging.DEBUG) as logs:
            for token in (PLAIN[:-1], PLAIN[:-2] + b"AA", PLAIN + b"A" * 9, PLAIN + b"\n", BOUND):
                with self.assertRaises(Refused) as raised:
                    made.admit([(FIELD, token)], b"PUT", PATH)
                answer = made.answer(raised.exception, [(FIELD, token)], "GET")
                text = f"{raised.exception!r} {raised.exception} {answer} {raised.exception.__cause__} {made!r}"
                text += "".join(map(str, logs.output)) + "".join(told)
                for piece in pieces:
                    self.assertNotIn(piece, text)
        self.assertEqual(len(told), 5)


class Scopes(unittest.TestCase):
    def test_what_is_held_and_nothing_else_is_allowed(self):
        made = verifier().admit([(FIELD, PLAIN)], b"GET", PATH)
        self.assertTrue(made.allows("orders:read"))
        self.assertTrue(made.allows("orders:read", "orders:write"))
        self.assertTrue(made.allows())
        for scope in ("orders:delete", "orders:*", "*:read", "*:*", "order:read"):
            self.assertFalse(made.allows(scope), scope)
            self.assertFalse(made.allows("orders:read", scope), scope)
            with self.assertRaises(Refused) as raised:
                made.require("orders:read", scope)
            self.assertEqual((raised.exception.status, raised.exception.required), (403, ("orders:read", scope)))
        self.assertRaises(ValueError, made.allows, "orders")
        # Also behind one that is missing: what is required stands in the answer.
        self.assertRaises(ValueError, made.require, "orders:drop", 'a:b"\r\nx: y')
        with self.assertRaises(AttributeError):
            made.tenant = "other"
        self.assertIs(typing.get_type_hints(Verifier.admit)["return"], Identity)


class Memory(unittest.TestCase):
    def test_a_bound_token_is_used_once_until_it_ends_and_then_it_has_expired(self):
        now = [NOW]
        made = verifier(require_binding=True, replay_max=4, now_ms=lambda: now[0])
        self.assertEqual([reason(made, BOUND), reason(made, BOUND)], [None, "replayed"])
        now[0] += 14_999
        self.assertEqual(reason(made, BOUND), "replayed")
        now[0] += 1
        self.assertEqual(reason(made, BOUND), "expired")
        now[0] -= 15_000
        self.assertEqual(reason(made, BOUND), "replayed")

    def test_a_clock_that_is_set_back_lets_nothing_be_used_again(self):
        from tollgate_origin._memory import Used
        from tollgate_origin._token import Bad

        made = verifier().admit([(FIELD, BOUND)], b"GET", PATH)
        later = verifier(now_ms=lambda: NOW).admit([(FIELD, BOUND)], b"GET", PATH)
        used = Used(1)
        used.take(made, 5000, NOW)
        for at, why in ((NOW, "replayed"), (NOW + 15_000, "expired"), (NOW, "expired")):
            with self.assertRaises(Bad) as raised:
                used.take(later, 5000, at)
            self.assertEqual(raised.exception.reason, why)

    def test_a_full_memory_of_used_tokens_refuses_and_forgets_none_that_could_be_used(self):
        from dataclasses import replace

        from tollgate_origin._memory import Used
        from tollgate_origin._token import Bad

        made = verifier().admit([(FIELD, BOUND)], b"GET", PATH)

        def other(at, later=0):
            return replace(made, expires_at=made.expires_at + later, binding=replace(made.binding, jti=f"{at:032x}"))

        used = Used(2)
        used.take(other(1), 5000, NOW)
        used.take(other(2, 5), 5000, NOW)
        held = used._until
        for _ in range(3):
            with self.assertRaises(Bad) as raised:
                used.take(other(3), 5000, NOW + 14_999)
            self.assertEqual(raised.exception.reason, "replay_full")
        self.assertIs(used._until, held, "a full memory is not gone through before one of it can go")
        used.take(other(3, 10), 5000, NOW + 15_000)
        with self.assertRaises(Bad) as raised:
            used.take(other(2, 5), 5000, NOW + 15_000)
        self.assertEqual(raised.exception.reason, "replayed")

    def test_a_full_memory_is_ours_and_not_the_callers(self):
        made = verifier(require_binding=True, replay_max=1)
        made._used._until["other"] = NOW * 2
        with self.assertRaises(Refused) as raised:
            made.admit([(FIELD, BOUND)], b"GET", PATH)
        self.assertEqual((raised.exception.code, raised.exception.reason), ("unavailable", "replay_full"))

    def test_a_remembered_token_expires_all_the_same(self):
        now = [NOW]
        made = verifier(now_ms=lambda: now[0])
        self.assertIsNone(reason(made))
        for step, why in ((34_999, None), (1, "expired"), (-41_000, "not_yet_valid"), (6_000, None)):
            now[0] += step
            self.assertEqual(reason(made), why, step)

    def test_what_is_remembered_is_bounded_and_none_is_remembered_when_so_set(self):
        tokens = [row["request"]["headers"][0][1].encode() for row in SHARED["requests"]
                  if row["out"]["status"] == 200 and row["out"]["identity"]["binding"] is None and not row["bound"]]
        for most, held in ((0, 0), (1, 1), (3, 3)):
            made = verifier(remember_max=most)
            for token in tokens:
                made.admit([(FIELD, token)], b"GET", PATH)
            self.assertEqual(len(made._remembered), held)

    def test_an_unbound_token_is_not_taken_from_memory_where_binding_is_demanded(self):
        made = verifier(require_binding=True)
        self.assertEqual([reason(made), reason(made)], ["unbound", "unbound"])

    def test_a_platform_that_does_not_say_the_path_is_trusted_with_no_bound_token(self):
        self.assertEqual(reason(verifier(), BOUND, path=None), "wrong_path")
        self.assertIsNone(reason(verifier(), PLAIN, path=None))


class Lambda(unittest.TestCase):
    def test_a_handler_gets_the_identity_of_the_context_or_the_gates_answer_is_given(self):
        @aws.handler(**settings())
        def orders(event, context, identity):
            identity.require("orders:" + event["action"])
            return identity.tenant

        def event(token, action="read"):
            return {"httpMethod": "GET", "path": "/", "action": action, "requestContext": {"authorizer": {"identity": token}}}

        # A handler always has an identity.
        self.assertRaises(ConfigError, lambda: aws.handler(**settings(public=("/",))))
        self.assertEqual(orders(event(PLAIN.decode()), None), "acme")
        for given, status in ((event("x"), 401), ({"headers": {"Tollgate-Identity": PLAIN.decode()}}, 401), (event(PLAIN.decode(), "drop"), 403)):
            answer = orders(given, None)
            self.assertEqual((answer["statusCode"], answer["headers"]["cache-control"]), (status, "no-store"))

    def test_a_path_begins_where_the_gates_authorizer_says_that_it_begins(self):
        own, other = {"domainName": "abc.execute-api.eu-west-1.amazonaws.com", "apiId": "abc"}, {"domainName": "api.example", "apiId": "abc"}
        for place, stage, given, path in (
            ({}, "v1", "/v1/orders", "/orders"), (own, "v1", "/v1/orders", "/orders"), (own, "v1", "/v1", "/"), (own, "v1", "/v1/", "/"),
            # What is only called as the stage is, is part of the path.
            (own, "v1", "/v10/orders", "/v10/orders"), (other, "v1", "/v1/orders", "/v1/orders"), (own, "v1", "/orders/v1", "/orders/v1"),
            ({**own, "apiId": "ab"}, "v1", "/v1/orders", "/v1/orders"), (own, "$default", "/$default/orders", "/$default/orders"),
            (own, None, "/v1/orders", "/v1/orders"), (own, "v1", None, None),
        ):
            context = {**place, "stage": stage}
            for event in (
                {"rawPath": given, "requestContext": {**context, "http": {"method": "GET"}}},
                {"version": "1.0", "path": given, "httpMethod": "GET", "requestContext": context},
            ):
                self.assertEqual(aws.target_of(event), (b"GET", path and path.encode()), event)
