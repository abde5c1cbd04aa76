// Runs all tests, and says what was run.

import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { run } from "node:test";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const files = readdirSync(HERE).filter((name) => name.endsWith(".test.mjs")).sort().map((name) => join(HERE, name));

let [passed, failed, leftOut] = [0, 0, 0];
const stream = run({ files, concurrency: 2 });
stream.on("test:pass", ({ details, skip, todo }) => {
  if (details.type === "suite") return;
  if (skip || todo) leftOut += 1;
  else passed += 1;
});
stream.on("test:fail", ({ name, details }) => {
  failed += 1;
  console.error(`not ok: ${name}`, details.error?.cause ?? details.error);
});
stream.on("test:stdout", ({ message }) => process.stdout.write(message));
stream.on("test:stderr", ({ message }) => process.stderr.write(message));
stream.on("end", () => {
  console.log(`tollgate-tally tests=${passed} skipped=${leftOut}`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
});
stream.resume();
