// Plays Cloudflare's edge for rows about clients elsewhere: it says where a client is, in the words that rows use for
// that, and takes away what the client says of it. Everything else passes as it is.

export default {
  fetch(request, env) {
    const next = new Request(request);
    const named = request.headers.get("x-forwarded-for");
    // What the last trusted hop has seen is the last address.
    const address = named === null ? "127.0.0.1" : named.split(",").at(-1).trim();
    next.headers.set("cf-connecting-ip", address);
    const country = request.headers.get("cf-ipcountry") ?? "XX";
    return env.GATE.fetch(next, { cf: { country } });
  },
};
