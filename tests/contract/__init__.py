"""The contract: what a client, an origin and a store see of a gate, on every host.

Rows are data (`rows/`). A host has a driver (`driver_*.py`) that starts what a user would deploy and says
what it cannot do. Everything travels over TCP; nothing is asked of the gate that a user could not ask.
"""
