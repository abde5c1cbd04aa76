"""The identity rows of `tests/vectors`, and the scope rows."""

import json
import unittest
from collections import Counter

from tollgate_origin import _token
from tollgate_origin._ed25519 import PublicKey
from tollgate_origin._jwks import key_set_of
from tollgate_origin._scopes import first_missing, sides
from tollgate_origin._token import Bad, KeySet
from tollgate_origin.settings import ConfigError, Settings

from .data import LINES, TALLY, octets, seen, vectors

NOT_OURS = {
    "identity.sign": "an origin signs nothing",
    "identity.public": "an origin holds no seed",
    "identity.reusable": "the gate says which token it sends again",
}


def key_set(keys):
    return KeySet([(key["kid"], key["alg"], bytes.fromhex(key["x"])) for key in keys])


def verify(given):
    keys = key_set(given["keys"])
    issuer, audience = (octets(given[name]).decode("utf-8", "replace") for name in ("iss", "aud"))
    try:
        settings = Settings(issuer, audience, skew_ms=given["skew_ms"], require_binding=given["require_binding"])
    except ConfigError as error:
        raise Bad("bad_skew" if "skew_ms" in str(error) else "bad_name") from None
    identity = _token.identity_of(keys, _token.parts_of(octets(given["token"])))
    _token.require_life(identity)
    _token.require_for(identity, settings.issuer, settings.audience)
    _token.require_time(identity, settings.skew_ms, int(given["now_ms"]))
    _token.require_request(identity, settings.require_binding, octets(given["method"]), octets(given["path"]))
    return seen(identity)


def jwks(given):
    # The document that the row expects is read back; what is no key set is none here either.
    return key_set(given["keys"]).kids


def signature(given):
    try:
        key = PublicKey(bytes.fromhex(given["x"]))
    except ValueError:
        return {"valid": False}
    return {"valid": key.is_valid(bytes.fromhex(given["message"]), bytes.fromhex(given["signature"]))}


OPS = {"identity.verify": verify, "identity.jwks": jwks, "identity.signature": signature}


class Vectors(unittest.TestCase):
    def test_every_identity_row_is_answered_as_it_says(self):
        counts, left_out = Counter(), Counter()
        for row in vectors("identities"):
            if row["op"] in NOT_OURS:
                left_out[NOT_OURS[row["op"]]] += 1
                continue
            with self.subTest(row["id"], why=row["why"]):
                try:
                    found = OPS[row["op"]](row["in"])
                except Bad as bad:
                    found = {"error": bad.reason}
                wanted = row["out"]
                if "jwks" in wanted:
                    document = json.loads(wanted["jwks"])
                    self.assertEqual(key_set_of(wanted["jwks"]).kids, found)
                    wanted = tuple(key["kid"] for key in document["keys"])
                self.assertEqual(found, wanted)
                is_refused = "error" in row["out"] or row["out"].get("valid") is False
                counts["refused" if is_refused else "accepted"] += 1
        TALLY["rows"] += counts.total()
        self.assertGreaterEqual(counts["accepted"], 38)
        self.assertGreaterEqual(counts["refused"], 240)
        reasons = "; ".join(f"{count}: {why}" for why, count in left_out.items())
        LINES.append(
            f"identities: {counts['accepted']} accepted, {counts['refused']} refused, "
            f"{left_out.total()} not applicable ({reasons})"
        )

    def test_scopes_cover_what_the_rows_say(self):
        for row in vectors("scopes"):
            with self.subTest(row["id"], why=row["why"]):
                given, out = row["in"], row["out"]
                if row["op"] == "scope.parse":
                    found = sides(octets(given["text"]).decode("utf-8", "replace"))
                    wanted = None if "error" in out else (out["resource"], out["action"])
                    self.assertEqual(found, wanted)
                else:
                    self.assertEqual(first_missing(given["held"], given["required"]), out["missing"])
                TALLY["rows"] += 1
