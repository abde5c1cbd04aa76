"""What is played with every origin."""

import base64
import json
import socket
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from contract.message import Broken, Response, Stream
from proxies.process import Failed
from reference.identity import token_of

from .gate import Gate
from .origin import AGES, OTHER, Language, Origin

ANSWER_S = 30
#: For how long clients are waited for that must be answered.
PATIENCE_S = 60
POLL_S = 0.05
#: From an answer to a client's next request: there are several stories on one machine.
BETWEEN_S = 0.01
#: So few of the requests meanwhile may have no verdict because the machine is busy.
NONE_ONE_IN = 10
ROTATION_MIN = 20
KEYS = {
    "shop": ["--tenant", "acme", "--owner", "shop", "--env", "live", "--plan", "pro", "--scope", "orders:read", "--scope", "stock:*"],
    "other": ["--tenant", "zenith", "--owner", "ann@zenith.example", "--env", "test"],
}
HEADER = "Tollgate-Identity"


@dataclass
class Seen:
    """What came back."""

    status: int
    code: str | None = None
    who: dict = field(default_factory=dict)


class Story:
    """One gate, one origin, and what is found wrong."""

    origin_of: type[Origin] = Origin
    #: Whether the origin demands binding below `/bound/`.
    demands = True
    #: For how long something is waited for that must come.
    patience_s = 60.0

    def __init__(self, language: Language, binary: Path, folder: Path, change=lambda text: text):
        folder.mkdir()
        self.name, self.audience = language.name, f"orders-{language.name}"
        self.origin = self.origin_of(language, folder, self.audience)
        self.gate = Gate(binary, folder / "gate", self.audience, self.origin.port, change)
        self.made = {role: self.gate.command("keys", "create", "--unlimited", *words) for role, words in KEYS.items()}
        self.faults: list[str] = []
        self.checks = 0

    def expect(self, holds: bool, text: str):
        self.checks += 1
        if not holds:
            self.faults.append(f"{self.name}: {text}")

    # Asking

    def through(self, role: str | None, path="/orders/1", *more) -> Seen:
        """What a client is answered by the gate, or by the origin behind it."""
        key = [("Authorization", f"Bearer {self.made[role]['secret']}")] if role else []
        return ask(self.gate.port, "GET", path, [*key, *more])

    def judged(self, *given) -> Seen:
        """The same, and again where a busy machine had no verdict."""
        deadline = time.monotonic() + self.patience_s
        while (seen := self.through(*given)).code == "unavailable" and time.monotonic() < deadline:
            time.sleep(POLL_S)
        return seen

    def around(self, path="/orders/1", *headers, method="GET") -> Seen:
        """What somebody is answered who reaches the origin itself."""
        return ask(self.origin.port, method, path, headers)

    def token(self, role="shop", path="/orders/1") -> tuple[str, dict]:
        """An identity as it was on its way, and what the origin knew of it."""
        seen = self.judged(role, path)
        if seen.status != 200:
            raise Failed(f"{self.name}: {path} is {seen.status} {seen.code}")
        return seen.who["token"], seen.who

    def until(self, what: str, holds):
        """Waits until it holds, and gives what it gave."""
        deadline = time.monotonic() + self.patience_s
        while not (found := holds()):
            if time.monotonic() > deadline:
                raise Failed(f"{self.name}: {what} did not come within {self.patience_s} s")
            time.sleep(POLL_S)
        return found

    # The story

    def play(self):
        try:
            self.gate.start()
            self.origin.start(self.gate.jwks)
            for part in self.parts():
                part()
        except (Failed, OSError) as failed:
            self.faults.append(f"{self.name}: {failed}")
        finally:
            self.origin.stop()
            self.gate.stop()

    def parts(self):
        return (self.known, self.around_the_gate, self.own_identity, self.bound, self.another_audience, self.rotated, self.gate_is_gone)

    def known(self):
        """What the handler knows is what the command says of the key."""
        for role in KEYS:
            key = self.gate.command("keys", "show", self.made[role]["key"]["id"])["key"]
            settings = key["settings"]
            wanted = {"key": key["id"], **{name: settings[name] for name in ("owner", "tenant", "env", "plan", "scopes")}}
            seen = self.judged(role)
            found = {name: seen.who.get(name) for name in wanted}
            self.expect(seen.status == 200 and found == wanted, f"{role}: {seen.status}: the handler sees {found}, not {wanted}")
            self.expect(seen.who.get("bound", "?") is None, f"{role}: bound: {seen.who.get('bound')}")

    def around_the_gate(self):
        key = ("Authorization", f"Bearer {self.made['shop']['secret']}")
        for headers in ([], [key], [(HEADER, "")], [(HEADER, "a.b.c")]):
            self.refused(self.around("/orders/1", *headers), f"around the gate with {len(headers)} headers")

    def own_identity(self):
        """A client's own identity does not get through, however good it is."""
        token, _ = self.token("other")
        # As such it is good: else nothing would be shown.
        self.expect(self.around("/orders/1", (HEADER, token)).who.get("tenant") == "zenith", "a recorded identity is not served")
        self.refused(self.judged(None, "/orders/1", (HEADER, token)), "an identity in the place of a key")
        for name in (HEADER, HEADER.lower(), "Tollgate_Identity", "tollgate.identity", "TollgateIdentity"):
            seen = self.judged("shop", "/orders/1", (name, token))
            good = seen.status == 400 or seen.status == 200 and seen.who["tenant"] == "acme" and seen.who["token"] != token
            self.expect(good, f"with another's {name}: {seen.status} {seen.who.get('tenant')}")

    def bound(self):
        """An identity that is bound is good for one method and path, and where it is demanded no other is."""
        token, who = self.token(path="/bound/a%20b?a=1")
        self.expect(who["bound"] == ["GET", "/bound/a%20b"], f"bound to {who['bound']}")
        bound, plain = (HEADER, token), (HEADER, self.token()[0])
        self.refused(self.around("/bound/b", bound), "a bound identity on another path")
        self.refused(self.around("/orders/1", bound), "a bound identity where none is demanded, on another path")
        self.refused(self.around("/bound/a%20b", bound, method="POST"), "a bound identity with another method")
        if self.demands:
            self.refused(self.around("/bound/a%20b", plain), "one that is not bound where that is demanded")
        self.expect(self.around("/orders/1", plain).status == 200, "one that is not bound, where that is not demanded")

    def another_audience(self):
        before = len(self.origin.refusals())
        self.refused(self.judged("shop", "/other/1"), f"an origin that is {OTHER}")
        self.until("the reason", lambda: self.origin.refusals()[before:])
        self.expect(self.origin.refusals()[before:] == ["wrong_audience"], f"refused as {self.origin.refusals()[before:]}")

    def rotated(self):
        """A new key comes, signs, and the old one goes, while requests run: none is refused, and the old one is not believed."""
        before = len(self.origin.refusals())
        crowd = Crowd(lambda: self.through("shop"))
        try:
            fresh = self.gate.command("signing-keys", "rotate")["signing_key"]["kid"]
            self.until("its publication", lambda: self.published() == {"k1", fresh})
            self.expect(self.token()[1]["kid"] == "k1", "the new key signs at once")
            # What knew no other key may ask for it again by now.
            crowd.after(AGES["refetch_s"] + AGES["fresh_s"])
            old, seed = self.token()[0], self.gate.seed("k1")
            again = lambda: self.around("/orders/1", (HEADER, renewed(old, seed)))
            self.gate.signs(fresh, int(time.time() * 1000) - 1)
            self.until("an identity of the new key", lambda: self.through("shop").who.get("kid") == fresh)
            self.expect(again().status == 200, "the old key is believed no more, and is published")
            self.gate.command("signing-keys", "retire", "k1", "--force")
            self.until("the end of the old key", lambda: again().status != 200)
            self.refused(again(), "an identity of the old key")
            crowd.after(0)
        finally:
            seen = crowd.stop()
        reasons = [reason for reason in self.origin.refusals()[before:] if reason != "unknown_kid"]
        self.expect(not reasons, f"refused meanwhile: {reasons[:5]}")
        refused = [f"{one.status} {one.code}" for one in seen if 400 <= one.status < 500]
        self.expect(not refused, f"{len(refused)} of {len(seen)} requests were refused meanwhile: {refused[:5]}")
        none = sum(one.status != 200 for one in seen)
        self.expect(none * NONE_ONE_IN <= len(seen) >= ROTATION_MIN, f"{none} of {len(seen)} requests had no answer")

    def gate_is_gone(self):
        """What is known goes on to be served, and ends."""
        token, who = self.token()
        seed = self.gate.seed(who["kid"])
        again = lambda: self.around("/orders/1", (HEADER, renewed(token, seed)))
        self.gate.kill()
        self.expect(again().status == 200, "identities end with their gate")
        last = self.until("the end", lambda: (seen := again()).status != 200 and seen)
        self.expect((last.status, last.code) == (503, "unavailable"), f"without keys it answers {last.status} {last.code}")

    def published(self) -> set[str]:
        with socket.create_connection(("127.0.0.1", self.gate.port), ANSWER_S) as connection:
            connection.sendall(b"GET /.well-known/tollgate/jwks.json HTTP/1.1\r\nHost: gate\r\n\r\n")
            return {key["kid"] for key in json.loads(Stream(connection).response().body)["keys"]}

    def refused(self, seen: Seen, what: str):
        good = seen.status == 401 and seen.code in ("credential_missing", "key_invalid") and not seen.who
        self.expect(good, f"{what}: {seen.status} {seen.code} {sorted(seen.who)}")


def renewed(token: str, seed: bytes) -> str:
    """An identity with the same claims, made at this moment: a slow machine lets none expire that is to be judged by its key."""
    header, body = (base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in token.split(".")[:2])
    claims, now = json.loads(body), int(time.time())
    claims |= {"iat": now, "exp": now + 30}
    return token_of(seed, header, json.dumps(claims, separators=(",", ":")).encode()).decode()


class Crowd:
    """Two clients that ask all the time, and what they were answered."""

    def __init__(self, asks):
        self.asks, self.seen, self.ended, self.begun = asks, [], threading.Event(), time.monotonic()
        self.threads = [threading.Thread(target=self._work, daemon=True) for _ in range(2)]
        for thread in self.threads:
            thread.start()

    def _work(self):
        while not self.ended.is_set():
            self.seen.append(self.asks())
            time.sleep(BETWEEN_S)

    def after(self, seconds: float):
        """Returns so long after now, and when some more have been answered."""
        begun, count = time.monotonic(), len(self.seen) + len(self.threads) * 2
        while time.monotonic() < begun + seconds or len(self.seen) < count:
            if time.monotonic() > begun + PATIENCE_S:
                raise Failed(f"the clients were answered {len(self.seen)} times, and no more")
            time.sleep(POLL_S)

    def stop(self) -> list[Seen]:
        self.ended.set()
        for thread in self.threads:
            thread.join(ANSWER_S)
        return self.seen


def ask(port: int, method: str, target: str, headers) -> Seen:
    lines = [f"{method} {target} HTTP/1.1", "Host: api.example", *(f"{name}: {value}" for name, value in headers)]
    if method == "POST":
        lines.append("Content-Length: 0")
    try:
        with socket.create_connection(("127.0.0.1", port), ANSWER_S) as connection:
            connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
            got: Response | None = Stream(connection).response(method.encode())
    except (Broken, OSError):
        got = None
    if got is None:
        return Seen(0)
    try:
        body = json.loads(got.body)
    except ValueError:
        return Seen(got.status)
    return Seen(200, None, body) if got.status == 200 else Seen(got.status, body.get("code"))
