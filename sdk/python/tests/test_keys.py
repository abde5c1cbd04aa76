"""The keys: how old they get, how often they are fetched, and what a server can do to whoever fetches them."""

import asyncio
import socket
import threading
import time
import unittest
from unittest import mock

from tollgate_origin import ConfigError, Refused, Settings, Verifier
from tollgate_origin._cache import Ages, Instant, Keys
from tollgate_origin._jwks import DOCUMENT_MAX, fetch, key_set_of
from tollgate_origin._token import Bad

from .data import BOUND, JWKS, K2, PATH, PLAIN, SHARED, settings
from .servers import Jwks

ONE = {"keys": JWKS["keys"][:1]}
TWO = {"keys": JWKS["keys"][1:]}


class Played:
    """A clock and a gate that are played: every fetch is counted, and lands when the test says so."""

    def __init__(self, **ages):
        self.steady = self.wall = 1000.0
        self.document, self.fetches, self.waiting = JWKS, 0, []
        self.keys = Keys(self.fetch, Ages(**ages), clock=lambda: Instant(self.steady, self.wall), run=self.run)
        self.at_once = True

    def fetch(self):
        self.fetches += 1
        if isinstance(self.document, Exception):
            raise self.document
        return key_set_of(self.document)

    def run(self, work):
        work() if self.at_once else self.waiting.append(work)

    def pass_s(self, seconds):
        self.steady += seconds
        self.wall += seconds

    def kids(self, kid="k1"):
        """What is held after a look, and after what it waited for."""
        held, flight = self.keys.look(kid)
        if flight is not None:
            held, _ = self.keys.look(kid)
        return held.kids if held else None


class Cache(unittest.TestCase):
    def test_keys_are_fetched_once_and_again_behind_the_requests_when_they_are_no_longer_fresh(self):
        played = Played()
        self.assertEqual((played.kids(), played.kids(), played.fetches), (("k1", "k2"), ("k1", "k2"), 1))
        played.pass_s(59)
        self.assertEqual((played.kids(), played.fetches), (("k1", "k2"), 1))
        played.pass_s(1)
        played.at_once, played.document = False, ONE
        held, flight = played.keys.look("k1")
        self.assertEqual((held.kids, flight), (("k1", "k2"), None), "nobody waits for what is still good")
        self.assertEqual(played.kids(), ("k1", "k2"))
        self.assertEqual(len(played.waiting), 1, "one fetch at a time")
        played.waiting.pop()()
        self.assertEqual(played.kids(), ("k1",))

    def test_that_keys_cannot_be_had_is_logged_and_not_each_time(self):
        played = Played()
        played.document = Bad("jwks_status")
        with self.assertLogs("tollgate_origin", "WARNING") as logs:
            for _ in range(21):
                self.assertIsNone(played.kids())
                played.pass_s(1)
        self.assertEqual(played.fetches, 21)
        self.assertEqual(logs.output, ["WARNING:tollgate_origin:the keys of the gate could not be had: jwks_status"] * 3)

    def test_a_removed_key_goes_with_the_next_answer(self):
        played = Played()
        played.kids()
        played.document = TWO
        played.pass_s(60)
        played.kids()
        self.assertEqual(played.kids("k2"), ("k2",))

    def test_keys_go_after_their_max_age_when_no_answer_comes(self):
        for clocks in (("steady", "wall"), ("steady",), ("wall",)):
            played = Played()
            played.kids()
            played.document = Bad("no_jwks")
            for name in clocks:
                setattr(played, name, getattr(played, name) + 299.9)
            self.assertEqual(played.kids(), ("k1", "k2"), clocks)
            for name in clocks:
                setattr(played, name, getattr(played, name) + 0.1)
            self.assertIsNone(played.kids(), clocks)

    def test_a_clock_that_was_set_back_keeps_no_key_alive(self):
        played = Played()
        played.kids()
        played.document = Bad("no_jwks")
        played.wall -= 10_000
        played.steady += 300
        self.assertIsNone(played.kids())

    def test_an_unknown_kid_is_looked_for_once_per_interval(self):
        played = Played()
        played.kids()
        for _ in range(1000):
            played.kids("unknown")
        self.assertEqual(played.fetches, 1, "what was just fetched is not fetched again")
        played.pass_s(10)
        for at in range(1000):
            played.kids(f"unknown{at}")
        self.assertEqual(played.fetches, 2)
        played.pass_s(9.9)
        played.kids("unknown")
        self.assertEqual(played.fetches, 2)

    def test_a_new_key_is_found_by_its_kid(self):
        played = Played()
        played.document = ONE
        self.assertEqual(played.kids(), ("k1",))
        played.document = JWKS
        played.pass_s(10)
        self.assertEqual(played.kids("k2"), ("k1", "k2"))

    def test_a_bad_answer_changes_nothing_and_is_not_asked_for_at_every_request(self):
        for document in (Bad("no_jwks"), Bad("jwks_status"), OSError(), RuntimeError("a fault of ours")):
            played = Played()
            played.kids()
            played.document = document
            played.pass_s(60)
            for _ in range(100):
                self.assertEqual(played.kids(), ("k1", "k2"))
            self.assertEqual(played.fetches, 2)
            played.pass_s(10)
            played.kids()
            self.assertEqual(played.fetches, 3)

    def test_a_fetch_that_hangs_is_given_up_and_what_it_brings_late_is_not_taken(self):
        played = Played()
        played.at_once = False
        self.assertIsNotNone(played.keys.look("k1")[1])
        played.pass_s(3)
        played.keys.look("k1")
        self.assertEqual(len(played.waiting), 1)
        played.pass_s(0.1)
        played.at_once, played.document = True, TWO
        self.assertEqual(played.kids("k2"), ("k2",))
        played.document = JWKS
        played.waiting.pop()()
        self.assertEqual(played.kids("k2"), ("k2",))

    def test_keys_are_as_old_as_the_question(self):
        played = Played()
        played.at_once = False
        played.keys.look("k1")
        played.pass_s(2)
        played.waiting.pop()()
        played.pass_s(297.9)
        self.assertEqual(played.kids(), ("k1", "k2"))
        played.pass_s(0.1)
        self.assertIsNone(played.kids())

    def test_a_machine_that_has_no_thread_left_is_a_fetch_that_failed(self):
        def none_left(_):
            raise RuntimeError("can't start new thread")

        played = Played()
        played.keys._run = none_left
        held, flight = played.keys.look("k1")
        self.assertEqual((held, flight and flight.done()), (None, True))
        played.keys._run = played.run
        played.pass_s(1)
        self.assertEqual(played.kids(), ("k1", "k2"))

    def test_with_no_key_in_hand_it_is_tried_once_a_second(self):
        played = Played()
        played.document = Bad("jwks_unreachable")
        for _ in range(100):
            self.assertIsNone(played.kids())
        self.assertEqual(played.fetches, 1)
        played.pass_s(1)
        played.document = JWKS
        self.assertEqual(played.kids(), ("k1", "k2"))


class Fetching(unittest.TestCase):
    def refused(self, server, deadline_s=30.0):
        with self.assertRaises(Bad) as raised:
            fetch(server.url, deadline_s)
        return raised.exception.reason

    def test_a_good_document_is_read(self):
        for kind in ("good", "chunked"):
            with Jwks(kind) as server:
                self.assertEqual(fetch(server.url, 30.0).kids, ("k1", "k2"))

    def test_what_is_wrong_is_no_document(self):
        for kind, reason in (
            ("status", "jwks_status"), ("redirect", "jwks_status"), ("page", "no_jwks"), ("nothing", "jwks_unreachable"),
            ("cut", "jwks_unreachable"), ("junk", "jwks_unreachable"), ("private", "no_jwks"),
        ):
            with self.subTest(kind), Jwks(kind) as server:
                self.assertEqual(self.refused(server), reason)

    def test_a_huge_document_is_read_no_further_than_its_bound(self):
        for kind in ("huge", "endless"):
            with self.subTest(kind), Jwks(kind) as server:
                self.assertEqual(self.refused(server), "jwks_too_long")
                # What lies in the buffers of both ends is all that is sent beyond it.
                self.assertLess(server.sent, 64 * 1024 * 1024)
        self.assertEqual(DOCUMENT_MAX, 16_384)

    def test_whoever_answers_slowly_is_not_waited_for(self):
        for kind in ("silent", "dripping-head", "dripping-body"):
            with self.subTest(kind), Jwks(kind) as server:
                started = time.monotonic()
                self.assertEqual(self.refused(server, 0.3), "jwks_unreachable")
                self.assertLess(time.monotonic() - started, 10)

    def test_whoever_is_reached_late_is_not_listened_to(self):
        # The guard then finds no connection to cut, and each byte would be waited for anew.
        reached, connect = [], socket.create_connection

        def late(*arguments, **more):
            reached.append(connect(*arguments, **more))
            while any(isinstance(thread, threading.Timer) for thread in threading.enumerate()):
                time.sleep(0.01)
            return reached[-1]

        with Jwks("dripping-head") as server, mock.patch("socket.create_connection", late):
            self.assertEqual(self.refused(server, 0.3), "jwks_unreachable")
        self.assertEqual((len(reached), server.asked), (1, 0))

    def test_nobody_there_is_an_answer_of_our_own(self):
        with Jwks("good") as server:
            url = server.url
        with self.assertRaises(Bad):
            fetch(url, 30.0)


class Held(unittest.TestCase):
    """A verifier over a server of keys, in real time."""

    def verifier(self, server, **more):
        return Verifier(Settings(**settings(jwks=server.url, **more)))

    def admit(self, verifier, token=PLAIN):
        return verifier.admit([(b"tollgate-identity", token)], b"GET", PATH)

    def reason(self, verifier, token=PLAIN):
        with self.assertRaises(Refused) as raised:
            self.admit(verifier, token)
        return raised.exception.code, raised.exception.reason

    def test_a_thousand_requests_at_once_fetch_once(self):
        with Jwks("good") as server:
            verifier, found = self.verifier(server, deadline_s=30), []
            threads = [threading.Thread(target=lambda: found.append(self.admit(verifier).key)) for _ in range(50)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
            self.assertEqual((len(found), server.asked), (50, 1))

    def test_whoever_gives_up_waiting_takes_the_fetch_from_nobody(self):
        """One verifier in two loops, each with a request that is cancelled and one that is not."""
        with Jwks("held") as server:
            verifier, found = self.verifier(server, deadline_s=30), []

            async def both():
                ask = [(b"tollgate-identity", PLAIN)], b"GET", PATH
                first, second = (asyncio.ensure_future(verifier.admit_async(*ask)) for _ in range(2))
                while not server.was_asked.is_set():
                    await asyncio.sleep(0.01)
                first.cancel()
                await asyncio.wait([first])
                arrived.wait(60)
                found.append((first.cancelled(), second.done()))
                server.released.set()
                found.append((await second).tenant)

            arrived = threading.Barrier(2)
            threads = [threading.Thread(target=lambda: asyncio.run(both())) for _ in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
            self.assertEqual((found.count((True, False)), found.count("acme"), server.asked), (2, 2, 1))

    def test_garbage_fetches_nothing(self):
        played = Played()
        verifier = Verifier(Settings(**settings()))
        verifier._keys = played.keys
        for token in (b"x.y.z", b"", b"." * 99, PLAIN[:-1], PLAIN + b"A" * 9_999):
            self.assertIn(self.reason(verifier, token)[1], ("malformed", "too_long"))
        self.assertEqual(played.fetches, 0)

    def test_without_keys_nobody_is_served_and_the_answer_says_that_it_is_ours(self):
        for kind in ("status", "silent", "private"):
            with self.subTest(kind), Jwks(kind) as server:
                verifier = self.verifier(server, deadline_s=0.2)
                self.assertEqual(self.reason(verifier), ("unavailable", "no_keys"))

    def test_a_removed_key_is_refused_also_for_tokens_that_are_remembered(self):
        played = Played()
        verifier = Verifier(Settings(**settings()))
        verifier._keys = played.keys
        self.admit(verifier, K2)
        self.admit(verifier, PLAIN)
        played.document = ONE
        played.pass_s(60)
        self.admit(verifier)
        self.assertEqual(self.reason(verifier, K2)[1], "unknown_kid")
        self.admit(verifier)
        # Another key under the name of the one that is gone.
        played.document = {"keys": [{**TWO["keys"][0], "kid": "k1", "alg": "EdDSA"}]}
        played.pass_s(60)
        self.admit(verifier)
        self.assertEqual(self.reason(verifier)[1], "bad_signature")

    def test_keys_are_only_fetched_from_where_nobody_sits_between(self):
        for url, allow_http, good in (
            ("https://gate.example/jwks.json", False, True), ("http://127.0.0.1:8/jwks", False, True),
            ("http://localhost/x", False, True), ("http://gate.internal/x", False, False), ("http://gate.internal/x", True, True),
            ("http://127.0.0.1.evil.example/", False, False), ("http://localhost.evil.example/", False, False),
            ("ftp://gate.example/x", True, False), ("file:///etc/keys", True, False), ("gate.example", True, False),
            ("https://", True, False), ("https://user@gate.example/", True, False), ("https://gate.example/\r\nX: y", True, False),
            ("https://gate.example:0/", True, False), ("https://gate.example:99999/", True, False),
        ):
            with self.subTest(url, allow_http=allow_http):
                made = Settings(**settings(jwks=url, allow_http=allow_http))
                if good:
                    Verifier(made)
                else:
                    self.assertRaises(ConfigError, Verifier, made)

    def test_bound_tokens_are_not_remembered(self):
        verifier = Verifier(Settings(**settings()))
        for token, held in ((BOUND, 0), (PLAIN, 1)):
            self.admit(verifier, token)
            self.assertEqual(len(verifier._remembered), held)
        self.assertEqual(SHARED["skew_ms"], 5000)
