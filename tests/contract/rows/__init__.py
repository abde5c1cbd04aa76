"""All rows, in the order of the table."""

from importlib import import_module

from ..row import Row

FAMILIES = (
    "vectors", "mutations", "verdicts", "extraction", "unproven", "hygiene", "forwarded", "paths", "cors", "denials", "rates", "quotas",
    "caching", "reserved", "smuggling", "heads", "bodies", "store_calls", "operations", "outages", "rotation", "starts",
    "leakage", "elsewhere",
)


def all_rows() -> tuple[list[Row], dict]:
    """Every row, and the configurations that families bring besides the common ones."""
    rows, configs = [], {}
    for family in FAMILIES:
        module = import_module(f".{family}", __name__)
        rows += module.ROWS
        configs.update(getattr(module, "CONFIGS", {}))
    names = [(row.family, row.name) for row in rows]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise ValueError(f"rows with one name: {sorted(twice)[:5]}")
    return rows, configs
