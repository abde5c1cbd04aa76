// A copy of the head for each region.

import { DurableObject } from "cloudflare:workers";

import { RENEWAL_MAX_MS, renew, stale } from "./copy.mjs";
import { LEDGER, object } from "./places.mjs";
import { coded, load, step, within } from "./shell.mjs";

/** One object for each region: answers from a copy of the head that is at most 250 ms old, else asks first. */
export class Relay extends DurableObject {
  #renewal;

  constructor(ctx, env) {
    super(ctx, env);
    ctx.blockConcurrencyWhile(load);
  }

  /** Answers a question for the head. */
  ask(question) {
    return coded(() => this.#ask(question));
  }

  async #ask(question) {
    if (stale(this.env)) {
      const ledger = object(this.env.LEDGER, LEDGER);
      // A ledger that never answers one question may answer the next.
      const begin = () => within(renew(this.env, (question) => ledger.ask(question)), RENEWAL_MAX_MS);
      this.#renewal ??= begin().finally(() => (this.#renewal = undefined));
      await this.#renewal;
    }
    return step(this.env, (module) => module.done("head_told", module.write(question), Date.now()));
  }
}
