// Handlers of Lambda behind API Gateway. A proxy integration maps no header, so what a client sends in
// `Tollgate-Identity` arrives there as it was sent: nothing but `requestContext.authorizer` is read.

import { targetOf } from "./event.js";
import type { Identity } from "./identity.js";
import { Refused } from "./problem.js";
import type { Settings } from "./settings.js";
import { Verifier } from "./verifier.js";

export interface ProxyResult {
  statusCode: number;
  headers: Record<string, string>;
  body: string;
}

/** Makes a handler of `(event, identity, context)`: `export const handler = tollgate({ issuer, audience }, …)`. */
export function tollgate<Event, Context, Result>(
  settings: Omit<Settings, "source" | "public">,
  handler: (event: Event, identity: Identity, context: Context) => Result | Promise<Result>,
) {
  const verifier = new Verifier({ ...settings, source: "api-gateway" });
  return async (event: Event, context: Context): Promise<Result | ProxyResult> => {
    try {
      return await handler(event, await verifier.admitEvent(event), context);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const { status, fields, body } = verifier.answer(error, [], targetOf(event)[0]);
      return { statusCode: status, headers: Object.fromEntries(fields), body };
    }
  };
}
