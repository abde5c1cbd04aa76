"""Where a key may come from: one place in the code, the same decision whichever place it is."""

from urllib.parse import unquote_to_bytes

from ..row import Row, allowed, bearer, denied, refused, request, row, unproven, x_api_key
from ..world import Key, Limit

F = "extraction"
OWN = "X-My-Key"
MINE = ("X-My-Key", "{key:usual}")
JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJlbmQtdXNlciJ9.c2lnbmF0dXJl"
USER = ("Authorization", f"Bearer {JWT}")


def good(name: str, *fields, cls="P14", needs=(), **more) -> Row:
    return row(F, cls, name, request(*fields), allowed(**more), needs=needs)


def two(name: str, *fields, cls="H03", config="main", path="/orders/1") -> Row:
    return row(F, cls, name, request(*fields, path=path), denied("request_invalid"), config=config)


def absent(field: str) -> dict:
    """What the origin must not receive."""
    return {"fields": {field: []}}


def _one_count(name: str, requests: list[bytes], cls: str) -> Row:
    """Each request costs one token of a limit of three, however its key is written."""

    def play(stage):
        for at in range(4):
            sent = stage.fill(requests[at % len(requests)])
            stage.check(allowed("one") if at < 3 else denied("rate_limited"), stage.ask(sent), sent, f"request {at + 1}: ")

    return Row(F, name, cls, (play,), keys={"one": Key(limits=(Limit(3),))})


def _kept_from_origin(name: str, query: str) -> Row:
    """The origin is asked, with or without the rest of the query, and sees nothing of a key."""

    def play(stage):
        stage.compares_origin = False
        got = stage.ask(request(x_api_key(), path="/orders/1?" + query))
        stage.expect(got is not None and got.status in (200, 400), f"the answer is {got and got.status}")
        stage.expect(got is None or got.status != 200 or len(stage.arrived()) == 1, "the origin was not asked once")
        for one in stage.arrived():
            stage.expect(not stage.judge.leaks(unquote_to_bytes(one.raw)), f"the origin received a key: {one.request.target[:90]!r}")

    return Row(F, name, "O05", (play,), needs=("upstream",))


ROWS = [
    good("Authorization: Bearer carries a key", bearer(), **absent("authorization")),
    good("X-API-Key carries a key", x_api_key(), cls="H07", **absent("x-api-key")),
    good("the configured field carries a key", MINE, cls="H07", **absent("x-my-key")),
    *(good(f"the scheme is {scheme}", bearer(scheme=scheme)) for scheme in ("bearer", "BEARER", "bEaReR")),
    *(good(f"the field's name is {name}", (name, "Bearer {key:usual}"), cls="H07")
      for name in ("authorization", "AUTHORIZATION", "aUTHORIZATION")),
    *(good(f"the field's name is {name}", x_api_key(name=name), cls="H07")
      for name in ("x-api-key", "X-Api-KEY", "X-API-KEY", "x-my-key", "X-MY-KEY")),
    good("no blank stands after the colon", b"X-API-Key:{key:usual}", cls="P10"),
    good("blanks and tabs around the value are trimmed", b"X-API-Key: \t {key:usual} \t ", cls="P10"),
    good("blanks and tabs around Authorization are trimmed", b"Authorization: \t Bearer {key:usual}\t ", cls="P10"),
    good("a key of another accepted env", x_api_key("testing"), cls="P05", role="testing"),
    row(F, "P05", "another prefix and another env, where these are configured", request(bearer()), allowed(), config="brand"),
    row(F, "P05", "a genuine key of another brand is refused", request(x_api_key("foreign")), unproven()),
    row(F, "P05", "the same behind Bearer", request(bearer("foreign")), unproven()),
    row(F, "own", "without any credential", request(), denied("credential_missing")),
    row(F, "own", "a cookie and a query are no credential", request(("Cookie", "session=1"), path="/orders/1?a=b"),
        denied("credential_missing")),
    row(F, "own", "a key in a cookie is none", request(("Cookie", "api_key={key:usual}")), denied("credential_missing")),
    row(F, "own", "a key in Proxy-Authorization is none", request(("Proxy-Authorization", "Bearer {key:usual}")),
        denied("credential_missing")),
    row(F, "own", "a key as a user in the Host is none", request(host="{key:usual}@{host}"),
        refused(400, 401), closes=False),
    *(row(F, "P14", f"{name} is refused", request(line), unproven())
      for name, line in {
          "Bearer and two blanks": b"Authorization: Bearer  {key:usual}",
          "Bearer and a tab": b"Authorization: Bearer\t{key:usual}",
          "Bearer, a blank and a tab": b"Authorization: Bearer \t{key:usual}",
          "Bearer twice": b"Authorization: Bearer Bearer {key:usual}",
          "a key in quotes": b'Authorization: Bearer "{key:usual}"',
          "a key with a word behind it": b"Authorization: Bearer {key:usual} x",
          "a blank inside the key": b"X-API-Key: {key:usual|byte:30:20}",
          "a scheme in X-API-Key": b"X-API-Key: Bearer {key:usual}",
          "an empty X-API-Key": b"X-API-Key:",
          "an X-API-Key of blanks": b"X-API-Key: \t ",
          "an X-API-Key that is no key": b"X-API-Key: hello",
          "an end user's token in X-API-Key": f"X-API-Key: {JWT}".encode(),
          "a Bearer token that is not ours, alone": f"Authorization: Bearer {JWT}".encode(),
      }.items()),
    *(row(F, "P01", f"{name} is 401", request(line), refused(401))
      for name, line in {
          "Bearer and a blank": b"Authorization: Bearer ",
          "Bearer alone": b"Authorization: Bearer",
          "an empty Authorization": b"Authorization:",
          "a key without a scheme": b"Authorization: {key:usual}",
          "a key run together with its scheme": b"Authorization: Bearer{key:usual}",
          "a colon behind the scheme": b"Authorization: Bearer: {key:usual}",
      }.items()),
    *(row(F, "P13", f"{line.split(maxsplit=1)[1]} is no credential", request(line.encode()), denied("credential_missing"))
      for line in ("Authorization: Basic {key:usual|base64}", "Authorization: Basic {key:usual}",
                   "Authorization: Token {key:usual}", "Authorization: ApiKey {key:usual}",
                   "Authorization: Negotiate abc")),
    # Two of them.
    two("two Authorization fields with different keys", bearer(), bearer("other"), cls="H01"),
    two("the same in the other order", bearer("other"), bearer(), cls="H01"),
    two("two X-API-Key fields with different keys", x_api_key(), x_api_key("other"), cls="H01"),
    two("two X-API-Key fields in different cases", x_api_key(), ("x-api-key", "{key:other}"), cls="H01"),
    two("two configured fields with different keys", MINE, (OWN, "{key:other}"), cls="H01"),
    two("two Authorization fields, the second garbage", bearer(), ("Authorization", "garbage"), cls="H02"),
    two("two Authorization fields, the first garbage", ("Authorization", "garbage"), bearer(), cls="H02"),
    two("two Authorization fields, the second an end user's", bearer(), USER, cls="H02"),
    two("two Authorization fields, the first an end user's", USER, bearer(), cls="H02"),
    two("two Authorization fields, the second empty", bearer(), b"Authorization:", cls="H02"),
    two("two X-API-Key fields, one garbage", x_api_key(), ("X-API-Key", "hello"), cls="H02"),
    two("a key in Authorization and another in X-API-Key", bearer(), x_api_key("other")),
    two("the same in the other order of fields", x_api_key("other"), bearer()),
    two("a key in X-API-Key and another in the configured field", x_api_key(), (OWN, "{key:other}")),
    two("a key and a forged one", bearer(), ("X-API-Key", "{key:usual|forge}")),
    two("a key and a mistyped one", bearer(), ("X-API-Key", "{key:usual|flip:30}")),
    two("a key and one of another env", bearer(), x_api_key("testing")),
    two("a list of two keys", ("X-API-Key", "{key:usual}, {key:other}")),
    two("a list of one key twice", ("X-API-Key", "{key:usual},{key:usual}")),
    two("a list with an empty member", ("X-API-Key", "{key:usual},")),
    two("a list in Authorization", ("Authorization", "Bearer {key:usual}, Bearer {key:other}")),
    two("a list of an end user's tokens beside a key", ("Authorization", f"Bearer {JWT}, Bearer x"), x_api_key()),
    # The same key, and somebody else's.
    good("the same key in two places", bearer(), x_api_key(), cls="H04", fields={"authorization": [], "x-api-key": []}),
    good("the same key in three places", bearer(), x_api_key(), MINE, cls="H04"),
    good("the same field twice with one value", x_api_key(), x_api_key(), cls="H04", needs=("repeats",), fields={"x-api-key": []}),
    _one_count("the same key in two places counts once", [request(bearer("one"), x_api_key("one"))], "H04"),
    _one_count("one key in every spelling has one counter", [
        request(bearer("one")), request(x_api_key("one")), request((OWN, "{key:one}")),
        request(("authorization", "BEARER {key:one}")),
    ], "R11"),
    good("an end user's token beside a key is neither judged nor stripped", USER, x_api_key(), cls="H03",
         fields={"authorization": [USER[1]], "x-api-key": []}),
    good("an end user's token behind a key", x_api_key(), USER, cls="H03", fields={"authorization": [USER[1]]}),
    good("an end user's password beside a key", ("Authorization", "Basic dXNlcjpwYXNz"), x_api_key(), cls="H03",
         fields={"authorization": ["Basic dXNlcjpwYXNz"]}),
    good("an end user's token beside the configured field", USER, MINE, cls="H03", fields={"authorization": [USER[1]]}),
    row(F, "H03", "an end user's token beside a forged key does not help it", request(USER, ("X-API-Key", "{key:usual|forge}")),
        unproven()),
    # The query.
    row(F, "H05", "a key in the query is ignored where it is off", request(path="/orders/1?api_key={key:usual}"),
        denied("credential_missing")),
    row(F, "H05", "a key in the query is kept from the origin where it is off",
        request(x_api_key(), path="/orders/1?a=1&api_key={key:usual}&b=2"), allowed(target=b"/orders/1?a=1&b=2")),
    row(F, "H05", "the same, if it is all of the query", request(x_api_key(), path="/orders/1?api_key={key:usual}"),
        allowed(target=b"/orders/1")),
    row(F, "H05", "another key in the query does not clash where it is off",
        request(x_api_key(), path="/orders/1?api_key={key:other}"), allowed(target=b"/orders/1")),
    row(F, "H05", "a key in the query of a public route is kept from the origin",
        request(path="/public/1?api_key={key:usual}&x=1"), allowed(None, target=b"/public/1?x=1")),
    row(F, "H05", "a key in a parameter with an escaped name is kept from the origin",
        request(x_api_key(), path="/orders/1?api%5Fkey={key:usual}&x=1"), allowed(target=b"/orders/1?x=1")),
    row(F, "H05", "an escaped key in the query is kept from the origin",
        request(x_api_key(), path="/orders/1?api_key={key:usual|percent:0}&x=1"), allowed(target=b"/orders/1?x=1")),
    *(_kept_from_origin(f"a key in the query as {query} does not reach the origin", query)
      for query in ("token={key:usual}", "API_KEY={key:usual}", "api_key[]={key:usual}", "a=1;api_key={key:usual}", "{key:usual}", "{key:usual}=1",
                    "a={key:usual}&b=2", "redirect=https%3A%2F%2Fx%2F%3Fapi_key%3D{key:usual}", "a=b&&api_key={key:usual}&", "api_key=+{key:usual}",
                    "api_key={key:usual}&api_key={key:usual}", "a=x{key:usual}y", "api_key={key:other}")),
    row(F, "H06", "a key in the query, where it is on", request(path="/orders/1?api_key={key:usual}&x=1"),
        allowed(target=b"/orders/1?x=1"), config="query"),
    row(F, "H06", "a key between other parameters, where the query is on",
        request(path="/orders/1?x=%20&api_key={key:usual}&y"), allowed(target=b"/orders/1?x=%20&y"), config="query"),
    row(F, "H06", "an escaped key in the query, where it is on",
        request(path="/orders/1?api_key={key:usual|percent:9}"), allowed(target=b"/orders/1"), config="query"),
    row(F, "H06", "a forged key in the query", request(path="/orders/1?api_key={key:usual|forge}"), unproven(),
        config="query"),
    row(F, "H06", "a value of the query that is no key", request(path="/orders/1?api_key=hello"), unproven(), config="query"),
    two("two keys in the query", path="/orders/1?api_key={key:usual}&api_key={key:other}", config="query"),
    two("a key in the query and another in a field", x_api_key("other"), path="/orders/1?api_key={key:usual}", config="query"),
    row(F, "H04", "the same key in the query and in a field",
        request(bearer(), path="/orders/1?api_key={key:usual}"), allowed(target=b"/orders/1"), config="query"),
    row(F, "H06", "a parameter whose name only starts like the configured one is none",
        request(path="/orders/1?api_key2={key:usual|forge}"), refused(401), config="query"),
    # The same decision everywhere.
    *(row(F, "H06", f"a missing scope is missing with the key in {name}", request(*fields, path="/scoped/write/1" + query,
                                                                               method="POST"),
          denied("scope_missing"), config="query")
      for name, fields, query in (
          ("Authorization", (bearer(),), ""), ("X-API-Key", (x_api_key(),), ""), ("the configured field", (MINE,), ""),
          ("the query", (), "?api_key={key:usual}"))),
    # One place for a route.
    row(F, "own", "a route that names Authorization takes a key there", request(bearer(), path="/only/authorization/1"), allowed()),
    row(F, "own", "a route that names Authorization takes none elsewhere", request(x_api_key(), path="/only/authorization/1"),
        denied("credential_missing")),
    row(F, "own", "a route that names X-API-Key takes a key there", request(x_api_key(), path="/only/x-api-key/1"), allowed()),
    row(F, "own", "a route that names X-API-Key takes none elsewhere", request(bearer(), path="/only/x-api-key/1"),
        denied("credential_missing")),
    row(F, "own", "a route that names X-API-Key leaves Authorization alone",
        request(USER, x_api_key(), path="/only/x-api-key/1"), allowed(fields={"authorization": [USER[1]]})),
    row(F, "own", "a route that names the configured field takes a key there", request(MINE, path="/only/header/1"), allowed()),
    row(F, "own", "a route that names the configured field takes none elsewhere", request(x_api_key(), path="/only/header/1"),
        denied("credential_missing")),
    row(F, "own", "a route that names the query takes a key there", request(path="/only/query/1?api_key={key:usual}"),
        allowed(target=b"/only/query/1"), config="query"),
    row(F, "own", "a route that names the query takes none elsewhere", request(x_api_key(), path="/only/query/1"),
        denied("credential_missing"), config="query"),
    # Where the operator wants the origin to see the key.
    row(F, "O04", "a key reaches the origin where that is configured", request(x_api_key()),
        allowed(fields={"x-api-key": ["{key:usual}"]}, key_shown=True), config="forwarding"),
    row(F, "O04", "the same in Authorization", request(bearer()),
        allowed(fields={"authorization": ["Bearer {key:usual}"]}, key_shown=True), config="forwarding"),
    row(F, "H12", "a key in Sec-WebSocket-Protocol is no credential",
        request(("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
                ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Sec-WebSocket-Protocol", "{key:usual}")),
        denied("credential_missing")),
]
