// A relay for each region: which one is asked, that each asks the ledger by itself, and that every hop counts its age.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { BUCKETS, LEDGER, REGIONS, RELAY, relayNear } from "../../workers/cloudflare/places.mjs";
import { ADMINISTRATION, GATE, files, settings } from "./deployed.mjs";
import { mint, pepper, record } from "./keys.mjs";
import { HANDS_ON, SHELLS, holder, lease, parts, secrets, until } from "./objects.mjs";
import { PROJECT, serve } from "./runtime.mjs";

const given = secrets();
const ring = pepper(given);
const admin = mint(ring);
const encoder = new TextEncoder();

/** Relays in an isolate of their own, which count who is asked, and can be told to keep their answers to themselves a while. */
const RELAYS = `
import { Relay } from "./relay.mjs";
import { REGIONS, RELAY } from "./places.mjs";
const asked = {};
let slow_ms = 0;
export class Counted extends Relay {
  async ask(question) {
    const name = [RELAY, ...REGIONS].find((name) => this.env.RELAY.idFromName(name).equals(this.ctx.id)) ?? "another";
    asked[name] = (asked[name] ?? 0) + 1;
    const answer = await super.ask(question);
    if (slow_ms > 0) await new Promise((resolve) => setTimeout(resolve, slow_ms));
    return answer;
  }
  how(told) {
    slow_ms = Number(new TextDecoder().decode(told));
    return new TextEncoder().encode(JSON.stringify(asked));
  }
}
${HANDS_ON}`;

/** The other objects: the ledger counts its questions, and a bucket shows what it keeps. */
const OBJECTS = `
import { Bucket, Ledger, Witness } from "./objects.mjs";
export { Witness };
let asked = 0;
let slow_ms = 0;
export class Counting extends Ledger {
  async ask(...given) {
    asked += 1;
    const answer = await super.ask(...given);
    if (slow_ms > 0) await new Promise((resolve) => setTimeout(resolve, slow_ms));
    return answer;
  }
  how(told) {
    slow_ms = Number(new TextDecoder().decode(told));
    return new TextEncoder().encode(String(asked));
  }
}
export class Shown extends Bucket {
  kept() {
    return new TextEncoder().encode(JSON.stringify([...this.ctx.storage.kv.list()].map(([key]) => key)));
  }
  end() {
    this.ctx.abort("ended for a test");
  }
  forgotten() {
    const { kv } = this.ctx.storage;
    for (const [key] of [...kv.list({ prefix: "b/" })]) kv.delete(key);
    this.alarm();
    return this.kept();
  }
}
${HANDS_ON}`;

/** Gates that have served nobody: in each the first request says where the isolate is. */
const GATES = ["first", "second", "third", "fourth", "fifth", "sixth"];

let served;
before(async () => {
  const shells = await files(...[...SHELLS, "objects/objects.wasm"].map((name) => `workers/${name}`));
  const whole = await files(...["cloudflare/worker.mjs", "cloudflare/administration.mjs", "cloudflare/bindings.mjs", ...GATE, ...SHELLS, "objects/objects.wasm"].map((name) => `workers/${name}`));
  const bindings = { RECORDS: { kv: "kv" }, TOLLGATE: { json: settings("http://127.0.0.1:9") }, TOLLGATE_SECRETS: given, TOLLGATE_ADMIN: record(ring, admin.lookup) };
  const spaces = { BUCKET: { objectOf: ["objects", "Shown"] }, RELAY: { objectOf: ["relays", "Counted"] }, LEDGER: { objectOf: ["objects", "Counting"] } };
  const own = (entry) => ({ "workers/cloudflare/entry.mjs": entry, ...shells });
  served = await serve({
    relays: { modules: own(RELAYS), bindings: { ...bindings, ...spaces, RELAY: { object: "Counted" } }, objects: { Counted: "relay" } },
    objects: {
      modules: own(OBJECTS),
      bindings: { ...bindings, ...spaces, BUCKET: { object: "Shown" }, LEDGER: { object: "Counting" }, WITNESS: { object: "Witness" } },
      objects: { Shown: "bucket", Counting: "ledger", Witness: "witness" },
    },
    ...Object.fromEntries(GATES.map((name) => [name, { modules: whole, bindings: { ...bindings, ...spaces }, cf: true }])),
    kv: { modules: { "kv.mjs": "export default { fetch: () => new Response(null, { status: 404 }) };" } },
  });
});
after(() => served.stop());

/** Asks an object, with what gates say beside their question. */
async function ask(space, name, question, { method = "ask", more = [] } = {}) {
  const path = [space, name, method].map(encodeURIComponent).join("/");
  const headers = { more: JSON.stringify(more) };
  const service = space === "RELAY" ? "relays" : "objects";
  const response = await fetch(`${served.url(service)}/${path}`, { method: "POST", body: question, headers });
  if (!response.ok) throw new Error(await response.text());
  return new Uint8Array(await response.arrayBuffer());
}

const told = (bytes) => JSON.parse(new TextDecoder().decode(bytes));
/** How often each relay was asked; and how slow they are from now on. */
const relays = async (slow_ms = 0) => told(await ask("RELAY", RELAY, String(slow_ms), { method: "how" }));
/** How often the ledger was asked; and how slow it is from now on. */
const ledger = async (slow_ms = 0) => told(await ask("LEDGER", "ledger", String(slow_ms), { method: "how" }));

async function head(relay) {
  const [text] = parts(await ask("RELAY", relay, '{"since":[0,0]}'));
  return JSON.parse(text);
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Which relays are asked while `work` is done. */
async function asked(work) {
  const before = await relays();
  await work();
  const after = await relays();
  return Object.keys(after).filter((name) => after[name] > (before[name] ?? 0));
}

/** The same of a bucket, which asks behind its answer. */
async function renewed(work) {
  const before = await relays();
  await work();
  const names = async () => {
    const after = await relays();
    const found = Object.keys(after).filter((name) => after[name] > (before[name] ?? 0));
    return found.length > 0 && found;
  };
  return until(names);
}

/** A request to a gate whose edge says `cf` of where it came in; and that has these fields. */
async function request(gate, cf, fields = {}) {
  const headers = { "cf-blob": JSON.stringify(cf), "x-api-key": mint(ring).key, ...fields };
  const response = await fetch(`${served.url(gate)}/x`, { headers });
  assert.equal(response.status, 401, "nobody made this key known");
}

test("an isolate asks the relay of the region in which it is, by the word of Cloudflare's edge alone", async () => {
  const lies = { "cf-ray": "8c0000000000-LAX", "cf-ipcontinent": "AS", "cf-ipcountry": "JP", "cf-region": "apac", "cf-colo": "LAX" };
  for (const [gate, cf, fields, relay] of [
    ["first", { continent: "EU", colo: "AMS" }, {}, "weur"],
    ["second", { continent: "NA", colo: "LAX" }, {}, "wnam"],
    ["third", {}, lies, RELAY],
    ["fourth", { continent: "constructor", colo: "__proto__" }, {}, RELAY],
    ["fifth", { continent: "EU", colo: "WAW" }, lies, "eeur"],
  ]) {
    assert.deepEqual(await asked(() => request(gate, cf, fields)), [relay], JSON.stringify(cf));
  }
  assert.deepEqual(await asked(() => pause(600).then(() => request("first", { continent: "AS", colo: "NRT" }))), ["weur"], "an isolate stays where it is");
});

test("an isolate that knows no place yet asks the one relay of such, and then that of its region", async () => {
  assert.deepEqual(await asked(() => request("sixth", {})), [RELAY]);
  await pause(1_100);
  assert.deepEqual(await asked(() => request("sixth", { continent: "OC", colo: "SYD" })), ["oc"]);
});

test("every continent has a relay, and each of them is one of a bounded number", () => {
  for (const continent of ["AF", "AN", "AS", "EU", "NA", "OC", "SA"]) assert.ok(REGIONS.includes(relayNear({ continent })), continent);
  for (const cf of [undefined, null, {}, { continent: "T1" }, { continent: 1 }, { colo: ["LAX"] }]) assert.equal(relayNear(cf), undefined);
});

test("two relays each ask the ledger by themselves, and none tells an older head than it says", async () => {
  for (const relay of ["weur", "apac"]) {
    await pause(300);
    const [before, began] = [await ledger(200), Date.now()];
    const { age_ms } = await head(relay);
    const took = Date.now() - began;
    // What is told counts from before the ledger was asked.
    assert.ok(age_ms >= 199 && age_ms <= took + 1, `${relay}: ${age_ms} ms told of ${took} ms`);
    assert.equal((await ledger()) - before, 1, relay);
  }
});

test("a bucket asks the relay of whoever made it, whoever asks later, and after a start", async () => {
  const bucket = "acme/key/key_1/burst";
  const mine = holder();
  let seq = 0;
  const from = (relay) => ask("BUCKET", bucket, lease(bucket, { holder: mine, seq: (seq += 1) }), { more: relay });
  const once = (relay) => renewed(() => from(relay));
  await pause(300);
  assert.deepEqual(await once(["apac"]), ["apac"]);
  for (const relay of [["sam"], ["nonsense"], []]) {
    await pause(300);
    assert.deepEqual(await once(relay), ["apac"], JSON.stringify(relay));
    await assert.rejects(ask("BUCKET", bucket, "", { method: "end" }));
  }
  assert.deepEqual(told(await ask("BUCKET", bucket, "", { method: "kept" })), [`b/${bucket}`, "home"]);
  assert.deepEqual(told(await ask("BUCKET", bucket, "", { method: "forgotten" })), [], "nothing is left of an object that has no bucket");
});

test("a name that is no region's makes no relay of its own", async () => {
  const bucket = "acme/key/key_2/burst";
  await pause(300);
  const question = lease(bucket, { holder: holder(), seq: 1 });
  assert.deepEqual(await renewed(() => ask("BUCKET", bucket, question, { more: ["mars"] })), [RELAY]);
  assert.deepEqual(told(await ask("BUCKET", bucket, "", { method: "kept" })), [`b/${bucket}`], "and nothing of it is kept");
});

test("the head that rides on a lease counts both hops", async () => {
  const bucket = "acme/key/key_3/burst";
  const mine = holder();
  let seq = 0;
  const age = async () => {
    const [, text] = parts(await ask("BUCKET", bucket, lease(bucket, { holder: mine, seq: (seq += 1) }), { more: ["weur"] }));
    return text === "" ? undefined : JSON.parse(text);
  };
  await pause(1_100);
  await ledger(200);
  await relays(200);
  assert.equal(await age(), undefined, "a copy that is too old is not told");
  const first = await until(age, 5_000);
  // 200 ms from the ledger to the relay, and 200 from there.
  assert.ok(first.age_ms >= 399 && first.age_ms <= 1_000, `${first.age_ms}`);
  await ledger();
  await relays();
});

test("the modules call things as the shells do", async () => {
  const text = await readFile(join(PROJECT, "crates/store-cloudflare/src/place.rs"), "utf8");
  for (const [name, value] of [["LEDGER", LEDGER], ["BUCKET_PREFIX", BUCKETS]]) {
    assert.ok(text.includes(`pub const ${name}: &str = "${value}";`), name);
  }
});
