"""What cannot be shown with a request over TCP, and where it is shown instead."""

from ..row import elsewhere

CORE = "shown one level lower, in the core's tests and vectors"
INSTANT = "needs an exact instant: shown one level lower, by the vectors of the engine, natively and as WebAssembly"
ENGINE = "needs an exact instant or a store that misbehaves: shown on the engine, in virtual time"
RECORD = "the gate reads only records that its own store compiled; shown by the vectors of records, on every host"
VERIFIER = "the origin's verifier: shown by the suite `origins`, with the vectors of identities"
WORKERS = "a matter of Workers"
LAMBDA = "a matter of Lambda"

ROWS = [
    elsewhere("own", "decisions with a purse or a head in a given state", ENGINE),
    elsewhere("own", "decisions at the very millisecond of an instant", INSTANT),
    elsewhere("own", "decisions about a client without an address", "whoever sends a request over TCP has one; shown by the vectors of networks"),
    elsewhere("P23", "what is printed is read again as the same", CORE),
    elsewhere("C01", "other people's cases for HMAC and Ed25519", CORE),
    elsewhere("C02", "SHA instructions and software agree", CORE),
    elsewhere("C03", "a tag of another length is none", CORE),
    elsewhere("C04", "messages around the block's length", CORE),
    elsewhere("C09", "comparing texts of different lengths", CORE),
    elsewhere("C10", "secrets are wiped", CORE),
    elsewhere("C11", "a record alone makes no key", CORE),
    elsewhere("R02", "exactly N with eight processes", "needs several gates on one store: shown by the step `faults` of the suite `gate`"),
    elsewhere("R03", "no schedule of leases gives more than one bucket", "shown by the simulation"),
    elsewhere("R04", "the edge of a window, to the millisecond", INSTANT),
    elsewhere("R08", "refused a millisecond before the time to retry, accepted at it", INSTANT),
    elsewhere("own", "quotas at the very end of a day and of a month; leases at the end of their life", INSTANT),
    elsewhere("own", "a head of 500 and of 1,000 ms, an absence of ten seconds, clocks that disagree by a second", INSTANT),
    elsewhere("R05", "clocks that differ by two seconds", "shown by the simulation"),
    elsewhere("R06", "a clock that stands still during a request", INSTANT),
    elsewhere("R12", "an authority that dies between grant and answer", "shown by the simulation and by the store's tests"),
    elsewhere("R15", "storms of conflicts", LAMBDA),
    elsewhere("R16", "an object that is overloaded, reset or moved", WORKERS),
    elsewhere("F01", "a store that never answers", INSTANT),
    elsewhere("F02", "a replica that answers with what was revoked", "the native gate has no replica; shown on the engine"),
    elsewhere("F03", "an adapter that fails in any way", INSTANT),
    elsewhere("F05", "a head at the very bound of what may be used while the store is down", INSTANT),
    elsewhere("F07", "a name that no longer resolves while a connection lives", LAMBDA),
    elsewhere("F08", "a slow store under a crowd", ENGINE),
    elsewhere("F12", "races of caches and buckets", "the engine shares nothing between threads, and one lock holds it: the compiler says so, no tool that looks for races does"),
    elsewhere("F13", "recovery after ten minutes", ENGINE),
    elsewhere("F14", "a full or read-only disk", "shown by the step `faults` of the suite `gate`"),
    elsewhere("F15", "two versions of records at once", RECORD),
    elsewhere("F16", "a trap in one request", WORKERS),
    elsewhere("V02", "a revoked key that calls the management interface", "shown by the step `felt` of the suite `control`, and by the tests of `crates/control`: it looks every caller up in the ledger, within the change too"),
    elsewhere("V04", "a key at the very millisecond of its end", INSTANT),
    elsewhere("V05", "a key at the very millisecond of its beginning", INSTANT),
    elsewhere("V07", "two secrets at the very millisecond at which the older one ends", INSTANT),
    elsewhere("V06", "a change replaces and never merges", "shown by the vectors of heads and the ledger's tests"),
    elsewhere("V09", "a head that cannot be read, at the very bound", INSTANT),
    elsewhere("V10", "an authorizer's cache", LAMBDA),
    elsewhere("I01", "an identity as it should be", VERIFIER),
    elsewhere("I02", "an identity with any byte changed", VERIFIER),
    elsewhere("I03", "an identity before and after its life", VERIFIER),
    elsewhere("I04", "identifiers that could be taken for syntax", "shown by the vectors of records and identities: no such identifier is one"),
    elsewhere("I05", "keys that are unknown, doubled or retired", VERIFIER),
    elsewhere("S09", "a copied identity at the origin's own door", VERIFIER),
    elsewhere("O02", "pages of errors without secrets", "judged for every answer of every row of this table"),
    elsewhere("O07", "administration is on a listener of its own", "shown by the family `reserved` and the gate's own tests"),
    elsewhere("O09", "sizes of 64 bits on a machine of 32", CORE),
    elsewhere("O10", "builds that can be repeated", "not shown: builds are pinned by lock files, but none has been compared with another, and no list of parts is made"),
]
