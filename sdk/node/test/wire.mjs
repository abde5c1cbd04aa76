// Requests over TCP, byte for byte.

import assert from "node:assert/strict";
import { connect } from "node:net";

import { SHARED, count, counted, tally } from "./data.mjs";

const PATIENCE_MS = 60_000;

/** Status, fields and body of what comes back. */
export async function ask(port, { method = "GET", target = "/", headers = [], host = "usual" } = {}) {
  const lines = [`${method} ${target} HTTP/1.1`, `Host: ${host}`, "Connection: close"];
  for (const [name, value] of headers) lines.push(`${name}: ${value}`);
  const got = await new Promise((done) => {
    const pieces = [];
    const end = () => done(Buffer.concat(pieces).toString("latin1"));
    const connection = connect(port, "127.0.0.1");
    connection.setTimeout(PATIENCE_MS, () => connection.destroy());
    // A server need not read what it refuses.
    connection.on("data", (piece) => pieces.push(piece)).on("error", () => {}).on("close", end);
    connection.write(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
  });
  const cut = got.indexOf("\r\n\r\n");
  const [status = "", ...fields] = got.slice(0, Math.max(cut, 0)).split("\r\n");
  const named = fields.map((line) => [line.split(":", 1)[0].toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]);
  const whole = got.slice(cut + 4);
  const fieldsByName = Object.fromEntries(named);
  const body = fieldsByName["transfer-encoding"] === "chunked" ? unchunked(whole) : whole;
  return { status: Number(status.split(" ")[1] ?? 0), fields: fieldsByName, body };
}

function unchunked(text) {
  let [body, rest] = ["", text];
  for (;;) {
    const line = rest.indexOf("\r\n");
    const size = parseInt(rest.slice(0, line), 16);
    if (!(size > 0)) return body;
    body += rest.slice(line + 2, line + 2 + size);
    rest = rest.slice(line + 4 + size);
  }
}

/** Puts every row to a server. `reached` says how often its handler was. */
export async function playRows(port, door, lacks, reached) {
  const [counts, leftOut] = [new Map(), new Map()];
  for (const { id, why, bound, needs, wire, request, out } of SHARED.requests) {
    const lacking = needs.map((need) => lacks[need]).find((reason) => reason) ?? (wire ? null : "no request can be written so");
    if (lacking) {
      count(leftOut, lacking);
      continue;
    }
    const before = await reached();
    const { status, body } = await ask(port, { ...request, host: bound ? "bound" : "usual" });
    const named = `${door}: ${id}: ${why}`;
    if (out.status === 200) {
      assert.equal(status, 200, named);
      assert.deepEqual(JSON.parse(body), out.identity, named);
      count(counts, "served");
      continue;
    }
    assert.equal(await reached(), before, `${named}: the handler was reached`);
    assert.ok(status === 0 || (status >= 400 && status < 500), `${named}: ${status}`);
    if (body.startsWith('{"type":')) {
      assert.deepEqual([status, JSON.parse(body).code], [out.status, out.code], named);
      count(counts, "refused");
    } else {
      count(counts, "refused by the server itself");
    }
  }
  const sum = (map) => [...map.values()].reduce((total, one) => total + one, 0);
  assert.equal(sum(counts) + sum(leftOut), SHARED.requests.length);
  // Most must have come to the verifier, or nothing was shown of it.
  assert.ok(counts.get("refused") > 500, counted(counts));
  const said = [...counts].map(([name, number]) => `${number} ${name}`).join(", ");
  tally(sum(counts), `${door}: ${said}, ${sum(leftOut)} not applicable (${counted(leftOut)})`);
}

/** Puts every path to a server that has nothing but public ones to serve. */
export async function playPaths(port, door, lacks, reached) {
  const rows = SHARED.paths.filter(({ needs }) => !needs.some((need) => need in lacks));
  for (const row of rows) {
    const before = reached();
    const { status } = await ask(port, { target: row.target });
    assert.equal(reached() - before, Number(row.public), `${door}: ${row.why}: what reached the handler`);
    assert.ok(row.public ? status === 200 : status === 0 || (status >= 400 && status < 500), `${door}: ${row.why}: ${status}`);
  }
  tally(rows.length, `${door}: ${rows.length} of ${SHARED.paths.length} paths`);
}
