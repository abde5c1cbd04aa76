// The plugin for Fastify.

import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

import type { Identity } from "./identity.js";
import { headersOf } from "./node.js";
import { Refused } from "./problem.js";
import { firstMissing } from "./scopes.js";
import { ConfigError, type Settings } from "./settings.js";
import { Verifier, pathOf } from "./verifier.js";

declare module "fastify" {
  interface FastifyRequest {
    /** The verified identity; null on a public path. */
    tollgate: Identity | null;
  }
}

const verifiers = new WeakMap<object, Verifier>();

/** Serves nobody whose identity the gate has not signed: `app.register(tollgate, { issuer, audience })`. */
export async function tollgate(app: FastifyInstance, settings: Settings & { verifier?: Verifier }): Promise<void> {
  // Fastify adds settings of its own to those of a plugin.
  const { prefix: _prefix, logLevel: _level, logSerializers: _serializers, verifier: given, ...own } = settings as Settings & {
    verifier?: Verifier;
    prefix?: unknown;
    logLevel?: unknown;
    logSerializers?: unknown;
  };
  if (given !== undefined && Object.keys(own).length > 0) throw new ConfigError("verifier: it has its settings already");
  const verifier = Verifier.ofHeaders(given ?? own);
  app.decorateRequest("tollgate", null);
  app.addHook("onRequest", async (request, reply) => {
    const path = pathOf(request.originalUrl);
    verifiers.set(request.raw, verifier);
    if (verifier.isPublic(path)) return;
    try {
      request.tollgate = await verifier.admit(headersOf(request.raw), request.raw.method ?? "", path);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return send(verifier, error, request, reply);
    }
  });
}

// Hooks and decorations then hold for the whole application, and not for this plugin alone.
Object.assign(tollgate, { [Symbol.for("skip-override")]: true, [Symbol.for("fastify.display-name")]: "tollgate" });

/** The verified identity of a request. Throws where none was verified. */
export function identity(request: FastifyRequest): Identity {
  if (!verifiers.has(request.raw)) throw new Error("tollgate is not registered: nothing was verified");
  if (request.tollgate === null) throw new Refused("credential_missing", "missing");
  return request.tollgate;
}

/** Serves those whose scopes cover all of these: `{ preHandler: requireScope("orders:write") }`. */
export function requireScope(...required: string[]) {
  // What is no scope is said where it is written, and not at the first request.
  firstMissing([], required);
  return async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    try {
      identity(request).require(...required);
    } catch (error) {
      return refusals(error, request, reply);
    }
    return undefined;
  };
}

/** Answers what `identity.require` has thrown in a handler: `app.setErrorHandler(refusals)`. */
export function refusals(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const verifier = verifiers.get(request.raw);
  if (error instanceof Refused && verifier !== undefined) return send(verifier, error, request, reply);
  throw error;
}

function send(verifier: Verifier, refused: Refused, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const answer = verifier.answer(refused, headersOf(request.raw), request.raw.method ?? "GET");
  for (const [name, value] of answer.fields) reply.header(name, value);
  // As bytes: Fastify would name a charset that the gate does not.
  return reply.code(answer.status).send(Buffer.from(answer.body));
}
