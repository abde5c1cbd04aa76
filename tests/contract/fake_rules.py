"""What the made-up gate of the self-test knows, from the specification alone: pure functions."""

import re
from urllib.parse import unquote_to_bytes

from .judge import folded

UNRESERVED = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
_REQUEST_LINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Z-]+ [\x21-\x7e\x80-\xff]+ HTTP/1\.[01]")
_HOST = re.compile(rb"(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(?:\d{1,4}|[1-5]\d{4}))?")
HOP_BY_HOP = {
    b"connection", b"keep-alive", b"proxy-connection", b"proxy-authenticate", b"proxy-authorization", b"te",
    b"trailer", b"transfer-encoding", b"upgrade",
}
FORWARDED = {
    b"forwarded", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"x-forwarded-port",
    b"x-forwarded-prefix", b"x-real-ip", b"true-client-ip", b"cf-connecting-ip",
}
_HEX = b"0123456789abcdefABCDEF"


def canonical(path: bytes) -> bytes | None:
    """The one spelling of a path, or nothing."""
    if not path.startswith(b"/") or any(byte <= 0x20 or byte == 0x7F or byte in b"\\#;" for byte in path):
        return None
    out, meant, at = bytearray(), bytearray(), 0
    while at < len(path):
        byte, was_escaped = path[at], path[at : at + 1] == b"%"
        if was_escaped:
            digits = path[at + 1 : at + 3]
            if len(digits) != 2 or any(digit not in _HEX for digit in digits):
                return None
            byte = int(digits, 16)
            if byte < 0x20 or byte in b"/\\\x7f":
                return None
        at += 3 if was_escaped else 1
        meant.append(byte)
        plain = byte in UNRESERVED if was_escaped else byte < 0x7F
        out += bytes([byte]) if plain else b"%%%02X" % byte
    if re.search(rb"%[0-9a-fA-F]{2}", meant):
        return None
    try:
        meant.decode()
    except UnicodeDecodeError:
        return None
    segments = bytes(meant).split(b"/")[1:]
    dots = (segment.split(b";")[0].rstrip(b" ") for segment in segments)
    if any(segment and not segment.strip(b".") for segment in dots) or b"" in segments[:-1]:
        return None
    return bytes(out)


def matches(pattern: str, path: bytes) -> bool:
    """`/orders/**`: everything below, and the folder itself."""
    if pattern.endswith("/**"):
        base = pattern[:-3].encode()
        return path == base or path.startswith(base + b"/")
    return path == pattern.encode()


def ours(value: bytes, config) -> bool:
    return any(value.startswith(f"{config.prefix}_{env}_".encode()) for env in config.envs)


def parameters(query: bytes | None) -> list[tuple[bytes, bytes]]:
    """The parameters of a query, as they are written."""
    parts = [part.partition(b"=") for part in (query or b"").split(b"&")]
    return [(name, value) for name, _, value in parts]


def find(fields, query: bytes | None, config, key_from: str | None):
    """`missing`, `ambiguous`, `refused`, or the bytes of the one key that is presented."""
    found, foreign, alone = [], False, False
    for field_name, place in (("authorization", "authorization"), ("x-api-key", "x-api-key"), (config.header, "header")):
        if field_name is None or (key_from and key_from != place):
            continue
        values = [value for name, value in fields if name.lower() == field_name.lower().encode()]
        if len(set(values)) > 1:
            return "ambiguous"
        for value in set(values):
            if b"," in value:
                return "ambiguous"
            if place != "authorization":
                found.append(value)
                continue
            scheme, blank, rest = value.replace(b"\t", b" \t", 1).partition(b" ")
            if scheme.lower() != b"bearer":
                continue
            if blank and ours(rest, config):
                found.append(rest)
            else:
                alone = True
    if config.query and key_from in (None, "query"):
        for name, value in parameters(query):
            if name == config.query.encode():
                found.append(unquote_to_bytes(value))
    if any(not ours(value, config) for value in found):
        foreign = True
        found = [value for value in found if ours(value, config)]
    if len(set(found)) > 1:
        return "ambiguous"
    if found:
        return found[0]
    return "refused" if foreign or alone else "missing"


def carries_key(name: bytes, value: bytes, config) -> bool:
    """Whether this field is kept from the origin."""
    whole = (name + b": " + value).lower()
    if any(f"{config.prefix}_{env}_".encode() in whole for env in config.envs):
        return True
    name = name.lower()
    return name == b"x-api-key" or (config.header is not None and name == config.header.lower().encode())


def query_without_key(query: bytes | None, config) -> bytes | None:
    if query is None:
        return None
    names = {b"api_key", (config.query or "api_key").encode()}
    heads = [f"{config.prefix}_{env}_".encode() for env in config.envs]
    kept = [
        part for part in query.split(b"&")
        if unquote_to_bytes(part.partition(b"=")[0]) not in names
        and not any(head in unquote_to_bytes(unquote_to_bytes(part)) for head in heads)
    ]
    return b"&".join(kept) if kept else None


def connection_tokens(fields) -> set[bytes]:
    tokens = set()
    for name, value in fields:
        if name.lower() in (b"connection", b"proxy-connection"):
            tokens |= {token.strip().lower() for token in value.split(b",")}
    return tokens


def reaches_origin(name: bytes, tokens: set[bytes]) -> bool:
    lower = name.lower()
    return not (lower in HOP_BY_HOP or lower in FORWARDED or lower in tokens or is_identity(name))


def is_identity(name: bytes) -> bool:
    return folded(name) == b"tollgate-identity"


def bad_head(raw: bytes) -> bool:
    """Whether a head cannot be read in one way."""
    lines = raw.split(b"\r\n")
    if any(b"\n" in line or b"\r" in line or b"\x00" in line for line in lines):
        return True
    names = []
    if not _REQUEST_LINE.fullmatch(lines[0]):
        return True
    for line in lines[1:-2]:
        name, colon, value = line.partition(b":")
        if not colon or not re.fullmatch(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
            return True
        if any(byte < 0x20 and byte != 0x09 or byte == 0x7F for byte in value):
            return True
        names.append((name.lower(), value.strip()))
    lengths = [value for name, value in names if name == b"content-length"]
    codings = [value.lower() for name, value in names if name == b"transfer-encoding"]
    hosts = [value for name, value in names if name == b"host"]
    return bool(
        (lengths and codings) or len(lengths) > 1 or any(not value.isdigit() for value in lengths)
        or len(codings) > 1 or any(value != b"chunked" for value in codings) or len(hosts) != 1
        or not _HOST.fullmatch(hosts[0]) or (codings and lines[0].endswith(b"1.0"))
    )
