"""Rows about opening records, step by step."""

from .. import sealed
from ..canonical import INTEGER_MAX, written
from ..pepper import HEAD_LABEL, hmac_sha256
from ..record import FORM
from ..wire import text
from .key_parts import OTHER_PEPPER, PEPPER, pepper, progression
from .record_parts import (
    ABSENCE,
    BARE,
    LOOKUP,
    OTHER_LOOKUP,
    RECORD,
    body_of,
    edited,
    largest_record,
    limit,
    quota,
    text_of,
)


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
    yield open_row("a good record with blanks behind it, 1 MB long, is too long",
                   [good, {"repeat": " ", "times": 10**6}])
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
    yield open_row("a version of 40 digits is no integer of canonical JSON",
                   good.replace('"v":1', '"v":' + "1" * 40, 1))
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
    yield open_row("the seal covers the closing brace too",
                   with_mac(sealed.seal_of(FORM, PEPPER, body.encode() + b"}")))
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
        ("a network rule with deny before allow", '"allow":["192.0.2.0/24"],"deny":[]',
         '"deny":[],"allow":["192.0.2.0/24"]'),
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
