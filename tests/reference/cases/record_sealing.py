"""Rows about sealing records: the bounds from both sides."""

from ..canonical import INTEGER_MAX
from .key_parts import OTHER_PEPPER, pepper
from .record_parts import ABSENCE, BARE, LONG_NAME, LOOKUP, RECORD, largest_record, limit, quota


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
    yield row("epoch 0 in the as_of of an absence", ABSENCE, as_of=[1, 0])
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
    yield row("burst x period_ms just below 2^63, the other way round",
              limits=[limit(burst=2**32 - 1, period_ms=2**31)])
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
    yield row("two denied blocks alike", ips={"allow": [], "deny": ["::/0", "10.0.0.0/8", "::/0"]})
    yield row("two allowed blocks alike", ips={"allow": ["10.0.0.0/8", "::/0", "10.0.0.0/8"], "deny": []})
    yield row("a block both allowed and denied", ips={"allow": ["10.0.0.0/8"], "deny": ["10.0.0.0/8"]})
    yield row("a block with a bit set after its length", ips={"allow": ["10.0.0.1/8"], "deny": []})
    yield row("a mapped block", ips={"allow": [], "deny": ["::ffff:a00:0/104"]})
    yield row("an address without a length", ips={"allow": ["10.0.0.1"], "deny": []})

    codes = [f"{letter}{other}" for letter in "AB" for other in "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"]
    yield row("64 allowed and 64 denied countries", countries={"allow": codes[:64], "deny": codes[:64]})
    yield row("65 allowed countries", countries={"allow": codes[:65], "deny": []})
    yield row("65 denied countries", countries={"allow": [], "deny": codes[:65]})
    yield row("two allowed countries alike", countries={"allow": ["CH", "DE", "CH"], "deny": []})
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
