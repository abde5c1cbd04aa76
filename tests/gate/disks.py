"""Stores that cannot be written: locked, full, read-only."""

import contextlib
import json
import os
import resource
import shutil
import sqlite3
import subprocess
import tempfile
import time
from pathlib import Path

from contract.world import Key

from .deployed import Client, Process, Shared, until
from .sharing import deployed, fixed

BURST = 400
#: What is kept beside the store, in bytes.
BALLAST = 1 << 20
#: Longer than leases live, so that nothing is left of what a gate had when the fault began.
FAULT_S = 7
CREATE = ("keys", "create", "--tenant", "t", "--owner", "o", "--env", "live", "--unlimited")

#: What each is answered while nothing can be written: a lease that is left, or nothing that we could know.
WITHOUT_STORE = {(200, ""), (503, "unavailable"), (429, "rate_limited")}


class NotHere(Exception):
    """This machine cannot play it; the message says why."""


KEYS = {"free": Key(plan="pro"), "gone": Key(), "limited": Key(limits=fixed(BURST)), "cold": Key(limits=fixed(BURST)),
        "other": Key(plan="pro"), "last": Key(plan="pro")}


def refused_loudly(shared: Shared, codes: set[str], *words: str):
    """A change that cannot be written fails, and says why."""
    done = shared.type(*words)
    assert done.returncode == 1, f"{words[:2]} ended with {done.returncode}: {done.stdout[:200]} {done.stderr[:200]}"
    assert not done.stdout, f"it failed and said {done.stdout[:200]}"
    error = json.loads(done.stderr)["error"]
    assert error["code"] in codes, f"{error} is none of {codes}"
    assert len(error["message"]) > 20
    return error["code"]


class Warm:
    """A gate that knows its keys and holds a lease, and what it admits."""

    def __init__(self, shared: Shared, gate: Process):
        self.shared, self.gate, self.client, self.admitted = shared, gate, Client(gate), 0
        assert self.client.ask(shared.key("free")) == (200, "")
        assert self.client.ask(shared.key("gone")) == (200, "")
        shared.did("keys", "revoke", shared.id("gone"))
        until("the revocation", lambda: self.client.ask(shared.key("gone")) == (401, "key_revoked"))
        for _ in range(20):
            assert self.limited() == (200, "")

    def limited(self) -> tuple[int, str]:
        answer = self.client.ask(self.shared.key("limited"))
        self.admitted += answer == (200, "")
        return answer

    def endures(self, seconds: float, meanwhile=lambda: None) -> int:
        """While nothing can be written: free keys pass, revoked ones do not, limited ones by what was leased."""
        begun, answers = time.monotonic(), {}
        before = self.admitted
        while time.monotonic() - begun < seconds:
            assert self.client.ask(self.shared.key("free")) == (200, ""), "an unlimited key is refused"
            assert self.client.ask(self.shared.key("gone")) == (401, "key_revoked")
            answer = self.limited()
            answers[answer] = answers.get(answer, 0) + 1
            assert answer in WITHOUT_STORE, answer
            cold = self.client.ask(self.shared.key("cold"))
            assert cold == (503, "unavailable"), f"a limited key without a lease is answered {cold}"
            meanwhile()
        assert self.gate.alive(), self.gate.logs()[-500:]
        assert answers.get((503, "unavailable")), f"nothing ran out: {answers}"
        assert answer == (503, "unavailable"), f"what was leased has not ended: {answer}"
        return self.admitted - before

    def recovers(self):
        """Everything is as before, and the whole time admitted no more than the limit."""
        until("a change", lambda: self.shared.type(*CREATE).returncode == 0)
        until("the cold key", lambda: self.client.ask(self.shared.key("cold")) == (200, ""))
        until("the limited key", lambda: self.limited() == (200, ""))
        made = self.shared.did(*CREATE)["secret"].encode()
        assert self.client.ask(made) == (200, "")
        end = time.monotonic() + 1
        while time.monotonic() < end or self.limited() == (200, ""):
            pass
        assert self.admitted <= BURST, f"{self.admitted} of {BURST}"


def locked(host) -> str:
    """Another process holds the lock of writers, and then lets go."""
    with deployed(host, "locked", KEYS) as shared:
        warm, leaver = Warm(shared, shared.start()), shared.start()
        leaving = Client(leaver)
        for _ in range(20):
            assert leaving.ask(shared.key("limited")) == (200, "")
        with contextlib.closing(sqlite3.connect(shared.store, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            # Who cannot hand anything back ends nevertheless, and says so.
            leaving.close()
            begun = time.monotonic()
            leaver.stop()
            assert time.monotonic() - begun < 4, "a store that is locked holds up the end of a gate"
            lost = [event["leases_left"] for event in leaver.events() if event["event"] == "stopped"]
            assert lost == [1], lost
            left = warm.endures(FAULT_S)
            code = refused_loudly(shared, {"store_locked", "locked"}, *CREATE)
            refused_loudly(shared, {code}, "keys", "revoke", shared.id("free"))
            assert warm.client.ask(shared.key("free")) == (200, ""), "a revocation that failed is heeded"
            other.execute("ROLLBACK")
        warm.recovers()
        return f"{left} more by the lease; changes said {code}"


def may_not_grow(host) -> str:
    """The limit on the size of files, of a gate that runs; the command line has it from its parent."""
    with deployed(host, "sized", KEYS) as shared:
        gate = shared.start()
        warm = Warm(shared, gate)
        _, hard = resource.prlimit(gate.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(gate.process.pid, resource.RLIMIT_FSIZE, (0, hard))
        left = warm.endures(FAULT_S)
        resource.prlimit(gate.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        warm.recovers()
        return f"{left} more by the lease"


@contextlib.contextmanager
def disk(megabytes: int):
    """A small disk of its own, in memory."""
    place = Path(tempfile.mkdtemp(prefix="tollgate-disk-"))
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", place], capture_output=True)
    try:
        if mounted.returncode:
            raise NotHere(f"no disk can be mounted: {mounted.stderr.decode().strip()}")
        yield place
    finally:
        if not mounted.returncode:
            subprocess.run(["umount", "-l", place], check=True)
        shutil.rmtree(place, ignore_errors=True)


def full(host) -> str:
    """Every byte of a small disk is taken, and then given back."""
    with disk(8) as place, deployed(host, "full", KEYS, place=place) as shared:
        warm = Warm(shared, shared.start())
        filler = place / "filler"
        # What has been written once may be written again: it takes some changes until nothing is left.
        codes, changes = [], 0
        while not codes:
            fill(filler)
            done = shared.type(*CREATE)
            changes += 1
            if done.returncode:
                codes.append(refused_loudly(shared, {"store_full", "full"}, *CREATE))
            assert changes < 3_000, "the disk never fills"
        left = warm.endures(FAULT_S)
        # What takes rights away has room that is kept for it; what gives some has none.
        assert os.statvfs(place).f_bavail == 0, "the disk is not full"
        assert Path(f"{shared.store}.ballast").stat().st_size == BALLAST
        shared.did("keys", "revoke", shared.id("free"))
        until("the revocation", lambda: warm.client.ask(shared.key("free")) == (401, "key_revoked"))
        fill(filler)
        refused_loudly(shared, {codes[0]}, *CREATE)
        shared.did("keys", "disable", shared.id("other"))
        until("a word on it", lambda: spent(warm.gate), 15)
        kept = metric(warm.gate, "tollgate_store_ballast_bytes")
        assert 0 < kept < BALLAST, kept
        # Nothing is left of it: then it is refused, loudly.
        Path(f"{shared.store}.ballast").unlink()
        fill(filler)
        refused_loudly(shared, {codes[0]}, "keys", "revoke", shared.id("last"))
        assert warm.client.ask(shared.key("last")) == (200, ""), "a revocation that failed is heeded"
        until("that too is said", lambda: metric(warm.gate, "tollgate_store_ballast_bytes") == 0, 15)
        filler.unlink()
        warm.recovers()
        until("new ballast", lambda: metric(warm.gate, "tollgate_store_ballast_bytes") == BALLAST, 15)
        until("a word on that", lambda: any(event["event"] == "ballast_whole" for event in warm.gate.events()))
        return f"after {changes} changes; {left} more by the lease; changes said {codes[0]}; {BALLAST - kept} bytes of ballast given up"


def fill(filler: Path):
    """Takes every byte that is left."""
    with filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4_096)):
            pass


def spent(gate: Process) -> bool:
    """Whether the gate says that ballast was given up."""
    return any(event["event"] == "ballast_spent" and event["level"] == "error" for event in gate.events())


def metric(gate: Process, name: str) -> int:
    """The value of a metric without labels."""
    lines = [line for line in gate.metrics().decode().splitlines() if line.startswith(f"{name} ")]
    assert len(lines) == 1, f"{name}: {lines}"
    return int(lines[0].split()[1])


def read_only(host) -> str:
    """Nobody may write what is there; then somebody may."""
    if os.geteuid() != 0:
        raise NotHere("only root can start a gate as somebody who may not write")
    nobody = 65_534
    folder = Path(tempfile.mkdtemp(prefix="tollgate-read-", dir="/tmp"))
    os.chmod(folder, 0o755)
    binary = folder / "tollgate"
    shutil.copy(host.binary, binary)
    host.folder.chmod(0o755)
    place = folder / "place"
    place.mkdir()
    try:
        with deployed(host, "read-only", KEYS, place=place) as shared:
            hand_over(place, nobody)
            shared.user = nobody
            host.binary = binary
            warm = Warm(shared, shared.start())
            warm.client.close()
            # A gate that stops hands its leases back; its files stay.
            keep = sqlite3.connect(shared.store)
            keep.execute("SELECT count(*) FROM keys").fetchone()
            warm.gate.stop()
            # It is theirs, as secrets must be, but they may only read it.
            hand_over(place, nobody, 0o500, 0o400)
            gate = shared.start()
            client = Client(gate)
            begun = time.monotonic()
            while time.monotonic() - begun < 3:
                assert client.ask(shared.key("free")) == (200, ""), "an unlimited key is refused"
                assert client.ask(shared.key("gone")) == (401, "key_revoked")
                assert client.ask(shared.key("limited")) == (503, "unavailable")
            code = refused_loudly(shared, {"store_read_only", "read_only"}, *CREATE)
            keep.close()
            hand_over(place, nobody)
            gate.stop()
            client = Client(shared.start())
            until("the limited key", lambda: client.ask(shared.key("limited")) == (200, ""))
            shared.did(*CREATE)
            return f"changes said {code}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def hand_over(place: Path, user: int, folder: int = 0o700, file: int = 0o600):
    """Everything in the folder is theirs, with these modes."""
    for path in (place, *place.iterdir()):
        os.chown(path, user, user)
        path.chmod(folder if path.is_dir() else file)
