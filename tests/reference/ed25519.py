"""Ed25519 by the strict rule of docs/spec/identity.md, "The signature".

The library signs and checks the equation, comparing with the canonical encoding of R. What libraries
disagree about (odd points) is decided here by hand.
"""

from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P

#: The y of all eight points of small order, with the top bit cleared.
SMALL_ORDER = {
    bytes.fromhex(text)
    for text in (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    )
}


def without_sign(encoded: bytes) -> bytes:
    """An encoded point with the top bit of its last byte cleared: its y."""
    return encoded[:31] + bytes([encoded[31] & 0x7F])


def is_on_curve(y: int) -> bool:
    """Whether an x belongs to this y: whether (y^2 - 1) / (d y^2 + 1) is a square."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    return square == 0 or pow(square, (P - 1) // 2, P) == 1


@lru_cache(maxsize=1024)
def is_good_point(encoded: bytes) -> bool:
    if len(encoded) != 32:
        return False
    y = int.from_bytes(without_sign(encoded), "little")
    if y >= P:
        return False
    if without_sign(encoded) in SMALL_ORDER:
        return False
    return is_on_curve(y)


@lru_cache(maxsize=256)
def _private_key(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)


@lru_cache(maxsize=256)
def public_of(seed: bytes) -> bytes:
    return _private_key(seed).public_key().public_bytes_raw()


def sign(seed: bytes, message: bytes) -> bytes:
    return _private_key(seed).sign(message)


def is_valid(public: bytes, message: bytes, signature: bytes) -> bool:
    if len(signature) != 64 or not is_good_point(public):
        return False
    r, s = signature[:32], signature[32:]
    if int.from_bytes(s, "little") >= L:
        return False
    # An R off the curve cannot be the encoding that the equation gives, so the library refuses it.
    if without_sign(r) in SMALL_ORDER:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True
