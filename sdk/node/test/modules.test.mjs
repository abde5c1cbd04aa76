// Both kinds of modules, by the name under which users import them, and their types.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { GOOD, PATH, settings } from "./data.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const NAMES = ["", "/express", "/fastify", "/fetch", "/aws"];

test("every module is there for import and for require, and verifies", async () => {
  const require = createRequire(import.meta.url);
  for (const name of NAMES) {
    const [esm, cjs] = [await import(`tollgate-origin${name}`), require(`tollgate-origin${name}`)];
    const names = (module) => Object.keys(module).filter((one) => !["default", "module.exports", "__esModule"].includes(one)).sort();
    assert.deepEqual(names(esm), names(cjs), name);
    assert.ok(names(esm).length > 0);
  }
  for (const { Verifier } of [await import("tollgate-origin"), require("tollgate-origin")]) {
    assert.equal((await new Verifier(settings()).admit(GOOD, "GET", PATH)).tenant, "acme");
  }
});

test("what is packed has every module and its types", () => {
  const root = join(HERE, "..");
  const { exports, scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  // Other tests read what is built, so it is not built anew.
  const { stdout, stderr } = spawnSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: root, encoding: "utf8" });
  assert.ok(stdout, stderr);
  const packed = JSON.parse(stdout)[0].files.map(({ path }) => `./${path}`);
  const said = Object.values(exports).flatMap(Object.values).flatMap(Object.values);
  assert.equal(said.length, 4 * NAMES.length);
  assert.deepEqual(said.filter((path) => !packed.includes(path)), []);
  assert.equal(scripts.prepack, scripts.build, "what is packed from a clone is built first");
});

test("what users write has the types that it says", () => {
  const tsc = join(HERE, "../node_modules/typescript/bin/tsc");
  const { status, stdout } = spawnSync(process.execPath, [tsc, "-p", join(HERE, "types")], { encoding: "utf8" });
  assert.equal(status, 0, stdout);
});
