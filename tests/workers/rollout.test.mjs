// Two deployments at work at one time: of a limit that both say, the newer one's numbers count, whoever starts last.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ADMINISTRATION, GATE, files, settings } from "./deployed.mjs";
import { mint, pepper, record } from "./keys.mjs";
import { SHELLS, objects, parts, secrets } from "./objects.mjs";
import { serve } from "./runtime.mjs";

const given = secrets();
const ring = pepper(given);
const admin = mint(ring);
const bindings = { TOLLGATE_ADMIN: record(ring, admin.lookup) };

test("of a route's limit the newest deployment's numbers count, and an older one changes nothing", async () => {
  const life = await objects({ given, bindings });
  const ask = async (deployed, ...limits) => {
    const question = JSON.stringify({ limits: limits.map(([name, burst]) => ({ name, scope: "key", numbers: [burst, 1, 3_600_000] })) });
    const [text] = parts(await life.beside("LEDGER", "ledger", question, ...(deployed === undefined ? [] : [deployed])));
    return JSON.parse(text);
  };
  const head = async () => JSON.parse(parts(await life.ask("LEDGER", "ledger", '{"since":[0,0]}'))[0]).head;
  const LOWEST = [0, 0];
  const [old] = await ask(1_000, ["search", 5]);
  const [first] = await ask(2_000, ["search", 2]);
  assert.ok(first[1] > old[1]);
  const settled = await head();
  for (const [deployed, limits, stamps] of [
    // Whoever is older starts last, says what it says, and moves nothing.
    [1_000, [["search", 5]], [LOWEST]],
    [undefined, [["search", 5]], [LOWEST]],
    [1_999, [["search", 7]], [LOWEST]],
    // The same numbers are the same numbers.
    [1_000, [["search", 2]], [first]],
    [2_000, [["search", 2]], [first]],
    [3_000, [["search", 2]], [first]],
    // Now that one is the newest.
    [2_000, [["search", 3]], [LOWEST]],
  ]) {
    assert.deepEqual(await ask(deployed, ...limits), stamps, JSON.stringify([deployed, limits]));
    assert.deepEqual(await head(), settled);
  }
  // What nobody newer says is as it was: a Worker of a team's own has limits of its own.
  const [other, lowest] = await ask(1_000, ["orders", 9], ["search", 5]);
  assert.ok(other[1] > settled[1]);
  assert.deepEqual(lowest, LOWEST);
  const [next, same] = await ask(4_000, ["search", 5], ["orders", 9]);
  assert.ok(next[1] > other[1]);
  assert.deepEqual(same, other);
  // Nobody was deployed in the future, and is the newest until then.
  const [far] = await ask(2 ** 52, ["search", 6]);
  await new Promise((resolve) => setTimeout(resolve, 5));
  const [now] = await ask(Date.now(), ["search", 8]);
  assert.ok(far[1] > next[1] && now[1] > far[1]);
  // Without a word of when, whoever says a limit last is right, as long as nobody says.
  const [a] = await ask(undefined, ["plain", 1]);
  const [b] = await ask(0, ["plain", 2]);
  const [c] = await ask(undefined, ["plain", 1]);
  assert.ok(a[1] < b[1] && b[1] < c[1]);
  await life.stop();
});

test("an old isolate that starts last leaves the new deployment's limit as it is", async () => {
  const modules = await files(...["cloudflare/worker.mjs", "cloudflare/administration.mjs", "cloudflare/bindings.mjs", ...GATE, ...SHELLS, "objects/objects.wasm"].map((name) => `workers/${name}`));
  const classes = { Bucket: "bucket", Relay: "relay", Ledger: "ledger", Witness: "witness" };
  const spaces = Object.fromEntries(Object.keys(classes).map((name) => [name.toUpperCase(), { objectOf: ["objects", name] }]));
  const gate = (burst, timestamp) => ({
    modules,
    bindings: {
      RECORDS: { kv: "kv" },
      TOLLGATE: { json: { ...settings(), origin: {}, routes: [{ path: "/search/**", limits: [`search:key=${burst},1/1h`] }] } },
      TOLLGATE_SECRETS: given,
      TOLLGATE_VERSION: { json: { id: "1", tag: "", timestamp } },
      ORIGIN: { service: "origin" },
      ...bindings,
      ...spaces,
    },
  });
  const own = Object.fromEntries(Object.keys(classes).map((name) => [name.toUpperCase(), { object: name }]));
  const holder = gate(0, "");
  const workerd = await serve({
    objects: { modules, bindings: { ...holder.bindings, ...own }, objects: classes },
    fresh: gate(6, "2026-11-20T12:00:00.000Z"),
    old: gate(2, "2026-11-19T12:00:00.000Z"),
    origin: { modules: { "origin.mjs": "export default { fetch: () => new Response('well') };" } },
    kv: { modules: { "kv.mjs": "export default { fetch: () => new Response(null, { status: 404 }) };" } },
  });
  try {
    const { key, lookup, pepper } = mint(ring);
    const told = { tenant: "acme", owner: "ann", env: "live", scopes: [], limits: [] };
    const body = JSON.stringify({ op: "create", id: "key_1", settings: told, secret: { lookup, pepper } });
    const headers = { authorization: `Bearer ${admin.key}` };
    assert.equal((await fetch(workerd.url("fresh") + ADMINISTRATION, { method: "POST", body, headers })).status, 200);
    const asked = async (name) => (await fetch(`${workerd.url(name)}/search/x`, { headers: { "x-api-key": key } })).status;
    assert.equal(await asked("fresh"), 200);
    const statuses = [];
    for (const name of ["old", "fresh", "fresh", "old", "fresh", "fresh", "old", "fresh"]) statuses.push(await asked(name));
    const admitted = statuses.filter((status) => status === 200).length;
    // Five are left. Of the old numbers no more than two would be; what a deadline of a busy machine loses is lost.
    assert.ok(admitted > 2 && admitted <= 5, `${admitted} were admitted: ${statuses}`);
    assert.ok(statuses.every((status) => [200, 429, 503].includes(status)), `${statuses}`);
  } finally {
    await workerd.stop();
  }
});
