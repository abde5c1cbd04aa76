// The document of public keys: how it is read, and how it is fetched within bounds.

import { fromBase64url } from "./canonical.js";
import { Bad, KeySet } from "./token.js";

/** The gate's own document has at most 1,024 bytes. */
export const DOCUMENT_MAX = 16_384;

/** A document of public keys. */
export interface Jwks {
  keys: readonly object[];
}

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** The keys of a document. A document with anything but good public keys of ours is none: `Bad`. */
export async function keySetOf(document: string | object): Promise<KeySet> {
  if (typeof document === "string" && document.length > DOCUMENT_MAX) throw new Bad("jwks_too_long");
  return KeySet.of(entriesOf(typeof document === "string" ? parsed(document) : document));
}

/** Whether this is a document of keys, without importing them. */
export function entriesOf(document: unknown): [string, string, string][] {
  const entries: unknown = isObject(document) ? document["keys"] : undefined;
  if (!Array.isArray(entries)) throw new Bad("no_jwks");
  return entries.map(entry);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Bad("no_jwks");
  }
}

function entry(key: unknown): [string, string, string] {
  if (!isObject(key) || "d" in key) throw new Bad("no_jwks");
  const { kty, crv, use, kid, alg, x } = key;
  if (kty !== "OKP" || crv !== "Ed25519" || use !== "sig") throw new Bad("no_jwks");
  if (typeof kid !== "string" || typeof alg !== "string" || typeof x !== "string") throw new Bad("no_jwks");
  const point = fromBase64url(x);
  if (point === null) throw new Bad("bad_key");
  return [kid, alg, point];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether keys may be fetched from there: over TLS, or from this machine, or as was said to be enough. */
export function isUrl(text: string, allowHttp: boolean): boolean {
  if (!URL.canParse(text) || /[^!-~]/.test(text)) return false;
  const url = new URL(text);
  if (url.hostname === "" || url.username !== "" || url.password !== "" || url.hash !== "" || url.port === "0") return false;
  const here = ["127.0.0.1", "[::1]", "localhost"].includes(url.hostname);
  return url.protocol === "https:" || (url.protocol === "http:" && (here || allowHttp));
}

/** Fetches the document, all of it within the deadline. A redirect is no document. */
export async function fetchKeys(url: string, deadlineMs: number, fetch: Fetch): Promise<KeySet> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), deadlineMs);
  try {
    const response = await fetch(url, { redirect: "manual", signal: abort.signal, headers: { accept: "application/json" } });
    if (response.status !== 200) throw new Bad("jwks_status");
    return await keySetOf(await bodyOf(response));
  } catch (error) {
    throw error instanceof Bad ? error : new Bad("jwks_unreachable");
  } finally {
    clearTimeout(timer);
    // Whatever was not read is not waited for, and its connection does not stay open.
    abort.abort();
  }
}

async function bodyOf(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return "";
  const [pieces, decoder] = [[] as string[], new TextDecoder()];
  let length = 0;
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    length += piece.value.length;
    if (length > DOCUMENT_MAX) throw new Bad("jwks_too_long");
    pieces.push(decoder.decode(piece.value, { stream: true }));
  }
  return pieces.join("") + decoder.decode();
}
