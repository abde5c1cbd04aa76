// What a verifier remembers, each within a bound: tokens that were good, and tokens that were used.

import type { Identity } from "./identity.js";
import { Bad, type KeySet } from "./token.js";

/**
 * Tokens without binding that were verified: the signature is not computed again while the key is the same.
 *
 * Times are judged at every use. When it is full the oldest goes, which is nearly the first to expire.
 */
export class Remembered {
  readonly #held = new Map<string, { mark: string; identity: Identity }>();

  constructor(private readonly most: number) {}

  get size(): number {
    return this.#held.size;
  }

  find(token: string): Identity | null {
    return this.#held.get(token)?.identity ?? null;
  }

  /** Whether the key that it was verified with is still one of these. */
  holds(token: string, keys: KeySet): boolean {
    const held = this.#held.get(token);
    return held !== undefined && keys.find(held.identity.kid)?.mark === held.mark;
  }

  keep(token: string, keys: KeySet, identity: Identity): void {
    const key = keys.find(identity.kid);
    if (this.most === 0 || identity.binding !== null || key === undefined) return;
    this.#held.set(token, { mark: key.mark, identity });
    for (const oldest of this.#held.keys()) {
      if (this.#held.size <= this.most) break;
      this.#held.delete(oldest);
    }
  }

  forget(token: string): void {
    this.#held.delete(token);
  }
}

/**
 * Bound tokens that were used, until they could not be used any more.
 *
 * When it is full of tokens that still could, further ones are refused: none is used twice for want of room.
 */
export class Used {
  readonly #until = new Map<string, number>();
  #latest = 0;
  /** When the first of them can be forgotten: a full memory is not gone through before, by whomever. */
  #first = Infinity;

  constructor(private readonly most: number) {}

  take(identity: Pick<Identity, "binding" | "expiresAt">, skewMs: number, nowMs: number): void {
    if (this.most === 0 || identity.binding === null) return;
    const ends = identity.expiresAt * 1000 + skewMs;
    this.#latest = Math.max(this.#latest, nowMs);
    // The clock was set back: this one may have been forgotten already.
    if (ends <= this.#latest) throw new Bad("expired");
    const { jti } = identity.binding;
    if (this.#until.has(jti)) throw new Bad("replayed");
    if (this.#until.size >= this.most && this.#first <= this.#latest) {
      this.#first = Infinity;
      for (const [old, end] of this.#until) {
        if (end <= this.#latest) this.#until.delete(old);
        else this.#first = Math.min(this.#first, end);
      }
    }
    if (this.#until.size >= this.most) throw new Bad("replay_full");
    this.#first = Math.min(this.#first, ends);
    this.#until.set(jti, ends);
  }
}
