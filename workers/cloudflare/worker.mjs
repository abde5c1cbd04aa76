// The gate as a Worker: one entry for requests, and the objects that it keeps its word with.

import { Gate, Onward } from "../gate/gate.mjs";
import module from "../gate/gate.wasm";
import { administer, isAdministration } from "./administration.mjs";
import { client, forward, settings, stores } from "./bindings.mjs";

export { Bucket, Ledger, Relay } from "./objects.mjs";

/** One in each isolate: made at its first request, since nothing may be read or drawn before. */
let gate;

export default {
  fetch(request, env, context) {
    if (isAdministration(env, request)) return administer(env, request);
    gate ??= new Gate(module, () => settings(env), stores(env));
    const judged = gate.judge(request, client(request), context);
    if (judged instanceof Onward) return forward(env, request, judged);
    if (judged instanceof Response) return judged;
    return judged.then((told) => (told instanceof Onward ? forward(env, request, told) : told));
  },
};
