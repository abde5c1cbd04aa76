// Holds the deployed Durable Objects for tests: counts how often each class is asked, can be told to fail, and has a
// clock that can be put forward. Not a line of what is deployed knows of it.

import * as deployed from "./objects.mjs";

const SILENT_MS = 30_000;
const SLOW_MS = 120;

/** How often each is asked on behalf of a request, which what was counted of requests is not; the witness, only by the ledger, which is not counted. */
const counts = { Bucket: 0, Relay: 0, Ledger: 0, Witness: 0 };
/** How often the ledger was asked for a record. */
let records = 0;
/** How often the ledger was administered, whatever came of it. */
let administered = 0;
/** What becomes of questions: "honest", or a name below; of every so manieth one, to one class or to all. */
let manner = { name: "honest", of: "", every: 1 };

const text = new TextDecoder();
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** How questions go wrong. */
const MANNERS = {
  silent: async (ask) => (await pause(SILENT_MS), ask()),
  slow: async (ask) => (await pause(SLOW_MS), ask()),
  overloaded: () => {
    throw Object.assign(new Error("Durable Object is overloaded."), { overloaded: true });
  },
  broken: () => {
    throw new Error("the object is gone");
  },
  /** All is done and kept, and nobody hears of it. */
  unheard: async (ask) => {
    await ask();
    throw new Error("the object is gone");
  },
  /** The runtime ends the object after it has written: its next question finds a new one. */
  reset: async (ask, object) => {
    await ask();
    object.ctx.abort("reset for a test");
    throw new Error("the object is gone");
  },
  /** Half of an answer. */
  cut: async (ask) => {
    const answer = await ask();
    return answer.slice(0, answer.length >> 1);
  },
};

function held(name) {
  return class extends deployed[name] {
    async ask(...given) {
      if (text.decode(given[0]).startsWith('{"usage":')) return super.ask(...given);
      counts[name] += 1;
      if (name === "Ledger" && text.decode(given[0]).includes('"lookup"')) records += 1;
      const ask = () => super.ask(...given);
      const mine = (manner.of === "" || manner.of === name) && counts[name] % manner.every === 0;
      return mine && manner.name !== "honest" ? MANNERS[manner.name](ask, this) : ask();
    }

    administer(...given) {
      administered += 1;
      return super.administer(...given);
    }
  };
}

export const Bucket = held("Bucket");
export const Relay = held("Relay");
export const Ledger = held("Ledger");
export { Witness } from "./objects.mjs";

/** By how much the clock of the objects is put forward, in milliseconds. */
let ahead = 0;
const real = Date.now;
Date.now = () => real() + ahead;

/** Passes a question on to an object, for a gate that runs where there are none: `POST /ask/CLASS/name`. */
async function ask(request, env) {
  const [, , space, name] = new URL(request.url).pathname.split("/").map(decodeURIComponent);
  try {
    const object = env[space].get(env[space].idFromName(name));
    const more = JSON.parse(request.headers.get("more") ?? "[]");
    return new Response(await object.ask(new Uint8Array(await request.arrayBuffer()), ...more));
  } catch (error) {
    const said = { code: error.message, overloaded: error.overloaded === true };
    return Response.json(said, { status: 500 });
  }
}

/** So many requests at the same time, more than a machine has sockets for; says what became of them. */
async function crowd(gate, many, key) {
  const answers = {};
  const ask = async () => {
    const { status } = await gate.fetch("http://gate.test/orders", { headers: { "x-api-key": key } });
    answers[status] = (answers[status] ?? 0) + 1;
  };
  await Promise.all(Array.from({ length: many }, ask));
  return Response.json(answers);
}

export default {
  async fetch(request, env) {
    const [, what, ...words] = new URL(request.url).pathname.split("/");
    if (what === "ask") return ask(request, env);
    if (what === "manner") {
      const [name, of = "", every = "1"] = words;
      if (name !== "honest" && !(name in MANNERS)) return new Response(`no manner: ${name}`, { status: 404 });
      manner = { name, of, every: Number(every) };
    }
    if (what === "ahead") ahead = Number(words[0]);
    // The ledger makes its tables when it is first touched.
    if (what === "touch") {
      const question = new TextEncoder().encode('{"since":[0,0]}');
      await env.LEDGER.get(env.LEDGER.idFromName("ledger")).ask(question);
    }
    if (what === "crowd") return crowd(env.GATE, Number(words[0]), request.headers.get("x-api-key"));
    if (what === "head") {
      const answer = await env.LEDGER.get(env.LEDGER.idFromName("ledger")).ask(new TextEncoder().encode('{"since":[0,0]}'));
      return new Response(answer.slice(4));
    }
    return Response.json({ ...counts, records, administered, manner: manner.name, ahead });
  },
};
