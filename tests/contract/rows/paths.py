"""One spelling of a path is matched and forwarded, or none."""

from ..row import Row, allowed, denied, refused, request, row, x_api_key

F = "paths"
LONG = "/" + "a" * 4_000


def same(path: str, target: str | None = None) -> Row:
    """Forwarded exactly so, or in its one spelling."""
    shown = path if len(path) < 60 else f"{path[:10]}… of {len(path)} bytes"
    name = f"{shown} is forwarded as it is" if target is None else f"{shown} is forwarded as {target}"
    return row(F, "P24", name, request(x_api_key(), path=path), allowed(target=(target or path).encode()))


def none(path: str | bytes, cls="P24") -> Row:
    """No spelling of it is forwarded, with a key or on a public route."""
    shown = path if isinstance(path, str) else path.decode("latin-1").encode("unicode_escape").decode()
    needs = ("fragment",) if b"#" in (path.encode() if isinstance(path, str) else path) else ()
    return row(F, cls, f"{shown} has no one spelling", request(x_api_key(), path=path), refused(400), needs=needs)


def needs_key(path: str) -> Row:
    return row(F, "P24", f"{path} is not public", request(path=path), denied("credential_missing"))


def needs_scope(path: str) -> Row:
    return row(F, "P24", f"{path} demands its scope", request(x_api_key(), path=path), denied("scope_missing"))


ROWS = [
    *(same(path) for path in (
        "/", "/orders/1", "/orders/1/", "/a/b/c/d/e/f", "/A/b", "/a~b", "/a-b_c.d", "/a:b@c!$&'()*+,=", "/a%20b", "/a%25b",
        "/caf%C3%A9", "/%F0%9F%94%91", "/a%3Fb", "/a%23b", "/a%3Bb", "/.hidden", "/..hidden", "/a../b",
        "/a.../b", "/a./b", "/a?", "/a?x=1&x=2&&y", "/a?x=%2F..%2f//../", "/a?b?c", "/a?x=%zz", "/a?x=a%20b+c", "/a?x=[1]",
        "/a?redirect=http://x/../y", "/*", "/a%7Cb", LONG, LONG + "?" + "b" * 3_000)),
    *(same(path, target) for path, target in (
        ("/%7Eb", "/~b"), ("/%7eb", "/~b"), ("/a%2Db%2E%5F", "/a-b._"), ("/%6Frders/1", "/orders/1"), ("/caf%c3%a9", "/caf%C3%A9"),
        ("/a%3fb", "/a%3Fb"), ("/%41%7a%30", "/Az0"), ("/a%2b", "/a%2B"))),
    *(none(path) for path in (
        "/a/../b", "/..", "/../", "/.", "/./a", "/a/.", "/a/..", "/a/./b", "/a/%2e%2e/b", "/a/%2E%2E/b", "/a/.%2e/b", "/a/%2e./b",
        "/%2e", "/%2e%2e", "/public/../admin/1", "/public/%2e%2e/admin/1", "//", "//a", "/a//b", "/a//", "//admin/1",
        "/public//admin/1", "/a\\b", "/a%5Cb", "/a%5cb", "/..\\a", "/%5c..%5c", "/a%2Fb", "/a%2fb", "/public%2fadmin", "/public/..%2fadmin/1",
        "/a%00", "/a%00b", "/%00", "/public/1%00/../../admin", "/a%", "/a%2", "/a%zz", "/a%g0", "/a%0g", "/a%%20", "/a%u002e", "/a#b", "/admin/1#/public",
        "/a%0a", "/a%0D%0Ab", "/a%09", "/a%1f", "/a%7f", "/...", "/a/....", "/a;b", "/a;b=c/d", "/admin/1;/public/1", "/a%252e%252e/b",
        "/a%252fb", "/%252e%252e/", "/a%25%32%66b", "/..%20/a", "/..%3Bx/a", "/%c0%ae%c0%ae/a", "/a%c0%afb", "/%ff", "/a%ed%a0%80")),
    *(none(path, "P07") for path in (b"/a\x00b", b"/a\x01b", b"/a\x7fb", b"/a\tb")),
    row(F, "P24", "a segment of dots with a parameter is a dot segment to some origins", request(path="/public/..;/admin/1"),
        refused(400)),
    row(F, "P24", "the same with a value", request(path="/public/..;a=b/admin/1"), refused(400)),
    row(F, "P24", "the same with an escaped semicolon", request(path="/public/..%3B/admin/1"), refused(400)),
    row(F, "P24", "a path that does not start with a slash", request(x_api_key(), path="orders/1"), refused(400)),
    row(F, "P24", "an empty path", request(x_api_key(), path=""), refused(400)),
    row(F, "P24", "an asterisk that is no OPTIONS", request(x_api_key(), path="*"), refused(400, 404)),
    row(F, "P24", "OPTIONS of an asterisk without a key", request(path="*", method="OPTIONS"), refused(200, 204, 400, 401, 404, 405)),
    row(F, "P24", "CONNECT is no request for an origin", request(x_api_key(), path="127.0.0.1:{port}", method="CONNECT"),
        refused(400, 403, 404, 405, 501, or_closed=True), needs=("methods",)),
    *(needs_key(path) for path in (
        "/publicity/1", "/PUBLIC/1", "/Public/1", "/public2", "/pub", "/orders/1?x=/public/1", "/orders/1?/public/1", "/x/public/1",
        "/admin/1?x=/public/1", "/orders/public/..hidden", "/%50ublic/1", "/.public/1")),
    row(F, "P24", "a public route is public", request(path="/public/1"), allowed(None)),
    row(F, "P24", "a public route is public however it is spelled", request(path="/%70ublic/1"), allowed(None, target=b"/public/1")),
    row(F, "P24", "a query on a public route changes nothing", request(path="/public/1?x=/admin/1"), allowed(None)),
    row(F, "own", "a public route tells the origin of no key, even if one is sent", request(x_api_key(), path="/public/1"),
        allowed(None, fields={"x-api-key": []})),
    *(needs_scope(path) for path in ("/admin/1", "/admin/1?x=/public/1", "/%61dmin/1", "/%61%64min/%31", "/admin/1/", "/admin/a/b/c")),
    row(F, "own", "a rule for one method is not one for another", request(x_api_key(), path="/scoped/write/1"), allowed()),
    row(F, "own", "a rule for one method holds for it", request(x_api_key(), path="/scoped/write/1", method="POST"),
        denied("scope_missing")),
    *(row(F, "own", f"{name} does not change the method that is judged",
          request(x_api_key(), (name, "GET"), path="/scoped/write/1", method="POST"), denied("scope_missing"))
      for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override")),
    *(row(F, "own", f"the method {method} is forwarded as it is", request(x_api_key(), method=method), allowed(method=method.encode()),
          needs=("methods",) if method == "X-CUSTOM" else ())
      for method in ("POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "PROPFIND", "X-CUSTOM")),
    *(row(F, "own", f"the method {method} is none", request(x_api_key(), method=method), refused(400, 405, 501)) for method in ("get", "Post", "pOST")),
    row(F, "own", "a bound identity names method and path as forwarded", request(x_api_key(), path="/bound/%7Ea/%c3%a9?x=1"),
        allowed(target=b"/bound/~a/%C3%A9?x=1", bound=True)),
    row(F, "own", "a bound identity of a POST", request(x_api_key(), path="/bound/1", method="POST", body=b"abc"), allowed(bound=True)),
]
