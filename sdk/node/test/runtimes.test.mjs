// The same handler on workerd, the runtime of Cloudflare's Workers, and on `edge-runtime`, that of Vercel's Edge functions.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { serve } from "../../../tests/workers/runtime.mjs";
import { DIST, GOOD, JWKS, PROJECT, settings } from "./data.mjs";
import { withJwks } from "./servers.mjs";
import { ask, playRows } from "./wire.mjs";

const { nowMs, ...usual } = settings();
const require = createRequire(join(PROJECT, "workers/build.mjs"));
const { buildSync } = require("esbuild");
const { EdgeRuntime, runServer } = require("edge-runtime");

/** A Worker of one handler, bundled as whoever deploys one would. */
function bundle(variants, entry, format) {
  const contents = `
    import { tollgate } from "./fetch.js";
    let reached = 0;
    const seen = (identity) => {
      const { binding } = identity;
      const hex = (text) => Array.from(text, (one) => one.charCodeAt(0).toString(16).padStart(2, "0")).join("");
      return { key: identity.key, sub: identity.owner, tenant: identity.tenant, env: identity.env, scopes: identity.scopes,
        plan: identity.plan, kid: identity.kid, iss: identity.issuer, aud: identity.audience, iat: identity.issuedAt,
        exp: identity.expiresAt, binding: binding && { ...binding, path: hex(binding.path) } };
    };
    const handler = (request, identity) => { reached += 1; return Response.json(seen(identity)); };
    const variants = ${JSON.stringify(variants)};
    const handlers = Object.fromEntries(Object.entries(variants).map(([name, given]) =>
      [name, tollgate({ ...given, nowMs: () => ${nowMs()} }, handler)]));
    const serve = (request, env, ctx) => {
      const host = request.headers.get("host");
      if (host === "count") return new Response(String(reached));
      return (handlers[host] ?? handlers.usual)(request, env, ctx);
    };
    ${entry}`;
  const made = buildSync({
    stdin: { contents, resolveDir: DIST },
    bundle: true,
    format,
    conditions: ["workerd", "worker", "browser"],
    write: false,
  });
  return made.outputFiles[0].text;
}

const VARIANTS = { usual, bound: { ...usual, requireBinding: true } };
const inWorkerd = (variants) => ({
  origin: { modules: { "origin.mjs": bundle(variants, "export default { fetch: serve };", "esm") } },
});

let workerd;
let end;
before(async () => {
  await withJwks("good", (good) =>
    withJwks("redirect", (redirect) =>
      withJwks("silent", async (silent) => {
        const bad = (server) => ({ ...usual, jwks: server.url, deadlineMs: 300 });
        workerd = await serve(
          inWorkerd({
            ...VARIANTS,
            fetched: { ...usual, jwks: good.url, deadlineMs: 30_000 },
            redirected: bad(redirect),
            silent: bad(silent),
            absent: { ...usual, jwks: "http://127.0.0.1:9/" },
          }),
        );
        fetched.push(await answers("fetched"), good.asked, await answers("redirected"), await answers("silent"), await answers("absent"));
      }),
    ),
  );
  end = () => workerd.stop();
});
after(() => end?.());

const fetched = [];
const port = () => Number(new URL(workerd.url()).port);

/** What two requests at once are told. */
async function answers(host) {
  const both = await Promise.all([1, 2].map(() => ask(port(), { headers: GOOD, host })));
  return both.map(({ status }) => status);
}

const LACKS = {
  target: "a platform of Request has resolved the target before anybody sees it",
  method: "workerd takes no method that it does not know",
};

const play = (port, door, lacks) => playRows(port, door, lacks, async () => Number((await ask(port, { host: "count" })).body));

test("every row over TCP: workerd", () => play(port(), "workerd", LACKS));

test("every row over TCP: edge-runtime", async () => {
  const entry = 'addEventListener("fetch", (event) => event.respondWith(serve(event.request, {}, event)));';
  const runtime = new EdgeRuntime({ initialCode: bundle(VARIANTS, entry, "iife") });
  const server = await runServer({ runtime });
  try {
    await play(Number(new URL(server.url).port), "edge-runtime", { target: LACKS.target });
  } finally {
    await server.close();
  }
});

test("keys are fetched once, and whoever sends elsewhere, is silent or absent ends in 503", () => {
  assert.deepEqual(fetched, [[200, 200], 1, [503, 503], [503, 503], [503, 503]]);
  assert.equal(JWKS.keys.length, 2);
});
