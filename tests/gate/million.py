"""A million keys in one store and one gate: what they cost, and what happens when they do not all fit.

The keys are made by the ledger itself, a change each, in a store on a file system in memory where there is one:
no disk is measured here, and none is worn. They have no limits, so that a warm key stays warm for as long as the
run takes; what a limit costs is measured beside.
"""

import json
import re
import shutil
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

from . import bench as one

#: Where a store may lie that is not to wait for a disk, and how much room it needs there for each key.
IN_MEMORY, ROOM = Path("/dev/shm"), 2_000
#: How long the keys may take to be made, and to be asked for once.
FILL_S, ONCE_S = 600, 900
#: What a record counts for in the cache, with its token, about.
RECORD = 950
CONNECTIONS, STARTS = 32, 5
DECIDE = '\n[decide]\nlisten = "127.0.0.1:0"\ntrusted = ["127.0.0.1/32"]\n'


def million(bench: "one.Bench"):
    """Memory, start, throughput and latency with every key held; then with a cache for one in ten."""
    count = bench.arguments.many
    roomy = IN_MEMORY.is_dir() and shutil.disk_usage(IN_MEMORY).free > count * ROOM
    with tempfile.TemporaryDirectory(prefix="tollgate-bench-", dir=IN_MEMORY if roomy else None) as place:
        bench.place = Path(place)
        _, port = bench.nginx("origin", one.CORE_OF_LOAD)
        gate = bench.gate("gate", port, "\n[cache]\nrecords_bytes = 4294967296\n" + DECIDE)
        gate.address("decide")
        gate.stop()
        home = bench.place / "gate"
        ran = subprocess.run([bench.arguments.load, "fill", home / "tollgate.db", home / "tollgate.secrets.json", str(count), bench.place / "keys"],
                             check=True, capture_output=True, timeout=FILL_S)
        bench.note("keys made, a change of the ledger each", round(count / json.loads(ran.stdout)["seconds"]), "keys/s", keys=count,
                   in_memory=roomy, store_bytes_a_key=round((home / "tollgate.db").stat().st_size / count))
        everything_fits(bench, home, count)
        a_tenth_fits(bench, home, count)


def everything_fits(bench: "one.Bench", home: Path, count: int):
    key, took = (bench.place / "keys").read_bytes().split(b"\n", 1)[0].decode(), []
    for at in range(STARTS):
        begun = time.monotonic()
        gate = serve(bench, home, f"all{at}.log")
        status = one.fetch(gate.address("decide"), asked(key)).status
        if status != 200:
            raise RuntimeError(f"the first answer is {status}")
        took.append((time.monotonic() - begun) * 1_000)
        if at + 1 < STARTS:
            gate.stop()
    bench.note(f"start to first answer, {count} keys in the store", round(sorted(took)[STARTS // 2], 1), f"ms, median of {STARTS}")
    before = gate.resident()
    cold = run(bench, gate, "once", ONCE_S, 1, "each")
    bench.note("every key once, cold", round(cold["per_second"]), "requests/s", **shown(cold))
    if cold["answers"] != count or any(not "200" <= status <= "299" for status in cold["statuses"]):
        raise RuntimeError(f"not every key was let through: {cold}")
    bench.note("memory of a cached key, without a limit", round((gate.resident() - before) / count), "bytes", keys=count)
    seconds, rounds = bench.arguments.seconds, bench.arguments.rounds
    warm = run(bench, gate, "once", ONCE_S, 1, "each")
    bench.note("every key once, warm", round(warm["per_second"]), "requests/s", **shown(warm))
    for name, order in (("warm keys by Zipf's law", "zipf"), ("one warm key", "one")):
        got = run(bench, gate, "closed", seconds, rounds, order)
        bench.note(name, round(got["per_second"]), "requests/s", **shown(got))
    rate = max(500, int(warm["per_second"] * 0.3))
    for name, order in (("every key in turn", "each"), ("keys by Zipf's law", "zipf")):
        got = run(bench, gate, "open", seconds, rounds, order, rate)
        bench.note(f"latency at {rate}/s, {name}", got["p50_us"], "µs p50", p99=got["p99_us"], p999=got["p999_us"], statuses=got["statuses"])
    counted(bench, gate)
    gate.stop()


def a_tenth_fits(bench: "one.Bench", home: Path, count: int):
    """The same keys in a cache that holds about one in ten."""
    path = home / "tollgate.toml"
    path.write_text(re.sub(r"\nrecords_bytes = \d+\n", f"\nrecords_bytes = {max(65_536, count * RECORD // 10)}\n", path.read_text()))
    gate = serve(bench, home, "part.log")
    seconds, rounds = bench.arguments.seconds, bench.arguments.rounds
    run(bench, gate, "closed", 10 * seconds, 1, "each")
    run(bench, gate, "closed", 10 * seconds, 1, "zipf")
    for name, order in (("keys by Zipf's law, one in ten fits", "zipf"), ("every key in turn, one in ten fits", "each")):
        before = metrics(gate)
        got = run(bench, gate, "closed", seconds, rounds, order)
        after = metrics(gate)
        hits, misses = (after[f"tollgate_record_{what}_total"] - before[f"tollgate_record_{what}_total"] for what in ("hits", "misses"))
        bench.note(name, round(got["per_second"]), "requests/s", held=f"{hits / max(hits + misses, 1):.0%}", **shown(got))
    counted(bench, gate)
    gate.stop()


def serve(bench: "one.Bench", home: Path, log: str) -> "one.Server":
    return bench.start([bench.arguments.binary, "serve", "--config", home / "tollgate.toml"], log)


def asked(key: str) -> bytes:
    return one.ask("/nginx", f"X-API-Key: {key}", "X-Original-URI: /orders", "X-Original-Method: GET")


def run(bench: "one.Bench", gate: "one.Server", shape: str, seconds: int, rounds: int, order: str, amount: int = CONNECTIONS) -> dict:
    """One load of the decision endpoint, and what it came to a second of the gate's processor time."""
    request, keys = bench.place / "request", bench.place / "keys"
    if order == "one":
        keys, order = bench.place / "first", "each"
        keys.write_bytes((bench.place / "keys").read_bytes().split(b"\n", 1)[0])
    request.write_bytes(asked("{key}"))
    before = gate.seconds()
    ran = subprocess.run(["taskset", "-c", str(one.CORE_OF_LOAD), bench.arguments.load, shape, str(amount), str(seconds), str(rounds),
                          f"gate={gate.address('decide')}={request}={order}={keys}"], check=True, capture_output=True)
    figures = json.loads(ran.stdout)["figures"]
    share = 1 if shape == "once" else seconds * rounds / (seconds * rounds + 1)
    figures["per_cpu_second"] = round(figures["answers"] / max((gate.seconds() - before) * share, 1e-9))
    return figures


def shown(figures: dict) -> dict:
    return {name: figures[name] for name in ("per_cpu_second", "p50_us", "p99_us", "statuses", "failed")}


def metrics(gate: "one.Server") -> dict[str, float]:
    with urllib.request.urlopen(f"http://{gate.address('admin')}/metrics", timeout=5) as page:
        lines = page.read().decode().splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))}


def counted(bench: "one.Bench", gate: "one.Server"):
    held = metrics(gate)
    bench.note("records held", round(held["tollgate_records"]), "records", counted_bytes=round(held["tollgate_record_bytes"]),
               evicted=round(held["tollgate_records_evicted_total"]), resident_mb=round(gate.resident() / 1e6))
