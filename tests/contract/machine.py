"""Whether the machine stood still for a moment: then a message between a gate and its store may have been late."""

import subprocess
import sys
import threading
import time

#: A sleep that takes so much longer than it should is a stall. Messages are waited for at least 100 ms.
STALL_S = 0.03
NAP_S = 0.004

_WATCH = f"""
import sys, time
while True:
    begun = time.monotonic()
    time.sleep({NAP_S})
    ended = time.monotonic()
    if ended - begun > {NAP_S + STALL_S}:
        print(begun, ended, flush=True)
"""


class Machine:
    """Watches from a process of its own, so that what this one does is no stall."""

    def __init__(self):
        self.stalls: list[tuple[float, float]] = []
        self.watch = subprocess.Popen([sys.executable, "-c", _WATCH], stdout=subprocess.PIPE, text=True)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        for line in self.watch.stdout:
            begun, ended = map(float, line.split())
            self.stalls.append((begun, ended))

    def stalled_since(self, begun: float) -> bool:
        """Whether it stood still at any time since."""
        # What has just ended is told in a moment.
        time.sleep(2 * NAP_S)
        return any(ended >= begun for _, ended in list(self.stalls))

    def stop(self):
        self.watch.kill()
        self.watch.wait()
        self.watch.stdout.close()
