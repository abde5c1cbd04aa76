"""Every single slip and forgery of one good key: each is refused with the one answer, and costs nothing."""

from ..row import Row, bearer, denied, request, row, unproven, x_api_key

def batch(name: str, cls: str, changes: list[str], field=x_api_key, calls: int | None = 0, answer=None) -> Row:
    """Many changed keys on one connection."""

    def play(stage):
        with stage.line() as line:
            for change in changes:
                sent = stage.fill(request(field(f"usual|{change}" if change else "usual")))
                stage.check(answer or unproven(), line.ask(sent), sent, f"{change}: ")

    return Row("mutations", name, cls, (play,), config="counted", calls=calls, vectors=len(changes))


LENGTH = 58
SUBSTITUTES = {"another symbol": None, "a hyphen": "2d", "a blank": "20", "a byte above ASCII": "e9", "a dot": "2e"}


def _substituted(value: str | None) -> list[str]:
    return [f"flip:{at}" if value is None else f"byte:{at}:{value}" for at in range(LENGTH)]


ROWS = [
    *(
        batch(f"{name} in the place of any byte is refused, whichever byte it is", "P04" if value is None else "P06",
              # A blank at either end is trimmed: the key is then too short, and refused all the same.
              _substituted(value))
        for name, value in SUBSTITUTES.items()
    ),
    batch("a key that is cut off anywhere is refused", "P02", [f"cut:{count}" for count in range(1, LENGTH)]),
    batch("a key without its first bytes is refused, however many are missing", "P02",
          [f"behead:{count}" for count in range(1, LENGTH)]),
    batch("a key with more behind it is refused, however much", "P02",
          [f"add:{'0' * count}" for count in (1, 2, 10, 58)]),
    batch("a tag with any one bit wrong and a right check is refused", "C08", [f"forge:{bit}" for bit in range(96)]),
    batch("the same in the field Authorization", "C08", [f"forge:{bit}" for bit in range(0, 96, 7)], field=bearer),
    batch("a group plus 2^64 or a check plus 2^32 is no other spelling of the key", "P20", [f"wrap:{at}" for at in range(5)]),
    batch("a percent-encoded byte is not decoded in a field, wherever it stands", "P11",
          [f"percent:{at}" for at in range(0, LENGTH, 5)]),
    batch("an upper-case brand is none of ours, and another env or prefix neither", "P05",
          ["prefix:TG", "prefix:Tg", "env:LIVE", "env:Live", "env:prod", "env:test", "prefix:th", "prefix:sk",
           "env:", "prefix:", "upper"]),
    row("mutations", "P12", "a doubled separator is no key",
        request(("X-API-Key", "tg__live_{key:usual|behead:8}")), unproven(), config="counted", calls=0),
    row("mutations", "P12", "a head with nothing behind it is no key", request(("X-API-Key", "tg_live_")), unproven(),
        config="counted", calls=0),
    row("mutations", "P16", "a comma at any place makes two values of one", request(("X-API-Key", "{key:usual|byte:30:2c}")),
        denied("request_invalid"), config="counted", calls=0),
]
