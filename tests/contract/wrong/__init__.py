"""Gates that are wrong in one way each. A row that does not notice is no guard."""

from . import counting, doors, keys, messages, operations, rules
from .mistake import Wrong

WRONG: list[Wrong] = [wrong for about in (keys, messages, rules, counting, operations, doors) for wrong in about.WRONG]

__all__ = ["WRONG", "Wrong"]
