"""Inputs of `head.seal` and `head.open` (docs/spec/head.md, "Question and answer")."""

from .. import headtext, pepper, sealed
from ..wire import Refused
from .head_lists import ACME, BOB, KEY, LOOKUP, SECRET, at, head, many, random_head

PEPPER_0 = {"id": 0, "secret": bytes(range(32)).hex()}
PEPPER_7 = {"id": 7, "secret": bytes(range(100, 132)).hex()}

INTEGER_MAX = 2**53


def sealing(why, head_of, since, age_ms=120, k=0, peppers=(PEPPER_0,)):
    return why, "head.seal", {
        "peppers": list(peppers), "k": k, "head": head_of, "since": since, "age_ms": age_ms,
    }


def seal_rows():
    page = head(57, 12, at(44, ACME), at(51, BOB), at(52, SECRET))
    yield sealing("the example of the page, sealed with the pepper 00 to 1f", page, 40)
    yield sealing("a whole answer has since equal to floor", page, 12)
    yield sealing("entries at or below since are left out", page, 51)
    yield sealing("since equal to epoch leaves no entries", page, 57)
    yield sealing(
        "an answer under the second pepper of a ring names it",
        page, 40, k=7, peppers=(PEPPER_0, PEPPER_7),
    )
    yield sealing("floor 0 and age 0 are written as 0", head(57, 0, at(44, ACME)), 0, age_ms=0)
    yield sealing(
        "2^53 is written in full wherever it is allowed",
        head(INTEGER_MAX, INTEGER_MAX, incarnation=INTEGER_MAX), INTEGER_MAX, age_ms=INTEGER_MAX,
    )
    yield sealing("an incarnation of 0 is invalid", head(57, 12, incarnation=0), 40)
    yield sealing("an epoch of 0 is invalid", head(0, 0), 0)
    yield sealing("a floor above the epoch is invalid", head(57, 58), 58)
    yield sealing("since below the floor is invalid", page, 11)
    yield sealing("since above the epoch is invalid", page, 58)
    yield sealing("an entry above the epoch is invalid", head(57, 12, at(58, BOB)), 40)
    yield sealing("an entry at the epoch is valid", head(57, 12, at(57, BOB)), 40)
    yield sealing("two entries at one epoch are invalid", head(57, 12, at(51, BOB), at(51, KEY)), 40)
    yield sealing("entries that descend are invalid", head(57, 12, at(52, BOB), at(51, KEY)), 40)
    yield sealing("two entries of one subject are invalid", head(57, 12, at(51, BOB), at(52, BOB)), 40)
    yield sealing("an unknown kind is invalid", head(57, 12, at(51, ("acme", "plan", "pro"))), 40)
    yield sealing(
        "a tenant entry with an id is invalid",
        head(57, 12, at(51, ("acme", "tenant", "acme"))), 40,
    )
    yield sealing("an owner entry without an id is invalid", head(57, 12, at(51, ("acme", "owner", ""))), 40)
    yield sealing("an entry without a tenant is invalid", head(57, 12, at(51, ("", "owner", "bob"))), 40)
    yield sealing(
        "a lookup in upper case is invalid",
        head(57, 12, at(51, ("acme", "lookup", LOOKUP.upper()))), 40,
    )
    yield sealing(
        "a lookup of 31 digits is invalid",
        head(57, 12, at(51, ("acme", "lookup", LOOKUP[:-1]))), 40,
    )
    yield sealing("an id of 64 characters is valid", head(57, 12, at(51, ("acme", "key", "k" * 64))), 40)
    yield sealing("an id of 65 characters is invalid", head(57, 12, at(51, ("acme", "key", "k" * 65))), 40)
    yield sealing("1,024 entries are sealed", head(1024, 0, *many(1024)), 0)
    yield sealing("1,025 entries are invalid", head(1025, 0, *many(1025)), 0)
    yield sealing("of 1,025 entries the 1,023 above since are sealed", head(1025, 0, *many(1025)), 2)
    yield sealing("an id with two @ is invalid", head(57, 12, at(51, ("acme", "owner", "a@b@c"))), 40)


def sealed_text(body, secret=PEPPER_0):
    """A text with a seal that holds, canonical or not: `body` is everything before the mac."""
    return sealed.seal(headtext.FORM, bytes.fromhex(secret["secret"]), body)


def head_body(v="1", k="0", stamp="[1,57]", floor="12", since="40", age="120", entries="[]"):
    """The text of an answer up to its mac, each part as it is to be spelled."""
    return (
        f'{{"v":{v},"k":{k},"head":{stamp},"floor":{floor},"since":{since},'
        f'"age_ms":{age},"entries":{entries}'
    )


def many_entries(count):
    entries = ",".join(f'[{epoch},"a","key","k{epoch}"]' for epoch in range(1, count + 1))
    return head_body(stamp="[1,2000]", floor="0", since="0", entries=f"[{entries}]")


def opening(why, text, peppers=(PEPPER_0,)):
    return why, "head.open", {"peppers": list(peppers), "text": text}


def open_rows():
    entries = f'[[44,"acme","tenant",""],[51,"acme","owner","bob"],[52,"acme","lookup","{LOOKUP}"]]'
    page = sealed_text(head_body(entries=entries))
    yield opening("an answer of three entries opens", page)
    yield opening("an answer without entries opens", sealed_text(head_body()))
    yield opening(
        "the pepper is found by k in a ring of two",
        sealed_text(head_body(k="7"), PEPPER_7), (PEPPER_0, PEPPER_7),
    )
    yield opening(
        "a text of 262,144 bytes passes the length and fails as malformed",
        [page[:-1], {"repeat": " ", "times": 262144 - len(page)}, "}"],
    )
    yield opening(
        "a text of 262,145 bytes is too long whatever it holds",
        [page[:-1], {"repeat": " ", "times": 262145 - len(page)}, "}"],
    )
    yield opening("an empty text is malformed", "")
    yield opening("a blank before the text is malformed", " " + page)
    yield opening("bytes that are no UTF-8 are malformed", {"hex": "ff" * 80})
    yield opening("version 2 is refused before the rest is looked at", '{"v":2')
    yield opening("version 1 with nothing behind it is malformed", '{"v":1')
    yield opening(
        "a version above 2^53 is malformed, not another version",
        page.replace('"v":1', '"v":9007199254740993'),
    )
    yield opening("a text without its last byte is malformed", page[:-1])
    yield opening("a line break after the text is malformed", page + "\n")
    yield opening("a mac in upper case is malformed", page[:-66] + page[-66:-2].upper() + page[-2:])
    yield opening("a mac of 63 digits is malformed", page[:-66] + page[-65:])
    yield opening(
        "a sealed text that says version and pepper and no more is invalid",
        sealed_text('{"v":1,"k":0'),
    )
    yield opening("a pepper that the ring lacks is refused before the seal", sealed_text(head_body(k="3")))
    yield opening("pepper 16 is unknown like any other that the ring lacks", sealed_text(head_body(k="16")))
    yield opening("pepper 256 is unknown although its low 8 bits are not", sealed_text(head_body(k="256")))
    yield opening(
        "a mac with one digit changed does not hold",
        page[:-3] + ("0" if page[-3] != "0" else "1") + page[-2:],
    )
    yield opening("an age changed after sealing does not hold", page.replace('"age_ms":120', '"age_ms":121'))
    yield opening(
        "a head sealed with another pepper under this id does not hold",
        sealed_text(head_body(), PEPPER_7),
    )
    yield opening(
        "the seal is looked at before the contents",
        sealed_text(head_body(floor="58")).replace('"age_ms":120', '"age_ms":121'),
    )
    by_record_key = headtext.FORM._replace(label=pepper.RECORD_LABEL)
    yield opening(
        "a head sealed with the record key does not hold",
        sealed.seal(by_record_key, bytes(range(32)), head_body()),
    )
    as_record = headtext.FORM._replace(domain=b"tgr1")
    yield opening(
        "a head sealed with the first four bytes of a record's seal does not hold",
        sealed.seal(as_record, bytes(range(32)), head_body()),
    )
    yield opening("a blank after a comma is invalid although sealed", sealed_text(head_body(stamp="[1, 57]")))
    yield opening("a leading zero is invalid although sealed", sealed_text(head_body(floor="012")))
    yield opening("a fraction is invalid although sealed", sealed_text(head_body(age="120.0")))
    yield opening("a minus sign is invalid although sealed", sealed_text(head_body(age="-1")))
    yield opening("2^53 + 1 is invalid although sealed", sealed_text(head_body(age=str(INTEGER_MAX + 1))))
    yield opening("an age of 2^53 opens", sealed_text(head_body(age=str(INTEGER_MAX))))
    yield opening("a field too many is invalid although sealed", sealed_text(head_body() + ',"more":1'))
    yield opening(
        "two fields in the other order are invalid although sealed",
        sealed_text('{"v":1,"k":0,"floor":12,"head":[1,57],"since":40,"age_ms":120,"entries":[]'),
    )
    yield opening(
        "a missing field is invalid although sealed",
        sealed_text('{"v":1,"k":0,"head":[1,57],"floor":12,"since":40,"entries":[]'),
    )
    yield opening("an incarnation of 0 is invalid although sealed", sealed_text(head_body(stamp="[0,57]")))
    yield opening(
        "an epoch of 0 is invalid although sealed",
        sealed_text(head_body(stamp="[1,0]", floor="0", since="0")),
    )
    yield opening(
        "a floor above the epoch is invalid although sealed",
        sealed_text(head_body(floor="58", since="58")),
    )
    yield opening("floor, since and epoch may be one", sealed_text(head_body(floor="57", since="57")))
    yield opening("since below the floor is invalid although sealed", sealed_text(head_body(since="11")))
    yield opening("since above the epoch is invalid although sealed", sealed_text(head_body(since="58")))
    yield opening(
        "an entry at since is invalid although sealed",
        sealed_text(head_body(entries='[[40,"acme","owner","bob"]]')),
    )
    yield opening(
        "an entry one above since opens",
        sealed_text(head_body(entries='[[41,"acme","owner","bob"]]')),
    )
    yield opening(
        "an entry above the epoch is invalid although sealed",
        sealed_text(head_body(entries='[[58,"acme","owner","bob"]]')),
    )
    yield opening(
        "two entries of one epoch are invalid although sealed",
        sealed_text(head_body(entries='[[41,"acme","owner","bob"],[41,"acme","owner","eve"]]')),
    )
    yield opening(
        "two entries of one subject are invalid although sealed",
        sealed_text(head_body(entries='[[41,"acme","owner","bob"],[42,"acme","owner","bob"]]')),
    )
    yield opening(
        "entries alike but for the tenant open",
        sealed_text(head_body(entries='[[41,"acme","owner","bob"],[42,"beta","owner","bob"]]')),
    )
    yield opening(
        "an entry of an unknown kind is invalid although sealed",
        sealed_text(head_body(entries='[[41,"acme","plan","pro"]]')),
    )
    yield opening(
        "an entry with three parts is invalid although sealed",
        sealed_text(head_body(entries='[[41,"acme","tenant"]]')),
    )
    yield opening(
        "an entry with five parts is invalid although sealed",
        sealed_text(head_body(entries='[[41,"acme","tenant","",0]]')),
    )
    yield opening(
        "entries that descend are invalid although sealed",
        sealed_text(head_body(entries='[[42,"acme","owner","bob"],[41,"acme","owner","eve"]]')),
    )
    yield opening(
        "a tenant entry with an id is invalid although sealed",
        sealed_text(head_body(entries='[[41,"acme","tenant","acme"]]')),
    )
    yield opening(
        "a lookup in upper case is invalid although sealed",
        sealed_text(head_body(entries=f'[[41,"acme","lookup","{LOOKUP.upper()}"]]')),
    )
    yield opening("1,024 entries open", sealed_text(many_entries(1024)))
    yield opening("1,025 entries are invalid although sealed", sealed_text(many_entries(1025)))
    yield opening(
        "an id with a blank is invalid although sealed",
        sealed_text(head_body(entries='[[41,"acme","owner","b b"]]')),
    )
    yield opening(
        "an escaped character is invalid although sealed",
        sealed_text(head_body(entries='[[41,"acme","owner","b\\u006fb"]]')),
    )


def rows():
    yield from seal_rows()
    yield from open_rows()


# Random cases


def random_seal_arg(rng):
    made = random_head(rng)
    since = rng.randint(made["floor"], made["head"][1]) if rng.random() < 0.9 else rng.randint(0, 50)
    if made["entries"] and rng.random() < 0.15:
        made["entries"].append(list(rng.choice(made["entries"])))
    return {
        "peppers": [PEPPER_0, PEPPER_7], "k": rng.choice((0, 7)), "head": made,
        "since": since, "age_ms": rng.choice((0, 7, 499, INTEGER_MAX)),
    }


def random_open(rng):
    try:
        text = headtext.seal(random_seal_arg(rng))["text"]
    except Refused:
        text = sealed_text(head_body())
    if rng.random() < 0.7:
        where = rng.randrange(len(text))
        what = rng.choice(('"', "0", "1", "7", ",", "[", "]", "}", "", " ", "a", "\u00e9"))
        text = text[:where] + what + text[where + rng.choice((0, 1, 1, 1, 5)) :]
        if rng.random() < 0.5:
            text = resealed(text)
    return "head.open", {"peppers": [PEPPER_0, PEPPER_7], "text": text}


def resealed(text):
    """The text with a seal that holds, if it has a place for one."""
    body, mark, _ = text.rpartition(',"mac":"')
    return sealed_text(body, PEPPER_7 if '"k":7' in body else PEPPER_0) if mark and body.isascii() else text


def random_case(rng):
    """A text that is opened, whole or damaged; now and then one that is sealed."""
    if rng.random() < 0.3:
        return "head.seal", random_seal_arg(rng)
    return random_open(rng)
