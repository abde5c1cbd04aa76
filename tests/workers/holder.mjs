// Holds the deployed Durable Objects for tests: counts how often each class is asked, and can be told to fail. Not a
// line of what is deployed knows of it.

import * as deployed from "./objects.mjs";

const counts = { Bucket: 0, Relay: 0, Ledger: 0 };
/** What becomes of questions: "honest", "broken", "silent" or "overloaded". */
let manner = "honest";

function held(name) {
  return class extends deployed[name] {
    async ask(...given) {
      counts[name] += 1;
      if (manner === "silent") await new Promise((resolve) => setTimeout(resolve, 30_000));
      if (manner === "overloaded") throw Object.assign(new Error("Durable Object is overloaded."), { overloaded: true });
      if (manner !== "honest") throw new Error("the object is gone");
      return super.ask(...given);
    }
  };
}

export const Bucket = held("Bucket");
export const Relay = held("Relay");
export const Ledger = held("Ledger");

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/manner/")) manner = pathname.slice("/manner/".length);
    // The ledger makes its tables when it is first touched.
    if (pathname === "/touch") {
      const question = new TextEncoder().encode('{"since":[0,0]}');
      await env.LEDGER.get(env.LEDGER.idFromName("ledger")).ask(question);
    }
    return Response.json({ ...counts, manner });
  },
};
