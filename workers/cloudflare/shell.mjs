// What the Durable Objects share: thin shells around one WebAssembly module that all objects of an isolate share.
//
// A shell reads what is stored, makes one synchronous step of the module, and stores what comes out: nothing can
// happen in between, and the runtime holds an answer back until what was stored before it is durable.

export const text = new TextDecoder();
export const bytes = new TextEncoder();

let compiled;
let module;
/** The storage of the object whose step this is: a step is synchronous, so there is one at most. */
let storage;

/** Compiles the module, once in an isolate. */
export async function load() {
  compiled ??= (await import("../objects/objects.wasm")).default;
}

/** Why there is no answer: its message is a stable code. */
export function refusal(code) {
  return Object.assign(new Error(code), { refused: true });
}

/** Does something; whatever the platform throws comes out as a stable code, and its own words go to the log. */
export function coded(work) {
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
export function within(promise, most_ms) {
  let timer;
  const late = new Promise((_, reject) => (timer = setTimeout(() => reject(refusal("store_unreachable")), most_ms)));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** A step of the module. Whatever goes wrong beside a refusal leaves nothing of the instance behind. */
export function step(env, work, own) {
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
export function frame(...parts) {
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
export function split(all) {
  const end = 4 + new DataView(all.buffer, all.byteOffset, all.byteLength).getUint32(0);
  return [all.subarray(4, end), all.subarray(end)];
}

/** All parts, as texts. */
export function texts(all) {
  const found = [];
  for (let rest = all; rest.length > 0; ) {
    const [part, after] = split(rest);
    found.push(text.decode(part));
    rest = after;
  }
  return found;
}

/** Whether an object is the one of this name: not every runtime tells an object its own name. */
export function isNamed(id, name, space) {
  return id.name === undefined ? space.idFromName(name).equals(id) : id.name === name;
}
