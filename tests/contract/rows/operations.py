"""What an operator does is true at once, on the gate that is running."""

import time

from ..row import Answer, Row, allowed, denied, request, x_api_key
from ..world import Key, Limit

F = "operations"
#: A revocation holds everywhere within a second and one reading of the head.
BOUND_S = 1.15


def operated(name: str, cls: str, play, needs="operate", **keys) -> Row:
    return Row(F, name, cls, (play,), config="operated", keys=keys, needs=(needs,), slow=True, timed=True)


def _id(stage, role: str) -> str:
    return stage.gate.deployment.keys[stage.role(role)].id


def _becomes(stage, role: str, wanted, words: list[str], within: float = BOUND_S):
    """After the operator's words the answer changes within the bound, and does not change back."""
    warm = stage.ask(request(x_api_key(role)))
    stage.gate.operate(words)
    done = time.monotonic()
    changed = None
    while time.monotonic() < done + within + 0.6:
        sent = stage.fill(request(x_api_key(role)))
        asked = time.monotonic()
        got = stage.ask(sent)
        if got is not None and got.status == wanted.status[0]:
            if changed is None:
                changed = asked - done
                stage.check(wanted, got, sent)
        elif changed is not None:
            stage.fault(f"{words} took effect and was undone: {got and got.status}")
        elif asked - done > within:
            stage.fault(f"{within} s after {words} the answer is still {got and got.status} (at first {warm.status})")
            break
        time.sleep(0.01)
    stage.compares_origin = False


def _revoke(stage):
    _becomes(stage, "one", denied("key_revoked"), ["keys", "revoke", _id(stage, "one")])


def _revoke_idle(stage):
    """The key was warm, nobody asked for two seconds, and the first request after that is refused."""
    stage.compares_origin = False
    for _ in range(3):
        stage.ask(request(x_api_key("one")))
    stage.gate.operate(["keys", "revoke", _id(stage, "one")])
    time.sleep(2)
    sent = stage.fill(request(x_api_key("one")))
    stage.check(denied("key_revoked"), stage.ask(sent), sent)


def _disable_enable(stage):
    _becomes(stage, "one", denied("key_disabled"), ["keys", "disable", _id(stage, "one")])
    _becomes(stage, "one", allowed("one"), ["keys", "enable", _id(stage, "one")])


def _stop_owner(stage):
    minted = stage.gate.deployment.keys[stage.role("one")]
    words = [minted.tenant, minted.owner]
    _becomes(stage, "one", denied("owner_disabled"), ["owners", "stop", *words])
    _becomes(stage, "one", allowed("one"), ["owners", "resume", *words])


def _stop_tenant(stage):
    minted = stage.gate.deployment.keys[stage.role("one")]
    _becomes(stage, "one", denied("tenant_disabled"), ["tenants", "stop", minted.tenant])
    _becomes(stage, "one", allowed("one"), ["tenants", "resume", minted.tenant])


def _similar_ids(stage):
    """Revoking one key leaves those whose names only resemble it alone."""
    stage.compares_origin = False
    stage.ask(request(x_api_key("one2")))
    stage.gate.operate(["keys", "revoke", _id(stage, "one")])
    time.sleep(BOUND_S)
    for role, wanted in (("one", denied("key_revoked")), ("one2", allowed("one2"))):
        sent = stage.fill(request(x_api_key(role)))
        stage.check(wanted, stage.ask(sent), sent)


def _refused_after_limits(stage):
    """Tokens already leased do not let a revoked key in."""
    _becomes(stage, "one", denied("key_revoked"), ["keys", "revoke", _id(stage, "one")])


def _create(stage):
    """A key that the operator makes works at once, and before that it was unknown."""
    stage.compares_origin = False
    made = stage.gate.operate(["keys", "create", "--tenant", "made", "--owner", "made@o", "--env", "live", "--unlimited"])
    text = made["secret"]
    for _ in range(3):
        got = stage.ask(request(("X-API-Key", text)))
        stage.expect(got.status == 200, f"a new key is {got.status}")
    got = stage.ask(request(("X-API-Key", text[:-1])))
    stage.expect(got.status == 401, f"without its last symbol it is {got.status}")
    stage.gate.made = [*getattr(stage.gate, "made", []), text.encode()]


def _update(stage):
    """A key that gets a limit is limited within the bound, exactly."""
    stage.compares_origin = False
    for _ in range(5):
        stage.expect(stage.ask(request(x_api_key("one"))).status == 200, "a key without limits is refused")
    stage.gate.operate(["keys", "update", _id(stage, "one"), "--limit", "burst:key=3,1/1h"])
    time.sleep(BOUND_S)
    said = [stage.ask(request(x_api_key("one"))).status for _ in range(5)]
    stage.expect(said == [200] * 3 + [429] * 2, f"with a limit of three the answers are {said}")


def _narrow(stage):
    """A key that loses a scope has lost it within the bound."""
    stage.compares_origin = False
    sent = stage.fill(request(x_api_key("one"), path="/scoped/read/1"))
    stage.expect(stage.ask(sent).status == 200, "the scope is not there to begin with")
    stage.gate.operate(["keys", "update", _id(stage, "one"), "--clear", "scopes"])
    time.sleep(BOUND_S)
    stage.check(denied("scope_missing"), stage.ask(sent), sent)


def _revoke_one_secret(stage):
    """Of two secrets of a key one is revoked, and the other passes on."""
    stage.compares_origin = False
    made = stage.gate.operate(["keys", "rotate", _id(stage, "one"), "--grace", "1h"])
    stage.gate.made = [*getattr(stage.gate, "made", []), made["secret"].encode()]
    stage.expect(stage.ask(request(x_api_key("one"))).status == 200, "the older secret is refused at once")
    lookup = stage.gate.deployment.keys[stage.role("one")].lookup
    stage.gate.operate(["keys", "revoke", _id(stage, "one"), "--secret", lookup])
    time.sleep(BOUND_S)
    sent = stage.fill(request(x_api_key("one")))
    stage.check(Answer((401,)), stage.ask(sent), sent)
    stage.expect(stage.ask(request(("X-API-Key", made["secret"]))).status == 200, "the newer secret is refused as well")


def _rotate(stage):
    """A rotation adds a secret; the old one passes until its end and not after it."""
    stage.compares_origin = False
    begun = time.monotonic()
    made = stage.gate.operate(["keys", "rotate", _id(stage, "one"), "--grace", "2s"])
    # Somewhere between the two the grace began.
    done = time.monotonic()
    new = ("X-API-Key", made["secret"])
    while time.monotonic() < done + 3.5:
        asked = time.monotonic() - done
        old = stage.ask(request(x_api_key("one")))
        fresh = stage.ask(request(new))
        answered = time.monotonic() - begun
        stage.expect(fresh.status == 200, f"the new secret is {fresh.status} after {asked:.2f} s")
        if old.status == 200:
            stage.expect(asked < 2.2, f"the old secret passes {asked:.2f} s after the rotation")
        else:
            stage.expect(answered > 1.9, f"the old secret is {old.status} {answered:.2f} s after the rotation was asked for")
        time.sleep(0.02)
    stage.gate.made = [*getattr(stage.gate, "made", []), made["secret"].encode()]


ROWS = [
    operated("a revoked key is refused within a second", "V01", _revoke, one=Key()),
    operated("a revoked key is refused after nobody asked for it", "V01", _revoke_idle, one=Key()),
    operated("a disabled key is refused within a second, and passes when it is enabled", "V01", _disable_enable, one=Key()),
    operated("a stopped owner's key is refused within a second, and passes when the owner is resumed", "V03", _stop_owner, one=Key()),
    operated("a stopped tenant's key is refused within a second, and passes when the tenant is resumed", "V03", _stop_tenant, one=Key()),
    operated("revoking a key leaves those with similar names alone", "V08", _similar_ids, one=Key(), one2=Key()),
    operated("leased tokens do not let a revoked key in", "V01", _refused_after_limits, one=Key(limits=(Limit(1_000, 1_000, 1_000),))),
    operated("a new key works at once", "own", _create, "issue"),
    operated("a key that gets a limit is limited within a second", "V06", _update, "issue", one=Key()),
    operated("a key that loses a scope has lost it within a second", "V06", _narrow, "issue", one=Key(scopes=("orders:read",))),
    operated("one secret of a key is revoked and the other passes on", "V07", _revoke_one_secret, "issue", one=Key()),
    operated("a rotated key has two secrets until the old one ends", "V07", _rotate, "issue", one=Key()),
]
