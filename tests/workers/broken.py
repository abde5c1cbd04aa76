"""Broken copies of what is deployed: the case that must notice, what it then says, and in each file what stands there
instead of what. Where a folder is named, it is in one of its modules. A case is one of `python -m workers`, or a test of
Node's by its name, in the file that is named then."""

import hashlib
from dataclasses import dataclass

GATE, CLOUDFLARE = "gate/gate.mjs", "cloudflare"
Plants = tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Broken:
    """A copy in which one rule is broken."""

    case: str
    says: str
    plants: Plants
    #: Whether that takes more than ten seconds.
    slow: bool = False
    #: Where the case is, if it is a test of Node's.
    file: str = ""


def without(file: str, text: str) -> Plants:
    return ((file, text, ""),)


PUT = "kv.put(key, state.slice());"
GET = "const before = kv.get(key) ?? new Uint8Array(0);"
IN_MEMORY = (
    (CLOUDFLARE, PUT, "this.held = new Map(this.held).set(key, state.slice());"),
    (CLOUDFLARE, GET, "const before = this.held?.get(key) ?? new Uint8Array(0);"),
)
HEAD = "head: (_place, question) =>"
#: Whoever asks first, his answer is everybody's, for ever.
KEPT = ((CLOUDFLARE, HEAD, f"head(...given) {{ return (stores.kept ??= this.asks(...given)); }},\n    {HEAD.replace('head', 'asks')}"),)
ALONE = ((CLOUDFLARE, "record: (place, question) =>", 'record: () => Promise.reject(new Error("store_refused")), other: (place, question) =>'),)
READ = "const found = await env.RECORDS.get("
ALLOWS = ((GATE, "return new Response(JSON.stringify(problem), { status: 503, headers });", "return new Response(null, { status: 200 });"),)
SET = "for (const [name, value] of this.with) next.headers.set(name, value);"
DELETE = "for (const name of this.without) next.headers.delete(name);"
NEXT = "const next = new Request(origin + this.target, request);"
STILL = "const ONWARD = 0;"
#: A clock that stands still with the process: it goes on by no more than this from one look to the next.
STANDS = ((GATE, STILL, """let seen = 0, told = 0;
const real = Date.now;
Date.now = () => {
  const now = real();
  told = told === 0 ? now : told + Math.min(Math.max(now - seen, 0), 50);
  seen = now;
  return told;
};
""" + STILL),)
MARK = "if (begun - this.#minded < 2 * PAUSE_MAX_MS && begun - this.#since < RELIEF_MS) return;"
PLACE = "if (place === undefined || place === null) return false;"
N, HOT, KV = "a limit of N over many gates admits N", "a hot key keeps to its bucket, and asks seldom", "KV is stale, slow, wrong, another key's, silent"
TENANTS, TRAP, SECRETS = "two tenants and one URL that may be cached", "a planted trap in the gate's module", "secrets that are missing or bad"
TOLD, CLOSED, MINDED = "an origin is told by the gate alone", "administration is off the data route", "who minds an isolate is ended"

RESTORE, ROLLOUT, MINDING = "restore.test.mjs", "rollout.test.mjs", "minding.test.mjs"
PUT_BACK = "a ledger whose storage was put back answers nothing until it is restored, and then in a new incarnation"
UNKNOWN, LAGS = "a ledger that cannot learn what is noted answers nothing, and one that is running goes on", "a note waits for no replica"
NOTED, BEGUN = "every epoch is noted soon after its commit, and none is lowered", "nobody is answered in a new incarnation before it is noted"
GOES, ADOPTED = "a ledger does not go back while what it committed last is not noted", "a gate adopts the new incarnation, and nothing that it held is used in it"
OLD_LAST, RELIEVED = "an old isolate that starts last leaves the new deployment's limit as it is", "whoever will end before what is counted now is sent is relieved, by one request at a time"
SURE = "return this.#sure ? this.#told(question, deployed_ms) : this.#note().then(() => this.#told(question, deployed_ms));"
TENDED = 'await this.#note();\n    this.#kept((module) => module.number("ledger_age", Date.now()));'

COPIES = {
    "a head is kept by who carries it, and its age is not counted": Broken(
        "200 keys are revoked while KV tells their old records", "revocations,", KEPT, slow=True),
    "a clock that stands still keeps a head young": Broken("a key is revoked while a process stands still", "the first answers are", STANDS),
    "a clock that stands still keeps leases": Broken("leases that are held over a standstill are void", "more than the bucket", STANDS, slow=True),
    "a bucket forgets what it has granted": Broken(N, "were admitted", without(CLOUDFLARE, PUT)),
    "a hot bucket forgets what it has granted": Broken(HOT, "over the bucket", without(CLOUDFLARE, PUT), slow=True),
    "a bucket is kept in memory only": Broken("objects are overloaded, reset, silent, cut off", "of a limit of", IN_MEMORY, slow=True),
    "an evicted bucket is kept in memory only": Broken("objects are evicted between requests", "of 600", IN_MEMORY, slow=True),
    "nobody but KV is asked for records": Broken(KV, "a good key never passed", ALONE, slow=True),
    "what KV does not have there is not": Broken("a key that is made after its absence was kept", "is asked for too early", ALONE),
    "KV is asked twice": Broken("10,000 ask for one cold key", "reads of KV", ((CLOUDFLARE, READ, f"env.RECORDS.get(key);\n      {READ}"),)),
    "each request has a gate of its own": Broken("a warm key asks nobody", "KV was asked", ((CLOUDFLARE, "gate ??= new Gate(", "gate = new Gate("),)),
    "what was asked for ends with who asked": Broken("who asked first goes away", "asked anew", without(GATE, "          context.waitUntil(work);\n")),
    "who minded is minding for ever": Broken(
        MINDED, "nobody minds", ((GATE, MARK, "if (this.#minded !== 0) return;"),)),
    "nobody minds what is due": Broken(
        MINDED, "nobody minds", ((GATE, MARK, "return;"),), slow=True),
    "a trap is an allow": Broken(TRAP, "a trap is answered", ALLOWS),
    "a module goes on after a trap": Broken(
        TRAP, "what the module held", ((GATE, "    this.#wasm = undefined;\n    console.error(", "    console.error("),)),
    "a start that fails is an allow": Broken(SECRETS, "(200, '')", ALLOWS),
    "what cannot be read is shown": Broken(
        SECRETS, "the log holds a secret",
        ((CLOUDFLARE, 'throw new Error("the secret TOLLGATE_SECRETS is no JSON");', "throw new Error(`the secret is no JSON: ${secrets}`);"),)),
    "answers to those with a key may be kept by caches": Broken(
        TENANTS, "was shown what was", ((CLOUDFLARE, 'onward.cacheable ? {} : { cache: "no-store" }', "{}"),)),
    "answers go on as public as they came": Broken(
        TENANTS, "a cache beyond the gate", ((GATE, 'for (; lines[at] !== ""; at += 1) answer.headers.set(...field(lines[at]));', 'for (; lines[at] !== ""; at += 1);'),)),
    "an identity is put in before others are taken out": Broken(TOLD, "is told who asks 0 times", ((GATE, DELETE, ""), (GATE, SET, f"{SET}\n    {DELETE}"))),
    "a client's own identity is left in": Broken(
        TOLD, "is told who asks 3 times",
        ((GATE, DELETE, DELETE.replace("next", 'if (!name.includes("identity")) next')), (GATE, SET, SET.replace(".set(", ".append(")))),
    "a key goes on to the origin": Broken(TOLD, "is shown the key", without(GATE, DELETE)),
    "nobody says that a client has gone": Broken(
        "a client that goes away is missed at the origin", "nobody told the origin",
        ((GATE, NEXT, NEXT.replace("request)", "{ method: request.method, headers: request.headers, body: request.body })")),)),
    "administration is on where nobody has put it": Broken(
        CLOSED, "administration at None", ((CLOUDFLARE, PLACE, PLACE.replace("return false", 'return new URL(request.url).pathname === "/operators/door"')),)),
    "a place without a name is every place": Broken(
        CLOSED, "administration at {}", without(CLOUDFLARE, "if (place.host === undefined && place.path === undefined) return false;")),
    "a ledger answers before it has learnt what is noted": Broken(
        UNKNOWN, "Missing expected rejection", ((CLOUDFLARE, SURE, "return this.#told(question, deployed_ms);"),), file=RESTORE),
    "a ledger that is older than what is noted answers": Broken(
        PUT_BACK, "Missing expected rejection", ((CLOUDFLARE, "if (noted !== own) {", "if (false) {"),), file=RESTORE),
    "a witness lets itself be told less": Broken(NOTED, "nothing within", ((CLOUDFLARE, "module.write(frame(kept, told))", "module.write(frame(new Uint8Array(0), told))"),), file=RESTORE),
    "any object is a witness": Broken(
        NOTED, "Missing expected rejection", without(CLOUDFLARE, 'if (!isNamed(this.ctx.id, WITNESS, this.env.WITNESS)) throw refusal("question_misdirected");'), file=RESTORE),
    "nothing is noted behind an answer": Broken(
        LAGS, "nothing within", without(CLOUDFLARE, "    this.ctx.waitUntil(coded(() => this.#note()).catch(() => {}));\n"), file=RESTORE),
    "a note that was lost is not repeated": Broken(
        UNKNOWN, "nothing within", ((CLOUDFLARE, TENDED, TENDED.partition("\n    ")[2]),), file=RESTORE, slow=True),
    "a ledger goes back before it is noted where it was": Broken(
        GOES, "store_unreachable", without(CLOUDFLARE, "if (this.#newer === undefined) await this.#note();"), file=RESTORE),
    # It is there for longer, and learns from no note that it is older, so that it answers however busy the machine.
    "a ledger that goes back still answers": Broken(
        ADOPTED, "at once", ((CLOUDFLARE, "this.#older(this.#newer ?? this.#noted);", "this.gone = true;"),
                             (CLOUDFLARE, "own !== this.#noted;", "!this.gone && own !== this.#noted;"),
                             (CLOUDFLARE, "const END_MS = 100;", "const END_MS = 5_000;")), file=RESTORE),
    "a new incarnation answers before it is noted": Broken(
        BEGUN, "Missing expected rejection", ((CLOUDFLARE, "this.#sure = false;\n      this.#newer = undefined;", "this.#newer = undefined;"),), file=RESTORE),
    "a restore that is not noted is told as done": Broken(
        BEGUN, "restore_not_noted", ((CLOUDFLARE, """return { status: 503, body: '{"code":"restore_not_noted"}' };""", "answer.status = 200;"),), file=RESTORE),
    "nobody says when he was deployed": Broken(OLD_LAST, " were admitted: ", ((CLOUDFLARE, "question, deployed(env))", "question)"),), file=ROLLOUT),
    "nobody is relieved of minding an isolate": Broken(RELIEVED, "asked until", ((GATE, MARK, MARK.replace(" && begun - this.#since < RELIEF_MS", "")),), file=MINDING),
    "whoever is relieved minds on": Broken(RELIEVED, "mind at one time", ((GATE, " && this.#since === begun; now", "; now"),), file=MINDING),
    "strangers reach the ledger": Broken(CLOSED, "the ledger was asked", ((CLOUDFLARE, "if (!gate.proves(key))", "if (false)"),)),
}


def in_turn(copies: dict[str, Broken], deployed: bytes) -> dict[str, Broken]:
    """Those that are soon played, and one of the others: which, is the same until what is deployed changes."""
    slow = [name for name, copy in copies.items() if copy.slow]
    turn = slow[int.from_bytes(hashlib.sha256(deployed).digest()[:8]) % len(slow)]
    return {name: copy for name, copy in copies.items() if not copy.slow or name == turn}
