// The keys: how old they get, how often they are fetched, and what a server can do to whoever fetches them.

import assert from "node:assert/strict";
import { test } from "node:test";

import { BOUND, GOOD, JWKS, K2, PATH, PLAIN, load, settings, verdict } from "./data.mjs";
import { withJwks } from "./servers.mjs";

const { Keys, seldom } = await load("cache");
const { Bad } = await load("token");
const { fetchKeys, keySetOf } = await load("jwks");
const { Verifier, ConfigError } = await load("index");

const ONE = { keys: JWKS.keys.slice(0, 1) };
const TWO = { keys: JWKS.keys.slice(1) };
const AGES = { freshMs: 60_000, maxAgeMs: 300_000, refetchMs: 10_000, deadlineMs: 2_000 };
const fetch = (url, init) => globalThis.fetch(url, init);

/** A clock and a gate that are played: every fetch is counted, and lands when the test says so. */
class Played {
  steady = 1_000_000;
  wall = 1_000_000;
  document = JWKS;
  fetches = 0;
  failed = [];
  gate = Promise.resolve();
  keys = new Keys(() => this.fetch(), AGES, (reason) => this.failed.push(reason), () => ({ steady: this.steady, wall: this.wall }));

  async fetch() {
    this.fetches += 1;
    await this.gate;
    if (this.document instanceof Error) throw this.document;
    return keySetOf(this.document);
  }

  pass(ms) {
    this.steady += ms;
    this.wall += ms;
  }

  /** What is held after a look, and after what is under way then. */
  async kids(kid = "k1") {
    const { flight } = this.keys.look(kid);
    await flight;
    return this.keys.look(kid).keys?.kids ?? null;
  }
}

test("keys are fetched once, and again behind the requests when they are no longer fresh", async () => {
  const played = new Played();
  assert.deepEqual([await played.kids(), await played.kids(), played.fetches], [["k1", "k2"], ["k1", "k2"], 1]);
  played.pass(59_999);
  assert.deepEqual([await played.kids(), played.fetches], [["k1", "k2"], 1]);
  played.pass(1);
  let land;
  played.gate = new Promise((done) => (land = done));
  played.document = ONE;
  for (let times = 0; times < 3; times += 1) {
    const { keys, wait, flight } = played.keys.look("k1");
    assert.deepEqual([keys.kids, wait], [["k1", "k2"], null], "nobody waits for what is still good");
    assert.notEqual(flight, null);
  }
  assert.equal(played.fetches, 2, "one fetch at a time");
  land();
  assert.deepEqual(await played.kids(), ["k1"]);
});

test("a removed key goes with the next answer", async () => {
  const played = new Played();
  await played.kids();
  played.document = TWO;
  played.pass(60_000);
  assert.deepEqual(await played.kids("k2"), ["k2"]);
});

test("keys go after their max age when no answer comes, by whichever clock", async () => {
  for (const clocks of [["steady", "wall"], ["steady"], ["wall"]]) {
    const played = new Played();
    await played.kids();
    played.document = new Bad("no_jwks");
    for (const name of clocks) played[name] += 299_999;
    assert.deepEqual(await played.kids(), ["k1", "k2"]);
    for (const name of clocks) played[name] += 1;
    assert.equal(await played.kids(), null);
  }
  const back = new Played();
  await back.kids();
  back.document = new Bad("no_jwks");
  back.wall -= 10_000_000;
  back.steady += 300_000;
  assert.equal(await back.kids(), null, "a clock that was set back keeps no key alive");
});

test("an unknown kid is looked for once per interval", async () => {
  const played = new Played();
  await played.kids();
  for (let at = 0; at < 500; at += 1) await played.kids("unknown");
  assert.equal(played.fetches, 1, "what was just fetched is not fetched again");
  played.pass(10_000);
  for (let at = 0; at < 500; at += 1) await played.kids(`unknown${at}`);
  assert.equal(played.fetches, 2);
  played.pass(9_999);
  await played.kids("unknown");
  assert.equal(played.fetches, 2);
});

test("a new key is found by its kid", async () => {
  const played = new Played();
  played.document = ONE;
  assert.deepEqual(await played.kids(), ["k1"]);
  played.document = JWKS;
  played.pass(10_000);
  assert.deepEqual(await played.kids("k2"), ["k1", "k2"]);
});

test("a bad answer changes nothing and is not asked for at every request", async () => {
  for (const document of [new Bad("no_jwks"), new Bad("jwks_status"), new TypeError("a fault of ours")]) {
    const played = new Played();
    await played.kids();
    played.document = document;
    played.pass(60_000);
    for (let times = 0; times < 50; times += 1) assert.deepEqual(await played.kids(), ["k1", "k2"]);
    assert.deepEqual([played.fetches, played.failed.length], [2, 1]);
    played.pass(10_000);
    await played.kids();
    assert.equal(played.fetches, 3);
  }
});

test("with no key in hand it is tried once a second", async () => {
  const played = new Played();
  played.document = new Bad("jwks_unreachable");
  for (let times = 0; times < 50; times += 1) assert.equal(await played.kids(), null);
  assert.equal(played.fetches, 1);
  played.pass(1_000);
  played.document = JWKS;
  assert.deepEqual(await played.kids(), ["k1", "k2"]);
});

test("a fetch that a platform has ended together with its request does not stand in the way for ever", async () => {
  const played = new Played();
  let land;
  played.gate = new Promise((done) => (land = done));
  const { wait } = played.keys.look("k1");
  assert.notEqual(wait, null);
  played.pass(3_000);
  played.keys.look("k1");
  assert.equal(played.fetches, 1);
  played.pass(1);
  played.gate = Promise.resolve();
  played.document = TWO;
  assert.deepEqual(await played.kids("k2"), ["k2"]);
  // What it brings late may be what was replaced since.
  played.document = JWKS;
  land();
  await wait;
  assert.deepEqual(await played.kids("k2"), ["k2"]);
});

test("keys are as old as the question", async () => {
  const played = new Played();
  let land;
  played.gate = new Promise((done) => (land = done));
  const { wait } = played.keys.look("k1");
  played.pass(2_000);
  land();
  await wait;
  played.document = new Bad("no_jwks");
  played.pass(297_999);
  assert.deepEqual(await played.kids(), ["k1", "k2"]);
  played.pass(1);
  assert.equal(await played.kids(), null);
});

test("what is wrong is no document, and what is huge is read no further than its bound", async () => {
  for (const kind of ["good", "chunked"]) {
    await withJwks(kind, async ({ url }) => assert.deepEqual((await fetchKeys(url, 30_000, fetch)).kids, ["k1", "k2"]));
  }
  for (const [kind, reason] of [
    ["status", "jwks_status"],
    ["redirect", "jwks_status"],
    ["page", "no_jwks"],
    ["private", "no_jwks"],
    ["nothing", "jwks_unreachable"],
    ["cut", "jwks_unreachable"],
    ["junk", "jwks_unreachable"],
    ["huge", "jwks_too_long"],
    ["endless", "jwks_too_long"],
  ]) {
    await withJwks(kind, async (server) => {
      await assert.rejects(fetchKeys(server.url, 30_000, fetch), { reason }, kind);
      assert.ok(server.sent < 64 * 1024 * 1024);
    });
  }
});

test("whoever answers slowly is not waited for", async () => {
  for (const kind of ["silent", "dripping-head", "dripping-body"]) {
    await withJwks(kind, async ({ url }) => {
      const started = performance.now();
      await assert.rejects(fetchKeys(url, 300, fetch), { reason: "jwks_unreachable" }, kind);
      assert.ok(performance.now() - started < 10_000, kind);
    });
  }
});

test("a hundred requests at once fetch once, and garbage fetches nothing", async () => {
  await withJwks("good", async (server) => {
    const verifier = new Verifier(settings({ jwks: server.url, deadlineMs: 30_000 }));
    assert.equal((await verdict(() => verifier.admit([["tollgate-identity", "x.y.z"]], "GET", PATH))).reason, "malformed");
    assert.equal(server.asked, 0);
    const found = await Promise.all(Array.from({ length: 100 }, () => verifier.admit(GOOD, "GET", PATH)));
    assert.deepEqual([found.length, server.asked], [100, 1]);
  });
});

test("without keys nobody is served, and the answer says that it is ours", async () => {
  for (const kind of ["status", "silent", "private"]) {
    await withJwks(kind, async ({ url }) => {
      const verifier = new Verifier(settings({ jwks: url, deadlineMs: 200 }));
      const found = await verdict(() => verifier.admit(GOOD, "GET", PATH));
      assert.deepEqual(found, { status: 503, code: "unavailable", reason: "no_keys" }, kind);
    });
  }
});

test("what is told of keys that did not come and fails itself changes nothing", async () => {
  const onKeysFailed = () => {
    throw new Error("a fault of whoever counts");
  };
  await withJwks("status", async ({ url }) => {
    const verifier = new Verifier(settings({ jwks: url, onKeysFailed, deadlineMs: 30_000 }));
    assert.equal((await verdict(() => verifier.admit(GOOD, "GET", PATH))).reason, "no_keys");
  });
});

test("a request waits no longer than its deadline, also for a fetch that heeds no signal", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const fetch = () => new Promise(() => {});
  const deaf = new Verifier(settings({ jwks: "https://gate.example/", deadlineMs: 1_000, fetch }));
  let found;
  verdict(() => deaf.admit(GOOD, "GET", PATH)).then((told) => (found = told));
  for (const [ms, reason] of [[999, undefined], [1, "no_keys"]]) {
    t.mock.timers.tick(ms);
    await new Promise((done) => setImmediate(done));
    assert.equal(found?.reason, reason);
  }
});

test("a removed key is refused also for tokens that are remembered", async () => {
  const played = new Played();
  const verifier = new Verifier(settings(), played.keys);
  const reason = async (token) => (await verdict(() => verifier.admit([["tollgate-identity", token]], "GET", PATH))).reason;
  assert.deepEqual([await reason(K2), await reason(PLAIN), verifier.remembered], [undefined, undefined, 2]);
  played.document = ONE;
  played.pass(60_000);
  await played.kids();
  assert.deepEqual([await reason(K2), await reason(PLAIN)], ["unknown_kid", undefined]);
  // Another key under the name of the one that is gone.
  played.document = { keys: [{ ...TWO.keys[0], kid: "k1", alg: "EdDSA" }] };
  played.pass(60_000);
  await played.kids();
  assert.equal(await reason(PLAIN), "bad_signature");
  assert.equal(await reason(BOUND), "bad_signature");
});

test("keys are only fetched from where nobody sits between", () => {
  for (const [jwks, allowHttp, good] of [
    ["https://gate.example/jwks.json", false, true],
    ["http://127.0.0.1:8/jwks", false, true],
    ["http://localhost/x", false, true],
    ["http://[::1]:9/x", false, true],
    ["http://gate.internal/x", false, false],
    ["http://gate.internal/x", true, true],
    ["http://127.0.0.1.evil.example/", false, false],
    ["http://localhost.evil.example/", false, false],
    ["ftp://gate.example/x", true, false],
    ["file:///etc/keys", true, false],
    ["data:application/json,{}", true, false],
    ["gate.example", true, false],
    ["https://user@gate.example/", true, false],
    ["https://gate.example/\r\nX: y", true, false],
    ["https://gate.example:0/", true, false],
    ["https://gate.example:99999/", true, false],
  ]) {
    const make = () => new Verifier(settings({ jwks, allowHttp }));
    if (good) make();
    else assert.throws(make, ConfigError, jwks);
  }
});

test("that keys cannot be had is a warning on the console, unless somebody else is told, and not each time", async (t) => {
  const [warn, told] = [t.mock.method(console, "warn", () => {}), []];
  const fetch = async () => new Response("", { status: 500 });
  const admit = (more) => verdict(() => new Verifier(settings({ jwks: "https://gate.example/", fetch, ...more })).admit(GOOD, "GET", PATH));
  assert.equal((await admit()).reason, "no_keys");
  assert.deepEqual(warn.mock.calls.map((call) => call.arguments), [["tollgate: the keys of the gate could not be had: jwks_status"]]);
  assert.equal((await admit({ onKeysFailed: (reason) => told.push(reason) })).reason, "no_keys");
  assert.deepEqual([warn.mock.callCount(), told], [1, ["jwks_status"]]);
  const at = { steady: 0, wall: 0 };
  const wrote = [];
  const say = seldom(10_000, (reason) => wrote.push(reason), () => ({ ...at }));
  for (; at.steady <= 20_000; at.steady += 1_000) say(at.steady);
  assert.deepEqual(wrote, [0, 10_000, 20_000]);
});
