// Workers that have the gate in them, as the examples show it: they ask who is calling, and answer themselves.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { deployed, files } from "./deployed.mjs";
import { PROJECT } from "./runtime.mjs";

/** The longest that a test may take. */
const TEST_MAX_MS = 30_000;
/** What both examples import. */
const LIBRARY = ["workers/gate/gate.mjs", "workers/gate/gate.wasm", "workers/cloudflare/bindings.mjs"];

test("a team's Worker in JavaScript answers whom the gate lets pass", { timeout: TEST_MAX_MS }, async () => {
  await check(await files("examples/worker-library-js/worker.mjs", ...LIBRARY));
});

/** Allowed, refused, limited and ungated, of a Worker that consists of `team`. */
async function check(team) {
  // There is no origin: a Worker that went on to one would answer 502.
  const served = await deployed({ origin: "http://127.0.0.1:9", team });
  try {
    const key = await served.key();
    const limited = await served.key({ owner: "eve", limits: [{ name: "few", scope: "key", burst: 1, rate: 1, period_ms: 3_600_000 }] });
    const ask = (path, headers = {}) => fetch(served.url("team") + path, { headers });
    for (const [what, path, headers, status, told] of [
      ["allowed", "/orders/1?x=2", { "x-api-key": key }, 200, { owner: "ann", tenant: "acme", asked: "/orders/1?x=2" }],
      ["allowed again", "/orders/2", { authorization: `Bearer ${key}` }, 200, { owner: "ann", tenant: "acme", asked: "/orders/2" }],
      ["without a key", "/orders/1", {}, 401, { code: "credential_missing" }],
      ["with a key that nobody made", "/orders/1", { "x-api-key": key.slice(0, -1) }, 401, { code: "key_invalid" }],
      ["beside the open path", "/health/1", {}, 401, { code: "credential_missing" }],
      ["with an identity of the client's own", "/orders/1", { "tollgate-identity": "a.e30.b" }, 401, { code: "credential_missing" }],
      ["within a limit", "/orders/1", { "x-api-key": limited }, 200, { owner: "eve", tenant: "acme", asked: "/orders/1" }],
      ["beyond the limit", "/orders/1", { "x-api-key": limited }, 429, { code: "rate_limited" }],
    ]) {
      const answer = await ask(path, headers);
      const body = await answer.json();
      assert.equal(answer.status, status, `${what}: ${JSON.stringify(body)}\n${served.log()}`);
      for (const [name, value] of Object.entries(told)) assert.equal(body[name], value, `${what}: ${name}`);
      if (status === 200) assert.equal(answer.headers.get("cache-control"), "private", what);
    }
    const open = await ask("/health");
    assert.deepEqual([open.status, await open.text()], [200, "well\n"]);
  } finally {
    await served.stop();
  }
}
