// The ledger and its head.

import { DurableObject } from "cloudflare:workers";

import { LEDGER, WITNESS, object } from "./places.mjs";
import { bytes, coded, frame, isNamed, load, refusal, split, step, text, texts, within } from "./shell.mjs";

/** So long after a change replicas are told of it, with what has changed meanwhile. */
const PUBLISH_MS = 100;
/** Replicas that could not be told are told again after so long at first, and at most after so long. */
const RETRY_MIN_MS = 250;
const RETRY_MAX_MS = 60_000;
/** Replicas that have not taken something after so long are told it again. */
const PUT_MAX_MS = 5_000;
/** Where nothing is to be told, it is looked again after so long. */
const LATER_MS = 24 * 3_600_000;
/** The longest that a note may take. */
const NOTE_MAX_MS = 1_000;
/** So long after the answer a ledger ends that goes back. */
const END_MS = 100;

/** What the module says of administration, beside what everybody is told: a new incarnation has begun. */
const RESTORED = 201;
/** Or the storage is to go back. */
const GOES_BACK = 202;

/** Writes a point for each line of a batch that was just kept, to whoever draws pictures of them. */
function points(dataset, question, answer) {
  try {
    const [taken] = texts(answer);
    if (taken !== "kept") return;
    for (const [hour, tenant, owner, key, route, code, count] of JSON.parse(text.decode(question)).lines) {
      dataset.writeDataPoint({ indexes: [key], blobs: [tenant, owner, key, route, code], doubles: [count, hour] });
    }
  } catch (error) {
    // The ledger has it: the picture lacks a part, and nothing else does.
    console.error(JSON.stringify({ level: "warn", event: "points_lost", what: String(error?.message) }));
  }
}

/** The one object that holds the ledger and the head: the only writer of keys. */
export class Ledger extends DurableObject {
  /** When the alarm is due; none if it is not set. */
  #alarm = null;
  /** How long it is waited after replicas could not be told. */
  #patience = RETRY_MIN_MS;
  /** How far the ledger had come when that was noted outside it; none until it was. */
  #noted;
  /** Whether anybody may be answered: all that was there at the start, or came by a restore, is noted. */
  #sure = false;
  /** What is noted outside if that is above the ledger: this is an older copy then, which answers nothing. */
  #newer;
  /** Who asks for that, or notes more. */
  #noting;

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

  /**
   * Answers a question for the head, or for a record with the head of the same read; or for the limits of routes, of a
   * Worker that was deployed at that time.
   */
  ask(question, deployed_ms = 0) {
    return coded(() => {
      this.#mine();
      return this.#sure ? this.#told(question, deployed_ms) : this.#note().then(() => this.#told(question, deployed_ms));
    });
  }

  #told(question, deployed_ms) {
    const answer = this.#kept((module) => module.done("ledger_ask", module.write(question), deployed_ms, Date.now()));
    if (this.env.USAGE) points(this.env.USAGE, question, answer);
    this.#publish();
    return answer;
  }

  /** Does what `body` asks for, if the holder of `key` may: the status of the answer, and its JSON. */
  async administer(key, body) {
    try {
      return await coded(() => this.#administer(bytes.encode(key), body));
    } catch (error) {
      return { status: 503, body: JSON.stringify({ code: error.message }) };
    }
  }

  async #administer(key, body) {
    this.#mine();
    // An older copy has nothing to say, except to whoever makes it the ledger again.
    if (!this.#sure) await this.#note().catch((error) => this.#newer ?? Promise.reject(error));
    const answer = this.#changed(key, body);
    if (answer.status === GOES_BACK) return this.#goBack(JSON.parse(answer.body));
    if (answer.status === RESTORED) {
      // Nobody is told anything of the new incarnation before it is noted: none is begun twice.
      this.#sure = false;
      this.#newer = undefined;
      try {
        await coded(() => this.#note());
        answer.status = 200;
      } catch {
        // The incarnation has begun, and nobody is answered in it until it is noted.
        return { status: 503, body: '{"code":"restore_not_noted"}' };
      }
    }
    this.#publish();
    return answer;
  }

  /** One change, or one look: of what is refused nothing is kept. */
  #changed(key, body) {
    const answer = {};
    const newer = bytes.encode(this.#newer ?? "");
    try {
      this.#kept((module) => {
        answer.status = module.number("administer", module.write(frame(key, body, newer)), Date.now());
        answer.body = text.decode(module.read());
        if (answer.status === 0) throw refusal(answer.body);
        if (answer.status !== 200 && answer.status !== RESTORED) throw refusal("refused");
      });
    } catch (error) {
      if (error.message !== "refused") throw error;
    }
    return answer;
  }

  /** Takes the storage back: what starts after this is an older copy, which answers nothing until it is restored. */
  async #goBack({ at_ms, bookmark }) {
    const { storage } = this.ctx;
    const to = bookmark ?? (await storage.getBookmarkForTime(at_ms));
    // What was committed last is noted, so that what starts is found to be older.
    if (this.#newer === undefined) await this.#note();
    const undo = await storage.onNextSessionRestoreBookmark(to);
    // Nothing is committed any more that would be lost.
    this.#older(this.#newer ?? this.#noted);
    setTimeout(() => this.ctx.abort("the ledger goes back"), END_MS);
    return { status: 200, body: JSON.stringify({ undo }) };
  }

  /** This is an older copy than what is noted. */
  #older(noted) {
    this.#newer = noted;
    this.#sure = false;
  }

  /** Notes outside how far the ledger has come. What is noted there tells whether this is an older copy. */
  #note() {
    this.#noting ??= this.#noteAll().finally(() => (this.#noting = undefined));
    return this.#noting;
  }

  async #noteAll() {
    if (this.#newer !== undefined) throw refusal("store_older");
    const stamp = () => text.decode(step(this.env, (module) => module.done("ledger_note"), this.ctx.storage));
    for (let own = stamp(); own !== this.#noted; own = stamp()) {
      const noted = text.decode(await within(object(this.env.WITNESS, WITNESS).note(bytes.encode(own)), NOTE_MAX_MS));
      if (noted !== own) {
        this.#older(noted);
        console.error(JSON.stringify({ level: "error", event: "ledger_older", ledger: own, outside: noted }));
        throw refusal("store_older");
      }
      this.#noted = own;
    }
    this.#sure = true;
  }

  /** Wakes at once if nothing else would ever wake it. */
  keep() {
    this.#mine();
    if (this.#alarm === null) this.#wake(Date.now());
  }

  #mine() {
    if (!isNamed(this.ctx.id, LEDGER, this.env.LEDGER)) throw refusal("question_misdirected");
  }

  /** Notes what was committed, behind the answer; and wakes soon, if replicas are to be told something. */
  #publish() {
    const now = Date.now();
    if (step(this.env, (module) => module.number("publishes")) !== 1) return;
    // The alarm notes it again should this be lost, and an alarm is as durable as the change.
    if (this.#alarm === null || this.#alarm > now + PUBLISH_MS) this.#wake(now + PUBLISH_MS);
    this.ctx.waitUntil(coded(() => this.#note()).catch(() => {}));
  }

  #wake(at) {
    this.#alarm = at;
    this.ctx.storage.setAlarm(at);
  }

  /** Tells replicas what was committed, in order of epochs; and lets old entries leave the head. */
  async alarm() {
    this.#alarm = null;
    const more = await this.#tend().then(
      (more) => ((this.#patience = RETRY_MIN_MS), more ? PUBLISH_MS : LATER_MS),
      () => (this.#patience = Math.min(2 * this.#patience, RETRY_MAX_MS)),
    );
    const at = Date.now() + more;
    if (this.#alarm === null || this.#alarm > at) this.#wake(at);
  }

  /** Does that, unless this is an older copy, or may be one. Says whether there is more to tell. */
  async #tend() {
    await this.#note();
    this.#kept((module) => module.number("ledger_age", Date.now()));
    return this.#tell();
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
