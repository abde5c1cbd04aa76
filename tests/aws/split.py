"""`python -m aws split BINARY`: whose the code of a function is, by its symbols.

The binary must be built with the profile that is deployed, but not stripped: `cargo rustc --profile lambda -p tollgate-authorizer
--bin bootstrap -- -C strip=none`. A function belongs to the first crate in its name that is not of Rust's own library, so what is
generic counts for whoever fills it in; what was inlined counts for whoever it was inlined into. The second figure is what each
part comes to when it is deflated by itself.
"""

import re
import subprocess
import zlib
from collections import Counter

#: Whose a crate is, by how its name begins; the first that fits.
GROUPS = (
    ("the gate", ("tollgate_", "bootstrap")),
    ("cryptography and formats of the gate", ("sha2", "hmac", "curve25519", "ed25519", "serde_json", "toml", "winnow", "getrandom")),
    ("the SDK of AWS", ("aws_", "regex_lite", "base64_simd", "url", "idna", "icu_", "fastrand")),
    ("TLS", ("rustls", "webpki", "ring", "hyper_rustls", "tokio_rustls", "untrusted")),
    ("HTTP and the runtime of Lambda", ("lambda_runtime", "h2", "hyper", "http", "tokio", "tower", "futures", "bytes", "tracing")),
)
OWN = {"core", "alloc", "std", "hashbrown", "gimli", "addr2line", "rustc_demangle", "miniz_oxide", "memchr", "unwind", "object"}
REST = "Rust's own library, and others"
CRATE = re.compile(r"(?<![\w:])([a-z_]\w*)(?:\[[0-9a-f]+\])?::")


def group(name: str) -> str:
    if name.startswith("ring_core") or "ring_core" in name:
        return "TLS"
    crates = [crate for crate in CRATE.findall(name) if crate not in OWN]
    for crate in crates[:1]:
        for told, beginnings in GROUPS:
            if crate.startswith(beginnings):
                return told
    return REST


def symbols(binary: str) -> list[tuple[int, int, str]]:
    """Where the functions are, each byte once, and what they are called."""
    told = subprocess.run(["nm", "--print-size", "--numeric-sort", "--demangle", binary], capture_output=True, text=True, check=True).stdout
    found, end = [], 0
    for place, length, name in re.findall(r"^([0-9a-f]+) ([0-9a-f]+) [tTwW] (.*)$", told, re.MULTILINE):
        at, size = int(place, 16), int(length, 16)
        # Some have two names.
        if at >= end:
            found.append((at, size, name))
            end = at + size
    return found


def text(binary: str) -> tuple[int, bytes]:
    """The section of code: its address, and its bytes."""
    told = subprocess.run(["readelf", "--section-headers", "--wide", binary], capture_output=True, text=True, check=True).stdout
    words = re.search(r"\.text +PROGBITS +([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]+)", told)
    address, offset, size = (int(word, 16) for word in words.groups())
    with open(binary, "rb") as file:
        file.seek(offset)
        return address, file.read(size)


def main(arguments: list[str]) -> int:
    (binary,) = arguments
    address, code = text(binary)
    parts: dict[str, bytearray] = {}
    crates: Counter[str] = Counter()
    for at, size, name in symbols(binary):
        parts.setdefault(group(name), bytearray()).extend(code[at - address : at - address + size])
        if group(name) == REST:
            crates[next(iter(CRATE.findall(name)), name[:40])] += size
    for name, held in sorted(parts.items(), key=lambda part: -len(part[1])):
        print(f"{name}: {len(held):,} bytes of {len(code):,}, {len(zlib.compress(bytes(held), 9)):,} deflated")
    print("most of the last group:", ", ".join(f"{name} {size:,}" for name, size in crates.most_common(8)))
    return 0
