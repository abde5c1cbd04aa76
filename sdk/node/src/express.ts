// The middleware for Express, Connect, and plain servers of Node.

import type { IncomingMessage, ServerResponse } from "node:http";

import type { Identity } from "./identity.js";
import { headersOf, send } from "./node.js";
import { Refused } from "./problem.js";
import { firstMissing } from "./scopes.js";
import type { Settings } from "./settings.js";
import { Verifier, pathOf } from "./verifier.js";

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace
  namespace Express {
    interface Request {
      /** The verified identity; null on a public path. */
      tollgate?: Identity | null;
    }
  }
}

type Request = IncomingMessage & { originalUrl?: string; tollgate?: Identity | null };
type Next = (error?: unknown) => void;
export type Middleware = (request: Request, response: ServerResponse, next: Next) => void;
export type ErrorMiddleware = (error: unknown, request: Request, response: ServerResponse, next: Next) => void;

const verifiers = new WeakMap<object, Verifier>();

/** Serves nobody whose identity the gate has not signed: `app.use(tollgate({ issuer, audience }))`. */
export function tollgate(settings: Settings | Verifier): Middleware {
  const verifier = Verifier.ofHeaders(settings);
  return (request, response, next) => {
    // Express cuts the place where it is mounted off `url`, and keeps the whole.
    const path = pathOf(request.originalUrl ?? request.url ?? "");
    delete request.tollgate;
    verifiers.set(request, verifier);
    const admitted = verifier.isPublic(path)
      ? Promise.resolve(null)
      : verifier.admit(headersOf(request), request.method ?? "", path);
    admitted.then(
      (identity) => {
        request.tollgate = identity;
        next();
      },
      (error: unknown) => refusals(error, request, response, next),
    );
  };
}

/** The verified identity of a request. Throws where none was verified. */
export function identity(request: Request): Identity {
  if (!("tollgate" in request)) throw new Error("tollgate() is not used before this: nothing was verified");
  if (request.tollgate == null) throw new Refused("credential_missing", "missing");
  return request.tollgate;
}

/** Serves those whose scopes cover all of these: `app.post("/orders", requireScope("orders:write"), …)`. */
export function requireScope(...required: string[]): Middleware {
  // What is no scope is said where it is written, and not at the first request.
  firstMissing([], required);
  return (request, response, next) => {
    try {
      identity(request).require(...required);
    } catch (error) {
      return refusals(error, request, response, next);
    }
    next();
  };
}

/** Answers what `identity.require` has thrown in a handler; use it last: `app.use(refusals)`. */
export const refusals: ErrorMiddleware = (error, request, response, next) => {
  const verifier = verifiers.get(request);
  if (!(error instanceof Refused) || verifier === undefined || response.headersSent) return next(error);
  try {
    send(verifier, error, request, response);
  } catch (failed) {
    // `onRefused` has thrown. Nobody catches what is thrown here.
    next(failed);
  }
};
