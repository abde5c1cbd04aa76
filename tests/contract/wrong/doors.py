"""Mistakes at one door: the gate behind it is right, and every other door shows that."""

from ..fake_gate import FakeGate
from .mistake import Wrong


def _loses_peer(gate, peer):
    """Takes the client for whoever ends TLS in front of it."""
    return "192.0.2.7"


def _one_of_a_name(gate, fields):
    """Keeps fields in a table by their names: the last one wins."""
    return list(dict(FakeGate.fields_of_stream(gate, fields)).items())


def _first_of_connection(gate, head, body, peer):
    """Judges a connection, not its requests: the first key speaks for those that follow."""
    keys = [(name, value) for name, value in head if name in (b"x-api-key", b"authorization")]
    gate.spoke = getattr(gate, "spoke", keys) or keys
    others = [(name, value) for name, value in head if name not in (b"x-api-key", b"authorization")]
    return FakeGate._one_stream(gate, others + gate.spoke, body, peer)


def _always_get(asker):
    def asked_about(gate, about, start):
        return [b"GET", start[1]] if about == asker else start

    return asked_about


def _knows_one_spelling(gate, asker, name):
    return asker != b"/forward" and FakeGate.is_alias(gate, asker, name)


def _plain_403(gate, answer):
    """Tells nginx that it is no, and not which."""
    return answer if answer.split(b" ")[1] in (b"200", b"401") else answer.replace(answer.split(b" ")[1], b"403", 1)


def _names_nothing(gate, request, identity):
    return []


def _names_the_usual(gate, request, identity):
    return [b"x-api-key", b"authorization"]


WRONG = [
    Wrong("loses the client's address within TLS", "denials", "the key ip-denied is answered", {"peer_within": _loses_peer}, "tls"),
    Wrong("keeps the last field of a name", "extraction", "two X-API-Key fields with different keys", {"fields_of_stream": _one_of_a_name}, "h2"),
    Wrong("lets the first key of a connection speak for all", "hygiene", "identities of two keys on one connection",
          {"_one_stream": _first_of_connection}, "h2"),
    Wrong("takes every question for one about a GET", "paths", "a rule for one method holds for it", {"asked_about": _always_get(b"/forward")}, "forward"),
    Wrong("knows one spelling of the identity", "hygiene", "Tollgate_Identity from a client is replaced", {"is_alias": _knows_one_spelling}, "forward"),
    Wrong("tells nginx no and not which", "rates", "exactly 1 of a limit of 1, one after", {"for_nginx": _plain_403}, "nginx"),
    Wrong("takes a question of nginx for one about a GET", "paths", "a rule for one method holds for it", {"asked_about": _always_get(b"/nginx")}, "nginx"),
    Wrong("names no field to Envoy", "extraction", "X-API-Key carries a key", {"taken": _names_nothing}, "envoy"),
    Wrong("names to Envoy what is usual", "hygiene", "a key in Cookie does not reach", {"taken": _names_the_usual}, "envoy"),
]
