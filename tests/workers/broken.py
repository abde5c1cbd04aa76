"""Broken copies of what is deployed: the case that must notice, the file, what stands there, and what stands there instead."""

REVOCATION = "200 keys are revoked while KV tells their old records"

COPIES = {
    "a head is kept by who carries it, and its age is not counted": (
        REVOCATION, "cloudflare/bindings.mjs",
        'head: (_place, question) => ask(env.RELAY, "relay", question),',
        'head: (_place, question) => (stores.kept ??= ask(env.RELAY, "relay", question)),',
    ),
}
