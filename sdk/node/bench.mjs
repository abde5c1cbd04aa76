// What verification costs per request, beside the bare framework: `node build.mjs && node bench.mjs`.
//
// Each framework serves one line over TCP on kept connections, and is asked in turns: bare, with a token that is
// remembered, and with tokens that are verified each time. The cost is the difference to bare in the same round; the
// median of all rounds is printed. The `fetch` handler is asked in this process, without a socket.

import { readFileSync } from "node:fs";
import { Agent, createServer, request } from "node:http";

import express from "express";
import fastify from "fastify";

import * as forExpress from "tollgate-origin/express";
import * as forFastify from "tollgate-origin/fastify";
import * as forFetch from "tollgate-origin/fetch";

const SHARED = JSON.parse(readFileSync(new URL("../../tests/origins/adversarial.json", import.meta.url), "ascii"));
const [ROUNDS, REQUESTS, AT_ONCE] = [15, 1_000, 8];
const token = (why) => SHARED.requests.find((row) => row.why === why).request.headers[0][1];
const PLAIN = token("a token without binding");
const BOUND = token("a token with binding, for this request");
const settings = (rememberMax) => ({
  issuer: SHARED.issuer,
  audience: SHARED.audience,
  jwks: SHARED.jwks,
  rememberMax,
  nowMs: () => SHARED.now_ms,
});
const RUNS = [
  ["bare", null, PLAIN],
  ["remembered", settings(1_024), PLAIN],
  ["verified each time", settings(0), PLAIN],
  ["bound, verified each time", settings(0), BOUND],
];

function expressApp(given) {
  const app = express();
  if (given) app.use(forExpress.tollgate(given));
  app.use((_, response) => response.end("ok"));
  return app;
}

async function fastifyApp(given) {
  const app = fastify();
  if (given) await app.register(forFastify.tollgate, given);
  app.get("/*", async () => "ok");
  await app.ready();
  return (request, response) => app.routing(request, response);
}

async function overTcp(app, identity) {
  const server = createServer(await app);
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const options = { agent, port: server.address().port, path: "/v1/orders/%41", headers: { "tollgate-identity": identity } };
  const one = () =>
    new Promise((done, failed) => {
      const sent = request(options, (response) => {
        if (response.statusCode !== 200) failed(new Error("a good token is refused"));
        response.resume().on("end", done);
      });
      sent.on("error", failed).end();
    });
  return { one, end: () => (agent.destroy(), server.close()) };
}

function inProcess(given, identity) {
  const handler = () => new Response("ok");
  const app = given ? forFetch.tollgate(given, handler) : async (request) => handler(request);
  const one = async () => {
    const asked = new Request("http://origin.example/v1/orders/%41", { headers: { "tollgate-identity": identity } });
    if ((await app(asked)).status !== 200) throw new Error("a good token is refused");
  };
  return { one, end: () => {} };
}

async function many(one) {
  let left = REQUESTS;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (left > 0) {
        left -= 1;
        await one();
      }
    }),
  );
  return ((performance.now() - started) / REQUESTS) * 1_000;
}

const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

for (const [name, make] of [
  ["express", (given, identity) => overTcp(expressApp(given), identity)],
  ["fastify", (given, identity) => overTcp(fastifyApp(given), identity)],
  ["fetch", (given, identity) => inProcess(given, identity)],
]) {
  const doors = [];
  for (const [run, given, identity] of RUNS) doors.push([run, await make(given, identity), []]);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [, { one }, times] of doors) times.push(await many(one));
  }
  const [, , bare] = doors[0];
  for (const [run, door, times] of doors) {
    const more = times.map((time, at) => time - bare[at]);
    console.log(run === "bare" ? `${name}, bare: ${median([...bare]).toFixed(1)} us per request` : `${name}, ${run}: ${median(more).toFixed(1)} us more`);
    door.end();
  }
}
