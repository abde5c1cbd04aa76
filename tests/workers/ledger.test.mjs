// The ledger on a real Durable Object's SQL: who may change it, what a change brings, and what replicas are told.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { mint, pepper, record } from "./keys.mjs";
import { objects, parts, secrets, until } from "./objects.mjs";

const given = secrets();
const ring = pepper(given);
const admin = mint(ring);
const bindings = { TOLLGATE_ADMIN: record(ring, admin.lookup) };

let served;
before(async () => {
  served = await objects({ given, bindings });
});
after(() => served.stop());

/** Settings that say as little as they may. */
const settings = (told = {}) => ({ tenant: "acme", owner: "ann", env: "live", scopes: ["a:read"], limits: [], ...told });

let made = 0;

/** Creates a key, and gives its secret and its id. */
async function create(to, told = {}) {
  const { key, lookup, pepper } = mint(ring);
  const id = `key_${(made += 1)}`;
  const answer = await to.administer(admin.key, { op: "create", id, settings: settings(told), secret: { lookup, pepper } });
  assert.equal(answer.status, 200, JSON.stringify(answer));
  return { key, lookup, id, stamp: answer.stamp };
}

async function head(to, since = [0, 0]) {
  const [text] = parts(await to.ask("LEDGER", "ledger", JSON.stringify({ since })));
  return JSON.parse(text);
}

async function told(to, lookup, since = [0, 0]) {
  const [text, head] = parts(await to.ask("LEDGER", "ledger", JSON.stringify({ since, lookup })));
  return { record: JSON.parse(text), head: JSON.parse(head) };
}

test("a key that was created is told at once, with the head of the same read", async () => {
  const { lookup, id, stamp } = await create(served);
  const { record, head } = await told(served, lookup);
  assert.equal(record.key, id);
  assert.equal(record.state, "active");
  assert.deepEqual(record.as_of, head.head);
  assert.ok(head.head[1] >= stamp[1]);
  assert.equal(head.age_ms, 0);
});

test("what nobody created is told to be absent, as of that read", async () => {
  const { lookup } = mint(ring);
  const { record, head } = await told(served, lookup);
  assert.equal(record.absent, true);
  assert.deepEqual(record.as_of, head.head);
});

test("a change is in the very next head, and one that is refused is in none", async () => {
  const { id } = await create(served);
  const before = await head(served);
  const revoked = await served.administer(admin.key, { op: "revoke", id });
  assert.equal(revoked.status, 200);
  assert.equal(revoked.key.state, "revoked");
  const news = await head(served, before.head);
  assert.deepEqual(news.entries, [[revoked.stamp[1], "acme", "key", id]]);
  assert.equal(news.since, before.head[1], "only what came after is told");
  const again = await served.administer(admin.key, { op: "disable", id });
  assert.deepEqual([again.status, again.code], [409, "key_revoked"]);
  assert.deepEqual((await head(served)).head, news.head, "a refusal takes no epoch");
});

test("every operation does what it says", async () => {
  const { id, lookup } = await create(served, { owner: "bea" });
  const ask = (body) => served.administer(admin.key, body);
  const next = mint(ring);
  const steps = [
    [{ op: "disable", id }, (a) => assert.equal(a.key.state, "disabled")],
    [{ op: "enable", id }, (a) => assert.equal(a.key.state, "active")],
    [{ op: "update", id, settings: settings({ owner: "bea", plan: "gold" }) }, (a) => assert.equal(a.key.settings.plan, "gold")],
    [{ op: "rotate", id, secret: { lookup: next.lookup, pepper: next.pepper }, grace_ms: 60_000 }, (a) => assert.equal(a.key.secrets.length, 2)],
    [{ op: "revoke_secret", lookup }, (a) => assert.equal(a.key.secrets[0].revoked, true)],
    [{ op: "stop_owner", tenant: "acme", owner: "bea" }, (a) => assert.equal(a.key, null)],
    [{ op: "stopped", tenant: "acme", owner: "bea" }, (a) => assert.deepEqual([a.owner, a.tenant], [true, false])],
    [{ op: "owners", tenant: "acme" }, (a) => assert.ok(a.owners.find(({ name }) => name === "bea").stopped)],
    [{ op: "resume_owner", tenant: "acme", owner: "bea" }, (a) => assert.equal(a.key, null)],
    [{ op: "stop_tenant", tenant: "acme" }, (a) => assert.equal(a.key, null)],
    [{ op: "tenants" }, (a) => assert.ok(a.tenants.find(({ name }) => name === "acme").stopped)],
    [{ op: "resume_tenant", tenant: "acme" }, (a) => assert.equal(a.key, null)],
    [{ op: "key", id }, (a) => assert.equal(a.key.id, id)],
    [{ op: "key_of", lookup: next.lookup }, (a) => assert.equal(a.key.id, id)],
    [{ op: "keys", limit: 1 }, (a) => assert.ok(a.keys.length === 1 && a.next === a.keys[0].id)],
    [{ op: "stamp" }, (a) => assert.equal(a.stamp.length, 2)],
    [{ op: "peppers_in_use" }, (a) => assert.ok(a.peppers[0] > 0)],
  ];
  for (const [body, check] of steps) {
    const answer = await ask(body);
    assert.equal(answer.status, 200, JSON.stringify([body, answer]));
    check(answer);
  }
});

test("only a key of the administrators that may do it changes or reads anything", async () => {
  const { id, key: customer } = await create(served, { scopes: ["*:*"] });
  const reader = await create(served, { tenant: "operators", scopes: ["keys:read"] });
  const writer = await create(served, { tenant: "operators", scopes: ["keys:write"] });
  const counted = await create(served, {
    tenant: "operators",
    scopes: ["*:*"],
    limits: [{ name: "burst", scope: "key", burst: 1, rate: 1, period_ms: 1000 }],
  });
  const elsewhere = await create(served, { tenant: "operators", scopes: ["*:*"], ips_allowed: ["192.0.2.0/24"] });
  const revoked = await create(served, { tenant: "operators", scopes: ["*:*"] });
  assert.equal((await served.administer(admin.key, { op: "revoke", id: revoked.id })).status, 200);
  const forged = admin.key.slice(0, -7) + "0000000";
  const before = (await head(served)).head;
  const read = { op: "key", id };
  const write = { op: "disable", id };
  for (const [key, body, status, code] of [
    ["", read, 401, "key_invalid"],
    ["nonsense", read, 401, "key_invalid"],
    [forged, write, 401, "key_invalid"],
    [mint(ring).key, write, 401, "key_invalid"],
    [mint({ id: 0, secret: Buffer.alloc(32, 7) }).key, write, 401, "key_invalid"],
    [customer, read, 401, "key_invalid"],
    [customer, write, 401, "key_invalid"],
    [reader.key, write, 403, "scope_missing"],
    [writer.key, read, 403, "scope_missing"],
    [counted.key, write, 503, "unavailable"],
    [elsewhere.key, write, 403, "ip_denied"],
    [revoked.key, write, 401, "key_revoked"],
    ["", "nonsense", 401, "key_invalid"],
    [admin.key, "nonsense", 400, "request_invalid"],
    [admin.key, { ...write, more: 1 }, 400, "request_invalid"],
    [admin.key, { op: "nothing" }, 400, "request_invalid"],
    [admin.key, `{"op":"key","id":"${"x".repeat(70_000)}"}`, 400, "request_invalid"],
    [admin.key, { op: "disable", id: "key_none" }, 404, "key_unknown"],
    [admin.key, "x".repeat(300_000), 503, "message_too_long"],
    [admin.key, "x".repeat(2_000_000), 503, "message_too_long"],
    ["x".repeat(10_000), read, 401, "key_invalid"],
  ]) {
    const answer = await served.administer(key, body);
    assert.deepEqual([answer.status, answer.code], [status, code], JSON.stringify([body, answer]));
  }
  assert.deepEqual((await head(served)).head, before, "nothing of it has happened");
  assert.equal((await served.administer(reader.key, read)).status, 200);
  assert.equal((await served.administer(writer.key, write)).status, 200);
});

test("without the record of a first admin key nobody administers", async () => {
  for (const [bindings, status] of [
    [{}, 401],
    [{ TOLLGATE_ADMIN: record(ring, admin.lookup, { state: "disabled" }) }, 401],
    [{ TOLLGATE_ADMIN: record(ring, admin.lookup, { expires: 1 }) }, 401],
    [{ TOLLGATE_ADMIN: record(ring, admin.lookup, { scopes: [] }) }, 403],
    [{ TOLLGATE_ADMIN: record({ id: 0, secret: Buffer.alloc(32, 7) }, admin.lookup) }, 401],
    [{ TOLLGATE_ADMIN: record(ring, admin.lookup).replace("operators", "overlords") }, 401],
    [{ TOLLGATE_ADMIN: "nonsense" }, 401],
  ]) {
    const life = await objects({ given, bindings });
    const answer = await life.administer(admin.key, { op: "stamp" });
    assert.equal(answer.status, status, JSON.stringify([bindings, answer]));
    await life.stop();
  }
});

test("what was answered is there after everything was killed", async () => {
  const disk = await mkdtemp(join(tmpdir(), "tollgate-disk-"));
  try {
    let life = await objects({ disk, given, bindings });
    const kept = await create(life);
    const stopped = await life.administer(admin.key, { op: "revoke", id: kept.id });
    await life.stop();
    life = await objects({ disk, given, bindings });
    const { record, head } = await told(life, kept.lookup);
    assert.equal(record.state, "revoked");
    assert.deepEqual(head.head, stopped.stamp);
    assert.deepEqual(head.entries, [[stopped.stamp[1], "acme", "key", kept.id]]);
    // The outbox is told all the same: it was killed before, or after.
    await until(async () => (await life.replica()).held[`r/${kept.lookup}`]?.includes('"revoked"'));
    await life.stop();
  } finally {
    await rm(disk, { recursive: true, force: true });
  }
});

test("replicas are told what was committed, again after they failed, and never that a key is gone", async () => {
  await served.replica({ failing: 3 });
  const { id, lookup } = await create(served);
  const key = `r/${lookup}`;
  await until(async () => (await served.replica()).held[key]?.includes('"active"'));
  await served.replica({ failing: 1 });
  await served.administer(admin.key, { op: "revoke", id });
  await until(async () => (await served.replica()).held[key]?.includes('"revoked"'));
});

test("a change waits for no replica", async () => {
  await served.replica({ silent: true });
  const began = Date.now();
  const { id, lookup } = await create(served);
  await new Promise((resolve) => setTimeout(resolve, 300));
  await served.replica({ silent: true });
  assert.equal((await served.administer(admin.key, { op: "revoke", id })).status, 200);
  assert.equal((await told(served, lookup)).record.state, "revoked");
  assert.ok(Date.now() - began < 5_000, "none of it has waited");
  await served.replica();
  await until(async () => (await served.replica()).held[`r/${lookup}`]?.includes('"revoked"'), 15_000);
});

test("a stop of a tenant is told for each of its keys, however many there are", async () => {
  const lookups = [];
  for (let count = 0; count < 120; count += 1) lookups.push((await create(served, { tenant: "many" })).lookup);
  const says = (state) => async () => {
    const { held } = await served.replica();
    return lookups.every((lookup) => held[`r/${lookup}`]?.includes(`"state":"${state}"`));
  };
  await until(says("active"));
  assert.equal((await served.administer(admin.key, { op: "stop_tenant", tenant: "many" })).status, 200);
  await until(says("tenant_disabled"));
});

test("what the authority was asked for is told to replicas too, once a minute", async () => {
  const { lookup } = mint(ring);
  const key = `r/${lookup}`;
  for (let count = 0; count < 5; count += 1) await told(served, lookup);
  await until(async () => (await served.replica()).held[key]?.includes('"absent":true'));
  for (let count = 0; count < 5; count += 1) await told(served, lookup);
  await create(served);
  const other = (await create(served)).lookup;
  await until(async () => (await served.replica()).told.includes(`r/${other}`));
  assert.equal((await served.replica()).told.filter((told) => told === key).length, 1);
});

test("the limits of routes keep their stamps while their numbers stay, and get a higher one when they change", async () => {
  const ask = async (limits) => {
    const [text] = parts(await served.ask("LEDGER", "ledger", JSON.stringify({ limits })));
    return JSON.parse(text);
  };
  const one = { name: "search", scope: "key", numbers: [2, 1, 3_600_000] };
  const two = { name: "all", scope: "tenant", numbers: [100, "day"] };
  const [first, second] = await ask([one, two]);
  assert.deepEqual(first, second, "both are new, as of one epoch");
  assert.deepEqual((await head(served)).head, first);
  assert.deepEqual(await ask([two, one]), [second, first]);
  assert.deepEqual((await head(served)).head, first, "a question takes no epoch");
  const [changed, same] = await ask([{ ...one, numbers: [3, 1, 3_600_000] }, two]);
  assert.ok(changed[1] > first[1]);
  assert.deepEqual(same, second);
  assert.deepEqual(await ask([]), []);
  for (const wrong of ['{"limits":[{}]}', '{"limits":[1]}', '{"limits":[],"since":[0,0]}']) {
    await assert.rejects(served.ask("LEDGER", "ledger", wrong), { message: "message_malformed" });
  }
});

test("there is one ledger, and it grants no tokens", async () => {
  const question = JSON.stringify({ since: [0, 0] });
  await assert.rejects(served.ask("LEDGER", "another", question), { message: "question_misdirected" });
  for (const wrong of ["", "{}", `${question} `]) {
    await assert.rejects(served.ask("LEDGER", "ledger", wrong), { message: "message_malformed" });
  }
});
