// Puts tokens to the lines that docs/origins-stock.md shows: JSON in, JSON out.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const asked = JSON.parse(readFileSync(0, "utf8"));
const Real = Date;
globalThis.Date = class extends Real {
  constructor(...given) {
    super(...(given.length ? given : [asked.now_ms]));
  }
  static now = () => asked.now_ms;
};
const { whoCalls } = await import(pathToFileURL(asked.lines));
const answers = [];
for (const token of asked.tokens) {
  try {
    answers.push({ claims: await whoCalls(token) });
  } catch (error) {
    // jose's own errors have a code; another is none that a caller expects.
    answers.push({ error: error.code ?? error.name, own: typeof error.code === "string" && error.code.startsWith("ERR_J") });
  }
}
console.log(JSON.stringify(answers));
