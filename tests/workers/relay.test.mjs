// The head on its way: from the ledger through relays and with the answers of buckets, never younger than it is.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { mint, pepper, record } from "./keys.mjs";
import { holder, lease, objects, parts, secrets, until } from "./objects.mjs";

const given = secrets();
const ring = pepper(given);
const admin = mint(ring);
const bindings = { TOLLGATE_ADMIN: record(ring, admin.lookup) };

/** A ledger that can be told to be slow, to fail, or to say what it said before; and that counts its questions. */
const SLOW = `
let how = { slow_ms: 0, fails: false };
let asked = 0;
export class SlowLedger extends Ledger {
  async ask(question) {
    asked += 1;
    const { slow_ms, fails } = how;
    if (fails) throw Object.assign(new Error("Durable Object is overloaded. Too many requests queued."), { overloaded: true });
    const answer = super.ask(question);
    if (slow_ms > 0) await new Promise((resolve) => setTimeout(resolve, slow_ms));
    return answer;
  }
  how(told) {
    how = JSON.parse(new TextDecoder().decode(told));
    return new TextEncoder().encode(String(asked));
  }
}
`;

let served;
before(async () => {
  served = await objects({ given, bindings, more: SLOW, classes: { LEDGER: "SlowLedger" } });
});
after(() => served.stop());

/** Tells the ledger how to be, and gives how often it was asked so far. */
async function ledger(how = {}) {
  const told = JSON.stringify({ slow_ms: 0, fails: false, ...how });
  return Number(new TextDecoder().decode(await served.ask("LEDGER", "ledger", told, "how")));
}

/** A copy that is older than this is not told: it is asked for anew, which takes a busy machine longer. */
const COPY_MAX_MS = 250;
/** For two looks at one clock. */
const LOOKS_MS = 5;

/** The head that is told, which is no older than a copy may be or than it took. */
async function head(since = [0, 0], relay = "relay") {
  const began = Date.now();
  const [text] = parts(await served.ask("RELAY", relay, JSON.stringify({ since })));
  const told = { ...JSON.parse(text), began, ended: Date.now() };
  const took = told.ended - began + LOOKS_MS;
  assert.ok(told.age_ms <= Math.max(COPY_MAX_MS, took), `${told.age_ms} ms old, and it took ${took} ms`);
  return told;
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

let made = 0;
async function create() {
  const { lookup, pepper } = mint(ring);
  const id = `key_${(made += 1)}`;
  const settings = { tenant: "acme", owner: "ann", env: "live", scopes: [], limits: [] };
  const answer = await served.administer(admin.key, { op: "create", id, settings, secret: { lookup, pepper } });
  assert.equal(answer.status, 200);
  return id;
}

test("a relay answers from a copy of at most 250 ms, and asks first when it is older", async () => {
  await ledger();
  await head();
  const [before, began] = [await ledger(), Date.now()];
  await Promise.all(Array.from({ length: 200 }, () => head()));
  const most = 1 + Math.ceil((Date.now() - began) / COPY_MAX_MS);
  const asked = (await ledger()) - before;
  assert.ok(asked <= most, `asked ${asked} times, and ${most} copies were enough`);
  await pause(300);
  await head();
  assert.ok((await ledger()) > before + asked, "an old copy is not told");
});

test("the age that is told counts from when the relay asked", async () => {
  await ledger({ slow_ms: 200 });
  await pause(300);
  const { age_ms } = await head();
  assert.ok(age_ms >= 200 - LOOKS_MS, `${age_ms}`);
  await ledger();
  // While one copy is told its age grows; a machine that is too busy for that in the time that a copy lives is asked again.
  await until(async () => {
    await pause(300);
    const first = await head();
    await pause(50);
    const second = await head();
    const [same, between] = [second.ended - first.began < COPY_MAX_MS, second.began - first.ended];
    assert.ok(!same || second.age_ms >= first.age_ms + between - LOOKS_MS, `${first.age_ms} ${second.age_ms}, ${between} ms between`);
    return same;
  }, 20_000);
});

test("everybody who asks meanwhile waits for one question", async () => {
  await ledger();
  await pause(300);
  const [before, began] = [await ledger({ slow_ms: 400 }), Date.now()];
  await Promise.allSettled(Array.from({ length: 100 }, () => head()));
  const most = 1 + Math.ceil((Date.now() - began) / 400);
  const asked = (await ledger()) - before;
  assert.ok(asked <= most && most < 50, `asked ${asked} times, and ${most} questions were enough`);
});

test("a relay tells nothing when it cannot ask, and says so by a stable code", async () => {
  await ledger({ fails: true });
  await pause(300);
  await assert.rejects(head(), { message: "store_unreachable" });
  await assert.rejects(head(), { message: "store_unreachable" });
  // The platform's words are in the log.
  await until(() => /overloaded/.test(served.log()));
  await ledger();
  await head();
});

test("a head that was too long on its way is none", async () => {
  await ledger({ slow_ms: 1_200 });
  await pause(300);
  await assert.rejects(head(), { message: "store_unreachable" });
  await ledger();
  await head();
});

test("a ledger that never answers one question is asked the next", async () => {
  await ledger({ slow_ms: 20_000 });
  await pause(300);
  const began = Date.now();
  await assert.rejects(head(), { message: "store_unreachable" });
  await ledger();
  await head();
  assert.ok(Date.now() - began < 5_000, "nobody waits for what may never come");
});

test("a revocation is in every answer of a relay that was asked for after it", async () => {
  const id = await create();
  const relays = ["weur", "enam", "apac"];
  await Promise.all(relays.map((relay) => head([0, 0], relay)));
  const { stamp } = await served.administer(admin.key, { op: "revoke", id });
  const committed = Date.now();
  for (const relay of relays) {
    await until(async () => {
      const { began, age_ms, entries } = await head([0, 0], relay);
      const says = entries.some((entry) => entry[3] === id && entry[0] === stamp[1]);
      // No copy is older than it is allowed to be, so this is within 250 ms and one question.
      assert.ok(says || began - age_ms <= committed + LOOKS_MS, `${relay}: ${began - committed} ms after it, from ${age_ms} ms before`);
      return says;
    });
  }
});

test("an asker is told what came after what it knows, or all if that is another ledger's", async () => {
  const before = await head();
  const id = await create();
  const { stamp } = await served.administer(admin.key, { op: "disable", id });
  const news = await until(async () => {
    const told = await head(before.head);
    return told.head[1] >= stamp[1] && told;
  });
  assert.deepEqual(news.entries, [[stamp[1], "acme", "key", id]]);
  assert.equal(news.since, before.head[1]);
  const all = await head([before.head[0] + 7, 1]);
  assert.equal(all.since, all.floor);
});

test("the answers of a bucket bring the head, renewed behind them", async () => {
  const bucket = "acme/key/key_1/burst";
  const mine = holder();
  let seq = 0;
  const ask = async (since) => {
    const [, text] = parts(await served.ask("BUCKET", bucket, lease(bucket, { holder: mine, seq: (seq += 1) }, since)));
    return text === "" ? null : JSON.parse(text);
  };
  const first = await until(() => ask([0, 0]));
  assert.ok(first.age_ms <= 1_000, `${first.age_ms}`);
  const id = await create();
  const { stamp } = await served.administer(admin.key, { op: "revoke", id });
  const news = await until(async () => {
    const told = await ask(first.head);
    return told?.head[1] >= stamp[1] && told;
  });
  assert.deepEqual(news.entries, [[stamp[1], "acme", "key", id]]);
});

test("a bucket whose copy is too old tells none, and grants all the same", async () => {
  const bucket = "acme/key/key_2/burst";
  await ledger({ fails: true });
  await pause(1_300);
  const [answer, text] = parts(await served.ask("BUCKET", bucket, lease(bucket, { holder: holder(), seq: 1 })));
  assert.equal(JSON.parse(answer).granted_waiting, 1);
  assert.equal(text, "");
  await ledger();
});

test("what is no question for the head is refused by name", async () => {
  for (const [question, code] of [
    ["", "message_malformed"],
    [`{"since":[0,0],"lookup":"${"0".repeat(32)}"}`, "question_misdirected"],
    [lease("acme/key/key_3/burst", { holder: holder(), seq: 1 }), "question_misdirected"],
  ]) {
    await assert.rejects(served.ask("RELAY", "relay", question), { message: code });
  }
});
