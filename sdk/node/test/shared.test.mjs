// The adversarial rows that all verifiers share, put to the verifier itself.

import assert from "node:assert/strict";
import { test } from "node:test";

import { PATH, SHARED, load, settings, tally, verdict } from "./data.mjs";

const { ConfigError, Refused, Verifier } = await load("index");
const { Bad } = await load("token");
const { keySetOf } = await load("jwks");

test("every request is served or refused as its row says", async () => {
  const verifiers = { true: new Verifier(settings({ requireBinding: true })), false: new Verifier(settings()) };
  const counts = { served: 0, refused: 0 };
  for (const { id, why, bound, request, out } of SHARED.requests) {
    const path = request.target.split("?", 1)[0];
    // Twice: what is remembered must not be treated otherwise.
    for (let times = 0; times < 2; times += 1) {
      assert.deepEqual(await verdict(() => verifiers[bound].admit(request.headers, request.method, path)), out, `${id}: ${why}`);
    }
    counts[out.status === 200 ? "served" : "refused"] += 1;
  }
  assert.equal(counts.served + counts.refused, SHARED.requests.length);
  tally(SHARED.requests.length, `requests: ${counts.served} served, ${counts.refused} refused`);
});

test("no changed byte is served", async () => {
  for (const { why, token, masks, refused } of SHARED.sweeps) {
    const verifier = new Verifier(settings());
    const admit = (value) => verdict(() => verifier.admit([["tollgate-identity", value]], "GET", PATH));
    assert.equal((await admit(token)).status, 200);
    let seen = 0;
    for (let at = 0; at < token.length; at += 1) {
      for (const mask of masks) {
        const changed = token.slice(0, at) + String.fromCharCode(token.charCodeAt(at) ^ mask) + token.slice(at + 1);
        assert.notEqual((await admit(changed)).status, 200, `${why}: ${at}, ${mask}`);
        seen += 1;
      }
    }
    assert.equal(seen, refused);
    tally(1, `${why}: ${seen} changes, all refused`);
  }
});

test("every document is read or refused as its row says", async () => {
  for (const { why, document, out } of SHARED.documents) {
    let found;
    try {
      found = { kids: (await keySetOf(document)).kids };
    } catch (bad) {
      if (!(bad instanceof Bad)) throw bad;
      found = { error: bad.reason };
    }
    assert.deepEqual(found, out, why);
  }
  tally(SHARED.documents.length, `documents: ${SHARED.documents.length} rows`);
});

test("each refusal is told as the gate tells it", () => {
  const verifier = new Verifier(settings());
  for (const { code, required, method, request_id, out } of SHARED.answers) {
    const refused = new Refused(code, "a reason", required);
    assert.deepEqual(verifier.answer(refused, [["X-Request-Id", request_id]], method), out);
  }
  tally(SHARED.answers.length, `answers: ${SHARED.answers.length} rows`);
});

test("an event is read from its authorizer and from nothing else", async () => {
  for (const { why, base_path: basePath, event, out } of SHARED.events) {
    const verifier = new Verifier(settings({ source: "api-gateway", basePath }));
    assert.deepEqual(await verdict(() => verifier.admitEvent(event)), out, why);
  }
  tally(SHARED.events.length, `events: ${SHARED.events.length} rows`);
});

test("a path is public in the spelling that was set and in no other", () => {
  const verifier = new Verifier(settings({ public: SHARED.public }));
  for (const row of SHARED.paths) assert.equal(verifier.isPublic(row.target.split("?", 1)[0]), row.public, row.why);
  tally(SHARED.paths.length, `paths: ${SHARED.paths.length} rows`);
});

test("what is sent in more than one spelling cannot be public", () => {
  for (const { path, taken } of SHARED.publics) {
    const make = () => new Verifier(settings({ public: [path] }));
    if (taken) make();
    else assert.throws(make, ConfigError, path);
  }
  tally(SHARED.publics.length, `publics: ${SHARED.publics.length} rows`);
});

test("a base path is some segments of a path, and of events alone", () => {
  for (const { path: basePath, taken } of SHARED.bases) {
    const make = () => new Verifier(settings({ source: "api-gateway", basePath }));
    if (taken) make();
    else assert.throws(make, ConfigError, basePath);
  }
  assert.throws(() => new Verifier(settings({ basePath: "/v1" })), ConfigError);
  assert.throws(() => new Verifier(settings({ source: "api-gateway", basePath: 1 })), ConfigError);
  tally(SHARED.bases.length, `bases: ${SHARED.bases.length} rows`);
});
