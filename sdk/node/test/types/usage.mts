// Compiled, never run: what users write has the types that it says.

import express from "express";
import fastify from "fastify";

import { type Identity, Verifier } from "tollgate-origin";
import { tollgate as forLambda } from "tollgate-origin/aws";
import { identity, refusals, requireScope, tollgate } from "tollgate-origin/express";
import * as ours from "tollgate-origin/fastify";
import { tollgate as forFetch } from "tollgate-origin/fetch";

const settings = { issuer: "https://gate.example", audience: "orders" };

const app = express();
app.use(tollgate(settings));
app.get("/", requireScope("orders:read"), (request, response) => {
  const who: Identity = identity(request);
  const tenant: string | undefined = request.tollgate?.tenant;
  response.json([who.scopes.map((scope: string) => scope), tenant]);
});
app.use(refusals);

const other = fastify();
await other.register(ours.tollgate, settings);
other.setErrorHandler(ours.refusals);
other.get("/", { preHandler: ours.requireScope("orders:read") }, async (request) => ours.identity(request).plan?.length);

export default {
  fetch: forFetch(settings, (_request: Request, who, _env: { A: string }) => new Response(who?.tenant)),
};
export const handler = forLambda(settings, (event: { path: string }, who) => event.path + who.key);

// @ts-expect-error: an identity is never written to
(await new Verifier(settings).admit([], "GET", "/")).tenant = "other";
// @ts-expect-error: there is no such setting
new Verifier({ ...settings, require_binding: true });
// @ts-expect-error: the audience is needed
tollgate({ issuer: "https://gate.example" });
