// Starts workerd on ports of its choice, and stops it again.

import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
export const PROJECT = join(HERE, "../..");
const WORKERD = join(PROJECT, "workers/node_modules/workerd/bin/workerd");

/** The longest that a start may take. */
const START_MAX_MS = 20_000;

const running = new Set();
process.once("exit", () => running.forEach((child) => child.kill("SIGKILL")));

/** What Cloudflare's edge says of every client here. */
const EDGE = 'injectRequestHeaders = [(name = "CF-Connecting-IP", value = "127.0.0.1")]';
/** And of where one was let in, where a test says it: as JSON in this field, which the runtime takes away. */
const CF = ', cfBlobHeader = "CF-Blob"';

/** A text as a capnp string. */
const quoted = (text) => JSON.stringify(text);

function binding([name, value]) {
  const named = `name = ${quoted(name)}`;
  if (typeof value === "string") return `(${named}, text = ${quoted(value)})`;
  if (value.json) return `(${named}, json = ${quoted(JSON.stringify(value.json))})`;
  if (value.object) return `(${named}, durableObjectNamespace = ${quoted(value.object)})`;
  if (value.objectOf) {
    const [service, object] = value.objectOf;
    return `(${named}, durableObjectNamespace = (className = ${quoted(object)}, serviceName = ${quoted(service)}))`;
  }
  if (value.analytics) return `(${named}, analyticsEngine = ${quoted(value.analytics)})`;
  if (value.kv) return `(${named}, kvNamespace = ${quoted(value.kv)})`;
  if (value.service) return `(${named}, service = ${quoted(value.service)})`;
  throw new Error(`no binding: ${name}`);
}

function worker(name, service) {
  const modules = Object.keys(service.modules).map((module) => {
    const kind = module.endsWith(".wasm") ? "wasm" : "esModule";
    return `(name = ${quoted(module)}, ${kind} = embed ${quoted(`${name}/${module}`)})`;
  });
  const bindings = Object.entries(service.bindings ?? {}).map(binding);
  const objects = Object.entries(service.objects ?? {}).map(
    ([object, key]) => `(className = ${quoted(object)}, uniqueKey = ${quoted(key)}, enableSql = true)`,
  );
  return `(name = ${quoted(name)}, worker = (
    compatibilityDate = ${quoted(service.date ?? "2026-10-01")},
    compatibilityFlags = [${(service.flags ?? []).map(quoted).join(", ")}],
    modules = [${modules.join(", ")}],
    bindings = [${bindings.join(", ")}],
    durableObjectNamespaces = [${objects.join(", ")}],
    ${objects.length > 0 ? `durableObjectStorage = (localDisk = ${quoted("disk")}),` : ""}
  ))`;
}

/** The configuration of these services, each on a socket of its own name if `sockets` names it. */
function configuration(services, sockets, disk) {
  const all = Object.entries(services).map(([name, service]) => worker(name, service));
  // Where a Worker's own `fetch` leads: an origin on this machine, too.
  all.push('(name = "internet", network = (allow = ["public", "private"]))');
  if (disk) all.push(`(name = "disk", disk = (path = ${quoted(disk)}, writable = true))`);
  const open = sockets.map((name) => `(name = ${quoted(name)}, address = "127.0.0.1:0", http = (${EDGE}${services[name].cf ? CF : ""}), service = ${quoted(name)})`);
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services = [${all.join(",\n")}], sockets = [${open.join(", ")}]);
`;
}

/**
 * Starts workerd with these services.
 *
 * A service has `modules` (a name and its bytes or text; the first is the entry), `bindings` and `objects` (the
 * classes of its Durable Objects, and the key that each is stored under), and `cf` if tests play its edge. `disk` is where objects keep their state;
 * a second start with the same one finds it.
 */
export async function serve(services, { sockets = Object.keys(services), disk } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "tollgate-workerd-"));
  for (const [name, service] of Object.entries(services)) {
    for (const [module, contents] of Object.entries(service.modules)) {
      const path = join(folder, name, module);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, contents);
    }
  }
  const state = disk ?? join(folder, "disk");
  await mkdir(state, { recursive: true });
  const config = join(folder, "config.capnp");
  await writeFile(config, configuration(services, sockets, state));
  const child = spawn(WORKERD, ["serve", "--experimental", "--control-fd=3", config], {
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  // A test that fails before it stops its workerd leaves none behind.
  running.add(child);
  const log = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => log.push(text));
  }
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const stop = async () => {
    child.ref();
    child.kill("SIGKILL");
    await ended;
    running.delete(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const ports = await listening(child, sockets, ended);
    // Nothing waits for it when a test has failed before it stopped it.
    for (const held of [child, ...child.stdio.filter(Boolean)]) held.unref();
    return { pid: child.pid, url: (name = sockets[0]) => `http://127.0.0.1:${ports.get(name)}`, log: () => log.join(""), stop };
  } catch (error) {
    await stop();
    throw new Error(`workerd does not start: ${error.message}\n${log.join("")}`);
  }
}

/** Waits until every socket listens, and says on which ports. */
function listening(child, sockets, ended) {
  return new Promise((resolve, reject) => {
    const ports = new Map();
    let said = "";
    const late = setTimeout(() => reject(new Error("it does not listen")), START_MAX_MS);
    ended.then(() => reject(new Error("it ended")));
    child.stdio[3].setEncoding("utf8").on("data", (text) => {
      said += text;
      const lines = said.split("\n");
      said = lines.pop();
      for (const line of lines.filter((line) => line !== "")) {
        const event = JSON.parse(line);
        if (event.event === "listen") ports.set(event.socket, event.port);
      }
      if (ports.size === sockets.length) {
        clearTimeout(late);
        resolve(ports);
      }
    });
  });
}
