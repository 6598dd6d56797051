"""Set up this checkout: its own .venv with the locked packages and the book itself.

Needs Python 3.11 or later and nothing else; written so that an older Python can still say so.
Called by the Makefile; `python3 scripts/bootstrap.py` does the same without make.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
STAMP = os.path.join(VENV, ".ready")
OLDEST = (3, 11)
NEWER = ("python3.13", "python3.12", "python3.11")


def main():
    """Make or complete the environment; do nothing where it is complete."""
    if sys.version_info[:2] < OLDEST:
        return with_newer_python()
    wanted = state()
    if read(STAMP) == wanted:
        return 0
    missing = missing_modules()
    if missing:
        version = "{}.{}".format(*sys.version_info[:2])
        return fail(
            "this Python lacks {}; on Debian and Ubuntu: apt-get install python{}-venv "
            "(or python3-venv)".format(" and ".join(missing), version)
        )
    started = time.time()
    if not works(python_of_venv()):
        shutil.rmtree(VENV, ignore_errors=True)
        say("making .venv")
        run([sys.executable, "-m", "venv", VENV])
    pip = [python_of_venv(), "-m", "pip", "--disable-pip-version-check", "--no-input"]
    install = pip + ["install", "-qq", "--no-warn-script-location"]
    say("installing the locked packages (two minutes or so)")
    # the lock names all there is to install; left to resolve again, pip wants a pin for extras too
    lock = os.path.join(ROOT, "requirements.lock")
    run(install + ["--no-deps", "--require-hashes", "-r", lock])
    run(install + ["--no-deps", "--no-build-isolation", "--editable", ROOT])
    say("compiling")
    run(
        [python_of_venv(), "-m", "compileall", "-q", "-j", "0", "-x", r"/tests?/", VENV],
        check=False,
    )
    with open(STAMP, "w") as out:
        out.write(wanted)
    say("ready after {:.0f} s".format(time.time() - started))
    return 0


def with_newer_python():
    """Start again under a newer Python of this machine, if there is one."""
    for name in NEWER:
        path = shutil.which(name)
        if path and works(path):
            return subprocess.call([path, os.path.abspath(__file__)])
    return fail(
        "Python {}.{} or later is needed; this is {}.{} and no newer one was found. Name one with "
        "make PYTHON=/path/to/python".format(*(OLDEST + sys.version_info[:2]))
    )


def missing_modules():
    """Return which modules of the standard library this Python was shipped without."""
    missing = []
    for name in ("venv", "ensurepip"):
        try:
            __import__(name)
        except ImportError:
            missing.append(name)
    return missing


def state():
    """Return what the environment must match: lock, package, version and place of Python."""
    whole = hashlib.sha256(sys.version.encode())
    whole.update(ROOT.encode())
    for name in ("requirements.lock", "pyproject.toml", "scripts/bootstrap.py"):
        with open(os.path.join(ROOT, name), "rb") as part:
            whole.update(part.read())
    return whole.hexdigest()


def python_of_venv():
    """Return the environment's interpreter."""
    place = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    return os.path.join(VENV, *place)


def works(python):
    """Return whether an interpreter is there and starts."""
    if not os.path.exists(python):
        return False
    words = [python, "-c", "import sys; sys.exit(sys.version_info[:2] < (3, 11))"]
    return subprocess.call(words, stderr=subprocess.DEVNULL) == 0


def run(words, check=True):
    """Run a command; stop with its status if it fails."""
    environment = dict(os.environ)
    # with this set no bytecode is kept, and every start is slower by seconds
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    status = subprocess.call(words, env=environment)
    if status and check:
        say("failed: " + " ".join(words))
        sys.exit(1)


def read(path):
    """Return a small file's text, or nothing."""
    try:
        with open(path) as content:
            return content.read()
    except OSError:
        return ""


def say(text):
    """Print a line of progress."""
    sys.stderr.write("bootstrap: " + text + "\n")
    sys.stderr.flush()


def fail(text):
    """Print what is wrong and return the status of misuse."""
    say(text)
    return 2


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        say("interrupted; run it again to go on")
        sys.exit(1)
