"""Scopes: `resource:action`, with `*` on either side."""

from __future__ import annotations

import re
from collections.abc import Iterable

_SIDE = r"\*|[a-z0-9_.-]{1,32}"
_SCOPE = re.compile(f"({_SIDE}):({_SIDE})")


def sides(scope: str) -> tuple[str, str] | None:
    """Resource and action, or None if this is no scope."""
    match = _SCOPE.fullmatch(scope)
    return (match.group(1), match.group(2)) if match else None


def first_missing(held: Iterable[str], required: Iterable[str]) -> str | None:
    """The first required scope that nothing held covers.

    Raises `ValueError` if what is required is no scope: that is a mistake in the program, never a grant.
    """
    holds = [found for found in map(sides, held) if found]
    asked: list[tuple[str, tuple[str, str]]] = []
    # All of them first: what is required is repeated in the answer.
    for scope in required:
        wanted = sides(scope)
        if wanted is None:
            raise ValueError("what is required is no scope: resource:action")
        asked.append((scope, wanted))
    for scope, wanted in asked:
        if not any(_covers(one, wanted) for one in holds):
            return scope
    return None


def _covers(held: tuple[str, str], required: tuple[str, str]) -> bool:
    return held[0] in ("*", required[0]) and held[1] in ("*", required[1])
