// What becomes of each key's requests, from the isolate that counts it to the tables of the ledger's object.
//
// The runtime, the gate and the objects are the real ones, and so is the binding of Analytics Engine. What is played:
// where that binding leads, and a ledger that is away for a while or whose answers are lost.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { deployed } from "./deployed.mjs";
import { objects, parts, until } from "./objects.mjs";

/** Often, so that a test does not wait long. */
const EVERY_MS = 300;
/** The longest that it takes until something arrives that was repeated several times. */
const ARRIVES_MAX_MS = 60_000;

const ROWS = `[...this.ctx.storage.sql.exec("SELECT tenant, owner, key, route, code, sum(count) FROM usage GROUP BY 1, 2, 3, 4, 5 ORDER BY 3, 4, 5").raw()]`;

/** The ledger, which may be told to be away, and to lose answers; and shows what it has. */
const LEDGER = `
import { Ledger as Real } from "./objects.mjs";
let away = false;
let losing = 0;
let batches = 0;
export class Ledger extends Real {
  async ask(question) {
    if (!new TextDecoder().decode(question).startsWith('{"usage":')) return super.ask(question);
    batches += 1;
    if (away) throw new Error("away");
    const answer = await super.ask(question);
    if (losing > 0) {
      losing -= 1;
      throw new Error("lost");
    }
    return answer;
  }
  control(told) {
    ({ away = away, losing = losing } = told);
    return { batches, losing, rows: ${ROWS} };
  }
}
`;
const plant = (text) => {
  const [place] = /^export \{[^}]*\bLedger\b[^}]*\} from "\.\/objects\.mjs";$/m.exec(text);
  return text.replace(place, place.replace(/ Ledger,?/, "")) + LEDGER;
};

/** Tells the ledger what to do, and shows what it has. */
const TEAM = `
export default {
  async fetch(request, env) {
    return Response.json(await env.LEDGER.get(env.LEDGER.idFromName("ledger")).control(await request.json()));
  },
};
`;

/** Where Analytics Engine would be: keeps what it is given. */
const ANALYTICS = `
const given = [];
export default {
  async fetch(request) {
    if (new URL(request.url).pathname === "/given") return Response.json(given);
    given.push(String.fromCharCode(...new Uint8Array(await request.arrayBuffer())));
    return new Response();
  },
};
`;

let origin;
let served;
before(async () => {
  origin = createServer((_request, response) => response.end("fine")).listen(0, "127.0.0.1");
  await once(origin, "listening");
  served = await deployed({
    origin: `http://127.0.0.1:${origin.address().port}`,
    settings: { usage: { every_ms: EVERY_MS }, routes: [{ path: "/orders/*", methods: ["GET"] }] },
    plants: { "cloudflare/worker.mjs": plant },
    team: { "team.mjs": TEAM },
    bound: { USAGE: { analytics: "analytics" } },
    beside: { analytics: { modules: { "analytics.mjs": ANALYTICS } } },
  });
});
after(async () => {
  await served.stop();
  origin.closeAllConnections();
  origin.close();
});

const control = async (told = {}) => (await fetch(served.url("team"), { method: "POST", body: JSON.stringify(told) })).json();
const ask = async (key, path = "/orders/7") => {
  const response = await fetch(served.url("gate") + path, { headers: { authorization: `Bearer ${key}` } });
  await response.arrayBuffer();
  return response.status;
};

/** What is counted of a key that only one test has, as `route code` and how often. */
async function counted(owner) {
  const { rows } = await control();
  const own = rows.filter(([, of]) => of === owner);
  return Object.fromEntries(own.map(([, , , route, code, count]) => [`${route} ${code}`, count]));
}
const sum = (counts) => Object.values(counts).reduce((all, count) => all + count, 0);

/** Waits until so many are counted, and for another while: none may come on top. */
async function exactly(owner, expected) {
  const all = sum(expected);
  await until(async () => sum(await counted(owner)) >= all, ARRIVES_MAX_MS);
  const { batches } = await control();
  const other = await served.key({ owner: "another" });
  // Something else is counted and arrives: whatever was to come of this has come.
  await ask(other);
  await until(async () => (await control()).batches > batches, ARRIVES_MAX_MS);
  assert.deepEqual(await counted(owner), expected);
}

test("whatever becomes of a key's requests arrives once, by route and by what it was", async () => {
  const key = await served.key({ owner: "ann", limits: [{ name: "few", scope: "key", burst: 4, rate: 1, period_ms: 3_600_000 }] });
  const said = [];
  for (let turn = 0; turn < 6; turn += 1) said.push(await ask(key));
  said.push(await ask(key, "/elsewhere"));
  assert.deepEqual(said, [200, 200, 200, 200, 429, 429, 429]);
  await exactly("ann", { "GET /orders/* allowed": 4, "GET /orders/* rate_limited": 2, " rate_limited": 1 });
});

test("a batch whose answer is lost is repeated, and counts once", async () => {
  const key = await served.key({ owner: "bea" });
  await control({ losing: 2 });
  for (let turn = 0; turn < 5; turn += 1) assert.equal(await ask(key), 200);
  await until(async () => (await control()).losing === 0, ARRIVES_MAX_MS);
  for (let turn = 0; turn < 3; turn += 1) assert.equal(await ask(key), 200);
  await exactly("bea", { "GET /orders/* allowed": 8 });
});

test("a ledger that does not keep what was counted refuses nobody, and has it all when it is back", async () => {
  const key = await served.key({ owner: "cat" });
  assert.equal(await ask(key), 200);
  const { batches } = await control({ away: true });
  for (let turn = 0; turn < 20; turn += 1) assert.equal(await ask(key), 200);
  await until(async () => (await control()).batches > batches + 1, ARRIVES_MAX_MS);
  assert.equal(await ask(key), 200);
  await control({ away: false });
  await exactly("cat", { "GET /orders/* allowed": 22 });
});

test("what was counted last arrives although nobody comes any more", async () => {
  const key = await served.key({ owner: "dan" });
  assert.equal(await ask(key), 200);
  assert.equal(await ask(key), 200);
  await until(async () => sum(await counted("dan")) === 2, ARRIVES_MAX_MS);
});

test("nothing is counted of keys that nobody made", async () => {
  const key = await served.key({ owner: "eve" });
  const forged = key.slice(0, -7) + "0000000";
  for (let turn = 0; turn < 5; turn += 1) assert.equal(await ask(forged), 401);
  assert.equal(await ask(key), 200);
  await until(async () => sum(await counted("eve")) === 1, ARRIVES_MAX_MS);
  const { rows } = await control();
  assert.deepEqual(rows.filter(([tenant]) => tenant === ""), []);
});

test("where Analytics Engine is bound it is told each line of each batch that was kept", async () => {
  const key = await served.key({ owner: "fay" });
  await control({ losing: 1 });
  for (let turn = 0; turn < 3; turn += 1) assert.equal(await ask(key), 200);
  await exactly("fay", { "GET /orders/* allowed": 3 });
  const points = (await (await fetch(`${served.url("analytics")}/given`)).json()).map(point);
  const own = points.filter(({ blobs }) => blobs[1] === "fay");
  // A repetition is known to the ledger, and is no point.
  assert.equal(own.reduce((all, { count }) => all + count, 0), 3);
  const { rows } = await control();
  const [, , id] = rows.find(([, owner]) => owner === "fay");
  for (const { index, blobs, hour } of own) {
    assert.deepEqual([index, ...blobs], [id, "acme", "fay", id, "GET /orders/*", "allowed"]);
    assert.ok(Math.abs(hour - Date.now() / 3_600_000) < 2);
  }
});

/** A point as workerd hands it on: JSON, its texts as lists of bytes. */
function point(body) {
  const told = JSON.parse(body);
  const text = (name) => String.fromCharCode(...told[name]);
  return { index: text("index1"), blobs: [1, 2, 3, 4, 5].map((at) => text(`blob${at}`)), count: told.double1, hour: told.double2 };
}

/** A batch in its one spelling. */
const batch = (holder, seq, lines) => JSON.stringify({ usage: holder, seq, lines });

test("the object keeps a batch once and whole, and none that cannot be ours", async () => {
  const more = `export class Shown extends Ledger { rows() { return ${ROWS}; } }`;
  const own = await objects({ more, classes: { LEDGER: "Shown" } });
  try {
    const [holder, other] = [0, 1].map(() => randomBytes(16).toString("hex"));
    const line = [500_000, "acme", "ann", "key_1", "GET /", "allowed", 3];
    const say = async (text) => parts(await own.ask("LEDGER", "ledger", text))[0];
    assert.equal(await say(batch(holder, 1, [line])), "kept");
    assert.equal(await say(batch(holder, 1, [line])), "known");
    assert.equal(await say(batch(holder, 3, [line, [500_001, "", "", "", "", "key_invalid", 1]])), "kept");
    // One that was under way all the time.
    assert.equal(await say(batch(holder, 2, [line])), "known");
    assert.equal(await say(batch(other, 1, [line])), "kept");
    const most = Array.from({ length: 200 }, (_, at) => [500_000, "acme", "ann", `key_${at + 2}`, "", "allowed", 1]);
    assert.equal(await say(batch(other, 2, most)), "kept");
    for (const [lines, code] of [
      [[...most, line], "message_malformed"],
      [[line, [...line.slice(0, 6), 0]], "message_invalid"],
      [[line, [...line.slice(0, 5), "fine", 1]], "message_invalid"],
      [[line, [500_000, "acme", "", "key_1", "", "allowed", 1]], "message_invalid"],
    ]) {
      await assert.rejects(say(batch(other, 3, lines)), { message: code });
    }
    const rows = await (await own.post("LEDGER", "ledger", "", "rows")).json();
    assert.equal(rows.length, 202);
    assert.deepEqual(rows.slice(0, 2), [["", "", "", "", "key_invalid", 1], ["acme", "ann", "key_1", "GET /", "allowed", 9]]);
  } finally {
    await own.stop();
  }
});
