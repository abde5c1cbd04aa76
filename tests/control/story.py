"""The page `docs/control.md`, played: `cd tests && python -m control.story`.

From an empty folder, with nothing but what a reader has: the command, curl, and the page. The ports are others, since
many stories may be played on one machine; the rest is typed as it stands there.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from contract.driver_native import environment
from contract.folders import FOLDERS
from gate.deployed import QuickOrigin

from . import page

PAGE = Path(__file__).resolve().parents[2] / "docs/control.md"
READY_S = STOPS_S = 20
COMMAND_S = 60
POLL_S = 0.05
#: From one try to the next: fewer than the key of the page may, or its limit would refuse what is to be seen.
AGAIN_S = 0.3
#: For how long a question that changes nothing is asked again where there is no verdict.
LATE_S = 10
SHOWN_MAX = 200
#: What the story is about: a page that no longer says one of these is not the same story.
TOLD = (
    "tollgate init", "tollgate serve", "9091/api/tenants ", "9091/api/owners?tenant=acme", "9091/api/templates ", "9091/api/keys ",
    ":8080/orders", "/api/keys/validate", "/usage", "/rotate", "/api/owners/shop/stop", "-X DELETE", "/api/audit/export",
    "tollgate audit verify",
)


class Failed(Exception):
    """Something was not as the page shows it."""


class Story:
    """One folder, one gate, one reader."""

    def __init__(self, binary: Path, folder: Path):
        self.binary, self.folder = binary.resolve(), folder
        self.kept: dict[str, str] = {}
        self.printed, self.answer = "", None
        self.gate, self.places = None, {}
        self.origin = QuickOrigin()
        # Listeners that the page does not speak of, and the patience of a machine that does other things as well.
        self.environment = environment() | {
            "TOLLGATE_GATE_LISTEN": "127.0.0.1:0", "TOLLGATE_ADMIN_LISTEN": "127.0.0.1:0",
            "TOLLGATE_GATE_STORE_DEADLINE_MS": "1000", "PATH": f"{self.binary.parent}{os.pathsep}{os.environ['PATH']}",
        }

    def configure(self, text: str):
        text = text.replace("127.0.0.1:3000", f"127.0.0.1:{self.origin.port}").replace("127.0.0.1:9091", "127.0.0.1:0")
        (self.folder / "tollgate.toml").write_text(text)

    def play(self, step):
        if isinstance(step, page.Export):
            self.keep(step)
        elif step.text == "tollgate serve":
            self.serve()
        else:
            self.type(step)

    def keep(self, export: page.Export):
        if export.where.endswith("of the answer"):
            value = self.answer
            for name in export.where.split('"')[1].split("."):
                value = value[name]
        else:
            value = re.search(r"\btg_live_\w+", self.printed)[0]
        self.kept[export.name] = value

    def type(self, command: page.Command):
        """Types it, and again until the answer is the one that the page shows or its time is over."""
        text = command.text
        for place, real in self.places.items():
            text = text.replace(place, real)
        text = text.replace("curl -sS", "curl -sS --max-time 30 -w '\\n%{http_code}'")
        begun = time.monotonic()
        while True:
            done = subprocess.run(["sh", "-c", text], cwd=self.folder, env=self.environment | self.kept, capture_output=True, text=True,
                                  timeout=COMMAND_S, stdin=subprocess.DEVNULL)
            wrong = self.judge(command, done)
            # A machine that does other things as well is late with a head now and then, and says so.
            late = '"code":"unavailable"' in done.stdout and self.may_be_repeated(command.text)
            if not wrong or time.monotonic() - begun > max(command.within_s, LATE_S if late else 0):
                break
            time.sleep(AGAIN_S)
        self.tell(command, done.stdout)
        if wrong:
            raise Failed(f"{command.text}\n{wrong}\n{done.stdout}{done.stderr}")

    def may_be_repeated(self, text: str) -> bool:
        return "-X" not in text and " -d " not in text

    def judge(self, command: page.Command, done) -> str:
        """What is wrong; nothing if it is as the page shows it."""
        self.printed = done.stdout
        if done.returncode != command.ends:
            return f"it ends with {done.returncode}"
        if not command.text.startswith("curl"):
            return "" if command.expected is None else "only answers are shown"
        body, _, status = done.stdout.rpartition("\n")
        if isinstance(command.expected, str):
            return "" if body.startswith(command.expected) else f"it does not begin with {command.expected}"
        try:
            self.answer = json.loads(body) if body.strip() else None
        except ValueError:
            return "it is no JSON"
        if command.expected is None or "status" not in command.expected:
            if not status.startswith("2"):
                return f"its status is {status}"
        return "" if command.expected is None or page.is_shown(command.expected, self.answer) else f"it is not {json.dumps(command.expected)}"

    def tell(self, command: page.Command, printed: str):
        for name, value in self.kept.items():
            printed = printed.replace(value, f"${name}")
        shown = " ".join(printed.split())
        print(f"$ {command.text}\n  {shown[:SHOWN_MAX]}{'…' if len(shown) > SHOWN_MAX else ''}", flush=True)

    def serve(self):
        self.log = self.folder / "log"
        with self.log.open("wb") as log:
            self.gate = subprocess.Popen([self.binary, "serve"], cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
                                         stdout=log, stderr=log)
        deadline = time.monotonic() + READY_S
        wanted = {"gate": "127.0.0.1:8080", "control": "127.0.0.1:9091"}
        while len(self.places) < len(wanted):
            if self.gate.poll() is not None or time.monotonic() > deadline:
                raise Failed(f"it does not listen: {self.log.read_text()[-1500:]}")
            for event in self.events():
                if event.get("event") == "listening" and event["listener"] in wanted:
                    self.places[wanted[event["listener"]]] = event["address"]
            time.sleep(POLL_S)
        print(f"$ tollgate serve\n  {self.places}", flush=True)

    def events(self) -> list[dict]:
        lines = self.log.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def end(self):
        """Ends the gate as an operator would. It said nothing that nobody may know, and nothing broke."""
        self.gate.terminate()
        ended, log = self.gate.wait(STOPS_S), self.log.read_text()
        if ended or "panic" in log:
            raise Failed(f"it ended with {ended}: {log[-1500:]}")
        for name, value in self.kept.items():
            if value.startswith("tg_live_") and value[12:40] in log:
                raise Failed(f"the log has a part of {name}")

    def close(self):
        if self.gate and self.gate.poll() is None:
            self.gate.kill()
            self.gate.wait()
        self.origin.stop()


def played(story: Story, steps: list, more=lambda: 0) -> int:
    """Plays a page, and what there is beside it: how many commands held, and the exit code."""
    held, heading = 0, ""
    try:
        for step in steps:
            if isinstance(step, page.Command):
                if step.heading != heading:
                    heading = step.heading
                    print(f"\n## {heading}\n", flush=True)
                held += 1
            story.play(step)
        held += more()
        story.end()
    except Failed as failed:
        print(f"FAILED {failed}", flush=True)
        return 1
    finally:
        story.close()
    print(f"\ntollgate-tally tests={held} rows=0 held={held} not_applicable=0 skipped=0")
    return 0


def run(binary: Path, path: Path) -> int:
    page.check()
    configuration, steps = page.read(path)
    text = "\n".join(step.text for step in steps if isinstance(step, page.Command))
    for part in TOLD:
        assert part in text or path != PAGE, f"the page says nothing of {part}"
    with tempfile.TemporaryDirectory(prefix="tollgate-story-", dir=FOLDERS) as folder:
        story = Story(binary, Path(folder))
        story.configure(configuration)
        return played(story, steps)


def main() -> int:
    parser = argparse.ArgumentParser(prog="control.story", description=__doc__)
    parser.add_argument("--binary", help="the file that a user would deploy", default="../target/release/tollgate", type=Path)
    parser.add_argument("--page", help="another page", default=PAGE, type=Path)
    arguments = parser.parse_args()
    return run(arguments.binary, arguments.page)


if __name__ == "__main__":
    sys.exit(main())
