// The ledger and its head.

import { DurableObject } from "cloudflare:workers";

import { LEDGER } from "./places.mjs";
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
