// The copy of the head that the objects of an isolate share.

import { refusal, step } from "./shell.mjs";

/** A copy of the head that is older than this is renewed. */
const COPY_MAX_MS = 250;
/** The longest that a renewal takes. */
export const RENEWAL_MAX_MS = 1_000;

/** Whether the isolate's copy of the head is to be renewed. */
export function stale(env) {
  const age = step(env, (module) => module.number("head_age_ms", Date.now()));
  return age < 0 || age > COPY_MAX_MS;
}

/** Asks `ask` for what is newer than the copy of the head, and takes it in. */
export async function renew(env, ask) {
  for (const all of [0, 1]) {
    const question = step(env, (module) => module.done("head_question", all));
    const sent = Date.now();
    const answer = await ask(question);
    const taken = step(env, (module) => module.number("head_taken", module.write(answer), sent, Date.now()));
    if (taken === 1) return;
    if (taken === 0) break;
  }
  throw refusal("store_unreachable");
}
