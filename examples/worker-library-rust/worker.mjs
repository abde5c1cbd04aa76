// The way into the team's own Worker: the gate judges, and what is written in Rust says what is open and what is answered.

import { client, settings, stores } from "../../workers/cloudflare/bindings.mjs";
import { Gate } from "../../workers/gate/gate.mjs";
import module from "./orders.wasm";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** One of each in each isolate, made at its first request. */
let gate;
let orders;

export default {
  async fetch(request, env, context) {
    const open = say("orders_open", new URL(request.url).pathname);
    if (open !== "") return new Response(open);

    gate ??= new Gate(module, () => settings(env), stores(env));
    const judged = await gate.judge(request, client(request), context);
    if (judged instanceof Response) return judged;

    const { sub, tg } = identity(judged);
    return judged.answer(new Response(say("orders_answer", sub, tg.tenant, judged.target)));
  },
};

/** A call of the team's own, with these lines. It runs beside the gate, in memory of its own: neither harms the other. */
function say(call, ...lines) {
  orders ??= new WebAssembly.Instance(module, { host: { random() {}, log() {} } }).exports;
  const told = encoder.encode(lines.join("\n"));
  const at = orders.orders_room(told.length);
  if (at === 0) throw new Error("more than the Worker takes");
  new Uint8Array(orders.memory.buffer, at, told.length).set(told);
  const length = orders[call]();
  return decoder.decode(new Uint8Array(orders.memory.buffer, orders.orders_written(), length));
}

/** Who passed. The token was signed here a moment ago, so nothing of it has to be verified. */
function identity(judged) {
  const [, token] = judged.with.find(([name]) => name === "tollgate-identity");
  const claims = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(claims), (symbol) => symbol.charCodeAt(0))));
}
