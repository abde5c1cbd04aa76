// Takes a list of TypeScript texts on its input, and gives their JavaScript: types are not looked at.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const typescript = createRequire(new URL("../../sdk/node/build.mjs", import.meta.url))("typescript");
const asked = JSON.parse(readFileSync(0, "utf8"));
const compilerOptions = { target: "ES2022", module: "ES2022" };
const made = asked.map(({ text }) => typescript.transpileModule(text, { compilerOptions }).outputText);
process.stdout.write(JSON.stringify(made));
