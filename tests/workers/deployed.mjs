// The gate as it is deployed, served in front of an origin of a test's own, with keys made through its administration.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { mint, pepper, record } from "./keys.mjs";
import { SHELLS, secrets } from "./objects.mjs";
import { PROJECT, serve } from "./runtime.mjs";

export const GATE = ["gate/gate.mjs", "gate/gate.wasm"];
const OBJECTS = [...SHELLS, "objects/objects.wasm"];
/** What `wrangler.toml` deploys; the first is the entry. */
const DEPLOYED = ["cloudflare/worker.mjs", "cloudflare/administration.mjs", "cloudflare/bindings.mjs", ...GATE, ...OBJECTS];
export const ADMINISTRATION = "/administration";

/** KV that has nothing, so that the ledger is asked. */
const EMPTY = "export default { fetch: () => new Response(null, { status: 404 }) };";

/** What `wrangler.toml` says of the runtime. */
async function runtime() {
  const text = await readFile(join(PROJECT, "wrangler.toml"), "utf8");
  const said = (name) => JSON.parse(new RegExp(`^compatibility_${name} = (.*)$`, "m").exec(text)[1]);
  return { date: said("date"), flags: said("flags") };
}

/** What `[vars.TOLLGATE]` says of a gate in front of `origin`. */
export function settings(origin) {
  return {
    origin: { url: origin },
    admin: { path: ADMINISTRATION },
    keys: { prefix: "tg", envs: ["live"] },
    identity: { issuer: "tollgate", audience: "origin" },
  };
}

/** Files of the project by their paths in it. */
export async function files(...paths) {
  return Object.fromEntries(await Promise.all(paths.map(async (path) => [path, await readFile(join(PROJECT, path))])));
}

/** What is deployed, with what a test plants in it. */
async function planted(plants) {
  const modules = await files(...DEPLOYED.map((path) => `workers/${path}`));
  for (const [path, plant] of Object.entries(plants)) modules[`workers/${path}`] = plant(modules[`workers/${path}`].toString());
  return modules;
}

/**
 * Serves the gate, in front of the origin at `origin`; and beside it a team's own Worker if `team` has its modules,
 * with the same bindings, or several, by their names in `teams`, each with `modules` and `bindings` of its own. What
 * else is served stands in `beside`, and what else the gate is bound to in `bound`. `plants` may plant something in a file
 * of the gate's.
 */
export async function deployed({ origin, team, teams = team === undefined ? {} : { team: { modules: team } }, beside = {}, bound = {}, plants = {}, settings: more = {} }) {
  const given = secrets();
  const ring = pepper(given);
  const admin = mint(ring);
  const told = { ...settings(origin), ...more };
  const bindings = { RECORDS: { kv: "kv" }, TOLLGATE: { json: told }, TOLLGATE_SECRETS: given };
  const { date, flags } = await runtime();
  const services = {
    gate: {
      date,
      flags,
      modules: await planted(plants),
      bindings: { ...bindings, BUCKET: { object: "Bucket" }, RELAY: { object: "Relay" }, LEDGER: { object: "Ledger" }, WITNESS: { object: "Witness" }, TOLLGATE_ADMIN: record(ring, admin.lookup), ...bound },
      objects: { Bucket: "bucket", Relay: "relay", Ledger: "ledger", Witness: "witness" },
    },
    kv: { modules: { "kv.mjs": EMPTY } },
  };
  const objects = { BUCKET: ["gate", "Bucket"], RELAY: ["gate", "Relay"], LEDGER: ["gate", "Ledger"] };
  const spaces = Object.fromEntries(Object.entries(objects).map(([name, objectOf]) => [name, { objectOf }]));
  for (const [name, { modules, bindings: own }] of Object.entries(teams)) {
    services[name] = { date, flags, modules, bindings: { ...bindings, ...spaces, ...own } };
  }
  Object.assign(services, beside);
  const workerd = await serve(services);
  const ids = new Map();
  const administer = async (asked) => {
    const headers = { authorization: `Bearer ${admin.key}` };
    const answer = await fetch(workerd.url("gate") + ADMINISTRATION, { method: "POST", body: JSON.stringify(asked), headers });
    if (answer.status !== 200) throw new Error(`${asked.op}: ${answer.status} ${await answer.text()}\n${workerd.log()}`);
  };
  return {
    ...workerd,
    /** Makes a key, and gives its text. */
    key: async (more = {}) => {
      const { key, lookup, pepper } = mint(ring);
      const id = `key_${ids.size + 1}`;
      ids.set(key, id);
      const settings = { tenant: "acme", owner: "ann", env: "live", scopes: [], limits: [], ...more };
      await administer({ op: "create", id, settings, secret: { lookup, pepper } });
      return key;
    },
    revoke: (key) => administer({ op: "revoke", id: ids.get(key) }),
  };
}
