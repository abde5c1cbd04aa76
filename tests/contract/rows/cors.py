"""Preflights: refused unless the route says otherwise, and never with an identity."""

from ..row import Answer, Row, allowed, denied, refused, request, row, x_api_key

F = "cors"
APP = ("Origin", "https://app.example")
ASKS = ("Access-Control-Request-Method", "GET")
GRANT = "access-control-allow-origin"


def preflight(*fields, path="/orders/1") -> bytes:
    return request(*fields, path=path, method="OPTIONS")


def no_grant(name: str, *fields, path="/cors/answer/1") -> Row:
    """Whatever the status, no page is told that it may."""
    return row(F, "H11", name, preflight(*fields, path=path),
               Answer((200, 204, 400, 401, 403, 404, 405), fields={GRANT: None}))


def _lists(*wanted: str):
    def check(value: str) -> str | None:
        given = {word.strip().lower() for word in value.split(",")}
        missing = [word for word in wanted if word.lower() not in given]
        return f"lacks {missing}" if missing else None

    return check


ROWS = [
    row(F, "H11", "a preflight is refused by default", preflight(APP, ASKS), refused(400, 401, 403, 404, 405, fields={GRANT: None})),
    row(F, "H11", "a preflight on a public route is a request as any other", preflight(APP, ASKS, path="/public/1"), allowed(None)),
    row(F, "H11", "a preflight is forwarded without an identity where the route says so", preflight(APP, ASKS, path="/cors/forward/1"),
        allowed(None, fields={"origin": [APP[1]]})),
    row(F, "H11", "a preflight with a key is forwarded without key and identity",
        preflight(APP, ASKS, x_api_key(), path="/cors/forward/1"), allowed(None, fields={"x-api-key": []})),
    row(F, "H11", "a preflight with a forged key is forwarded without it",
        preflight(APP, ASKS, ("X-API-Key", "{key:usual|forge}"), path="/cors/forward/1"), allowed(None, fields={"x-api-key": []})),
    row(F, "H11", "OPTIONS without Origin is no preflight", preflight(ASKS, path="/cors/forward/1"), denied("credential_missing")),
    row(F, "H11", "OPTIONS without the method that is asked for is no preflight", preflight(APP, path="/cors/forward/1"),
        denied("credential_missing")),
    row(F, "H11", "a GET that looks like a preflight is none", request(APP, ASKS, path="/cors/forward/1"), denied("credential_missing")),
    row(F, "H11", "OPTIONS with a key that is no preflight carries the identity", preflight(x_api_key(), path="/cors/forward/1"), allowed()),
    row(F, "H11", "a preflight is answered where the route says so", preflight(APP, ASKS, path="/cors/answer/1"),
        refused(200, 204, fields={GRANT: APP[1], "access-control-allow-methods": _lists("GET"), "access-control-max-age": "300",
                                  "vary": _lists("origin"), "access-control-allow-credentials": None})),
    row(F, "H11", "the answer names the fields that are allowed",
        preflight(APP, ASKS, ("Access-Control-Request-Headers", "authorization"), path="/cors/answer/1"),
        refused(200, 204, fields={GRANT: APP[1], "access-control-allow-headers": _lists("authorization")})),
    row(F, "H11", "an answered preflight never reaches the origin, with a key or without", preflight(APP, ASKS, x_api_key(), path="/cors/answer/1"),
        refused(200, 204, fields={GRANT: APP[1]})),
    *(no_grant(f"the origin {origin} is none of ours", ("Origin", origin), ASKS)
      for origin in ("https://evil.example", "http://app.example", "https://app.example.evil.example", "https://app.example:8443",
                     "https://evil-app.example", "null", "https://APP.example.", "https://app.example/", "*", "https://app.example https://evil.example")),
    row(F, "H11", "a method that is not allowed is not named", preflight(APP, ("Access-Control-Request-Method", "DELETE"), path="/cors/answer/1"),
        Answer((200, 204, 400, 403), fields={"access-control-allow-methods": lambda value: "DELETE is allowed" if "DELETE" in value else None})),
    no_grant("two Origin fields", APP, ("Origin", "https://evil.example"), ASKS),
    row(F, "H11", "a request of a page needs its key as any other", request(APP, path="/cors/answer/1"), denied("credential_missing")),
    row(F, "H11", "a request of a page with its key passes", request(APP, x_api_key(), path="/cors/answer/1"), allowed()),
]
