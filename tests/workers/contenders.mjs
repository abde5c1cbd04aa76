// What the Worker's gate is measured against: each answers 204 itself, or forwards to the service `ORIGIN`.
//
// The hand-written checks do strictly less than the gate: one key in one place, one MAC, no revocation, no limits, no
// identity, and fields go on as they came.

import { files } from "./deployed.mjs";

/** The secret of the hand-written checks. */
const SECRET = "a secret of the bench, and of nothing else";

const ANSWERS = "new Response(null, { status: 204 })";
const FORWARDS = "env.ORIGIN.fetch(request)";

const empty = (then) => `export default { fetch: (request, env) => ${then} };`;

/** What both hand-written checks share: the key's form, and what is held of it. The bench has its key learned once. */
const CHECK = `
const FORM = /^tg_live_[0-9A-Za-z]{50}$/;
const held = new Set();
const refused = () => new Response(null, { status: 401 });
const known = (mac, request) => held.has(mac) || (request.url.endsWith("/learn") && held.add(mac) !== undefined);
`;

const webcrypto = (then) => `${CHECK}
const encoder = new TextEncoder();
let signing;
export default {
  async fetch(request, env) {
    const key = request.headers.get("x-api-key");
    if (key === null || !FORM.test(key)) return refused();
    signing ??= await crypto.subtle.importKey("raw", encoder.encode(${JSON.stringify(SECRET)}), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    const mac = new Uint8Array(await crypto.subtle.sign("HMAC", signing, encoder.encode(key)));
    if (!known(String.fromCharCode(...mac), request)) return refused();
    return ${then};
  },
};`;

const synchronous = (then) => `import { createHmac } from "node:crypto";
${CHECK}
export default {
  fetch(request, env) {
    const key = request.headers.get("x-api-key");
    if (key === null || !FORM.test(key)) return refused();
    const mac = createHmac("sha256", ${JSON.stringify(SECRET)}).update(key).digest("latin1");
    if (!known(mac, request)) return refused();
    return ${then};
  },
};`;

/** The gate as a library; it counts what it asks of stores, and the requests that waited for anything. */
const gate = (then) => `import { Gate, Onward } from "./gate/gate.mjs";
import module from "./gate/gate.wasm";
import { client, forward, settings, stores } from "./cloudflare/bindings.mjs";
const asked = { replica: 0, head: 0, record: 0, limits: 0, lease: 0, waited: 0 };
function counted(stores) {
  const count = ([name, ask]) => [name, (...question) => ((asked[name] += 1), ask(...question))];
  return Object.fromEntries(Object.entries(stores).map(count));
}
let gate;
export default {
  fetch(request, env, context) {
    gate ??= new Gate(module, () => settings(env), counted(stores(env)));
    if (request.headers.has("x-asked")) return Response.json(asked);
    const judged = gate.judge(request, client(request), context);
    const then = (judged) => (judged instanceof Onward ? ${then} : judged);
    if (!(judged instanceof Promise)) return then(judged);
    asked.waited += 1;
    return judged.then(then);
  },
};`;

const ORIGIN = { ORIGIN: { service: "origin" } };

/** The hand-written Workers, as services; `-forward` stands behind the names of those that forward. */
export function written() {
  const services = { origin: { modules: { "origin.mjs": empty(ANSWERS) } } };
  for (const [name, source, flags] of [["empty", empty], ["webcrypto", webcrypto], ["node-crypto", synchronous, ["nodejs_compat"]]]) {
    services[name] = { flags, modules: { "entry.mjs": source(ANSWERS) } };
    services[`${name}-forward`] = { flags, modules: { "entry.mjs": source(FORWARDS) }, bindings: ORIGIN };
  }
  return services;
}

/** Workers around the gate: the module that is deployed, and others by their names. */
export async function gates(modules) {
  const laid = await files("workers/gate/gate.mjs", "workers/gate/gate.wasm", "workers/cloudflare/bindings.mjs", "workers/cloudflare/places.mjs");
  const beside = Object.fromEntries(Object.entries(laid).map(([path, bytes]) => [path.replace("workers/", ""), bytes]));
  const services = {};
  for (const [name, bytes] of [["gate", undefined], ...Object.entries(modules)]) {
    const rest = bytes === undefined ? beside : { ...beside, "gate/gate.wasm": bytes };
    const own = name === "gate" ? "checked" : name;
    services[own] = { modules: { "entry.mjs": gate(ANSWERS), ...rest } };
    services[`${own}-forward`] = { modules: { "entry.mjs": gate("forward(env, request, judged)"), ...rest }, bindings: ORIGIN };
  }
  return services;
}
