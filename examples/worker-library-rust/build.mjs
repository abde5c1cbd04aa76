// Builds the Worker's one module, and lays it beside worker.mjs. `wrangler deploy` runs this by itself.

import { execFileSync } from "node:child_process";
import { copyFileSync } from "node:fs";
import { join } from "node:path";

const HERE = import.meta.dirname;
const TARGET = "wasm32-unknown-unknown";
const PACKAGE = "tollgate-example-orders";
const run = (...args) => execFileSync("cargo", args, { cwd: HERE, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });

run("build", "--locked", "--profile", "edge", "--target", TARGET, "--package", PACKAGE);
const { target_directory } = JSON.parse(run("metadata", "--format-version", "1", "--no-deps", "--locked"));
copyFileSync(join(target_directory, TARGET, "edge", `${PACKAGE.replaceAll("-", "_")}.wasm`), join(HERE, "orders.wasm"));
