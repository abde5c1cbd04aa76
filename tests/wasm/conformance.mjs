// Feeds every vector to the WebAssembly module and compares: node conformance.mjs MODULE FOLDER…
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";

const SHOWN_MAX = 20;

const [modulePath, ...folders] = process.argv.slice(2);
const { instance } = await WebAssembly.instantiate(readFileSync(modulePath), {});
const { memory, input, apply, output } = instance.exports;

function answer(op, argument) {
  const text = new TextEncoder().encode(JSON.stringify({ op, in: argument }));
  // The memory may have grown: its buffer is asked for anew each time.
  const at = input(text.length) >>> 0;
  new Uint8Array(memory.buffer, at, text.length).set(text);
  const length = apply() >>> 0;
  return JSON.parse(new TextDecoder().decode(new Uint8Array(memory.buffer, output() >>> 0, length)));
}

let agreed = 0;
const wrong = [];
for (const folder of folders) {
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".json")).sort()) {
    const { rows } = JSON.parse(readFileSync(join(folder, file), "utf8"));
    for (const row of rows) {
      let got;
      try {
        got = answer(row.op, row.in);
      } catch (trap) {
        got = { bad: `the module stopped: ${trap.message}` };
      }
      if (isDeepStrictEqual(got, { out: row.out })) agreed += 1;
      else wrong.push(`${file} ${row.id} (${row.why}): ${JSON.stringify(got)}, not ${JSON.stringify(row.out)}`);
    }
  }
}

for (const line of wrong.slice(0, SHOWN_MAX)) console.log(line.slice(0, 600));
if (wrong.length > SHOWN_MAX) console.log(`and ${wrong.length - SHOWN_MAX} more`);
console.log(`tollgate-tally rows=${agreed}`);
process.exitCode = wrong.length === 0 ? 0 : 1;
