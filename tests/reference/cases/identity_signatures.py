"""Rows about Ed25519: honest signatures, odd points and odd scalars."""

from ..ed25519 import L, P, SMALL_ORDER, public_of
from ..ed25519 import sign as signature_of
from . import edwards
from .identity_parts import ORDER_1, OTHER_SEED, SEED


def public_rows():
    def row(why, seed):
        return why, "identity.public", {"seed": seed.hex()}

    yield row("the public key of the page's seed", SEED)
    yield row("the public key of RFC 8032, test 1",
              bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))
    yield row("a seed of zeros has a public key, though no signing key is made of it", bytes(32))


def signature_rows():
    def row(why, x, message, signature):
        return why, "identity.signature", {"x": x.hex(), "message": message.hex(), "signature": signature.hex()}

    x, message = public_of(SEED), b"tollgate"
    good = signature_of(SEED, message)
    r, s = good[:32], int.from_bytes(good[32:], "little")

    def with_s(number):
        return r + number.to_bytes(32, "little")

    for number, seed, data in [(1, "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", b""),
                               (2, "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", b"\x72"),
                               (3, "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", b"\xaf\x82")]:
        seed = bytes.fromhex(seed)
        yield row(f"the signature of a message of {len(data)} bytes under the key of RFC 8032, test {number}",
                  public_of(seed), data, signature_of(seed, data))
    yield row("an honest signature", x, message, good)
    yield row("one bit of the message is another", x, b"tollgatf", good)
    yield row("the message is cut off", x, message[:-1], good)
    yield row("one bit of R is another", x, message, bytes([good[0] ^ 1]) + good[1:])
    yield row("one bit of S is another", x, message, good[:32] + bytes([good[32] ^ 1]) + good[33:])
    yield row("the sign of R is another", x, message, good[:31] + bytes([good[31] ^ 0x80]) + good[32:])
    yield row("another key's signature", x, message, signature_of(OTHER_SEED, message))
    yield row("the sign of the public key is another", x[:31] + bytes([x[31] ^ 0x80]), message, good)
    yield row("S + L is another spelling of S and refused", x, message, with_s(s + L))
    yield row("S = L", x, message, with_s(L))
    yield row("S with a high bit set", x, message, with_s(s + 2**255))
    yield row("a signature of zeros", x, message, bytes(64))

    for y in sorted(SMALL_ORDER):
        yield row(f"a key of small order, {y.hex()[:8]}, with R = S = nothing", y, message, ORDER_1 + bytes(32))
    order_8 = edwards.encoded(edwards.TORSION)
    nonce, r_of_nonce = _nonce_with(order_8, message, lambda k: k % 8 == 0)
    yield row("a key of order 8, and a good R for which the equation holds", order_8, message,
              edwards.signature(0, order_8, nonce, r_of_nonce, message))
    yield row("a key of small order with its sign bit set", ORDER_1[:31] + b"\x80", message, ORDER_1 + bytes(32))
    yield row("a key whose y is p, another spelling of 0", P.to_bytes(32, "little"), message, good)
    yield row("a key whose y is p + 1, another spelling of 1",
              (P + 1).to_bytes(32, "little"), message, ORDER_1 + bytes(32))
    yield row("a key of 32 bytes ff", b"\xff" * 32, message, good)
    yield row("a key whose y is on no point of the curve", (2).to_bytes(32, "little"), message, good)

    scalar = edwards.scalar_of(SEED)
    small_r = edwards.signature(scalar, x, 0, ORDER_1, message)
    yield row("R is the neutral point: the equation holds, and R is no good point", x, message, small_r)
    yield row("R is p + 1, another spelling of the neutral point", x, message,
              edwards.signature(scalar, x, 0, (P + 1).to_bytes(32, "little"), message))
    twisted_r = edwards.encoded(edwards.add(edwards.times(7, edwards.BASE), edwards.TORSION))
    yield row("R is off by a point of order 8: right only for those who multiply by the cofactor",
              x, message, edwards.signature(scalar, x, 7, twisted_r, message))
    mixed = edwards.encoded(edwards.add(edwards.decoded(x), edwards.TORSION))
    nonce, lucky_r = _nonce_with(mixed, message, lambda k: k % 8 == 0)
    yield row("a key that is off by a point of order 8 is a good point, and k happens to be a multiple of 8: valid",
              mixed, message, edwards.signature(scalar, mixed, nonce, lucky_r, message))
    nonce, plain_r = _nonce_with(mixed, message, lambda k: k % 8 == 4)
    yield row("a key that is off by a point of order 8, and k is none: right only with the cofactor",
              mixed, message, edwards.signature(scalar, mixed, nonce, plain_r, message))


def _nonce_with(public: bytes, message: bytes, is_wanted) -> tuple[int, bytes]:
    """The first nonce whose challenge is as wanted, and its R."""
    nonce = 1
    while True:
        r = edwards.encoded(edwards.times(nonce, edwards.BASE))
        if is_wanted(edwards.challenge(r, public, message)):
            return nonce, r
        nonce += 1
