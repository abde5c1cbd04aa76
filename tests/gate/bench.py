"""What the native gate costs, on loopback and in one run: `cd tests && python -m gate.bench BINARY LOAD NGINX [WRK…]`.

Everything that is compared is compared in this run, side by side. The server that is measured has one core to
itself, the load and the origin share another, so rates are what one core gives. Where the load is the slower of
the two, requests per second of the server's own processor time are the honest rate, and both are printed.
"""

import argparse
import json
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from contract import native_store
from contract.driver_native import config_text, environment
from contract.message import Stream
from contract.world import Config, Deployment, Key, Limit

READY_S = 20
CORE_OF_SERVER, CORE_OF_LOAD = 0, 1
TICKS = os.sysconf("SC_CLK_TCK")


class Server:
    """A process on a core of its own."""

    def __init__(self, words: list, place: Path, log: str, core: int = CORE_OF_SERVER):
        self.log = place / log
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(["taskset", "-c", str(core), *map(str, words)], cwd=place,
                                            stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment())

    def events(self) -> list[dict]:
        lines = self.log.read_bytes().split(b"\n")
        return [json.loads(line) for line in lines if line.startswith(b"{")]

    def address(self, listener: str) -> str:
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            for event in self.events():
                if event.get("event") == "listening" and event["listener"] == listener:
                    return event["address"]
            if self.process.poll() is not None:
                break
            time.sleep(0.002)
        raise RuntimeError(f"no listener {listener}: {self.log.read_text()[-800:]}")

    def seconds(self) -> float:
        """Processor time so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def resident(self) -> int:
        """Bytes of memory in use."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Bench:
    def __init__(self, arguments, place: Path):
        self.arguments, self.place = arguments, place
        self.deployment = Deployment.drawn(Config("bench", routes=()))
        self.deployment.put("usual", Key(plan="pro", scopes=("orders:read",)))
        self.deployment.put("limited", Key(plan="pro", scopes=("orders:read",), limits=(Limit(1_000_000, 1_000_000, 1_000),)))
        self.servers: list[Server] = []
        self.figures: list[dict] = []

    def note(self, name: str, value, unit: str, **more):
        self.figures.append({"name": name, "value": value, "unit": unit, **more})
        if not self.arguments.json:
            aside = "  ".join(f"{key} {shown}" for key, shown in more.items())
            print(f"{name:<44} {value:>12} {unit:<22} {aside}", flush=True)

    def start(self, words: list, log: str, core: int = CORE_OF_SERVER) -> Server:
        server = Server(words, self.place, log, core)
        self.servers.append(server)
        return server

    # What is measured

    def gate(self, name: str, origin: int, more: str = "", checking: bool = True) -> Server:
        place = self.place / name
        place.mkdir()
        binary = self.arguments.binary
        subprocess.run([binary, "init", "--config", place / "init.toml"], cwd=place, check=True, capture_output=True,
                       env=environment())
        held = {
            "peppers": [{"id": at, "secret": secret.hex()} for at, secret in self.deployment.peppers.items()],
            "issuing": self.deployment.issuing,
            "signing": [{"kid": "k1", "alg": "EdDSA", "seed": self.deployment.seed.hex(), "from": 1, "until": None}],
        }
        path = place / "tollgate.secrets.json"
        path.unlink()
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            json.dump(held, file)
        text = config_text(self.deployment.config, origin) + more
        text = text.replace("[gate]\n", f"[gate]\nchecking = {str(checking).lower()}\n")
        text = text.replace("drain_s = 1\n", "drain_s = 1\nmax_age_s = 3600\n")
        (place / "tollgate.toml").write_text(text)
        native_store.fill(place / "tollgate.db", self.deployment)
        return self.start([binary, "serve", "--config", place / "tollgate.toml"], f"{name}.log")

    def nginx(self, name: str, core: int) -> tuple[Server, int]:
        """nginx with a static answer: the origin behind the gate, or what a decision is compared with."""
        place = self.place / name
        place.mkdir()
        port = free_port()
        temporary = " ".join(f"{kind}_temp_path {place}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (place / "nginx.conf").write_text(f"""
            daemon off; master_process off; error_log stderr error; pid {place}/pid;
            events {{ worker_connections 4096; }}
            http {{
              access_log off; {temporary} keepalive_requests 1000000000; keepalive_timeout 3600;
              server {{ listen 127.0.0.1:{port}; location / {{ return 204; }} }}
            }}""")
        server = self.start([self.arguments.nginx, "-c", place / "nginx.conf", "-e", "stderr"], f"{name}.log", core)
        wait_for(port)
        return server, port

    def load(self, shape: str, amount: int, seconds: int, rounds: int, targets: dict[str, tuple[str, bytes]],
             servers: dict[str, Server]) -> dict[str, dict]:
        """The load on each target in turn, and what it cost each server in processor time."""
        words = []
        for name, (address, request) in targets.items():
            path = self.place / f"{name}.request"
            path.write_bytes(request)
            words.append(f"{name}={address}={path}")
        before = {name: server.seconds() for name, server in servers.items()}
        ran = subprocess.run(["taskset", "-c", str(CORE_OF_LOAD), self.arguments.load, shape, str(amount), str(seconds),
                              str(rounds), *words], check=True, capture_output=True)
        figures = {one["name"]: one["figures"] for one in map(json.loads, ran.stdout.splitlines())}
        for name, server in servers.items():
            spent = server.seconds() - before[name]
            # The turn of a second that warms up is in the processor time, and not in the answers.
            share = seconds * rounds / (seconds * rounds + 1)
            figures[name]["per_cpu_second"] = round(figures[name]["answers"] / max(spent * share, 1e-9))
        return figures


def ask(path: str, *fields: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: gate.test", *fields, "", ""]).encode()


def free_port() -> int:
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_for(port: int):
    import socket

    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.01)
    raise RuntimeError(f"nothing listens on {port}")


def fetch(address: str, request: bytes):
    import socket

    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), 5) as connection:
        connection.sendall(request)
        return Stream(connection).response()


def throughput(bench: Bench):
    """Checked against unchecked, of the same file."""
    origin, port = bench.nginx("origin", CORE_OF_LOAD)
    checked = bench.gate("checked", port)
    unchecked = bench.gate("unchecked", port, checking=False)
    text = lambda role: f"X-API-Key: {bench.deployment.keys[role].text.decode()}"
    address, plain = checked.address("gate"), unchecked.address("gate")
    targets = {
        "unchecked": (plain, ask("/orders", text("usual"))),
        "checked": (address, ask("/orders", text("usual"))),
        "limited": (address, ask("/orders", text("limited"))),
    }
    for name, (where, request) in targets.items():
        status = fetch(where, request).status
        if status != 204:
            raise RuntimeError(f"{name}: {status} instead of 204")
    # One server at a time in `servers`: two targets of one process would share its processor time.
    rounds, seconds = bench.arguments.rounds, bench.arguments.seconds
    got = bench.load("closed", 32, seconds, rounds, {name: targets[name] for name in ("unchecked", "checked")},
                     {"unchecked": unchecked, "checked": checked})
    got |= bench.load("closed", 32, seconds, rounds, {"limited": targets["limited"]}, {"limited": checked})
    for name in targets:
        bench.note(f"proxy, {name}", got[name]["per_second"], "requests/s", per_cpu_second=got[name]["per_cpu_second"],
                   statuses=got[name]["statuses"], failed=got[name]["failed"])
    for name in ("checked", "limited"):
        bench.note(f"{name} / unchecked", round(got[name]["per_cpu_second"] / got["unchecked"]["per_cpu_second"], 3),
                   "of processor time", wall=round(got[name]["per_second"] / got["unchecked"]["per_second"], 3))
    rate = max(500, int(got["checked"]["per_second"] * 0.3))
    direct = {"origin": (f"127.0.0.1:{port}", ask("/orders"))}
    late = bench.load("open", rate, seconds, rounds, direct | {n: targets[n] for n in ("unchecked", "checked", "limited")}, {})
    for name, figures in late.items():
        bench.note(f"latency at {rate}/s, {name}", figures["p50_us"], "µs p50", p99=figures["p99_us"], p999=figures["p999_us"],
                   statuses=figures["statuses"])
    for server in (checked, unchecked, origin):
        server.stop()


def decisions(bench: Bench):
    """The decision endpoint beside nginx's static 204, each with the whole of one core."""
    _, port = bench.nginx("origin-idle", CORE_OF_LOAD)
    gate = bench.gate("deciding", port, '\n[decide]\nlisten = "127.0.0.1:0"\ntrusted = ["127.0.0.1/32"]\n')
    nginx, static = bench.nginx("static", CORE_OF_SERVER)
    key = f"X-API-Key: {bench.deployment.keys['usual'].text.decode()}"
    asked = ask("/nginx", key, "X-Original-URI: /orders", "X-Original-Method: GET", "X-Forwarded-For: 192.0.2.7")
    targets = {"nginx": (f"127.0.0.1:{static}", ask("/")), "decision": (gate.address("decide"), asked)}
    status = fetch(*targets["decision"]).status
    if not 200 <= status < 300:
        raise RuntimeError(f"the decision endpoint answers {status}")
    got = bench.load("closed", 32, bench.arguments.seconds, bench.arguments.rounds, targets, {"nginx": nginx, "decision": gate})
    for name in targets:
        bench.note(f"{name}, static answer" if name == "nginx" else "decision endpoint, warm key", got[name]["per_second"],
                   "requests/s", per_cpu_second=got[name]["per_cpu_second"], statuses=got[name]["statuses"])
    bench.note("decision / nginx", round(got["decision"]["per_cpu_second"] / got["nginx"]["per_cpu_second"], 3), "of processor time",
               wall=round(got["decision"]["per_second"] / got["nginx"]["per_second"], 3))
    gate.stop()
    nginx.stop()


def starting(bench: Bench):
    """From the start of the process to its first answer."""
    _, port = bench.nginx("origin-start", CORE_OF_LOAD)
    key = f"X-API-Key: {bench.deployment.keys['usual'].text.decode()}"
    took = []
    for at in range(5):
        begun = time.monotonic()
        gate = bench.gate(f"start{at}", port)
        begun_serving = time.monotonic()
        response = fetch(gate.address("gate"), ask("/orders", key))
        if response.status != 204:
            raise RuntimeError(f"the first answer is {response.status}")
        took.append((time.monotonic() - begun_serving) * 1_000)
        gate.stop()
        del begun
    bench.note("start to first answer", round(sorted(took)[2], 1), "ms, median of 5")


def memory(bench: Bench):
    """What a cached key costs: resident memory after many keys, less that after one."""
    count = bench.arguments.keys
    for at in range(count):
        bench.deployment.put(f"many{at}", Key(plan="pro", scopes=("orders:read", "invoices:*"), limits=(Limit(100, 50, 1_000),)))
    _, port = bench.nginx("origin-memory", CORE_OF_LOAD)
    gate = bench.gate("memory", port, '\n[cache]\nrecords_bytes = 1073741824\npurses = 4000000\n'
                      '\n[decide]\nlisten = "127.0.0.1:0"\ntrusted = ["127.0.0.1/32"]\n')
    address = gate.address("decide")
    import socket

    host, _, number = address.rpartition(":")
    with socket.create_connection((host, int(number)), 5) as connection:
        stream = Stream(connection)

        def decide(role: str) -> int:
            key = f"X-API-Key: {bench.deployment.keys[role].text.decode()}"
            connection.sendall(ask("/nginx", key, "X-Original-URI: /x", "X-Original-Method: GET"))
            return stream.response().status

        decide("usual")
        before, begun = gate.resident(), time.monotonic()
        wrong = sum(not 200 <= decide(f"many{at}") < 300 for at in range(count))
        took = time.monotonic() - begun
        after = gate.resident()
    if wrong:
        raise RuntimeError(f"{wrong} of {count} keys were refused")
    bench.note("memory of a cached key, with its purse", round((after - before) / count), "bytes",
               keys=count, and_signed_header="yes")
    bench.note("a cold key with a limit", round(took / count * 1e6), "µs", keys=count)
    gate.stop()


def million(bench: Bench):
    from . import million as long

    long.million(bench)


PARTS = {"throughput": throughput, "decisions": decisions, "starting": starting, "memory": memory}
#: What takes minutes and gigabytes.
LONG = {"million": million}


def main():
    parser = argparse.ArgumentParser(prog="gate.bench", description=__doc__)
    parser.add_argument("binary", help="the file that a user would deploy")
    parser.add_argument("load")
    parser.add_argument("nginx")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--keys", type=int, default=20_000, help="how many keys the memory is measured with")
    parser.add_argument("--many", type=int, default=1_000_000, help="how many keys the long part loads")
    parser.add_argument("--full", action="store_true", help="the long part as well: a million keys in one gate")
    parser.add_argument("--only", choices=[*PARTS, *LONG])
    arguments = parser.parse_args()
    for program in ("binary", "load", "nginx"):
        setattr(arguments, program, Path(getattr(arguments, program)).resolve())
    with tempfile.TemporaryDirectory(prefix="tollgate-bench-") as place:
        for name, part in (PARTS | LONG).items():
            if name == arguments.only or (arguments.only is None and (arguments.full or name in PARTS)):
                bench = Bench(arguments, Path(place) / name)
                bench.place.mkdir()
                try:
                    part(bench)
                finally:
                    for server in bench.servers:
                        server.stop()
                if arguments.json:
                    for figure in bench.figures:
                        print(json.dumps(figure))


if __name__ == "__main__":
    main()
