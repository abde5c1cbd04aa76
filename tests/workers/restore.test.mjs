// A ledger whose storage was taken back: it answers nothing until it is restored, and gates keep nothing of before.

import assert from "node:assert/strict";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ADMINISTRATION, GATE, files, settings } from "./deployed.mjs";
import { mint, pepper, record } from "./keys.mjs";
import { HANDS_ON, SHELLS, objects, parts, secrets, until } from "./objects.mjs";
import { serve } from "./runtime.mjs";

const given = secrets();
const ring = pepper(given);
const admin = mint(ring);
const bindings = { TOLLGATE_ADMIN: record(ring, admin.lookup) };
const HEAD = '{"since":[0,0]}';
const LIMITS = '{"limits":[{"name":"search","scope":"key","numbers":[2,1,3600000]}]}';

let made = 0;
async function create(administer, more = {}) {
  const { key, lookup, pepper } = mint(ring);
  const id = `key_${(made += 1)}`;
  const told = { tenant: "acme", owner: "ann", env: "live", scopes: [], limits: [], ...more };
  const answer = await administer({ op: "create", id, settings: told, secret: { lookup, pepper } });
  assert.equal(answer.status, 200, JSON.stringify(answer));
  return { key, lookup, id, stamp: answer.stamp };
}

async function read(life, question) {
  return parts(await life.ask("LEDGER", "ledger", question)).map((part) => JSON.parse(part));
}

/** What is noted: a lower note changes nothing, and the highest is told. */
async function noted(life) {
  const told = await life.ask("WITNESS", "witness", '{"noted":[0,0]}', "note");
  return JSON.parse(new TextDecoder().decode(told)).noted;
}

/** Lives of one deployment on one disk, whose ledger can be kept and put back. */
async function disk(work) {
  const folder = await mkdtemp(join(tmpdir(), "tollgate-disk-"));
  const [storage, copy] = [join(folder, "disk"), join(folder, "copy")];
  let life;
  const start = async () => {
    await life?.stop();
    life = await objects({ disk: storage, given, bindings });
    return life;
  };
  const stop = async () => {
    await life.stop();
    life = undefined;
  };
  const back = async () => {
    await stop();
    await rm(join(storage, "ledger"), { recursive: true });
    await cp(copy, join(storage, "ledger"), { recursive: true });
    return start();
  };
  const keep = async () => {
    await stop();
    await cp(join(storage, "ledger"), copy, { recursive: true });
    return start();
  };
  try {
    await work({ start, keep, back });
  } finally {
    await life?.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

test("a ledger whose storage was put back answers nothing until it is restored, and then in a new incarnation", async () => {
  await disk(async ({ start, keep, back }) => {
    let life = await start();
    const administer = (body, key = admin.key) => life.administer(key, body);
    const kept = await create(administer);
    const operator = await create(administer, { tenant: "operators", scopes: ["keys:read", "keys:write"] });
    life = await keep();
    const { stamp } = await administer({ op: "revoke", id: kept.id });
    await until(async () => String(await noted(life)) === String(stamp), 5_000);
    for (const copies of [1, 2]) {
      life = await back();
      const refused = async () => {
        for (const question of [HEAD, JSON.stringify({ since: [0, 0], lookup: kept.lookup }), LIMITS]) {
          await assert.rejects(life.ask("LEDGER", "ledger", question), { message: "store_older" });
        }
        await assert.rejects(life.ask("RELAY", "relay", HEAD), { message: "store_older" });
        for (const [key, body, status, code] of [
          [admin.key, { op: "stamp" }, 503, "store_older"],
          [admin.key, { op: "enable", id: kept.id }, 503, "store_older"],
          // In this copy a key may live that was revoked since.
          [operator.key, { op: "restore" }, 503, "store_older"],
          [kept.key, { op: "restore" }, 503, "store_older"],
          [mint({ id: 0, secret: Buffer.alloc(32, 7) }).key, { op: "restore" }, 401, "key_invalid"],
          [admin.key, { op: "restore", more: 1 }, 400, "request_invalid"],
        ]) {
          const answer = await administer(body, key);
          assert.deepEqual([answer.status, answer.code], [status, code], JSON.stringify([body, answer]));
        }
      };
      await refused();
      await until(() => /ledger_older/.test(life.log()));
      life = await start();
      await refused();
      assert.deepEqual((await life.replica()).told, [], "an older copy publishes nothing");

      const restored = await administer({ op: "restore" });
      assert.deepEqual([restored.status, restored.stamp[0]], [200, 1 + copies], "no incarnation begins twice");
      assert.deepEqual(await noted(life), restored.stamp, "it is noted before that is answered");
      const [found, head] = await read(life, JSON.stringify({ since: [0, 0], lookup: kept.lookup }));
      assert.deepEqual([found.state, found.as_of, head.head], ["active", restored.stamp, restored.stamp]);
      assert.deepEqual([head.floor, head.entries], [restored.stamp[1], []]);
      await until(async () => (await life.replica()).held[`r/${kept.lookup}`]?.includes(`"as_of":[${restored.stamp}]`));
      life = await start();
      assert.deepEqual((await read(life, HEAD))[0].head, restored.stamp, "and a start finds nothing wrong");
    }
  });
});

test("whoever is not the deployment's own admin neither restores nor goes back", async () => {
  const life = await objects({ given, bindings });
  const operator = await create((body) => life.administer(admin.key, body), { tenant: "operators", scopes: ["keys:read", "keys:write"] });
  const before = (await read(life, HEAD))[0].head;
  for (const body of [{ op: "restore" }, { op: "go_back", at_ms: 1 }]) {
    const answer = await life.administer(operator.key, body);
    assert.deepEqual([answer.status, answer.code], [403, "first_admin_only"], JSON.stringify(answer));
  }
  for (const body of [{ op: "go_back" }, { op: "go_back", at_ms: 2 ** 50 }, { op: "go_back", at_ms: 1, bookmark: "x" }, { op: "go_back", bookmark: "" }]) {
    const answer = await life.administer(admin.key, body);
    assert.deepEqual([answer.status, answer.code], [400, "request_invalid"], JSON.stringify(answer));
  }
  // This runtime has nothing to go back to: all goes on.
  const answer = await life.administer(admin.key, { op: "go_back", at_ms: 1 });
  assert.deepEqual([answer.status, answer.code], [503, "store_unreachable"]);
  assert.deepEqual((await read(life, HEAD))[0].head, before);
  await create((body) => life.administer(admin.key, body));
  await life.stop();
});

test("every epoch is noted soon after its commit, and none is lowered", async () => {
  const life = await objects({ given, bindings });
  const soon = (stamp) => until(async () => String(await noted(life)) === String(stamp), 5_000);
  const administer = (body) => life.administer(admin.key, body);
  const { id, stamp } = await create(administer);
  await soon(stamp);
  await soon((await administer({ op: "revoke", id })).stamp);
  const [[limit]] = await read(life, LIMITS);
  await soon(limit);
  const low = await life.ask("WITNESS", "witness", '{"noted":[0,99]}', "note");
  assert.equal(new TextDecoder().decode(low), `{"noted":[${limit}]}`);
  for (const wrong of ["", "{}", '{"noted":[1]}', `${new TextDecoder().decode(low)} `, '{"noted":[1,1]}'.padEnd(100)]) {
    await assert.rejects(life.ask("WITNESS", "witness", wrong, "note"), /message_/);
  }
  await assert.rejects(life.ask("WITNESS", "another", '{"noted":[1,1]}', "note"), { message: "question_misdirected" });
  await life.stop();
});

test("a note waits for no replica", async () => {
  const life = await objects({ given, bindings });
  const administer = (body) => life.administer(admin.key, body);
  await life.replica({ silent: true });
  const { id } = await create(administer);
  // The ledger waits for them from now on, for five seconds: meanwhile nothing but the change itself has the next one noted.
  await until(async () => (await life.replica({ silent: true })).asked > 0);
  const { stamp } = await administer({ op: "revoke", id });
  await until(async () => String(await noted(life)) === String(stamp), 3_000);
  await life.stop();
});

/** A witness that fails as told, or whose note is spoiled. */
const FRAIL = `
let how = "well";
export class Frail extends Witness {
  async note(told) {
    if (how === "broken") throw new Error("the object is gone");
    if (how === "silent") await new Promise((resolve) => setTimeout(resolve, 20_000));
    return super.note(told);
  }
  how(told) {
    how = new TextDecoder().decode(told);
    if (how === "spoiled") this.ctx.storage.kv.put("noted", new Uint8Array([123]));
    if (how === "empty") this.ctx.storage.kv.delete("noted");
    return new Uint8Array(0);
  }
}
`;

test("a ledger that cannot learn what is noted answers nothing, and one that is running goes on", async () => {
  for (const [how, code] of [["broken", "store_unreachable"], ["silent", "store_unreachable"], ["spoiled", "store_damaged"]]) {
    const life = await objects({ given, bindings, more: FRAIL, classes: { WITNESS: "Frail" } });
    const be = (how) => life.ask("WITNESS", "witness", how, "how");
    await be(how);
    await assert.rejects(life.ask("LEDGER", "ledger", HEAD), { message: code }, how);
    const refused = await life.administer(admin.key, { op: "stamp" });
    assert.deepEqual([refused.status, refused.code], [503, code], how);
    await be("well");
    if (how === "spoiled") await be("empty");
    await until(() => life.ask("LEDGER", "ledger", HEAD).catch(() => false));
    await be("broken");
    const { id } = await create((body) => life.administer(admin.key, body));
    const { status, stamp } = await life.administer(admin.key, { op: "revoke", id });
    assert.equal(status, 200, "a revocation does not wait for it");
    assert.deepEqual((await read(life, HEAD))[0].head, stamp);
    await be("well");
    await until(async () => String(await noted(life)) === String(stamp));
    await life.stop();
  }
});

test("nobody is answered in a new incarnation before it is noted", async () => {
  const life = await objects({ given, bindings, more: FRAIL, classes: { WITNESS: "Frail" } });
  const be = (how) => life.ask("WITNESS", "witness", how, "how");
  await create((body) => life.administer(admin.key, body));
  await be("broken");
  const unknown = await life.administer(admin.key, { op: "restore" });
  assert.deepEqual([unknown.status, unknown.code], [503, "restore_not_noted"]);
  await assert.rejects(life.ask("LEDGER", "ledger", HEAD), { message: "store_unreachable" });
  await be("well");
  const [{ head }] = await read(life, HEAD);
  assert.equal(head[0], 2);
  assert.deepEqual(await noted(life), head);
  await life.stop();
});

/** A ledger that would go back, and says whether it did. */
const GOING = `
let went = false;
export class Going extends Ledger {
  constructor(ctx, env) {
    super(ctx, env);
    ctx.storage.getBookmarkForTime = async () => "bookmark";
    ctx.storage.onNextSessionRestoreBookmark = async () => ((went = true), "undo");
  }
  went() { return new TextEncoder().encode(String(went)); }
}
`;

test("a ledger does not go back while what it committed last is not noted", async () => {
  const life = await objects({ given, bindings, more: FRAIL + GOING, classes: { WITNESS: "Frail", LEDGER: "Going" } });
  await create((body) => life.administer(admin.key, body));
  await life.ask("WITNESS", "witness", "broken", "how");
  const { stamp } = await create((body) => life.administer(admin.key, body));
  const answer = await life.administer(admin.key, { op: "go_back", at_ms: 1 });
  assert.deepEqual([answer.status, answer.code], [503, "store_unreachable"]);
  assert.equal(new TextDecoder().decode(await life.ask("LEDGER", "ledger", "", "went")), "false");
  assert.deepEqual((await read(life, HEAD))[0].head, stamp, "and goes on as it was");
  await life.stop();
});

/** A ledger that can be taken back, by the means that Cloudflare has and this runtime has not. */
const REVERSIBLE = `
import { Bucket, Ledger, Relay, Witness } from "./objects.mjs";
export { Relay, Witness };
let kept;
let leases = 0;
export class Counting extends Bucket {
  ask(...given) {
    leases += 1;
    return super.ask(...given);
  }
}
export class Reversible extends Ledger {
  constructor(ctx, env) {
    super(ctx, env);
    const { sql } = ctx.storage;
    const tables = () => [...sql.exec("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\\\_%' ESCAPE '\\\\' AND name NOT LIKE 'sqlite%'").raw()].flat();
    this.keep = () => {
      kept = tables().map((name) => [name, [...sql.exec("SELECT * FROM " + name).raw()]]);
      return new Uint8Array(0);
    };
    ctx.storage.getBookmarkForTime = async (at_ms) => "at " + at_ms;
    ctx.storage.onNextSessionRestoreBookmark = async (bookmark) => {
      if (!bookmark.startsWith("at ")) throw new Error("no bookmark");
      ctx.storage.transactionSync(() => {
        sql.exec("PRAGMA defer_foreign_keys = on");
        for (const [name] of kept) sql.exec("DELETE FROM " + name);
        // A trigger may have written a row already: what was kept stands in its place.
        for (const [name, rows] of kept) for (const row of rows) sql.exec("INSERT OR REPLACE INTO " + name + " VALUES (" + row.map(() => "?") + ")", ...row);
      });
      return "undo";
    };
  }
  keeps() { return this.keep(); }
  leases() { return new TextEncoder().encode(String(leases)); }
}
${HANDS_ON}`;

test("a gate adopts the new incarnation, and nothing that it held is used in it", async () => {
  const shells = await files(...[...SHELLS, "objects/objects.wasm"].map((name) => `workers/${name}`));
  const whole = await files(...["cloudflare/worker.mjs", "cloudflare/administration.mjs", "cloudflare/bindings.mjs", ...GATE, ...SHELLS, "objects/objects.wasm"].map((name) => `workers/${name}`));
  const told = { ...settings(), origin: {}, gate: { max_staleness_ms: 120_000 } };
  const own = { RECORDS: { kv: "kv" }, TOLLGATE: { json: told }, TOLLGATE_SECRETS: given, ...bindings };
  const spaces = { BUCKET: "Counting", RELAY: "Relay", LEDGER: "Reversible", WITNESS: "Witness" };
  const named = (made) => Object.fromEntries(Object.entries(spaces).map(([name, object]) => [name, made(object)]));
  const workerd = await serve({
    objects: {
      modules: { "workers/cloudflare/entry.mjs": REVERSIBLE, ...shells },
      bindings: { ...own, ...named((object) => ({ object })) },
      objects: { Counting: "bucket", Relay: "relay", Reversible: "ledger", Witness: "witness" },
    },
    gate: { modules: whole, bindings: { ...own, ...named((object) => ({ objectOf: ["objects", object] })), ORIGIN: { service: "origin" } } },
    origin: { modules: { "origin.mjs": "export default { fetch: () => new Response('well') };" } },
    kv: { modules: { "kv.mjs": "export default { fetch: () => new Response(null, { status: 404 }) };" } },
  });
  const administer = async (body) => {
    const headers = { authorization: `Bearer ${admin.key}` };
    const answer = await fetch(workerd.url("gate") + ADMINISTRATION, { method: "POST", body: JSON.stringify(body), headers });
    return { status: answer.status, ...(await answer.json()) };
  };
  const asked = async ({ key }) => (await fetch(`${workerd.url("gate")}/x`, { headers: { "x-api-key": key } })).status;
  const says = (key, status) => until(async () => (await asked(key)) === status);
  const ledger = async (method) => new TextDecoder().decode(new Uint8Array(await (await fetch(`${workerd.url("objects")}/LEDGER/ledger/${method}`, { method: "POST" })).arrayBuffer()));
  try {
    const steady = await create(administer, { limits: [{ name: "burst", scope: "key", burst: 1_000_000, rate: 1, period_ms: 3_600_000 }] });
    const revoked = await create(administer);
    await ledger("keeps");
    const later = await create(administer);
    for (const key of [steady, revoked, later]) await says(key, 200);
    assert.equal((await administer({ op: "revoke", id: revoked.id })).status, 200);
    await says(revoked, 401);

    const back = await administer({ op: "go_back", at_ms: 1 });
    assert.deepEqual(back, { status: 200, undo: "undo" }, workerd.log());
    assert.equal((await administer({ op: "stamp" })).code, "store_older", "at once");
    // The object ends soon after its answer, and is found to be older when it starts.
    await until(async () => /ledger_older/.test(workerd.log()) || ((await administer({ op: "stamp" })), false));
    assert.equal((await administer({ op: "stamp" })).code, "store_older");
    // What is known goes on for as long as a head may be old, and what was revoked stays so.
    await says(steady, 200);
    await says(revoked, 401);

    const before = Number(await ledger("leases"));
    assert.ok(before > 0);
    const restored = await administer({ op: "restore" });
    assert.deepEqual([restored.status, restored.stamp[0]], [200, 2]);
    await says(later, 401);
    await says(revoked, 200);
    await says(steady, 200);
    assert.ok(Number(await ledger("leases")) > before, "tokens of before are asked for again");
  } finally {
    await workerd.stop();
  }
});
