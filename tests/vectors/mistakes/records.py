"""Mistakes about records, their seal and canonical JSON (docs/spec/record.md, README.md)."""

from . import mistakes_of

MISTAKES = mistakes_of(
    "record",
    ('domain=b"tgr1"', 'domain=b""', "the seal has no domain"),
    ("label=RECORD_LABEL", 'label="tollgate head 1"', "records are sealed with the head key"),
    ("text_max=16_384", "text_max=16_383", "16,384 bytes are too long"),
    ("BLOCKS_MAX = 32", "BLOCKS_MAX = 64", "64 blocks in a list"),
    ("COUNTRIES_MAX = 64", "COUNTRIES_MAX = 63", "64 countries are too many"),
    ("return 1 <= number <= COUNT_MAX", "return 0 <= number <= COUNT_MAX", "a limit of 0"),
    ('limit["burst"] * limit["period_ms"] < 2**63', 'limit["burst"] * limit["period_ms"] < 2**64',
     "burst x period_ms may reach 2^64"),
    ('and limit["changed"] <= as_of', "", "a limit may have changed after as_of"),
    ('and quota["changed"] <= as_of', 'and quota["changed"][1] <= as_of[1]',
     "a quota's stamp is compared by its epoch alone"),
    ("not_before is None or expires is None or not_before < expires",
     "not_before is None or expires is None or not_before <= expires", "not_before may be expires"),
    ('all_different([numbers["name"] for numbers in limits + quotas])',
     'all_different([numbers["name"] for numbers in limits])', "a quota may have a limit's name"),
    ('QUOTA_SCOPES = ("key", "owner", "tenant", "global")', 'QUOTA_SCOPES = ("key", "owner", "tenant", "ip", "global")',
     "a quota of scope ip"),
    ('and all_different(record["scopes"])', "", "a scope twice"),
    ('if "absent" not in record and record["env"] != argument["env"]:', 'if record.get("env") != argument["env"]:',
     "an absence has an env"),
    ('if record["lookup"] != argument["lookup"]:',
     'if "absent" not in record and record["lookup"] != argument["lookup"]:',
     "an absence of another lookup id is taken"),
) + mistakes_of(
    "sealed",
    ('"([0-9a-f]{64})"', '"([0-9a-fA-F]{64})"', "a mac in upper case is well-formed"),
    ("if version != VERSION:", "if version > VERSION:", "version 0 of a record"),
    ("return pepper_id, Reader(body, reader.at)", "return 0, Reader(body, reader.at)",
     "the pepper id is not the text's"),
) + mistakes_of(
    "canonical",
    ("INTEGER_MAX = 2**53", "INTEGER_MAX = 2**53 - 1", "2^53 is no integer"),
    ('if len(digits) > 1 and digits.startswith(b"0"):', "if False:", "leading zeros in integers"),
    ("            if items:", '            if items and self.sees(","):', "no comma between the members of a list"),
    ('and value.count("@") <= 1', "", "an identifier with two at signs"),
    ("if self.at != len(self.data):", "if False:", "something may stand behind the end"),
)
