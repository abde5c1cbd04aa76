"""Rows of the suite `scopes`: docs/spec/record.md, "Scopes"."""


def rows():
    yield from parse_rows()
    yield from check_rows()


def parse_rows():
    def row(why, scope):
        return why, "scope.parse", {"text": scope}

    yield row("a plain scope", "orders:read")
    yield row("any action of a resource", "orders:*")
    yield row("an action of any resource", "*:read")
    yield row("everything", "*:*")
    yield row("sides of one character", "a:b")
    yield row("every kind of character, on both sides", "a-z.0_9:9_0.z-a")
    yield row("a resource of 32 characters", "r" * 32 + ":read")
    yield row("an action of 32 characters", "orders:" + "a" * 32)
    yield row("a dot alone is a side: only the star is special", ".:-")
    yield row("digits alone are a side", "0:1")

    yield row("a resource of 33 characters", "r" * 33 + ":read")
    yield row("an action of 33 characters", "orders:" + "a" * 33)
    yield row("an empty scope", "")
    yield row("no colon", "orders")
    yield row("a star alone is no scope", "*")
    yield row("an empty resource", ":read")
    yield row("an empty action", "orders:")
    yield row("a colon alone", ":")
    yield row("two colons", "orders:read:all")
    yield row("two colons side by side", "orders::read")
    yield row("a star behind other characters", "orders*:read")
    yield row("a star before other characters", "orders:*read")
    yield row("two stars on a side", "**:read")
    yield row("an upper-case letter in the resource", "Orders:read")
    yield row("an upper-case letter in the action", "orders:READ")
    yield row("a blank before", " orders:read")
    yield row("a blank after", "orders:read ")
    yield row("a line feed after", "orders:read\n")
    yield row("a slash", "orders/eu:read")
    yield row("a plus, which identifiers may hold, is not for scopes", "orders+eu:read")
    yield row("an at sign, which identifiers may hold, is not for scopes", "orders@eu:read")
    yield row("a comma between two scopes", "orders:read,orders:write")
    yield row("a NUL", "orders\0:read")
    yield row("a letter outside ASCII", "ordérs:read")
    yield row("a digit outside ASCII", "orders:٣")
    yield row("a full-width colon is no colon", "orders：read")


def check_rows():
    def row(why, held, required):
        return why, "scope.check", {"held": held, "required": required}

    yield row("nothing required, nothing held", [], [])
    yield row("nothing required, something held", ["orders:read"], [])
    yield row("something required, nothing held: the empty set grants nothing", [], ["orders:read"])
    yield row("everything required, nothing held", [], ["*:*"])
    yield row("held exactly", ["orders:read"], ["orders:read"])
    yield row("another action", ["orders:read"], ["orders:write"])
    yield row("another resource", ["orders:read"], ["invoices:read"])
    yield row("the sides change places", ["orders:read"], ["read:orders"])
    yield row("a held resource that is the start of the required one", ["orders:read"], ["orders.eu:read"])
    yield row("a held resource that is longer than the required one", ["orders.eu:read"], ["orders:read"])
    yield row("a held action that is the start of the required one", ["orders:read"], ["orders:readwrite"])
    yield row("a dot in what is held is a dot and no wildcard", ["orders.eu:read"], ["orders-eu:read"])

    yield row("a held star on the action covers an action", ["orders:*"], ["orders:write"])
    yield row("a held star on the action does not cover another resource", ["orders:*"], ["invoices:write"])
    yield row("a held star on the resource covers a resource", ["*:read"], ["invoices:read"])
    yield row("a held star on the resource does not cover another action", ["*:read"], ["invoices:write"])
    yield row("held stars on both sides cover everything", ["*:*"], ["invoices:write"])
    yield row("held stars on both sides cover required stars on both sides", ["*:*"], ["*:*"])

    yield row("a required star on the action is not covered by one action", ["orders:read"], ["orders:*"])
    yield row("a required star on the action is not covered by several actions",
              ["orders:read", "orders:write", "orders:delete"], ["orders:*"])
    yield row("a required star on the action is covered by a held star there", ["orders:*"], ["orders:*"])
    yield row("a required star on the resource is not covered by one resource", ["orders:read"], ["*:read"])
    yield row("a required star on the resource is covered by a held star there", ["*:read"], ["*:read"])
    yield row("a required star is not covered by a held star on the other side", ["orders:*"], ["*:orders"])
    yield row("one required star on each side needs both held on one scope", ["orders:*", "*:read"], ["*:*"])
    yield row("two held scopes do not add up to a third", ["orders:read", "invoices:write"], ["orders:write"])

    yield row("each required scope may be covered by another held one",
              ["invoices:*", "orders:read"], ["orders:read", "invoices:read"])
    yield row("all required scopes are needed, and the last is missing",
              ["orders:read"], ["orders:read", "orders:write"])
    yield row("all required scopes are needed, and the first is missing",
              ["orders:read"], ["orders:write", "orders:read"])
    yield row("of two missing scopes the first in the route's order is named, not in the alphabet's",
              ["orders:read"], ["users:read", "invoices:read", "orders:read"])
    yield row("a missing scope between two covered ones", ["a:*"], ["a:x", "b:x", "a:y"])
    yield row("a scope required twice needs to be held once", ["orders:read"], ["orders:read", "orders:read"])
    yield row("sixteen required scopes, the most, all covered", ["*:read"], [f"r{at}:read" for at in range(16)])
    yield row("sixteen required scopes, and the last is missing",
              [f"r{at}:read" for at in range(15)], [f"r{at}:read" for at in range(16)])
    yield row("64 held scopes, the most, and the last covers",
              [f"r{at}:read" for at in range(63)] + ["orders:*"], ["orders:read"])
    yield row("64 held scopes, and none covers", [f"r{at}:read" for at in range(64)], ["r64:read"])


_SIDES = ["*", "a", "b", "ab", "a.b", "a-b", "x" * 32]
_ODD = ["", "**", "*a", "A", "x" * 33, "é", "a b", "a/b", "a:b", "a\n"]


def _random_scope(rng) -> str:
    return f"{rng.choice(_SIDES)}:{rng.choice(_SIDES)}"


def random_case(rng):
    if rng.random() < 0.3:
        left, right = (rng.choice(_SIDES if rng.random() < 0.75 else _ODD) for _ in range(2))
        return "scope.parse", {"text": rng.choice([":"] * 8 + ["", "::"]).join([left, right])}
    held = list(dict.fromkeys(_random_scope(rng) for _ in range(rng.choice([0, 1, 2, 4, 8, 30]))))
    required = [_random_scope(rng) for _ in range(rng.choice([0, 1, 1, 2, 3, 16]))]
    return "scope.check", {"held": held, "required": required}
