// The Durable Objects: thin shells around one WebAssembly module that all objects of an isolate share.
//
// A shell reads what is stored, makes one synchronous step of the module, and stores what comes out: nothing can
// happen in between, and the runtime holds an answer back until what was stored before it is durable.

import { DurableObject } from "cloudflare:workers";

/** A copy of the head that is older than this is renewed. */
const COPY_MAX_MS = 250;
/** For so long nobody else renews the copy, whatever becomes of whoever does. */
const RENEWAL_MAX_MS = 1_000;
/** The most buckets that one alarm looks at. */
const SWEEP_MAX = 256;
/** A sweep that has more to look at goes on so soon. */
const SWEEP_ON_MS = 1_000;
/** A bucket that may never be forgotten, or cannot be read, is looked at again after so long. */
const LATER_MS = 24 * 3_600_000;
/** The relay of whoever names none. */
const RELAY = "relay";

const text = new TextDecoder();
const bytes = new TextEncoder();

let compiled;
let module;
/** When somebody began to renew the copy of the head; none if nobody does. */
let renewing;

/** Compiles the module, once in an isolate. */
async function load() {
  compiled ??= (await import("../objects/objects.wasm")).default;
}

/** Why there is no answer: its message is a stable code. */
function refusal(code) {
  return Object.assign(new Error(code), { refused: true });
}

/** The module's instance: its buffer, and calls into it. */
class Module {
  #wasm;

  constructor(env) {
    const log = (at, len) => console.log(text.decode(new Uint8Array(this.#wasm.memory.buffer, at, len)));
    this.#wasm = new WebAssembly.Instance(compiled, { host: { log } }).exports;
    const secrets = bytes.encode(env.TOLLGATE_SECRETS ?? "");
    if (this.#wasm.start(this.write(secrets)) !== 1) throw refusal(text.decode(this.#read()));
  }

  /** Writes to the buffer, and says how many bytes. */
  write(input) {
    const at = this.#wasm.room(input.length);
    if (at === 0) throw refusal("message_too_long");
    new Uint8Array(this.#wasm.memory.buffer, at, input.length).set(input);
    return input.length;
  }

  /** What was written for this side: a copy, which the next call leaves alone. */
  #read() {
    return new Uint8Array(this.#wasm.memory.buffer, this.#wasm.written(), this.#wasm.written_len()).slice();
  }

  /** A call that writes something or says why not. */
  done(call, ...given) {
    const done = this.#wasm[call](...given);
    if (done !== 1) throw refusal(text.decode(this.#read()) || "refused");
    return this.#read();
  }

  /** A call that gives a number. */
  number(call, ...given) {
    return this.#wasm[call](...given);
  }
}

/** A step of the module. Whatever goes wrong beside a refusal leaves nothing of the instance behind. */
function step(env, work) {
  try {
    module ??= new Module(env);
    return work(module);
  } catch (error) {
    if (error.refused) throw error;
    module = undefined;
    console.error(JSON.stringify({ level: "error", event: "module_trapped" }));
    throw refusal("module_trapped");
  }
}

/** Several parts, each behind its length. */
function frame(...parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + 4 + part.length, 0));
  const view = new DataView(all.buffer);
  let at = 0;
  for (const part of parts) {
    view.setUint32(at, part.length);
    all.set(part, at + 4);
    at += 4 + part.length;
  }
  return all;
}

/** The first part of several, and the others as they stand there. */
function split(all) {
  const end = 4 + new DataView(all.buffer, all.byteOffset, all.byteLength).getUint32(0);
  return [all.subarray(4, end), all.subarray(end)];
}

/** All parts, as texts. */
function texts(all) {
  const found = [];
  for (let rest = all; rest.length > 0; ) {
    const [part, after] = split(rest);
    found.push(text.decode(part));
    rest = after;
  }
  return found;
}

/** Whether the isolate's copy of the head is to be renewed. */
function stale(env) {
  const age = step(env, (module) => module.number("head_age_ms", Date.now()));
  return age < 0 || age > COPY_MAX_MS;
}

/** Asks `ask` for what is newer than the copy of the head, and takes it in. */
async function renew(env, ask) {
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

/** One object for each bucket, and a bounded number for all limits on addresses. */
export class Bucket extends DurableObject {
  /** When the alarm is due; none if it is not set. */
  #alarm = null;
  /** After which key the sweep goes on, and the earliest time that it has found so far. */
  #sweep = null;

  constructor(ctx, env) {
    super(ctx, env);
    ctx.blockConcurrencyWhile(async () => {
      await load();
      this.#alarm = await ctx.storage.getAlarm();
    });
  }

  /** Answers a question for tokens. */
  ask(question, relay = RELAY) {
    const { kv } = this.ctx.storage;
    const now = Date.now();
    const [key, object] = step(this.env, (module) => texts(module.done("bucket_key", module.write(question))));
    // A second object for one bucket would be a second, full bucket.
    if (this.ctx.id.name !== object) throw refusal("question_misdirected");
    const before = kv.get(key) ?? new Uint8Array(0);
    const [state, answer] = step(this.env, (module) =>
      split(module.done("exchange", module.write(frame(question, before)), now)),
    );
    if (state.length > 0) {
      kv.put(key, state.slice());
      if (this.#alarm === null) this.#wake(now + step(this.env, (module) => module.number("look_after_ms")));
    }
    this.#renew(relay, now);
    return answer;
  }

  /** Renews the copy of the head in the background, for the answers after this one. */
  #renew(name, now) {
    if (renewing !== undefined && now - renewing < RENEWAL_MAX_MS) return;
    if (!stale(this.env)) return;
    renewing = now;
    const relay = this.env.RELAY.get(this.env.RELAY.idFromName(name));
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
    const page = [...kv.list({ prefix: "b/", startAfter: sweep.after, limit: SWEEP_MAX })];
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
    }
  }
}

/** One object for each region: answers from a copy of the head that is at most 250 ms old, else asks first. */
export class Relay extends DurableObject {
  #renewal;

  constructor(ctx, env) {
    super(ctx, env);
    ctx.blockConcurrencyWhile(load);
  }

  /** Answers a question for the head. */
  async ask(question) {
    if (stale(this.env)) {
      const ledger = this.env.LEDGER.get(this.env.LEDGER.idFromName("ledger"));
      this.#renewal ??= renew(this.env, (question) => ledger.ask(question)).finally(() => (this.#renewal = undefined));
      await this.#renewal;
    }
    return step(this.env, (module) => module.done("head_told", module.write(question), Date.now()));
  }
}
export class Ledger extends DurableObject {}
