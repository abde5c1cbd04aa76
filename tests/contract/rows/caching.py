"""Answers to keyed requests are private: no shared cache hands one tenant's answer to another."""

from ..row import Row, allowed, bearer, denied, request, row, x_api_key

F = "caching"


def answered(*fields: str, status="200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", *fields, "Content-Length: 2"]
    return "\r\n".join(lines).encode() + b"\r\n\r\nok"


def private(value: str) -> str | None:
    """What is wrong with this Cache-Control for an answer to one key."""
    words = {word.split("=")[0].strip().lower() for word in value.split(",")}
    if words & {"public", "s-maxage"}:
        return "a shared cache may keep it"
    return None if words & {"private", "no-store"} else "it is not private"


def kept(name: str, *fields: str, cls="O06", answer: dict | None = None, request_fields=()) -> Row:
    return row(F, cls, name, request(x_api_key(), *request_fields), allowed(answer={"cache-control": private, **(answer or {})}),
               origin=answered(*fields))


def _two_tenants(stage):
    """Two tenants ask for one URL at once, and each gets what its own request was answered."""
    with stage.line() as line:
        for role, other in (("usual", "other"), ("other", "usual")) * 3:
            stage.gate.origin.answers[stage.mark] = answered("Cache-Control: public, max-age=600", f"X-For: {role}")
            sent = stage.fill(request(x_api_key(role), path="/orders/shared"))
            stage.check(allowed(role, answer={"x-for": role, "cache-control": private}), line.ask(sent), sent, f"{role}: ")


def _shared_hint(name: str) -> Row:
    """A field that speaks to shared caches only does not overrule `private`."""
    return kept(f"{name} from the origin makes nothing shared", "Cache-Control: max-age=600", f"{name}: public, max-age=600",
                answer={name.lower(): None})


ROWS = [
    kept("an answer without Cache-Control is private"),
    kept("a public answer becomes private", "Cache-Control: public, max-age=600"),
    kept("public in another case becomes private", "Cache-Control: PUBLIC"),
    kept("s-maxage goes", "Cache-Control: s-maxage=600"),
    kept("s-maxage beside max-age goes", "Cache-Control: max-age=60, s-maxage=600"),
    kept("an answer that is to be stored nowhere stays so", "Cache-Control: no-store", answer={"cache-control": lambda value: None if "no-store" in value else "it may be stored now"}),
    kept("a private answer stays private", "Cache-Control: private, max-age=60"),
    row(F, "O06", "an error of the origin is private", request(x_api_key()), allowed(status=404, answer={"cache-control": private}),
        origin=answered("Cache-Control: public", status="404 Not Found")),
    row(F, "O06", "a redirect of the origin is private", request(x_api_key()), allowed(status=301, answer={"cache-control": private}),
        origin=answered("Location: /x", "Cache-Control: max-age=60, public", status="301 Moved Permanently")),
    row(F, "O06", "an answer behind Authorization is private as well", request(bearer()), allowed(answer={"cache-control": private}),
        origin=answered("Cache-Control: public")),
    *(_shared_hint(name) for name in ("CDN-Cache-Control", "Surrogate-Control", "Cloudflare-CDN-Cache-Control", "Vercel-CDN-Cache-Control")),
    row(F, "O06", "a route that opts in keeps what the origin says", request(x_api_key(), path="/cached/1"),
        allowed(answer={"cache-control": "public, max-age=600"}), origin=answered("Cache-Control: public, max-age=600")),
    row(F, "O06", "a public route keeps what the origin says", request(path="/public/1"),
        allowed(None, answer={"cache-control": "public, max-age=600"}), origin=answered("Cache-Control: public, max-age=600")),
    *(row(F, "O06", f"the refusal {code} is kept by nobody", request(x_api_key(role)), denied(code, fields={"cache-control": private}))
      for role, code in (("revoked", "key_revoked"), ("expired", "key_expired"), ("ip-denied", "ip_denied"), ("absent", "key_invalid"))),
    row(F, "O06", "the refusal without a key is kept by nobody", request(), denied("credential_missing", fields={"cache-control": private})),
    row(F, "O06", "the refusal on a cacheable route is kept by nobody", request(path="/cached/1"),
        denied("credential_missing", fields={"cache-control": private})),
    row(F, "O06", "a refusal for a limit is kept by nobody", request(x_api_key("usual"), path="/admin/1"),
        denied("scope_missing", fields={"cache-control": private})),
    Row(F, "two tenants on one URL never see each other's answer", "O06", (_two_tenants,)),
    row(F, "O06", "a conditional request reaches the origin", request(x_api_key(), ("If-None-Match", '"1"')),
        allowed(status=304, fields={"if-none-match": ['"1"']}), origin=b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n'),
    row(F, "O05", "a redirect of the origin does not carry a key from the query",
        request(path="/orders/1?api_key={key:usual}"), allowed(target=b"/orders/1", status=302), config="query",
        origin=answered("Location: /login", status="302 Found")),
]
