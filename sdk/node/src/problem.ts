// Refusals, and the answers that a client gets: the same bodies as the gate's own.

import { matches } from "./canonical.js";

const INSTANCE = /^[0-9a-f]{16}$/;

export type Code = "request_invalid" | "credential_missing" | "key_invalid" | "scope_missing" | "unavailable";

interface Face {
  status: number;
  title: string;
  detail: string;
  /** What follows the realm in `WWW-Authenticate`; null: there is no such field. */
  challenge: string | null;
}

const FACES: Record<Code, Face> = {
  request_invalid: {
    status: 400,
    title: "Request invalid",
    detail: "The request has a header that an origin could take for Tollgate-Identity. Leave it out.",
    challenge: ', error="invalid_request"',
  },
  credential_missing: {
    status: 401,
    title: "Credential missing",
    detail: "The request presents no API key.",
    challenge: "",
  },
  key_invalid: {
    status: 401,
    title: "Key invalid",
    detail: "The API key is not valid.",
    challenge: ', error="invalid_token"',
  },
  scope_missing: {
    status: 403,
    title: "Scope missing",
    detail: "The key lacks a scope that this request needs.",
    challenge: ', error="insufficient_scope", scope="',
  },
  unavailable: {
    status: 503,
    title: "Unavailable",
    detail: "The request cannot be judged at the moment.",
    challenge: null,
  },
};

/**
 * A request that is not served: `code` is what the client is told, `reason` what an operator is.
 *
 * Neither holds a byte of what was presented.
 */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly status: number;

  constructor(
    readonly code: Code,
    readonly reason: string,
    readonly required: readonly string[] = [],
  ) {
    super(`${code}: ${reason}`);
    this.status = FACES[code].status;
  }
}

/** A status, fields and a body. */
export interface Answer {
  status: number;
  fields: [string, string][];
  body: string;
}

/** What the client is told. `requestId` is the gate's, if the request has it. */
export function answerTo(refused: Refused, realm: string, requestId: string | null, method: string): Answer {
  const face = FACES[refused.code];
  const fields: [string, string][] = [];
  if (face.challenge !== null) {
    const scopes = refused.code === "scope_missing" ? `${refused.required.join(" ")}"` : "";
    fields.push(["www-authenticate", `Bearer realm="${realm}"${face.challenge}${scopes}`]);
  }
  if (face.status === 503) fields.push(["retry-after", "1"]);
  fields.push(["content-type", "application/problem+json"], ["cache-control", "no-store"]);
  const body = JSON.stringify({
    type: "about:blank",
    title: face.title,
    status: face.status,
    detail: face.detail,
    instance: `urn:tollgate:request:${instance(requestId)}`,
    code: refused.code,
  });
  return { status: face.status, fields, body: method === "HEAD" ? "" : `${body}\n` };
}

/** The gate's name of the request, or one of our own: nothing else of the request is repeated. */
function instance(requestId: string | null): string {
  if (requestId !== null && matches(INSTANCE, requestId)) return requestId;
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
