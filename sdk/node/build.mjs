// Builds both kinds of modules, with their types.

import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const tsc = (project) =>
  execFileSync(process.execPath, [join(HERE, "node_modules/typescript/bin/tsc"), "-p", join(HERE, project)], {
    stdio: "inherit",
  });

rmSync(join(HERE, "dist"), { recursive: true, force: true });
tsc("tsconfig.json");
tsc("tsconfig.cjs.json");
writeFileSync(join(HERE, "dist/cjs/package.json"), '{ "type": "commonjs" }\n');
