// Express, Fastify and a plain `fetch` handler, over TCP.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";

import express from "express";
import fastify from "fastify";

import { GOOD, SHARED, load, seen, settings } from "./data.mjs";
import { withJwks } from "./servers.mjs";
import { ask, playPaths, playRows } from "./wire.mjs";

const forExpress = await load("express");
const forFastify = await load("fastify");
const forFetch = await load("fetch");
const { Verifier } = await load("index");

async function listening(handler, run) {
  const server = createServer(handler);
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  try {
    return await run(server.address().port);
  } finally {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
}

/** One handler by what the request says in `Host`. */
const byHost = (apps) => (request, response) => (apps[request.headers.host] ?? apps.usual)(request, response);

function expressApp(count, more) {
  const { tollgate, identity, requireScope, refusals } = forExpress;
  const app = express();
  app.use(tollgate(settings(more)));
  app.get("/write", requireScope("orders:write"), (request, response) => response.json(identity(request).tenant));
  app.get("/drop", requireScope("orders:read", "orders:drop"), () => count());
  app.get("/needs/drop", (request) => identity(request).require("orders:drop"));
  app.get("/open", requireScope("orders:read"), () => count());
  app.get("/health", (request, response) => response.json(request.tollgate));
  const sub = express.Router();
  sub.get("/:any", (request, response) => response.json(seen(identity(request))));
  app.use("/mounted", sub);
  app.use((request, response) => {
    count();
    response.json(seen(identity(request)));
  });
  app.use(refusals);
  return app;
}

async function fastifyApp(count, more) {
  const { tollgate, identity, requireScope, refusals } = forFastify;
  const app = fastify();
  app.setErrorHandler(refusals);
  await app.register(tollgate, settings(more));
  app.get("/write", { preHandler: requireScope("orders:write") }, async (request) => JSON.stringify(identity(request).tenant));
  app.get("/drop", { preHandler: requireScope("orders:read", "orders:drop") }, async () => count());
  app.get("/needs/drop", async (request) => identity(request).require("orders:drop"));
  app.get("/open", { preHandler: requireScope("orders:read") }, async () => count());
  app.get("/health", async (request) => JSON.stringify(request.tollgate));
  app.setNotFoundHandler(async (request, reply) => {
    count();
    reply.code(200).send(seen(identity(request)));
  });
  await app.ready();
  return (request, response) => app.routing(request, response);
}

function fetchApp(count, more) {
  const handler = forFetch.tollgate(settings(more), (request, identity) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/health") return Response.json(identity);
    if (pathname === "/open") throw new Error("there is no identity");
    if (pathname === "/write") identity.require("orders:write");
    if (pathname.endsWith("/drop")) identity.require("orders:read", "orders:drop");
    count();
    return Response.json(pathname === "/write" ? identity.tenant : seen(identity));
  });
  return served(handler);
}

/** What a platform does for such a handler. */
function served(handler) {
  return async (request, response) => {
    const headers = [];
    for (let at = 0; at < request.rawHeaders.length; at += 2) headers.push([request.rawHeaders[at], request.rawHeaders[at + 1]]);
    const url = request.url.startsWith("/") ? `http://origin.example${request.url}` : request.url;
    const { status, headers: fields, body } = await handler(new Request(url, { method: request.method, headers }));
    response.writeHead(status, Object.fromEntries(fields)).end(body && Buffer.from(await new Response(body).arrayBuffer()));
  };
}

const MAKERS = { express: expressApp, fastify: fastifyApp, "fetch in Node": fetchApp };
const LACKS = {
  "fetch in Node": { target: "a platform of Request has resolved the target before anybody sees it" },
};

/** What serves whoever comes to it, at any path, behind a verifier that has public ones. */
const OPEN = {
  async express(count) {
    const app = express();
    app.use(forExpress.tollgate(settings({ public: SHARED.public })));
    app.use((_, response) => response.json(count() ?? null));
    return app;
  },
  async fastify(count) {
    const app = fastify();
    await app.register(forFastify.tollgate, settings({ public: SHARED.public }));
    app.setNotFoundHandler(async (_, reply) => reply.code(200).send(count() ?? "well"));
    await app.ready();
    return (request, response) => app.routing(request, response);
  },
  async "fetch in Node"(count) {
    return served(forFetch.tollgate(settings({ public: SHARED.public }), () => new Response(count() ?? "well")));
  },
};

for (const [door, make] of Object.entries(MAKERS)) {
  test(`every row over TCP: ${door}`, async () => {
    let reached = 0;
    const count = () => void (reached += 1);
    const apps = { usual: await make(count, {}), bound: await make(count, { requireBinding: true }) };
    await listening(byHost(apps), (port) => playRows(port, door, LACKS[door] ?? {}, () => reached));
  });

  test(`scopes, in front of a handler and in it: ${door}`, async () => {
    let reached = 0;
    const app = await make(() => void (reached += 1), {});
    await listening(app, async (port) => {
      assert.deepEqual((await ask(port, { target: "/write", headers: GOOD })).body, '"acme"');
      const before = reached;
      for (const target of ["/drop", "/needs/drop"]) {
        const { status, fields, body } = await ask(port, { target, headers: GOOD });
        assert.deepEqual([status, JSON.parse(body).code, fields["content-type"]], [403, "scope_missing", "application/problem+json"]);
        assert.match(fields["www-authenticate"], /error="insufficient_scope", scope="orders:/);
        assert.equal(fields["cache-control"], "no-store");
      }
      assert.equal((await ask(port, { target: "/drop" })).status, 401);
      const head = await ask(port, { method: "HEAD", target: "/drop" });
      assert.deepEqual([head.status, head.body, head.fields["content-type"]], [401, "", "application/problem+json"]);
      assert.equal(reached, before);
    });
  });

  test(`a public path is exactly that path, and has no identity: ${door}`, async () => {
    await listening(await make(() => assert.fail(), { public: ["/health"] }), async (port) => {
      assert.deepEqual(await ask(port, { target: "/health?x" }).then(({ status, body }) => [status, body]), [200, "null"]);
    });
    let reached = 0;
    const app = await OPEN[door](() => void (reached += 1));
    await listening(app, (port) => playPaths(port, door, LACKS[door] ?? {}, () => reached));
  });

  test(`others are served while somebody waits for keys, and without keys it is 503: ${door}`, async () => {
    await withJwks("held", async (keys) => {
      const app = await make(() => {}, { jwks: keys.url, deadlineMs: 30_000, public: ["/health"] });
      await listening(app, async (port) => {
        const waiting = ask(port, { headers: GOOD });
        await keys.seen;
        assert.equal((await ask(port, { target: "/health" })).status, 200);
        keys.release();
        assert.equal((await waiting).status, 200);
      });
    });
    await withJwks("status", async (keys) => {
      await listening(await make(() => {}, { jwks: keys.url }), async (port) => {
        const { status, fields, body } = await ask(port, { headers: GOOD });
        assert.deepEqual([status, fields["retry-after"], JSON.parse(body).code], [503, "1", "unavailable"]);
      });
    });
  });
}

test("a public path that needs an identity is answered 401, and nothing is served without the middleware", async () => {
  for (const [make, bare] of [
    [expressApp, () => { const app = express(); app.get("/", forExpress.requireScope("a:b"), (_, response) => response.end()); return app; }],
    [fastifyApp, async () => {
      const app = fastify();
      app.get("/", { preHandler: forFastify.requireScope("a:b") }, async () => "x");
      await app.ready();
      return (request, response) => app.routing(request, response);
    }],
  ]) {
    let reached = 0;
    await listening(await make(() => void (reached += 1), { public: ["/open"] }), async (port) => {
      assert.equal((await ask(port, { target: "/open" })).status, 401);
    });
    await listening(await bare(), async (port) => assert.equal((await ask(port, { headers: GOOD })).status, 500));
    assert.equal(reached, 0);
  }
});

test("what is told of a refusal and fails itself is an error of ours, and ends nothing but the request", async () => {
  const fails = () => {
    throw new Error("a fault of whoever counts");
  };
  for (const make of [expressApp, fastifyApp]) {
    await listening(await make(() => assert.fail(), { onRefused: fails }), async (port) => {
      assert.equal((await ask(port, { target: "/x" })).status, 500);
      assert.equal((await ask(port, { target: "/write", headers: GOOD })).status, 200);
    });
  }
});

test("what reads events is no middleware, and a verifier has its settings already", async () => {
  const events = { ...settings(), source: "api-gateway" };
  const refused = { name: "ConfigError" };
  assert.throws(() => forExpress.tollgate(events), refused);
  assert.throws(() => forFetch.tollgate(events, () => assert.fail()), refused);
  await assert.rejects(async () => fastify().register(forFastify.tollgate, events), refused);
  const verifier = new Verifier(settings());
  await assert.rejects(async () => fastify().register(forFastify.tollgate, { verifier, requireBinding: true }), refused);
  assert.throws(() => forExpress.tollgate(new Verifier(events)), refused);
  forExpress.tollgate(verifier);
  await fastify().register(forFastify.tollgate, { verifier });
});

test("a fetch handler takes the path as it stands, whatever the platform's URL looks like", async () => {
  const handler = forFetch.tollgate(settings({ public: ["/", "/health"] }), () => new Response("served"));
  for (const [url, status] of [
    ["https://origin.example/", 200], ["https://origin.example/health?a=b#c", 200], ["https://origin.example/health#/a", 200],
    ["https://origin.example/orders", 401], ["https://origin.example//health", 401], ["/health", 200], ["/orders", 401],
    ["orders", 401], ["/orders?a=http://b/health", 401], ["/orders#http://b/", 401], ["", 401],
  ]) {
    assert.equal((await handler({ url, method: "GET", headers: new Headers() })).status, status, url);
  }
});

test("where it is mounted, the whole path is what is bound", async () => {
  const { tollgate, identity } = forExpress;
  const app = express();
  app.use("/v1", tollgate(settings()), (request, response) => response.json(identity(request).binding.method));
  const bound = [["Tollgate-Identity", (await import("./data.mjs")).BOUND]];
  await listening(app, async (port) => {
    assert.equal((await ask(port, { target: "/v1/orders/%41?x", headers: bound })).body, '"GET"');
    assert.equal((await ask(port, { target: "/orders/%41", headers: bound })).status, 404);
    assert.equal((await ask(port, { target: "/v1/v1/orders/%41", headers: bound })).status, 401);
  });
});
