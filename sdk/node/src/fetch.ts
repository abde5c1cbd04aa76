// A plain `fetch` handler: Workers, Vercel, Deno, Bun, and whatever else speaks Request and Response.

import type { Identity } from "./identity.js";
import { Refused } from "./problem.js";
import type { Settings } from "./settings.js";
import { Verifier } from "./verifier.js";

/** A handler of who calls as well as of what is asked. The identity is null on a public path. */
export type Handler<Rest extends unknown[]> = (request: Request, identity: Identity | null, ...rest: Rest) => Response | Promise<Response>;

/**
 * Makes a handler that serves nobody whose identity the gate has not signed:
 * `export default { fetch: tollgate({ issuer, audience }, (request, identity) => …) }`.
 */
export function tollgate<Rest extends unknown[]>(settings: Settings | Verifier, handler: Handler<Rest>) {
  const verifier = Verifier.ofHeaders(settings);
  return async (request: Request, ...rest: Rest): Promise<Response> => {
    try {
      const path = pathOfUrl(request.url);
      const context = rest.find(hasWaitUntil);
      const identity = verifier.isPublic(path)
        ? null
        : await verifier.admit(request.headers, request.method, path, context && ((promise) => context.waitUntil(promise)));
      return await handler(request, identity, ...rest);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const answer = verifier.answer(error, request.headers, request.method);
      return new Response(answer.body === "" ? null : answer.body, { status: answer.status, headers: answer.fields });
    }
  };
}

/** The path as it stands in the URL, which the platform has made from the target: nothing is decoded. */
function pathOfUrl(url: string): string {
  // What has no host is all path, and no path is none that could be public.
  const path = url.replace(/^[A-Za-z][0-9A-Za-z+.-]*:\/\/[^/?#]*/, "");
  const end = path.search(/[?#]/);
  return end < 0 ? path : path.slice(0, end);
}

function hasWaitUntil(value: unknown): value is { waitUntil(promise: Promise<unknown>): void } {
  return typeof value === "object" && value !== null && "waitUntil" in value && typeof value.waitUntil === "function";
}
