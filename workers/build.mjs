// Builds the WebAssembly that the Workers deploy, and lays it beside the JavaScript that loads it.
//
//   node workers/build.mjs
//
// `wrangler deploy` and `wrangler dev` run this by themselves.

import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { TARGET, fail, flags, folders, run } from "./flags.mjs";

const MODULES = [
  { crate: "tollgate-worker-gate", file: "gate/gate.wasm" },
  { crate: "tollgate-worker-objects", file: "objects/objects.wasm" },
];

const workers = fileURLToPath(new URL(".", import.meta.url));

const packages = MODULES.flatMap(({ crate }) => ["--package", crate]);
run("cargo", ["build", "--locked", "--profile", "edge", "--target", TARGET, ...packages], { CARGO_ENCODED_RUSTFLAGS: flags() });
const { target_directory } = JSON.parse(run("cargo", ["metadata", "--format-version", "1", "--no-deps", "--locked"]));
for (const { crate, file } of MODULES) {
  const built = join(target_directory, TARGET, "edge", `${crate.replaceAll("-", "_")}.wasm`);
  const laid = join(workers, file);
  copyFileSync(built, laid);
  const bytes = readFileSync(laid);
  const told = folders().find(([folder]) => bytes.includes(`${folder}/`));
  if (told !== undefined) fail(`workers/${file} names a folder of this machine: ${told[0]}`);
  console.log(`workers/${file}: ${bytes.length} bytes, ${gzipSync(bytes, { level: 9 }).length} compressed`);
}
