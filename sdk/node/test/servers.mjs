// Servers of keys, most of which are not what they should be.

import { createServer } from "node:net";

import { JWKS } from "./data.mjs";

const GOOD = JSON.stringify(JWKS);
const PRIVATE = JSON.stringify({ keys: [{ ...JWKS.keys[0], d: "AAAA" }] });

const answer = (body, status = "200 OK", more = "", length = body.length) =>
  `HTTP/1.1 ${status}\r\nContent-Length: ${length}\r\nConnection: close\r\n${more}\r\n${body}`;

const FIXED = {
  good: answer(GOOD),
  chunked: `HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${GOOD.length.toString(16)}\r\n${GOOD}\r\n0\r\n\r\n`,
  status: answer(GOOD, "500 Oops"),
  redirect: answer(GOOD, "302 Found", "Location: /elsewhere\r\n"),
  page: answer("<html>hello</html>"),
  nothing: "",
  cut: answer(GOOD, "200 OK", "", GOOD.length + 9),
  junk: "\x00\xff hello\r\n\r\n",
  private: answer(PRIVATE),
  huge: answer(" ".repeat(1 << 20)),
};
const BEFORE = {
  silent: "",
  "dripping-head": "HTTP/1.1 200 OK\r\nX-A: ",
  "dripping-body": "HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n",
  endless: "HTTP/1.1 200 OK\r\n\r\n",
};

/** A server of keys of one kind, on a port of its own: its address, how often it was asked, what it sent, and its end. */
export async function jwksServer(kind) {
  const [callers, timers] = [new Set(), new Set()];
  const server = createServer((caller) => {
    callers.add(caller);
    caller.on("close", () => callers.delete(caller)).on("error", () => {});
    caller.once("data", () => {
      made.asked += 1;
      made.wasAsked();
      if (kind === "held") return void made.released.then(() => caller.end(FIXED.good));
      if (kind in FIXED) return void caller.end(FIXED[kind], "latin1");
      caller.write(BEFORE[kind]);
      if (kind === "endless") flood(caller);
      else if (kind !== "silent") timers.add(setInterval(() => caller.writable && caller.write("x"), 20));
    });
  });
  const flood = (caller) => {
    if (!caller.writable) return;
    made.sent += 65_536;
    caller.write(" ".repeat(65_536), () => flood(caller));
  };
  const made = {
    asked: 0,
    sent: 0,
    async end() {
      timers.forEach(clearInterval);
      callers.forEach((caller) => caller.destroy());
      await new Promise((done) => server.close(done));
    },
  };
  made.released = new Promise((done) => (made.release = done));
  made.seen = new Promise((done) => (made.wasAsked = done));
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  made.url = `http://127.0.0.1:${server.address().port}/.well-known/tollgate/jwks.json`;
  return made;
}

/** Runs with a server of this kind, which ends with it. */
export async function withJwks(kind, run) {
  const server = await jwksServer(kind);
  try {
    return await run(server);
  } finally {
    await server.end();
  }
}
