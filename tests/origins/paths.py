"""Public paths: which targets are served to anybody, and what may be called public at all."""

#: What the verifier is told is public, for all rows.
PUBLIC = ["/health", "/v1/~health;a=b,c:d@e"]

#: Where a platform resolves the target, or leaves out what follows a `#`, before anybody sees it.
RESOLVED = ["target"]


def paths():
    def row(target, why, is_public=False, needs=()):
        return {"why": why, "target": target, "needs": list(needs), "public": is_public}

    yield row("/health", "as it was set", True)
    yield row("/v1/~health;a=b,c:d@e", "as it was set, with symbols", True)
    yield row("/health?x", "a query is no part of it", True)
    yield row("/health?/../admin?x", "a query that looks like a path", True)
    yield row("/health?", "an empty query", True)
    for target in ("/", "/healt", "/healthy", "/health/", "/health/x", "/x/health", "/Health", "/HEALTH", "/health;x", "/v1/~health"):
        yield row(target, f"another path: {target}")
    for target in ("/%68ealth", "/healt%68", "/%2Fhealth", "/health%2F", "/health%2F..%2Fadmin", "/health%2f..%2fadmin", "/health%3Fx",
                   "/health%23", "/health%00", "/health%20", "/health%0A", "/health%", "/health%252F", "/health/%2e%2e/admin",
                   "/v1/%7Ehealth;a=b,c:d@e"):
        yield row(target, f"something is encoded: {target}")
    for target in ("/health/../admin", "/health/..", "/health/.", "/health//", "/health\\..\\admin", "/health\\"):
        yield row(target, f"a path below it that some resolve: {target}")
    yield row("//health", "two slashes", needs=["slashes"])
    for target in ("/x/../health", "/./health", "/x/%2e%2e/health", "/health#x", "http://origin/health"):
        yield row(target, f"what some resolve to it: {target}", needs=RESOLVED)


def publics():
    """What may be called public: a path that can be sent in one spelling only."""
    for path in (*PUBLIC, "/", "/a-b_c.d~e", "/!$&'()*+,;=:@", "/health/"):
        yield {"path": path, "taken": True}
    for path in ("", "health", "*", "http://origin/health", "/health?", "/health?x", "/%68ealth", "/a%2Fb", "/100%", "/health#", "/a\\b",
                 "/a b", "/health\n", "/a\x00b", "/a\x7fb", "/h\xe9alth", "/\u202ehealth"):
        yield {"path": path, "taken": False}


__all__ = ["PUBLIC", "paths", "publics"]
