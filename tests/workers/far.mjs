// Gives gates the Durable Objects of another process: the binding looks like Cloudflare's own, and each question goes
// over HTTP to the process that holds them.

/** The binding of one class. */
function space(env, name) {
  return {
    idFromName: (object) => object,
    get: (object) => ({
      async ask(question, ...more) {
        const place = `http://objects/ask/${name}/${encodeURIComponent(object)}`;
        const answer = await env.objects.fetch(place, { method: "POST", body: question, headers: { more: JSON.stringify(more) } });
        if (answer.ok) return new Uint8Array(await answer.arrayBuffer());
        const { code, overloaded } = await answer.json();
        throw Object.assign(new Error(code), overloaded ? { overloaded } : {});
      },
    }),
  };
}

export const BUCKET = (env) => space(env, "BUCKET");
export const RELAY = (env) => space(env, "RELAY");
export const LEDGER = (env) => space(env, "LEDGER");
