// What a Worker has for the gate: stores, and what Cloudflare itself says of a client.

import { lines } from "../gate/gate.mjs";
import { RELAY, object, relayNear } from "./places.mjs";

/** For how long a location may keep a record, in seconds: the least that every copy of KV takes. */
const RECORD_TTL_S = 60;

/** About how often what an isolate has counted of keys goes to the ledger, in milliseconds, unless that is set. */
const USAGE_EVERY_MS = 10_000;

const encoder = new TextEncoder();

/** Where requests go on to, once that was looked at. */
let origin;
/** The relay of the region where this isolate is, once Cloudflare has said where that is. */
let region;

/** The stores of a deployment: a namespace of records, and the objects that have the last word. */
export function stores(env) {
  const ask = async (space, name, question, ...more) =>
    new Uint8Array(await object(space, name).ask(encoder.encode(question), ...more));
  return {
    replica: async (key) => {
      const found = await env.RECORDS.get(key, { type: "arrayBuffer", cacheTtl: RECORD_TTL_S });
      return found === null ? null : new Uint8Array(found);
    },
    head: (_place, question) => ask(env.RELAY, region ?? RELAY, question),
    record: (place, question) => ask(env.LEDGER, place, question),
    limits: (place, question) => ask(env.LEDGER, place, question, deployed(env)),
    usage: (place, question) => ask(env.LEDGER, place, question),
    lease: (place, question) => ask(env.BUCKET, place, question, region ?? RELAY),
  };
}

/** When this Worker's version was made; 0, which is older than any, where Cloudflare is not asked to say. */
function deployed(env) {
  return Date.parse(env.TOLLGATE_VERSION?.timestamp) || 0;
}

/** The settings of a deployment: what `wrangler.toml` says, and its secrets. */
export function settings(env) {
  const { origin: _, admin: __, ...told } = env.TOLLGATE ?? {};
  originOf(env);
  const secrets = env.TOLLGATE_SECRETS;
  if (typeof secrets !== "string") throw new Error("the secret TOLLGATE_SECRETS is not set");
  let read;
  try {
    read = JSON.parse(secrets);
  } catch {
    // What stands there is a secret, so the error does not say more.
    throw new Error("the secret TOLLGATE_SECRETS is no JSON");
  }
  return lines({ usage: { every_ms: USAGE_EVERY_MS }, ...told }) + lines({ secrets: read });
}

/** What Cloudflare says of the client, and of where it was let in; what a client says of itself is not looked at. */
export function client(request) {
  const { cf, headers } = request;
  region ??= relayNear(cf);
  return { address: headers.get("cf-connecting-ip") ?? "", country: cf?.country ?? "" };
}

/** Where requests go on to: a service, or a server by its URL without path. */
function originOf(env) {
  const { url } = env.TOLLGATE?.origin ?? {};
  if (url === undefined && env.ORIGIN) return "http://origin";
  const read = URL.canParse(url ?? "") ? new URL(url) : undefined;
  // The origin of a URL is its scheme, host and port: what is set is that and nothing else.
  const plain = /^https?:$/.test(read?.protocol) && [read.origin, `${read.origin}/`].includes(url);
  if (!plain) throw new Error("origin.url is no server's URL without path, such as https://origin.example.com");
  return read.origin;
}

/** Sends a request that passed to the origin, past every shared cache unless its route opts in. */
export function forward(env, request, onward) {
  origin ??= originOf(env);
  const next = onward.request(request, origin);
  const init = onward.cacheable ? {} : { cache: "no-store" };
  const sent = env.ORIGIN ? env.ORIGIN.fetch(next, init) : fetch(next, init);
  return sent.then(
    (response) => onward.answer(response),
    (error) => {
      // A client that went away takes its request with it: the origin did nothing wrong.
      if (!request.signal.aborted) {
        console.error(JSON.stringify({ level: "warn", event: "origin_unreachable", what: String(error?.message) }));
      }
      return onward.unreachable(request);
    },
  );
}
