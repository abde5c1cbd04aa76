// Settings, answers, scopes, replay and what is remembered.

import assert from "node:assert/strict";
import { createPrivateKey, sign } from "node:crypto";
import { test } from "node:test";
import { inspect } from "node:util";

import { BOUND, GOOD, JWKS, NOW, PATH, PLAIN, SHARED, load, settings, verdict } from "./data.mjs";

const { Verifier, ConfigError, Refused, Identity } = await load("index");
const { Used } = await load("memory");
const { tollgate } = await load("aws");
const { targetOf } = await load("event");

/** The bound token with another `jti`, signed with the seed of the specification's example. */
function signed(jti) {
  const [header, claims] = BOUND.split(".");
  const text = Buffer.from(claims, "base64url").toString().replace(/"jti":"[0-9a-f]+"/, `"jti":"${jti}"`);
  const message = `${header}.${Buffer.from(text).toString("base64url")}`;
  const pkcs8 = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), Buffer.from([...Array(32).keys()])]);
  const key = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
  return `${message}.${sign(null, Buffer.from(message), key).toString("base64url")}`;
}

const reason = async (made, token = PLAIN, path = PATH) =>
  (await verdict(() => made.admit([["tollgate-identity", token]], "GET", path))).reason;

test("what cannot be meant is refused when it is made", () => {
  for (const wrong of [
    { issuer: "" }, { issuer: "a b" }, { issuer: "x".repeat(129) }, { issuer: null }, { audience: "" }, { audience: 'a"' },
    { skewMs: -1 }, { skewMs: 60_001 }, { skewMs: 1.5 }, { skewMs: "5" }, { skewMs: NaN }, { skewMs: true }, { replayMax: 10 },
    { replayMax: -1, requireBinding: true }, { replayMax: 1_048_577, requireBinding: true }, { rememberMax: -1 },
    { rememberMax: 65_537 }, { requireBinding: "no" }, { requireBinding: 1 }, { source: "both" }, { source: "" }, { realm: 'a"b' },
    { realm: "" }, { realm: "a\r\nb" }, { freshMs: 999 }, { freshMs: 300_000 }, { maxAgeMs: 86_400_001 }, { refetchMs: 500 },
    { deadlineMs: 0 }, { deadlineMs: Infinity }, { public: "/" }, { public: ["health"] }, { public: ["/health?x"] }, { public: Array(65).fill("/a") },
    { public: ["/health"], source: "api-gateway" }, { public: [7] },
    { jwks: {} }, { jwks: { keys: [] } }, { jwks: 7 }, { jwks: "" }, { jwks: undefined }, { jwks: { keys: [{ ...JWKS.keys[0], kid: "a b" }] } }, { allowHttp: "yes" },
    { require_binding: true }, { requiredBinding: true }, { skew: 5 }, { nowMs: 5 }, { fetch: "x" }, { __proto__: null, constructor: 1 },
  ]) {
    assert.throws(() => new Verifier({ ...settings(), ...wrong }), ConfigError, inspect(wrong));
  }
  const { jwks, ...others } = settings();
  assert.throws(() => new Verifier({ ...others, issuer: "gate" }), ConfigError);
  for (const good of [others, settings({ replayMax: 10, requireBinding: true }), settings({ skewMs: 0 }), settings({ jwks })]) {
    new Verifier(good);
  }
});

test("what was set stays as it was", () => {
  const paths = ["/health"];
  const made = new Verifier(settings({ public: paths }));
  paths.push("/orders");
  assert.ok(made.isPublic("/health") && !made.isPublic("/orders"));
  assert.throws(() => made.settings.public.push("/orders"), TypeError);
  assert.throws(() => (made.settings.requireBinding = false), TypeError);
});

test("a verifier of one source reads no other", async () => {
  await assert.rejects(new Verifier(settings()).admitEvent({}), ConfigError);
  await assert.rejects(new Verifier(settings({ source: "api-gateway" })).admit(GOOD, "GET", PATH), ConfigError);
});

test("each refusal has the body that the gate gives", () => {
  const [start, end] = ['{"type":"about:blank","title":', '"instance":"urn:tollgate:request:0123456789abcdef","code":'];
  const common = [["content-type", "application/problem+json"], ["cache-control", "no-store"]];
  const verifier = new Verifier(settings());
  for (const [refused, status, fields, body] of [
    [new Refused("credential_missing", "missing"), 401, [["www-authenticate", 'Bearer realm="api"']],
      `${start}"Credential missing","status":401,"detail":"The request presents no API key.",${end}"credential_missing"}\n`],
    [new Refused("key_invalid", "expired"), 401, [["www-authenticate", 'Bearer realm="api", error="invalid_token"']],
      `${start}"Key invalid","status":401,"detail":"The API key is not valid.",${end}"key_invalid"}\n`],
    [new Refused("request_invalid", "ambiguous"), 400, [["www-authenticate", 'Bearer realm="api", error="invalid_request"']],
      `${start}"Request invalid","status":400,"detail":"The request has a header that an origin could take for Tollgate-Identity. Leave it out.",${end}"request_invalid"}\n`],
    [new Refused("scope_missing", "scope_missing", ["a:b", "c:d"]), 403,
      [["www-authenticate", 'Bearer realm="api", error="insufficient_scope", scope="a:b c:d"']],
      `${start}"Scope missing","status":403,"detail":"The key lacks a scope that this request needs.",${end}"scope_missing"}\n`],
    [new Refused("unavailable", "no_keys"), 503, [["retry-after", "1"]],
      `${start}"Unavailable","status":503,"detail":"The request cannot be judged at the moment.",${end}"unavailable"}\n`],
  ]) {
    const headers = [["X-Request-Id", "0123456789abcdef"]];
    assert.deepEqual(verifier.answer(refused, headers, "GET"), { status, fields: [...fields, ...common], body });
    assert.deepEqual(verifier.answer(refused, headers, "HEAD"), { status, fields: [...fields, ...common], body: "" });
  }
});

test("only the gate's own name of a request is repeated", () => {
  const id = "0123456789abcdef";
  for (const given of [["0123456789abcdeg"], ["<script>"], [""], [id + id], [id, id], [], [`${id}\n`]]) {
    const headers = given.map((value) => ["x-request-id", value]);
    const { body } = new Verifier(settings()).answer(new Refused("key_invalid", "x"), headers, "GET");
    assert.ok(!body.includes(id));
    assert.match(body, /"instance":"urn:tollgate:request:[0-9a-f]{16}"/);
  }
});

test("no error holds a byte of a token", async () => {
  const told = [];
  const made = new Verifier(settings({ onRefused: (why) => told.push(why) }));
  for (const token of [PLAIN.slice(0, -1), `${PLAIN.slice(0, -2)}AA`, `${PLAIN}AAAAAAAA`, `${PLAIN}\n`, `${PLAIN}, x`]) {
    const refused = await made.admit([["tollgate-identity", token]], "PUT", PATH).then(assert.fail, (error) => error);
    const text = inspect([refused, refused.cause, made.answer(refused, [], "GET"), made, told], { depth: 9 });
    for (let at = 0; at + 12 < PLAIN.length; at += 12) assert.ok(!text.includes(PLAIN.slice(at, at + 12)), text);
  }
  assert.equal(told.length, 5);
});

test("what is held and nothing else is allowed, and nobody changes it", async () => {
  const made = await new Verifier(settings()).admit(GOOD, "GET", PATH);
  assert.ok(made instanceof Identity);
  assert.ok(made.allows("orders:read") && made.allows("orders:read", "orders:write") && made.allows());
  for (const scope of ["orders:delete", "orders:*", "*:read", "*:*", "order:read"]) {
    assert.ok(!made.allows(scope) && !made.allows("orders:read", scope), scope);
    assert.throws(() => made.require("orders:read", scope), { status: 403, required: ["orders:read", scope] });
  }
  assert.throws(() => made.allows("orders"), TypeError);
  // Also behind one that is missing: what is required stands in the answer.
  assert.throws(() => made.require("orders:drop", 'a:b"\r\nx: y'), TypeError);
  assert.throws(() => (made.tenant = "other"), TypeError);
  assert.throws(() => made.scopes.push("*:*"), TypeError);
});

test("a bound token is used once until it ends, and then it has expired", async () => {
  let now = NOW;
  const made = new Verifier(settings({ requireBinding: true, replayMax: 4, nowMs: () => now }));
  assert.deepEqual([await reason(made, BOUND), await reason(made, BOUND)], [undefined, "replayed"]);
  now += 14_999;
  assert.equal(await reason(made, BOUND), "replayed");
  now += 1;
  assert.equal(await reason(made, BOUND), "expired");
  now -= 15_000;
  assert.equal(await reason(made, BOUND), "replayed");
});

test("of a hundred uses at once one passes", async () => {
  const made = new Verifier(settings({ requireBinding: true, replayMax: 4 }));
  const found = await Promise.all(Array.from({ length: 100 }, () => reason(made, BOUND)));
  assert.equal(found.filter((why) => why === undefined).length, 1);
});

test("used tokens are forgotten only when they could not be used, whatever the clock does", (t) => {
  const used = (jti, later = 0) => ({ binding: { jti }, expiresAt: NOW / 1000 + 10 + later });
  const made = new Used(2);
  made.take(used("1"), 5_000, NOW);
  made.take(used("2", 5), 5_000, NOW);
  const entries = t.mock.method(Map.prototype, Symbol.iterator);
  for (let times = 0; times < 3; times += 1) {
    assert.throws(() => made.take(used("3"), 5_000, NOW + 14_999), { reason: "replay_full" });
  }
  assert.equal(entries.mock.callCount(), 0, "a full memory is not gone through before one of it can go");
  made.take(used("3", 10), 5_000, NOW + 15_000);
  assert.throws(() => made.take(used("2", 5), 5_000, NOW + 15_000), { reason: "replayed" });
  // The first is forgotten, and the clock is set back.
  assert.throws(() => made.take(used("1"), 5_000, NOW), { reason: "expired" });
});

test("a full memory is ours and not the caller's", async () => {
  const made = new Verifier(settings({ requireBinding: true, replayMax: 1 }));
  assert.equal(await reason(made, BOUND), undefined);
  const found = await verdict(() => made.admit([["tollgate-identity", signed("1".repeat(32))]], "GET", PATH));
  assert.deepEqual(found, { status: 503, code: "unavailable", reason: "replay_full" });
});

test("a remembered token expires all the same", async () => {
  let now = NOW;
  const made = new Verifier(settings({ nowMs: () => now }));
  assert.equal(await reason(made), undefined);
  for (const [step, why] of [[34_999, undefined], [1, "expired"], [-41_000, "not_yet_valid"], [6_000, undefined]]) {
    now += step;
    assert.equal(await reason(made), why, String(step));
  }
});

test("what is remembered is bounded, never bound, and never taken where binding is demanded", async () => {
  const tokens = SHARED.requests.filter((row) => row.out.identity && !row.bound && !row.out.identity.binding);
  for (const [rememberMax, held] of [[0, 0], [1, 1], [3, 3]]) {
    const made = new Verifier(settings({ rememberMax }));
    for (const { request } of tokens) await made.admit(request.headers, "GET", PATH);
    assert.equal(made.remembered, held);
  }
  const made = new Verifier(settings());
  await made.admit([["tollgate-identity", BOUND]], "GET", PATH);
  assert.equal(made.remembered, 0);
  const strict = new Verifier(settings({ requireBinding: true }));
  assert.deepEqual([await reason(strict), await reason(strict)], ["unbound", "unbound"]);
});

test("a handler of Lambda gets the identity of the context, or the gate's answer is given", async () => {
  const orders = tollgate(settings(), ({ action }, identity) => {
    identity.require(`orders:${action}`);
    return identity.tenant;
  });
  const event = (identity, action = "read") => ({ httpMethod: "GET", path: "/", action, requestContext: { authorizer: { identity } } });
  // A handler always has an identity.
  assert.throws(() => tollgate(settings({ public: ["/"] }), () => assert.fail()), ConfigError);
  assert.equal(await orders(event(PLAIN)), "acme");
  for (const [given, status] of [[event("x"), 401], [{ headers: { "Tollgate-Identity": PLAIN } }, 401], [event(PLAIN, "drop"), 403]]) {
    const answer = await orders(given);
    assert.deepEqual([answer.statusCode, answer.headers["cache-control"]], [status, "no-store"]);
  }
});

test("a path begins where the gate's authorizer says that it begins", () => {
  const own = { domainName: "abc.execute-api.eu-west-1.amazonaws.com", apiId: "abc" };
  const other = { domainName: "api.example", apiId: "abc" };
  for (const [place, stage, given, path] of [
    [{}, "v1", "/v1/orders", "/orders"], [own, "v1", "/v1/orders", "/orders"], [own, "v1", "/v1", "/"], [own, "v1", "/v1/", "/"],
    // What is only called as the stage is, is part of the path.
    [own, "v1", "/v10/orders", "/v10/orders"], [other, "v1", "/v1/orders", "/v1/orders"], [own, "v1", "/orders/v1", "/orders/v1"],
    [{ ...own, apiId: "ab" }, "v1", "/v1/orders", "/v1/orders"], [own, "$default", "/$default/orders", "/$default/orders"],
    [own, null, "/v1/orders", "/v1/orders"], [own, "v1", null, ""],
  ]) {
    const context = { ...place, stage };
    for (const event of [
      { rawPath: given, requestContext: { ...context, http: { method: "GET" } } },
      { version: "1.0", path: given, httpMethod: "GET", requestContext: context },
    ]) {
      assert.deepEqual(targetOf(event), ["GET", path], JSON.stringify(event));
    }
  }
});
