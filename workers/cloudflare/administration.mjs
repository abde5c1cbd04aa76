// The way in for administration: off unless the settings name a host or a path for it. Who may do what is decided by
// the ledger itself, from the key that is presented, in the step that makes the change.

import { LEDGER, object } from "./places.mjs";

/** The longest question, in bytes: as long as the ledger reads. */
const BODY_MAX = 64 * 1024;

/** Whether a request is for the ledger and not for the gate. */
export function isAdministration(env, request) {
  const place = env.TOLLGATE?.admin;
  if (place === undefined || place === null) return false;
  // What is no URL, such as that of `OPTIONS *`, is the gate's to answer.
  if (!URL.canParse(request.url)) return false;
  const { hostname, pathname } = new URL(request.url);
  // A place that names neither is none: the whole gate would be one.
  if (place.host === undefined && place.path === undefined) return false;
  return (place.host ?? hostname) === hostname && (place.path ?? "/") === pathname;
}

/** Answers it. A key that nobody of ours made is refused here: strangers do not reach the ledger. */
export async function administer(env, request, gate) {
  try {
    if (request.method !== "POST") return answer(405, { code: "method_not_allowed" }, { allow: "POST" });
    const key = /^bearer ([^ ]+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
    if (key === undefined) return answer(401, { code: "credential_missing" }, { "www-authenticate": "Bearer" });
    if (!gate.proves(key)) return answer(401, { code: "key_invalid" }, { "www-authenticate": 'Bearer error="invalid_token"' });
    const body = await bounded(request);
    if (body === undefined) return answer(413, { code: "body_too_long" });
    const { status, body: told } = await object(env.LEDGER, LEDGER).administer(key, body);
    return answer(status, told);
  } catch (error) {
    console.error(JSON.stringify({ level: "error", event: "administration_failed", what: String(error?.message) }));
    return answer(503, { code: "unavailable" });
  }
}

/** The body, unless it is longer than is read. */
async function bounded(request) {
  const parts = [];
  let length = 0;
  for await (const part of request.body ?? []) {
    length += part.length;
    if (length > BODY_MAX) return undefined;
    parts.push(part);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

function answer(status, body, fields = {}) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const headers = { "content-type": "application/json", "cache-control": "no-store", ...fields };
  return new Response(text, { status, headers });
}
