// Who does what is due in an isolate: one request at a time, and always one that will be there long enough.
//
// The clock is the test's own; in the place of the module stands one that says when something is due.

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Gate } from "../../workers/gate/gate.mjs";

/** So often what was counted is sent, and the longest time that one request minds; as they are deployed. */
const SENT_EVERY_MS = 10_000;
const MIND_MAX_MS = 20_000;
/** Something is due so often: a lease, say. */
const LEASE_MS = 1_000;
const STEP_MS = 50;

const ANSWERED = 1;

/** A module to which every request is one that is counted and lets the head be asked for. */
function module() {
  const memory = new WebAssembly.Memory({ initial: 1 });
  let page = 0;
  let asks = 0;
  const counted = [];
  const sent = [];
  const say = (text) => (page = new TextEncoder().encodeInto(text, new Uint8Array(memory.buffer)).written);
  return {
    sent,
    counted,
    memory,
    room: () => 1_024,
    written: () => 0,
    written_len: () => page,
    start: () => 0,
    arrive: (_len, _ticket, now) => {
      counted.push(now);
      asks += 1;
      say("204\n\n");
      return ANSWERED;
    },
    pending: () => asks,
    errands: () => {
      say("1\thead\t1000\t\t{}\n".repeat(asks));
      asks = 0;
    },
    deliver: () => {},
    tick: (now) => {
      if (now - counted[0] >= SENT_EVERY_MS) sent.push({ now, of: counted.splice(0) });
      return LEASE_MS;
    },
  };
}

/** Asks a gate at these times, and lets `until_ms` pass; whoever minds is in `minding` until it ends. */
async function play(asked, until_ms) {
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000_000 });
  const wasm = module();
  const made = mock.method(WebAssembly, "Instance", function () {
    return { exports: wasm };
  });
  try {
    const gate = new Gate(null, () => "", { head: async () => new Uint8Array(1) });
    const begun = Date.now();
    const minding = new Map();
    let most = 0;
    for (let now = 0; now <= until_ms; now += STEP_MS) {
      if (asked.includes(now)) {
        const waitUntil = (work) => (minding.set(now, work), work.finally(() => minding.delete(now)));
        gate.judge(new Request("https://gate.example/"), { address: "", country: "" }, { waitUntil });
      }
      // Everything that is due comes to its end before time goes on.
      await new Promise(setImmediate);
      if (now % LEASE_MS === LEASE_MS - STEP_MS) most = Math.max(most, minding.size);
      mock.timers.tick(STEP_MS);
    }
    return { most, left: minding.size, counted: wasm.counted.length, sent: wasm.sent.map(({ now, of }) => [now - begun, of.length]) };
  } finally {
    made.mock.restore();
    mock.timers.reset();
  }
}

/** Every second from the start to then. */
const seconds = (last_ms) => Array.from({ length: last_ms / 1_000 + 1 }, (_, second) => second * 1_000);

test("whoever will end before what is counted now is sent is relieved, by one request at a time", async () => {
  for (const last_ms of [0, 3_000, 12_000, 15_000, 19_000]) {
    const asked = seconds(last_ms);
    const { most, left, counted, sent } = await play(asked, last_ms + 2 * MIND_MAX_MS);
    const told = sent.reduce((sum, [, requests]) => sum + requests, 0);
    assert.deepEqual([told, counted], [asked.length, 0], `asked until ${last_ms}: sent ${JSON.stringify(sent)}`);
    // In the second in which one is relieved there are two.
    assert.ok(most <= 2, `${most} mind at one time`);
    assert.equal(left, 0, "and all come to an end");
  }
});
