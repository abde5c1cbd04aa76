"""The page of `examples/pipeline-crm`, played: `cd tests && python -m origins.crm.story --binary … --crm … --node …`.

From an empty folder, against the command and the example as they are built. The ports are others, since many stories may be played
on one machine; the rest is typed as it stands there. Then the collection for Postman, by a runner of this folder that knows what the
collection uses, and the limit, counted.
"""

import argparse
import http.client
import math
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from contract.folders import FOLDERS
from control import page
from control.story import COMMAND_S, POLL_S, READY_S, STOPS_S, Failed, Story, played

PROJECT = Path(__file__).resolve().parents[3]
EXAMPLE = PROJECT / "examples/pipeline-crm"
GATE, CRM = "127.0.0.1:8080", "127.0.0.1:3000"
#: What the page's key may: so many at once, and one more each so often.
BURST, EACH_S = 50, 1.2
#: So often the limit is played where the gate is late, and so long each time: until more have come back than there were at first.
PLAYS_MAX = 10
PLAY_S = BURST * EACH_S
#: What the story is about: a page that no longer says one of these is not the same story.
TOLD = (
    "tollgate dev --origin", "cargo run -p pipeline-crm", "minute:key=50,50/1m", ":8080/stages", "If-Match", "opportunities?state=won",
    '"scope_missing"', '"workspace"', "X-Tenant", f"{CRM}/opportunities", "rate_limited", "client.mjs", "/archive",
)


class Pipeline(Story):
    """A gate in front of the pipeline, in an empty folder."""

    def __init__(self, arguments, folder: Path):
        super().__init__(arguments.binary, folder)
        self.crm, self.node = arguments.crm.resolve(), arguments.node.absolute()
        self.started: dict[str, subprocess.Popen] = {}
        # A port that nobody else is given meanwhile: it is bound, and listened to by the pipeline later.
        self.kept_port = socket.socket()
        self.kept_port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.kept_port.bind(("127.0.0.1", 0))
        self.places = {CRM: f"127.0.0.1:{self.kept_port.getsockname()[1]}"}
        self.environment["PATH"] = f"{self.node.parent}{os.pathsep}{self.environment['PATH']}"
        (folder / "examples").symlink_to(PROJECT / "examples")

    def play(self, step):
        text = getattr(step, "text", "")
        if text.startswith("tollgate dev"):
            port = self.start("gate", [self.binary, *text.replace(CRM, self.places[CRM]).split()[1:]], r"A gate on http://127.0.0.1:(\d+)")
            self.places[GATE] = f"127.0.0.1:{port}"
        elif text == "cargo run -p pipeline-crm":
            settings = ["--listen", self.places[CRM], "--gate", f"http://{self.places[GATE]}"]
            self.start("crm", [self.crm, *settings], r"listening on http://127.0.0.1:(\d+)")
        else:
            super().play(step)

    def start(self, name: str, words: list, said: str) -> str:
        path = self.folder / f"{name}.log"
        with path.open("wb") as log:
            self.started[name] = subprocess.Popen(words, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, stdout=log,
                                                  stderr=log)
        deadline = time.monotonic() + READY_S
        while not (found := re.search(said, path.read_text())):
            if self.started[name].poll() is not None or time.monotonic() > deadline:
                raise Failed(f"{name} does not listen: {path.read_text()[-1500:]}")
            time.sleep(POLL_S)
        print(f"$ {' '.join(map(str, words[1:]))}\n  {found[0]}", flush=True)
        return found[1]

    def may_be_repeated(self, text: str) -> bool:
        """What the gate has no verdict on does not reach the pipeline."""
        return True

    def judge(self, command: page.Command, done) -> str:
        """Other commands than curl show what they print."""
        if command.text.startswith("curl") or command.expected is None or done.returncode:
            return super().judge(command, done)
        self.printed = done.stdout
        return "" if done.stdout.startswith(command.expected) else "it does not print what is shown"

    def end(self):
        """Both end as they are told to. Neither has said a part of a key, and nothing broke."""
        for name, process in reversed(self.started.items()):
            process.terminate()
            ended, log = process.wait(STOPS_S), (self.folder / f"{name}.log").read_text()
            if ended or "panic" in log or "pipeline-crm:" in log:
                raise Failed(f"{name} ended with {ended}: {log[-1500:]}")
            for key, value in self.kept.items():
                if value.startswith("tg_live_") and value[12:40] in log:
                    raise Failed(f"the log of {name} has a part of {key}")

    def close(self):
        for process in self.started.values():
            if process.poll() is None:
                process.kill()
                process.wait()
        self.kept_port.close()
        super().close()

    def key(self) -> str:
        """One more key like the page's, of a workspace of its own."""
        scopes = [word for scope in ("opportunities", "stages") for act in ("read", "write") for word in ("--scope", f"{scope}:{act}")]
        words = ["keys", "create", "--config", "tollgate-dev/tollgate.toml", "--tenant", "hooli", "--owner", "gavin", "--limit",
                 "minute:key=50,50/1m", "--scope", "metrics:read", *scopes]
        made = subprocess.run([self.binary, *words], cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=COMMAND_S)
        return re.search(r"\btg_live_\w+", made.stdout)[0]


def collection(story: Pipeline):
    """The collection is run from top to bottom, scripts included."""
    words = [story.node, Path(__file__).with_name("postman.mjs"), EXAMPLE / "postman.json", EXAMPLE / "postman.environment.json",
             f"url=http://{story.places[GATE]}", f"key={story.key()}"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=COMMAND_S)
    if done.returncode:
        raise Failed(f"the collection: {done.stdout}{done.stderr}")
    print(done.stdout, flush=True)
    return int(re.search(r"^held (\d+)$", done.stdout, re.M)[1])


def limit(story: Pipeline):
    """Plays it again with another key where a machine that does other things as well has cost the gate what it had leased.

    That no more pass than there are holds in every play.
    """
    for _ in range(PLAYS_MAX):
        with closing(Asker(story)) as asker:
            passed, most = asker.until_refused()
            if passed > most:
                raise Failed(f"{passed} passed, and there were {most}")
            wait_s, after = asker.wait()
            if asker.late:
                continue
            if passed < BURST or not 1 <= wait_s <= math.ceil(EACH_S) or after != 200:
                raise Failed(f"{passed} passed, then it was told to wait {wait_s} s, and after them it was {after}")
            print(f"{passed} requests passed, then 429; after {wait_s} s 200", flush=True)
            return 2
    raise Failed(f"in {PLAYS_MAX} plays the gate had no verdict in time")


class Asker:
    """Somebody with a key of their own, who asks over one connection and as fast as it is answered."""

    def __init__(self, story: Pipeline):
        host, _, port = story.places[GATE].partition(":")
        self.gate, self.fields = http.client.HTTPConnection(host, int(port), timeout=READY_S), {"X-API-Key": story.key()}
        self.last, self.late = None, False

    def ask(self) -> int:
        self.gate.request("GET", "/stages", headers=self.fields)
        self.last = self.gate.getresponse()
        self.last.read()
        self.late |= self.last.status == 503
        return self.last.status

    def until_refused(self) -> tuple[int, int]:
        """How many passed until one had to wait, and how many there were by then."""
        begun, passed = time.monotonic(), 0
        while (status := self.ask()) in (200, 503):
            passed += status == 200
            if time.monotonic() - begun > PLAY_S:
                raise Failed(f"after {PLAY_S} s {passed} passed, and none had to wait")
        if status != 429:
            raise Failed(f"{passed} passed, and then it was {status}")
        return passed, BURST + math.floor((time.monotonic() - begun) / EACH_S)

    def wait(self) -> tuple[int, int]:
        """For how long it was told to wait, and what it was told after that."""
        wait_s = int(self.last.headers["Retry-After"])
        time.sleep(wait_s)
        return wait_s, self.ask()

    def close(self):
        self.gate.close()


def run(arguments) -> int:
    page.check()
    configuration, steps = page.read(arguments.page)
    text = "\n".join(f"{step.text} {step.expected}" for step in steps if isinstance(step, page.Command))
    for part in TOLD:
        assert part.replace('"', "'") in text or part in text or arguments.page != EXAMPLE / "README.md", f"the page says nothing of {part}"
    assert not configuration
    with tempfile.TemporaryDirectory(prefix="tollgate-crm-", dir=FOLDERS) as folder:
        story = Pipeline(arguments, Path(folder))
        return played(story, steps, lambda: collection(story) + limit(story))


def main() -> int:
    parser = argparse.ArgumentParser(prog="origins.crm.story", description=__doc__)
    parser.add_argument("--binary", help="the gate's command", default=PROJECT / "target/release/tollgate", type=Path)
    parser.add_argument("--crm", help="the example's program", default=PROJECT / "target/debug/pipeline-crm", type=Path)
    parser.add_argument("--node", help="Node 20 or newer", default="/usr/bin/node", type=Path)
    parser.add_argument("--page", help="another page", default=EXAMPLE / "README.md", type=Path)
    return run(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
