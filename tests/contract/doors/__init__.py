"""Doors: the ways by which a request reaches one and the same gate.

Rows write requests as bytes of HTTP/1.1. A door is a thin adapter: it puts such a request to the gate in its own way
and gives back what the client was answered. It judges nothing, and no row is written twice. A row that a door cannot
say is not applicable there, with the reason; what a door is known to answer differently stands in its `instead`.
"""

from . import gateway
from .base import Door, Inexpressible
from .http2 import Http2
from .plain import Plain, Tls
from .questions import Envoy, Forward, Nginx

#: All of them, in the order of the table.
DOORS: dict[str, Door] = {door.name: door for door in (Plain(), Tls(), Http2(), Forward(), Nginx(), Envoy())}

#: Those of authorizers, which no other host has.
EVENTS: dict[str, Door] = {
    door.name: door for door in (gateway.RestRequest(), gateway.Token(), gateway.Http1(), gateway.Http2(), gateway.Simple())
}
#: Every door by its name.
BY_NAME = {**DOORS, **EVENTS}

__all__ = ["BY_NAME", "DOORS", "EVENTS", "Door", "Inexpressible"]
