"""What becomes of one isolate: clients that leave, traps in the middle of a request, and starts without secrets."""

import threading
import time
from http.client import HTTPConnection

from contract.world import Key
from gate.deployed import Crowd, until
from gate.sharing import fixed

from .client import Client
from .faults import slow
from .fleet import ADMIN_PATH, PATIENT_MS, Fleet
from .hammer import request
from .trap import MARKED, planted

FOLLOWERS = 8
#: KV takes so long, within the deadline; or until it may answer, and no longer than that.
SLOW_S, HELD_S = 0.25, 20
#: A total that is let through over all traps.
N = 200


def leader_leaves() -> str:
    """Who asked first goes away while others wait for the same record: they are answered all the same."""
    rounds, anew, waited = 10, 0, []
    with Fleet("leaving", {f"cold-{at}": Key() for at in range(rounds)}, gates=1, deadline_ms=PATIENT_MS) as fleet:
        until("KV is told", lambda: len(fleet.kv.values) >= rounds)
        may_answer = threading.Event()
        fleet.kv.manner = lambda place: may_answer.wait(HELD_S) and fleet.kv.values.get(place)
        beside, forged = Client(fleet.gates[0]), fleet.deployment.forged(fleet.key("cold-0"))
        for at in range(rounds):
            may_answer.clear()
            key, before, records = fleet.key(f"cold-{at}"), fleet.kv.reads, fleet.objects()["records"]
            leader = Client(fleet.gates[0])
            leader.send(request(key))
            until("the leader's question", lambda before=before: fleet.kv.reads > before)
            followers = [Client(fleet.gates[0]) for _ in range(FOLLOWERS)]
            for follower in followers:
                follower.send(request(key))
            # Who asks nobody and is answered shows that the isolate has seen what came before.
            seen = lambda: [beside.ask(forged) for _ in range(2)] == [(401, "key_invalid")] * 2
            assert seen()
            leader.break_off()
            assert seen()
            may_answer.set()
            begun = time.monotonic()
            answers = [follower.answer() for follower in followers]
            waited.append(time.monotonic() - begun)
            assert set(answers) == {(200, "")}, answers
            assert fleet.kv.reads - before == 1, f"{fleet.kv.reads - before} reads of one record"
            anew += fleet.objects()["records"] > records
            for follower in followers:
                follower.close()
    usual = sorted(waited)[rounds // 2]
    told = f"{rounds * FOLLOWERS} followers of {rounds} leaders that left, {usual * 1e3:.0f} ms after, {max(waited) * 1e3:.0f} at most; one read each, {anew} asked anew"
    # They got the answer to the leader's question, and did not have to find out that nobody asks any more. A busy machine may
    # be later with one or the other than a record may be.
    assert anew <= rounds // 2, told
    return told


def trapped() -> str:
    """A module that traps where a request is marked: that one is answered 503, and all is begun anew."""
    keys = {"good": Key(), "gone": Key(), "limited": Key(limits=fixed(N)), **{f"cold-{at}": Key() for at in range(5)}}
    with Fleet("trapped", keys, gates=2, deadline_ms=PATIENT_MS) as fleet:
        fleet.kill()
        wasm = fleet.place / "workers" / "gate" / "gate.wasm"
        wasm.write_bytes(planted(wasm.read_bytes()))
        fleet.start()
        fleet.did("keys", "revoke", fleet.id("gone"))
        client, beside = Client(fleet.gates[0]), Client(fleet.gates[1])
        assert client.ask(fleet.key("good")) == beside.ask(fleet.key("good")) == (200, "")
        siblings = {}
        for at in range(5):
            waits = Client(fleet.gates[0])
            fleet.kv.manner = slow(SLOW_S)(fleet)
            before = fleet.kv.reads
            waits.send(request(fleet.key(f"cold-{at}")))
            until("somebody waits", lambda before=before: fleet.kv.reads > before)
            answer = client.ask(fleet.key("good"), MARKED)
            assert answer == (503, "unavailable"), f"a trap is answered {answer}"
            fleet.kv.manner = "honest"
            # What comes next is judged as ever, by an instance that has to ask for everything again.
            reads = fleet.kv.reads
            assert client.ask(fleet.key("good")) == (200, "")
            assert fleet.kv.reads > reads, "what the module held before the trap is still held"
            assert client.ask(fleet.key("gone")) == (401, "key_revoked")
            assert client.ask(fleet.deployment.forged(fleet.key("good"))) == (401, "key_invalid")
            answer = waits.answer()
            siblings[answer] = siblings.get(answer, 0) + 1
        assert set(siblings) <= {(200, ""), (503, "unavailable")}, siblings
        assert beside.ask(fleet.key("good")) == (200, "")
        until("the log names the traps", lambda: fleet.logs().count("gate_failed") >= 5)
        admitted = between_traps(fleet)
        assert client.ask(fleet.key("good")) == (200, "")
        fleet.no_secret_told()
    return f"5 traps beside requests that waited ({siblings}); {admitted} of a limit of {N} between traps"


def between_traps(fleet: Fleet) -> int:
    answers, lock, crowd = {}, threading.Lock(), Crowd()

    def asks(client, path):
        def work():
            answer = client.ask(fleet.key("limited"), path)
            with lock:
                answers[answer] = answers.get(answer, 0) + 1
            time.sleep(0.05 if path == MARKED else 0.002)

        return work

    for gate in fleet.gates:
        for path in ("/orders", "/orders", MARKED):
            crowd.add(asks(Client(gate), path))
    time.sleep(4)
    crowd.stop()
    admitted = answers.get((200, ""), 0)
    assert 0 < admitted <= N, answers
    assert set(answers) <= {(200, ""), (429, "rate_limited"), (503, "unavailable")}, answers
    assert answers.get((503, "unavailable"), 0) > 20, answers
    return admitted


#: Whoever minds the timers of an isolate is ended with its first pause, as the platform may end it; only the first.
ENDED = ("gate/gate.mjs", "await sleep(Math.min(Math.max(due, 1), PAUSE_MAX_MS));",
         "if (!globalThis.ended) await (globalThis.ended = new Promise(() => {}));\n        await sleep(Math.min(Math.max(due, 1), PAUSE_MAX_MS));")
#: A limit of which a gate leases several tokens at once, and how old the mark of whoever minded must be.
SHARED, OLD_S = 64, 2.2
#: After this a lease has gone back if anybody minds it, and else it has ended.
LEASE_S = 6.0


def minder_ends() -> str:
    """What was begun and ended with a request does not stay begun: the next one minds what is due, and no token is lost."""
    keys = {"limited": Key(limits=fixed(SHARED)), "other": Key()}
    with Fleet("minding", keys, gates=2, plants=[ENDED], deadline_ms=PATIENT_MS) as fleet:
        holds, spends = (Client(gate) for gate in fleet.gates)
        assert holds.ask(fleet.key("limited")) == (200, "")
        # From here on nobody minds the lease; and after this, somebody does.
        time.sleep(OLD_S)
        assert holds.ask(fleet.key("other")) == (200, "")
        admitted, begun = 1, time.monotonic()
        while admitted < SHARED and time.monotonic() - begun < LEASE_S:
            admitted += spends.ask(fleet.key("limited")) == (200, "")
            time.sleep(0.005)
        assert admitted == SHARED, f"{admitted} of a limit of {SHARED}: nobody minds the lease of an isolate whose minder was ended"
    return f"{admitted} of {SHARED}"


MARK = "5ec2e7" * 10
#: Secrets that are none.
BAD = {
    "none": None, "empty": "", "no JSON": MARK, "an empty object": "{}", "no peppers": '{"peppers":[],"issuing":0,"signing":[]}',
    "a short pepper": f'{{"peppers":[{{"id":0,"secret":"{MARK[:30]}"}}],"issuing":0,"signing":[]}}',
    "a pepper of zeros": f'{{"peppers":[{{"id":0,"secret":"{"0" * 64}"}}],"issuing":0,"signing":[]}}',
    "no signing key": f'{{"peppers":[{{"id":0,"secret":"{MARK}{MARK[:4]}"}}],"issuing":0,"signing":[]}}',
}


def without_secrets() -> str:
    """Nothing passes and nothing is administered, and the log says why."""
    for name, secrets in BAD.items():
        with Fleet("secrets", {"key": Key()}, gates=1, secrets=secrets, create=False) as fleet:
            client = Client(fleet.gates[0])
            for path in ("/orders", "/", "/.well-known/tollgate/jwks.json"):
                for key in (fleet.key("key"), b"none", fleet.admin.text):
                    answer = client.ask(key, path)
                    assert answer == (503, "unavailable"), f"{name}: {path}: {answer}"
            status = administered(fleet)
            assert status == 503, f"{name}: administration: {status}"
            until(f"{name}: the log says why", lambda: "gate_failed" in fleet.logs())
            said = fleet.logs()
            assert "secret" in said.lower() or "pepper" in said or "signing" in said, f"{name}: {said[-300:]}"
            assert MARK[:30] not in said, f"{name}: the log holds a secret"
            fleet.no_secret_told()
    return f"503 to everything with {', '.join(BAD)}"


def administered(fleet: Fleet) -> int:
    door = HTTPConnection(*fleet.gates[0].address, timeout=20)
    door.request("POST", ADMIN_PATH, '{"op":"stamp"}', {"Authorization": f"Bearer {fleet.admin.text.decode()}"})
    status = door.getresponse().status
    door.close()
    return status


CASES = {
    "who asked first goes away": leader_leaves,
    "a planted trap in the gate's module": trapped,
    "who minds an isolate is ended": minder_ends,
    "secrets that are missing or bad": without_secrets,
}
