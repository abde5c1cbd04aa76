// The token: its one spelling, and what a verifier checks, in the order of the specification.
// Reasons are the codes of docs/spec/identity.md, "Verifying".

import { compactVerify, importJWK } from "jose";

import { NotCanonical, Reader, base64url, fromBase64url, isIdentifier, matches } from "./canonical.js";
import { SIGNATURE_BYTES, isGoodPoint, isStrict } from "./ed25519.js";
import { type Binding, type Facts, Identity } from "./identity.js";
import { sides } from "./scopes.js";

export const ALGS: readonly string[] = ["EdDSA", "Ed25519"];
export const KEYS_MAX = 4;
export const TOKEN_MAX = 2_048;
export const SCOPES_MAX = 64;
export const PATH_MAX = 1_024;
export const LIFE_MAX_S = 30;
export const BOUND_LIFE_MAX_S = 10;
export const SKEW_MAX_MS = 60_000;

const NAME = /^[!#-[\]-~]{1,128}$/;
const ENV = /^[a-z0-9]{1,8}$/;
const METHOD = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,32}$/;
const JTI = /^[0-9a-f]{32}$/;
const NO_JTI = "0".repeat(32);

/** Something is not as it must be; `reason` says what, and nothing of what it was. */
export class Bad extends Error {
  constructor(readonly reason: string) {
    super(reason);
  }
}

export function isName(value: string): boolean {
  return matches(NAME, value);
}

/** A key that identities are signed with. */
export interface Key {
  readonly kid: string;
  readonly alg: string;
  readonly public: CryptoKey;
  /** What makes it this key and no other. */
  readonly mark: string;
}

/** What a verifier trusts: 1 to 4 keys by their names. */
export class KeySet {
  private constructor(private readonly keys: ReadonlyMap<string, Key>) {}

  /** Takes names, algs and points. */
  static async of(entries: readonly (readonly [string, string, string])[]): Promise<KeySet> {
    if (entries.length === 0) throw new Bad("no_keys");
    if (entries.length > KEYS_MAX) throw new Bad("too_many_keys");
    const keys = new Map<string, Key>();
    for (const [kid, alg, point] of entries) {
      if (!isIdentifier(kid)) throw new Bad("bad_kid");
      if (!ALGS.includes(alg)) throw new Bad("bad_alg");
      if (!isGoodPoint(point)) throw new Bad("bad_key");
      if (keys.has(kid)) throw new Bad("duplicate_kid");
      const x = base64url(point);
      const imported = await importJWK({ kty: "OKP", crv: "Ed25519", x, alg }, alg);
      if (imported instanceof Uint8Array) throw new Bad("bad_key");
      keys.set(kid, { kid, alg, public: imported, mark: `${kid} ${alg} ${x}` });
    }
    return new KeySet(keys);
  }

  find(kid: string): Key | undefined {
    return this.keys.get(kid);
  }

  get kids(): string[] {
    return [...this.keys.keys()];
  }
}

/** A token whose form is right, and of which nothing is believed yet. */
export interface Parts {
  readonly kid: string;
  readonly alg: string;
  readonly token: string;
  readonly signature: string;
  readonly claims: string;
}

/** Steps 1 and 2. */
export function partsOf(token: string): Parts {
  if (token.length > TOKEN_MAX) throw new Bad("too_long");
  const [header, claims, signature, ...more] = token.split(".").map(fromBase64url);
  if (more.length > 0) throw new Bad("malformed");
  // What is not there is undefined, and what is no base64url is null.
  if (header == null || claims == null || signature == null) throw new Bad("malformed");
  const { kid, alg } = canonical("malformed", () => readHeader(header));
  if (signature.length !== SIGNATURE_BYTES) throw new Bad("malformed");
  return { kid, alg, token, signature, claims };
}

/** Steps 3 to 6: nothing in the claims is read before the signature holds. */
export async function identityOf(keys: KeySet, parts: Parts): Promise<Identity> {
  const key = keys.find(parts.kid);
  if (key === undefined) throw new Bad("unknown_kid");
  if (key.alg !== parts.alg) throw new Bad("wrong_alg");
  if (!isStrict(parts.signature)) throw new Bad("bad_signature");
  try {
    await compactVerify(parts.token, key.public, { algorithms: [key.alg] });
  } catch {
    throw new Bad("bad_signature");
  }
  return canonical("bad_claims", () => new Identity(readClaims(parts.claims, parts.kid)));
}

function canonical<T>(reason: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof NotCanonical ? new Bad(reason) : error;
  }
}

function readHeader(text: string): { kid: string; alg: string } {
  const reader = new Reader(text);
  reader.literal('{"alg":');
  const alg = reader.string();
  reader.literal(',"kid":');
  const kid = reader.string();
  reader.literal(',"typ":"tg-identity+jwt"}');
  reader.end();
  must(ALGS.includes(alg) && isIdentifier(kid));
  return { kid, alg };
}

function must(holds: boolean): void {
  if (!holds) throw new NotCanonical();
}

function readClaims(data: string, kid: string): Facts {
  const reader = new Reader(data);
  const text = (literal: string) => (reader.literal(literal), reader.string());
  const integer = (literal: string) => (reader.literal(literal), reader.integer());
  const [issuer, audience, owner] = [text('{"iss":'), text(',"aud":'), text(',"sub":')];
  const [issuedAt, expiresAt] = [integer(',"iat":'), integer(',"exp":')];
  const jti = reader.sees(',"jti":') ? text(',"jti":') : null;
  const [key, tenant, env] = [text(',"tg":{"key":'), text(',"tenant":'), text(',"env":')];
  reader.literal(',"scopes":');
  const scopes = reader.listOf(() => reader.string());
  reader.literal(',"plan":');
  const plan = reader.nullOr(() => reader.string());
  let binding: Binding | null = null;
  if (jti !== null) {
    const method = text(',"method":');
    binding = { jti, method, path: fromBase64url(text(',"path":')) ?? "" };
  }
  reader.literal("}}");
  reader.end();
  must(isName(issuer) && isName(audience));
  must([owner, key, tenant].every(isIdentifier));
  must(matches(ENV, env));
  must(scopes.length <= SCOPES_MAX && scopes.every((scope) => sides(scope) !== null));
  must(plan === null || isIdentifier(plan));
  must(binding === null || isBinding(binding));
  return { key, owner, tenant, env, scopes, plan, issuer, audience, issuedAt, expiresAt, kid, binding };
}

function isBinding({ jti, method, path }: Binding): boolean {
  return (
    matches(JTI, jti) &&
    jti !== NO_JTI &&
    matches(METHOD, method) &&
    path.length >= 1 &&
    path.length <= PATH_MAX &&
    !path.includes("?")
  );
}

/** Step 7. */
export function requireLife(identity: Facts): void {
  const most = identity.binding === null ? LIFE_MAX_S : BOUND_LIFE_MAX_S;
  const life = identity.expiresAt - identity.issuedAt;
  if (life < 1 || life > most) throw new Bad("bad_life");
}

/** Steps 8 and 9. */
export function requireFor(identity: Facts, issuer: string, audience: string): void {
  if (identity.issuer !== issuer) throw new Bad("wrong_issuer");
  if (identity.audience !== audience) throw new Bad("wrong_audience");
}

/** Steps 10 and 11. Sums are exact, whatever the clock says. */
export function requireTime(identity: Facts, skewMs: number, nowMs: number | bigint): void {
  const [now, skew] = [BigInt(nowMs), BigInt(skewMs)];
  if (now + skew < BigInt(identity.issuedAt) * 1000n) throw new Bad("not_yet_valid");
  if (now >= BigInt(identity.expiresAt) * 1000n + skew) throw new Bad("expired");
}

/** Steps 12 to 14. */
export function requireRequest(identity: Facts, binding: boolean, method: string, path: string): void {
  const bound = identity.binding;
  if (bound === null) {
    if (binding) throw new Bad("unbound");
    return;
  }
  if (bound.method !== method) throw new Bad("wrong_method");
  if (bound.path !== path) throw new Bad("wrong_path");
}
