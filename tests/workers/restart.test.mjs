// What goes wrong with one request is that request's alone: the gate goes on with all that it holds.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { Gate, Onward, lines } from "../../workers/gate/gate.mjs";
import { mint, pepper } from "./keys.mjs";
import { secrets } from "./objects.mjs";
import { PROJECT } from "./runtime.mjs";

/** Where the module is; the suite says where the WebAssembly was built. */
const MODULE = process.env.TOLLGATE_GATE ?? join(PROJECT, "workers/gate/gate.wasm");
const module = new WebAssembly.Module(await readFile(MODULE));
const given = secrets();
const ring = pepper(given);
const client = { address: "192.0.2.1", country: "NL" };
const never = () => new Promise(() => {});
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A gate whose stores never answer unless something else is said; counts how often it was started. */
function gate(stores = {}, limits = []) {
  const told = { starts: 0 };
  const settings = () => {
    told.starts += 1;
    const routes = [{ path: "/public/**", public: true }, { path: "/search/**", limits }];
    return lines({ keys: { prefix: "tg", envs: ["live"] }, routes, secrets: JSON.parse(given) });
  };
  const all = { replica: never, head: never, record: never, lease: never, limits: never, ...stores };
  return Object.assign(told, { gate: new Gate(module, settings, all) });
}

/** Judges a request; `waitUntil` may be one that throws. */
function judged(to, { key, path = "/x", waitUntil = () => {} } = {}) {
  const headers = key === undefined ? {} : { "x-api-key": key };
  return to.gate.judge(new Request(`http://gate${path}`, { headers }), client, { waitUntil });
}

test("an answer of a store that is too long is an error of one key, and nothing else is dropped", async () => {
  const to = gate({ replica: async () => new Uint8Array(600_000) });
  const told = await judged(to, { key: mint(ring).key });
  assert.deepEqual([told.status, to.starts], [503, 1]);
  assert.ok(judged(to, { path: "/public/x" }) instanceof Onward);
  assert.equal(to.starts, 1);
});

test("who waited for a gate that broke is refused, and the one that was started since goes on", async () => {
  const to = gate();
  const waiting = judged(to, { key: mint(ring).key });
  const breaks = () => {
    throw new Error("planted");
  };
  assert.equal((await judged(to, { key: mint(ring).key, waitUntil: breaks })).status, 503);
  assert.ok(judged(to, { path: "/public/x" }) instanceof Onward);
  assert.equal((await waiting).status, 503);
  await pause(20);
  assert.ok(judged(to, { path: "/public/x" }) instanceof Onward);
  assert.equal(to.starts, 2);
});

test("an origin's answer that cannot be passed on is answered 502, and the gate goes on", () => {
  const to = gate();
  const many = new Headers();
  for (let at = 0; at < 130; at += 1) many.append("set-cookie", `a${at}=1`);
  const answers = [
    { status: 200, headers: many, body: null },
    { status: 999, headers: new Headers(), body: null },
    { status: 200, headers: new Headers({ connection: Array(200).fill("x").map((x, at) => x + at).join() }), body: null },
  ];
  for (const answer of answers) {
    const told = judged(to, { path: "/public/x" }).answer(answer);
    assert.equal(told.status, 502);
    assert.ok(told.headers.has("x-request-id"));
  }
  assert.equal(to.starts, 1);
});

test("all who waited in vain for the limits of routes are told so by one failure, and one too many at once", async () => {
  let asked = 0;
  const limits = async () => {
    asked += 1;
    await pause(50);
    throw new Error("the object is gone");
  };
  const to = gate({ limits }, ["search:ip=2,1/1h"]);
  const began = Date.now();
  const { key } = mint(ring);
  const told = await Promise.all(Array.from({ length: 2_100 }, () => judged(to, { key })));
  assert.deepEqual(new Set(told.map(({ status }) => status)), new Set([503]));
  // A pause of 250 ms is between two questions, however many wait.
  assert.ok(asked <= 1 + Math.ceil((Date.now() - began) / 250), `asked ${asked} times`);
  assert.equal(to.starts, 1);
});

test("who presents nothing, or what nobody of ours made, waits for no limits and causes no question", async () => {
  let asked = 0;
  const to = gate({ limits: () => ((asked += 1), never()) }, ["search:ip=2,1/1h"]);
  const { key } = mint(ring);
  for (const given of [{}, { key: "none" }, { key: `${key.slice(0, -1)}${key.endsWith("0") ? "1" : "0"}` }]) {
    assert.equal(judged(to, given).status, 401);
  }
  assert.ok(judged(to, { path: "/public/x" }) instanceof Onward);
  assert.equal(asked, 0);
  judged(to, { key });
  assert.equal(asked, 1);
});

test("requests that nobody asks about any more make room for others", () => {
  const host = { random: (at, len) => crypto.getRandomValues(bytes(at, len)), log: () => {} };
  const { exports: wasm } = new WebAssembly.Instance(module, { host });
  const bytes = (at, len) => new Uint8Array(wasm.memory.buffer, at, len);
  const write = (text) => {
    const given = new TextEncoder().encode(text);
    bytes(wasm.room(given.length), given.length).set(given);
    return given.length;
  };
  const [waiting, answered] = [2, 1];
  const begun = Date.now();
  assert.equal(wasm.start(write(lines({ secrets: JSON.parse(given) })), begun), 0);
  const head = (of) => `GET\nhttp://gate/x\n192.0.2.1\nNL\nx-api-key:${mint(ring).key}\nx-big:${"a".repeat(of)}\n`;
  // Large ones are bounded by their bytes, small ones by their number.
  const full = (of, from) => {
    for (let ticket = from; ; ticket += 1) if (wasm.arrive(write(head(of)), ticket, begun) === answered) return ticket - from;
  };
  const large = full(60_000, 0);
  assert.ok(large > 100 && large <= 8 * 1024 * 1024 / 60_000, `${large} of 60 kB wait`);
  wasm.tick(begun + 4_000);
  assert.equal(wasm.arrive(write(head(60_000)), 5_000, begun + 4_000), answered);
  wasm.tick(begun + 6_000);
  assert.equal(wasm.arrive(write(head(60_000)), 6_000, begun + 6_000), waiting);
});
