// A team's own Worker, which asks the gate who is calling and then answers itself.

import { client, settings, stores } from "../../workers/cloudflare/bindings.mjs";
import { Gate } from "../../workers/gate/gate.mjs";
import module from "../../workers/gate/gate.wasm";

/** One in each isolate, made at its first request. */
let gate;

export default {
  async fetch(request, env, context) {
    // Whatever is answered before `judge` is open to everybody.
    if (new URL(request.url).pathname === "/health") return new Response("well\n");

    gate ??= new Gate(module, () => settings(env), stores(env));
    const judged = await gate.judge(request, client(request), context);
    // Refused: the answer says why.
    if (judged instanceof Response) return judged;

    const { sub, tg } = identity(judged);
    const answer = Response.json({ owner: sub, tenant: tg.tenant, asked: judged.target });
    // Adds what a client of the gate is told: what is left of its limits, and that nobody else may keep the answer.
    return judged.answer(answer);
  },
};

/** Who passed. The token was signed here a moment ago, so nothing of it has to be verified. */
function identity(judged) {
  const [, token] = judged.with.find(([name]) => name === "tollgate-identity");
  const claims = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(claims), (symbol) => symbol.charCodeAt(0))));
}
