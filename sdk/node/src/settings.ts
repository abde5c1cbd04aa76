// What an origin says about the gate that it trusts.

import { Fixed, Keys, type Source, seldom } from "./cache.js";
import { isIdentifier, matches } from "./canonical.js";
import { isGoodPoint } from "./ed25519.js";
import { type Fetch, type Jwks, entriesOf, fetchKeys, isUrl } from "./jwks.js";
import { ALGS, Bad, KEYS_MAX, KeySet, SKEW_MAX_MS, isName } from "./token.js";

export const WELL_KNOWN = "/.well-known/tollgate/jwks.json";
export const REMEMBER_MAX = 65_536;
export const REPLAY_MAX = 1_048_576;
export const PUBLIC_MAX = 64;

// What a path may be sent as in one spelling only: nothing that is encoded, resolved or cut off.
const PLAIN = /^\/[!-"$&->@-[\]-~]*$/;
const REALM = /^[ !#-[\]-~]{1,64}$/;

/** Settings that cannot be meant. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** All there is to set. Two are needed. */
export interface Settings {
  /** The gate, as it calls itself in identities. */
  issuer: string;
  /** What stands for this origin in identities. */
  audience: string;
  /** Where the keys are, or the document itself. Left out: below the issuer's URL. */
  jwks?: string | Jwks;
  /** How far the clocks of gate and origin may be apart: 5,000 unless set. */
  skewMs?: number;
  /** Refuses tokens that are not for one method and path. */
  requireBinding?: boolean;
  /** How many used tokens are remembered, so that none is used twice by this process. Only with `requireBinding`. */
  replayMax?: number;
  /** `api-gateway`: the context of the authorizer, and nothing else. */
  source?: "header" | "api-gateway";
  /** What stands before the path under a domain of one's own, as `TOLLGATE_BASE_PATH` of the gate. Only with `api-gateway`. */
  basePath?: string;
  /** How many verified tokens are remembered until they expire: 1,024 unless set. */
  rememberMax?: number;
  /** How long keys are used before they are fetched again: 60,000. */
  freshMs?: number;
  /** How long keys are used when no good answer comes: 300,000. */
  maxAgeMs?: number;
  /** How often an unknown `kid` may cause a fetch: 10,000. */
  refetchMs?: number;
  /** How long a fetch may take, and a request wait for it: 2,000. */
  deadlineMs?: number;
  /** Keys may be fetched without TLS also from another machine. Whoever sits between can then say who calls. */
  allowHttp?: boolean;
  /** Paths that are served to anybody, without an identity: those that are sent in this very spelling. Not for events. */
  public?: readonly string[];
  /** What `WWW-Authenticate` calls this origin. */
  realm?: string;
  /** Told the reason of each refusal. */
  onRefused?: (reason: string) => void;
  /** Told why keys could not be fetched, each time. Without it the console is, at most once in `refetchMs`. */
  onKeysFailed?: (reason: string) => void;
  /** For tests: the clock. */
  nowMs?: () => number;
  /** Fetches keys in the place of the platform's `fetch`, for example a service binding. */
  fetch?: Fetch;
}

type Optional = "jwks" | "onRefused" | "onKeysFailed" | "fetch" | "nowMs";
export type Whole = Readonly<Required<Omit<Settings, Optional>> & Pick<Settings, Optional>>;

const USUAL = {
  skewMs: 5_000,
  requireBinding: false,
  replayMax: 0,
  source: "header",
  basePath: "",
  rememberMax: 1_024,
  freshMs: 60_000,
  maxAgeMs: 300_000,
  refetchMs: 10_000,
  deadlineMs: 2_000,
  allowHttp: false,
  public: [],
  realm: "api",
} as const;
const OTHERS = ["issuer", "audience", "jwks", "onRefused", "onKeysFailed", "fetch", "nowMs"];

/** The settings with what was left out, or `ConfigError`. */
export function settingsOf(given: Settings): Whole {
  for (const [name, value] of Object.entries(given)) {
    must(Object.hasOwn(USUAL, name) || OTHERS.includes(name), `${name}: there is no such setting`);
    must(value !== undefined, `${name}: undefined`);
  }
  const whole: Whole = { ...USUAL, ...given };
  for (const name of ["issuer", "audience"] as const) {
    must(typeof whole[name] === "string" && isName(whole[name]), `${name}: 1 to 128 visible ASCII characters without " and \\`);
  }
  number(whole, "skewMs", 0, SKEW_MAX_MS);
  number(whole, "replayMax", 0, REPLAY_MAX);
  number(whole, "rememberMax", 0, REMEMBER_MAX);
  number(whole, "freshMs", 1_000, 86_400_000);
  number(whole, "maxAgeMs", 1_000, 86_400_000);
  number(whole, "refetchMs", 1_000, 3_600_000);
  number(whole, "deadlineMs", 50, 30_000);
  must(whole.freshMs < whole.maxAgeMs, "freshMs: below maxAgeMs");
  for (const name of ["requireBinding", "allowHttp"] as const) must(typeof whole[name] === "boolean", `${name}: true or false`);
  for (const name of ["onRefused", "onKeysFailed", "fetch", "nowMs"] as const) {
    must(whole[name] === undefined || typeof whole[name] === "function", `${name}: a function`);
  }
  must(whole.replayMax === 0 || whole.requireBinding, "replayMax: only together with requireBinding");
  must(["header", "api-gateway"].includes(whole.source), "source: header or api-gateway");
  must(typeof whole.realm === "string" && matches(REALM, whole.realm), 'realm: 1 to 64 printable ASCII characters without " and \\');
  must(Array.isArray(whole.public) && whole.public.length <= PUBLIC_MAX, `public: a list of at most ${PUBLIC_MAX} paths`);
  const isPath = (path: unknown) => typeof path === "string" && matches(PLAIN, path);
  must(whole.public.every(isPath), "public: each starts with / and is visible ASCII without ?, %, # and \\");
  const base = whole.basePath;
  must(typeof base === "string" && (base === "" || matches(PLAIN, `/${base}`)), "basePath: visible ASCII without ?, %, # and \\");
  must(base === "" || (whole.source === "api-gateway" && /[^/]/.test(base)), "basePath: some segments of a path, and only with api-gateway");
  must(whole.public.length === 0 || whole.source === "header", "public: only with the source header; an event has an identity always");
  return Object.freeze({ ...whole, public: Object.freeze([...whole.public]) });
}

/** Where the keys come from. */
export function sourceOf(settings: Whole): Source {
  const { jwks, issuer, allowHttp } = settings;
  const told = settings.onKeysFailed ?? seldom(settings.refetchMs, warn);
  const failed = (reason: string) => {
    try {
      told(reason);
    } catch {
      // A flight that threw would never land, and end the process: nobody waits for all of them.
    }
  };
  if (typeof jwks === "object" && jwks !== null) return new Fixed(KeySet.of(fixed(jwks)), failed);
  const url = jwks ?? issuer.replace(/\/+$/, "") + WELL_KNOWN;
  must(
    typeof url === "string" && isUrl(url, allowHttp),
    "jwks: an https URL, or the document; without it the issuer must be an https URL",
  );
  const fetch: Fetch = settings.fetch ?? ((url, init) => globalThis.fetch(url, init));
  return new Keys(() => fetchKeys(url, settings.deadlineMs, fetch), settings, failed);
}

function warn(reason: string): void {
  console.warn(`tollgate: the keys of the gate could not be had: ${reason}`);
}

/** What is wrong with a document is said at once; only importing its keys takes a moment. */
function fixed(jwks: Jwks): [string, string, string][] {
  try {
    const entries = entriesOf(jwks);
    if (entries.length === 0) throw new Bad("no_keys");
    if (entries.length > KEYS_MAX) throw new Bad("too_many_keys");
    if (!entries.every(([kid]) => isIdentifier(kid))) throw new Bad("bad_kid");
    if (!entries.every(([, alg]) => ALGS.includes(alg))) throw new Bad("bad_alg");
    if (!entries.every(([, , point]) => isGoodPoint(point))) throw new Bad("bad_key");
    if (new Set(entries.map(([kid]) => kid)).size < entries.length) throw new Bad("duplicate_kid");
    return entries;
  } catch (error) {
    throw error instanceof Bad ? new ConfigError(`jwks: ${error.reason}`) : error;
  }
}

function number(whole: Whole, name: "skewMs" | "replayMax" | "rememberMax" | "freshMs" | "maxAgeMs" | "refetchMs" | "deadlineMs", least: number, most: number): void {
  const value = whole[name];
  must(Number.isInteger(value) && value >= least && value <= most, `${name}: a whole number from ${least} to ${most}`);
}

function must(holds: boolean, message: string): void {
  if (!holds) throw new ConfigError(message);
}
