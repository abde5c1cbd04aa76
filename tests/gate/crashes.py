"""Processes that end in the middle of what they do."""

import json
import random
import sqlite3
import subprocess
import time

from contract.driver_native import environment
from contract.world import Key, Limit

from .deployed import Client, Crowd, until
from .sharing import LIMITED, Count, asking, deployed

KILLS = 12
WRITERS = 120


def sound(shared):
    """The store is what SQLite calls sound."""
    with sqlite3.connect(shared.store) as store:
        said = store.execute("PRAGMA integrity_check").fetchall()
    store.close()
    assert said == [("ok",)], said


def gates_killed(host) -> str:
    """In the whole time no more than the burst and what was refilled; and it goes on after every kill."""
    limit = Limit(burst=200, rate=100, period_ms=1_000)
    with deployed(host, "kills", {"limited": Key(limits=(limit,)), "free": Key()}) as shared:
        stays, count, free, crowd = shared.start(), Count(), Count(), Crowd()
        draw = random.Random(1)
        begun = time.monotonic()
        asking(crowd, [stays], [shared.key("limited")], count, each=1, pause_s=0.002)
        asking(crowd, [stays], [shared.key("free")], free, each=1, pause_s=0.005)
        killed = Count()
        for _ in range(KILLS):
            gate, theirs, before = shared.start(), Crowd(), killed.admitted
            asking(theirs, [gate], [shared.key("limited")], killed, each=1)
            until("a gate that was started admits", lambda before=before: killed.admitted > before)
            time.sleep(draw.uniform(0, 0.5))
            gate.kill()
            theirs.stop()
        crowd.stop()
        took = max(count.last, killed.last) - begun
        most = limit.burst + limit.rate * took
        admitted = count.admitted + killed.admitted
        assert admitted <= most, f"{admitted} in {took:.1f} s, more than {most:.0f}"
        # Half is not a promise: it says that the figure above means something.
        assert admitted >= most * 0.3, f"only {admitted} of {most:.0f}: {count.answers} {killed.answers}"
        count.only(*LIMITED)
        free.only((200, ""))
        sound(shared)
        return f"{admitted} admitted in {took:.1f} s, at most {most:.0f} over {KILLS} kills"


def writers_killed(host) -> str:
    """What a command said it did is done; what it was killed in is done or not, never half."""
    with deployed(host, "writers", {f"old{at}": Key() for at in range(WRITERS)}) as shared:
        gate, draw = shared.start(), random.Random(2)
        made: dict[str, str] = {}
        revoked, cut = set(), 0
        # How long a command takes here: kills are spread over all of it.
        takes_s = 1.0
        for _ in range(3):
            begun = time.monotonic()
            shared.did("keys", "create", "--tenant", "t", "--owner", "o", "--env", "live", "--unlimited")
            takes_s = min(takes_s, time.monotonic() - begun)
        for at in range(WRITERS):
            creates = ["keys", "create", "--tenant", "t", "--owner", "o", "--env", "live", "--unlimited", "--name", f"new {at}"]
            words = creates if at % 2 else ["keys", "revoke", shared.id(f"old{at}")]
            process = subprocess.Popen(shared.words(*words), cwd=shared.place, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                       env=environment())
            try:
                # Some of each kind are let be, however much longer a busy machine takes by now.
                said, _ = process.communicate(timeout=draw.uniform(0.2, 1.2) * takes_s if at % 8 > 1 else 30)
            except subprocess.TimeoutExpired:
                process.kill()
                said, _ = process.communicate()
                cut += 1
            # Acknowledged is what was said whole, whether or not the process lived on.
            try:
                told = json.loads(said)
            except ValueError:
                continue
            if at % 2:
                made[told["secret"]] = told
            else:
                revoked.add(f"old{at}")
            if at % 20 == 0:
                gate.kill()
                gate = shared.start()
        assert cut > 5 and len(revoked) > 5 and len(made) > 5, f"{cut} were cut off, {len(revoked)} revoked, {len(made)} made: nothing was tried"
        gate.kill()
        client = Client(shared.start())
        for secret in made:
            assert client.ask(secret.encode()) == (200, ""), "a key that was made is not there"
        states = {}
        for at in range(0, WRITERS, 2):
            answer = client.ask(shared.key(f"old{at}"))
            states[f"old{at}"] = answer
            assert answer in ((200, ""), (401, "key_revoked")), answer
        assert all(states[role] == (401, "key_revoked") for role in revoked), "a revocation was lost"
        listed = shared.did("keys", "list")
        for key in listed["keys"]:
            shown = shared.did("keys", "show", key["id"])
            assert shown["id"] == key["id"] if "id" in shown else shown["key"]["id"] == key["id"]
        sound(shared)
        return f"{cut} of {WRITERS} commands cut off; {len(made)} keys made and {len(revoked)} revoked are"
