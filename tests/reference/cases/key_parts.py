"""What keys in rows are made of."""

from ..key import base62, body_text, check_of, head_of, mac_of, minted

#: The random bytes of the page's two examples.
RANDOM = bytes(range(0x64, 0x77))
OTHER_RANDOM = bytes(range(0x13, 0x00, -1))


def progression(start: int = 0, step: int = 1, length: int = 32) -> bytes:
    """A published pepper: rows use no other kind."""
    return bytes((start + step * at) % 256 for at in range(length))


PEPPER = progression()
OTHER_PEPPER = progression(0x40, 3)


def pepper(pepper_id: int, secret: bytes = PEPPER) -> dict:
    return {"id": pepper_id, "secret": secret.hex()}


def key(prefix="tg", env="live", pepper_id=0, secret=PEPPER, random=RANDOM) -> bytes:
    return minted(prefix, env, pepper_id, secret, random)[0]


def checked(without_check: bytes) -> bytes:
    """A text with its right check, whatever it says."""
    return without_check + check_of(without_check)


def key_of_body(body: bytes, prefix="tg", env="live") -> bytes:
    return checked(head_of(prefix, env) + body_text(body))


def body(first=0x10, random=RANDOM, tag=None, prefix="tg", env="live", secret=PEPPER) -> bytes:
    """32 bytes of a body; the tag is right unless given."""
    start = bytes([first]) + random
    return start + (mac_of(secret, prefix, env, start)[:12] if tag is None else tag)


def with_groups(*numbers: int) -> bytes:
    """A key with these numbers as its four groups, in range or not, and the right check."""
    return checked(b"tg_live_" + b"".join(base62(number, 11) for number in numbers))


def put(data: bytes, at: int, piece: bytes) -> bytes:
    """The text with some of its bytes replaced, from `at` on (negative: from the end)."""
    at %= len(data)
    return data[:at] + piece + data[at + len(piece) :]
