// The gate, for any runtime that has `fetch` and WebAssembly. It knows its stores by one object:
//
//   { replica(key), head(place, question), record(place, question), lease(place, question), limits(place, question) }
//
// each of which gives a promise of bytes; a replica that has nothing gives null. What they carry is read and
// judged in the module; nothing here looks at a key. Whatever fails here is answered 503.

const ONWARD = 0;
const ANSWERED = 1;
const WAITING = 2;

/** After how long a request that waits first looks whether others brought what it needs, in milliseconds. */
const LOOK_MIN_MS = 4;
/** The longest that it does not look; in between that is a quarter of the time that it has waited. */
const LOOK_MAX_MS = 64;
/** The longest that one request minds the timers of its isolate, in milliseconds. */
const MIND_MAX_MS = 20_000;
/** So long after it began somebody else may relieve it. */
const RELIEF_MS = 4_000;
/** The longest pause in which nobody looks at the timers, in milliseconds. */
const PAUSE_MAX_MS = 1_000;
/** The most tickets before they begin anew. */
const TICKETS_MAX = 2 ** 32;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
/** The end of `ms`. Where the isolate stood still meanwhile, what has come by then is heard first. */
const passed = async (ms) => {
  await sleep(ms);
  await sleep(0);
};

/** A request that may go on to the origin, and what its answer must be made into. */
export class Onward {
  #gate;
  #page;
  #lines;

  /** @param {string} page what the module said; it is taken apart when somebody asks what stands in it */
  constructor(gate, page) {
    this.#gate = gate;
    this.#page = page;
  }

  /** The path and query, as they were judged. */
  get target() {
    return this.#read()[0];
  }

  /** The names of the fields that do not go on. */
  get without() {
    const names = this.#read()[1];
    return names === "" ? [] : names.split(" ");
  }

  /** The fields that are set, each with its value. */
  get with() {
    const lines = this.#read();
    return lines.slice(3, lines.indexOf("", 3)).map(field);
  }

  /** Whether shared caches may keep the answer. */
  get cacheable() {
    return this.#read()[2][0] === "1";
  }

  /** The request that the origin at `origin` gets: exactly the target that was judged. */
  request(request, origin) {
    const next = new Request(origin + this.target, request);
    for (const name of this.without) next.headers.delete(name);
    for (const [name, value] of this.with) next.headers.set(name, value);
    return next;
  }

  /** What the client gets where the origin gives no answer. */
  unreachable(request) {
    return this.#gate.unreachable(request.method, this.#id());
  }

  /** What the client gets of the origin's answer. */
  answer(response) {
    const lines = this.#read();
    return this.#gate.returned(response, lines[2], lines.slice(lines.indexOf("", 3) + 1, -1), this.#id());
  }

  #id() {
    return field(this.#read()[3])[1];
  }

  #read() {
    return (this.#lines ??= this.#page.split("\n"));
  }
}

/** One gate in one isolate. */
export class Gate {
  #module;
  #settings;
  #stores;
  #wasm;
  #view = new Uint8Array();
  #at = 0;
  #room = 0;
  #tickets = 0;
  #minded = 0;
  #since = 0;

  /**
   * @param {WebAssembly.Module} module
   * @param {() => string} settings reads the settings, a line each; whatever it throws stops the start
   * @param {object} stores see above
   */
  constructor(module, settings, stores) {
    this.#module = module;
    this.#settings = settings;
    this.#stores = stores;
  }

  /**
   * Judges a request: an `Onward`, or the `Response` that it gets; a promise of one of them only if stores must be
   * asked.
   *
   * @param {Request} request
   * @param {{address: string, country: string}} client what the platform itself says of the client
   * @param {{waitUntil(work: Promise<unknown>): void}} context
   */
  judge(request, client, context) {
    try {
      const wasm = this.#wasm ?? this.#start();
      const ticket = this.#tickets;
      this.#tickets = (ticket + 1) % TICKETS_MAX;
      const len = this.#write(headOf(request, client));
      const code = wasm.arrive(len, ticket, Date.now());
      if (code === WAITING) return this.#wait(wasm, ticket, context);
      const judged = this.#judged(code);
      if (wasm.pending() > 0) context.waitUntil(this.#mind(wasm, this.#errands(wasm)));
      return judged;
    } catch (error) {
      return this.#failed(error);
    }
  }

  /** What the client gets of an origin's answer. */
  returned(response, flags, add, id) {
    let lines;
    try {
      const wasm = this.#wasm ?? this.#start();
      let head = `${flags}\n`;
      response.headers.forEach((value, name) => (head += `${name}:${value}\n`));
      if (wasm.returned(this.#write(head)) === ONWARD) lines = this.#read().split("\n");
    } catch (error) {
      return this.#failed(error);
    }
    try {
      const answer = new Response(response.body, response);
      if (lines[0] !== "") for (const name of lines[0].split(" ")) answer.headers.delete(name);
      let at = 1;
      for (; lines[at] !== ""; at += 1) answer.headers.set(...field(lines[at]));
      for (const line of lines.slice(at + 1, -1)) answer.headers.append(...field(line));
      for (const line of add) answer.headers.append(...field(line));
      return answer;
    } catch {
      // An answer that nobody can pass on is the origin's fault alone: the gate goes on with all that it holds.
      console.error(JSON.stringify({ level: "warn", event: "origin_answer_refused", status: response.status }));
      return this.unreachable("GET", id);
    }
  }

  /** What the client gets where an origin gives no answer: never a word of why. */
  unreachable(method, id) {
    try {
      const wasm = this.#wasm ?? this.#start();
      return this.#judged(wasm.unreachable(this.#write(`${method}\n${id}\n`)));
    } catch (error) {
      return this.#failed(error);
    }
  }

  /** Whether `key` is one that somebody of ours made: no store is asked. Throws where there is no gate to ask. */
  proves(key) {
    try {
      const wasm = this.#wasm ?? this.#start();
      return wasm.proves(this.#write(key)) === 1;
    } catch (error) {
      this.#failed(error);
      throw error;
    }
  }

  #judged(code) {
    const page = this.#read();
    if (code === ONWARD) return new Onward(this, page);
    if (code === ANSWERED) return answerOf(page);
    throw new Error("the request cannot be read");
  }

  #start() {
    const memory = (at, len) => new Uint8Array(wasm.memory.buffer, at, len);
    const host = {
      random: (at, len) => crypto.getRandomValues(memory(at, len)),
      log: (at, len) => console.warn(decoder.decode(memory(at, len))),
    };
    const { exports: wasm } = new WebAssembly.Instance(this.#module, { host });
    this.#room = 0;
    this.#wasm = wasm;
    try {
      const len = this.#write(this.#settings());
      if (wasm.start(len, Date.now()) !== 0) throw new Error(`settings: ${this.#read()}`);
      this.#room = 0;
      return wasm;
    } catch (error) {
      this.#wasm = undefined;
      throw error;
    }
  }

  /** Writes `text` where the module reads it, and says how long it is. */
  #write(text) {
    // A character takes at most three bytes.
    const most = text.length * 3;
    if (most > this.#room && !this.#widen(most)) throw new Error("more than the gate takes");
    // Memory that has grown is another buffer.
    if (this.#view.length !== this.#room) this.#view = new Uint8Array(this.#wasm.memory.buffer, this.#at, this.#room);
    const { read, written } = encoder.encodeInto(text, this.#view);
    if (read !== text.length) throw new Error("a head is too long");
    return written;
  }

  /** Writes `bytes` there: none of them if they are more than the module takes. */
  #writeBytes(bytes) {
    if (bytes.length > this.#room && !this.#widen(bytes.length)) return 0;
    new Uint8Array(this.#wasm.memory.buffer).set(bytes, this.#at);
    return bytes.length;
  }

  /** Has room made for so much, unless that is more than the module takes. */
  #widen(len) {
    const room = Math.max(len, 16_384);
    const at = this.#wasm.room(room);
    if (at === 0) return false;
    this.#room = room;
    this.#at = at;
    this.#view = new Uint8Array();
    return true;
  }

  #read() {
    const wasm = this.#wasm;
    return decoder.decode(new Uint8Array(wasm.memory.buffer, wasm.written(), wasm.written_len()));
  }

  /** Takes out what is to be asked now. */
  #errands(wasm) {
    wasm.errands();
    return this.#read().split("\n").slice(0, -1).map((line) => line.split("\t"));
  }

  /** A request that waits: it runs what it asked for, and looks whether others brought what it needs. */
  async #wait(wasm, ticket, context) {
    try {
      const running = new Set();
      const send = () => {
        if (wasm.pending() === 0) return;
        for (const errand of this.#errands(wasm)) {
          const work = this.#run(wasm, errand).finally(() => running.delete(work));
          running.add(work);
          context.waitUntil(work);
        }
      };
      send();
      for (const begun = Date.now(); ; ) {
        const pause = Math.min(Math.max((Date.now() - begun) / 4, LOOK_MIN_MS), LOOK_MAX_MS);
        await Promise.race([...running, sleep(pause)]);
        // What has broken was dropped already: the gate that was started since is not to be dropped with it.
        if (wasm !== this.#wasm) return unavailable();
        wasm.tick(Date.now());
        const code = wasm.told(ticket, Date.now());
        if (code !== WAITING) {
          const judged = this.#judged(code);
          context.waitUntil(this.#mind(wasm, wasm.pending() > 0 ? this.#errands(wasm) : []));
          return judged;
        }
        send();
      }
    } catch (error) {
      return this.#failed(error);
    }
  }

  /** Runs errands and what follows from them, and does what is due for a while: one request at a time. */
  async #mind(wasm, errands) {
    try {
      const work = errands.map((errand) => this.#run(wasm, errand));
      await Promise.all(work);
      const begun = Date.now();
      // Whoever minded may have been ended with its request: then the mark has grown old. And whoever will end before
      // what is counted now is sent is relieved.
      if (begun - this.#minded < 2 * PAUSE_MAX_MS && begun - this.#since < RELIEF_MS) return;
      this.#since = begun;
      for (let now = begun; now - begun < MIND_MAX_MS && wasm === this.#wasm && this.#since === begun; now = Date.now()) {
        this.#minded = now;
        const due = wasm.tick(now);
        const next = wasm.pending() > 0 ? this.#errands(wasm) : [];
        await Promise.all(next.map((errand) => this.#run(wasm, errand)));
        if (due < 0) break;
        await sleep(Math.min(Math.max(due, 1), PAUSE_MAX_MS));
      }
      if (this.#since === begun) this.#minded = 0;
    } catch (error) {
      this.#failed(error);
    }
  }

  async #run(wasm, [id, kind, deadline, place, question]) {
    let answer;
    let refused = false;
    try {
      const asked = this.#stores[kind](place, question);
      answer = await Promise.race([asked, passed(Number(deadline))]);
    } catch (error) {
      refused = error?.overloaded === true || /^(store|bucket)_/.test(error?.message);
    }
    if (wasm !== this.#wasm) return;
    try {
      if (answer === undefined) wasm.fail(Number(id), refused ? 1 : 0, Date.now());
      else if (answer === null) wasm.deliver(Number(id), 0, 0, Date.now());
      // What is longer than any answer is damaged, and as such is that of one question alone.
      else wasm.deliver(Number(id), 1, this.#writeBytes(answer), Date.now());
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Something broke: nothing passes by that, and what is held is dropped, since it may be in any state. */
  #failed(error) {
    this.#wasm = undefined;
    console.error(JSON.stringify({ level: "error", event: "gate_failed", what: String(error?.message ?? error) }));
    return unavailable();
  }
}

/** What is answered when there is no gate to ask. */
export function unavailable() {
  const problem = { type: "about:blank", title: "Service Unavailable", status: 503, code: "unavailable" };
  const headers = {
    "content-type": "application/problem+json",
    "cache-control": "no-store",
    "retry-after": "1",
  };
  return new Response(JSON.stringify(problem), { status: 503, headers });
}

function headOf(request, { address, country }) {
  let head = `${request.method}\n${request.url}\n${address}\n${country}\n`;
  // This makes no list of each field, as a walk by an iterator does.
  request.headers.forEach((value, name) => (head += `${name}:${value}\n`));
  return head;
}

function answerOf(page) {
  const end = page.indexOf("\n\n");
  const [status, ...lines] = page.slice(0, end).split("\n");
  const body = page.slice(end + 2);
  return new Response(body === "" ? null : body, { status: Number(status), headers: lines.map(field) });
}

function field(line) {
  const at = line.indexOf(":");
  return [line.slice(0, at), line.slice(at + 1)];
}

/** Settings as the module reads them: a line for each leaf of `tree`, with the path that leads there. */
export function lines(tree, path = "") {
  if (tree === null || tree === undefined) return "";
  // A list of nothing is said, since it is not the same as nothing.
  if (Array.isArray(tree) && tree.length === 0) return `${path}\t\n`;
  if (typeof tree === "object") {
    return Object.entries(tree).map(([name, below]) => lines(below, path === "" ? name : `${path}.${name}`)).join("");
  }
  const value = String(tree);
  if (/[\n\t\r]/.test(value) || /[\n\t\r]/.test(path)) throw new Error(`settings: ${JSON.stringify(path)} holds a line break or a tab`);
  return `${path}\t${value}\n`;
}
