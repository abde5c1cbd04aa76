// The verifier: from what a platform hands it to an identity, or a refusal.

import { targetOf, tokenOfEvent } from "./event.js";
import type { Source } from "./cache.js";
import type { Identity } from "./identity.js";
import { Remembered, Used } from "./memory.js";
import { type Answer, type Code, Refused, answerTo } from "./problem.js";
import { ConfigError, type Settings, type Whole, settingsOf, sourceOf } from "./settings.js";
import { Bad, type KeySet, identityOf, partsOf, requireFor, requireLife, requireRequest, requireTime } from "./token.js";

export const FIELD = "tollgate-identity";
const FOLDED = "tollgateidentity";

/** All other reasons are `key_invalid` to a client: the reason is for operators. */
const CODES: ReadonlyMap<string, Code> = new Map<string, Code>([
  ["missing", "credential_missing"],
  ["ambiguous", "request_invalid"],
  ["no_keys", "unavailable"],
  ["replay_full", "unavailable"],
]);

/** Names and values of headers, in the order received. Each character is a byte. */
export type Headers = Iterable<readonly [string, string]>;

/** Keeps a platform from ending what outlives the request. */
export type WaitUntil = (promise: Promise<unknown>) => void;

/** Whether some origin could read this as the name of the identity's header. */
export function isIdentityField(name: string): boolean {
  return name.length >= FOLDED.length && name.replace(/[^0-9A-Za-z]/g, "").toLowerCase() === FOLDED;
}

/** The one identity header of a request. Two of them, or one in another spelling: refused. */
export function tokenOf(headers: Headers): string {
  let token: string | null = null;
  for (const [name, value] of headers) {
    if (!isIdentityField(name)) continue;
    // Hosts that join two headers do so with a comma, which no token has.
    if (token !== null || name.toLowerCase() !== FIELD || value.includes(",")) throw new Bad("ambiguous");
    token = value;
  }
  if (token === null) throw new Bad("missing");
  return token;
}

/** The part of a target before the first `?`. */
export function pathOf(target: string): string {
  const query = target.indexOf("?");
  return query < 0 ? target : target.slice(0, query);
}

/** Verifies identities by one set of settings. One is enough for a process. */
export class Verifier {
  readonly settings: Whole;
  readonly #keys: Source;
  readonly #remembered: Remembered;
  readonly #used: Used;

  constructor(settings: Settings, keys?: Source) {
    this.settings = settingsOf(settings);
    this.#keys = keys ?? sourceOf(this.settings);
    this.#remembered = new Remembered(this.settings.rememberMax);
    this.#used = new Used(this.settings.replayMax);
  }

  /** A verifier for a middleware: one of events would be asked for headers, and serve nobody. */
  static ofHeaders(given: Settings | Verifier): Verifier {
    const verifier = given instanceof Verifier ? given : new Verifier(given);
    if (verifier.settings.source !== "header") throw new ConfigError("source: a middleware reads the header");
    return verifier;
  }

  /** How many verified tokens are remembered. */
  get remembered(): number {
    return this.#remembered.size;
  }

  /** The identity of a request whose headers are these, or `Refused`. `path` is as it was sent, before the first `?`. */
  async admit(headers: Headers, method: string, path: string, waitUntil?: WaitUntil): Promise<Identity> {
    return this.#run("header", () => this.#judge(tokenOf(headers), method, path, waitUntil));
  }

  /** The identity of an event of API Gateway: from the context of its authorizer, and nothing else. */
  async admitEvent(event: unknown): Promise<Identity> {
    return this.#run("api-gateway", () => this.#judge(tokenOfEvent(event), ...targetOf(event, this.settings.basePath)));
  }

  /** Whether this path, as it was sent, is served to anybody. */
  isPublic(path: string): boolean {
    return this.settings.public.includes(path);
  }

  /** What the client is told of a refusal. */
  answer(refused: Refused, headers: Headers, method: string): Answer {
    this.settings.onRefused?.(refused.reason);
    const ids = [...headers].filter(([name]) => name.toLowerCase() === "x-request-id");
    const id = ids.length === 1 ? (ids[0]?.[1] ?? null) : null;
    return answerTo(refused, this.settings.realm, id, method);
  }

  async #run(source: Whole["source"], judge: () => Promise<Identity>): Promise<Identity> {
    if (this.settings.source !== source) throw new ConfigError(`this verifier reads no ${source}`);
    try {
      return await judge();
    } catch (error) {
      throw error instanceof Bad ? new Refused(CODES.get(error.reason) ?? "key_invalid", error.reason) : error;
    }
  }

  async #judge(token: string, method: string, path: string, waitUntil?: WaitUntil): Promise<Identity> {
    const { issuer, audience, skewMs, requireBinding, nowMs } = this.settings;
    const known = this.#remembered.find(token);
    // Nothing is fetched for what is not even a token.
    const parts = known === null ? partsOf(token) : null;
    const keys = await this.#keysFor(known?.kid ?? parts?.kid ?? "", waitUntil);
    let identity = known;
    if (identity === null || !this.#remembered.holds(token, keys)) {
      this.#remembered.forget(token);
      identity = await identityOf(keys, parts ?? partsOf(token));
      requireLife(identity);
      requireFor(identity, issuer, audience);
    }
    const now = nowMs === undefined ? Date.now() : nowMs();
    try {
      requireTime(identity, skewMs, now);
    } catch (error) {
      this.#remembered.forget(token);
      throw error;
    }
    requireRequest(identity, requireBinding, method, path);
    this.#used.take(identity, skewMs, now);
    if (identity !== known) this.#remembered.keep(token, keys, identity);
    return identity;
  }

  async #keysFor(kid: string, waitUntil?: WaitUntil): Promise<KeySet> {
    const { keys, wait, flight } = this.#keys.look(kid);
    if (flight !== null) waitUntil?.(flight);
    if (wait === null && keys !== null) return keys;
    if (wait !== null) await within(wait, this.settings.deadlineMs);
    const again = this.#keys.look(kid).keys;
    if (again === null) throw new Bad("no_keys");
    return again;
  }
}

/** Waits for a promise that never rejects, and no longer than this. */
async function within(promise: Promise<void>, ms: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  await Promise.race([promise, new Promise<void>((done) => void (timer = setTimeout(done, ms)))]);
  clearTimeout(timer);
}
