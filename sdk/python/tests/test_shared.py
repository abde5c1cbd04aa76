"""The adversarial rows that all verifiers share, put to the verifier itself."""

import subprocess
import sys
import unittest
from collections import Counter

from tollgate_origin import ConfigError, Refused, Settings, Verifier
from tollgate_origin._jwks import key_set_of
from tollgate_origin._token import Bad

from .data import LINES, PROJECT, SHARED, TALLY, headers, seen, settings


def verdict(run) -> dict:
    try:
        return {"status": 200, "identity": seen(run())}
    except Refused as refused:
        return {"status": refused.status, "code": refused.code, "reason": refused.reason}


class Shared(unittest.TestCase):
    def test_the_rows_are_those_that_their_generator_writes(self):
        run = [sys.executable, "-m", "origins.generate", "--check"]
        done = subprocess.run(run, cwd=PROJECT / "tests", capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_every_request_is_served_or_refused_as_its_row_says(self):
        verifiers = {bound: Verifier(Settings(**settings(require_binding=bound))) for bound in (False, True)}
        counts = Counter()
        for row in SHARED["requests"]:
            request = row["request"]
            method, path = (part.encode("latin-1") for part in (request["method"], request["target"].split("?", 1)[0]))
            with self.subTest(row["id"], why=row["why"]):
                # Twice: what is remembered must not be treated otherwise.
                for _ in range(2):
                    self.assertEqual(verdict(lambda: verifiers[row["bound"]].admit(headers(row), method, path)), row["out"])
                counts["served" if row["out"]["status"] == 200 else "refused"] += 1
        TALLY["rows"] += counts.total()
        self.assertEqual(counts.total(), len(SHARED["requests"]))
        LINES.append(f"requests: {counts['served']} served, {counts['refused']} refused")

    def test_no_changed_byte_is_served(self):
        for sweep in SHARED["sweeps"]:
            verifier, refused = Verifier(Settings(**settings())), 0
            token = sweep["token"].encode("ascii")
            method, path = b"GET", b"/v1/orders/%41"
            verifier.admit([(b"tollgate-identity", token)], method, path)
            for at in range(len(token)):
                for mask in sweep["masks"]:
                    changed = token[:at] + bytes([token[at] ^ mask]) + token[at + 1 :]
                    with self.assertRaises(Refused):
                        verifier.admit([(b"tollgate-identity", changed)], method, path)
                    refused += 1
            self.assertEqual(refused, sweep["refused"])
            TALLY["rows"] += 1
            LINES.append(f"{sweep['why']}: {refused} changes, all refused")

    def test_every_document_is_read_or_refused_as_its_row_says(self):
        for row in SHARED["documents"]:
            with self.subTest(row["why"]):
                try:
                    found = {"kids": list(key_set_of(row["document"]).kids)}
                except Bad as bad:
                    found = {"error": bad.reason}
                self.assertEqual(found, row["out"])
                TALLY["rows"] += 1

    def test_each_refusal_is_told_as_the_gate_tells_it(self):
        verifier = Verifier(Settings(**settings()))
        for row in SHARED["answers"]:
            refused = Refused(row["code"], "a reason", row["required"])
            found = verifier.answer(refused, [(b"X-Request-Id", row["request_id"].encode())], row["method"])
            fields = [list(field) for field in found.fields]
            self.assertEqual({"status": found.status, "fields": fields, "body": found.body.decode()}, row["out"])
            TALLY["rows"] += 1

    def test_an_event_is_read_from_its_authorizer_and_from_nothing_else(self):
        for row in SHARED["events"]:
            verifier = Verifier(Settings(**settings(source="api-gateway", base_path=row["base_path"])))
            with self.subTest(row["why"]):
                self.assertEqual(verdict(lambda: verifier.admit_event(row["event"])), row["out"])
                TALLY["rows"] += 1

    def test_a_base_path_is_some_segments_of_a_path_and_of_events_alone(self):
        for row in SHARED["bases"]:
            with self.subTest(row["path"]):
                given = settings(source="api-gateway", base_path=row["path"])
                if row["taken"]:
                    Settings(**given)
                else:
                    self.assertRaises(ConfigError, lambda: Settings(**given))
                TALLY["rows"] += 1
        for wrong in ({"base_path": "/v1"}, {"source": "api-gateway", "base_path": None}):
            self.assertRaises(ConfigError, lambda: Settings(**settings(**wrong)))

    def test_a_path_is_public_in_the_spelling_that_was_set_and_in_no_other(self):
        verifier = Verifier(Settings(**settings(public=tuple(SHARED["public"]))))
        for row in SHARED["paths"]:
            with self.subTest(row["why"]):
                path = row["target"].split("?", 1)[0].encode("latin-1")
                self.assertEqual(verifier.is_public(path), row["public"])
                TALLY["rows"] += 1
        self.assertFalse(verifier.is_public(None))

    def test_what_is_sent_in_more_than_one_spelling_cannot_be_public(self):
        for row in SHARED["publics"]:
            with self.subTest(row["path"]):
                given = settings(public=(row["path"],))
                if row["taken"]:
                    Settings(**given)
                else:
                    self.assertRaises(ConfigError, lambda: Settings(**given))
                TALLY["rows"] += 1
