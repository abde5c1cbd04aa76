// Bodies through the Worker: streamed both ways, never held; and whoever goes away is missed at the origin.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request } from "node:http";
import { after, before, test } from "node:test";
import { deployed } from "./deployed.mjs";
import { until } from "./objects.mjs";

const PIECE = Buffer.alloc(65_536, "x");
/** 50 MB. */
const PIECES = 800;
/** 210 MB: twice as much as the sockets of the way hold between them, and more. */
const MORE = 4 * PIECES;

/** What the origin does, by path; each test has its own. */
const paths = new Map();
/** The longest that a test may take. */
const TEST_MAX_MS = 30_000;

let origin;
let served;
let key;

before(async () => {
  origin = createServer((asked, answer) => paths.get(asked.url)(asked, answer));
  await once(origin.listen(0, "127.0.0.1"), "listening");
  served = await deployed({ origin: `http://127.0.0.1:${origin.address().port}` });
  key = await served.key();
});
after(async () => {
  await served.stop();
  origin.closeAllConnections();
  origin.close();
});

/** A request to the gate; what is sent is the test's business. */
function ask(path, { method = "GET", as = key, does }) {
  paths.set(path, does);
  const sent = request(served.url("gate") + path, { method, headers: { "x-api-key": as }, agent: false });
  const answered = once(sent, "response").then(([answer]) => answer);
  answered.catch(() => {});
  return { sent, answered };
}

/** Writes every piece, as fast as they are taken. */
async function write(to, pieces) {
  for (let at = 0; at < pieces; at += 1) if (!to.write(PIECE)) await once(to, "drain");
}

/** Waits until `count` gives the same twice: what lies between is full then. */
async function rest(count) {
  let before = -1;
  await until(async () => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    const rests = count() === before;
    before = count();
    return rests;
  });
  return before;
}

async function length(stream) {
  let length = 0;
  for await (const piece of stream) length += piece.length;
  return length;
}

test("of an upload the first bytes reach the origin before the last are sent", { timeout: TEST_MAX_MS }, async () => {
  let first;
  const arrived = new Promise((resolve) => (first = resolve));
  const { sent, answered } = ask("/up", {
    method: "POST",
    does: async (asked, answer) => {
      let got = 0;
      for await (const piece of asked) {
        got += piece.length;
        first(got);
      }
      answer.end(String(got));
    },
  });
  sent.write(PIECE);
  assert.ok((await arrived) > 0);
  await write(sent, PIECES - 1);
  sent.end();
  const answer = await answered;
  const text = (await answer.toArray()).join("");
  assert.deepEqual([answer.statusCode, text], [200, String(PIECES * PIECE.length)]);
});

test("of a download the first bytes reach the client before the last are sent", { timeout: TEST_MAX_MS }, async () => {
  let go;
  const seen = new Promise((resolve) => (go = resolve));
  const { sent, answered } = ask("/down", {
    does: async (_asked, answer) => {
      answer.write(PIECE);
      await seen;
      await write(answer, PIECES - 1);
      answer.end();
    },
  });
  sent.end();
  const body = (await answered)[Symbol.asyncIterator]();
  const first = (await body.next()).value;
  go();
  assert.equal(first.length + (await length(body)), PIECES * PIECE.length);
});

test("what a client does not take is not read from the origin", { timeout: TEST_MAX_MS }, async () => {
  let written = 0;
  const { sent, answered } = ask("/slow", {
    does: async (_asked, answer) => {
      for (let at = 0; at < MORE; at += 1) {
        if (!answer.write(PIECE)) await once(answer, "drain");
        written += PIECE.length;
      }
      answer.end();
    },
  });
  sent.end();
  const answer = await answered;
  answer.pause();
  assert.ok((await rest(() => written)) < (MORE * PIECE.length) / 2, `${written} bytes were taken`);
  assert.equal(await length(answer), MORE * PIECE.length);
});

test("what an origin does not take is not read from the client", { timeout: TEST_MAX_MS }, async () => {
  let go;
  const rested = new Promise((resolve) => (go = resolve));
  const { sent, answered } = ask("/full", {
    method: "POST",
    does: async (asked, answer) => {
      await rested;
      answer.end(String(await length(asked)));
    },
  });
  let written = 0;
  const all = (async () => {
    for (let at = 0; at < MORE; at += 1) {
      if (!sent.write(PIECE)) await once(sent, "drain");
      written += PIECE.length;
    }
    sent.end();
  })();
  assert.ok((await rest(() => written)) < (MORE * PIECE.length) / 2, `${written} bytes were taken`);
  go();
  await all;
  const answer = await answered;
  assert.equal((await answer.toArray()).join(""), String(MORE * PIECE.length));
});

for (const [what, path, answers] of [
  ["before there is an answer", "/gone-early", () => {}],
  ["in the middle of an answer", "/gone-late", (answer) => answer.write(PIECE)],
]) {
  test(`a client that goes away ${what} is missed at the origin`, { timeout: TEST_MAX_MS }, async () => {
    let gone;
    const missed = new Promise((resolve) => (gone = resolve));
    let here;
    const arrived = new Promise((resolve) => (here = resolve));
    // For a key with a limit the gate still minds its lease when the request has gone on.
    const { sent, answered } = ask(path, {
      as: await served.key({ limits: [{ name: "burst", scope: "key", burst: 100, rate: 50, period_ms: 1_000 }] }),
      does: (_asked, answer) => {
        answer.once("close", () => gone("gone"));
        answers(answer);
        here();
      },
    });
    sent.on("error", () => {});
    sent.end();
    await arrived;
    if (path === "/gone-late") await answered;
    sent.socket.resetAndDestroy();
    const late = new Promise((resolve) => setTimeout(() => resolve("nobody noticed"), 10_000));
    assert.equal(await Promise.race([missed, late]), "gone");
  });
}
