// The keys that are held, how old they may be, and when they are fetched again.
//
// * Younger than `freshMs`: used.
// * Older: used, and fetched again behind the requests.
// * Older than `maxAgeMs` without a good answer: not used any more.
// * A `kid` that is not known: fetched again, at most once in `refetchMs`, whoever asks.
//
// A good answer replaces all keys. So a key that the gate has removed goes with the next answer, and if none
// comes with its `maxAgeMs`.

import { Bad, type KeySet } from "./token.js";

/** With no key in hand nothing can be served, so that is tried again sooner. */
export const RETRY_MS = 1_000;

export interface Ages {
  readonly freshMs: number;
  readonly maxAgeMs: number;
  readonly refetchMs: number;
  readonly deadlineMs: number;
}

/** Both clocks: one can be set back, and the other stands still while a machine sleeps. */
export interface Instant {
  readonly steady: number;
  readonly wall: number;
}

export function now(): Instant {
  return { steady: performance.now(), wall: Date.now() };
}

/** The keys that may be used now, and what to wait for if they are not enough. */
export interface Look {
  readonly keys: KeySet | null;
  readonly wait: Promise<void> | null;
  /** A fetch that is under way, whether anybody waits for it or not. */
  readonly flight: Promise<void> | null;
}

export interface Source {
  look(kid: string): Look;
}

/** Keys that are fetched when they are needed. At most one fetch is under way. */
export class Keys implements Source {
  #held: KeySet | null = null;
  #came: Instant | null = null;
  #tried: Instant | null = null;
  #flight: Promise<void> | null = null;
  #number = 0;

  constructor(
    private readonly fetch: () => Promise<KeySet>,
    private readonly ages: Ages,
    private readonly onFailed: (reason: string) => void,
    private readonly clock: () => Instant = now,
  ) {}

  look(kid: string): Look {
    const at = this.clock();
    const keys = this.#usable(at);
    const enough = keys?.find(kid) !== undefined;
    // A platform may end whatever a request began together with the request: such a flight never lands.
    if (this.#flight !== null && this.#tried !== null && since(at, this.#tried) > this.ages.deadlineMs + RETRY_MS) {
      this.#flight = null;
    }
    if (this.#flight === null && this.#isDue(at, keys, enough)) {
      this.#tried = at;
      this.#number += 1;
      this.#flight = this.#fly(this.#number, at);
    }
    return { keys, wait: enough ? null : this.#flight, flight: this.#flight };
  }

  #usable(at: Instant): KeySet | null {
    if (this.#came === null || since(at, this.#came) >= this.ages.maxAgeMs) return null;
    return this.#held;
  }

  #isDue(at: Instant, keys: KeySet | null, enough: boolean): boolean {
    const waited = this.#tried === null ? Infinity : since(at, this.#tried);
    if (keys === null || this.#came === null) return waited >= RETRY_MS;
    if (enough && since(at, this.#came) < this.ages.freshMs) return false;
    return waited >= this.ages.refetchMs;
  }

  /** Never rejects: whoever waits looks again. */
  async #fly(number: number, began: Instant): Promise<void> {
    let found: KeySet | null = null;
    try {
      found = await this.fetch();
    } catch (error) {
      this.onFailed(error instanceof Bad ? error.reason : "jwks_unreachable");
    }
    // One that was given up may bring what a later one has replaced.
    if (number !== this.#number) return;
    this.#flight = null;
    // As old as the question: the gate may have answered it at once.
    if (found !== null) [this.#held, this.#came] = [found, began];
  }
}

/** Keys that were given and never change. */
export class Fixed implements Source {
  #keys: KeySet | null = null;
  #imported: Promise<void> | null;

  constructor(made: Promise<KeySet>, onFailed: (reason: string) => void) {
    this.#imported = made.then(
      (keys) => void ([this.#keys, this.#imported] = [keys, null]),
      (error: unknown) => onFailed(error instanceof Bad ? error.reason : "no_ed25519"),
    );
  }

  look(): Look {
    return { keys: this.#keys, wait: this.#imported, flight: null };
  }
}

/** Writes at most once in an interval: with no key in hand there may be a fetch each second. */
export function seldom(intervalMs: number, write: (reason: string) => void, clock: () => Instant = now): (reason: string) => void {
  let last: Instant | null = null;
  return (reason) => {
    const at = clock();
    if (last !== null && since(at, last) < intervalMs) return;
    last = at;
    write(reason);
  };
}

function since(at: Instant, earlier: Instant): number {
  return Math.max(at.steady - earlier.steady, at.wall - earlier.wall);
}
