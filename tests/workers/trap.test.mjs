// Traps, planted in the middle of a step: nothing of the step is kept, and nothing else is lost.

import assert from "node:assert/strict";
import { test } from "node:test";
import { mint, pepper, record } from "./keys.mjs";
import { holder, lease, objects, parts, secrets, until } from "./objects.mjs";

const given = secrets();
const ring = pepper(given);
const admin = mint(ring);
const bindings = { TOLLGATE_ADMIN: record(ring, admin.lookup) };

/** After so many statements the module does not come back from one, which leaves it as a trap does; or one fails. */
const PLANTS = {
  trap: ["function run(asked) {", 'if (globalThis.planted > 0 && (globalThis.planted -= 1) === 0) throw new WebAssembly.RuntimeError("planted");'],
  failure: ["  try {\n    const [statement", 'if (globalThis.planted > 0 && (globalThis.planted -= 1) === 0) asked = "[\\"SELECT nothing FROM nowhere\\", []]";'],
};
const PLANTED = `
export class Planted extends Ledger {
  // Replicas are told nothing here: their statements would be counted too.
  alarm() {}
  plant(bytes) {
    globalThis.planted = Number(new TextDecoder().decode(bytes));
  }
}
`;

/** The most statements that a change takes here. */
const STATEMENTS_MAX = 40;

async function planted(what) {
  const [place, plant] = PLANTS[what];
  const shell = (text) => {
    assert.equal(text.split(place).length, 2, "the place is there, once");
    return text.replace(place, what === "trap" ? `${place}\n${plant}` : `${plant}\n${place}`);
  };
  return objects({ given, bindings, plants: { "cloudflare/shell.mjs": shell }, more: PLANTED, classes: { LEDGER: "Planted" } });
}

async function grant(to, bucket, ask) {
  const [answer] = parts(await to.ask("BUCKET", bucket, lease(bucket, ask)));
  return JSON.parse(answer);
}

async function head(to) {
  const [text] = parts(await to.ask("LEDGER", "ledger", JSON.stringify({ since: [0, 0] })));
  return JSON.parse(text);
}

for (const [what, code] of [["trap", "module_trapped"], ["failure", "store_unreachable"]]) {
  test(`a ${what} at any statement of a change keeps all of it or nothing`, () => allOrNothing(what, code));
}

async function allOrNothing(what, code) {
  const life = await planted(what);
  const settings = {
    tenant: "acme",
    owner: "ann",
    env: "live",
    scopes: [],
    limits: [{ name: "all", scope: "tenant", burst: 10, rate: 1, period_ms: 1000 }],
  };
  let trapped = 0;
  let done = false;
  for (let at = 1; at <= STATEMENTS_MAX && !done; at += 1) {
    const { lookup, pepper } = mint(ring);
    const id = `key_${at}`;
    const before = await head(life);
    await life.post("LEDGER", "ledger", String(at), "plant");
    const answer = await life.administer(admin.key, { op: "create", id, settings, secret: { lookup, pepper } });
    await life.post("LEDGER", "ledger", "0", "plant");
    const key = await life.administer(admin.key, { op: "key", id });
    const after = await head(life);
    const [text] = parts(await life.ask("LEDGER", "ledger", JSON.stringify({ since: [0, 0], lookup })));
    if (answer.status === 200) {
      assert.deepEqual([key.key.id, JSON.parse(text).key], [id, id]);
      done = true;
    } else {
      assert.deepEqual([answer.status, answer.code], [503, code]);
      assert.equal(key.key, null, `a ${what} at statement ${at}`);
      assert.equal(JSON.parse(text).absent, true);
      assert.deepEqual(after.head, before.head);
      trapped += 1;
    }
  }
  assert.ok(done && trapped >= 8, `${trapped} times`);
  await life.stop();
}

test("a trap loses no lease, and grants none twice", async () => {
  const life = await planted("trap");
  const bucket = "acme/key/key_1/burst";
  const mine = { holder: holder(), seq: 1, waiting: 60 };
  const first = await grant(life, bucket, mine);
  assert.equal(first.granted_waiting, 60);
  await life.post("LEDGER", "ledger", "1", "plant");
  await assert.rejects(head(life), { message: "module_trapped" });
  assert.deepEqual(await grant(life, bucket, mine), first);
  const rest = await grant(life, bucket, { holder: holder(), seq: 1, waiting: 60 });
  assert.equal(rest.granted_waiting, 40);
  await until(() => /module_trapped/.test(life.log()));
  await life.stop();
});
