// Builds the WebAssembly that the Workers deploy, and lays it beside the JavaScript that loads it.
//
//   node workers/build.mjs
//
// `wrangler deploy` and `wrangler dev` run this by themselves.

import { spawnSync } from "node:child_process";
import { copyFileSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
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

function run(command, args, more = {}) {
  const env = { ...process.env, ...more };
  const { error, status, stdout } = spawnSync(command, args, { cwd: root, env, stdio: ["ignore", "pipe", "inherit"], encoding: "utf8" });
  if (error?.code === "ENOENT") fail(`${command} is not installed: https://rustup.rs has the Rust toolchain`);
  if (status !== 0) fail(`${command} ${args.join(" ")} failed; if the target is missing: rustup target add ${TARGET}`);
  return stdout;
}

function fail(what) {
  console.error(`tollgate: ${what}`);
  process.exit(1);
}

/** Folders of whoever builds: none of them may stand in the modules, which are then the same wherever they are built. */
function folders() {
  const home = homedir();
  const cargo = process.env.CARGO_HOME ?? join(home, ".cargo");
  const sysroot = run("rustc", ["--print", "sysroot"]).trim();
  const library = join(sysroot, "lib/rustlib/src/rust");
  const hash = /^commit-hash: (.*)$/m.exec(run("rustc", ["--version", "--verbose"]))?.[1];
  // The last that fits is taken, so the longest come last. The library is where it is without its sources, too.
  return [[home, "home"], [root.replace(/\/$/, ""), "tollgate"], [cargo, "cargo"], [sysroot, "rust"], [library, `rustc/${hash}`]];
}

/** Flags for the compiler: those of `.cargo/config.toml`, which the environment takes the place of. */
function flags() {
  const held = /^rustflags = (\[.*\])$/m.exec(readFileSync(join(root, ".cargo/config.toml"), "utf8"));
  if (held === null) fail(".cargo/config.toml says no rustflags");
  const remapped = folders().map(([from, to]) => `--remap-path-prefix=${from}=/${to}`);
  return [...JSON.parse(held[1]), ...remapped].join("\x1f");
}

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
