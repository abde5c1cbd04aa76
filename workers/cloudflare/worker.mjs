// The gate as a Worker: one entry for requests, and the objects that it keeps its word with.

import { Gate, Onward, unavailable } from "../gate/gate.mjs";
import module from "../gate/gate.wasm";
import { administer, isAdministration } from "./administration.mjs";
import { client, forward, settings, stores } from "./bindings.mjs";
import { LEDGER, object } from "./places.mjs";

export { Bucket, Ledger, Relay, Witness } from "./objects.mjs";

/** One in each isolate: made at its first request, since nothing may be read or drawn before. */
let gate;

export default {
  fetch(request, env, context) {
    try {
      gate ??= new Gate(module, () => settings(env), stores(env));
      if (isAdministration(env, request)) return administer(env, request, gate);
      const judged = gate.judge(request, client(request), context);
      if (judged instanceof Promise) return judged.then((told) => passedOn(env, request, told));
      return passedOn(env, request, judged);
    } catch (error) {
      return failed(error);
    }
  },

  /** Housekeeping goes by the objects' own alarms: this sets one again should it ever be lost. */
  scheduled(_event, env, context) {
    context.waitUntil(object(env.LEDGER, LEDGER).keep());
  },
};

/** What passed goes on to the origin; everything else is answered as it was judged. */
function passedOn(env, request, judged) {
  try {
    return judged instanceof Onward ? forward(env, request, judged) : judged;
  } catch (error) {
    return failed(error);
  }
}

/** Whatever breaks here is no allow, and tells nobody what it was. */
function failed(error) {
  console.error(JSON.stringify({ level: "error", event: "worker_failed", what: String(error?.message ?? error) }));
  return unavailable();
}
