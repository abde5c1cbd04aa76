// The rows that all verifiers share, and the modules that are tested.

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
export const PROJECT = join(HERE, "../../..");
/** A broken copy of the modules lies elsewhere, and is put the same rows. */
export const DIST = process.env.TOLLGATE_DIST ?? join(HERE, "../dist/esm");

export const load = (name) => import(pathToFileURL(join(DIST, `${name}.js`)).href);

export const SHARED = JSON.parse(readFileSync(join(PROJECT, "tests/origins/adversarial.json"), "ascii"));
export const NOW = SHARED.now_ms;
export const JWKS = SHARED.jwks;

export const vectors = (suite) => JSON.parse(readFileSync(join(PROJECT, `tests/vectors/${suite}.json`), "ascii")).rows;

const binary = (buffer) => buffer.toString("latin1");
export const unhex = (text) => binary(Buffer.from(text, "hex"));
export const hex = (text) => Buffer.from(text, "latin1").toString("hex");

/** The bytes meant by a text of a vector, each a character. */
export function octets(text) {
  if (typeof text === "string") return binary(Buffer.from(text, "utf8"));
  if (Array.isArray(text)) return text.map(octets).join("");
  return "hex" in text ? unhex(text.hex) : octets(text.repeat).repeat(text.times);
}

/** What the shared rows expect of a verifier. */
export const settings = (more = {}) => ({
  issuer: SHARED.issuer,
  audience: SHARED.audience,
  jwks: JWKS,
  skewMs: SHARED.skew_ms,
  nowMs: () => NOW,
  ...more,
});

/** An identity as rows have it. */
export function seen(identity) {
  const { binding } = identity;
  return {
    key: identity.key,
    sub: identity.owner,
    tenant: identity.tenant,
    env: identity.env,
    scopes: [...identity.scopes],
    plan: identity.plan,
    kid: identity.kid,
    iss: identity.issuer,
    aud: identity.audience,
    iat: identity.issuedAt,
    exp: identity.expiresAt,
    binding: binding && { jti: binding.jti, method: binding.method, path: hex(binding.path) },
  };
}

const token = (why) => SHARED.requests.find((row) => row.why === why).request.headers[0][1];
export const PLAIN = token("a token without binding");
export const BOUND = token("a token with binding, for this request");
export const K2 = token("a key of the alg Ed25519");
export const PATH = "/v1/orders/%41";
export const GOOD = [["Tollgate-Identity", PLAIN]];

/** Says how many rows were judged: what the runner counts. */
export const tally = (rows, line) => console.log(`${line}\ntollgate-tally rows=${rows}`);

/** What a verifier makes of a request. */
export async function verdict(run) {
  try {
    return { status: 200, identity: seen(await run()) };
  } catch (refused) {
    if (refused.name !== "Refused") throw refused;
    return { status: refused.status, code: refused.code, reason: refused.reason };
  }
}

/** The reasons by which things were left out, counted. */
export const counted = (reasons) => [...reasons].map(([why, count]) => `${count}: ${why}`).join("; ");
export const count = (map, name) => map.set(name, (map.get(name) ?? 0) + 1);
