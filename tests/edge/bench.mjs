// Measures the core on V8: node bench.mjs MODULE [--json]
//
// Keys are minted here, by a few lines of our own, so that the module proves what somebody else made.
import { readFileSync } from "node:fs";
import { createHmac, hkdfSync, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";

const KEYS = 256;
const ROUNDS = 31;
const PER_ROUND = 20_000;
const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

const json = process.argv.includes("--json");
const { instance } = await WebAssembly.instantiate(readFileSync(process.argv[2]), {});
const { memory, buffer, start, prove, head, record, decide } = instance.exports;
// A key is written to the first 256 bytes, a record or a head behind them.
const room = new Uint8Array(memory.buffer, buffer() >>> 0, 65536);
const texts = room.subarray(256);
const NOW = 1_800_000_000_000n;

function base62(value, length) {
  let text = "";
  for (let digit = 0; digit < length; digit += 1, value /= 62n) text = DIGITS[value % 62n] + text;
  return text;
}

function checksum(text) {
  if (crc32) return crc32(text);
  let sum = ~0;
  for (const byte of Buffer.from(text)) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}

function mint(pepper) {
  const seed = Buffer.concat([Buffer.from([0x10]), randomBytes(19)]);
  const mac = createHmac("sha256", pepper).update("tgk1tg_live_").update(seed).digest();
  const body = Buffer.concat([seed, mac.subarray(0, 12)]);
  const groups = [0, 8, 16, 24].map((at) => base62(body.readBigUInt64BE(at), 11)).join("");
  const text = `tg_live_${groups}`;
  return { text: text + base62(BigInt(checksum(text)), 6), lookup: mac.subarray(16).toString("hex") };
}

const pepper = randomBytes(32);
room.set(pepper);
if (start(pepper.length) !== 1) throw new Error("the module refuses its pepper");
const keys = Array.from({ length: KEYS }, () => mint(pepper));
const bytes = keys.map((key) => Buffer.from(key.text));
const forged = keys.map((key) => {
  // The right check over a wrong tag: it has to be hashed to be refused.
  const text = key.text.slice(0, 8) + key.text.slice(8, 51) + (key.text[51] === "0" ? "1" : "0");
  return Buffer.from(text + base62(BigInt(checksum(text)), 6));
});
const mistyped = keys.map((key) => Buffer.from(key.text.slice(0, -1) + (key.text.endsWith("0") ? "1" : "0")));
const encoder = new TextEncoder();

// What a gate holds for one warm key: a head, and the key's sealed record, which has no limits.
function sealed(label, domain, text) {
  const key = Buffer.from(hkdfSync("sha256", pepper, "", label, 32));
  return `${text},"mac":"${createHmac("sha256", key).update(domain + text).digest("hex")}"}`;
}

const warm = { text: sealed("tollgate head 1", "tgh1",
  '{"v":1,"k":0,"head":[1,42],"floor":12,"since":12,"age_ms":0,"entries":[]') };
warm.record = sealed("tollgate record 1", "tgr1",
  `{"v":1,"k":0,"as_of":[1,42],"lookup":"${keys[0].lookup}","key":"key_7Hq2","tenant":"acme",` +
  '"owner":"ops@acme.example","env":"live","state":"active","not_before":null,"expires":null,' +
  '"plan":"pro","scopes":["orders:read","invoices:*"],"limits":[],"quotas":[],' +
  '"ips":{"allow":[],"deny":[]},"countries":{"allow":[],"deny":[]}');
if (head(encoder.encodeInto(warm.text, texts).written, NOW) !== 1) throw new Error("the head is refused");
room.set(bytes[0]);
if (record(bytes[0].length, encoder.encodeInto(warm.record, texts).written) !== 1) {
  throw new Error("the record is refused");
}

function decideBytes(key, now) {
  room.set(key);
  return decide(key.length, now);
}

function proveBytes(key) {
  room.set(key);
  return prove(key.length);
}

const messages = bytes.map((key) => key.subarray(0, 46));
const cases = {
  "v8: key proved": (at) => proveBytes(bytes[at]),
  "v8: key proved, from a string": (at) => prove(encoder.encodeInto(keys[at].text, room).written),
  "v8: forged key refused": (at) => 1 - proveBytes(forged[at]),
  "v8: mistyped key refused": (at) => 1 - proveBytes(mistyped[at]),
  "v8: warm key decided": () => decideBytes(bytes[0], NOW),
  "v8: node:crypto HMAC of 46 bytes": (at) =>
    createHmac("sha256", pepper).update(messages[at]).digest().length === 32 ? 1 : 0,
};

// What is measured must also be right.
for (const [at, key] of keys.entries()) {
  for (const [name, run] of Object.entries(cases)) if (run(at) !== 1) throw new Error(`${name}: ${key.text}`);
  proveBytes(bytes[at]);
  if (Buffer.from(room.subarray(0, 16)).toString("hex") !== key.lookup) throw new Error("another lookup id");
}

const later = decideBytes(bytes[0], NOW + 60_000n);
if (decideBytes(bytes[1], NOW) === 1 || later === 1) throw new Error("what must not pass passes");

function round(run) {
  const begun = process.hrtime.bigint();
  let sum = 0;
  for (let count = 0; count < PER_ROUND; count += 1) sum += run(count % KEYS);
  if (sum !== PER_ROUND) throw new Error("a case changed its mind");
  return Number(process.hrtime.bigint() - begun) / PER_ROUND;
}

// Round by round in turn, so that whatever slows the machine down slows all of them down.
const times = Object.fromEntries(Object.keys(cases).map((name) => [name, []]));
for (let count = 0; count < ROUNDS; count += 1) {
  for (const [name, run] of Object.entries(cases)) times[name].push(round(run));
}

const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];
const values = Object.fromEntries(Object.entries(times).map(([name, list]) => [name, median(list)]));
const say = (entry, text) => console.log(json ? JSON.stringify(entry) : text);
const side = (name) => ({ name, value: Number(values[name].toFixed(1)), unit: "ns" });
for (const name of Object.keys(cases)) say(side(name), `${name.padEnd(34)} ${values[name].toFixed(1).padStart(8)} ns`);
const [over, under] = ["v8: key proved", "v8: node:crypto HMAC of 46 bytes"];
const ratio = values[over] / values[under];
say(
  {
    name: `${over} / ${under}`,
    value: Number(ratio.toFixed(3)),
    unit: "ratio",
    numerator: side(over),
    denominator: side(under),
  },
  `${over} / ${under} = ${ratio.toFixed(3)}`,
);
