"""Counts what a process asks of its SQLite store, from outside: by the locks that every transaction takes.

In WAL mode a transaction, reading or writing, begins with a shared lock of one byte on one of the read marks of
the `-shm` file, bytes 123 to 127, and one that writes takes byte 120 as well. strace sees each of these system
calls; the process does not know. Counted is what is asked for requests: every transaction of the thread `reads`,
and every write of the thread `leases`. (A third one, `tidy`, looks every five seconds whether there is something
to tidy.) Connections of one process share a lock while they overlap, so counts are exact for
questions asked one after another, and never too high.
"""

import re
import shutil
import time
from pathlib import Path

from .host import Unavailable

_LOCK = rb"fcntl\(\d+<[^>]*-shm>, F_SETLK, \{l_type=%s, l_whence=SEEK_SET, l_start=%s, l_len=1\}\) = 0"
_CALL = re.compile(rb"^\d+<reads> +" + _LOCK % (b"F_RDLCK", b"12[3-7]") + rb"|^\d+<leases> +" + _LOCK % (b"F_WRLCK", b"120"))
QUIET_S = 0.015
QUIET_MAX_S = 1.0


def command(to: Path) -> list[str]:
    """What a command is started with so that its locks are written to a file."""
    strace = shutil.which("strace")
    if strace is None:
        raise Unavailable("strace is not installed: `cargo xtask setup` installs it, and without it no store call is counted")
    return [strace, "-D", "-f", "-qq", "-y", "--decode-pids=comm", "--seccomp-bpf", "-e", "trace=fcntl", "-e", "signal=none", "-o", str(to), "--"]


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
        self.calls += sum(bool(_CALL.search(line)) for line in lines)
