// What is deployed. It stands above all other modules because wrangler uploads the entry under its file's name alone:
// from a folder it would not find what lies beside it.

export { Bucket, Ledger, Relay, default } from "./cloudflare/worker.mjs";
