"""Arithmetic on the curve of Ed25519, to make signatures that an honest signer never makes.

Affine and slow. Only the cases use it; the reference itself judges signatures with a library.
"""

import hashlib

from ..ed25519 import D, L, P

NEUTRAL = (0, 1)


def add(one, other):
    (x1, y1), (x2, y2) = one, other
    product = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + product, -1, P)
    y = (y1 * y2 + x1 * x2) * pow(1 - product, -1, P)
    return x % P, y % P


def times(number: int, point):
    result = NEUTRAL
    while number:
        if number & 1:
            result = add(result, point)
        point = add(point, point)
        number >>= 1
    return result


def encoded(point) -> bytes:
    x, y = point
    return (y | (x & 1) << 255).to_bytes(32, "little")


def decoded(data: bytes):
    """The point of an encoding that is known to be one."""
    number = int.from_bytes(data, "little")
    y, sign = number % 2**255, number >> 255
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    return (P - x if x & 1 != sign else x), y


BASE = decoded((4 * pow(5, -1, P) % P).to_bytes(32, "little"))

#: A point of order 8.
TORSION = decoded(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"))


def scalar_of(seed: bytes) -> int:
    """The private scalar of a seed (RFC 8032, 5.1.5)."""
    half = int.from_bytes(hashlib.sha512(seed).digest()[:32], "little")
    return half & (1 << 254) - 8 | 1 << 254


def challenge(r: bytes, public: bytes, message: bytes) -> int:
    return int.from_bytes(hashlib.sha512(r + public + message).digest(), "little") % L


def signature(scalar: int, public: bytes, nonce: int, r: bytes, message: bytes) -> bytes:
    """R as given, and S = nonce + k scalar."""
    s = (nonce + challenge(r, public, message) * scalar) % L
    return r + s.to_bytes(32, "little")
