// Plays a Postman collection: its requests in order, with its scripts. It knows what the collection of the example uses and
// no more: what it does not know is an error, so nothing of a collection is passed over.
//
//   node postman.mjs collection.json environment.json name=value…

import { readFileSync } from "node:fs";
import { deepStrictEqual, strictEqual } from "node:assert";
import { runInNewContext } from "node:vm";

const [collectionFile, environmentFile, ...given] = process.argv.slice(2);
const read = (file) => JSON.parse(readFileSync(file, "utf8"));
const collection = read(collectionFile);
const environment = new Map(read(environmentFile).values.map(({ key, value }) => [key, value]));
for (const pair of given) {
  const at = pair.indexOf("=");
  environment.set(pair.slice(0, at), pair.slice(at + 1));
}
const TRIES_MAX = 10;
let held = 0;

/** Only what is named is there: another field means something that is not played. */
function only(value, ...names) {
  for (const name of Object.keys(value)) {
    if (!names.includes(name)) throw new Error(`a collection with ${name} is not known here`);
  }
  return value;
}

function filled(text) {
  return text.replace(/\{\{(\w+)\}\}/g, (_, name) => {
    if (!environment.has(name)) throw new Error(`nothing has set ${name}`);
    return environment.get(name);
  });
}

function run(events, listen, pm) {
  for (const event of events ?? []) {
    only(event, "listen", "script");
    only(event.script, "type", "exec");
    if (event.listen === listen) runInNewContext(event.script.exec.join("\n"), { pm, JSON, Date, String });
  }
}

const variables = { get: (name) => environment.get(name), set: (name, value) => void environment.set(name, value) };

/** What crosses from a script's own realm is compared by what it says. */
const plain = (value) => JSON.parse(JSON.stringify(value));
const expect = (found) => ({
  to: {
    equal: (wanted) => strictEqual(found, wanted),
    eql: (wanted) => deepStrictEqual(plain(found), plain(wanted)),
  },
});

/** Asks again where a machine that does other things as well left the gate without a verdict: nothing was forwarded. */
async function ask(url, request) {
  for (let tries = 1; ; tries += 1) {
    const answer = await fetch(url, request);
    const text = await answer.text();
    if (answer.status !== 503 || !text.includes('"unavailable"') || tries >= TRIES_MAX) return { answer, text };
    await new Promise((resume) => setTimeout(resume, 1000 * Number(answer.headers.get("retry-after"))));
  }
}

async function play({ name, event, request }) {
  only(request, "method", "header", "url", "body");
  run(collection.event, "prerequest", { environment: variables });
  const { type, apikey } = only(collection.auth, "type", "apikey");
  strictEqual(type, "apikey");
  const auth = Object.fromEntries(apikey.map(({ key, value }) => [key, value]));
  strictEqual(auth.in, "header");
  const headers = { [auth.key]: filled(auth.value) };
  for (const { key, value } of request.header) headers[key] = filled(value);
  if (request.body) strictEqual(only(request.body, "mode", "raw", "options").mode, "raw");
  const body = request.body && filled(request.body.raw);
  const { raw, host, path, query = [] } = only(request.url, "raw", "host", "path", "query");
  // Postman shows the one and sends the other.
  const search = query.length ? `?${query.map(({ key, value }) => `${key}=${value}`).join("&")}` : "";
  strictEqual(raw, `${host.join(".")}/${path.join("/")}${search}`);
  const { answer, text } = await ask(filled(raw), { method: request.method, headers, body });
  let tests = 0;
  const pm = {
    environment: variables,
    expect,
    response: {
      json: () => JSON.parse(text),
      headers: { get: (field) => answer.headers.get(field) },
      to: { have: { status: (status) => strictEqual(answer.status, status) } },
    },
    test(about, check) {
      try {
        check();
      } catch (error) {
        throw new Error(`${name}: ${about}: ${error.message}\n${answer.status} ${text}`);
      }
      tests += 1;
    },
  };
  run(event, "test", pm);
  strictEqual(tests > 0, true, `${name} looks at nothing`);
  held += tests;
  console.log(`${name}: ${answer.status}`);
}

async function all(items) {
  for (const item of items) {
    if (item.item) await all(only(item, "name", "item").item);
    else await play(only(item, "name", "event", "request"));
  }
}

only(collection, "info", "auth", "event", "item");
await all(collection.item);
console.log(`held ${held}`);
