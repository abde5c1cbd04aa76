// What the tests of the Durable Objects share: a Worker that hands questions on, and messages as JavaScript has them.

import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { PROJECT, serve } from "./runtime.mjs";

/** The module as `node workers/build.mjs` lays it down, and the shell around it. */
export const MODULE = process.env.TOLLGATE_OBJECTS ?? join(PROJECT, "workers/objects/objects.wasm");
/** The files of the shells, as they stand beside each other. */
export const SHELLS = ["bucket", "copy", "ledger", "objects", "places", "relay", "shell", "witness"].map((name) => `cloudflare/${name}.mjs`);

/** Hands the body of `POST /CLASS/name` to the object of that name, and says what it said. */
export const HANDS_ON = `
export default {
  async fetch(request, env) {
    const [, space, name, method] = new URL(request.url).pathname.split("/").map(decodeURIComponent);
    const object = env[space].get(env[space].idFromName(name));
    const body = new Uint8Array(await request.arrayBuffer());
    try {
      if (method === "load") return await object.fetch(new Request("http://load", { method: "POST", body }));
      if (method === "administer") {
        const { status, body: text } = await object.administer(request.headers.get("key") ?? "", body);
        return new Response(text, { status, headers: { "content-type": "application/json" } });
      }
      const answer = await object[method ?? "ask"](body, ...JSON.parse(request.headers.get("more") ?? "[]"));
      return answer instanceof Uint8Array ? new Response(answer) : Response.json(answer ?? null);
    } catch (error) {
      return new Response(error.message, { status: 500, headers: { overloaded: String(error.overloaded ?? false) } });
    }
  },
};
`;

/** Plays KV over workerd's own protocol; `/control` says how, and what it was told. */
const KV = `
const held = new Map();
const told = [];
let asked = 0;
let failing = 0;
let silent = false;
export default {
  async fetch(request) {
    const url = new URL(request.url);
    if (url.pathname === "/control") {
      failing = Number(url.searchParams.get("failing") ?? failing);
      silent = url.searchParams.get("silent") === "true";
      return Response.json({ asked, told, held: Object.fromEntries(held) });
    }
    const key = decodeURIComponent(url.pathname.slice(1));
    if (request.method === "PUT") {
      const text = await request.text();
      asked += 1;
      if (silent) await new Promise((resolve) => setTimeout(resolve, 20_000));
      if (failing > 0) {
        failing -= 1;
        return new Response("no", { status: 500 });
      }
      told.push(key);
      held.set(key, text);
      return new Response(null, { status: 204 });
    }
    return held.has(key) ? new Response(held.get(key)) : new Response(null, { status: 404 });
  },
};
`;

/** Secrets like those of a deployment, made anew in every run. */
export function secrets() {
  const pepper = { id: 0, secret: randomBytes(32).toString("hex") };
  const key = { kid: "k1", alg: "EdDSA", seed: randomBytes(32).toString("hex"), from: 0, until: null };
  return JSON.stringify({ peppers: [pepper], issuing: 0, signing: [key] });
}

/**
 * Serves the objects; `more` is source that is put behind the Worker's own: other classes, say. `plants` may plant
 * something in a file of the objects' JavaScript.
 */
export async function objects({ disk, more = "", bindings = {}, classes, given = secrets(), plants = {} } = {}) {
  const entry = `import { Bucket, Ledger, Relay, Witness } from "./objects.mjs";\nexport { Bucket, Ledger, Relay, Witness };\n${HANDS_ON}${more}`;
  const named = { BUCKET: "Bucket", RELAY: "Relay", LEDGER: "Ledger", WITNESS: "Witness", ...classes };
  const spaces = Object.entries(named).map(([name, object]) => [name, { object }]);
  const keys = [...new Set(["Bucket", "Relay", "Ledger", "Witness", ...Object.values(named)])];
  const planted = (name, text) => (plants[name] ?? ((text) => text))(text);
  const read = async (name) => [name, planted(name, await readFile(join(PROJECT, "workers", name), "utf8"))];
  const shells = Object.fromEntries(await Promise.all(SHELLS.map(read)));
  const workerd = await serve(
    {
      objects: {
        modules: {
          "cloudflare/entry.mjs": entry,
          ...shells,
          "objects/objects.wasm": await readFile(MODULE),
        },
        bindings: { ...Object.fromEntries(spaces), RECORDS: { kv: "kv" }, ...(given === null ? {} : { TOLLGATE_SECRETS: given }), ...bindings },
        objects: Object.fromEntries(keys.map((key) => [key, key.toLowerCase()])),
      },
      kv: { modules: { "kv.mjs": KV } },
    },
    { disk },
  );
  const post = (space, name, body, method, headers) => {
    const path = [space, name, ...(method ? [method] : [])].map(encodeURIComponent).join("/");
    return fetch(`${workerd.url()}/${path}`, { method: "POST", body, headers });
  };
  return {
    ...workerd,
    post,
    ask: async (...asked) => answer(await post(...asked)),
    /** A question with what a gate says beside it. */
    beside: async (space, name, question, ...more) =>
      answer(await post(space, name, question, undefined, { more: JSON.stringify(more) })),
    administer: async (key, body) => {
      const text = typeof body === "string" ? body : JSON.stringify(body);
      const response = await post("LEDGER", "ledger", text, "administer", { key });
      return { status: response.status, ...(await response.json()) };
    },
    load: async (body) => (await post("LOAD", "load", body, "load")).json(),
    replica: async (how = {}) => (await fetch(`${workerd.url("kv")}/control?${new URLSearchParams(how)}`)).json(),
  };
}

/** What an object said: its bytes, or an error with its code. */
async function answer(response) {
  if (!response.ok) throw new Error(await response.text());
  return new Uint8Array(await response.arrayBuffer());
}

/** The parts of an answer, as texts. */
export function parts(bytes) {
  const found = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; ) {
    const len = view.getUint32(at);
    found.push(new TextDecoder().decode(bytes.subarray(at + 4, at + 4 + len)));
    at += 4 + len;
  }
  return found;
}

/** A holder of leases. */
export const holder = () => randomBytes(16).toString("hex");

/** The question of a holder for tokens, as JSON in its one spelling. */
export function lease(bucket, ask, since = [0, 0]) {
  const whole = {
    holder: ask.holder,
    seq: ask.seq,
    numbers: ask.numbers ?? [100, 1, 3_600_000],
    changed: ask.changed ?? [1, 1],
    deadline_ms: ask.deadline_ms ?? 1_000,
    waiting: ask.waiting ?? 1,
    cost: ask.cost ?? 1,
    want: ask.want ?? 0,
    keep: ask.keep ?? 0,
    back: ask.back ?? 0,
  };
  return JSON.stringify({ since, bucket, ask: whole });
}

/** Waits until `look` gives something, or for so long. */
export async function until(look, most_ms = 10_000) {
  for (const end = Date.now() + most_ms; Date.now() < end; ) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`nothing within ${most_ms} ms`);
}
