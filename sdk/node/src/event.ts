// Events of API Gateway: where the authorizer has put the identity.

import { Bad } from "./token.js";

/** The token in the context of the authorizer, of a REST or an HTTP API. */
export function tokenOfEvent(event: unknown): string {
  const authorizer = member(member(event, "requestContext"), "authorizer");
  const nested = member(authorizer, "lambda");
  const token = member(nested ?? authorizer, "identity");
  if (token === undefined || token === null || token === "") throw new Bad("missing");
  if (typeof token !== "string" || /[^\x00-\x7f]/.test(token)) throw new Bad("malformed");
  return token;
}

/** Method and path as the gate has signed them; what is not there matches no binding. */
export function targetOf(event: unknown, basePath = ""): [string, string] {
  const context = member(event, "requestContext");
  const http = member(context, "http") ?? null;
  const stage = member(context, "stage");
  const method = http !== null ? member(http, "method") : member(event, "httpMethod");
  let path = http !== null ? member(event, "rawPath") : member(event, "path");
  // An HTTP API's path starts with its stage, a REST API's does not.
  const hasStage = http !== null || member(event, "version") === "1.0";
  if (hasStage && typeof stage === "string" && typeof path === "string" && stage !== "$default" && isOwnDomain(context)) {
    path = without(path, `/${stage}`);
  }
  // Under a domain of one's own it starts with what the mapping has, of whatever kind the API is.
  const base = basePath.replace(/^\/+|\/+$/g, "");
  if (base !== "" && typeof path === "string" && !isOwnDomain(context)) {
    path = without(path, `/${base}`);
  }
  return [octets(method), octets(path)];
}

/** Whether the request came under the domain that every API has: only there the stage is in the path. */
function isOwnDomain(context: unknown): boolean {
  const [domain, api] = [member(context, "domainName"), member(context, "apiId")];
  return typeof domain !== "string" || (typeof api === "string" && domain.startsWith(`${api}.execute-api.`));
}

/** The path without what it begins with, if that is this and does not only begin like it. */
function without(path: string, segment: string): string {
  if (path === segment) return "/";
  return path.startsWith(`${segment}/`) ? path.slice(segment.length) : path;
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

/** The UTF-8 of a text, each character a byte. */
function octets(value: unknown): string {
  return typeof value === "string" ? String.fromCharCode(...new TextEncoder().encode(value)) : "";
}
