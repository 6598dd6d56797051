"""What workers tell the one who waits: a line of JSON an event, in a file they share."""

import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import Popen

from exercisebook.errors import BookError
from exercisebook.publish.system import told

VARIABLE = "EXERCISEBOOK_EVENTS"

Event = dict[str, object]


def tell(**event: object) -> None:
    """Append an event to the file that ``EXERCISEBOOK_EVENTS`` names, if it names one."""
    path, line = os.environ.get(VARIABLE), json.dumps(event) + "\n"
    if path:
        try:
            with Path(path).open("a", encoding="utf-8") as out:
                out.write(line)
        except OSError:
            # on a full disk an event is lost; what failed must still be told as itself
            sys.stderr.write(line)


def watch(path: Path, process: "Popen[bytes]") -> Iterator[Event]:
    """Yield events as they come, until the process has ended."""
    read = 0
    while True:
        ended = process.poll() is not None
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        # what stands behind the last line end is still being written
        lines = text.split("\n")[:-1]
        for line in lines[read:]:
            yield json.loads(line)
        read = len(lines)
        if ended:
            return
        time.sleep(0.1)


def at_work(name: str, work: Callable[[], object]) -> int:
    """Do a worker's part and return its exit status, telling start and end, or what failed.

    Parameters
    ----------
    name : str
        Of the part, as progress shows it.
    work : callable
        The part. An error meant for a user is told as it stands, any other as one line; its
        traceback goes to standard error, which the build keeps in its log.
    """
    started = time.monotonic()
    tell(event="started", chapter=name)
    try:
        work()
    except BookError as error:
        tell(event="failed", chapter=name, message=str(error))
        return 1
    except OSError as error:
        traceback.print_exc()
        tell(event="failed", chapter=name, message=f"{name}: {told(error)}")
        return 1
    except Exception as error:
        traceback.print_exc()
        said = " ".join(str(error).split())
        tell(event="failed", chapter=name, message=f"{name}: {type(error).__name__}: {said}")
        return 1
    tell(event="done", chapter=name, seconds=round(time.monotonic() - started, 1))
    return 0
