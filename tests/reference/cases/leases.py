"""Inputs of the suite `leases` (docs/spec/bucket-and-lease.md), put together from its parts."""

from . import lease_authorities, lease_changes, lease_holders, lease_sizes, lease_states, lease_thrift


def rows():
    yield from lease_sizes.rows()
    yield from lease_authorities.rows()
    yield from lease_holders.rows()
    yield from lease_changes.rows()
    yield from lease_states.rows()
    yield from lease_thrift.rows()


def random_case(rng):
    """A case of any part; sizings, which are cheap, most often."""
    part = rng.choice((lease_sizes,) * 3 + (lease_authorities, lease_holders, lease_states))
    return part.random_case(rng)
