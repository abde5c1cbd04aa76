"""What the origin never sees from a client: an identity in any spelling, and fields of one hop only."""

from ..row import Row, allowed, bearer, denied, request, row, x_api_key

F = "hygiene"
FORGED = "eyJhbGciOiJFZERTQSJ9.Zm9yZ2VkLWlkZW50aXR5.c2ln"

#: Spellings that CGI, WSGI, PHP or a careless reader take for the identity's name.
SPELLINGS = (
    "Tollgate-Identity", "tollgate-identity", "TOLLGATE-IDENTITY", "tOLLGATE-iDENTITY", "Tollgate_Identity",
    "tollgate_identity", "TOLLGATE_IDENTITY", "Tollgate.Identity", "tollgate.identity", "Tollgate~Identity",
    "tollgate!identity", "tollgate#identity", "tollgate$identity", "tollgate%identity", "tollgate&identity",
    "tollgate'identity", "tollgate*identity", "tollgate+identity", "tollgate^identity", "tollgate`identity",
    "tollgate|identity",
)


def _nothing_forged(stage):
    stage.settle()
    for one in stage.arrived():
        stage.expect(FORGED.encode() not in one.raw, "the origin received the client's identity")


def spoofed(name: str, cls: str, *fields, path="/orders/1", role: str | None = "usual", sent: bytes | None = None) -> Row:
    row_of = row(F, cls, name, sent or request(*fields, path=path), allowed(role))
    return Row(**{**vars(row_of), "steps": (*row_of.steps, _nothing_forged)})


def _reused(stage):
    """Many requests of one key carry identities that all verify, also on one connection."""
    with stage.line() as line:
        for at in range(20):
            sent = stage.fill(request(x_api_key("usual" if at % 2 else "other"), ("Tollgate-Identity", FORGED)))
            stage.check(allowed("usual" if at % 2 else "other"), line.ask(sent), sent, f"request {at + 1}: ")


KEEP = ("X-Custom", "kept")

ROWS = [
    *(spoofed(f"{name} from a client is replaced", "S01" if "-" in name else "S02", x_api_key(), (name, FORGED))
      for name in SPELLINGS),
    *(spoofed(f"{name} from a client is removed where there is no identity", "S02", (name, FORGED), path="/public/1", role=None)
      for name in SPELLINGS),
    spoofed("an identity before the key", "S01", ("Tollgate-Identity", FORGED), x_api_key()),
    spoofed("two identities", "I06", x_api_key(), ("Tollgate-Identity", FORGED), ("tollgate-identity", FORGED)),
    spoofed("two identities in different foldings", "I06", ("Tollgate_Identity", FORGED), x_api_key(), ("tollgate.identity", FORGED)),
    spoofed("an empty identity", "S01", x_api_key(), b"Tollgate-Identity:"),
    spoofed("an identity on a route that forwards preflights", "H11", ("Tollgate-Identity", FORGED),
            ("Origin", "https://app.example"), ("Access-Control-Request-Method", "GET"),
            sent=request(("Tollgate-Identity", FORGED), ("Origin", "https://app.example"),
                         ("Access-Control-Request-Method", "GET"), path="/cors/forward/1", method="OPTIONS"), role=None),
    spoofed("an identity in the trailers of a body", "S02", sent=request(
        x_api_key(), ("Transfer-Encoding", "chunked"), ("Trailer", "Tollgate-Identity"), method="POST",
        body=b"3\r\nabc\r\n0\r\nTollgate-Identity: " + FORGED.encode() + b"\r\n\r\n")),
    spoofed("an identity in the trailers of a body, folded", "S02", sent=request(
        x_api_key(), ("Transfer-Encoding", "chunked"), method="POST",
        body=b"3\r\nabc\r\n0\r\nTollgate_Identity: " + FORGED.encode() + b"\r\n\r\n")),
    # Connection tokens.
    *(spoofed(f"Connection: {value} deletes nothing of ours", "S04", x_api_key(), ("Connection", value), ("Tollgate-Identity", FORGED))
      for value in ("tollgate-identity", "Tollgate-Identity, close", "close, TOLLGATE-IDENTITY", "tOLLGATE-iDENTITY",
                    "keep-alive, tollgate_identity", " tollgate-identity ,", "tollgate-identity,tollgate-identity")),
    spoofed("two Connection fields delete nothing of ours", "S04", x_api_key(), ("Connection", "close"), ("Connection", "Tollgate-Identity")),
    spoofed("Proxy-Connection deletes nothing of ours", "S04", x_api_key(), ("Proxy-Connection", "Tollgate-Identity")),
    spoofed("Keep-Alive deletes nothing of ours", "S04", x_api_key(), ("Keep-Alive", "tollgate-identity"), ("Connection", "keep-alive")),
    row(F, "S04", "a field that Connection names stays behind", request(x_api_key(), ("Connection", "X-Custom"), KEEP),
        allowed(fields={"x-custom": []})),
    row(F, "S04", "a field that Connection does not name goes on", request(x_api_key(), ("Connection", "X-Other"), KEEP),
        allowed(fields={"x-custom": ["kept"]})),
    row(F, "S04", "Connection naming the key's field does not hide the key", request(x_api_key(), ("Connection", "X-API-Key")),
        allowed(fields={"x-api-key": []})),
    *(row(F, "S04", f"Connection naming {name} takes nothing away that a request needs",
          request(x_api_key(), ("Connection", name), method="POST", body=b"hello"), allowed(body=b"hello"))
      for name in ("Content-Length", "Transfer-Encoding", "Host", "X-Contract-Other", "Authorization", "X-Forwarded-For", "X-Request-Id", "Expect")),
    row(F, "S04", "Connection naming the configured field does not hide the key", request(("X-My-Key", "{key:usual}"), ("Connection", "x-my-key")),
        allowed(fields={"x-my-key": []})),
    row(F, "S04", "Connection naming Authorization does not hide the key", request(bearer(), ("Connection", "authorization, close")),
        allowed(fields={"authorization": []})),
    *(row(F, "O04", f"a key in {name} does not reach the origin", request(x_api_key(), (name, value)), allowed(), needs=("named",))
      for name, value in (("Cookie", "a=b; key={key:usual}; c=d"), ("Referer", "https://app.example/?api_key={key:usual}"), ("User-Agent", "curl {key:usual}"),
                          ("X-Debug", "{key:usual}"), ("X-API-KEY-2", "{key:other}"), ("Sec-WebSocket-Protocol", "chat, {key:usual}"),
                          ("Proxy-Authorization", "Bearer {key:usual}"), ("X-{key:usual}", "1"))),
    *(row(F, "S04", f"{name} goes one hop only", request(x_api_key(), (name, value)), allowed(fields={name.lower(): []}))
      for name, value in (("Keep-Alive", "timeout=5"), ("TE", "trailers, deflate"), ("Proxy-Authorization", "Basic eDp5"),
                          ("Proxy-Connection", "keep-alive"))),
    # What goes through unharmed.
    row(F, "own", "other fields reach the origin in their order and with their values",
        request(x_api_key(), ("X-A", "1"), ("X-B", "two words"), ("X-A", "3"), ("Cookie", "a=b; c=d"), ("Accept", "*/*")),
        allowed(fields={"x-a": ["1", "3"], "x-b": ["two words"], "cookie": ["a=b; c=d"], "accept": ["*/*"]})),
    row(F, "own", "bytes above ASCII in a value reach the origin as they are", request(x_api_key(), b"X-Name: caf\xc3\xa9 \xff"),
        allowed(fields={"x-name": ["caf\u00c3\u00a9 \u00ff"]})),
    row(F, "own", "a name that only resembles the identity's is not ours", request(x_api_key(), ("Tollgate-Identity2", "x")),
        allowed(fields={"tollgate-identity2": ["x"]})),
    Row(F, "identities of two keys on one connection are never mixed up", "S01", (_reused,)),
    row(F, "S03", "a key without a plan has no plan, whatever the client says",
        request(x_api_key("bare"), ("X-Plan", "enterprise"), ("Tollgate-Plan", "enterprise")), allowed("bare")),
    # What comes back.
    *(row(F, "S05", f"{name} from the origin does not reach the client", request(x_api_key()),
          allowed(), origin=f"HTTP/1.1 200 OK\r\n{name}: {FORGED}\r\nContent-Length: 2\r\n\r\nok".encode())
      for name in ("Tollgate-Identity", "tollgate_identity", "TOLLGATE.IDENTITY")),
    row(F, "S05", "a denied request does not get its identity back", request(bearer("disabled"), ("Tollgate-Identity", FORGED)),
        denied("key_disabled")),
    row(F, "S04", "fields that the origin's Connection names stay behind", request(x_api_key()),
        allowed(answer={"x-private": None}), origin=b"HTTP/1.1 200 OK\r\nConnection: X-Private\r\nX-Private: 1\r\nContent-Length: 2\r\n\r\nok"),
    row(F, "own", "fields and body of the origin reach the client", request(x_api_key()),
        allowed(answer={"x-origin": "yes", "content-type": "text/plain"}, says=b"origin")),
    *(row(F, "S08", f"User-Agent {agent} opens nothing", request(("User-Agent", agent)), denied("credential_missing"))
      for agent in ("ELB-HealthChecker/2.0", "kube-probe/1.29", "GoogleHC/1.0", "Amazon-Route53-Health-Check-Service")),
    *(row(F, "S08", f"{name} opens nothing", request((name, value)), denied("credential_missing"))
      for name, value in (("X-Tollgate-Internal", "1"), ("X-Auth-Status", "200"), ("X-Original-URI", "/public/1"),
                          ("X-Rewrite-URL", "/public/1"), ("X-HTTP-Method-Override", "OPTIONS"),
                          ("X-Forwarded-Uri", "/public/1"), ("X-Envoy-Original-Path", "/public/1"),
                          ("X-Middleware-Subrequest", "middleware"))),
]
