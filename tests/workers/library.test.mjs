// Workers that have the gate in them, as the examples show it: they ask who is calling, and answer themselves.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { flags } from "../../workers/flags.mjs";
import { deployed, files } from "./deployed.mjs";

/** The longest that a test may take. */
const TEST_MAX_MS = 30_000;
/** What both examples import. */
const LIBRARY = ["workers/gate/gate.mjs", "workers/cloudflare/bindings.mjs", "workers/cloudflare/places.mjs"];
const RUST = "examples/worker-library-rust";

/** As its `wrangler.toml` has it built; with the flags of the gate's own module, so that what both consist of is there already. */
before(() => {
  process.env.CARGO_ENCODED_RUSTFLAGS = flags();
  return import(`../../${RUST}/build.mjs`);
});

test("a team's Worker in JavaScript answers whom the gate lets pass", { timeout: TEST_MAX_MS }, async () => {
  const team = await files("examples/worker-library-js/worker.mjs", "workers/gate/gate.wasm", ...LIBRARY);
  await check(team, (owner, tenant, asked) => JSON.stringify({ owner, tenant, asked }));
});

test("a team's Worker in Rust answers whom the gate lets pass", { timeout: TEST_MAX_MS }, async () => {
  const team = await files(`${RUST}/worker.mjs`, `${RUST}/orders.wasm`, ...LIBRARY);
  await check(team, (owner, tenant, asked) => `${owner} of ${tenant} asked for ${asked}\n`);
});

/** Allowed, refused, limited and ungated, of a Worker that consists of `team` and answers as `says` does. */
async function check(team, says) {
  // There is no origin: a Worker that went on to one would answer 502.
  const served = await deployed({ origin: "http://127.0.0.1:9", team });
  try {
    const key = await served.key();
    const limited = await served.key({ owner: "eve", limits: [{ name: "few", scope: "key", burst: 1, rate: 1, period_ms: 3_600_000 }] });
    for (const [what, path, headers, status, told] of [
      ["allowed", "/orders/1?x=2", { "x-api-key": key }, 200, says("ann", "acme", "/orders/1?x=2")],
      ["allowed again", "/orders/2", { authorization: `Bearer ${key}` }, 200, says("ann", "acme", "/orders/2")],
      ["without a key", "/orders/1", {}, 401, "credential_missing"],
      ["with a key that nobody made", "/orders/1", { "x-api-key": key.slice(0, -1) }, 401, "key_invalid"],
      ["beside the open path", "/health/1", {}, 401, "credential_missing"],
      ["with an identity of the client's own", "/orders/1", { "tollgate-identity": "a.e30.b" }, 401, "credential_missing"],
      ["within a limit", "/orders/1", { "x-api-key": limited }, 200, says("eve", "acme", "/orders/1")],
      ["beyond the limit", "/orders/1", { "x-api-key": limited }, 429, "rate_limited"],
      ["ungated", "/health", {}, 200, "well\n"],
    ]) {
      const answer = await fetch(served.url("team") + path, { headers });
      const text = await answer.text();
      assert.equal(answer.status, status, `${what}: ${text}\n${served.log()}`);
      assert.equal(status === 200 ? text : JSON.parse(text).code, told, what);
      if (told.includes("asked")) assert.equal(answer.headers.get("cache-control"), "private", what);
    }
  } finally {
    await served.stop();
  }
}
