"""Cases of the suite `audit`: docs/spec/audit.md."""

from ..audit import append
from .audit_parts import (
    FIRST, NOW, OTHER, OTHER_SEED, PUBLIC, SEED, Export, chain_of, entry, hashed, resigned, signed, with_image,
)
from .audit_random import random_case

__all__ = ["random_case", "rows"]

KEY = "tg_live_1PFomxVvHxK9DoPCchyGyQ9uYxJ7rLoXE5C7u22zYyp52XJUH5"


def rows():
    yield from chain_rows()
    yield from append_rows()
    yield from image_rows()
    yield from checkpoint_rows()
    yield from verify_rows()
    yield from checkpoint_verify_rows()
    yield from image_verify_rows()


def chain_rows():
    yield "a tenant's chain", "audit.begin", {"tenant": "acme"}
    yield "the deployment's own chain", "audit.begin", {"tenant": None}
    yield "the head of a tenant's chain", "audit.head", {"chain": chain_of()}
    yield "the head of a page of the deployment's chain", "audit.head", {"chain": chain_of(None, n=7, hash="ab" * 32)}


def append_rows():
    def row(why, chain=None, **changes):
        return why, "audit.append", {"chain": chain or chain_of(), "entry": entry(**changes)}

    second = append({"chain": chain_of(), "entry": FIRST})["chain"]
    yield row("the page's first entry", after={"name": "CI"})
    yield row("the entry after it", second, at_ms=NOW + 1)
    yield row("the deployment's own act, by itself", chain_of(None), actor="system")
    yield row("an act by the command, without an address and a request", actor="command", **{"from": None, "request": None})
    yield row("an IPv6 address in its canonical form", **{"from": "2001:db8::1"})
    yield row("a clock that stepped back", second, at_ms=NOW - 1)
    yield row("the last number there is", chain_of(n=2**53 - 1, hash="00" * 32))
    yield row("a number above 2^53", chain_of(n=2**53, hash="00" * 32))
    yield row("the last instant there is", at_ms=2**53)
    yield row("an instant above 2^53", at_ms=str(2**53 + 1))
    yield row("a chain whose time is above 2^53", chain_of(at_ms=str(2**53 + 1)))
    yield row("a subject that is a key is veiled", subject=KEY)
    yield row("a request that holds a word of 40 is veiled", request="a" * 40)
    yield row("a subject with words of 39 and an address", subject="b" * 39 + "@" + "c" * 24)


def image_rows():
    def row(why, document):
        return why, "audit.append", {"chain": chain_of(), "entry": entry(before=document, after=None)}

    yield row("the members of an image ascend", {"b": 1, "a": {"d": [], "c": {}}, "": True})
    yield row("names ascend by their spelling, where an escape comes after every letter's capital",
              {"\u00e9": 1, "Z": 2, "a": 3, "\"": 4})
    yield row("characters beyond plain ASCII are escaped", "\u00e9\n\"\\\u007f~ \U0001f4a1\u0000/")
    yield row("integers up to 2^53", [0, 2**53])
    yield row("integers that are negative", [-1, -(2**53)])
    yield row("a key as a name, in a text and as a member's name", {"name": KEY, "text": f"is {KEY}!", KEY: None})
    yield row("a word of 40 between letters that are no ASCII", "\u00e9" + "x" * 40 + "\u00e9")
    yield row("a word of 39", "x" * 39)
    yield row("two words of 40", "x" * 40 + " " + "y" * 40)
    yield row("a text of 1,024 bytes", "ab " * 341 + "c")
    yield row("a text of 1,025 bytes", "ab " * 341 + "cd")
    yield row("a text of 600 characters and 1,200 bytes", "\u00e9" * 600)
    yield row("a member's name of 1,025 bytes", {"ab " * 341 + "cd": 1})
    nested = 0
    for _ in range(16):
        nested = [nested]
    yield row("lists 16 deep", nested)
    yield row("lists 17 deep", [nested])
    yield row("an image of 32,768 bytes", ["0123456789"] * 2519 + ["01234567890123456"])
    yield row("an image of 32,769 bytes", ["0123456789"] * 2519 + ["012345678901234567"])


def checkpoint_rows():
    chain = append({"chain": chain_of(), "entry": FIRST})["chain"]
    asked = {"seed": SEED.hex(), "kid": "k1", "chain": chain, "since": None, "now_ms": NOW + 5}
    yield "a checkpoint", "audit.checkpoint", asked
    yield "a checkpoint of the deployment's chain", "audit.checkpoint", {**asked, "chain": {**chain, "tenant": None}}
    yield "a checkpoint by a clock that is behind", "audit.checkpoint", {**asked, "now_ms": NOW - 5}
    yield "the end of an export", "audit.checkpoint", {**asked, "since": chain_of()}
    yield "the end of an export without entries", "audit.checkpoint", {**asked, "chain": chain_of(), "since": chain_of()}
    for why, last, now, entries in (
        ("the first entry", None, NOW, 1),
        ("no entry at all", None, NOW, 0),
        ("no entry since", NOW, NOW + 10**9, 0),
        ("after 30 s less one millisecond", NOW, NOW + 29_999, 5),
        ("after 30 s", NOW, NOW + 30_000, 1),
        ("after 999 entries", NOW, NOW, 999),
        ("after 1,000 entries", NOW, NOW, 1_000),
        ("a clock behind the last one", NOW, NOW - 1, 1),
    ):
        yield f"due: {why}", "audit.due", {"last_ms": last, "now_ms": now, "entries": entries}


def verify_rows():
    made = Export()

    def row(why, change=None, **others):
        return f"verify: {why}", "audit.verify", made.argument(change, **others)

    def put(at, line):
        return lambda lines: lines.__setitem__(at, line)

    def edit(at, old, new, rehash=False):
        def change(lines):
            line = lines[at].replace(old, new)
            if line == lines[at]:
                raise ValueError(f"{old} is not in line {at}")
            lines[at] = hashed(line) if rehash else line
        return change

    yield row("a whole export")
    yield "verify: the deployment's own", "audit.verify", Export(None).argument()
    yield "verify: a page", "audit.verify", Export(start=made.chains[2]).argument()
    yield "verify: no entries", "audit.verify", Export(entries=0).argument()
    yield "verify: nothing", "audit.verify", {"keys": [PUBLIC], "text": ""}
    yield row("without the head", lambda lines: lines.pop(0))
    yield row("a head of another version", edit(0, 'audit":1', 'audit":2'))
    yield row("a head that goes on", edit(0, "}", "} "))
    yield row("a head with another first hash", edit(0, '"hash":"', '"hash":"0'))
    yield row("a head of another tenant", edit(0, "acme", "beta"))
    yield row("a page with the head of another tenant",
              lambda lines: lines.__setitem__(0, '{"tollgate_audit":1,"tenant":"beta","n":1,"hash":"%s"}' % ("0" * 64)))
    yield row("a changed subject", edit(1, "key_0", "key_9"))
    yield row("a changed hash", edit(2, made.chains[2]["hash"], "0" * 64))
    yield row("a blank in an entry", edit(1, '"n":1', '"n": 1'))
    yield row("an actor that is none", edit(1, "key:key_1", "key"))
    yield row("an address in another spelling", edit(1, "192.0.2.7", "192.0.2.07"))
    yield row("an address in a longer spelling, hashed anew", edit(1, "192.0.2.7", "2001:0db8::1", rehash=True))
    yield row("an entry without its end", lambda lines: lines.__setitem__(1, lines[1][:-1]))
    yield row("an entry that goes on", lambda lines: lines.__setitem__(1, lines[1] + " "))
    yield row("a changed subject, hashed anew", edit(1, "key_0", "key_9", rehash=True))
    yield row("a changed last entry, hashed anew", edit(5, "key_3", "key_9", rehash=True))
    yield row("another tenant, hashed anew", edit(2, "acme", "beta", rehash=True))
    yield row("a time that steps back, hashed anew", edit(2, str(NOW + 1), str(NOW - 1), rehash=True))
    yield row("a removed entry", lambda lines: lines.pop(1))
    yield row("a removed entry before a checkpoint", lambda lines: lines.pop(2))
    yield row("a removed last entry", lambda lines: lines.pop(5))
    yield row("an entry that stands there twice", lambda lines: lines.insert(2, lines[1]))
    yield row("an entry that stands there again later", lambda lines: lines.insert(5, lines[1]))
    yield row("two entries swapped", lambda lines: lines.insert(1, lines.pop(2)))
    yield row("an entry and its checkpoint swapped", lambda lines: lines.insert(2, lines.pop(3)))
    yield row("an entry moved far down", lambda lines: lines.insert(5, lines.pop(1)))
    yield row("what seems to be out of order follows from something else",
              lambda lines: lines.append(hashed(lines.pop(1).replace(made.before["hash"], "0" * 64))))
    yield row("what seems to be out of order was changed", lambda lines: lines.append(lines.pop(1).replace("key_0", "key_9")))
    yield row("an entry of another chain", put(1, Export("beta").lines[1]))
    yield row("without the end", lambda lines: lines.pop())
    yield row("without the last line feed", end="")
    yield row("cut off within an entry", lambda lines: (lines.__delitem__(slice(5, None)), lines.append("{\"en")), end="")
    yield row("an empty line after the end", end="\n\n")
    yield row("a blank after the end", end="\n ")
    yield row("an export after an export", lambda lines: lines.extend(lines[:]))
    yield row("a carriage return", edit(3, "}", "}\r"))
    for length in (66_560, 66_561):
        text = [made.lines[0] + "\n", {"repeat": " ", "times": length}, "\n"]
        yield f"verify: a line of {length} bytes", "audit.verify", {"keys": [PUBLIC], "text": text}
    yield row("a byte that is no UTF-8", put(4, "\u00ff"))


def checkpoint_verify_rows():
    made = Export()
    here, later = made.chains[3], made.chains[4]

    def row(why, line, at=5, keys=(PUBLIC,)):
        return f"checkpoint: {why}", "audit.verify", made.argument(lambda lines: lines.insert(at, line), keys=keys)

    def instead(why, at, line, keys=(PUBLIC,)):
        return f"checkpoint: {why}", "audit.verify", made.argument(lambda lines: lines.__setitem__(at, line), keys=keys)

    export, mark = "tollgate-audit-export-v1:", "tollgate-audit-checkpoint-v1:"
    yield row("one more", signed(here))
    yield row("by a second known key", signed(here, seed=OTHER_SEED, kid="k2"), keys=(PUBLIC, OTHER))
    yield row("by an unknown key", signed(here, seed=OTHER_SEED, kid="k2"))
    yield row("by another key of the same name", signed(here, seed=OTHER_SEED))
    yield row("with the signature of an end", resigned(signed(here), export))
    yield row("with the signature of nothing in particular", resigned(signed(here), ""))
    yield instead("an end with the signature of a checkpoint", -1, resigned(made.lines[-1], mark))
    yield row("of another tenant", signed({**here, "tenant": "beta"}))
    yield row("of the deployment", signed({**here, "tenant": None}))
    yield row("of an earlier place", signed(made.chains[2]))
    yield row("of a later place", signed(later))
    yield row("of a place that never comes", signed({**here, "n": 9}))
    yield row("of other entries", signed({**here, "hash": "ab" * 32}))
    yield row("of a moment before the entry", signed({**here, "at_ms": 0}, now=NOW))
    yield row("twice at one place", made.lines[3], at=4)
    yield row("before the first entry", signed(made.before), at=1)
    yield row("an end in the middle", signed(here, made.before))
    yield instead("an end of another beginning", -1, signed(later, made.chains[1]))
    yield instead("an end of a beginning with another hash", -1, signed(later, {**made.before, "hash": "ab" * 32}))
    yield instead("an end of fewer entries", -1, signed(here, made.before))
    yield "checkpoint: removed", "audit.verify", made.argument(lambda lines: lines.pop(3))
    yield "checkpoint: no key is known", "audit.verify", made.argument(keys=())


def image_verify_rows():
    for why, text in (
        ("a list of all kinds", '[null,true,false,0,"",[],{},{"a":1,"b":2}]'),
        ("escapes", '"\\u00e9\\u0022\\u005c\\ud83d\\udca1\\u007f"'),
        ("an upper-case escape", '"\\u00E9"'),
        ("an escape of a plain character", '"\\u0041"'),
        ("a short escape", '"\\n"'),
        ("half a pair", '"\\ud83d"'),
        ("a pair the wrong way round", '"\\udca1\\ud83d"'),
        ("a raw tabulator", '"\t"'),
        ("names that descend", '{"b":1,"a":2}'),
        ("a name twice", '{"a":1,"a":2}'),
        ("a blank", '{"a": 1}'),
        ("a leading zero", "01"),
        ("a sign", "-1"),
        ("a fraction", "1.5"),
        ("an integer above 2^53", "9007199254740993"),
        ("a trailing comma", "[1,]"),
        ("lists 16 deep", "[" * 16 + "]" * 16),
        ("lists 17 deep", "[" * 17 + "]" * 17),
        ("32,768 bytes", '"' + "x " * 16383 + '"'),
        ("32,769 bytes", '"' + "x " * 16383 + 'x"'),
    ):
        made = Export(entries=0)
        yield f"image: {why}", "audit.verify", {"keys": [PUBLIC], "text": f"{made.lines[0]}\n{with_image(text)}\n"}
