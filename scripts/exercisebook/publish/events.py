"""What workers tell the one who waits: a line of JSON an event, in a file they share."""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from subprocess import Popen

VARIABLE = "EXERCISEBOOK_EVENTS"

Event = dict[str, object]


def tell(**event: object) -> None:
    """Append an event to the file that ``EXERCISEBOOK_EVENTS`` names, if it names one."""
    path = os.environ.get(VARIABLE)
    if path:
        with Path(path).open("a", encoding="utf-8") as out:
            out.write(json.dumps(event) + "\n")


def watch(path: Path, process: "Popen[bytes]") -> Iterator[Event]:
    """Yield events as they come, until the process has ended."""
    read = 0
    while True:
        ended = process.poll() is not None
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        for line in lines[read:]:
            yield json.loads(line)
        read = len(lines)
        if ended:
            return
        time.sleep(0.1)
