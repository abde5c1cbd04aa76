// WebSockets through the Worker: the key is checked before anything is upgraded, and then messages pass both ways.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { on, once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import WebSocket from "../../workers/node_modules/ws/wrapper.mjs";
import { deployed } from "./deployed.mjs";

/** What RFC 6455 has everybody append. */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const TEXT = 1;
const CLOSE = 8;

/** The longest that a test may take. */
const TEST_MAX_MS = 10_000;

let origin;
let served;
let key;
/** The heads that the origin was asked to upgrade. */
const asked = [];

before(async () => {
  origin = createServer((_, answer) => answer.end("no upgrade"));
  origin.on("upgrade", upgrade);
  await once(origin.listen(0, "127.0.0.1"), "listening");
  served = await deployed({ origin: `http://127.0.0.1:${origin.address().port}` });
  key = await served.key();
});
after(async () => {
  await served.stop();
  origin.closeAllConnections();
  origin.close();
});

/** The origin's side, by hand: answers the handshake, says who passed, and then gives back what it is told. */
function upgrade(request, socket) {
  asked.push(request);
  const accept = createHash("sha1").update(request.headers["sec-websocket-key"] + GUID).digest("base64");
  const lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade", `Sec-WebSocket-Accept: ${accept}`, "X-Origin: yes"];
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  socket.write(frame(TEXT, Buffer.from("welcome")));
  socket.on("error", () => {});
  socket.on("data", (bytes) => {
    for (const { kind, payload } of frames(bytes)) {
      if (kind === TEXT) socket.write(frame(TEXT, Buffer.from(`heard ${payload}`)));
      if (kind === CLOSE) socket.end(frame(CLOSE, payload));
    }
  });
}

/** A short frame as servers send them. */
const frame = (kind, payload) => Buffer.concat([Buffer.from([0x80 | kind, payload.length]), payload]);

/** The short frames of a client, which are masked. */
function frames(bytes) {
  const found = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes[at + 1] & 0x7f;
    const mask = bytes.subarray(at + 2, at + 6);
    const payload = bytes.subarray(at + 6, at + 6 + length).map((byte, place) => byte ^ mask[place % 4]);
    found.push({ kind: bytes[at] & 0x0f, payload: Buffer.from(payload) });
    at += 6 + length;
  }
  return found;
}

const open = (headers) => new WebSocket(served.url("gate").replace("http:", "ws:") + "/orders/1", { headers });

/** The next message of several. */
const heard = async (messages) => String((await messages.next()).value[0]);

test("with its key a WebSocket passes, and messages go both ways", { timeout: TEST_MAX_MS }, async () => {
  const socket = open({ "x-api-key": key });
  const messages = on(socket, "message");
  let head;
  socket.once("upgrade", (response) => (head = response.headers));
  await once(socket, "open");
  assert.equal(head["x-origin"], "yes");
  assert.equal(await heard(messages), "welcome");
  for (const word of ["one", "two"]) {
    socket.send(word);
    assert.equal(await heard(messages), `heard ${word}`);
  }
  socket.close(1000, "done");
  const [code] = await once(socket, "close");
  assert.equal(code, 1000);
  const { headers } = asked.at(-1);
  assert.equal(headers["x-api-key"], undefined);
  assert.equal(headers["tollgate-identity"].split(".").length, 3);
});

for (const [what, headers] of [
  ["without a key", () => ({})],
  ["with a key that nobody made", () => ({ "x-api-key": `${key.slice(0, -1)}${key.endsWith("0") ? "1" : "0"}` })],
]) {
  test(`${what} nothing is upgraded, and the origin is not asked`, { timeout: TEST_MAX_MS }, async () => {
    const before = asked.length;
    const socket = open(headers());
    socket.on("error", () => {});
    const [, response] = await once(socket, "unexpected-response");
    assert.equal(response.statusCode, 401);
    assert.equal(response.headers["content-type"], "application/problem+json");
    assert.equal(asked.length, before);
    socket.terminate();
  });
}
