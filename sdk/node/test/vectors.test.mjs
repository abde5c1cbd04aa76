// The identity rows of `tests/vectors`, and the scope rows.

import assert from "node:assert/strict";
import { test } from "node:test";

import { importJWK } from "jose";

import { count, counted, hex, load, octets, seen, tally, unhex, vectors } from "./data.mjs";

const token = await load("token");
const { isGoodPoint, isStrict } = await load("ed25519");
const { settingsOf } = await load("settings");
const { keySetOf } = await load("jwks");
const { base64url } = await load("canonical");
const { firstMissing, sides } = await load("scopes");

const NOT_OURS = {
  "identity.sign": "an origin signs nothing",
  "identity.public": "an origin holds no seed",
  "identity.reusable": "the gate says which token it sends again",
};

const utf8 = (text) => Buffer.from(octets(text), "latin1").toString("utf8");
const keySet = (keys) => token.KeySet.of(keys.map(({ kid, alg, x }) => [kid, alg, unhex(x)]));

async function verify(given) {
  const keys = await keySet(given.keys);
  const [issuer, audience] = [utf8(given.iss), utf8(given.aud)];
  try {
    settingsOf({ issuer, audience, skewMs: given.skew_ms, requireBinding: given.require_binding });
  } catch (error) {
    throw new token.Bad(error.message.startsWith("skewMs") ? "bad_skew" : "bad_name");
  }
  const identity = await token.identityOf(keys, token.partsOf(octets(given.token)));
  token.requireLife(identity);
  token.requireFor(identity, issuer, audience);
  token.requireTime(identity, given.skew_ms, BigInt(given.now_ms));
  token.requireRequest(identity, given.require_binding, octets(given.method), octets(given.path));
  return seen(identity);
}

// jose verifies whole tokens only; what it asks of the platform is asked here of a bare message.
async function signature({ x, message, signature }) {
  const given = unhex(signature);
  if (!isGoodPoint(unhex(x)) || !isStrict(given)) return { valid: false };
  const key = await importJWK({ kty: "OKP", crv: "Ed25519", x: base64url(unhex(x)) }, "EdDSA");
  const parts = [given, unhex(message)].map((text) => Buffer.from(text, "latin1"));
  return { valid: await crypto.subtle.verify("Ed25519", key, ...parts) };
}

const OPS = {
  "identity.verify": verify,
  "identity.signature": signature,
  // The document that the row expects is read back; what is no key set is none here either.
  "identity.jwks": async ({ keys }) => ({ kids: (await keySet(keys)).kids }),
};

test("every identity row is answered as it says", async () => {
  const [counts, leftOut] = [{ accepted: 0, refused: 0 }, new Map()];
  for (const row of vectors("identities")) {
    if (row.op in NOT_OURS) {
      count(leftOut, NOT_OURS[row.op]);
      continue;
    }
    let found;
    try {
      found = await OPS[row.op](row.in);
    } catch (bad) {
      if (!(bad instanceof token.Bad)) throw bad;
      found = { error: bad.reason };
    }
    let wanted = row.out;
    if (wanted.jwks !== undefined) {
      assert.deepEqual((await keySetOf(wanted.jwks)).kids, found.kids, row.id);
      wanted = { kids: JSON.parse(wanted.jwks).keys.map((key) => key.kid) };
    }
    assert.deepEqual(found, wanted, `${row.id}: ${row.why}`);
    counts["error" in row.out || row.out.valid === false ? "refused" : "accepted"] += 1;
  }
  assert.ok(counts.accepted >= 38 && counts.refused >= 240, JSON.stringify(counts));
  const left = [...leftOut.values()].reduce((sum, one) => sum + one, 0);
  tally(
    counts.accepted + counts.refused,
    `identities: ${counts.accepted} accepted, ${counts.refused} refused, ${left} not applicable (${counted(leftOut)})`,
  );
});

test("scopes cover what the rows say", () => {
  const rows = vectors("scopes");
  for (const { id, op, in: given, out } of rows) {
    if (op === "scope.parse") {
      const wanted = "error" in out ? null : [out.resource, out.action];
      assert.deepEqual(sides(octets(given.text)), wanted, id);
    } else {
      assert.equal(firstMissing(given.held, given.required), out.missing, id);
    }
  }
  tally(rows.length, `scopes: ${rows.length} rows`);
});

test("bytes are bytes", () => assert.equal(hex(unhex("00ff80")), "00ff80"));
