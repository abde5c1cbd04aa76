"""Cases of the suite `identities`: docs/spec/identity.md."""

from .identity_signatures import public_rows, signature_rows
from .identity_signing import jwks_rows, reusable_rows, sign_rows
from .identity_verifying import (
    verifier_rows,
    verify_claims_rows,
    verify_form_rows,
    verify_good_rows,
    verify_key_rows,
    verify_use_rows,
)
from .identity_random import random_case

__all__ = ["random_case", "rows"]


def rows():
    yield from public_rows()
    yield from signature_rows()
    yield from sign_rows()
    yield from verify_good_rows()
    yield from verifier_rows()
    yield from verify_form_rows()
    yield from verify_key_rows()
    yield from verify_claims_rows()
    yield from verify_use_rows()
    yield from jwks_rows()
    yield from reusable_rows()
