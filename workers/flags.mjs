// How the WebAssembly of the Workers is compiled, and what runs the compiler.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const TARGET = "wasm32-unknown-unknown";
const root = fileURLToPath(new URL("..", import.meta.url));

export function run(command, args, more = {}) {
  const env = { ...process.env, ...more };
  const { error, status, stdout } = spawnSync(command, args, { cwd: root, env, stdio: ["ignore", "pipe", "inherit"], encoding: "utf8" });
  if (error?.code === "ENOENT") fail(`${command} is not installed: https://rustup.rs has the Rust toolchain`);
  if (status !== 0) fail(`${command} ${args.join(" ")} failed; if the target is missing: rustup target add ${TARGET}`);
  return stdout;
}

export function fail(what) {
  console.error(`tollgate: ${what}`);
  process.exit(1);
}

/** Folders of whoever builds: none of them may stand in the modules, which are then the same wherever they are built. */
export function folders() {
  const home = homedir();
  const cargo = process.env.CARGO_HOME ?? join(home, ".cargo");
  const sysroot = run("rustc", ["--print", "sysroot"]).trim();
  const library = join(sysroot, "lib/rustlib/src/rust");
  const hash = /^commit-hash: (.*)$/m.exec(run("rustc", ["--version", "--verbose"]))?.[1];
  // The last that fits is taken, so the longest come last. The library is where it is without its sources, too.
  return [[home, "home"], [root.replace(/\/$/, ""), "tollgate"], [cargo, "cargo"], [sysroot, "rust"], [library, `rustc/${hash}`]];
}

/** Flags for the compiler: those of `.cargo/config.toml`, which the environment takes the place of. */
export function flags() {
  const held = /^rustflags = (\[.*\])$/m.exec(readFileSync(join(root, ".cargo/config.toml"), "utf8"));
  if (held === null) fail(".cargo/config.toml says no rustflags");
  const remapped = folders().map(([from, to]) => `--remap-path-prefix=${from}=/${to}`);
  return [...JSON.parse(held[1]), ...remapped].join("\x1f");
}
