// What the gate costs as a Worker, on raw workerd and in one run, beside an empty Worker and two hand-written checks.
//
//   node tests/workers/bench.mjs WRK LOAD [--json] [--rounds N] [--beside NAME=FILE.wasm]...
//
// All take short turns, round by round; a ratio is that of two turns of one round, and the median of these is said.
// `--beside` measures other builds of the module too.

import { execFileSync, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gates, written } from "./contenders.mjs";
import { deployed } from "./deployed.mjs";
import { secrets } from "./objects.mjs";
import { serve } from "./runtime.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    rounds: { type: "string", default: "9" },
    beside: { type: "string", multiple: true, default: [] },
  },
});
const [wrk, load] = positionals;
const rounds = Number(values.rounds);
/** How many connections ask again as soon as they are answered. */
const CONNECTIONS = 8;
const STARTS = 7;
const TICKS = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
const LATENCY_S = 3;
const COUNTED_S = 5;

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const rounded = (number, places) => Number(number.toFixed(places));

function note(name, value, unit, more = {}) {
  const aside = Object.entries(more).map(([key, shown]) => `${key} ${shown}`).join("  ");
  console.log(values.json ? JSON.stringify({ name, value, unit, ...more }) : `${name.padEnd(44)} ${String(value).padStart(9)} ${unit.padEnd(14)} ${aside}`);
}

/** A program's output; workerd goes on meanwhile. */
function output(program, words) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (more) => (text += more));
    child.once("error", reject);
    child.once("close", (code) => (code === 0 ? resolve(text) : reject(new Error(`${program} ended with ${code}`))));
  });
}

/** Processor time of workerd so far, in seconds. */
async function spent(pid) {
  const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).split(") ").at(-1).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** Requests a second of one turn, by the clock and by workerd's own processor time; every answer must be a 204. */
async function turn({ pid, url: of }, name, key) {
  const url = `${of(name)}/orders/17`;
  const before = await spent(pid);
  const words = ["-t1", `-c${CONNECTIONS}`, "-d1s", "-H", `X-API-Key: ${key}`, "-H", "Accept: application/json", "-H", "User-Agent: bench/1", url];
  const said = await output(wrk, words);
  const other = /Non-2xx or 3xx responses: (\d+)/.exec(said);
  if (other !== null) throw new Error(`${url}: ${other[1]} answers are none`);
  const [, requests, seconds] = /(\d+) requests in ([\d.]+)s/.exec(said);
  return { wall: requests / seconds, cpu: requests / ((await spent(pid)) - before) };
}

/** One table: rates, and ratios of turns of one round, which drift together. */
async function table(served, names, key, title) {
  const rates = Object.fromEntries(names.map((name) => [name, []]));
  for (let round = -1; round < rounds; round += 1) {
    for (const name of names) {
      const rate = await turn(served, name, key);
      // The first round warms up.
      if (round >= 0) rates[name].push(rate);
    }
  }
  const load = rounded(loadavg()[0], 1);
  for (const name of names) {
    const [wall, cpu] = [({ wall }) => wall, ({ cpu }) => cpu].map((of) => Math.round(median(rates[name].map(of))));
    note(`${title}, ${name}`, cpu, "requests/CPU s", { wall, load });
  }
  const [empty, first, second, ...ours] = names;
  const rate = (of, name, at) => rates[name][at][of];
  for (const name of ours) {
    const to = (of, other) => rounded(median(rates[name].map((rate, at) => rate[of] / other(of, at))), 3);
    const none = (of, at) => rate(of, empty, at);
    const faster = (of, at) => Math.max(rate(of, first, at), rate(of, second, at));
    note(`${title}, ${name} / empty`, to("cpu", none), "of CPU time", { wall: to("wall", none), aim: 0.85 });
    note(`${title}, ${name} / faster hand-written`, to("cpu", faster), "of CPU time", { wall: to("wall", faster), aim: 1 });
  }
  return median(rates[ours[0]].map(({ wall }) => wall));
}

/** Latencies at a steady rate that all can keep up with. */
async function latencies(served, names, key, rate) {
  const folder = await mkdtemp(join(tmpdir(), "tollgate-bench-"));
  const words = [];
  for (const name of names) {
    const { host } = new URL(served.url(name));
    const file = join(folder, name);
    await writeFile(file, `GET /orders/17 HTTP/1.1\r\nHost: ${host}\r\nX-API-Key: ${key}\r\n\r\n`);
    words.push(`${name}=${host}=${file}`);
  }
  const said = await output(load, ["open", String(rate), String(LATENCY_S), "3", ...words]);
  const figures = new Map(said.trim().split("\n").map((line) => JSON.parse(line)).map(({ name, figures }) => [name, figures]));
  const empty = figures.get(names[0]);
  for (const name of names) {
    const { p50_us, p99_us, statuses, failed } = figures.get(name);
    note(`latency at ${rate}/s, ${name}`, p50_us, "µs p50", { p99: p99_us, statuses: JSON.stringify(statuses), failed });
    if (name !== names[0]) note(`added latency at ${rate}/s, ${name}`, p50_us - empty.p50_us, "µs p50", { p99: p99_us - empty.p99_us });
  }
  await rm(folder, { recursive: true });
}

/** What the gate asked of stores so far. */
const asked = async (served) => (await fetch(served.url("checked"), { headers: { "x-asked": "1" } })).json();

/** What is asked for while a key is warm: nothing that a request waits for. */
async function counted(served, key) {
  // After the turns of others the head is old, and whoever comes first waits for it: that is not counted.
  await turn(served, "checked", key);
  const before = await asked(served);
  const begun = performance.now();
  for (let at = 0; at < COUNTED_S; at += 1) await turn(served, "checked", key);
  const seconds = (performance.now() - begun) / 1_000;
  const grown = Object.entries(await asked(served)).map(([name, count]) => [name, count - before[name]]);
  const { waited, ...calls } = Object.fromEntries(grown);
  note("warm requests that waited for a store", waited, "of all", { aim: 0 });
  const sum = Object.values(calls).reduce((sum, count) => sum + count, 0);
  note("calls of stores in the background", rounded(sum / seconds, 2), "a second", calls);
}

/** From the start of the process to the first answer: the gate's is a refusal, which no store is asked for. */
async function starts({ checked }) {
  const took = { empty: [], gate: [] };
  const told = { origin: { url: "http://127.0.0.1:9" }, keys: { prefix: "tg", envs: ["live"] }, identity: { issuer: "tollgate", audience: "origin" } };
  const services = {
    empty: written().empty,
    gate: { ...checked, bindings: { TOLLGATE: { json: told }, TOLLGATE_SECRETS: secrets() } },
  };
  for (let at = 0; at < STARTS; at += 1) {
    for (const [name, service] of Object.entries(services)) {
      const begun = performance.now();
      const one = await serve({ [name]: service });
      const { status } = await fetch(one.url());
      took[name].push(performance.now() - begun);
      await one.stop();
      if (status !== (name === "gate" ? 401 : 204)) throw new Error(`the first answer of ${name} is ${status}\n${one.log()}`);
    }
  }
  const more = took.gate.map((ms, at) => ms - took.empty[at]);
  note("start to first answer, empty", rounded(median(took.empty), 1), "ms");
  note("start to first answer, gate", rounded(median(took.gate), 1), "ms", { above_empty: rounded(median(more), 1) });
}

const others = {};
for (const pair of values.beside) {
  const [name, file] = pair.split("=");
  others[name] = await readFile(file);
}
const checks = await gates(others);
const served = await deployed({ origin: "http://127.0.0.1:9", teams: checks, beside: written() });
try {
  const key = await served.key();
  for (const name of ["webcrypto", "node-crypto", ...Object.keys(checks).filter((name) => !name.endsWith("-forward"))]) {
    for (const one of [name, `${name}-forward`]) {
      const { status } = await fetch(`${served.url(one)}/learn`, { headers: { "x-api-key": key } });
      if (status !== 204) throw new Error(`${one}: ${status}\n${served.log()}`);
    }
  }
  const names = ["empty", "webcrypto", "node-crypto", "checked", ...Object.keys(others)];
  const rate = await table(served, names, key, "answered");
  await counted(served, key);
  await table(served, names.map((name) => `${name}-forward`), key, "forwarded");
  await latencies(served, names.slice(0, 4), key, Math.max(200, Math.floor(rate * 0.3)));
} finally {
  await served.stop();
}
await starts(checks);
process.exit(0);
