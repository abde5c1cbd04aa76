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
/** The one ledger. */
const LEDGER = "ledger";
/** So long after a change replicas are told of it, with what has changed meanwhile. */
const PUBLISH_MS = 100;
/** Replicas that could not be told are told again after so long at first, and at most after so long. */
const RETRY_MIN_MS = 250;
const RETRY_MAX_MS = 60_000;
/** Replicas that have not taken something after so long are told it again. */
const PUT_MAX_MS = 5_000;

const text = new TextDecoder();
const bytes = new TextEncoder();

let compiled;
let module;
/** When somebody began to renew the copy of the head; none if nobody does. */
let renewing;
/** The storage of the object whose step this is: a step is synchronous, so there is one at most. */
let storage;

/** Compiles the module, once in an isolate. */
async function load() {
  compiled ??= (await import("../objects/objects.wasm")).default;
}

/** Why there is no answer: its message is a stable code. */
function refusal(code) {
  return Object.assign(new Error(code), { refused: true });
}

/** Does something; whatever the platform throws comes out as a stable code, and its own words go to the log. */
function coded(work) {
  const recoded = (error) => {
    if (/^[a-z_]{1,40}$/.test(error?.message)) throw error;
    console.error(JSON.stringify({ level: "error", event: "store_failed", what: String(error?.message) }));
    throw refusal("store_unreachable");
  };
  try {
    const done = work();
    return done instanceof Promise ? done.catch(recoded) : done;
  } catch (error) {
    return recoded(error);
  }
}

/** The module's instance: its buffer, and calls into it. */
class Module {
  #wasm;
  /** What the storage said last. */
  #said;

  constructor(env) {
    const bytesAt = (at, len) => new Uint8Array(this.#wasm.memory.buffer, at, len);
    const host = {
      log: (at, len) => console.log(text.decode(bytesAt(at, len))),
      sql: (at, len) => (this.#said = run(text.decode(bytesAt(at, len)))).length,
      rows: (at) => bytesAt(at, this.#said.length).set(this.#said),
    };
    this.#wasm = new WebAssembly.Instance(compiled, { host }).exports;
    const told = [env.TOLLGATE_SECRETS ?? "", env.TOLLGATE_ADMIN ?? "", JSON.stringify(env.TOLLGATE?.keys ?? {})];
    const started = this.#wasm.start(this.write(frame(...told.map((part) => bytes.encode(part)))));
    if (started !== 1) throw refusal(text.decode(this.read()));
  }

  /** Writes to the buffer, and says how many bytes. */
  write(input) {
    const at = this.#wasm.room(input.length);
    if (at === 0) throw refusal("message_too_long");
    new Uint8Array(this.#wasm.memory.buffer, at, input.length).set(input);
    return input.length;
  }

  /** What was written for this side: a copy, which the next call leaves alone. */
  read() {
    return new Uint8Array(this.#wasm.memory.buffer, this.#wasm.written(), this.#wasm.written_len()).slice();
  }

  /** A call that writes something or says why not. */
  done(call, ...given) {
    const done = this.#wasm[call](...given);
    if (done !== 1) throw refusal(text.decode(this.read()) || "refused");
    return this.read();
  }

  /** A call that gives a number. */
  number(call, ...given) {
    return this.#wasm[call](...given);
  }
}

/** Runs a statement on the storage of the object whose step this is. */
function run(asked) {
  let said;
  try {
    const [statement, given] = JSON.parse(asked);
    const parameters = given.map((value) => (typeof value?.bytes === "string" ? unhex(value.bytes) : value));
    said = { rows: [...storage.sql.exec(statement, ...parameters).raw()] };
  } catch (error) {
    said = { error: error.message };
  }
  return bytes.encode(JSON.stringify(said));
}

/** The bytes of pairs of hexadecimal digits. */
function unhex(digits) {
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** What a promise comes to, or a refusal if that takes too long. */
function within(promise, most_ms) {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(refusal("store_unreachable")), most_ms)));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** A step of the module. Whatever goes wrong beside a refusal leaves nothing of the instance behind. */
function step(env, work, own) {
  storage = own;
  try {
    module ??= new Module(env);
    return work(module);
  } catch (error) {
    if (error.refused) throw error;
    module = undefined;
    console.error(JSON.stringify({ level: "error", event: "module_trapped", what: String(error?.message) }));
    throw refusal("module_trapped");
  } finally {
    storage = undefined;
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

/** Whether an object is the one of this name: not every runtime tells an object its own name. */
function isNamed(id, name, space) {
  return id.name === undefined ? space.idFromName(name).equals(id) : id.name === name;
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
    return coded(() => this.#ask(question, relay));
  }

  #ask(question, relay) {
    const { kv } = this.ctx.storage;
    const now = Date.now();
    const [key, object] = step(this.env, (module) => texts(module.done("bucket_key", module.write(question))));
    // A second object for one bucket would be a second, full bucket.
    if (!isNamed(this.ctx.id, object, this.env.BUCKET)) throw refusal("question_misdirected");
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
  ask(question) {
    return coded(() => this.#ask(question));
  }

  async #ask(question) {
    if (stale(this.env)) {
      const ledger = this.env.LEDGER.get(this.env.LEDGER.idFromName(LEDGER));
      // A ledger that never answers one question may answer the next.
      const begin = () => within(renew(this.env, (question) => ledger.ask(question)), RENEWAL_MAX_MS);
      this.#renewal ??= begin().finally(() => (this.#renewal = undefined));
      await this.#renewal;
    }
    return step(this.env, (module) => module.done("head_told", module.write(question), Date.now()));
  }
}
/** The one object that holds the ledger and the head: the only writer of keys. */
export class Ledger extends DurableObject {
  /** When the alarm is due; none if it is not set. */
  #alarm = null;
  /** How long it is waited after replicas could not be told. */
  #patience = RETRY_MIN_MS;

  constructor(ctx, env) {
    super(ctx, env);
    ctx.blockConcurrencyWhile(async () => {
      await load();
      // A second one would be a second ledger.
      if (!isNamed(ctx.id, LEDGER, env.LEDGER)) return;
      this.#open();
      this.#alarm = await ctx.storage.getAlarm();
    });
  }

  /** Brings the tables to the version of the module. */
  #open() {
    const { kv } = this.ctx.storage;
    const version = kv.get("schema") ?? 0;
    const reached = this.#kept((module) => {
      const reached = module.number("ledger_open", version);
      if (reached === 0) throw refusal(text.decode(module.read()));
      return reached;
    });
    if (reached !== version) kv.put("schema", reached);
  }

  /** A step of which everything is kept, or nothing if it throws. */
  #kept(work) {
    return this.ctx.storage.transactionSync(() => step(this.env, work, this.ctx.storage));
  }

  /** Answers a question for the head, or for a record with the head of the same read. */
  ask(question) {
    return coded(() => {
      this.#mine();
      const answer = this.#kept((module) => module.done("ledger_ask", module.write(question), Date.now()));
      this.#publish();
      return answer;
    });
  }

  /** Does what `body` asks for, if the holder of `key` may: the status of the answer, and its JSON. */
  administer(key, body) {
    const presented = bytes.encode(key);
    const answer = { status: 503, body: '{"code":"unavailable"}' };
    try {
      const done = (module) => {
        answer.status = module.number("administer", module.write(frame(presented, body)), Date.now());
        answer.body = text.decode(module.read());
        if (answer.status === 0) throw refusal(answer.body);
        // Nothing of what is refused is kept.
        if (answer.status !== 200) throw refusal("refused");
      };
      coded(() => {
        this.#mine();
        this.#kept(done);
      });
    } catch (error) {
      if (error.message !== "refused") return { status: 503, body: JSON.stringify({ code: error.message }) };
    }
    this.#publish();
    return answer;
  }

  /** Wakes at once if nothing else would ever wake it. */
  keep() {
    this.#mine();
    if (this.#alarm === null) this.#wake(Date.now());
  }

  #mine() {
    if (!isNamed(this.ctx.id, LEDGER, this.env.LEDGER)) throw refusal("question_misdirected");
  }

  /** Wakes soon, if replicas are to be told something. */
  #publish() {
    const now = Date.now();
    if (step(this.env, (module) => module.number("publishes")) !== 1) return;
    if (this.#alarm === null || this.#alarm > now + PUBLISH_MS) this.#wake(now + PUBLISH_MS);
  }

  #wake(at) {
    this.#alarm = at;
    this.ctx.storage.setAlarm(at);
  }

  /** Tells replicas what was committed, in order of epochs; and lets old entries leave the head. */
  async alarm() {
    this.#alarm = null;
    this.#kept((module) => module.number("ledger_age", Date.now()));
    const more = await this.#tell().then(
      (more) => ((this.#patience = RETRY_MIN_MS), more ? PUBLISH_MS : LATER_MS),
      () => (this.#patience = Math.min(2 * this.#patience, RETRY_MAX_MS)),
    );
    const at = Date.now() + more;
    if (this.#alarm === null || this.#alarm > at) this.#wake(at);
  }

  /** Tells replicas some of it, and says whether there is more. */
  async #tell() {
    const { kv } = this.ctx.storage;
    const before = kv.get("publishing") ?? new Uint8Array(0);
    const due = step(this.env, (module) => module.done("due", module.write(before)), this.ctx.storage);
    if (due.length === 0) return false;
    const [publishing, records] = split(due);
    const told = texts(records);
    const puts = [];
    for (let at = 0; at < told.length; at += 2) puts.push(this.env.RECORDS.put(told[at], told[at + 1]));
    await within(Promise.all(puts), PUT_MAX_MS);
    this.#kept((module) => module.done("told", module.write(publishing)));
    kv.put("publishing", publishing.slice());
    return true;
  }
}
