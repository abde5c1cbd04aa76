"""The inputs of the conformance rows, one module for each suite.

Each module defines

* `rows()`, which yields `(why, op, in)`: the why says which rule the row pins;
* `random_case(rng)`, which returns one `(op, in)` for the differential test, drawing from `rng` only.
"""
