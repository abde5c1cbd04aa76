"""An independent reference of Tollgate, written from docs/spec alone.

It is slow and plain on purpose, and shares nothing with the Rust code. It writes and checks the
conformance rows in `tests/vectors` and answers random questions for the differential test.

Read `wire.py` (what ops take and give), then the module of the page you are interested in: `key.py`,
`record.py`, `scope.py`, `network.py`, `bucket.py`, `lease.py`, `head.py`, `decision.py`, `identity.py`.
"""
