"""Credentials that are not proved: one body, one set of fields, and nothing is asked of the store."""

from ..row import Row, allowed, denied, request, row, unproven
from ..world import Key
from .store_calls import asked

F = "unproven credentials"

KINDS = {
    "an empty value": "X-API-Key:",
    "one byte": "X-API-Key: t",
    "a word": "X-API-Key: password",
    "a head alone": "X-API-Key: tg_live_",
    "a key without its last symbol": "X-API-Key: {key:usual|cut:1}",
    "a key with one symbol more": "X-API-Key: {key:usual|add:0}",
    "a mistyped key": "X-API-Key: {key:usual|flip:30}",
    "a mistyped check": "X-API-Key: {key:usual|flip:57}",
    "a key in upper case": "X-API-Key: {key:usual|upper}",
    "an upper-case prefix": "X-API-Key: {key:usual|prefix:TG}",
    "another brand's prefix": "X-API-Key: {key:usual|prefix:sk}",
    "an env that is not accepted": "X-API-Key: {key:usual|env:prod}",
    "a genuine key of another brand": "X-API-Key: {key:foreign}",
    "a forged tag": "X-API-Key: {key:usual|forge:0}",
    "a tag whose last bit is wrong": "X-API-Key: {key:usual|forge:95}",
    "a key taken to another accepted env": "X-API-Key: {key:usual|env:test}",
    "a forged key of a revoked one": "X-API-Key: {key:revoked|forge:5}",
    "a forged key of an expired one": "X-API-Key: {key:expired|forge:5}",
    "a plus sign": "X-API-Key: {key:usual|byte:20:2b}",
    "a slash": "X-API-Key: {key:usual|byte:20:2f}",
    "an equals sign": "X-API-Key: {key:usual|byte:20:3d}",
    "a blank inside": "X-API-Key: {key:usual|byte:20:20}",
    "a tab inside": "X-API-Key: {key:usual|byte:20:09}",
    "a byte above ASCII": "X-API-Key: {key:usual|byte:20:ff}",
    "a Cyrillic lookalike": "X-API-Key: {key:usual|byte:20:d0b0}",
    "a full-width digit": "X-API-Key: {key:usual|byte:20:efbc91}",
    "an escaped byte": "X-API-Key: {key:usual|percent:0}",
    "a composed letter": "X-API-Key: {key:usual|byte:20:c3a9}",
    "a decomposed letter": "X-API-Key: {key:usual|byte:20:65cc81}",
    "two separators": "X-API-Key: tg__live_{key:usual|behead:8}",
    "a separator at the end": "X-API-Key: {key:usual|add:_}",
    "a key in quotes": 'X-API-Key: "{key:usual}"',
    "behind Bearer, a mistyped key": "Authorization: Bearer {key:usual|flip:30}",
    "behind Bearer, a forged tag": "Authorization: Bearer {key:usual|forge:0}",
    "behind Bearer, two blanks": "Authorization: Bearer  {key:usual}",
    "behind Bearer, somebody else's token": "Authorization: Bearer eyJhbGciOiJub25lIn0.e30.",
    "behind Bearer, base64": "Authorization: Bearer {key:usual|base64}",
    "in the configured field, a forged tag": "X-My-Key: {key:usual|forge:0}",
    "twice the same forged key": "X-API-Key: {key:usual|forge:0}\r\nAuthorization: Bearer {key:usual|forge:0}",
}
CLASSES = {"a forged tag": "C06", "a mistyped key": "P04", "a Cyrillic lookalike": "P08", "a composed letter": "P09",
           "a decomposed letter": "P09", "an escaped byte": "P11", "two separators": "P12"}


def _flood(stage):
    """Nothing is looked up later either: the next genuine question is the only one that the store sees."""

    def act():
        for bit in range(96):
            sent = stage.fill(request(("X-API-Key", f"{{key:usual|forge:{bit}}}")))
            stage.check(unproven(), stage.ask(sent), sent, f"bit {bit}: ")
        sent = stage.fill(request(("X-API-Key", "{key:cold}")))
        stage.check(allowed("cold"), stage.ask(sent), sent)

    asked(stage, "96 forged keys and one new one", stage.gate.host.calls_of_a_key, act)


def _unknown(stage):
    """A genuine key that nobody registered: the same answer, and the store is asked once."""
    stage.fresh_head()
    before = stage.gate.store_calls()
    for at in range(5):
        sent = stage.fill(request(("X-API-Key", "{key:nobody}")))
        stage.check(unproven(), stage.ask(sent), sent, f"request {at + 1}: ")
    calls = stage.gate.store_calls() - before
    stage.expect(calls == stage.gate.host.calls_of_a_key, f"five questions for an unknown key asked the store {calls} times")


ROWS = [
    *(row(F, CLASSES.get(name, "P04"), name, request(*(line.encode() for line in lines.split("\r\n"))), unproven(),
          config="counted", calls=0)
      for name, lines in KINDS.items()),
    *(row(F, "P01", f"{method} is answered alike", request(("X-API-Key", "{key:usual|forge:1}"), method=method), unproven(),
          config="counted", calls=0)
      for method in ("POST", "PUT", "DELETE", "PATCH", "PROPFIND", "OPTIONS")),
    *(row(F, "P01", f"the path {path} is answered alike", request(("X-API-Key", "{key:usual|forge:1}"), path=path), unproven(),
          config="counted", calls=0)
      for path in ("/", "/scoped/read/1", "/admin/1", "/cost/5", "/bound/1", "/cached/1", "/%20", "/a?b=c")),
    Row(F, "no forged key reaches the store, neither now nor later", "C08", (_flood,), config="counted",
        keys={"cold": Key()}, needs=("calls",), timed=True),
    Row(F, "an unknown key is answered alike and looked up once", "C06", (_unknown,), config="counted",
        keys={"nobody": Key(state="absent")}, needs=("calls",)),
    row(F, "own", "no credential at all asks the store nothing", request(), denied("credential_missing"), config="counted",
        calls=0),
    row(F, "H01", "two keys ask the store nothing", request(("X-API-Key", "{key:usual}"), ("Authorization", "Bearer {key:other}")),
        denied("request_invalid"), config="counted", calls=0),
]
