"""Mistakes about the decision (docs/spec/answers.md)."""

from . import mistakes_of

MISTAKES = mistakes_of(
    "decision",
    ('    "missing": "credential_missing",', '    "missing": "key_invalid",', "no credential is a bad credential"),
    ('if head == "lost":', 'if head == "lost" and presented == "failed":', "a lost head is as good as any"),
    ('    if presented == "failed":', '    if presented == "failed" and head != "flagged":',
     "a failed store is looked over while the head is flagged"),
    ('return deny("key_invalid")', 'return deny("unavailable")', "an absent key is somebody else's fault"),
    ('now >= record["expires"]', 'now > record["expires"]', "a key is valid at the instant of its expiry"),
    ('now < record["not_before"]', 'now <= record["not_before"]', "a key is not valid at its first instant"),
    ('    if request["address"] is None and any', '    if False and any', "a limit of scope ip without an address"),
    ("if len(purses) != len(limits) + len(quotas):", "if len(purses) < len(limits) + len(quotas):",
     "a purse too many is ignored"),
    ('    if request["cost"] == 0:', "    if False:", "a free request is refused with the others"),
    ('if purse["tokens"] < request["cost"]]', 'if purse["tokens"] <= request["cost"]]', "the last token is never spent"),
    ('for numbers, purse in of_limits + of_quotas if', 'for numbers, purse in of_limits if', "a quota is spent though it is empty"),
    ('for numbers, purse in of_limits + of_quotas if', 'for numbers, purse in of_quotas + of_limits if', "quotas are asked for first"),
    ('if request["address"] is None and any(limit["scope"] == "ip" for limit in limits):', 'if request["address"] is None and limits:',
     "an unknown address spoils every limit"),
    ("    if flagged:", "    if False:", "tokens are waited for while the head is flagged"),
    ('code = "quota_exhausted" if refusing_quotas else', 'code = "quota_exhausted" if not refusing_limits else',
     "a refusing limit hides a refusing quota"),
    ("longest(refusing_quotas or refusing_limits)", "longest(refusing_limits + refusing_quotas)",
     "the limit that waits longest is named under a quota's code"),
    ("_, wait_ms = longest(refusing_limits + refusing_quotas)", "_, wait_ms = longest(refusing_quotas or refusing_limits)",
     "the wait of the kind that is named, not of all"),
    ("return max(waits, key=lambda wait: wait[1])", "return max(reversed(waits), key=lambda wait: wait[1])",
     "of equal waits the last is named"),
    ('NEVER = float("inf")', "NEVER = 0", "never is no time at all"),
)
