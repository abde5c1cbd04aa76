// Whoever waits in the Worker: an answer that came while the isolate stood still counts, nobody looks at the time more
// often than it pays, and a client that goes away is no fault of the origin.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request } from "node:http";
import { after, before, test } from "node:test";
import { deployed, files } from "./deployed.mjs";
import { until } from "./objects.mjs";

/** The longest that a test may take. */
const TEST_MAX_MS = 30_000;
/** For how long the runtime stands still: longer than any store is waited for. */
const STILL_MS = 1_300;
/** Which answer has come and is not heard, by the name of the gate; what is done then, and what becomes of the request. */
const STALLED = [
  ["head", { status: 204 }],
  // So soon after its time has passed none is asked again.
  ["head-soon", { status: 204, still_ms: 1_050 }],
  ["record", { status: 204 }],
  ["lease", { status: 204, more: { limits: [{ name: "burst", scope: "key", burst: 100, rate: 100, period_ms: 1_000 }] } }],
  ["head-revoked", { status: 401, revoked: true }],
  ["record-revoked", { status: 401, revoked: true }],
];
/** For how long a store keeps everybody waiting. */
const SLOW_MS = 400;

/** A Worker of a team's own: its stores answer when the server of this test says so. */
const TEAM = `import { Gate, Onward } from "./workers/gate/gate.mjs";
import module from "./workers/gate/gate.wasm";
import { client, settings, stores } from "./workers/cloudflare/bindings.mjs";
let gate;
let told = 0;
/** The module as it is, with every look of somebody who waits counted. */
const instance = WebAssembly.Instance;
WebAssembly.Instance = function (...given) {
  const { exports } = new instance(...given);
  return { exports: { ...exports, told: (...asked) => ((told += 1), exports.told(...asked)) } };
};
export default {
  async fetch(request, env, context) {
    const url = new URL(request.url);
    if (url.pathname === "/told") return Response.json(told);
    gate ??= new Gate(module, () => settings(env), Object.fromEntries(Object.entries(stores(env)).map(([name, ask]) => [name, async (...question) => {
      const answer = await ask(...question);
      await fetch(env.PAUSE + name);
      return answer;
    }])));
    const judged = await gate.judge(request, client(request), context);
    return judged instanceof Onward ? new Response(null, { status: 204 }) : judged;
  },
};`;

/** What becomes of pauses and of requests that went on, by path; each test has its own. */
const paths = new Map();
let server;
let served;
let key;

before(async () => {
  server = createServer((asked, answer) => (paths.get(asked.url) ?? (() => answer.end()))(asked, answer));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const url = `http://127.0.0.1:${server.address().port}`;
  const laid = await files("workers/gate/gate.mjs", "workers/gate/gate.wasm", "workers/cloudflare/bindings.mjs", "workers/cloudflare/places.mjs");
  const modules = { "entry.mjs": TEAM, ...laid };
  const routes = [{ path: "/limited", limits: ["few:key=100,100/1s"] }];
  const bindings = { PAUSE: `${url}/` };
  // Each has a gate of its own, which knows nothing yet.
  const stalled = STALLED.map(([of]) => [of, { modules, bindings: { ...bindings, PAUSE: `${url}/${of}/` } }]);
  const teams = {
    ...Object.fromEntries(stalled),
    stalled: { modules, bindings: { ...bindings, TOLLGATE: { json: told(url, { routes }) } } },
    slow: { modules, bindings },
  };
  served = await deployed({ origin: url, teams });
  key = await served.key();
});
after(async () => {
  await served.stop();
  server.closeAllConnections();
  server.close();
});

/** Settings with more of them. */
const told = (url, more) => ({
  origin: { url },
  keys: { prefix: "tg", envs: ["live"] },
  identity: { issuer: "tollgate", audience: "origin" },
  ...more,
});

const status = async (name, path, own = key) => (await fetch(served.url(name) + path, { headers: { "x-api-key": own } })).status;

/** Lets the runtime stand still; what `answer` ends is written while nobody can read it. */
async function stand(answer, still_ms = STILL_MS) {
  process.kill(served.pid, "SIGSTOP");
  answer.end();
  await new Promise((resolve) => setTimeout(resolve, still_ms));
  process.kill(served.pid, "SIGCONT");
}

test("an answer that came while the isolate stood still is taken, though its time has passed", { timeout: TEST_MAX_MS }, async () => {
  paths.set("/limits", (_asked, answer) => stand(answer));
  assert.equal(await status("stalled", "/limited"), 204, served.log());
});

test("who waited while the isolate stood still is judged by what is so now", { timeout: TEST_MAX_MS }, async () => {
  for (const [name, { status: expected, revoked, more, still_ms }] of STALLED) {
    const own = await served.key(more);
    const [of] = name.split("-");
    let ended;
    const stood = new Promise((resolve) => (ended = resolve));
    paths.set(`/${name}/${of}`, async (_asked, answer) => {
      paths.delete(`/${name}/${of}`);
      // What has come tells of the time before.
      if (revoked) await served.revoke(own);
      await stand(answer, still_ms);
      ended();
    });
    // A record brings a head with it, which would do.
    if (of === "head") paths.set(`/${name}/record`, (_asked, answer) => stood.then(() => answer.end()));
    assert.equal(await status(name, "/orders", own), expected, `${name}\n${served.log()}`);
    await stood;
  }
});

test("who waits for long looks less and less often whether there is a decision", { timeout: TEST_MAX_MS }, async () => {
  for (const of of ["/head", "/record"]) paths.set(of, (_asked, answer) => setTimeout(() => answer.end(), SLOW_MS));
  const all = Array.from({ length: 20 }, () => status("slow", "/orders"));
  assert.deepEqual(new Set(await Promise.all(all)), new Set([204]), served.log());
  const looks = await (await fetch(`${served.url("slow")}/told`)).json();
  // Every four milliseconds would be a hundred of each.
  assert.ok(looks >= all.length && looks < all.length * 40, `${looks} looks of ${all.length} requests`);
});

test("a client that goes away is not logged as an origin that gives no answer", { timeout: TEST_MAX_MS }, async () => {
  let missed;
  const gone = new Promise((resolve) => (missed = resolve));
  let here;
  const arrived = new Promise((resolve) => (here = resolve));
  paths.set("/up", (asked) => {
    asked.on("error", () => {});
    asked.once("data", here);
    asked.once("close", missed);
  });
  const sent = request(`${served.url("gate")}/up`, { method: "POST", headers: { "x-api-key": key, "content-length": "1000000" }, agent: false });
  sent.on("error", () => {});
  sent.write("some of it");
  await arrived;
  sent.socket.resetAndDestroy();
  await gone;
  // An origin that gives no answer is: the log has been written up to here then.
  paths.set("/none", (asked) => asked.socket.destroy());
  assert.equal(await status("gate", "/none"), 502);
  await until(() => served.log().includes("origin_unreachable"));
  assert.equal(served.log().split("origin_unreachable").length, 2, served.log());
});
