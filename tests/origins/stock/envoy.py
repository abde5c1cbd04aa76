"""The shared rows, put to the real Envoy: `cd tests && python -m origins.stock.envoy --tools ../.tools`.

It runs `examples/origin-envoy/envoy.yaml` as it stands, but for its ports. Its wall clock stands at the moment for which
the rows are signed (`clock.c`); everything else of it is as a user has it.
"""

import argparse
import base64
import json
import re
import socket
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from contract import noticed
from contract.message import Broken, Response, Stream
from proxies.example import envoy
from proxies.process import Failed, Process, environment, free_ports

from .table import SHARED, Table

CONFIGURATION = Path(__file__).resolve().parents[3] / "examples/origin-envoy/envoy.yaml"
PAGE = Path(__file__).resolve().parents[3] / "docs/origins-stock.md"
#: The ports that the example documents.
ENVOY, ORIGIN, GATE = 3000, 3001, 8080
ANSWER_S = 30
#: What serves unbound identities, and is another word where binding is demanded.
UNBOUND = ("if not bound then return true end", "if not bound then return false end")
#: Fields for the origin, and what of an identity they are.
CLAIMS = {"x-tollgate-tenant": "tenant", "x-tollgate-owner": "sub", "x-tollgate-key": "key", "x-tollgate-env": "env",
          "x-tollgate-plan": "plan", "x-tollgate-scopes": "scopes"}


class Behind:
    """The gate's keys and the origin, of which is kept what it received."""

    def __init__(self):
        behind = self
        self.arrived: list[list[tuple[str, str]]] = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                keys = self.path == "/.well-known/tollgate/jwks.json"
                if not keys:
                    behind.arrived.append([(name.lower(), value) for name, value in self.headers.items()])
                body = json.dumps(SHARED["jwks"]).encode() if keys else b"origin"
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(b"" if self.command == "HEAD" else body)

            do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_GETS = answer

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        self.thread = threading.Thread(target=self.server.serve_forever, args=[0.02], daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def configured(text: str, ports: dict[int, int]) -> str:
    """The example with other ports, and nothing else."""
    for port, other in ports.items():
        text, found = re.subn(rf"(?<=port_value: ){port}(?= )", str(other), text)
        if found != 1:
            raise Failed(f"the example names port {port} {found} times")
    return text


class Running:
    """An Envoy of its own folder."""

    def __init__(self, tools: Path, folder: Path, text: str, ports: dict[int, int], more: dict[str, str]):
        folder.mkdir()
        file = folder / "envoy.yaml"
        file.write_text(configured(text, ports))
        self.port = ports[ENVOY]
        self.process = Process(envoy(tools, folder, file, None), folder, {**environment(), **more}, "envoy")
        try:
            self.process.listens(self.port)
        except Failed:
            self.process.stop()
            raise

    def ask(self, method: str, target: str, headers) -> Response | None:
        """What comes back; nothing where the connection ends without an answer."""
        lines = [f"{method} {target} HTTP/1.1", "Host: orders.example", *(f"{name}: {value}" for name, value in headers)]
        with socket.create_connection(("127.0.0.1", self.port), ANSWER_S) as connection:
            try:
                connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
                return Stream(connection).response(method.encode("latin-1"))
            except (Broken, ConnectionError):
                return None


def standing(folder: Path) -> dict[str, str]:
    """What makes a program's wall clock stand where the rows are."""
    library = folder / "clock.so"
    source = Path(__file__).with_name("clock.c")
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True, timeout=120)
    return {"LD_PRELOAD": str(library), "CLOCK_STANDS_AT_S": str(SHARED["now_ms"] // 1000)}


def told(arrived: list[tuple[str, str]]) -> dict:
    """What the origin is told of who calls."""
    found = {CLAIMS[name]: value for name, value in arrived if name in CLAIMS}
    if "scopes" in found:
        found["scopes"] = json.loads(base64.b64decode(found["scopes"] + "=" * (-len(found["scopes"]) % 4)))
    return found


def play(table: Table, running: dict[bool, Running], behind: Behind, rows):
    """Puts every row to the Envoy that demands binding, or to the one that does not."""
    for row in rows:
        if not row["wire"]:
            table.leave_out(row, "no request can be written so")
            continue
        before = len(behind.arrived)
        got = running[row["bound"]].ask(**row["request"])
        arrived = behind.arrived[before:]
        status = got.status if got else 0
        served = status == 200
        table.judge(row, served, f"({status}, {got.body[:60] if got else b''!r})")
        # 503: a claim that cannot be written into a field for the origin.
        if served != bool(arrived) or not (served or status in (0, 503) or 400 <= status < 500):
            table.faults.append(f"{row['id']}: {row['why']}: answered {status}, and {len(arrived)} arrived")
        if any(re.sub("[^a-z0-9]", "", name) == "tollgateidentity" for fields in arrived for name, _ in fields):
            table.faults.append(f"{row['id']}: {row['why']}: the origin received a token")
        if served and row["out"]["status"] == 200:
            identity = {name: row["out"]["identity"][name] for name in CLAIMS.values()}
            # A plan that is null is no field.
            identity = {name: value for name, value in identity.items() if value is not None}
            if told(arrived[0]) != identity:
                table.faults.append(f"{row['id']}: the origin is told {told(arrived[0])}, not {identity}")


def sweep(table: Table, running: Running, behind: Behind):
    """Every byte of a token changed in one way, which makes another letter of most."""

    def serves(token: str) -> bool:
        if set(token) & set("\r\n\0"):
            return False
        before = len(behind.arrived)
        got = running.ask("GET", "/", [("Tollgate-Identity", token)])
        return got is not None and got.status == 200 or len(behind.arrived) > before

    table.sweep(SHARED["sweeps"][0], [1], serves)


def claimed(running: Running, behind: Behind) -> list[str]:
    """What a client says itself in the fields for the origin is not what the origin is told."""
    faults, row = [], SHARED["requests"][0]
    usual = told_by(running, behind, row["request"]["headers"])
    for name in CLAIMS:
        for spelling in (name, name.upper(), name.replace("-", "_"), name.replace("-", ".")):
            found = told_by(running, behind, [(spelling, "evil"), *row["request"]["headers"], (spelling, "evil")])
            # With another sign in it it is refused: some origins take both for one.
            if found != (usual if "-" in spelling else []) or not usual:
                faults.append(f"a client that sends {spelling}: the origin is told {found}")
    return faults


def told_by(running: Running, behind: Behind, headers) -> list:
    """The fields that the origin received, of whatever spelling; none where nothing arrived."""
    before = len(behind.arrived)
    running.ask("GET", "/", headers)
    arrived = behind.arrived[before:]
    return sorted(field for field in arrived[0] if re.sub("[^a-z]", "-", field[0]) in CLAIMS) if arrived else []


def session(tools: Path, change=lambda text: text, group: str | None = None) -> Table:
    """Every row, or those of a group, put to the example, or to what `change` makes of it."""
    behind, table, running = Behind(), Table("envoy"), {}
    text = change(CONFIGURATION.read_text())
    with tempfile.TemporaryDirectory(prefix="tollgate-stock-") as name:
        folder = Path(name)
        try:
            clock = standing(folder)
            for bound, port in zip((False, True), free_ports(2), strict=True):
                ports = {ENVOY: port, ORIGIN: behind.port, GATE: behind.port}
                changed = once(text, *UNBOUND) if bound else text
                running[bound] = Running(tools, folder / f"bound-{bound}", changed, ports, clock)
            play(table, running, behind, [row for row in SHARED["requests"] if group in (None, row["group"])])
            table.faults += claimed(running[False], behind)
            if group is None:
                sweep(table, running[False], behind)
        finally:
            for one in running.values():
                one.process.stop()
            behind.close()
    return table


def once(text: str, old: str, new: str) -> str:
    if text.count(old) != 1:
        raise Failed(f"the example says {text.count(old)} times {old!r}")
    return text.replace(old, new)


#: What can be forgotten in the configuration, and the group of rows that notices.
MISTAKES = (
    ("audiences: [orders]", "audiences: []", "audience"),
    ("issuer: https://gate.example", "", "issuer"),
    ('plain:find("^xtollgate")', 'plain:find("^nothing")', "issuer"),
    ("if found > 1 then", "if found > 9 then", "headers"),
    ("forward: false", "forward: true", "good"),
    ("clock_skew_seconds: 5", "clock_skew_seconds: 3", "times"),
    ('found.header.typ ~= "tg-identity+jwt" or ', "", "alg"),
    ("if life < 1 or life > (bound and 10 or 30) then", "if life < 1 then", "times"),
    ("handle:timestamp() + 5000", "handle:timestamp() + 60000", "times"),
    (' and tg.method == handle:headers():get(":method")', "", "binding"),
    (" and tg.path == text", "", "binding"),
    ("if not (ran and good) then", "if false then", "times"),
)


def unnoticed(tools: Path) -> list[str]:
    """The mistakes that no row notices."""
    missed = []
    for old, new, group in MISTAKES:

        def play(old=old, new=new, group=group) -> str | None:
            table = session(tools, lambda text: once(text, old, new), group)
            return None if table.faults else f"no row of {group} notices"

        if why := noticed.unnoticed(f"{old!r} -> {new!r}", play):
            missed.append(f"{old!r} -> {new!r}: {why}")
    return missed


def run(tools: Path) -> int:
    table = session(tools)
    kinds = ("served", "refused, and served by ours", "refused", "served, and refused by ours")
    good, missed_by_it, refused, lenient = (table.counts[kind] for kind in kinds)
    table.said(PAGE, f"Of the {table.counts.total()} requests of `adversarial.json` that can be written, Envoy 1.40 serves {good} of the "
                     f"{good + missed_by_it} that ours serve, and refuses {refused} of the {refused + lenient} that ours refuse; "
                     f"the other {lenient} are below.")
    held = table.close()
    missed = unnoticed(tools)
    for one in missed:
        print(f"FAILED {one}")
    print(f"{len(MISTAKES)} mistakes in the configuration, {len(missed)} unnoticed")
    print(f"tollgate-tally tests={held + len(MISTAKES) - len(missed)} rows={table.rows if held else 0}")
    return 0 if held and not missed else 1


def main() -> int:
    parser = argparse.ArgumentParser(prog="origins.stock.envoy", description=__doc__)
    parser.add_argument("--tools", type=Path, default=Path("../.tools"))
    return run(parser.parse_args().tools.resolve())


if __name__ == "__main__":
    sys.exit(main())
