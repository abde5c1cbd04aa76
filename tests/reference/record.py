"""The record (docs/spec/record.md): its text, its bounds, its seal, and how a gate opens it."""

import re

from . import sealed
from .canonical import INTEGER_MAX, NotCanonical, Reader, is_identifier, written
from .key import is_env
from .network import block_of, is_country
from .pepper import RECORD_LABEL
from .scope import is_scope
from .wire import Refused, octets

FORM = sealed.Form("record", text_max=16_384, label=RECORD_LABEL, domain=b"tgr1")

FIELDS = (
    "v", "k", "as_of", "lookup", "key", "tenant", "owner", "env", "state", "not_before", "expires", "plan",
    "scopes", "limits", "quotas", "ips", "countries",
)
ABSENCE_FIELDS = ("v", "k", "as_of", "lookup", "absent")
LIMIT_FIELDS = ("name", "scope", "burst", "rate", "period_ms", "changed")
QUOTA_FIELDS = ("name", "scope", "count", "each", "changed")
RULE_FIELDS = ("allow", "deny")

STATES = ("active", "revoked", "tenant_disabled", "owner_disabled", "disabled")
LIMIT_SCOPES = ("key", "owner", "tenant", "ip", "global")
QUOTA_SCOPES = ("key", "owner", "tenant", "global")
EACH = ("day", "month", "total")

PEPPER_ID_MAX = 15
SCOPES_MAX = 64
LIMITS_MAX = 8
QUOTAS_MAX = 4
BLOCKS_MAX = 32
COUNTRIES_MAX = 64
COUNT_MAX = 2**32 - 1

_LOOKUP = re.compile(r"[0-9a-f]{32}")


# The bounds


def is_stamp(stamp: list[int]) -> bool:
    return len(stamp) == 2 and all(1 <= part <= INTEGER_MAX for part in stamp)


def is_instant_or_null(instant: int | None) -> bool:
    return instant is None or 1 <= instant <= INTEGER_MAX


def is_count(number: int) -> bool:
    return 1 <= number <= COUNT_MAX


def all_different(items: list) -> bool:
    return len(set(items)) == len(items)


def is_limit(limit: dict, as_of: list[int]) -> bool:
    return (
        is_identifier(limit["name"])
        and limit["scope"] in LIMIT_SCOPES
        and is_count(limit["burst"])
        and is_count(limit["rate"])
        and is_count(limit["period_ms"])
        and limit["burst"] * limit["period_ms"] < 2**63
        and is_stamp(limit["changed"])
        and limit["changed"] <= as_of
    )


def is_quota(quota: dict, as_of: list[int]) -> bool:
    return (
        is_identifier(quota["name"])
        and quota["scope"] in QUOTA_SCOPES
        and is_count(quota["count"])
        and quota["each"] in EACH
        and is_stamp(quota["changed"])
        and quota["changed"] <= as_of
    )


def is_rule(rule: dict, items_max: int, is_item) -> bool:
    """Whether both lists of a network rule are within their bounds."""
    return all(
        len(items) <= items_max and all_different(items) and all(is_item(item) for item in items)
        for items in (rule["allow"], rule["deny"])
    )


def is_origin(record: dict) -> bool:
    """Whether the fields that records and absences share are within their bounds."""
    return (
        record["v"] == sealed.VERSION
        and 0 <= record["k"] <= PEPPER_ID_MAX
        and is_stamp(record["as_of"])
        and _LOOKUP.fullmatch(record["lookup"]) is not None
    )


def is_absence(record: dict) -> bool:
    return is_origin(record) and record["absent"] is True


def is_full_record(record: dict) -> bool:
    as_of, limits, quotas = record["as_of"], record["limits"], record["quotas"]
    not_before, expires = record["not_before"], record["expires"]
    return (
        is_origin(record)
        and all(is_identifier(record[name]) for name in ("key", "tenant", "owner"))
        and is_env(record["env"])
        and record["state"] in STATES
        and is_instant_or_null(not_before)
        and is_instant_or_null(expires)
        and (not_before is None or expires is None or not_before < expires)
        and (record["plan"] is None or is_identifier(record["plan"]))
        and len(record["scopes"]) <= SCOPES_MAX
        and all_different(record["scopes"])
        and all(is_scope(scope) for scope in record["scopes"])
        and len(limits) <= LIMITS_MAX
        and all(is_limit(limit, as_of) for limit in limits)
        and len(quotas) <= QUOTAS_MAX
        and all(is_quota(quota, as_of) for quota in quotas)
        and all_different([numbers["name"] for numbers in limits + quotas])
        and is_rule(record["ips"], BLOCKS_MAX, lambda block: block_of(block) is not None)
        and is_rule(record["countries"], COUNTRIES_MAX, is_country)
    )


def is_record(record: dict) -> bool:
    return is_absence(record) if "absent" in record else is_full_record(record)


# Reading


class RecordReader(Reader):
    """Reads what stands between `k` and `mac`: the fields of a page's list, in its order."""

    def stamp(self) -> list[int]:
        self.literal("[")
        incarnation = self.integer()
        self.literal(",")
        epoch = self.integer()
        self.literal("]")
        return [incarnation, epoch]

    def strings(self) -> list[str]:
        return self.list_of(self.string)

    def object_of(self, readers: dict) -> dict:
        """An object whose fields are exactly these, in this order."""
        self.literal("{")
        fields = {}
        for name, read in readers.items():
            self.literal(f',"{name}":' if fields else f'"{name}":')
            fields[name] = read()
        self.literal("}")
        return fields

    def limit(self) -> dict:
        readers = (self.string, self.string, self.integer, self.integer, self.integer, self.stamp)
        return self.object_of(dict(zip(LIMIT_FIELDS, readers)))

    def quota(self) -> dict:
        readers = (self.string, self.string, self.integer, self.string, self.stamp)
        return self.object_of(dict(zip(QUOTA_FIELDS, readers)))

    def rule(self) -> dict:
        return self.object_of({name: self.strings for name in RULE_FIELDS})

    def rest_of_record(self, pepper_id: int) -> dict:
        """The fields after `k`; the text ends after the last."""
        record = {"v": sealed.VERSION, "k": pepper_id}
        readers = {"as_of": self.stamp, "lookup": self.string}
        self._fields(record, readers)
        if self.sees(',"absent":'):
            self.literal(',"absent":true')
            record["absent"] = True
        else:
            self._fields(record, self._rest_of_full_record())
        self.end()
        return record

    def _rest_of_full_record(self) -> dict:
        def instant_or_null():
            return self.null_or(self.integer)

        return {
            "key": self.string,
            "tenant": self.string,
            "owner": self.string,
            "env": self.string,
            "state": self.string,
            "not_before": instant_or_null,
            "expires": instant_or_null,
            "plan": lambda: self.null_or(self.string),
            "scopes": self.strings,
            "limits": lambda: self.list_of(self.limit),
            "quotas": lambda: self.list_of(self.quota),
            "ips": self.rule,
            "countries": self.rule,
        }

    def _fields(self, record: dict, readers: dict):
        for name, read in readers.items():
            self.literal(f',"{name}":')
            record[name] = read()


# Sealing and opening


def in_order(fields: tuple, value: dict) -> dict:
    return {name: value[name] for name in fields}


def ordered(record: dict) -> dict:
    """The same record with its fields in the order of the page."""
    if "absent" in record:
        return in_order(ABSENCE_FIELDS, record)
    record = in_order(FIELDS, record)
    record["limits"] = [in_order(LIMIT_FIELDS, limit) for limit in record["limits"]]
    record["quotas"] = [in_order(QUOTA_FIELDS, quota) for quota in record["quotas"]]
    record["ips"] = in_order(RULE_FIELDS, record["ips"])
    record["countries"] = in_order(RULE_FIELDS, record["countries"])
    return record


def seal(argument):
    record = ordered(argument["record"])
    if not is_record(record):
        raise Refused("record_invalid")
    secret = sealed.secrets_of(argument["peppers"])[record["k"]]
    return {"text": sealed.seal(FORM, secret, written(record).removesuffix("}"))}


def opened(peppers: list[dict], data: bytes) -> dict:
    """Steps 1 to 7: the record that a text holds, whoever it is about."""
    pepper_id, rest = sealed.open_sealed(FORM, peppers, data)
    try:
        record = RecordReader(rest.data, rest.at).rest_of_record(pepper_id)
    except NotCanonical:
        raise Refused("record_invalid") from None
    if not is_record(record):
        raise Refused("record_invalid")
    return record


def open_record(argument):
    record = opened(argument["peppers"], octets(argument["text"]))
    if record["lookup"] != argument["lookup"]:
        raise Refused("record_other_lookup")
    if "absent" not in record and record["env"] != argument["env"]:
        raise Refused("record_other_env")
    return {"record": record}


OPS = {"record.seal": seal, "record.open": open_record}
