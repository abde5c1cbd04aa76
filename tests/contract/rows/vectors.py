"""The vectors of keys, sent through the whole gate.

A host refuses the published peppers, so the same cases are made again under random ones: the modules that
wrote `tests/vectors/keys.json` are run with other peppers, and their rows are matched by their sentence.
"""

import json
import secrets
import sys
from importlib import util
from pathlib import Path
from urllib.parse import quote_from_bytes

from reference import key as key_format
from reference.wire import Refused, octets

from ..row import Answer, Row, denied, refused, request, unproven
from ..world import MAIN, Config, Key

VECTORS = Path(__file__).parents[2] / "vectors" / "keys.json"
CASES = Path(key_format.__file__).parent / "cases"
OPS = ("key.parse", "key.prove")
#: The random bytes of the key that most rows are a slip of.
RANDOM = bytes(range(0x64, 0x77))
HEAD_FITS_MAX = 8_000

_drawn: dict[bytes, bytes] = {}


def drawn(published: bytes) -> bytes:
    """The random pepper that stands for a published one in this run."""
    return _drawn.setdefault(published, secrets.token_bytes(len(published)))


def _module(name: str, source: str):
    module = util.module_from_spec(util.spec_from_loader(f"reference.cases.{name}", loader=None))
    module.__package__ = "reference.cases"
    module.drawn = drawn
    sys.modules[module.__name__] = module
    exec(compile(source, f"{name}.py", "exec"), module.__dict__)
    return module


#: Where the module of the cases makes a published pepper, and what it makes here.
_PUBLISHED = "    return bytes((start + step * at) % 256 for at in range(length))"
_RANDOM = _PUBLISHED.replace("bytes(", "drawn(bytes(", 1) + ")"


def _reminted() -> dict[tuple[str, str], dict]:
    """The arguments of all rows under random peppers, by op and sentence."""
    names = ("reference.cases.key_parts", "reference.cases.key_reading")
    kept = {name: sys.modules.pop(name, None) for name in names}
    source = (CASES / "key_parts.py").read_text()
    if _PUBLISHED not in source:
        raise ValueError("key_parts.py makes its peppers in another way")
    try:
        _module("key_parts", source.replace(_PUBLISHED, _RANDOM))
        reading = _module("key_reading", (CASES / "key_reading.py").read_text())
        rows = [*reading.parse_rows(), *reading.prove_rows()]
    finally:
        for name, module in kept.items():
            sys.modules.pop(name, None)
            if module is not None:
                sys.modules[name] = module
    return {(op, why): argument for why, op, argument in rows}


def ring_of(argument: dict) -> tuple[tuple[int, bytes], ...]:
    """The ring under which a row is put to a gate; the issuing pepper comes last."""
    peppers = argument.get("peppers") or [{"id": 0, "secret": drawn(bytes(range(32))).hex()}]
    issuing = argument.get("issuing", 0)
    ring = [(pepper["id"], bytes.fromhex(pepper["secret"])) for pepper in peppers]
    return tuple(sorted(ring, key=lambda pepper: (pepper[0] == issuing, pepper[0])))


CONFIGS: dict[str, Config] = {}
_names: dict[tuple, str] = {}


def config_for(argument: dict) -> Config:
    brand = (argument["prefix"], tuple(argument["envs"]), ring_of(argument))
    name = _names.setdefault(brand, f"vectors-{len(_names) + 1}")
    config = Config(name, *brand[:2], header="X-My-Key", query="api_key", ring=brand[2], routes=MAIN.routes)
    CONFIGS[name] = config
    return config


def proved(argument: dict, text: bytes) -> tuple[str, int, bytes] | None:
    """Env, pepper and random bytes, if the reference takes this for a genuine key of the ring."""
    peppers = [{"id": at, "secret": secret.hex()} for at, secret in ring_of(argument)]
    try:
        found = key_format.prove({**argument, "text": {"hex": text.hex()}, "peppers": peppers})
        env, body = key_format.parsed(argument["prefix"], argument["envs"], text)
    except Refused:
        return None
    return found["env"], found["pepper"], body[1:20]


def expected(argument: dict, text: bytes, place: str) -> Answer | None:
    """What a gate must answer when these bytes stand in this place; None if they cannot stand there."""
    if place != "query":
        if b"\r\n" in text:
            return None
        if len(text) > HEAD_FITS_MAX:
            return refused(400, 401, 413, 431, or_closed=True)
        if any(byte in b"\r\n\0" for byte in text):
            return refused(400, or_closed=True)
        if any(byte < 0x20 and byte != 9 or byte == 0x7F for byte in text):
            return refused(400, 401)
        if b"," in text:
            return denied("request_invalid")
        if place == "authorization":
            if not text.strip(b" \t"):
                return refused(401)
            # One blank stands between scheme and key: any more is part of the credential.
            text = text.rstrip(b" \t")
        else:
            text = text.strip(b" \t")
    elif len(text) > HEAD_FITS_MAX:
        return refused(400, 401, 413, 414, 431, or_closed=True)
    found = proved(argument, text)
    if found is None:
        return unproven()
    return Answer((200,), seen=_seen())


def _seen():
    from ..row import Seen

    return Seen(identity="vector", target=b"/orders/1")


PLACES = ("authorization", "x-api-key", "header", "query")


def in_place(text: bytes, place: str) -> bytes:
    """A request with these bytes in this place."""
    if place == "query":
        return request(path=b"/orders/1?api_key=" + quote_from_bytes(text, safe="").encode())
    line = {"authorization": b"Authorization: Bearer ", "x-api-key": b"X-API-Key: ", "header": b"X-My-Key: "}[place]
    return request(line + text)


def through(argument: dict, text: bytes, places=PLACES):
    """A step that sends the text in every place where it can stand."""
    cases = [(place, answer) for place in places if (answer := expected(argument, text, place)) is not None]

    def play(stage):
        for place, answer in cases:
            sent = stage.fill(in_place(text, place))
            try:
                got = stage.ask(sent)
            except OSError as error:
                stage.expect(answer.or_closed, f"in {place}: {error}")
                stage.checks += 1
                continue
            stage.check(answer, got, sent, f"in {place}: ")

    return play, len(cases)


class Coincidence(Exception):
    """Under these peppers a row would change nothing: `3` in the place of a `3`."""


def _one(row: dict, argument: dict) -> list[Row]:
    brand = {name: argument[name] for name in ("prefix", "envs")}
    if brand != {name: row["in"][name] for name in brand}:
        raise ValueError(f"{row['id']} is made differently now")
    text = octets(argument["text"])
    found = proved(argument, text)
    if found is None and row["op"] == "key.prove" and "error" not in row["out"]:
        raise ValueError(f"{row['id']} should be genuine under a random pepper too")
    if found is not None and "error" in row["out"]:
        raise Coincidence(row["id"])
    genuine = found or proved(argument, text.strip(b" \t"))
    # The key that most rows are a slip of is there: whoever takes a slip for it lets it in.
    keys = {
        f"good-{env}-{at}": Key(env=env, pepper=at, random=RANDOM) for env in argument["envs"] for at, _ in ring_of(argument)
    }
    if genuine:
        keys["vector"] = Key(env=genuine[0], pepper=genuine[1], random=genuine[2])


    def placed(name: str, *places: str, **more) -> Row:
        step, checks = through(argument, text, places or PLACES)
        return Row("vectors", f"{row['id']}: {name}", "own", (step,), config=config_for(argument).name, keys=keys,
                   vectors=checks, **more)

    if not any(byte in b"\r\n\0" for byte in text):
        return [placed(row["why"])]
    # What reads the bytes of a head for the gate may trim or refuse these itself; in a query they are escaped.
    return [placed(row["why"], needs=("wire",)), placed(f"{row['why']}, in a query", "query")]


def _rows() -> list[Row]:
    listed = [row for row in json.loads(VECTORS.read_text())["rows"] if row["op"] in OPS]
    while True:
        reminted = _reminted()
        try:
            return [made for row in listed for made in _one(row, reminted[row["op"], row["why"]])]
        except Coincidence:
            for made in (_drawn, _names, CONFIGS):
                made.clear()


ROWS = _rows()
