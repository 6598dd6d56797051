"""Keeping a command no longer than whoever asked for it, however that one ends.

A build runs in a session of its own, so that Ctrl-C in a terminal reaches one process alone.
Killed outright, that one can no longer end what it started; so a keeper stands between. Its
standard input is a pipe from the caller, which the system closes when the caller is gone.

Called as a program: ``python -m exercisebook.publish.keeper COMMAND [ARGUMENT]...``.
"""

import os
import signal
import subprocess
import sys
import threading
import time

GRACE_S = 20.0
"""For the command to end its jobs, elsewhere too, before it is killed."""

_STEPS = ((signal.SIGINT, GRACE_S), (signal.SIGTERM, 3.0))


def keep(command: list[str]) -> int:
    """Run a command to its end, or to the end of standard input; return its exit status."""
    if os.getpgrp() != os.getpid():
        # the group that is ended in the end must be the keeper's own
        os.setsid()
    for stop, _ in _STEPS:
        # what is sent to the whole group is not for the keeper; a child starts with the default
        signal.signal(stop, lambda *_: None)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    gone = threading.Event()
    watch = threading.Thread(target=_end_with_caller, args=(child, gone), daemon=True)
    watch.start()
    status = child.wait()
    if gone.is_set():
        # what the command left running is ended too, and the keeper with it
        watch.join()
    return status


def _end_with_caller(child: "subprocess.Popen[bytes]", gone: threading.Event) -> None:
    """Wait until the caller is gone; then end the whole group, in the end by force."""
    while os.read(0, 1 << 10):
        pass
    gone.set()
    for stop, seconds in _STEPS:
        os.killpg(0, stop)
        until = time.monotonic() + seconds
        while child.poll() is None and time.monotonic() < until:
            time.sleep(0.05)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(keep(sys.argv[1:]))
