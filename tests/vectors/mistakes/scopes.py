"""Mistakes about scopes (docs/spec/record.md)."""

from . import mistakes_of

MISTAKES = mistakes_of(
    "scope",
    ('return held == "*" or held == required', 'return "*" in (held, required) or held == required',
     "a required star is covered by anything"),
    ('return held == "*" or held == required', 'return held == "*" or required.startswith(held)',
     "a held side covers what starts like it"),
    ('return held == "*" or held == required', 'return re.fullmatch(held.replace("*", ".*"), required) is not None',
     "a held scope is a pattern"),
    ("if not any(covers(one, scope) for one in held):", "if held and not any(covers(one, scope) for one in held):",
     "the empty set grants everything"),
    ("for scope in required:", "for scope in sorted(required):", "the first missing scope by the alphabet"),
    ("for scope in required:", "for scope in required[:1]:", "one of the required scopes is enough"),
    ("[a-z0-9_.-]{1,32}", "[a-z0-9_.-]{0,32}", "an empty side"),
    ("[a-z0-9_.-]{1,32}", "[a-z0-9_.-]{1,64}", "sides as long as identifiers"),
)
