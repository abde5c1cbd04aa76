// What a call to one object costs on raw workerd: whole calls a second, those of a bucket durable before they are answered.
//
//   node tests/workers/rate.mjs [seconds] [askers]

import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import { MODULE, holder, lease, objects, secrets } from "./objects.mjs";

const [seconds = 5, askers = 32] = process.argv.slice(2).map(Number);

/** Asks one bucket from inside workerd, so that no HTTP of ours is counted. */
const LOAD = `
export class Load {
  constructor(ctx, env) { this.env = env; }
  async fetch(request) {
    const { questions, seconds, object, space, method } = await request.json();
    const stub = this.env[space].get(this.env[space].idFromName(object));
    const end = Date.now() + seconds * 1000;
    let calls = 0;
    const times = [];
    await Promise.all(questions.map(async (question, at) => {
      for (let seq = 1; Date.now() < end; seq += 1) {
        const began = performance.now();
        await stub[method](new TextEncoder().encode(question.replace('"seq":1', '"seq":' + seq)));
        times.push(performance.now() - began);
        calls += 1;
      }
    }));
    times.sort((a, b) => a - b);
    return Response.json({ calls, p50: times[Math.floor(calls / 2)], p99: times[Math.floor(calls * 0.99)] });
  }
}
export class Empty extends Bucket {
  nothing() { return new Uint8Array(0); }
  stored(question) { this.ctx.storage.kv.put("x", question); return new Uint8Array(0); }
}
`;

const bytes = await readFile(MODULE);
console.log(`objects.wasm: ${bytes.length} bytes, ${gzipSync(bytes, { level: 9 }).length} compressed`);

const bucket = "acme/key/key_1/burst";

/** The module alone, under Node: one exchange after the other, from so many holders. */
async function alone(holders) {
  const { instance } = await WebAssembly.instantiate(bytes, { host: { log() {}, sql: () => 0, rows() {} } });
  const wasm = instance.exports;
  const write = (...parts) => {
    const all = Buffer.concat(parts.flatMap((part) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(part.length);
      return [length, part];
    }));
    const at = wasm.room(all.length);
    new Uint8Array(wasm.memory.buffer, at, all.length).set(all);
    return all.length;
  };
  if (wasm.start(write(Buffer.from(secrets()), Buffer.alloc(0), Buffer.from("{}"))) !== 1) throw new Error("not started");
  const asks = Array.from({ length: holders }, () => holder());
  let state = Buffer.alloc(0);
  let [calls, began] = [0, 0];
  for (let seq = 1; calls < 20_000; seq += 1) {
    for (const holder of asks) {
      if (seq === 3 && calls === 0) began = performance.now();
      if (seq >= 3) calls += 1;
      const question = Buffer.from(lease(bucket, { holder, seq, numbers: [1_000_000, 1_000_000, 1_000], want: 8 }));
      if (wasm.exchange(write(question, state), Date.now()) !== 1) throw new Error("no answer");
      const at = wasm.written();
      const length = new DataView(wasm.memory.buffer).getUint32(at);
      if (length > 0) state = Buffer.from(new Uint8Array(wasm.memory.buffer, at + 4, length));
    }
  }
  const each = ((performance.now() - began) * 1_000) / calls;
  console.log(`a step alone, ${holders} holders: ${each.toFixed(1)} µs, a state of ${state.length} bytes`);
}

for (const holders of [1, 8, 64, 512]) await alone(holders);
const question = (numbers) => lease(bucket, { holder: holder(), seq: 1, numbers, deadline_ms: 100 });
const ample = () => question([1_000_000, 1_000, 1]);
const news = () => '{"since":[0,0]}';
for (const [name, space, object, method, said] of [
  ["an empty call", "BUCKET", bucket, "nothing", ample],
  ["an empty call that stores its 250 bytes", "BUCKET", bucket, "stored", ample],
  ["a lease, granted", "BUCKET", bucket, "ask", ample],
  ["a lease, of a bucket that is spent", "BUCKET", bucket, "ask", () => question([10, 1, 3_600_000])],
  ["the head, of a relay", "RELAY", "weur", "ask", news],
  ["the head, of the ledger", "LEDGER", "ledger", "ask", news],
]) {
  const served = await objects({
    given: secrets(),
    more: LOAD,
    classes: { BUCKET: "Empty", LOAD: "Load" },
  });
  const questions = Array.from({ length: askers }, said);
  const body = JSON.stringify({ questions, seconds, object, space, method });
  const { calls, p50, p99 } = await served.load(body);
  console.log(`${name}: ${Math.round(calls / seconds)} calls/s with ${askers} askers, p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`);
  await served.stop();
}
process.exit(0);
