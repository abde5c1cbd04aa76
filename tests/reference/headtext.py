"""The text of an answer about the head, and its seal (docs/spec/head.md, "Question and answer")."""

import re

from . import sealed
from .canonical import INTEGER_MAX, NotCanonical, Reader, is_identifier, written
from .pepper import HEAD_LABEL
from .wire import Refused, octets

ENTRIES_MAX = 1_024

FORM = sealed.Form("head", text_max=262_144, label=HEAD_LABEL, domain=b"tgh1")

_LOOKUP = re.compile(r"[0-9a-f]{32}")


def is_subject(tenant: str, kind: str, name: str) -> bool:
    """Whether this names something that an entry can be about."""
    if not is_identifier(tenant):
        return False
    if kind == "tenant":
        return name == ""
    if kind == "lookup":
        return _LOOKUP.fullmatch(name) is not None
    return kind in ("key", "owner") and is_identifier(name)


def are_entries(entries: list, since: int, epoch: int) -> bool:
    """Whether the entries ascend within (since, epoch], few enough and of different subjects."""
    if len(entries) > ENTRIES_MAX:
        return False
    last, subjects = since, set()
    for number, *subject in entries:
        if not last < number <= epoch or not is_subject(*subject) or tuple(subject) in subjects:
            return False
        last = number
        subjects.add(tuple(subject))
    return True


def is_answer(fields: dict) -> bool:
    """Whether an answer is within every bound of its page."""
    incarnation, epoch = fields["head"]
    return (
        1 <= incarnation <= INTEGER_MAX
        and 1 <= epoch <= INTEGER_MAX
        and 0 <= fields["floor"] <= fields["since"] <= epoch
        and 0 <= fields["age_ms"] <= INTEGER_MAX
        and are_entries(fields["entries"], fields["since"], epoch)
    )


def seal(arg):
    """`head.seal`: the sealed text of the answer above `since`."""
    head, since = arg["head"], arg["since"]
    fields = {
        "head": head["head"],
        "floor": head["floor"],
        "since": since,
        "age_ms": arg["age_ms"],
        "entries": [entry for entry in head["entries"] if entry[0] > since],
    }
    if not is_answer(fields):
        raise Refused("head_invalid")
    body = written({"v": sealed.VERSION, "k": arg["k"], **fields}).removesuffix("}")
    return {"text": sealed.seal(FORM, sealed.secrets_of(arg["peppers"])[arg["k"]], body)}


def read_entry(reader: Reader) -> list:
    """One entry: epoch, tenant, kind, id."""
    reader.literal("[")
    entry = [reader.integer()]
    for _ in range(3):
        reader.literal(",")
        entry.append(reader.string())
    reader.literal("]")
    return entry


def read_fields(reader: Reader) -> dict:
    """The fields between `k` and `mac`, in their order and nothing else."""
    reader.literal(',"head":[')
    incarnation = reader.integer()
    reader.literal(",")
    fields = {"head": [incarnation, reader.integer()]}
    reader.literal('],"floor":')
    fields["floor"] = reader.integer()
    reader.literal(',"since":')
    fields["since"] = reader.integer()
    reader.literal(',"age_ms":')
    fields["age_ms"] = reader.integer()
    reader.literal(',"entries":')
    fields["entries"] = reader.list_of(lambda: read_entry(reader))
    reader.end()
    return fields


def open_text(arg):
    """`head.open`: the answer that a text holds, or the first thing that is wrong with it."""
    pepper_id, reader = sealed.open_sealed(FORM, arg["peppers"], octets(arg["text"]))
    try:
        fields = read_fields(reader)
    except NotCanonical:
        raise Refused("head_invalid") from None
    if not is_answer(fields):
        raise Refused("head_invalid")
    return {"k": pepper_id, **fields}
