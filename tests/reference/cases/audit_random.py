"""Random cases about the audit log: documents as they are written, and exports that somebody changed."""

from .audit_parts import NOW, OTHER, PUBLIC, Export, chain_of, entry

EXPORTS = [Export(), Export(None, 3), Export("beta", 6)]
TEXTS = ["", "CI", "\u00e9\n", "a\"b\\c", "\U0001f4a1 lamp", "x" * 39, "y" * 40, "z" * 50 + " q", "w " * 513]


def random_document(rng, depth=0):
    kind = rng.randrange(8 if depth < 4 else 5)
    if kind < 2:
        return rng.choice(TEXTS)
    if kind == 2:
        return rng.choice([0, 1, 2**53, -3, rng.randrange(2**40)])
    if kind < 5:
        return rng.choice([None, True, False])
    if kind == 5:
        return [random_document(rng, depth + 1) for _ in range(rng.randrange(4))]
    return {rng.choice(TEXTS) + rng.choice("abc"): random_document(rng, depth + 1) for _ in range(rng.randrange(4))}


def random_append(rng):
    chain = chain_of(rng.choice([None, "acme"]), n=rng.randrange(9), at_ms=NOW + rng.randrange(-5, 5))
    made = entry(
        at_ms=NOW, before=random_document(rng), after=random_document(rng), subject=rng.choice(["key_2", "v" * 60]),
        actor=rng.choice(["command", "system", "key:k"]), request=rng.choice([None, "r-1"]),
    )
    return "audit.append", {"chain": chain, "entry": made}


def random_verify(rng):
    export = rng.choice(EXPORTS)
    data = bytearray("\n".join(export.lines).encode() + b"\n")
    for _ in range(rng.randrange(3)):
        at = rng.randrange(len(data))
        kind = rng.randrange(4)
        if kind == 0:
            data[at] = rng.randrange(128)
        elif kind == 1:
            data.insert(at, rng.choice(b'"{}0,\n\\'))
        elif kind == 2:
            del data[at : at + rng.randrange(1, 700)]
        else:
            lines = data.decode().split("\n")
            first, second = rng.randrange(len(lines)), rng.randrange(len(lines))
            lines[first], lines[second] = lines[second], lines[first]
            data = bytearray("\n".join(lines).encode())
    keys = rng.choice([[PUBLIC], [PUBLIC, OTHER], [OTHER]])
    return "audit.verify", {"keys": keys, "text": data.decode()}


def random_case(rng):
    return random_append(rng) if rng.random() < 0.4 else random_verify(rng)
