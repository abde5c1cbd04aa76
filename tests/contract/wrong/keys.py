"""Mistakes about what a key is and where it may stand."""

import base64

from reference import key as key_format

from .. import fake_rules as rules
from ..fake_gate import FakeGate
from .mistake import Wrong


def _loose_prove(gate, text):
    """Forgets the tag."""
    try:
        _, body = key_format.parsed(gate.config.prefix, list(gate.config.envs), text)
    except Exception:
        return None
    for key in gate.deployment.keys.values():
        if key_format.parsed(gate.config.prefix, list(gate.config.envs), key.text)[1][:20] == body[:20]:
            return key.lookup
    return None


def _ignores_check(gate, text):
    return FakeGate.prove(gate, text[:-6] + key_format.check_of(text[:-6]))


def _reads_modulo(gate, text):
    """Takes a group of 2^64 for 0: numbers that wrap around."""
    tail = text[-50:-6]
    if len(text) < 52 or not all(symbol in key_format.SYMBOLS for symbol in tail):
        return None
    groups = [key_format.number_of(tail[at : at + 11]) % 2**64 for at in range(0, 44, 11)]
    without_check = text[:-50] + b"".join(key_format.base62(group, 11) for group in groups)
    return FakeGate.prove(gate, without_check + key_format.check_of(without_check))


def _trimming_prove(gate, text):
    return FakeGate.prove(gate, text.split(b"\0")[0].split(b" ")[0])


def _lowers_brands(gate, request, rule):
    value = request.one(b"x-api-key")
    return value[:8].lower() + value[8:] if value else FakeGate.find(gate, request, rule)


def _first_of_two(gate, request, rule):
    found = FakeGate.find(gate, request, rule)
    if found == "ambiguous":
        for name, value in request.fields:
            if name.lower() == b"authorization" and value[:7].lower() == b"bearer ":
                return value[7:]
            if name.lower() == b"x-api-key":
                return value
    return found


def _basic_too(gate, request, rule):
    for name, value in request.fields:
        if name.lower() == b"authorization" and value.startswith(b"Basic "):
            return base64.b64decode(value[6:] + b"==").split(b":")[0]
    return FakeGate.find(gate, request, rule)


def _two_blanks(gate, request, rule):
    for name, value in request.fields:
        if name.lower() == b"authorization" and value[:7].lower() == b"bearer ":
            return value[7:].strip()
    return FakeGate.find(gate, request, rule)


def _query_always(gate, request, rule):
    for name, value in rules.parameters(request.query):
        if name == b"api_key":
            return value
    return FakeGate.find(gate, request, rule)


def _judges_users(gate, request, rule):
    found = FakeGate.find(gate, request, rule)
    if any(name.lower() == b"authorization" and b"eyJ" in value for name, value in request.fields):
        return "ambiguous"
    return found


def _tells_apart(gate, request, code, more=None, fields=()):
    answer = FakeGate.denied(gate, request, code, more, fields)
    if code == "key_invalid" and len(request.one(b"x-api-key") or b"") == 58:
        return answer.replace(b"and what to do", b"the tag is bad", 1)
    return answer


def _no_challenge(gate, code, more):
    return None


def _looks_up_forged(gate, text):
    lookup = FakeGate.prove(gate, text)
    if lookup is None and len(text) == 58:
        gate.asked += 1
    return lookup


def _never_caches(gate, lookup):
    gate.asked += 1
    return gate.by_lookup.get(lookup)


def _shows_key(gate, name, value):
    return True


def _keeps_query(gate, request):
    return request.query


def _counts_per_place(gate, key, numbers, request):
    place = b"authorization" if request.one(b"authorization") else b"x-api-key"
    return (*FakeGate.bucket(gate, key, numbers, request), place)


def _echoes_key(gate, request, code, more=None, fields=()):
    return FakeGate.denied(gate, request, code, {**(more or {}), "given": (request.one(b"x-api-key") or b"").decode("latin-1")}, fields)


WRONG = [
    Wrong("forgets the tag", "unproven credentials", "a forged tag", {"prove": _loose_prove}),
    Wrong("cuts a key off at a blank", "extraction", "a key with a word behind it", {"prove": _trimming_prove}),
    Wrong("lowers a brand", "unproven credentials", "an upper-case prefix", {"find": _lowers_brands}),
    Wrong("takes the first of two keys", "extraction", "two Authorization fields with different keys", {"find": _first_of_two}),
    Wrong("takes the first and ignores garbage", "extraction", "two Authorization fields, the second garbage", {"find": _first_of_two}),
    Wrong("accepts Basic", "extraction", "Basic {key:usual|base64}", {"find": _basic_too}),
    Wrong("trims behind the scheme", "extraction", "Bearer and two blanks", {"find": _two_blanks}),
    Wrong("reads the query where it is off", "extraction", "a key in the query is ignored where it is off", {"find": _query_always}),
    Wrong("judges an end user's token", "extraction", "an end user's token beside a key is neither", {"find": _judges_users}),
    Wrong("tells forged from mistyped", "mutations", "an upper-case brand is none of ours", {"denied": _tells_apart}),
    Wrong("sends no challenge", "extraction", "without any credential", {"challenge": _no_challenge}),
    Wrong("looks forged keys up", "unproven credentials", "a tag whose last bit is wrong", {"prove": _looks_up_forged}),
    Wrong("never caches", "store calls", "a cold key is one read", {"lookup": _never_caches}),
    Wrong("shows the origin the key", "extraction", "X-API-Key carries a key", {"keeps_key": _shows_key}),
    Wrong("leaves a key in the query", "extraction", "a key in the query is kept from the origin where it is off", {"upstream_query": _keeps_query}),
    Wrong("counts each place of a key by itself", "extraction", "one key in every spelling has one counter", {"bucket": _counts_per_place}),
    Wrong("echoes the key", "unproven credentials", "a mistyped key", {"denied": _echoes_key}),
    Wrong("never looks at the check", "vectors", "the last symbol of the check is another", {"prove": _ignores_check}),
    Wrong("reads groups modulo 2^64", "mutations", "a group plus 2^64 or a check plus 2^32", {"prove": _reads_modulo}),
    Wrong("ignores the check of a mistyped key", "mutations", "another symbol in the place of any byte", {"prove": _ignores_check}),
]
