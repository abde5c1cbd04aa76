"""Broken copies of what is deployed: the case that must notice, and in each file what stands there instead of what."""

BINDINGS, GATE, BUCKET, WORKER = "cloudflare/bindings.mjs", "gate/gate.mjs", "cloudflare/bucket.mjs", "cloudflare/worker.mjs"

HEAD = 'head: (_place, question) => ask(env.RELAY, region ?? RELAY, question),'
RECORD = "record: (place, question) => ask(env.LEDGER, place, question),"
ALONE = 'record: () => Promise.reject(new Error("store_refused")),'
READ = "const found = await env.RECORDS.get("
PUT = "kv.put(key, state.slice());"
GET = "const before = kv.get(key) ?? new Uint8Array(0);"
FORGETFUL = ((BUCKET, PUT, ""),)
IN_MEMORY = (
    (BUCKET, PUT, "this.held = new Map(this.held).set(key, state.slice());"),
    (BUCKET, GET, "const before = this.held?.get(key) ?? new Uint8Array(0);"),
)
ALLOWS = ((GATE, "return new Response(JSON.stringify(problem), { status: 503, headers });", "return new Response(null, { status: 200 });"),)
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
N, HOT, EVICTED = "a limit of N over many gates admits N", "a hot key keeps to its bucket, and asks seldom", "objects are evicted between requests"

COPIES = {
    "a head is kept by who carries it, and its age is not counted": (
        "200 keys are revoked while KV tells their old records", (BINDINGS, HEAD, HEAD.replace("ask(", "(stores.kept ??= ask(").replace("),", ")),")),
    ),
    "a bucket forgets what it has granted": (N, *FORGETFUL),
    "a hot bucket forgets what it has granted": (HOT, *FORGETFUL),
    "a bucket is kept in memory only": ("objects are overloaded, reset, silent, cut off", *IN_MEMORY),
    "an evicted bucket is kept in memory only": (EVICTED, *IN_MEMORY),
    "nobody but KV is asked for records": (
        "KV is stale, slow, wrong, another key's, silent", (BINDINGS, RECORD, ALONE),
    ),
    "what was asked for ends with who asked": ("who asked first goes away", (GATE, "          context.waitUntil(work);\n", "")),
    "a trap is an allow": ("a planted trap in the gate's module", *ALLOWS),
    "a start that fails is an allow": ("secrets that are missing or bad", *ALLOWS),
    "what KV does not have there is not": (
        "a key that is made after its absence was kept", (BINDINGS, RECORD, ALONE),
    ),
    "answers to those with a key may be kept by caches": (
        "two tenants and one URL that may be cached", (BINDINGS, 'onward.cacheable ? {} : { cache: "no-store" }', "{}"),
    ),
    "KV is asked twice": ("10,000 ask for one cold key", (BINDINGS, READ, f"await env.RECORDS.get(key);\n      {READ}")),
    "each request has a gate of its own": ("a warm key asks nobody", (WORKER, "gate ??= new Gate(", "gate = new Gate(")),
    "a clock that stands still keeps a head young": ("a key is revoked while a process stands still", *STANDS),
    "a clock that stands still keeps leases": ("leases that are held over a standstill are void", *STANDS),
}
