// Scopes: `resource:action`, with `*` on either side.

import { matches } from "./canonical.js";

const SCOPE = /^(?:\*|[a-z0-9_.-]{1,32}):(?:\*|[a-z0-9_.-]{1,32})$/;

/** Resource and action, or null if this is no scope. */
export function sides(scope: string): [string, string] | null {
  if (!matches(SCOPE, scope)) return null;
  const colon = scope.indexOf(":");
  return [scope.slice(0, colon), scope.slice(colon + 1)];
}

/**
 * The first required scope that nothing held covers, or null.
 *
 * Throws if what is required is no scope: that is a mistake in the program, never a grant.
 */
export function firstMissing(held: readonly string[], required: readonly string[]): string | null {
  const holds = held.map(sides);
  // All of them first: what is required is repeated in the answer.
  const asked = required.map((scope) => {
    const wanted = sides(scope);
    if (wanted === null) throw new TypeError("what is required is no scope: resource:action");
    return [scope, wanted] as const;
  });
  for (const [scope, wanted] of asked) {
    if (!holds.some((one) => one !== null && covers(one[0], wanted[0]) && covers(one[1], wanted[1]))) return scope;
  }
  return null;
}

function covers(held: string, required: string): boolean {
  return held === "*" || held === required;
}
