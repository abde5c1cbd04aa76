// One object for each bucket, and a bounded number for all limits on addresses.

import { DurableObject } from "cloudflare:workers";

import { RENEWAL_MAX_MS, renew, stale } from "./copy.mjs";
import { BUCKETS, HOME, RELAY, object, relayOf } from "./places.mjs";
import { coded, frame, isNamed, load, refusal, split, step, texts } from "./shell.mjs";

/** The most buckets that one alarm looks at. */
const SWEEP_MAX = 256;
/** A sweep that has more to look at goes on so soon. */
const SWEEP_ON_MS = 1_000;
/** A bucket that may never be forgotten, or cannot be read, is looked at again after so long. */
const LATER_MS = 24 * 3_600_000;

/** When somebody began to renew the copy of the head; none if nobody does. */
let renewing;

/** One object for each bucket, and a bounded number for all limits on addresses. */
export class Bucket extends DurableObject {
  /** When the alarm is due; none if it is not set. */
  #alarm = null;
  /** After which key the sweep goes on, and the earliest time that it has found so far. */
  #sweep = null;
  /** The relay of the region where the object is, which is that of whoever asked first; none as long as nobody said. */
  #home;

  constructor(ctx, env) {
    super(ctx, env);
    ctx.blockConcurrencyWhile(async () => {
      await load();
      this.#alarm = await ctx.storage.getAlarm();
      this.#home = ctx.storage.kv.get(HOME);
    });
  }

  /** Answers a question for tokens, of somebody in the region of `relay`. */
  ask(question, relay) {
    return coded(() => this.#ask(question, relayOf(relay)));
  }

  #ask(question, relay) {
    const { kv } = this.ctx.storage;
    const now = Date.now();
    const [key, name] = step(this.env, (module) => texts(module.done("bucket_key", module.write(question))));
    // A second object for one bucket would be a second, full bucket.
    if (!isNamed(this.ctx.id, name, this.env.BUCKET)) throw refusal("question_misdirected");
    const before = kv.get(key) ?? new Uint8Array(0);
    const [state, answer] = step(this.env, (module) =>
      split(module.done("exchange", module.write(frame(question, before)), now)),
    );
    if (state.length > 0) {
      kv.put(key, state.slice());
      if (this.#home === undefined && relay !== RELAY) kv.put(HOME, (this.#home = relay));
      if (this.#alarm === null) this.#wake(now + step(this.env, (module) => module.number("look_after_ms")));
    }
    this.#renew(this.#home ?? relay, now);
    return answer;
  }

  /** Renews the copy of the head in the background, for the answers after this one. */
  #renew(name, now) {
    if (renewing !== undefined && now - renewing < RENEWAL_MAX_MS) return;
    if (!stale(this.env)) return;
    renewing = now;
    const relay = object(this.env.RELAY, name);
    const renewed = renew(this.env, (question) => relay.ask(question));
    this.ctx.waitUntil(renewed.catch(() => {}).finally(() => (renewing = undefined)));
  }

  #wake(at) {
    this.#alarm = at;
    this.ctx.storage.setAlarm(at);
  }

  /** Forgets the buckets that are full with nothing out, and no other. */
  alarm() {
    const { kv } = this.ctx.storage;
    const now = Date.now();
    const sweep = this.#sweep ?? { after: undefined, next: Infinity };
    const page = [...kv.list({ prefix: BUCKETS, startAfter: sweep.after, limit: SWEEP_MAX })];
    for (const [key, state] of page) {
      const at = step(this.env, (module) => module.number("forget", module.write(state), now));
      if (at === 0) kv.delete(key);
      else sweep.next = Math.min(sweep.next, at > 0 ? at : now + LATER_MS);
      if (at === -2) console.error(JSON.stringify({ level: "error", event: "bucket_damaged", key }));
    }
    this.#alarm = null;
    if (page.length === SWEEP_MAX) {
      this.#sweep = { ...sweep, after: page.at(-1)[0] };
      this.#wake(now + SWEEP_ON_MS);
    } else {
      this.#sweep = null;
      const soonest = now + step(this.env, (module) => module.number("look_after_ms"));
      if (sweep.next !== Infinity) this.#wake(Math.max(sweep.next, soonest));
      // An object that stores nothing costs nothing.
      else if ([...kv.list({ prefix: BUCKETS, limit: 1 })].length === 0) kv.delete(HOME), (this.#home = undefined);
    }
  }
}
