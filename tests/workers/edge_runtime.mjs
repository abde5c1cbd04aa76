// Serves the gate under `edge-runtime`, where there is nothing of Cloudflare: the same module and the same JavaScript,
// over stores that are asked by HTTP. What it serves is the first line of its input; the port is that of its output.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { EdgeRuntime } from "../../workers/node_modules/edge-runtime/dist/index.js";

const GATE = new URL("../../workers/gate/", import.meta.url);
/** More than the gate takes, so that it is the gate that refuses. */
const HEAD_MAX = 131_072;

/** What the platform says where it is, whatever the client says. */
const DEPLOYED = "http://gate.example";

/** What a team would write for such a runtime: its stores, whom the platform names, and where requests go. */
const ENTRY = `
const encoder = new TextEncoder();

async function ask(space, name, question) {
  const response = await fetch(given.objects + "/ask/" + space + "/" + encodeURIComponent(name), { method: "POST", body: encoder.encode(question) });
  if (response.ok) return new Uint8Array(await response.arrayBuffer());
  const { code, overloaded } = await response.json();
  throw Object.assign(new Error(code), { overloaded });
}

const stores = {
  replica: async (key) => {
    const response = await fetch(given.records + "/" + encodeURIComponent(key));
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
    if (response.status === 404) return null;
    throw new Error("store_unreachable");
  },
  head: (_place, question) => ask("RELAY", "relay", question),
  record: (place, question) => ask("LEDGER", place, question),
  limits: (place, question) => ask("LEDGER", place, question),
  lease: (place, question) => ask("BUCKET", place, question),
};

function settings() {
  const { origin: _, ...told } = given.settings;
  return lines(told) + lines({ secrets: JSON.parse(given.secrets) });
}

async function forward(request, onward) {
  try {
    const next = onward.request(request, given.settings.origin.url);
    return onward.answer(await fetch(next, { redirect: "manual" }));
  } catch (error) {
    console.error(JSON.stringify({ level: "warn", event: "origin_unreachable", what: String(error?.message) }));
    return onward.unreachable(request);
  }
}

const gate = new Gate(given.module, settings, stores);

addEventListener("fetch", (event) => {
  const { request } = event;
  const client = { address: request.headers.get("x-real-ip") ?? "", country: request.headers.get("x-vercel-ip-country") ?? "" };
  const judged = Promise.resolve(gate.judge(request, client, event));
  event.respondWith(judged.then((told) => (told instanceof Onward ? forward(request, told) : told)));
});
`;

function runtime(given) {
  const gate = readFileSync(new URL("gate.mjs", GATE), "utf8").replace(/^export /gm, "");
  const module = new WebAssembly.Module(readFileSync(new URL("gate.wasm", GATE)));
  const extend = (context) => Object.assign(context, { given: { ...given, module } });
  return new EdgeRuntime({ initialCode: `${gate}\n{${ENTRY}}`, extend });
}

/** The fields of a request, with what the platform says of the client instead of what the client says of itself. */
function fields(request, hops) {
  const pairs = [];
  for (let at = 0; at < request.rawHeaders.length; at += 2) pairs.push(request.rawHeaders.slice(at, at + 2));
  const said = (name) => request.headers[name];
  // What the last trusted hop has seen is the last address.
  const address = hops && said("x-forwarded-for") ? said("x-forwarded-for").split(",").at(-1).trim() : "127.0.0.1";
  const country = (hops && said("cf-ipcountry")) || "XX";
  const own = ["x-real-ip", "x-vercel-ip-country"];
  const kept = pairs.filter(([name]) => !own.includes(name.toLowerCase()));
  return [...kept, ["x-real-ip", address], ["x-vercel-ip-country", country]];
}

async function answer(edge, hops, request, response) {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  const bodiless = request.headers["content-length"] === undefined && request.headers["transfer-encoding"] === undefined;
  const got = await edge.dispatchFetch(`${DEPLOYED}${request.url}`, {
    method: request.method,
    headers: fields(request, hops),
    body: bodiless ? undefined : Readable.toWeb(request),
    duplex: "half",
    redirect: "manual",
    signal: gone.signal,
  });
  const headers = [...got.headers].filter(([name]) => name !== "set-cookie");
  for (const cookie of got.headers.getSetCookie()) headers.push(["set-cookie", cookie]);
  response.writeHead(got.status, headers.flat());
  if (got.body === null) response.end();
  else await pipeline(Readable.fromWeb(got.body), response);
}

const input = createInterface({ input: process.stdin });
const given = JSON.parse((await input[Symbol.asyncIterator]().next()).value);
const edge = runtime(given);
const server = createServer({ maxHeaderSize: HEAD_MAX }, (request, response) => {
  answer(edge, given.hops, request, response).catch((error) => {
    // What the runtime says of it may name what was asked for.
    console.error(JSON.stringify({ level: "error", event: "runtime_failed", what: String(error?.name) }));
    response.destroy();
  });
});
server.listen(0, "127.0.0.1", () => {
  console.error(JSON.stringify({ level: "info", event: "serving" }));
  process.stdout.write(`${server.address().port}\n`);
});
// Whoever started it has ended.
input.once("close", () => process.exit(0));
