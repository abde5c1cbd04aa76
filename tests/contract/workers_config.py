"""A configuration of workerd: the deployed modules, byte for byte, with the bindings that Cloudflare would give them."""

import json
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORKERS = ROOT / "workers"
#: What `wrangler.toml` deploys.
ENTRY = "cloudflare/worker.mjs"
MODULES = (*sorted(f"cloudflare/{path.name}" for path in (WORKERS / "cloudflare").glob("*.mjs") if path.name != "worker.mjs"),
           "gate/gate.mjs", "gate/gate.wasm", "objects/objects.wasm")
DATE = "2026-01-01"
FLAGS = ("enable_request_signal", "request_signal_passthrough")
CLASSES = ("Bucket", "Relay", "Ledger", "Witness")
#: The one part that is not deployed: it holds the objects, and counts how often they are asked.
HOLDER = "tests/workers/holder.mjs"
#: What stands in front of a gate whose clients are elsewhere.
EDGE = "tests/workers/edge.mjs"


def quoted(text: str) -> str:
    """A text as Cap'n Proto spells it."""
    return json.dumps(text, ensure_ascii=False)


def module(name: str, path: str) -> str:
    kind = "wasm" if name.endswith(".wasm") else "esModule"
    return f"(name = {quoted(name)}, {kind} = embed {quoted(path)})"


def deployed() -> str:
    return ",\n    ".join(module(name, f"workers/{name}") for name in (ENTRY, *MODULES))


def lay(place: Path, text: str) -> str:
    """Writes a configuration into a folder from which workerd finds what it embeds; says how it is called there."""
    for name, target in (("workers", WORKERS), ("tests", ROOT / "tests")):
        if not (place / name).exists():
            (place / name).symlink_to(target)
    (place / "config.capnp").write_text(text)
    return "config.capnp"


def bindings(settings: dict, secrets: str | None, extra: dict[str, str]) -> str:
    """What the gate and the objects are given."""
    lines = [f'(name = "TOLLGATE", json = {quoted(json.dumps(settings))})', '(name = "RECORDS", kvNamespace = "kv")']
    if secrets is not None:
        lines.append(f'(name = "TOLLGATE_SECRETS", text = {quoted(secrets)})')
    lines += [f'(name = "{name.upper()}", durableObjectNamespace = (className = "{name}", serviceName = "objects"))' for name in CLASSES]
    lines += [f"(name = {quoted(name)}, text = {quoted(value)})" for name, value in extra.items()]
    return ",\n    ".join(lines)


def config(settings: dict, secrets: str | None, kv_port: int, storage: Path, country: str, client: str, gates: int = 1,
           extra: dict[str, str] | None = None, edge: bool = False, origin: str | None = None, outbound: str | None = None) -> str:
    """Any number of gates over one service that holds the objects. Cloudflare's edge is played by workerd itself: it says
    where the client is, whatever the client says; or by a Worker in front, where rows are about clients elsewhere.

    `origin` is a Worker that answers as the origin does, and `outbound` one that all goes through that gates fetch by URL."""
    blob = quoted(json.dumps({"country": country}))
    front = (f'http = (cfBlobHeader = "CF-Blob", injectRequestHeaders = [(name = "CF-Connecting-IP", value = {quoted(client)}), '
            f'(name = "CF-Blob", value = {blob})])')
    names = [f"gate{at}" for at in range(gates)]
    services = [f'(name = "{name}", worker = .gate)' for name in names]
    sockets = [f'(name = "{name}", address = "127.0.0.1:0", {front}, service = "{name}")' for name in names]
    if edge:
        services.append('(name = "edge", worker = .edge)')
        sockets = ['(name = "gate0", address = "127.0.0.1:0", http = (), service = "edge")']
    beside = ""
    bound = given = bindings(settings, secrets, extra or {})
    if origin:
        services.append('(name = "origin", worker = .origin)')
        bound += ',\n    (name = "ORIGIN", service = "origin")'
        beside += plain("origin", origin)
    if outbound:
        services.append('(name = "outbound", worker = .outbound)')
        sockets.append('(name = "outbound", address = "127.0.0.1:0", http = (), service = "outbound")')
        beside += plain("outbound", outbound)
    namespaces = ", ".join(f'(className = "{name}", uniqueKey = "{name}", enableSql = true)' for name in CLASSES)
    return f"""using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    {", ".join([*services, '(name = "objects", worker = .objects)'])},
    (name = "kv", external = (address = "127.0.0.1:{kv_port}", http = ())),
    (name = "internet", network = (allow = ["public", "private"])),
    (name = "storage", disk = (path = {quoted(str(storage))}, writable = true)),
  ],
  sockets = [
    {", ".join([*sockets, '(name = "objects", address = "127.0.0.1:0", http = (), service = "objects")'])},
  ],
);

const gate :Workerd.Worker = (
  modules = [
    {deployed()},
  ],
  compatibilityDate = "{DATE}",
  bindings = [
    {bound},
  ],
  compatibilityFlags = [{", ".join(map(quoted, FLAGS))}],
  {'globalOutbound = "outbound",' if outbound else ""}
);

const edge :Workerd.Worker = (
  modules = [{module("cloudflare/edge.mjs", EDGE)}],
  compatibilityDate = "{DATE}",
  bindings = [(name = "GATE", service = "gate0")],
);

const objects :Workerd.Worker = (
  modules = [
    {module("cloudflare/holder.mjs", HOLDER)},
    {deployed()},
  ],
  compatibilityDate = "{DATE}",
  bindings = [
    {given},{' (name = "GATE", service = "gate0"),' if gates else ""}
  ],
  durableObjectNamespaces = [{namespaces}],
  durableObjectStorage = (localDisk = "storage"),
);
{beside}"""


def plain(name: str, path: str) -> str:
    """A Worker of one module."""
    return f"""
const {name} :Workerd.Worker = (
  modules = [{module(f"{name}.mjs", path)}],
  compatibilityDate = "{DATE}",
);
"""
