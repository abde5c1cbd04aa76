// What Express and Fastify have in common: requests of Node's own server.

import type { IncomingMessage, ServerResponse } from "node:http";

import type { Refused } from "./problem.js";
import type { Headers, Verifier } from "./verifier.js";

/** The headers as they were received: Node joins and drops some of those in `headers`. */
export function* headersOf(request: IncomingMessage): Headers & Generator<readonly [string, string]> {
  const raw = request.rawHeaders;
  for (let at = 0; at + 1 < raw.length; at += 2) yield [raw[at] ?? "", raw[at + 1] ?? ""];
}

/** Sends what a client is told of a refusal. */
export function send(verifier: Verifier, refused: Refused, request: IncomingMessage, response: ServerResponse): void {
  const method = request.method ?? "GET";
  const answer = verifier.answer(refused, headersOf(request), method);
  for (const [name, value] of answer.fields) response.setHeader(name, value);
  response.statusCode = answer.status;
  response.end(answer.body);
}
