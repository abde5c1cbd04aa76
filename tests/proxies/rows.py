"""What must hold behind every proxy while the gate is there."""

import os
import socket
import subprocess
import threading

from contract.message import Stream

from .samples import CLAIMS, CROOKED, SPELLINGS
from .stage import Stage, forged, readings, request, said
from .table import row


@row("an allowed request arrives with an identity that verifies, and without the key")
def _(stage: Stage):
    stage.allowed(request(stage.bearer()), what="bearer")
    stage.allowed(request(stage.x_api_key()), what="x-api-key")
    stage.allowed(request(("authorization", b"bEaReR " + stage.gate.key("other"))), "other", what="scheme in any case")
    stage.allowed(request(stage.bearer(), stage.x_api_key()), what="the same key twice")


@row("an end user's own token beside the key is neither judged nor taken away", "tokens")
def _(stage: Stage):
    one = stage.allowed(request(stage.x_api_key(), ("Authorization", "Bearer an.end.users.token")))
    if one:
        stage.expect(one.all("authorization") == [b"Bearer an.end.users.token"], f"Authorization: {one.fields!r}")


@row("no key, a forged, an expired and a revoked one: 401 with challenge and problem body")
def _(stage: Stage):
    stage.refused(request(), 401, "credential_missing", what="none")
    for what, text in (("forged", forged(stage.gate.key("usual"))), ("no key", b"tg_live_nothing"), ("short", b"x")):
        stage.refused(request(("X-API-Key", text)), 401, "key_invalid", what=what)
        stage.refused(request(("Authorization", b"Bearer " + text)), 401, "key_invalid", what=what)
    stage.refused(request(stage.bearer("expired")), 401, "key_expired", what="expired")
    stage.refused(request(stage.bearer("revoked")), 401, "key_revoked", what="revoked")
    stage.refused(request(method="HEAD"), 401, "credential_missing", what="HEAD")


@row("a missing scope: 403 with challenge and problem body, and the rule sees the method")
def _(stage: Stage):
    stage.refused(request(stage.bearer(), path="/admin/x"), 403, "scope_missing", what="path")
    stage.allowed(request(stage.bearer("admin"), path="/admin/x"), "admin", what="its neighbour")
    got, arrived = stage.ask(request(stage.bearer(), method="DELETE"))
    stage.expect(got is not None and got.status == 403 and not arrived, f"DELETE: {said(got)}")


@row("over the limit: 429 with Retry-After and RateLimit reaches the client as such")
def _(stage: Stage):
    sent = request(stage.bearer("limited"))
    for at in range(2):
        stage.allowed(sent, "limited", what=f"request {at + 1}")
    got = stage.refused(sent, 429, "rate_limited", what="request 3")
    if got:
        after = got.all("retry-after")
        stage.expect(len(after) == 1 and after[0].isdigit() and int(after[0]) >= 1, f"Retry-After: {after!r}")
        stage.rates(got, "request 3")


@row("what is left of a limit is told with allowed answers", "rates on success")
def _(stage: Stage):
    key = stage.gate.command("keys", "create", "--tenant", "acme", "--owner", "rates", "--limit", "burst:key=2,1/1h")
    got, _ = stage.ask(request(("X-API-Key", key["secret"])))
    if stage.expect(got is not None and got.status == 200, f"answered {said(got)}"):
        stage.rates(got, "allowed")


@row("two different keys, a list of keys, two headers of one name: 400")
def _(stage: Stage):
    usual, other = stage.gate.key("usual"), stage.gate.key("other")
    cases = {
        "two places": [stage.bearer(), stage.x_api_key("other")],
        "a list": [("X-API-Key", usual + b", " + other)],
        "two X-API-Key": [("X-API-Key", usual), ("x-api-key", other)],
        "a key and garbage": [("X-API-Key", usual), ("X-API-Key", "garbage")],
        "garbage and a key": [("X-API-Key", "garbage"), ("X-API-Key", usual)],
    }
    for what, given in cases.items():
        stage.refused(request(*given), 400, "request_invalid", what=what)
    # nginx refuses this itself.
    stage.turned_away(request(stage.bearer(), stage.bearer("other")), "two Authorization", (400,))


@row("an identity that the client sends never arrives, in any spelling, with a key or without")
def _(stage: Stage):
    for name in SPELLINGS:
        for role, sent in (("usual", request((name, "forged"), stage.bearer())),
                           ("usual", request(stage.bearer(), (name, "forged"), (name.upper(), "again"))),
                           (None, request((name, "forged"), path="/public/x"))):
            got, arrived = stage.ask(sent)
            if got is not None and got.status == 400:
                stage.expect(not arrived, f"{name}: refused, and yet it arrived")
                continue
            if stage.expect(got is not None and got.status == 200, f"{name}: {said(got)}"):
                stage.judge_arrival(arrived[0], role, name)


@row("Connection cannot take the identity away, nor bring a field past the gate")
def _(stage: Stage):
    for given in (["tollgate-identity"], ["close, Tollgate-Identity"], ["keep-alive", "TOLLGATE-IDENTITY"],
                  ["x-tollgate, tollgate-identity, close"]):
        fields = [("Connection", value) for value in given]
        got, arrived = stage.ask(request(stage.bearer(), *fields))
        if got is not None and got.status == 400:
            stage.expect(not arrived, f"{given}: refused, and yet it arrived")
        elif stage.expect(got is not None and got.status == 200, f"{given}: {said(got)}"):
            stage.judge_arrival(arrived[0], "usual", str(given))
    for name in ("x-api-key", "X-Forwarded-For", "X-Original-URI", "X-Forwarded-Uri", "Host"):
        got, arrived = stage.ask(request(stage.x_api_key(), ("Connection", name), path="/admin/x"))
        stage.expect(not arrived and got is not None and 400 <= got.status < 500, f"Connection: {name}: {said(got)}")
    got, arrived = stage.ask(request(("Connection", "x-forwarded-for"), stage.bearer("bound")), "127.0.0.3")
    stage.expect(not arrived, f"the address can be taken away: {said(got)}")


@row("what is decided on is what is forwarded: crooked paths are refused, or nobody can read another path in them")
def _(stage: Stage):
    for path in CROOKED:
        for given in ([stage.bearer()], []):
            got, arrived = stage.ask(request(*given, path=path))
            stage.expect(got is not None, f"{path}: no answer")
            for one in arrived:
                paths = readings(one.target)
                stage.expect(not any(read.startswith(b"/admin") for read in paths),
                             f"{path}: the origin could read /admin in {one.target!r}")
                if not given:
                    stage.expect(all(read.startswith(b"/public") for read in paths),
                                 f"{path}: without a key {one.target!r} arrived")


@row("where a route binds identities, they name method and path as they arrive")
def _(stage: Stage):
    one = stage.allowed(request(stage.bearer(), path="/reports/2024/a-b_c.d~e?x=/reports/y"), bound=True, what="plain")
    stage.expect(one is None or one.target == b"/reports/2024/a-b_c.d~e?x=/reports/y", f"{one and one.target!r}")
    stage.allowed(request(stage.bearer(), path="/reports/a%20b", method="PUT", body=b"x"), bound=True, what="escaped")
    for path in ("/reports/%41", "/reports/%7ea", "/reports/a%c3%a9", "/reports/a%2db"):
        got, arrived = stage.ask(request(stage.bearer(), path=path))
        if got is not None and got.status == 400:
            stage.expect(not arrived, f"{path}: refused, and yet it arrived")
        elif stage.expect(got is not None and len(arrived) == 1, f"{path}: {said(got)}"):
            stage.judge_arrival(arrived[0], "usual", path, bound=True)


@row("the query arrives as it was sent")
def _(stage: Stage):
    for path in ("/orders/1?a=1&b=%20c&a=2&z=%2F..%2F&e=&f", "/orders/1?", "/orders/1??x", "/orders/1?q=//a/../b",
                 "/orders/1?u=http://x/y&t=a+b", "/orders?" + "x" * 2000):
        one = stage.allowed(request(stage.bearer(), path=path), what=path[:40])
        stage.expect(one is None or one.target == path.encode(), f"{path[:40]}: arrived as {one and one.target[:80]!r}")


@row("methods and bodies arrive as they were sent")
def _(stage: Stage):
    for method in ("GET", "HEAD", "PUT", "PATCH", "OPTIONS", "POST"):
        one = stage.allowed(request(stage.bearer(), method=method), what=method)
        stage.expect(one is None or one.method == method.encode(), f"{method}: arrived as {one and one.method!r}")
    body = os.urandom(300_000)
    one = stage.allowed(request(stage.x_api_key(), method="POST", body=body), what="a body by its length")
    stage.expect(one is None or one.body == body, "the body by its length differs")
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:7], body[7:90_000], body[90_000:]))
    chunked = ("Transfer-Encoding", "chunked")
    one = stage.allowed(request(stage.bearer(), chunked, method="POST", body=chunks + b"0\r\n\r\n"), what="in chunks")
    stage.expect(one is None or one.body == body, "the body in chunks differs")
    stage.turned_away(request(method="POST", body=b"x" * 1000), "a body without a key", (401,))


@row("a body is waited for as the client asked: Expect: 100-continue")
def _(stage: Stage):
    head = request(stage.bearer(), ("Expect", "100-continue"), ("Content-Length", "9"), method="POST")
    with stage.connect() as connection:
        connection.sendall(head)
        stream = Stream(connection)
        first = stream.head()
        if stage.expect(first is not None and b" 100" in first.start, f"first came {first and first.start!r}"):
            connection.sendall(b"nine here")
            got = stream.response(b"POST")
            stage.expect(got is not None and got.status == 200, f"then came {said(got)}")


@row("the client's address comes from the proxy, and nothing that the client claims changes it")
def _(stage: Stage):
    key = stage.bearer("bound")
    stage.allowed(request(key), "bound", "127.0.0.2", what="from 127.0.0.2")
    stage.refused(request(key), 403, "ip_denied", "127.0.0.3", what="from 127.0.0.3")
    for name in CLAIMS:
        for value in ("127.0.0.2", "127.0.0.2, 127.0.0.1", "for=127.0.0.2"):
            got, arrived = stage.ask(request(key, (name, value)), "127.0.0.3")
            stage.expect(not arrived and got is not None and got.status in (400, 403), f"{name}: {value}: {said(got)}")
        got, arrived = stage.ask(request(key, (name, "192.0.2.9")), "127.0.0.2")
        stage.expect(got is not None and got.status == 200, f"{name} from 127.0.0.2: {said(got)}")
    got, arrived = stage.ask(request(key, ("Forwarded", "for=127.0.0.2")), "127.0.0.3")
    stage.expect(not arrived, f"Forwarded: {said(got)}")
    twice = [("X-Forwarded-For", "127.0.0.2"), ("x-forwarded-for", "127.0.0.2")]
    stage.refused(request(key, *twice), 403, "ip_denied", "127.0.0.3", what="twice")


@row("whoever reaches the gate past the proxy is not believed about anybody's address", place="front")
def _(stage: Stage):
    for claim in ((), (("X-Forwarded-For", "127.0.0.2"),)):
        with socket.create_connection(("127.0.0.1", stage.ports.gate), 5, ("127.0.0.3", 0)) as connection:
            connection.sendall(request(stage.bearer("bound"), *claim))
            got = Stream(connection).response()
        stage.expect(got is not None and got.status == 403, f"{claim}: {said(got)}")


@row("whoever is not trusted to ask is not answered", place="decide")
def _(stage: Stage):
    asked = [("X-Original-URI", "/orders/1"), ("X-Original-Method", "GET"), ("X-Forwarded-Uri", "/orders/1"),
             ("X-Forwarded-Method", "GET"), ("X-Forwarded-For", "127.0.0.2"), stage.bearer("bound")]
    for path in ("/nginx", "/forward", "/envoy/orders/1"):
        with socket.create_connection(("127.0.0.1", stage.ports.decide), 5, ("127.0.0.3", 0)) as connection:
            connection.sendall(request(*asked, path=path))
            got = Stream(connection).response()
        stage.expect(got is not None and got.status == 403, f"{path}: {said(got)}")
        stage.expect(got is None or not got.all("tollgate-identity"), f"{path}: an identity")


@row("a client cannot say what is asked about, or what was answered")
def _(stage: Stage):
    for given in ([("X-Original-URI", "/public/x"), ("X-Original-Method", "GET")],
                  [("X-Forwarded-Uri", "/public/x"), ("X-Forwarded-Method", "GET")],
                  [("X-Forwarded-Uri", "/public/x"), ("X_Forwarded_Uri", "/public/x"), ("X-Forwarded-Prefix", "/public")],
                  [("X-Envoy-Original-Path", "/public/x"), ("X-Rewrite-URL", "/public/x"), ("X-Original-URL", "/public/x")],
                  [("X-Auth-Status", "200"), ("X-Auth-Problem", "{}"), ("X-HTTP-Method-Override", "GET")],
                  [("X-Envoy-Auth-Headers-To-Remove", "authorization")]):
        stage.refused(request(*given, path="/admin/x"), 401, "credential_missing", what=f"{given} without a key")
        stage.refused(request(*given, stage.bearer(), path="/admin/x"), 403, "scope_missing", what=str(given))


@row("one connection, several requests: each is judged for itself")
def _(stage: Stage):
    with stage.connect() as connection:
        stream, statuses = Stream(connection), []
        for given in ([stage.bearer()], [], [stage.x_api_key("other")], [("X-API-Key", "x")]):
            connection.sendall(request(*given))
            got = stream.response()
            statuses.append(got.status if got else None)
        stage.expect(statuses == [200, 401, 200, 401], f"answered {statuses}")


@row("many at once: nobody gets another's identity")
def _(stage: Stage):
    before, roles = stage.origin.count(), ("usual", "other", "admin")

    def some(role: str):
        with stage.connect() as connection:
            stream = Stream(connection)
            for at in range(20):
                connection.sendall(request(stage.bearer(role), path=f"/orders/{role}-{at}"))
                got = stream.response()
                stage.expect(got is not None and got.status == 200, f"{role}: {said(got)}")

    threads = [threading.Thread(target=some, args=(role,)) for role in roles for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in stage.origin.since(before):
        role = one.request.target.split(b"/")[2].split(b"-")[0].decode()
        stage.judge_arrival(one.request, role, f"of {role}")


@row("a client that nobody here wrote is answered alike: curl")
def _(stage: Stage):
    def curl(*words: str) -> tuple[str, str]:
        done = subprocess.run(["curl", "--silent", "--show-error", "--max-time", "10", "--write-out", "\\n%{http_code}", *words,
                               f"http://127.0.0.1:{stage.ports.clients}/orders/1"], capture_output=True, text=True)
        body, _, status = done.stdout.rpartition("\n")
        return status, body if done.returncode == 0 else done.stderr

    key = stage.gate.key("usual").decode()
    stage.expect(curl("--oauth2-bearer", key) == ("200", "origin"), "bearer")
    stage.expect(curl("--header", f"X-API-Key: {key}", "--data", "x=1") == ("200", "origin"), "a form")
    status, body = curl("--header", f"X-API-Key: {forged(key.encode()).decode()}")
    stage.expect(status == "401" and '"code":"key_invalid"' in body, f"forged: {status} {body}")
    status, body = curl("--user", f"{key}:")
    stage.expect(status == "401" and '"code":"credential_missing"' in body, f"Basic: {status} {body}")


@row("the paths that are the gate's own never reach the origin")
def _(stage: Stage):
    for path in ("/.well-known/tollgate/jwks.json", "/.well-known/tollgate/x", "/.well-known/tollgate",
                 "/.well-known/%74ollgate/x"):
        got, arrived = stage.ask(request(stage.bearer(), path=path))
        stage.expect(not arrived, f"{path} reached the origin")
        served = stage.example.place == "front" and path.endswith("jwks.json")
        stage.expect(got is not None and got.status == (200 if served else 404), f"{path}: {said(got)}")
        if served:
            stage.expect(b"keys" in got.body, f"{path}: {said(got)}")


@row("a key in the query is no credential, and is kept from the origin", "query")
def _(stage: Stage):
    key = stage.gate.key("usual").decode()
    stage.refused(request(path=f"/orders/1?api_key={key}"), 401, "credential_missing", what="alone")
    one = stage.allowed(request(stage.bearer("other"), path=f"/orders/1?a=1&api_key={key}&b=2"), "other", what="beside one")
    stage.expect(one is None or one.target == b"/orders/1?a=1&b=2", f"arrived as {one and one.target!r}")


@row("an origin's own refusal reaches the client untouched")
def _(stage: Stage):
    for status in (401, 403, 404, 429, 500, 503):
        answer = b"HTTP/1.1 %d Own\r\nContent-Type: text/plain\r\nX-Own: yes\r\nContent-Length: 3\r\n\r\nown" % status
        stage.origin.answers["own"] = answer
        got, arrived = stage.ask(request(stage.bearer(), ("X-Contract-Row", "own")))
        fine = got is not None and got.status == status and got.body == b"own" and got.all("x-own") == [b"yes"]
        stage.expect(fine and len(arrived) == 1, f"{status}: {said(got)}")


@row("what the origin lets shared caches keep is private where a key was asked for", "private")
def _(stage: Stage):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nCache-Control: %s\r\n\r\norigin"
    for given in (b"public, max-age=60", b"s-maxage=60", b"no-store"):
        stage.origin.answers["cached"] = head % given
        got, _ = stage.ask(request(stage.bearer(), ("X-Contract-Row", "cached")))
        said_ = b", ".join(got.all("cache-control")) if got else b""
        fine = (b"private" in said_ or b"no-store" in said_) and b"public" not in said_ and b"s-maxage" not in said_
        stage.expect(fine, f"{given!r} became {said_!r}")
