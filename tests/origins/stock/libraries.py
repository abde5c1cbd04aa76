"""The shared rows, put to JWT libraries: `cd tests && python -m origins.stock.libraries --node …`.

What is played are the lines that `docs/origins-stock.md` shows, with the keys served on loopback and the clock of the rows.
"""

import argparse
import datetime
import json
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import jwt

from contract import noticed

from .table import SHARED, Table

PROJECT = Path(__file__).resolve().parents[3]
PAGE = PROJECT / "docs/origins-stock.md"
URL = "https://gate.example/.well-known/tollgate/jwks.json"
HEADER = "tollgate-identity"
PATIENCE_S = 300
#: Eleven rows have an unknown kid, and nearly all come within the 30 s in which keys are fetched once.
FETCHES_MAX = 5
#: What a library is never asked, since it knows nothing of the request.
NO_TOKEN = "about headers, of which a library sees the value of one"
DEMANDED = "whether binding is demanded, of which the lines know nothing"


class Keys:
    """The document of keys, on loopback."""

    def __init__(self):
        body = json.dumps(SHARED["jwks"]).encode()

        keys, self.asked = self, 0

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                keys.asked += 1
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=[0.02], daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/jwks.json"

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def lines(kind: str, url: str, mistake: tuple[str, str] | None) -> str:
    """What the page shows, with another address of the keys, and perhaps with a mistake."""
    [shown] = re.findall(rf"^```{kind}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    if shown.count(URL) != 1:
        raise ValueError(f"the lines in {kind} name the keys {shown.count(URL)} times")
    if mistake:
        old, new = mistake
        if shown.count(old) != 1:
            raise ValueError(f"the lines in {kind} say {shown.count(old)} times {old!r}")
        shown = shown.replace(old, new)
    return shown.replace(URL, url)


def tokens(table: Table) -> list[tuple[dict, str]]:
    """The rows that have something to say to a library, each with its token."""
    found = []
    for row in SHARED["requests"]:
        values = [value for name, value in row["request"]["headers"] if name.lower() == HEADER]
        others = [name for name, _ in row["request"]["headers"] if re.sub("[^a-z0-9]", "", name.lower()) == "tollgateidentity"]
        if len(values) != 1 or len(others) != 1 or row["out"].get("reason") in ("missing", "ambiguous"):
            table.leave_out(row, NO_TOKEN)
        elif row["out"].get("reason") == "unbound":
            table.leave_out(row, DEMANDED)
        else:
            found.append((row, values[0]))
    return found


class Standing(datetime.datetime):
    """The clock of the rows."""

    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(SHARED["now_ms"] / 1000, tz)


def pyjwt(url: str, _node, mistake=None) -> Table:
    table = Table("pyjwt")
    jwt.api_jwt.datetime = Standing
    told: dict = {}
    exec(compile(lines("python", url, mistake), str(PAGE), "exec"), told)  # noqa: S102
    for row, token in tokens(table):
        try:
            claims = told["who_calls"](token)
        except jwt.PyJWTError as error:
            table.judge(row, False, f"({type(error).__name__})")
            continue
        except Exception as error:  # A caller that expects a PyJWTError answers 500 then, and serves nobody.
            table.unusual[f'{type(error).__name__} at {row["why"]}'] += 1
            table.judge(row, False, f"({type(error).__name__})")
            continue
        judged(table, row, claims)

    def serves(token: str) -> bool:
        try:
            return bool(told["who_calls"](token))
        except Exception:  # As above.
            return False

    if not mistake:
        table.sweep(SHARED["sweeps"][0], SHARED["sweeps"][0]["masks"], serves)
    return table


def jose(url: str, node: Path, mistake=None) -> Table:
    table = Table("jose")
    rows, swept = tokens(table), []
    if not mistake:
        # All of them first: they are put to it in one process.
        table.sweep(SHARED["sweeps"][0], SHARED["sweeps"][0]["masks"], swept.append)
    # jose is a dependency of the package, and is found from there.
    folder = PROJECT / "sdk/node/dist/stock"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "lines.mjs"
    file.write_text(lines("js", url, mistake))
    asked = {"now_ms": SHARED["now_ms"], "tokens": [token for _, token in rows] + swept, "lines": str(file)}
    done = subprocess.run([node, Path(__file__).with_name("jose.mjs")], input=json.dumps(asked), capture_output=True, text=True,
                          timeout=PATIENCE_S)
    if done.returncode:
        raise RuntimeError(f"jose.mjs: {done.stderr[-1500:]}")
    answers = json.loads(done.stdout)
    by_token = dict(zip(swept, answers[len(rows):], strict=True))
    if not mistake:
        table.swept = 0
        table.sweep(SHARED["sweeps"][0], SHARED["sweeps"][0]["masks"], lambda token: "claims" in by_token[token])
    for (row, _), answer in zip(rows, answers[: len(rows)], strict=True):
        if "claims" in answer:
            judged(table, row, answer["claims"])
        else:
            if not answer["own"]:
                table.unusual[answer["error"]] += 1
            table.judge(row, False, f"({answer['error']})")
    return table


def judged(table: Table, row: dict, claims: dict):
    """It is served: with what the row says of who calls, where ours serve it too."""
    table.judge(row, True)
    if row["out"]["status"] == 200:
        identity = row["out"]["identity"]
        found = {**claims["tg"], "sub": claims["sub"], "iss": claims["iss"], "aud": claims["aud"]}
        if any(found.get(name) != identity[name] for name in ("key", "tenant", "env", "scopes", "plan", "sub", "iss", "aud")):
            table.faults.append(f"{table.part}: {row['id']}: the claims are {found}")


#: What can be forgotten in the lines: the rows must notice.
MISTAKES = (
    (pyjwt, ' audience="orders",', ' audience=["orders", "billing"],'),
    (pyjwt, ' issuer="https://gate.example",', ""),
    (pyjwt, " leeway=5,", " leeway=60,"),
    (pyjwt, '!= "tg-identity+jwt"', "is None"),
    (pyjwt, "if not 1 <= claims", "if not -99 <= claims"),
    (pyjwt, ' or "jti" in claims', ""),
    (jose, '    issuer: "https://gate.example",\n', ""),
    (jose, '    audience: "orders",\n', ""),
    (jose, '    typ: "tg-identity+jwt",\n', ""),
    (jose, "    maxTokenAge: 30,\n", ""),
    (jose, "life <= 30", "life <= 31"),
    (jose, ' || "jti" in payload', ""),
)


def unnoticed(url: str, node: Path) -> list[str]:
    """The mistakes that no row notices."""
    missed = []
    for play, *mistake in MISTAKES:
        name = f"{play.__name__}: {mistake}"
        wrong = lambda play=play, mistake=mistake: None if play(url, node, tuple(mistake)).faults else "no row notices"
        if why := noticed.unnoticed(name, wrong):
            missed.append(f"{name}: {why}")
    return missed


def main() -> int:
    parser = argparse.ArgumentParser(prog="origins.stock.libraries", description=__doc__)
    parser.add_argument("--node", type=Path, required=True)
    arguments = parser.parse_args()
    keys = Keys()
    try:
        node = arguments.node.absolute()
        tables, asked = [], []
        for play in (pyjwt, jose):
            before = keys.asked
            tables.append(play(keys.url, node))
            asked.append(keys.asked - before)
        missed = unnoticed(keys.url, node)
    finally:
        keys.close()
    print(f"the keys were fetched {asked[0]} times by PyJWT, and {asked[1]} times by jose")
    if max(asked) > FETCHES_MAX:
        tables[0].faults.append("unknown kids fetch the keys more often than the page says")
    lenient = [table.counts["served, and refused by ours"] for table in tables]
    ours = tables[0].counts["refused"] + lenient[0]
    tables[0].said(PAGE, f"of the {ours} rows with one token that ours refuse, PyJWT serves {lenient[0]} and `jose` {lenient[1]}.")
    held = all([table.close() for table in tables])
    for one in missed:
        print(f"FAILED {one}")
    print(f"{len(MISTAKES)} mistakes in the lines, {len(missed)} unnoticed")
    print(f"tollgate-tally tests={(2 if held else 0) + len(MISTAKES) - len(missed)} rows={sum(table.rows for table in tables if held)}")
    return 0 if held and not missed else 1


if __name__ == "__main__":
    sys.exit(main())
