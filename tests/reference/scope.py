"""Scopes (docs/spec/record.md, "Scopes"): `resource:action`, with `*` on either side."""

import re

from .wire import Refused, octets

_SIDE = r"\*|[a-z0-9_.-]{1,32}"
_SCOPE = re.compile(f"({_SIDE}):({_SIDE})")


def sides(scope: str) -> tuple[str, str] | None:
    """Resource and action, or None if this is no scope."""
    match = _SCOPE.fullmatch(scope)
    return match.groups() if match else None


def is_scope(scope: str) -> bool:
    return sides(scope) is not None


def side_covers(held: str, required: str) -> bool:
    return held == "*" or held == required


def covers(held: str, required: str) -> bool:
    held_resource, held_action = sides(held)
    resource, action = sides(required)
    return side_covers(held_resource, resource) and side_covers(held_action, action)


def first_missing(held: list[str], required: list[str]) -> str | None:
    """The first required scope, in the route's order, that nothing held covers."""
    for scope in required:
        if not any(covers(one, scope) for one in held):
            return scope
    return None


def parse(argument):
    found = sides(octets(argument["text"]).decode("utf-8", "replace"))
    if found is None:
        raise Refused("scope_invalid")
    return {"resource": found[0], "action": found[1]}


def check(argument):
    return {"missing": first_missing(argument["held"], argument["required"])}


OPS = {"scope.parse": parse, "scope.check": check}
