// Buckets on real Durable Objects: never more than there is, whoever asks, however often, whatever happens.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { holder, lease, objects, parts, secrets, until } from "./objects.mjs";

/** Two addresses, and the one of 256 objects that keeps both. */
const ADDRESSES = ["acme/ip/192.0.2.0/burst", "acme/ip/192.0.2.117/burst"];
const OBJECT = "ip/29";

let served;
const given = secrets();
before(async () => {
  served = await objects({ given });
});
after(() => served.stop());

/** One question to a bucket, and what it grants. */
async function grant(to, bucket, ask, object = bucket) {
  const [answer] = parts(await to.ask("BUCKET", object, lease(bucket, ask)));
  return JSON.parse(answer);
}

test("a limit of N admits exactly N, however many ask at once", async () => {
  const bucket = "acme/key/key_1/burst";
  const holders = Array.from({ length: 64 }, holder);
  let granted = 0;
  await Promise.all(
    holders.map(async (holder) => {
      for (let seq = 1; seq <= 5; seq += 1) {
        const answer = await grant(served, bucket, { holder, seq });
        assert.equal(answer.seq, seq);
        granted += answer.granted_waiting + answer.granted;
      }
    }),
  );
  assert.equal(granted, 100);
});

test("a question that is asked again has the same answer, and takes nothing", async () => {
  const bucket = "acme/key/key_2/burst";
  const ask = { holder: holder(), seq: 7, waiting: 30, want: 5 };
  const first = await grant(served, bucket, ask);
  assert.equal(first.granted_waiting, 30);
  const again = await Promise.all(Array.from({ length: 20 }, () => grant(served, bucket, ask)));
  for (const answer of again) assert.deepEqual(answer, first);
  const older = await grant(served, bucket, { ...ask, seq: 6 });
  assert.deepEqual(older, { seq: 6, stale: true });
  const other = await grant(served, bucket, { holder: holder(), seq: 1, waiting: 100 });
  assert.equal(other.granted_waiting, 100 - first.granted_waiting - first.granted);
});

test("buckets of one object do not touch each other", async () => {
  for (const bucket of ADDRESSES) {
    const answer = await grant(served, bucket, { holder: holder(), seq: 1, waiting: 100 }, OBJECT);
    assert.equal(answer.granted_waiting, 100);
  }
});

test("an object refuses to keep a bucket that is another's", async () => {
  for (const [bucket, object] of [
    ["acme/key/key_6/burst", "acme/key/key_7/burst"],
    ["acme/key/key_6/burst", "ip/7"],
    [ADDRESSES[0], ADDRESSES[0]],
    [ADDRESSES[0], "ip/255"],
  ]) {
    const asked = grant(served, bucket, { holder: holder(), seq: 1 }, object);
    await assert.rejects(asked, { message: "question_misdirected" });
  }
});

test("what was granted stays granted when everything is killed in between", async () => {
  const disk = await mkdtemp(join(tmpdir(), "tollgate-disk-"));
  try {
    const bucket = "acme/key/key_3/burst";
    const asks = Array.from({ length: 4 }, () => ({ holder: holder(), seq: 1, waiting: 20 }));
    let granted = 0;
    const answers = [];
    for (const ask of asks) {
      const life = await objects({ disk, given });
      const answer = await grant(life, bucket, ask);
      await life.stop();
      granted += answer.granted_waiting;
      answers.push(answer);
    }
    assert.equal(granted, 80);
    const life = await objects({ disk, given });
    // The last one: for the others more time may have passed than an answer is kept.
    const again = await grant(life, bucket, asks.at(-1));
    assert.deepEqual(again, answers.at(-1), "an answer outlives the process that gave it");
    const rest = await grant(life, bucket, { holder: holder(), seq: 1, waiting: 90 });
    assert.equal(rest.granted_waiting, 20, "what is left, of 90 that wait");
    await life.stop();
  } finally {
    await rm(disk, { recursive: true, force: true });
  }
});

test("what is no question to a bucket is refused by name", async () => {
  const whole = lease("acme/key/key_4/burst", { holder: holder(), seq: 1 });
  for (const [question, code] of [
    ["", "message_malformed"],
    ["{}", "message_malformed"],
    [whole.slice(0, -1), "message_malformed"],
    [`${whole} `, "message_malformed"],
    [whole.replace('"waiting":1', '"waiting":4294967296'), "message_invalid"],
    [whole.replace("acme/key", "acme/else"), "message_invalid"],
    ['{"since":[0,0]}', "question_misdirected"],
    [`{"since":[0,0],"lookup":"${"0".repeat(32)}"}`, "question_misdirected"],
    ["x".repeat(2_000_000), "message_too_long"],
  ]) {
    await assert.rejects(served.ask("BUCKET", "acme/key/key_4/burst", question), { message: code });
  }
  const answer = await grant(served, "acme/key/key_4/burst", { holder: holder(), seq: 1 });
  assert.equal(answer.left, 99, "none of them has taken anything");
});

test("without good secrets nothing is granted", async () => {
  for (const [given, code] of [
    [null, "secrets_malformed"],
    ["", "secrets_malformed"],
    ["{}", "secrets_malformed"],
    [secrets().replace(/"secret":"[0-9a-f]+"/, `"secret":"${"00".repeat(32)}"`), "secrets_refused"],
    [secrets().replace(/"secret":"[0-9a-f]+"/, '"secret":"0102"'), "secrets_refused"],
  ]) {
    const life = await objects({ given });
    await assert.rejects(grant(life, "acme/key/key_5/burst", { holder: holder(), seq: 1 }), { message: code });
    await life.stop();
  }
});

/** Shells that hasten what they wait for, or break what they run. */
const HASTE = `
export class Hasty extends Bucket {
  /** What is stored, by its keys. */
  stored() {
    return new TextEncoder().encode(JSON.stringify([...this.ctx.storage.kv.list()].map(([key, state]) => [key, [...state]])));
  }
  /** Stores other bytes under the first key. */
  spoil(bytes) {
    const [[key]] = this.ctx.storage.kv.list();
    this.ctx.storage.kv.put(key, bytes);
  }
  /** What the alarm does when it fires, which ends it. */
  async look() {
    await this.ctx.storage.deleteAlarm();
    return this.alarm();
  }
  /** When the alarm is due. */
  async due() {
    return new TextEncoder().encode(String(await this.ctx.storage.getAlarm()));
  }
}
`;
const decoded = (answer) => new TextDecoder().decode(answer);

test("a state that was damaged is refused, stays as it is, and is never forgotten", async () => {
  const life = await objects({ given, more: HASTE, classes: { BUCKET: "Hasty" } });
  const bucket = "acme/key/key_8/burst";
  await grant(life, bucket, { holder: holder(), seq: 1, waiting: 60 });
  const [[, state]] = JSON.parse(decoded(await life.ask("BUCKET", bucket, "", "stored")));
  for (const spoiled of [
    state.slice(0, -1),
    [...state, 0],
    state.map((byte, at) => (at === 0 ? 99 : byte)),
    state.map(() => 255),
    [7],
  ]) {
    await life.post("BUCKET", bucket, Uint8Array.from(spoiled), "spoil");
    await assert.rejects(grant(life, bucket, { holder: holder(), seq: 1 }), { message: "bucket_damaged" });
    await life.post("BUCKET", bucket, "", "look");
    const [[, after]] = JSON.parse(decoded(await life.ask("BUCKET", bucket, "", "stored")));
    assert.deepEqual(after, spoiled);
  }
  await until(() => /"bucket_damaged"/.test(life.log()));
  await life.post("BUCKET", bucket, Uint8Array.from(state), "spoil");
  const again = await grant(life, bucket, { holder: holder(), seq: 1, waiting: 60 });
  assert.equal(again.granted_waiting, 40, "what was read before is not kept beside what is stored");
  await life.stop();
});

test("an alarm forgets what is full with nothing out, and nothing else", async () => {
  const life = await objects({ given, more: HASTE, classes: { BUCKET: "Hasty" } });
  const kinds = [
    // Full again within a moment, and what was granted was spent with the answer: nothing is out after the deadline.
    ["acme/key/full/burst", [10, 1000, 1], { waiting: 1, deadline_ms: 100 }, true],
    // A token comes back after an hour.
    ["acme/key/slow/burst", [10, 1, 3_600_000], { waiting: 1, deadline_ms: 100 }, false],
    // Tokens are out for five seconds.
    ["acme/key/out/burst", [1000, 1000, 1], { waiting: 1, want: 8, deadline_ms: 100 }, false],
    // What was spent of it never comes back.
    ["acme/key/total/quota", [10, "total"], { waiting: 1, deadline_ms: 100 }, false],
  ];
  for (const [bucket, numbers, ask] of kinds) {
    const answer = await grant(life, bucket, { holder: holder(), seq: 1, numbers, ...ask });
    assert.equal(answer.granted_waiting, 1);
    const due = Number(decoded(await life.ask("BUCKET", bucket, "", "due")));
    assert.ok(Math.abs(due - Date.now() - 60_000) < 5_000, "an alarm is set with the first state");
  }
  await new Promise((resolve) => setTimeout(resolve, 300));
  for (const [bucket, , , forgotten] of kinds) {
    await life.post("BUCKET", bucket, "", "look");
    const stored = JSON.parse(decoded(await life.ask("BUCKET", bucket, "", "stored")));
    assert.equal(stored.length === 0, forgotten, bucket);
    const due = decoded(await life.ask("BUCKET", bucket, "", "due"));
    if (!forgotten) assert.ok(Number(due) > Date.now() + 30_000, "and it is looked at again");
  }
  await life.stop();
});

test("an object that is not told its own name knows it all the same", async () => {
  const shell = (text) => {
    assert.ok(text.includes("id.name === undefined ?"));
    return text.replace("id.name === undefined ?", "true ?");
  };
  const life = await objects({ given, plants: { "cloudflare/shell.mjs": shell } });
  const bucket = "acme/key/key_10/burst";
  assert.equal((await grant(life, bucket, { holder: holder(), seq: 1 })).granted_waiting, 1);
  assert.equal((await grant(life, ADDRESSES[0], { holder: holder(), seq: 1 }, OBJECT)).granted_waiting, 1);
  const misdirected = { message: "question_misdirected" };
  await assert.rejects(grant(life, bucket, { holder: holder(), seq: 1 }, "ip/7"), misdirected);
  const question = JSON.stringify({ since: [0, 0] });
  assert.equal(parts(await life.ask("LEDGER", "ledger", question)).length, 1);
  await assert.rejects(life.ask("LEDGER", "another", question), misdirected);
  await life.stop();
});

test("what cannot be stored is not granted, and the platform's own words stay in the log", async () => {
  const place = "kv.put(key, state.slice());";
  const shell = (text) => {
    assert.ok(text.includes(place));
    return text.replace(place, 'throw new Error("no space left on /somewhere");');
  };
  const life = await objects({ given, plants: { "cloudflare/bucket.mjs": shell } });
  const bucket = "acme/key/key_11/burst";
  await assert.rejects(grant(life, bucket, { holder: holder(), seq: 1 }), { message: "store_unreachable" });
  await until(() => /no space left/.test(life.log()));
  await life.stop();
});

/** A bucket that is reset from outside, as the platform does when it has to. */
const RESET = `
export class Brittle extends Bucket {
  made = console.log("made");
  reset() {
    this.ctx.abort("reset");
  }
}
`;

test("an object that is reset in the middle never admits more than N: what was on its way is lost", async () => {
  const life = await objects({ given, more: RESET, classes: { BUCKET: "Brittle" } });
  const bucket = "acme/key/key_12/burst";
  let [granted, failed, asking, reset] = [0, 0, true, 0];
  const resets = (async () => {
    while (asking) {
      await life.post("BUCKET", bucket, "", "reset").then((answer) => answer.arrayBuffer());
      reset += 1;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  const answered = async (ask) => {
    for (;;) {
      try {
        return await grant(life, bucket, ask);
      } catch {
        failed += 1;
      }
    }
  };
  const holders = Array.from({ length: 24 }, holder);
  await Promise.all(
    holders.map(async (holder) => {
      // However quick it is, it is asked until it was reset a few times.
      for (let seq = 1; seq <= 6 || reset < 8; seq += 1) {
        const answer = await answered({ holder, seq });
        granted += answer.granted_waiting;
      }
    }),
  );
  asking = false;
  await resets;
  const made = life.log().split("made").length - 1;
  assert.ok(made > 5 && failed > 0, `reset ${made} times, ${failed} questions without an answer`);
  const { granted_waiting } = await grant(life, bucket, { holder: holder(), seq: 1, waiting: 100 });
  assert.ok(granted > 0 && granted + granted_waiting <= 100, `${granted} and ${granted_waiting} of 100`);
  await life.stop();
});
