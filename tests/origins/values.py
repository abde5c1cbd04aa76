"""Claims that are rightly signed and wrong, and edits by chance."""

import random

from .parts import BOUND_TEXT, NOW, PLAIN_TEXT, judged, refused, row, signed
from .requests import BOUND, PLAIN

EDITS = 160
AT = NOW // 1000

NUMBERS = ("-{}", "+{}", "0{}", "{}.0", "{}e0", "{}E0", "{}.", " {}", "{} ", '"{}"', "-0", "null", "true", "[{}]", "NaN",
           "Infinity", "0x65", "9007199254740993", "18446744073709551616", "1e400", "{}" + "0" * 40, "1_700_000_000")
TYPES = ("null", "true", "0", "1.5", '""', "[]", "{}", '["x"]', '"\\u0061"', '"a\\nb"', '"a\nb"', '"a\x00b"', '"a\x7fb"',
         '"\xe9"', '"a\x1bb"', "'x'", "x", "")


def signed_of(text: str) -> bytes:
    return signed(text.encode("latin-1"))


def replaced(name: str, value: str, base=PLAIN_TEXT) -> str:
    """The claims with one value in the place of another."""
    text = base.decode()
    start = text.index(f'"{name}":') + len(name) + 3
    end = start
    if text[start] == "[":
        end = text.index("]", start) + 1
    elif text[start] == '"':
        end = text.index('"', start + 1) + 1
    else:
        while text[end] not in ",}":
            end += 1
    return text[:start] + value + text[end:]


def shown(value: str) -> str:
    return value.encode("unicode_escape").decode() or "nothing"


def numbers():
    for name, value in (("iat", AT), ("exp", AT + 30)):
        for form in NUMBERS:
            yield row("number", f"{name} as {shown(form.format(value))}", signed_of(replaced(name, form.format(value))))


def types():
    for name in ("iss", "aud", "sub", "key", "tenant", "env", "scopes", "plan"):
        for value in TYPES:
            if (name, value) in (("plan", "null"), ("scopes", "[]")):
                continue
            yield row("type", f"{name} as {shown(value)}", signed_of(replaced(name, value)))
    for name in ("jti", "method", "path"):
        for value in TYPES:
            yield row("type", f"{name} as {shown(value)}", signed_of(replaced(name, value, BOUND_TEXT)))
    for value in ('["orders"]', '["*"]', '["a:b:c"]', '["A:b"]', '["a:"]', '[":"]', '[null]', '["a:b",]', '["a:b" ,"c:d"]',
                  '[["a:b"]]', '"orders:read"', '["a\\u003ab"]', '["*:**"]'):
        yield row("type", f"scopes as {value}", signed_of(replaced("scopes", value)))
    whole = PLAIN_TEXT.decode()
    for why, text in {
        "an unknown claim": whole.replace('"tg":', '"nbf":0,"tg":'), "a claim twice": whole.replace('"tg":', '"aud":"x","tg":'),
        "admin in tg": whole.replace('"plan":', '"admin":true,"plan":'), "__proto__": whole.replace('"tg":', '"__proto__":{},"tg":'),
        "a blank": whole.replace(",", ", ", 1), "a byte order mark": "\xef\xbb\xbf" + whole, "a comment": whole + "//",
        "another order": whole.replace('{"iss":"https://gate.example","aud":"orders"', '{"aud":"orders","iss":"https://gate.example"'),
        "two objects": whole + whole, "a list around it": f"[{whole}]", "a line feed behind it": whole + "\n", "nothing": "",
        "an empty object": "{}", "null": "null",
    }.items():
        yield row("type", f"claims with {why}", signed_of(text))


def edits(seed: int):
    """Tokens as chance would have them: cut, doubled, swapped and mixed."""
    chance = random.Random(seed)
    symbols = bytes(byte for byte in range(0x21, 0x7F) if byte not in b",")
    made = set()
    while len(made) < EDITS:
        base = bytearray(chance.choice([PLAIN, BOUND]))
        for _ in range(chance.randint(1, 3)):
            at, to = sorted(chance.sample(range(len(base)), 2))
            kind = chance.randrange(5)
            if kind == 0:
                base[at] = chance.choice(symbols)
            elif kind == 1:
                del base[at : min(to, at + 4)]
            elif kind == 2:
                base[at:at] = base[at : min(to, at + 9)]
            elif kind == 3:
                base[at], base[to] = base[to], base[at]
            else:
                base[at:to] = chance.choice([PLAIN, BOUND])[at:to]
        token = bytes(base)
        if token in (PLAIN, BOUND) or token in made:
            continue
        made.add(token)
        yield row("edit", f"edit {len(made)} by chance", token)


def sweeps():
    """Every byte changed, each in these ways: none of what comes may be served."""
    for why, token in (("every byte of a token", PLAIN), ("every byte of a bound token", BOUND)):
        masks = [1 << bit for bit in range(8)] + [0x20 ^ 0x40, 0xFF]
        for at in range(len(token)):
            for mask in masks:
                changed = token[:at] + bytes([token[at] ^ mask]) + token[at + 1 :]
                if judged(changed)["status"] == 200:
                    raise ValueError(f"{why}: the reference takes one")
        yield {"why": why, "token": token.decode(), "masks": masks, "refused": len(token) * len(masks)}


FAMILIES = (numbers, types)
__all__ = ["FAMILIES", "edits", "refused", "sweeps"]
