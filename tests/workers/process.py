"""One workerd."""

import json
import os
import subprocess
from pathlib import Path

from contract.driver_workers import WORKERD


def started(place: Path, config: str, log: Path, wanted: set[str]) -> tuple[subprocess.Popen, dict[str, int]]:
    """Starts it in a folder and returns when it listens everywhere: at which ports."""
    said, says = os.pipe()
    with log.open("ab") as told:
        process = subprocess.Popen([WORKERD, "serve", config, f"--control-fd={says}"], cwd=place, pass_fds=(says,),
                                   stdin=subprocess.DEVNULL, stdout=told, stderr=told)
    os.close(says)
    ports = {}
    with os.fdopen(said) as lines:
        for line in lines:
            event = json.loads(line)
            if event.get("event") == "listen":
                ports[event["socket"]] = event["port"]
            if wanted <= set(ports):
                return process, ports
    process.kill()
    process.wait()
    raise RuntimeError(f"workerd ended: {log.read_text('utf-8', 'replace')[-600:]}")


def ended(process: subprocess.Popen | None):
    """Ends it at once, whatever it was doing."""
    if process is not None:
        process.kill()
        process.wait()
