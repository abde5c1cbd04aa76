"""Counts what a process asks of its SQLite store, from outside: by the locks that every transaction takes.

In WAL mode a transaction, reading or writing, begins with a shared lock of one byte on one of the read marks of
the `-shm` file: bytes 123 to 127. strace sees each of these system calls; the process does not know.
Connections of one process share the lock while they overlap, so counts are exact for questions asked one after
another, and never too high.
"""

import re
import shutil
import time
from pathlib import Path

from .host import Unavailable

_READ_MARK = re.compile(rb"fcntl\(\d+<[^>]*-shm>, F_SETLK, \{l_type=F_RDLCK, l_whence=SEEK_SET, l_start=12[3-7], l_len=1\}\) = 0")
QUIET_S = 0.015
QUIET_MAX_S = 1.0


def command(to: Path) -> list[str]:
    """What a command is started with so that its locks are written to a file."""
    strace = shutil.which("strace")
    if strace is None:
        raise Unavailable("strace is not installed: `cargo xtask setup` installs it, and without it no store call is counted")
    return [strace, "-D", "-f", "-qq", "-y", "--seccomp-bpf", "-e", "trace=fcntl", "-e", "signal=none", "-o", str(to), "--"]


class Count:
    """How many transactions there were so far."""

    def __init__(self, trace: Path):
        self.trace, self.read, self.calls, self.rest = trace, 0, 0, b""

    def now(self) -> int:
        """Reads on until nothing new has come for a moment: what was asked behind an answer counts as well."""
        deadline = time.monotonic() + QUIET_MAX_S
        while True:
            self._more()
            before = self.read
            time.sleep(QUIET_S)
            self._more()
            if self.read == before or time.monotonic() > deadline:
                return self.calls

    def _more(self):
        if not self.trace.exists():
            return
        with self.trace.open("rb") as file:
            file.seek(self.read)
            data = file.read()
        self.read += len(data)
        *lines, self.rest = (self.rest + data).split(b"\n")
        self.calls += sum(bool(_READ_MARK.search(line)) for line in lines)
