"""The key (docs/spec/key.md): its form, its check, its tag and lookup id, and the pepper ring."""

import re
import zlib

from .pepper import derived_key, hmac_sha256
from .wire import Refused, octets

SYMBOLS = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

ENVS_MAX = 8
PEPPER_ID_MAX = 15
PEPPER_MIN = 32
RANDOM_LENGTH = 19
TAG_LENGTH = 12
VERSION = 1

GROUP_BYTES = 8
GROUP_SYMBOLS = 11
BODY_SYMBOLS = 44
CHECK_SYMBOLS = 6
TAIL_SYMBOLS = BODY_SYMBOLS + CHECK_SYMBOLS

_PREFIX = re.compile(r"[a-z][a-z0-9]{1,11}")
_ENV = re.compile(r"[a-z0-9]{1,8}")


# Base62


def base62(number: int, width: int) -> bytes:
    """A number in base62, most significant symbol first, padded with `0` to its width."""
    symbols = []
    for _ in range(width):
        number, digit = divmod(number, 62)
        symbols.append(SYMBOLS[digit])
    return bytes(reversed(symbols))


def number_of(symbols: bytes) -> int:
    number = 0
    for symbol in symbols:
        number = number * 62 + SYMBOLS.index(symbol)
    return number


def check_of(data: bytes) -> bytes:
    """The public check of any text: its CRC-32 in base62."""
    return base62(zlib.crc32(data), CHECK_SYMBOLS)


def body_text(body: bytes) -> bytes:
    groups = [body[at : at + GROUP_BYTES] for at in range(0, len(body), GROUP_BYTES)]
    return b"".join(base62(int.from_bytes(group, "big"), GROUP_SYMBOLS) for group in groups)


# The brand


def is_prefix(prefix: str) -> bool:
    return _PREFIX.fullmatch(prefix) is not None


def is_env(env: str) -> bool:
    return _ENV.fullmatch(env) is not None


def head_of(prefix: str, env: str) -> bytes:
    """Everything that stands before the body."""
    return f"{prefix}_{env}_".encode("ascii")


def require_brand(prefix: str, envs: list[str]):
    if not is_prefix(prefix):
        raise Refused("wrong_prefix")
    if not envs:
        raise Refused("no_env")
    if len(envs) > ENVS_MAX:
        raise Refused("too_many_envs")
    if not all(is_env(env) for env in envs):
        raise Refused("wrong_env")
    if len(set(envs)) != len(envs):
        raise Refused("duplicate_env")


# Reading


def parsed(prefix: str, envs: list[str], data: bytes) -> tuple[str, bytes]:
    """The env and the 32 bytes of the body of a well-formed key. Uses no secret."""
    if len(data) not in [len(prefix) + len(env) + 52 for env in envs]:
        raise Refused("wrong_length")
    head, tail = data[:-TAIL_SYMBOLS], data[-TAIL_SYMBOLS:]
    if not all(symbol in SYMBOLS for symbol in tail):
        raise Refused("wrong_alphabet")
    env = next((env for env in envs if head == head_of(prefix, env)), None)
    if env is None:
        raise Refused("wrong_brand")
    groups = [number_of(tail[at : at + GROUP_SYMBOLS]) for at in range(0, BODY_SYMBOLS, GROUP_SYMBOLS)]
    check = tail[BODY_SYMBOLS:]
    if any(group >= 2**64 for group in groups) or number_of(check) >= 2**32:
        raise Refused("out_of_range")
    if check != check_of(data[:-CHECK_SYMBOLS]):
        raise Refused("wrong_check")
    body = b"".join(group.to_bytes(GROUP_BYTES, "big") for group in groups)
    if body[0] >> 4 != VERSION:
        raise Refused("unsupported_version")
    return env, body


def parse(argument):
    env, body = parsed(argument["prefix"], argument["envs"], octets(argument["text"]))
    return {"prefix": argument["prefix"], "env": env, "pepper": body[0] & 15}


# Proving and minting


def mac_of(pepper: bytes, prefix: str, env: str, start: bytes) -> bytes:
    """The MAC over the head and the first 20 bytes of the body."""
    return hmac_sha256(pepper, b"tgk1" + head_of(prefix, env) + start)


def secrets_by_id(peppers: list[dict]) -> dict[int, bytes]:
    return {pepper["id"]: bytes.fromhex(pepper["secret"]) for pepper in peppers}


def prove(argument):
    prefix = argument["prefix"]
    env, body = parsed(prefix, argument["envs"], octets(argument["text"]))
    pepper_id = body[0] & 15
    pepper = secrets_by_id(argument["peppers"]).get(pepper_id)
    if pepper is None:
        raise Refused("unknown_pepper")
    mac = mac_of(pepper, prefix, env, body[:20])
    if body[20:] != mac[:TAG_LENGTH]:
        raise Refused("wrong_tag")
    return {"lookup": mac[16:32].hex(), "env": env, "pepper": pepper_id}


def minted(prefix: str, env: str, pepper_id: int, pepper: bytes, random: bytes) -> tuple[bytes, bytes]:
    """The key and its lookup id."""
    start = bytes([VERSION << 4 | pepper_id]) + random
    mac = mac_of(pepper, prefix, env, start)
    without_check = head_of(prefix, env) + body_text(start + mac[:TAG_LENGTH])
    return without_check + check_of(without_check), mac[16:32]


def mint(argument):
    prefix, env, issuing = argument["prefix"], argument["env"], argument["issuing"]
    random = bytes.fromhex(argument["random"])
    if not is_prefix(prefix):
        raise Refused("wrong_prefix")
    if not is_env(env):
        raise Refused("wrong_env")
    if len(random) != RANDOM_LENGTH:
        raise Refused("short_draw")
    if not any(random):
        raise Refused("weak_draw")
    pepper = secrets_by_id(argument["peppers"])[issuing]
    key, lookup = minted(prefix, env, issuing, pepper, random)
    return {"key": key.decode("ascii"), "lookup": lookup.hex()}


def check(argument):
    return {"check": check_of(octets(argument["text"])).decode("ascii")}


def brand(argument):
    require_brand(argument["prefix"], argument["envs"])
    return {"prefix": argument["prefix"], "envs": argument["envs"]}


# Peppers


def is_progression(secret: bytes) -> bool:
    """Whether every byte is the one before it plus the same step, modulo 256."""
    steps = {(after - before) % 256 for before, after in zip(secret, secret[1:])}
    return len(steps) == 1


def ring(argument):
    if not argument["peppers"]:
        raise Refused("no_pepper")
    ids = []
    for pepper in argument["peppers"]:
        secret = bytes.fromhex(pepper["secret"])
        if pepper["id"] > PEPPER_ID_MAX:
            raise Refused("wrong_pepper_id")
        if pepper["id"] in ids:
            raise Refused("duplicate_pepper_id")
        if len(secret) < PEPPER_MIN:
            raise Refused("short_pepper")
        if len(set(secret)) == 1:
            raise Refused("weak_pepper")
        if is_progression(secret):
            raise Refused("published_pepper")
        ids.append(pepper["id"])
    if argument["issuing"] not in ids:
        raise Refused("no_issuing_pepper")
    return {"ids": sorted(ids), "issuing": argument["issuing"]}


def derive(argument):
    return {"key": derived_key(bytes.fromhex(argument["pepper"]), argument["label"]).hex()}


def mac(argument):
    return {"mac": hmac_sha256(bytes.fromhex(argument["key"]), bytes.fromhex(argument["message"])).hex()}


OPS = {
    "key.brand": brand,
    "key.check": check,
    "key.mint": mint,
    "key.parse": parse,
    "key.prove": prove,
    "pepper.ring": ring,
    "pepper.derive": derive,
    "mac.hmac": mac,
}
