"""Inputs of the suite `leases` (docs/spec/bucket-and-lease.md), put together from its parts."""

from . import lease_authorities, lease_holders, lease_sizes


def rows():
    yield from lease_sizes.rows()
    yield from lease_authorities.rows()
    yield from lease_holders.rows()


def random_case(rng):
    """A case of any part; sizings, which are cheap, most often."""
    part = rng.choice((lease_sizes, lease_sizes, lease_sizes, lease_authorities, lease_holders))
    return part.random_case(rng)
