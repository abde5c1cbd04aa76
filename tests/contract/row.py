"""Rows as data: what is sent, and what must be seen of it by client, origin and store."""

from collections.abc import Callable
from dataclasses import dataclass, field

#: What a value is compared with: exactly this, or what a function says of it (None: fine; a text: what is wrong).
Matcher = str | Callable[[str], str | None] | None


@dataclass(frozen=True)
class Seen:
    """What the origin must have received."""

    #: The role whose identity it must carry; None means that there must be none.
    identity: str | None = None
    #: None means exactly the target that was sent.
    target: bytes | None = None
    method: bytes | None = None
    #: None means exactly the body that was sent.
    body: bytes | None = None
    #: Fields by name: the list of their values; an empty list means absent.
    fields: dict[str, list[str]] = field(default_factory=dict)
    #: The identity must name method and path.
    bound: bool = False
    #: The key of this role may be seen by the origin: the configuration says so.
    key_shown: bool = False


@dataclass(frozen=True)
class Answer:
    """What the client must be answered."""

    status: tuple[int, ...]
    code: str | None = None
    #: Fields by name: exactly this value; a function; None means absent.
    fields: dict[str, Matcher] = field(default_factory=dict)
    body: bytes | None = None
    #: What the origin must have received for it; None means nothing at all.
    seen: Seen | None = None
    #: One of the answers that must be alike to the byte.
    unproven: bool = False
    #: The connection may be closed instead of answering.
    or_closed: bool = False


@dataclass(frozen=True)
class Talk:
    """One connection: pieces are sent in order, then as many answers are read."""

    sent: tuple[bytes, ...]
    answers: tuple[Answer, ...]
    #: The gate must close the connection after the last answer.
    closes: bool = False


@dataclass(frozen=True)
class Crowd:
    """The same request from many connections at once; how often each status must be answered."""

    sent: bytes
    times: int
    statuses: dict[int, int]
    seen: Seen | None = None


Step = Talk | Crowd | Callable[["object"], None]


@dataclass(frozen=True)
class Row:
    """One guarantee, and how it is shown."""

    family: str
    name: str
    #: The class of abuse that it is of, or `own`.
    cls: str
    steps: tuple[Step, ...] = ()
    config: str = "main"
    #: The way to the gate, by its name in `doors`; the same row is played over each that can say it.
    door: str = "tcp"
    keys: dict = field(default_factory=dict)
    #: How often the store must have been asked; None is not judged.
    calls: int | None = None
    #: What the host must be able to do; a host that cannot says why.
    needs: tuple[str, ...] = ()
    #: Where it is shown instead, if not over HTTP.
    elsewhere: str | None = None
    #: What the origin answers, byte for byte.
    origin: bytes | None = None
    #: It waits for real time to pass: started first.
    slow: bool = False
    #: What it shows hangs on how soon messages arrive: played again if one may have been late.
    timed: bool = False
    #: Played on every gate, after all other rows.
    last: bool = False
    #: How many checks of vectors it makes.
    vectors: int = 0


# Requests


def request(*fields: tuple[str, str] | bytes, path: str | bytes = "/orders/1", method: str = "GET",
            host: str = "{host}", body: bytes = b"", version: str = "1.1") -> bytes:
    """A request as bytes. Fields are pairs, or whole lines without their end."""
    path = path.encode() if isinstance(path, str) else path
    lines = [method.encode() + b" " + path + b" HTTP/" + version.encode(), b"Host: " + host.encode(),
             b"X-Contract-Row: {row}"]
    names = []
    for given in fields:
        line = given if isinstance(given, bytes) else f"{given[0]}: {given[1]}".encode()
        names.append(line.split(b":")[0].lower())
        lines.append(line)
    if body and b"content-length" not in names and b"transfer-encoding" not in names:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def bearer(role: str = "usual", scheme: str = "Bearer") -> tuple[str, str]:
    return "Authorization", f"{scheme} {{key:{role}}}"


def x_api_key(role: str = "usual", name: str = "X-API-Key") -> tuple[str, str]:
    return name, f"{{key:{role}}}"


# Answers

STATUS = {
    "request_invalid": 400, "credential_missing": 401, "key_invalid": 401, "key_revoked": 401,
    "tenant_disabled": 401, "owner_disabled": 401, "key_disabled": 401, "key_expired": 401,
    "key_not_yet_valid": 401, "ip_denied": 403, "country_denied": 403, "scope_missing": 403,
    "quota_exhausted": 429, "rate_limited": 429, "unavailable": 503,
}


def denied(code: str, **more) -> Answer:
    """A refusal by its code; its status, challenge and problem type follow from the table."""
    return Answer((STATUS[code],), code, **more)


def unproven() -> Answer:
    """The one answer that every credential gets that is not proved."""
    return denied("key_invalid", unproven=True)


def allowed(role: str | None = "usual", status: int = 200, answer: dict | None = None, says: bytes | None = None,
            **seen) -> Answer:
    """Passed on to the origin, with the identity of this role; `fields` are those that the origin receives."""
    return Answer((status,), fields=answer or {}, body=says, seen=Seen(identity=role, **seen))


def refused(*statuses: int, **more) -> Answer:
    """Refused before anything is judged, in a form that the page does not fix."""
    return Answer(statuses or (400,), **more)


# Rows


def row(family: str, cls: str, name: str, sent: bytes | tuple[bytes, ...], answer: Answer, closes=False, **more) -> Row:
    """The commonest row: one connection, one request, one answer."""
    pieces = sent if isinstance(sent, tuple) else (sent,)
    return Row(family, name, cls, (Talk(pieces, (answer,), closes),), **more)


def elsewhere(cls: str, name: str, reason: str) -> Row:
    """A guarantee that is not shown here, and where it is."""
    return Row("elsewhere", name, cls, elsewhere=reason)
