// What is noted outside the ledger of how far it has come: an object of its own, whose storage stays as it is when the
// ledger's is taken back.

import { DurableObject } from "cloudflare:workers";

import { NOTED, WITNESS } from "./places.mjs";
import { coded, frame, isNamed, load, refusal, step, text } from "./shell.mjs";

export class Witness extends DurableObject {
  constructor(ctx, env) {
    super(ctx, env);
    ctx.blockConcurrencyWhile(load);
  }

  /** Notes `told` unless something higher is noted, and says what is noted now. */
  note(told) {
    return coded(() => {
      if (!isNamed(this.ctx.id, WITNESS, this.env.WITNESS)) throw refusal("question_misdirected");
      const { kv } = this.ctx.storage;
      const kept = kv.get(NOTED) ?? new Uint8Array(0);
      const noted = step(this.env, (module) => module.done("note", module.write(frame(kept, told))));
      if (text.decode(noted) !== text.decode(kept)) kv.put(NOTED, noted);
      return noted;
    });
  }
}
