// What `wrangler deploy` uploads: exactly the modules of the gate and the objects, under names by which they find each
// other on the real runtime, with the same bindings in each environment.
//
// Nothing is built here and nothing leaves this machine: wrangler stops before it would upload.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { after, before, test } from "node:test";
import { PROJECT, serve } from "./runtime.mjs";

const BIN = join(PROJECT, "workers/node_modules/.bin");
/** What is uploaded, by the names that it gets. */
const UPLOADED = [
  "cloudflare/administration.mjs",
  "cloudflare/bindings.mjs",
  "cloudflare/bucket.mjs",
  "cloudflare/copy.mjs",
  "cloudflare/ledger.mjs",
  "cloudflare/objects.mjs",
  "cloudflare/places.mjs",
  "cloudflare/relay.mjs",
  "cloudflare/shell.mjs",
  "cloudflare/witness.mjs",
  "cloudflare/worker.mjs",
  "gate/gate.mjs",
  "gate/gate.wasm",
  "objects/objects.wasm",
  "worker.mjs",
];
const BINDINGS = ["env.BUCKET (Bucket)", "env.LEDGER (Ledger)", "env.RECORDS", "env.RELAY (Relay)", "env.TOLLGATE", "env.TOLLGATE_VERSION", "env.WITNESS (Witness)"];
/** What lies about in the folder of somebody who works on it, and is nobody else's business. */
const STRAY = ["node_modules/other/index.mjs", "gate/notes.txt", "gate/old.wasm", "tollgate.secrets.json", "objects/src/lib.rs"];
/** wrangler wants a newer Node than many systems have. */
const WAIT_MS = 60_000;

let folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "tollgate-deploy-"));
  const told = await readFile(join(PROJECT, "wrangler.toml"), "utf8");
  // The modules are those that were built: building them again would take them from under other tests.
  const built = /^\[build\]\ncommand = "node workers\/build\.mjs"\n.*\n/m;
  assert.match(told, built);
  await writeFile(join(folder, "wrangler.toml"), told.replace(built, ""));
  for (const name of ["worker.mjs", "cloudflare", "gate", "objects"]) {
    await cp(join(PROJECT, "workers", name), join(folder, "workers", name), { recursive: true });
  }
  for (const name of STRAY) {
    await mkdir(join(folder, "workers", name, ".."), { recursive: true });
    await writeFile(join(folder, "workers", name), "stray");
  }
});
after(() => rm(folder, { recursive: true, force: true }));

/** Does all of a deployment but the upload: the files that would be uploaded, and what was said. */
async function deployed(environment) {
  const out = join(folder, `out-${environment || "top"}`);
  const done = spawnSync(join(BIN, "wrangler"), ["deploy", "--dry-run", "--outdir", out, "--env", environment], {
    cwd: folder,
    encoding: "utf8",
    timeout: WAIT_MS,
    env: { HOME: folder, PATH: `${BIN}:${process.env.PATH}`, CI: "1", WRANGLER_SEND_METRICS: "false", NO_COLOR: "1" },
  });
  assert.equal(done.status, 0, done.stderr + done.stdout);
  assert.doesNotMatch(done.stdout + done.stderr, /WARNING/);
  const entries = await readdir(out, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => relative(out, join(entry.parentPath, entry.name)));
  return { out, said: done.stdout, files: files.filter((name) => name !== "README.md").sort() };
}

for (const environment of ["", "staging", "production"]) {
  test(`exactly the modules are uploaded, with all bindings: ${environment || "top level"}`, async () => {
    const { said, files } = await deployed(environment);
    assert.deepEqual(files, UPLOADED);
    const bound = [...said.matchAll(/^(env\.\w+(?: \(\w+\)(?=\s+Durable))?)/gm)].map(([, name]) => name);
    assert.deepEqual(bound.sort(), BINDINGS);
  });
}

test("the modules find each other under the names that they are uploaded by, and refuse without secrets", async () => {
  const { out, files } = await deployed("");
  const modules = { "worker.mjs": await readFile(join(out, "worker.mjs")) };
  for (const name of files) modules[name] ??= await readFile(join(out, name));
  const classes = { Bucket: "bucket", Relay: "relay", Ledger: "ledger", Witness: "witness" };
  const served = await serve({ gate: { modules, objects: classes } });
  try {
    const answer = await fetch(served.url(), { headers: { "x-api-key": "none" } });
    assert.equal(answer.status, 503, served.log());
    assert.equal(answer.headers.get("content-type"), "application/problem+json");
  } finally {
    await served.stop();
  }
});
