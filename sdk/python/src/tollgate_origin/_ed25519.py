"""Ed25519 by the strict rule of the specification: what libraries disagree about is decided here.

`cryptography` checks the equation and that S is below the order of the group. Which points are good is not its
business, so it is ours.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P

SIGNATURE_BYTES = 64

#: The y of all eight points of small order, with the top bit cleared.
_SMALL_ORDER = frozenset(
    bytes.fromhex(text)
    for text in (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    )
)


def _without_sign(encoded: bytes) -> bytes:
    return encoded[:31] + bytes([encoded[31] & 0x7F])


def is_good_point(encoded: bytes) -> bool:
    """Whether this is the one encoding of a point of the curve that has not small order."""
    if len(encoded) != 32 or _without_sign(encoded) in _SMALL_ORDER:
        return False
    y = int.from_bytes(_without_sign(encoded), "little")
    if y >= P:
        return False
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    return square == 0 or pow(square, (P - 1) // 2, P) == 1


class PublicKey:
    """A good public key."""

    __slots__ = ("_key", "x")

    def __init__(self, x: bytes) -> None:
        if not is_good_point(x):
            raise ValueError("not a good public key")
        self.x = x
        self._key = Ed25519PublicKey.from_public_bytes(x)

    def is_valid(self, message: bytes, signature: bytes) -> bool:
        if len(signature) != SIGNATURE_BYTES or int.from_bytes(signature[32:], "little") >= L:
            return False
        # An R off the curve is not what the equation gives, and the library compares with that.
        if _without_sign(signature[:32]) in _SMALL_ORDER:
            return False
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True
