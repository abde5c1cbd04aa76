"""Peppers and the keys derived from them (docs/spec/key.md, "Peppers"). One pepper, one use."""

import hashlib
import hmac

RECORD_LABEL = "tollgate record 1"
HEAD_LABEL = "tollgate head 1"


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, hashlib.sha256)


def derived_key(pepper: bytes, label: str) -> bytes:
    """HKDF-SHA256: extract with an empty salt, expand with the label to 32 bytes."""
    pseudorandom_key = hmac_sha256(bytes(32), pepper)
    return hmac_sha256(pseudorandom_key, label.encode("ascii") + b"\x01")
