// An origin with Express: what it is told in `ORIGIN`, and what it answers, are in `../origin.py`.

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const told = JSON.parse(process.env.ORIGIN);
const from = createRequire(new URL("../../../../sdk/node/package.json", import.meta.url));
const express = from("express");
const { identity, tollgate } = await import(pathToFileURL(from.resolve("./dist/esm/express.js")));

const settings = {
  issuer: told.issuer,
  audience: told.audience,
  jwks: told.jwks,
  freshMs: told.fresh_s * 1_000,
  maxAgeMs: told.max_age_s * 1_000,
  refetchMs: told.refetch_s * 1_000,
  deadlineMs: told.deadline_s * 1_000,
  onRefused: (reason) => console.error(`refused ${reason}`),
};
const usual = tollgate(settings);
const bound = tollgate({ ...settings, requireBinding: true });
const other = tollgate({ ...settings, audience: told.other });

const app = express();
app.use((request, response, next) => {
  const chosen = request.path.startsWith("/bound/") ? bound : request.path.startsWith("/other/") ? other : usual;
  chosen(request, response, next);
});
app.use((request, response) => {
  const { key, owner, tenant, env, plan, scopes, kid, expiresAt, binding } = identity(request);
  response.json({
    key, owner, tenant, env, plan, scopes, kid,
    expires_at: expiresAt,
    bound: binding && [binding.method, Buffer.from(binding.path).toString()],
    token: request.headers["tollgate-identity"],
  });
});
app.listen(told.port, "127.0.0.1");
