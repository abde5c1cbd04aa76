"""Cases of the suite `keys`: docs/spec/key.md."""

from .key_making import brand_rows, check_rows, derive_rows, hmac_rows, mint_rows, ring_rows
from .key_reading import parse_rows, prove_rows
from .key_random import random_case

__all__ = ["random_case", "rows"]


def rows():
    yield from parse_rows()
    yield from prove_rows()
    yield from mint_rows()
    yield from brand_rows()
    yield from check_rows()
    yield from ring_rows()
    yield from derive_rows()
    yield from hmac_rows()
