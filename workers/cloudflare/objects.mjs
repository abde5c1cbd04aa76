// The Durable Objects, each in a file of its own. What they run is loaded by the first of them that an isolate holds.

export { Bucket } from "./bucket.mjs";
export { Ledger } from "./ledger.mjs";
export { Relay } from "./relay.mjs";
export { Witness } from "./witness.mjs";
