"""Rows of the suite `records`: docs/spec/record.md, the record and its seal."""

import copy

from .. import sealed
from ..canonical import INTEGER_MAX, written
from ..pepper import HEAD_LABEL, hmac_sha256
from ..record import FORM, ordered
from ..wire import text
from .keys import OTHER_PEPPER, PEPPER, pepper, progression

LOOKUP = "2ccbc0e2728b2154939a868ede964808"
OTHER_LOOKUP = "7c9a2dfbc9a0b9665418e8b0c27b80dc"

LIMIT = {"name": "burst", "scope": "key", "burst": 100, "rate": 50, "period_ms": 1000, "changed": [1, 40]}
QUOTA = {"name": "daily", "scope": "key", "count": 100000, "each": "day", "changed": [1, 40]}

#: The record of the page.
RECORD = {
    "v": 1, "k": 0, "as_of": [1, 42], "lookup": LOOKUP, "key": "key_7Hq2", "tenant": "acme",
    "owner": "ops@acme.example", "env": "live", "state": "active", "not_before": None, "expires": 1798761600000,
    "plan": "pro", "scopes": ["orders:read", "invoices:*"], "limits": [LIMIT], "quotas": [QUOTA],
    "ips": {"allow": ["192.0.2.0/24"], "deny": []}, "countries": {"allow": [], "deny": ["KP"]},
}

#: A record in which everything that may be absent is.
BARE = {
    **RECORD, "expires": None, "plan": None, "scopes": [], "limits": [], "quotas": [],
    "ips": {"allow": [], "deny": []}, "countries": {"allow": [], "deny": []},
}

ABSENCE = {"v": 1, "k": 0, "as_of": [1, 42], "lookup": LOOKUP, "absent": True}

#: Each kind of character that an identifier may hold, at its longest.
LONG_NAME = "Az09._+-@" + "x" * 55


def limit(**changes) -> dict:
    return {**LIMIT, **changes}


def quota(**changes) -> dict:
    return {**QUOTA, **changes}


def largest_record() -> dict:
    """Every list full, every text and number at its longest."""
    top = 2**32 - 1
    return {
        "v": 1, "k": 15, "as_of": [INTEGER_MAX, INTEGER_MAX], "lookup": "f" * 32, "key": LONG_NAME,
        "tenant": LONG_NAME, "owner": LONG_NAME, "env": "abcdefgh", "state": "tenant_disabled",
        "not_before": INTEGER_MAX - 1, "expires": INTEGER_MAX, "plan": LONG_NAME,
        "scopes": [f"{at:02}{'r' * 30}:{'a' * 32}" for at in range(64)],
        "limits": [
            limit(name=f"l{at}" + "n" * 62, scope="global", burst=2**31, rate=top, period_ms=top,
                  changed=[INTEGER_MAX, INTEGER_MAX])
            for at in range(8)
        ],
        "quotas": [
            quota(name=f"q{at}" + "n" * 62, scope="global", count=top, each="month", changed=[INTEGER_MAX, INTEGER_MAX])
            for at in range(4)
        ],
        "ips": {
            "allow": [f"2001:db8:1111:2222:3333:4444:5555:{at + 4096:x}/128" for at in range(32)],
            "deny": [f"2001:db8:1111:2222:3333:4444:6666:{at + 4096:x}/128" for at in range(32)],
        },
        "countries": {
            "allow": [f"{letter}{other}" for letter in "AB" for other in "ABCDEFGHIJKLMNOPQRSTUVW012345678"],
            "deny": [f"{letter}{other}" for letter in "CD" for other in "ABCDEFGHIJKLMNOPQRSTUVW012345678"],
        },
    }


def body_of(record: dict) -> str:
    """The text of a record up to its mac; nothing is checked."""
    return written(ordered(record)).removesuffix("}")


def text_of(body, secret: bytes = PEPPER) -> str | bytes:
    """A sealed text, whatever its body says."""
    if isinstance(body, str) and body.isascii():
        return sealed.seal(FORM, secret, body)
    data = body if isinstance(body, bytes) else body.encode()
    mac = sealed.seal_of(FORM, secret, data)
    return data + f',"mac":"{mac}"}}'.encode()


def edited(old: str, new: str, record: dict = RECORD) -> str:
    """The text of a record with one piece of its body changed, sealed after the change."""
    body = body_of(record)
    if body.count(old) != 1:
        raise ValueError(f"{old} stands {body.count(old)} times in the record")
    return text_of(body.replace(old, new))


def rows():
    yield from seal_rows()
    yield from open_good_rows()
    yield from open_frame_rows()
    yield from open_seal_rows()
    yield from open_spelling_rows()
    yield from open_bound_rows()
    yield from open_subject_rows()


# Sealing


def seal_rows():
    def row(why, record=BARE, peppers=None, **changes):
        record = {**record, **changes}
        return why, "record.seal", {"peppers": peppers or [pepper(0)], "record": record}

    yield row("the record of the page", RECORD)
    yield row("an absence", ABSENCE)
    yield row("a bare record: null and empty lists are written", BARE)
    yield row("the order in which the fields are given does not matter", dict(reversed(RECORD.items())))
    yield row("the pepper that k names seals, not the first of the ring", k=3,
              peppers=[pepper(0), pepper(3, OTHER_PEPPER)])
    yield row("an absence under pepper 15", ABSENCE, k=15, peppers=[pepper(15, OTHER_PEPPER)])
    yield row("the largest record there is stays within 16,384 bytes", largest_record(), peppers=[pepper(15)])

    yield row("incarnation 0 in as_of", as_of=[0, 42])
    yield row("epoch 0 in as_of", as_of=[1, 0])
    yield row("incarnation 0 in the as_of of an absence", ABSENCE, as_of=[0, 1])
    yield row("the first stamp there is", as_of=[1, 1])
    yield row("a lookup id with an upper-case digit", lookup=LOOKUP.upper())
    yield row("a lookup id of 31 digits", lookup=LOOKUP[:-1])
    yield row("a lookup id of 33 digits", lookup=LOOKUP + "0")
    yield row("an absence with an empty lookup id", ABSENCE, lookup="")

    for name in ("key", "tenant", "owner", "plan"):
        yield row(f"an empty identifier: {name}", **{name: ""})
    yield row("an identifier of 64 characters, of every kind", owner=LONG_NAME)
    yield row("an identifier of 65 characters", owner="x" * 65)
    yield row("an identifier with two at signs", owner="ops@acme@example")
    yield row("an identifier of one at sign", owner="@")
    yield row("an identifier with a blank", tenant="ac me")
    yield row("an identifier with a slash", tenant="ac/me")
    yield row("an identifier with a colon", tenant="ac:me")
    yield row("an identifier with a letter outside ASCII", tenant="äcme")
    yield row("an identifier with a line feed at its end", tenant="acme\n")
    yield row("an identifier with a quote", tenant='ac"me')
    yield row("an identifier that is the word null is one", plan="null")
    yield row("an env of 8", env="abcdefg8")
    yield row("an env of 9", env="abcdefg89")
    yield row("an empty env", env="")
    yield row("an upper-case env", env="Live")

    for state in ("revoked", "tenant_disabled", "owner_disabled", "disabled"):
        yield row(f"the state {state}", state=state)
    for state in ("", "Active", "expired", "active "):
        yield row(f"no state is called {state!r}", state=state)

    yield row("not_before 0", not_before=0)
    yield row("expires 0", expires=0)
    yield row("not_before 1 and expires 2, the lowest", not_before=1, expires=2)
    yield row("not_before equal to expires", RECORD, not_before=1798761600000)
    yield row("not_before one before expires", RECORD, not_before=1798761599999)
    yield row("not_before after expires", RECORD, not_before=1798761600001)
    yield row("not_before without expires", not_before=1798761600000)
    yield row("an instant of 2^53, the highest", not_before=INTEGER_MAX)

    many = [f"r{at}:read" for at in range(65)]
    yield row("64 scopes", scopes=many[:64])
    yield row("65 scopes", scopes=many)
    yield row("two scopes alike", scopes=["a:b", "c:d", "a:b"])
    yield row("scopes that cover each other are not alike", scopes=["a:b", "a:*", "*:b", "*:*"])
    yield row("a scope without an action", scopes=["orders"])
    yield row("an empty scope in the list", scopes=["orders:read", ""])

    limits = [limit(name=f"l{at}") for at in range(9)]
    yield row("eight limits", limits=limits[:8])
    yield row("nine limits", limits=limits)
    yield row("a limit of each scope", limits=[
        limit(name=scope, scope=scope) for scope in ("key", "owner", "tenant", "ip", "global")
    ])
    yield row("an unknown scope of a limit", limits=[limit(scope="plan")])
    yield row("two limits of one name, of different scopes", limits=[limit(), limit(scope="owner")])
    yield row("a limit and a quota of one name", limits=[limit(name="daily")], quotas=[quota()])
    yield row("limit names that differ in case are different", limits=[limit(), limit(name="Burst")])
    yield row("a limit with an empty name", limits=[limit(name="")])
    for field in ("burst", "rate", "period_ms"):
        yield row(f"a limit with a {field} of 0", limits=[limit(**{field: 0})])
        yield row(f"a limit with a {field} of 1", limits=[limit(**{field: 1})])
        yield row(f"a limit with a {field} of 2^32", limits=[limit(**{field: 2**32})])
    yield row("a limit with a rate of 2^32 - 1", limits=[limit(rate=2**32 - 1)])
    yield row("burst x period_ms just below 2^63", limits=[limit(burst=2**31, period_ms=2**32 - 1)])
    yield row("burst x period_ms just below 2^63, the other way round", limits=[limit(burst=2**32 - 1, period_ms=2**31)])
    yield row("burst x period_ms above 2^63, though below 2^64",
              limits=[limit(burst=2**31 + 1, period_ms=2**32 - 1)])
    yield row("burst x period_ms at its highest", limits=[limit(burst=2**32 - 1, period_ms=2**32 - 1)])
    yield row("a limit changed at as_of", limits=[limit(changed=[1, 42])])
    yield row("a limit changed after as_of", limits=[limit(changed=[1, 43])])
    yield row("a limit changed in a later incarnation at a lower epoch", limits=[limit(changed=[2, 1])])
    yield row("a limit changed in an earlier incarnation at a higher epoch",
              as_of=[2, 42], limits=[limit(changed=[1, 99])])
    yield row("a limit changed at incarnation 0", limits=[limit(changed=[0, 40])])
    yield row("a limit changed at epoch 0", limits=[limit(changed=[1, 0])])
    yield row("the second of two limits is looked at too", limits=[limit(), limit(name="slow", rate=0)])

    quotas = [quota(name=f"q{at}") for at in range(5)]
    yield row("four quotas", quotas=quotas[:4])
    yield row("five quotas", quotas=quotas)
    yield row("a quota of each scope", quotas=[
        quota(name=scope, scope=scope) for scope in ("key", "owner", "tenant", "global")
    ])
    yield row("a quota has no scope ip", quotas=[quota(scope="ip")])
    yield row("two quotas of one name", quotas=[quota(), quota(each="month")])
    yield row("a quota for each month", quotas=[quota(each="month")])
    yield row("a quota for ever", quotas=[quota(each="total")])
    yield row("a quota for each hour", quotas=[quota(each="hour")])
    yield row("a quota of 0", quotas=[quota(count=0)])
    yield row("a quota of 1", quotas=[quota(count=1)])
    yield row("a quota of 2^32 - 1", quotas=[quota(count=2**32 - 1)])
    yield row("a quota of 2^32", quotas=[quota(count=2**32)])
    yield row("a quota changed at as_of", quotas=[quota(changed=[1, 42])])
    yield row("a quota changed after as_of", quotas=[quota(changed=[1, 43])])
    yield row("a quota changed at epoch 0", quotas=[quota(changed=[1, 0])])

    blocks = [f"192.0.2.{at}/32" for at in range(33)]
    yield row("32 allowed and 32 denied blocks", ips={"allow": blocks[:32], "deny": blocks[:32]})
    yield row("33 allowed blocks", ips={"allow": blocks, "deny": []})
    yield row("33 denied blocks", ips={"allow": [], "deny": blocks})
    yield row("two allowed blocks alike", ips={"allow": ["10.0.0.0/8", "::/0", "10.0.0.0/8"], "deny": []})
    yield row("a block both allowed and denied", ips={"allow": ["10.0.0.0/8"], "deny": ["10.0.0.0/8"]})
    yield row("a block with a bit set after its length", ips={"allow": ["10.0.0.1/8"], "deny": []})
    yield row("a mapped block", ips={"allow": [], "deny": ["::ffff:a00:0/104"]})
    yield row("an address without a length", ips={"allow": ["10.0.0.1"], "deny": []})

    codes = [f"{letter}{other}" for letter in "AB" for other in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"]
    yield row("64 allowed and 64 denied countries", countries={"allow": codes[:64], "deny": codes[:64]})
    yield row("65 allowed countries", countries={"allow": codes[:65], "deny": []})
    yield row("65 denied countries", countries={"allow": [], "deny": codes[:65]})
    yield row("two denied countries alike", countries={"allow": [], "deny": ["KP", "CH", "KP"]})
    yield row("a country both allowed and denied", countries={"allow": ["CH"], "deny": ["CH"]})
    yield row("XX is no country", countries={"allow": [], "deny": ["XX"]})
    yield row("XA and AX are countries like others", countries={"allow": ["XA"], "deny": ["AX"]})
    yield row("a letter and a digit are a country", countries={"allow": [], "deny": ["T1"]})
    yield row("a digit and a letter are no country", countries={"allow": [], "deny": ["1T"]})
    yield row("two digits are no country", countries={"allow": [], "deny": ["11"]})
    yield row("a country in lower case", countries={"allow": ["ch"], "deny": []})
    yield row("a country with its second letter in lower case", countries={"allow": ["Ch"], "deny": []})
    yield row("a country of three letters", countries={"allow": ["CHE"], "deny": []})
    yield row("a country of one letter", countries={"allow": ["C"], "deny": []})
    yield row("an empty country", countries={"allow": [""], "deny": []})


# Opening


def open_row(why, data, peppers=None, lookup=LOOKUP, env="live"):
    data = text(data) if isinstance(data, bytes) else data
    return why, "record.open", {"peppers": peppers or [pepper(0)], "text": data, "lookup": lookup, "env": env}


def open_good_rows():
    yield open_row("the record of the page opens", text_of(body_of(RECORD)))
    yield open_row("an absence opens", text_of(body_of(ABSENCE)))
    yield open_row("a bare record opens", text_of(body_of(BARE)))
    yield open_row("the largest record there is opens", text_of(body_of(largest_record())),
                   [pepper(15)], "f" * 32, "abcdefgh")
    yield open_row("a record sealed under a pepper that no longer issues opens",
                   text_of(body_of(RECORD)), [pepper(1, OTHER_PEPPER), pepper(0)])
    yield open_row("a record under pepper 15 opens",
                   text_of(body_of({**RECORD, "k": 15}), OTHER_PEPPER), [pepper(0), pepper(15, OTHER_PEPPER)])
    yield open_row("the record key of a pepper of 65 bytes",
                   text_of(body_of(RECORD), progression(length=65)), [pepper(0, progression(length=65))])


def open_frame_rows():
    good = text_of(body_of(RECORD))
    absent = text_of(body_of(ABSENCE))

    # Step 1
    yield open_row("16,385 bytes of anything are too long", {"repeat": "x", "times": 16385})
    yield open_row("16,384 bytes are not too long, and malformed", {"repeat": "x", "times": 16384})
    start, mac_length = '{"v":1,"k":0,', 74
    for length, what in [(16384, "a sealed text of 16,384 bytes is not too long, but what it holds is no record"),
                         (16385, "a sealed text of 16,385 bytes is too long, whatever it says")]:
        filling = length - len(start) - mac_length
        whole = text_of(start + "x" * filling)
        yield open_row(what, [start, {"repeat": "x", "times": filling}, whole[-mac_length:]])
    yield open_row("a good record with blanks behind it, 1 MB long, is too long", [good, {"repeat": " ", "times": 10**6}])
    yield open_row("bytes are counted, not characters", {"repeat": "é", "times": 8193})

    # Step 2
    yield open_row("an empty text", "")
    yield open_row("a text that is no JSON", "record")
    yield open_row("JSON that is no object", "null")
    yield open_row("an empty object", "{}")
    yield open_row("a text cut off after the name of the version", '{"v":')
    yield open_row("a blank before the record", " " + good)
    yield open_row("a byte order mark before the record", b"\xef\xbb\xbf" + good.encode())
    yield open_row("a blank after the first brace", good.replace('{"v"', '{ "v"', 1))
    yield open_row("a blank before the version", good.replace('"v":1', '"v": 1', 1))
    yield open_row("the name of the version in upper case", good.replace('"v"', '"V"', 1))
    yield open_row("a negative version", good.replace('"v":1', '"v":-1', 1))
    yield open_row("a version with a leading zero", good.replace('"v":1', '"v":01', 1))
    yield open_row("a version with a plus", good.replace('"v":1', '"v":+1', 1))
    yield open_row("a version as a string", good.replace('"v":1', '"v":"1"', 1))
    yield open_row("a version of null", good.replace('"v":1', '"v":null', 1))
    yield open_row("a version of 2^53 + 1 is no integer of canonical JSON",
                   good.replace('"v":1', '"v":9007199254740993', 1))
    yield open_row("a version of 40 digits is no integer of canonical JSON", good.replace('"v":1', '"v":' + "1" * 40, 1))
    yield open_row("bytes that are no UTF-8 in the place of a record", b"\xff\xfe\xfd")

    # Step 3
    yield open_row("version 2, sealed", text_of(body_of({**RECORD, "v": 2})))
    yield open_row("version 0, sealed", text_of(body_of({**RECORD, "v": 0})))
    yield open_row("version 11 does not begin to be version 1", text_of(body_of({**RECORD, "v": 11})))
    yield open_row("version 2^53", text_of(body_of({**RECORD, "v": INTEGER_MAX})))
    yield open_row("version 2 in a text that is otherwise unknown", '{"v":2,"sealed":false}')
    yield open_row("a text cut off after version 2", '{"v":2')
    yield open_row("an absence of version 2", text_of(body_of({**ABSENCE, "v": 2})))

    # Step 4
    yield open_row("a version with a fraction is version 1 with something else than k behind it",
                   good.replace('"v":1', '"v":1.0', 1))
    yield open_row("a version with an exponent", good.replace('"v":1', '"v":1e0', 1))
    yield open_row("a text cut off after version 1", '{"v":1')
    yield open_row("a blank after the version", good.replace('"v":1,', '"v":1 ,', 1))
    yield open_row("as_of in the place of k", good.replace(',"k":0', "", 1))
    yield open_row("a k with a leading zero", good.replace('"k":0', '"k":00', 1))
    yield open_row("a k with a sign", good.replace('"k":0', '"k":-0', 1))
    yield open_row("a k as a string", good.replace('"k":0', '"k":"0"', 1))
    yield open_row("a blank before k's number", good.replace('"k":0', '"k": 0', 1))
    yield open_row("a k of 2^53 + 1", good.replace('"k":0', '"k":9007199254740993', 1))
    yield open_row("a record without a mac", body_of(RECORD) + "}")
    yield open_row("a record cut off before its last brace", good[:-1])
    yield open_row("a record cut off before its mac", good[:-74])
    yield open_row("a record cut off within its mac", good[:-10])
    yield open_row("a record cut off in its middle", good[: len(good) // 2])
    yield open_row("an absence cut off before its last brace", absent[:-1])
    yield open_row("a line feed behind the record", good + "\n")
    yield open_row("a NUL behind the record", good + "\0")
    yield open_row("a blank before the last brace", good[:-1] + " }")
    yield open_row("a field behind the mac", good[:-1] + ',"x":1}')
    mac = good[-66:-2]
    yield open_row("a mac in upper case", good[:-66] + mac.upper() + '"}')
    yield open_row("a mac with one digit less", good[:-66] + mac[:-1] + '"}')
    yield open_row("a mac with a letter after f", good[:-66] + mac[:-1] + 'g"}')
    yield open_row("a mac of null", good[:-67] + "null}")
    yield open_row("an empty mac", good[:-66] + '"}')
    yield open_row("the mac alone: nothing is read twice", '{"v":1,"mac":"' + mac + '"}')
    yield open_row("a malformed frame comes before an unknown pepper id",
                   good.replace('"k":0', '"k":9', 1)[:-1])


def open_seal_rows():
    body = body_of(RECORD)
    good = text_of(body)
    mac = good[-66:-2]

    def with_mac(mac):
        return body + f',"mac":"{mac}"}}'

    # Step 5
    yield open_row("the record's pepper is not in the ring", good, [pepper(1)])
    yield open_row("k is 16, sealed with a pepper of the ring", text_of(body_of({**RECORD, "k": 16})))
    yield open_row("k is 256 and not taken for 0", text_of(body_of({**RECORD, "k": 256})))
    yield open_row("k is 2^53", text_of(body_of({**RECORD, "k": INTEGER_MAX})))
    yield open_row("an unknown pepper comes before a wrong seal", with_mac("0" * 64), [pepper(1)])

    # Step 6
    yield open_row("the first bit of the seal is another", with_mac(f"{int(mac[0], 16) ^ 8:x}" + mac[1:]))
    yield open_row("the last bit of the seal is another", with_mac(mac[:-1] + f"{int(mac[-1], 16) ^ 1:x}"))
    yield open_row("a seal of zeros", with_mac("0" * 64))
    yield open_row("a seal of another pepper of the ring than k says",
                   text_of(body, OTHER_PEPPER), [pepper(0), pepper(1, OTHER_PEPPER)])
    yield open_row("k was changed to the pepper that did not seal",
                   good.replace('"k":0', '"k":1', 1), [pepper(0), pepper(1, OTHER_PEPPER)])
    yield open_row("k was changed to another id of the same pepper: k is under the seal",
                   good.replace('"k":0', '"k":1', 1), [pepper(0), pepper(1)])
    yield open_row("sealed with the pepper itself instead of its record key",
                   with_mac(hmac_sha256(PEPPER, b"tgr1" + body.encode()).hex()))
    head_form = FORM._replace(label=HEAD_LABEL)
    yield open_row("sealed with the head key", with_mac(sealed.seal_of(head_form, PEPPER, body.encode())))
    yield open_row("sealed without tgr1", with_mac(sealed.seal_of(FORM._replace(domain=b""), PEPPER, body.encode())))
    yield open_row("sealed with the tgh1 of heads",
                   with_mac(sealed.seal_of(FORM._replace(domain=b"tgh1"), PEPPER, body.encode())))
    yield open_row("the seal covers the closing brace too", with_mac(sealed.seal_of(FORM, PEPPER, body.encode() + b"}")))
    yield open_row("the seal covers the name of the mac too",
                   with_mac(sealed.seal_of(FORM, PEPPER, body.encode() + b',"mac":"')))
    yield open_row("the seal leaves out the first brace", with_mac(sealed.seal_of(FORM, PEPPER, body[1:].encode())))
    yield open_row("a revoked record was made active after sealing",
                   text_of(body_of({**RECORD, "state": "revoked"})).replace("revoked", "active"))
    yield open_row("a scope was added after sealing", good.replace('"invoices:*"', '"invoices:*","*:*"'))
    yield open_row("the lookup id was changed after sealing, to the one asked for",
                   text_of(body_of({**RECORD, "lookup": OTHER_LOOKUP})).replace(OTHER_LOOKUP, LOOKUP))
    yield open_row("an absence was moved to another lookup id",
                   text_of(body_of({**ABSENCE, "lookup": OTHER_LOOKUP})).replace(OTHER_LOOKUP, LOOKUP))
    yield open_row("a wrong seal comes before what is wrong inside: nothing inside is read",
                   '{"v":1,"k":0,]]]],"mac":"' + "0" * 64 + '"}')
    yield open_row("a wrong seal comes before another lookup id and another env",
                   with_mac("0" * 64), None, OTHER_LOOKUP, "test")


def open_spelling_rows():
    """Step 7: one spelling. Every text here is sealed as it stands."""
    plain = [
        ("a blank after k, where the frame no longer looks", ',"as_of"', ' ,"as_of"'),
        ("k is followed by a fraction", '"k":0', '"k":0.0'),
        ("a blank after a comma", ',"key"', ', "key"'),
        ("a blank after a colon", '"key":"', '"key": "'),
        ("a line feed between fields", ',"key"', ',\n"key"'),
        ("a blank inside a list", '["orders:read",', '["orders:read", '),
        ("a blank inside an empty list", '"deny":[]},"countries"', '"deny":[ ]},"countries"'),
        ("a comma before the end of a list", '"invoices:*"]', '"invoices:*",]'),
        ("a comma at the start of a list", '["orders:read"', '[,"orders:read"'),
        ("two commas in a list", '"orders:read",', '"orders:read",,'),
        ("no comma between two members of a list", '"orders:read","', '"orders:read""'),
        ("a comma before the end of an object", '"changed":[1,40]}],"quotas"', '"changed":[1,40],}],"quotas"'),
        ("an escaped letter in a string", '"acme"', '"\\u0061cme"'),
        ("an escaped slash in a string", '"acme"', '"ac\\/me"'),
        ("an escaped letter in the name of a field", '"tenant"', '"t\\u0065nant"'),
        ("a single quote around a string", '"acme"', "'acme'"),
        ("a string that does not end", '"plan":"pro"', '"plan":"pro'),
        ("a NUL in a string", '"acme"', '"ac\0me"'),
        ("a DEL in a string", '"acme"', '"ac\x7fme"'),
        ("a letter outside ASCII in a string", '"acme"', '"acmé"'),
        ("a leading zero in an integer", '"burst":100', '"burst":0100'),
        ("a sign before an integer", '"burst":100', '"burst":+100'),
        ("a negative integer", '"burst":100', '"burst":-100'),
        ("a fraction of zero", '"burst":100', '"burst":100.0'),
        ("an exponent", '"burst":100', '"burst":1e2'),
        ("an integer as a string", '"burst":100', '"burst":"100"'),
        ("a string as an integer", '"plan":"pro"', '"plan":7'),
        ("a string in the place of an instant", '"expires":1798761600000', '"expires":"1798761600000"'),
        ("an integer above 2^64", '"expires":1798761600000', '"expires":18446744073709551617'),
        ("an instant of 2^53 + 1", '"expires":1798761600000', '"expires":9007199254740993'),
        ("an instant of 2^63 - 1", '"expires":1798761600000', '"expires":9223372036854775807'),
        ("a negative instant", '"expires":1798761600000', '"expires":-1'),
        ("true in the place of null", '"not_before":null', '"not_before":true'),
        ("null in upper case", '"not_before":null', '"not_before":NULL'),
        ("null in the place of an identifier that must be there", '"tenant":"acme"', '"tenant":null'),
        ("null in the place of a list", '"scopes":["orders:read","invoices:*"]', '"scopes":null'),
        ("null in the place of a number", '"rate":50', '"rate":null'),
        ("null in the place of a network rule", '"ips":{"allow":["192.0.2.0/24"],"deny":[]}', '"ips":null'),
        ("a list in the place of a string", '"tenant":"acme"', '"tenant":["acme"]'),
        ("a string in the place of a list", '"scopes":["orders:read","invoices:*"]', '"scopes":"orders:read"'),
        ("an object in the place of a list", '"allow":["192.0.2.0/24"]', '"allow":{}'),
        ("an integer in a list of strings", '"invoices:*"', "7"),
        ("a field twice, with the same value", '"plan":"pro"', '"plan":"pro","plan":"pro"'),
        ("a field twice, with another value", '"state":"active"', '"state":"revoked","state":"active"'),
        ("a field twice, not side by side", '"plan":"pro"', '"state":"active","plan":"pro"'),
        ("an unknown field between known ones", '"plan":"pro"', '"plan":"pro","note":"x"'),
        ("an unknown field at the end", '"deny":["KP"]}', '"deny":["KP"]},"note":"x"'),
        ("two fields in the other order", '"key":"key_7Hq2","tenant":"acme"', '"tenant":"acme","key":"key_7Hq2"'),
        ("the name of a field in upper case", '"tenant"', '"Tenant"'),
        ("an unknown field in a limit", '"rate":50', '"rate":50,"cost":1'),
        ("two fields of a limit in the other order", '"burst":100,"rate":50', '"rate":50,"burst":100'),
        ("a field of a limit twice", '"rate":50', '"rate":50,"rate":50'),
        ("a limit without its period", ',"period_ms":1000', ""),
        ("a limit without changed", '"period_ms":1000,"changed":[1,40]', '"period_ms":1000'),
        ("a quota without changed", '"each":"day","changed":[1,40]', '"each":"day"'),
        ("a quota with the fields of a limit", '"count":100000,"each":"day"', '"burst":100,"rate":50,"period_ms":1000'),
        ("a network rule without deny", ',"deny":[]},"countries"', '},"countries"'),
        ("a network rule with deny before allow", '"allow":["192.0.2.0/24"],"deny":[]', '"deny":[],"allow":["192.0.2.0/24"]'),
        ("a stamp of one number", '"as_of":[1,42]', '"as_of":[1]'),
        ("a stamp of three numbers", '"as_of":[1,42]', '"as_of":[1,42,0]'),
        ("a stamp as an object", '"as_of":[1,42]', '"as_of":{"i":1,"e":42}'),
        ("a stamp as one number", '"as_of":[1,42]', '"as_of":42'),
        ("a limit as a list", '{"name":"burst","scope":"key","burst":100,"rate":50,"period_ms":1000,"changed":[1,40]}',
         '["burst","key",100,50,1000,[1,40]]'),
        ("absent beside the fields of a record", '"key":"key_7Hq2"', '"absent":true,"key":"key_7Hq2"'),
        ("a second mac inside", '"deny":["KP"]}', '"deny":["KP"]},"mac":"' + "0" * 64 + '"'),
    ]
    for why, old, new in plain:
        yield open_row(why, edited(old, new))

    fields = ["as_of", "lookup", "key", "tenant", "owner", "env", "state", "not_before", "expires", "plan", "scopes",
              "limits", "quotas", "ips", "countries"]
    for name in fields:
        piece = f',"{name}":{written(RECORD[name])}'
        yield open_row(f"a record without {name}", edited(piece, ""))
    yield open_row("a record of nothing but version, pepper and seal", text_of('{"v":1,"k":0'))
    yield open_row("a record that ends in a comma", text_of(body_of(RECORD) + ","))
    yield open_row("a record whose brace closes before the mac", text_of(body_of(RECORD) + "}"))
    yield open_row("two records in one seal", text_of(body_of(RECORD) + "}" + body_of(RECORD)))
    yield open_row("a list in a list in a list, 5,000 deep", [
        '{"v":1,"k":0,', {"repeat": "[", "times": 5000}, text_of('{"v":1,"k":0,' + "[" * 5000)[-74:],
    ])
    yield open_row("an absence with false", edited("true", "false", ABSENCE))
    yield open_row("an absence with 1 for true", edited("true", "1", ABSENCE))
    yield open_row("an absence with null", edited("true", "null", ABSENCE))
    yield open_row("an absence with an env behind", edited("true", 'true,"env":"live"', ABSENCE))
    yield open_row("an absence with absent before lookup",
                   edited(f'"lookup":"{LOOKUP}","absent":true', f'"absent":true,"lookup":"{LOOKUP}"', ABSENCE))
    yield open_row("an absence without a lookup id", edited(f',"lookup":"{LOOKUP}"', "", ABSENCE))
    yield open_row("an absence without absent is a record without fields", edited(',"absent":true', "", ABSENCE))
    yield open_row("bytes that are no UTF-8 under a right seal", text_of(body_of(RECORD).encode() + b"\xff\xfe"))
    yield open_row("a closing quote that is no ASCII: the top bit is set",
                   text_of(body_of(RECORD).encode().replace(b'"acme"', b'"acme\xa2')))


def open_bound_rows():
    """Step 7: bounds hold in reading as in sealing. Every text here is canonical and sealed."""
    def row(why, record=BARE, **changes):
        return open_row(why, text_of(body_of({**record, **changes})))

    yield row("read: an epoch of 2^53", as_of=[1, INTEGER_MAX])
    yield row("read: an epoch of 2^53 + 1", as_of=[1, INTEGER_MAX + 1])
    yield row("read: an incarnation of 2^53 + 1", as_of=[INTEGER_MAX + 1, 1])
    yield row("read: an epoch of 0", as_of=[1, 0])
    yield row("read: an absence at incarnation 0", ABSENCE, as_of=[0, 42])
    yield row("read: a lookup id with an upper-case digit", lookup=LOOKUP[:-1] + "F")
    yield row("read: a blank owner", owner="")
    yield row("read: an owner with two at signs", owner="a@b@c")
    yield row("read: a tenant with a blank", tenant="ac me")
    yield row("read: an empty plan is not no plan", plan="")
    yield row("read: an env of 9", env="production")
    yield row("read: an unknown state", state="paused")
    yield row("read: expires 0 is not never", expires=0)
    yield row("read: not_before at expires", RECORD, not_before=1798761600000)
    yield row("read: 65 scopes", scopes=[f"r{at}:read" for at in range(65)])
    yield row("read: a scope twice", scopes=["a:b", "a:b"])
    yield row("read: a scope in upper case", scopes=["Orders:read"])
    yield row("read: nine limits", limits=[limit(name=f"l{at}") for at in range(9)])
    yield row("read: a limit of 0 is not unlimited", limits=[limit(burst=0)])
    yield row("read: a rate of 0", limits=[limit(rate=0)])
    yield row("read: a period of 0", limits=[limit(period_ms=0)])
    yield row("read: a burst of 2^64 - 1", limits=[limit(burst=2**64 - 1)])
    yield row("read: a burst of 2^32", limits=[limit(burst=2**32)])
    yield row("read: burst x period_ms of 2^63 and more", limits=[limit(burst=2**32 - 1, period_ms=2**32 - 1)])
    yield row("read: a limit changed after as_of", limits=[limit(changed=[1, 43])])
    yield row("read: a limit and a quota of one name", RECORD, quotas=[quota(name="burst")])
    yield row("read: five quotas", quotas=[quota(name=f"q{at}") for at in range(5)])
    yield row("read: a quota of 0", quotas=[quota(count=0)])
    yield row("read: a quota of scope ip", quotas=[quota(scope="ip")])
    yield row("read: a quota each week", quotas=[quota(each="week")])
    yield row("read: a quota changed in a later incarnation", quotas=[quota(changed=[2, 1])])
    yield row("read: 33 denied blocks", ips={"allow": [], "deny": [f"10.0.{at}.0/24" for at in range(33)]})
    yield row("read: an IPv6 block that is not in its text form", ips={"allow": ["2001:DB8::/32"], "deny": []})
    yield row("read: a mapped block among the allowed", ips={"allow": ["::ffff:c000:200/120"], "deny": []})
    yield row("read: the country XX", countries={"allow": ["XX"], "deny": []})


def open_subject_rows():
    good = text_of(body_of(RECORD))
    yield open_row("a record of another lookup id", good, lookup=OTHER_LOOKUP)
    yield open_row("a record whose lookup id differs in the last digit only", good, lookup=LOOKUP[:-1] + "9")
    yield open_row("an absence of another lookup id", text_of(body_of(ABSENCE)), lookup=OTHER_LOOKUP)
    yield open_row("a record of another env", good, env="test")
    yield open_row("a record of an env that starts like the key's", good, env="live2")
    yield open_row("an absence has no env and fits every one", text_of(body_of(ABSENCE)), env="test")
    yield open_row("another lookup id comes before another env", good, lookup=OTHER_LOOKUP, env="test")
    yield open_row("an invalid record comes before another lookup id",
                   edited('"plan":"pro"', '"plan":""'), lookup=OTHER_LOOKUP)
    yield open_row("an invalid record comes before another env", edited('"state":"active"', '"state":"on"'), env="test")
    yield open_row("an invalid absence comes before another lookup id",
                   edited("true", "false", ABSENCE), lookup=OTHER_LOOKUP)


# Random cases

_RING = {0: PEPPER, 3: OTHER_PEPPER, 15: progression(7, 9, 65)}
_NAMES = ["a", "b", "ops@acme.example", "key_7Hq2", "A.B-c+d", LONG_NAME]
_ODD_NAMES = ["", "a@b@c", "a b", "x" * 65, "ä", "a/b"]
_NUMBERS = [1, 2, 60000, 2**31 - 1, 2**31, 2**31 + 1, 2**32 - 1]
_ODD_NUMBERS = [0, 2**32]
_SCOPE_TEXTS = ["orders:read", "orders:*", "*:*", "*:read", "a.b:c-d"]
_ODD_SCOPE_TEXTS = ["", "orders", "Orders:read", "a:b:c"]
_BLOCKS = ["10.0.0.0/8", "192.0.2.1/32", "::/0", "2001:db8::/32", "0.0.0.0/0"]
_ODD_BLOCKS = ["10.0.0.1/8", "::ffff:a00:0/104", "10.0.0.0", "2001:DB8::/32", "::/129"]
_COUNTRIES = ["CH", "KP", "T1", "XA"]
_ODD_COUNTRIES = ["XX", "ch", "1T", "CHE"]
_PIECES = ['"', ",", "[", "]", "{", "}", "0", "1", " ", "null", "\\", ":", "-", ".", "é", "\0", "a", ',"x":1']


def _one(rng, good, odd):
    return rng.choice(odd) if rng.random() < 0.01 else rng.choice(good)


def _some(rng, good, odd, most=4):
    items = [_one(rng, good, odd) for _ in range(rng.randint(0, most))]
    return items if rng.random() < 0.03 else list(dict.fromkeys(items))


def _random_stamp(rng, highest=45):
    return [rng.choice([1, 1, 2]), rng.randint(1, highest)] if rng.random() < 0.98 else rng.choice([[0, 1], [1, 0]])


def _random_limit(rng, name):
    return {
        "name": name, "scope": _one(rng, ["key", "owner", "tenant", "ip", "global"], ["plan"]),
        "burst": _one(rng, _NUMBERS, _ODD_NUMBERS), "rate": _one(rng, _NUMBERS, _ODD_NUMBERS),
        "period_ms": _one(rng, _NUMBERS, _ODD_NUMBERS), "changed": _random_stamp(rng, 43),
    }


def _random_quota(rng, name):
    return {
        "name": name, "scope": _one(rng, ["key", "owner", "tenant", "global"], ["ip"]),
        "count": _one(rng, _NUMBERS, _ODD_NUMBERS), "each": _one(rng, ["day", "month", "total"], ["hour"]),
        "changed": _random_stamp(rng, 43),
    }


def _random_record(rng) -> dict:
    start = {
        "v": 1, "k": rng.choice(list(_RING)), "as_of": [2, 42] if rng.random() < 0.9 else _random_stamp(rng),
        "lookup": rng.choice([LOOKUP, OTHER_LOOKUP]) if rng.random() < 0.98 else LOOKUP.upper(),
    }
    if rng.random() < 0.15:
        return {**start, "absent": True}
    names = [f"n{at}" for at in range(12)]
    rng.shuffle(names)
    if rng.random() < 0.05:
        names[0] = names[3]
    return {
        **start,
        **{name: _one(rng, _NAMES, _ODD_NAMES) for name in ("key", "tenant", "owner")},
        "env": _one(rng, ["live", "test", "a2345678"], ["Live", "", "a23456789"]),
        "state": _one(rng, ["active", "revoked", "tenant_disabled", "owner_disabled", "disabled"], ["on"]),
        "not_before": rng.choice([None, 1, 1798761599999, 1798761600000]) if rng.random() < 0.3 else None,
        "expires": rng.choice([None, 2, 1798761600000, INTEGER_MAX]),
        "plan": rng.choice([None, _one(rng, _NAMES, _ODD_NAMES)]),
        "scopes": _some(rng, _SCOPE_TEXTS, _ODD_SCOPE_TEXTS),
        "limits": [_random_limit(rng, names.pop()) for _ in range(rng.choice([0, 1, 1, 2]))],
        "quotas": [_random_quota(rng, names.pop()) for _ in range(rng.choice([0, 0, 1, 2]))],
        "ips": {name: _some(rng, _BLOCKS, _ODD_BLOCKS, 2) for name in ("allow", "deny")},
        "countries": {name: _some(rng, _COUNTRIES, _ODD_COUNTRIES, 2) for name in ("allow", "deny")},
    }


def _overfilled(rng, record: dict) -> dict:
    """The same record with one of its lists at its bound, or one above."""
    above = rng.choice([0, 1])
    letters = "ABCDEFGH"
    lists = {
        "scopes": [f"r{at}:read" for at in range(64 + above)],
        "limits": [_random_limit(rng, f"l{at}") for at in range(8 + above)],
        "quotas": [_random_quota(rng, f"q{at}") for at in range(4 + above)],
        "ips": {"allow": [f"10.{at}.0.0/16" for at in range(32 + above)], "deny": []},
        "countries": {"allow": [], "deny": [f"{one}{two}" for one in letters for two in letters + "9"][: 64 + above]},
    }
    name = rng.choice(list(lists))
    return {**record, name: lists[name]} if "absent" not in record else record


def _spoiled(rng, body: str) -> str:
    at = rng.randrange(len(body))
    kind = rng.random()
    if kind < 0.4:
        return body[:at] + rng.choice(_PIECES) + body[at + rng.choice([0, 1]) :]
    if kind < 0.6:
        return body[:at] + body[at + rng.randint(1, 3) :]
    if kind < 0.8:
        commas = [place for place, symbol in enumerate(body) if symbol == ","]
        one, other = sorted(rng.choices(commas, k=2))
        return body[:one] + rng.choice(["", body[one:other] * 2]) + body[other:]
    return body.replace(rng.choice(["[]", "null", "1", '"active"', '":"']), rng.choice(["null", "0", "[[]]", "01"]), 1)


def random_case(rng):
    record = _random_record(rng)
    if rng.random() < 0.04:
        record = _overfilled(rng, record)
    peppers = [pepper(pepper_id, secret) for pepper_id, secret in _RING.items()]
    if rng.random() < 0.3:
        fields = list(copy.deepcopy(record).items())
        rng.shuffle(fields)
        return "record.seal", {"peppers": peppers, "record": dict(fields)}
    body = body_of(record)
    if rng.random() < 0.4:
        body = _spoiled(rng, body)
    secret = _RING[record["k"]] if rng.random() < 0.97 else PEPPER
    data = text_of(body, secret)
    data = data if isinstance(data, str) else data.decode()
    if rng.random() < 0.15:
        data = _spoiled(rng, data)
    if rng.random() < 0.05:
        data = data[: rng.randrange(len(data))]
    if rng.random() < 0.01:
        data = [data, {"repeat": rng.choice(["x", " "]), "times": rng.choice([1, 20_000])}]
    lookup = record["lookup"] if rng.random() < 0.95 else OTHER_LOOKUP
    env = record.get("env", "live") if rng.random() < 0.95 else "test"
    return "record.open", {
        "peppers": peppers if rng.random() < 0.95 else peppers[:1],
        "text": data,
        "lookup": lookup if len(lookup) == 32 and lookup.islower() else LOOKUP,
        "env": env if env and len(env) <= 8 and env.islower() else "live",
    }
