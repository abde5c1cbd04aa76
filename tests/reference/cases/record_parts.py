"""What records in rows are made of."""

from .. import sealed
from ..canonical import INTEGER_MAX, written
from ..record import FORM, ordered
from .key_parts import PEPPER

LOOKUP = "2ccbc0e2728b2154939a868ede964808"
OTHER_LOOKUP = "7c9a2dfbc9a0b9665418e8b0c27b80dc"
LIMIT = {"name": "burst", "scope": "key", "burst": 100, "rate": 50, "period_ms": 1000, "changed": [1, 40]}
QUOTA = {"name": "daily", "scope": "key", "count": 100000, "each": "day", "changed": [1, 40]}

#: The record of the page.
RECORD = {
    "v": 1, "k": 0, "as_of": [1, 42], "lookup": LOOKUP, "key": "key_7Hq2", "tenant": "acme",
    "owner": "ops@acme.example", "env": "live", "state": "active", "not_before": None, "expires": 1798761600000,
    "plan": "pro", "scopes": ["orders:read", "invoices:*"], "limits": [LIMIT], "quotas": [QUOTA],
    "ips": {"allow": ["192.0.2.0/24"], "deny": []}, "countries": {"allow": [], "deny": ["KP"]},
}

#: A record in which everything that may be absent is.
BARE = {
    **RECORD, "expires": None, "plan": None, "scopes": [], "limits": [], "quotas": [],
    "ips": {"allow": [], "deny": []}, "countries": {"allow": [], "deny": []},
}
ABSENCE = {"v": 1, "k": 0, "as_of": [1, 42], "lookup": LOOKUP, "absent": True}

#: Each kind of character that an identifier may hold, at its longest.
LONG_NAME = "Az09._+-@" + "x" * 55


def limit(**changes) -> dict:
    return {**LIMIT, **changes}


def quota(**changes) -> dict:
    return {**QUOTA, **changes}


def largest_record() -> dict:
    """Every list full, every text and number at its longest."""
    top = 2**32 - 1
    return {
        "v": 1, "k": 15, "as_of": [INTEGER_MAX, INTEGER_MAX], "lookup": "f" * 32, "key": LONG_NAME,
        "tenant": LONG_NAME, "owner": LONG_NAME, "env": "abcdefgh", "state": "tenant_disabled",
        "not_before": INTEGER_MAX - 1, "expires": INTEGER_MAX, "plan": LONG_NAME,
        "scopes": [f"{at:02}{'r' * 30}:{'a' * 32}" for at in range(64)],
        "limits": [
            limit(name=f"l{at}" + "n" * 62, scope="global", burst=2**31, rate=top, period_ms=top,
                  changed=[INTEGER_MAX, INTEGER_MAX])
            for at in range(8)
        ],
        "quotas": [
            quota(name=f"q{at}" + "n" * 62, scope="global", count=top, each="month", changed=[INTEGER_MAX, INTEGER_MAX])
            for at in range(4)
        ],
        "ips": {
            "allow": [f"2001:db8:1111:2222:3333:4444:5555:{at + 4096:x}/128" for at in range(32)],
            "deny": [f"2001:db8:1111:2222:3333:4444:6666:{at + 4096:x}/128" for at in range(32)],
        },
        "countries": {
            "allow": [f"{letter}{other}" for letter in "AB" for other in "ABCDEFGHIJKLMNOPQRSTUVW012345678"],
            "deny": [f"{letter}{other}" for letter in "CD" for other in "ABCDEFGHIJKLMNOPQRSTUVW012345678"],
        },
    }


def body_of(record: dict) -> str:
    """The text of a record up to its mac; nothing is checked."""
    return written(ordered(record)).removesuffix("}")


def text_of(body, secret: bytes = PEPPER) -> str | bytes:
    """A sealed text, whatever its body says."""
    if isinstance(body, str) and body.isascii():
        return sealed.seal(FORM, secret, body)
    data = body if isinstance(body, bytes) else body.encode()
    mac = sealed.seal_of(FORM, secret, data)
    return data + f',"mac":"{mac}"}}'.encode()


def edited(old: str, new: str, record: dict = RECORD) -> str:
    """The text of a record with one piece of its body changed, sealed after the change."""
    body = body_of(record)
    if body.count(old) != 1:
        raise ValueError(f"{old} stands {body.count(old)} times in the record")
    return text_of(body.replace(old, new))
