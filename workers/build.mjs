// Builds the WebAssembly that the Workers deploy, and lays it beside the JavaScript that loads it.
//
//   node workers/build.mjs
//
// `wrangler deploy` and `wrangler dev` run this by themselves.

import { spawnSync } from "node:child_process";
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const TARGET = "wasm32-unknown-unknown";
const MODULES = [
  { crate: "tollgate-worker-gate", file: "gate/gate.wasm" },
  { crate: "tollgate-worker-objects", file: "objects/objects.wasm" },
];

const workers = fileURLToPath(new URL(".", import.meta.url));
const root = join(workers, "..");

function run(command, args) {
  const { error, status, stdout } = spawnSync(command, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"], encoding: "utf8" });
  if (error?.code === "ENOENT") fail(`${command} is not installed: https://rustup.rs has the Rust toolchain`);
  if (status !== 0) fail(`${command} ${args.join(" ")} failed; if the target is missing: rustup target add ${TARGET}`);
  return stdout;
}

function fail(what) {
  console.error(`tollgate: ${what}`);
  process.exit(1);
}

const packages = MODULES.flatMap(({ crate }) => ["--package", crate]);
run("cargo", ["build", "--locked", "--profile", "edge", "--target", TARGET, ...packages]);
const { target_directory } = JSON.parse(run("cargo", ["metadata", "--format-version", "1", "--no-deps", "--locked"]));
for (const { crate, file } of MODULES) {
  const built = join(target_directory, TARGET, "edge", `${crate.replaceAll("-", "_")}.wasm`);
  const laid = join(workers, file);
  copyFileSync(built, laid);
  const bytes = readFileSync(laid);
  console.log(`workers/${file}: ${bytes.length} bytes, ${gzipSync(bytes, { level: 9 }).length} compressed`);
}
