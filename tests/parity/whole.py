"""Compare the engine with R in full size: ``python tests/parity/whole.py``.

If EXERCISEBOOK_PARITY names a folder of inputs and references, the tests run on it. Else, where
R and its packages are installed, the inputs are drawn into ``_build/parity`` and R answers them.
Else the tests run on the committed slices. The status is that of pytest.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from exercisebook.paths import BUILD

HERE = Path(__file__).resolve().parent
PACKAGES = ("limma", "statmod", "edgeR", "DESeq2", "lmerTest", "pbkrtest", "jsonlite")
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def say(words: str) -> None:
    print(words, flush=True)


def missing_packages() -> list[str]:
    """Return which of the R packages are not installed; all of them where there is no R."""
    if shutil.which("Rscript") is None:
        return list(PACKAGES)
    asked = ", ".join(f'"{name}"' for name in PACKAGES)
    program = f"cat(Filter(function(p) !requireNamespace(p, quietly = TRUE), c({asked})))"
    done = subprocess.run(["Rscript", "-e", program], capture_output=True, text=True, check=True)
    return done.stdout.split()


def run(what: str, command: list[str]) -> None:
    """Run a command that must succeed, and say how long it took."""
    started = time.monotonic()
    subprocess.run(command, check=True, env=os.environ | ONE_THREAD)
    say(f"{what}: {time.monotonic() - started:.0f} s")


def answered(folder: Path) -> Path:
    """Draw whole inputs into a folder, and have R answer them."""
    shutil.rmtree(folder, ignore_errors=True)
    run("inputs drawn", [sys.executable, str(HERE / "engine_inputs.py"), str(folder), "--whole"])
    run("R answered", ["Rscript", str(HERE / "make_engine_reference.R"), str(folder)])
    say((folder / "versions.txt").read_text(encoding="utf-8").strip().replace("\n", ", "))
    return folder


def references() -> Path | None:
    """Return the folder to compare with, or None for the slices."""
    given = os.environ.get("EXERCISEBOOK_PARITY")
    if given:
        say(f"parity with the references in EXERCISEBOOK_PARITY: {given}")
        return Path(given)
    missing = missing_packages()
    if missing:
        say(f"R lacks {', '.join(missing)}: parity with the committed slices only")
        return None
    say(f"parity in full size, with R on this machine, in {BUILD / 'parity'}")
    return answered(BUILD / "parity")


def main() -> int:
    """Run the tests; every comparison is printed."""
    folder = references()
    environment = os.environ | ({} if folder is None else {"EXERCISEBOOK_PARITY": str(folder)})
    started = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", "-s", str(HERE)]
    status = subprocess.run(command, check=False, env=environment).returncode
    say(f"compared in {time.monotonic() - started:.0f} s: {'agreed' if status == 0 else 'FAILED'}")
    return status


if __name__ == "__main__":
    sys.exit(main())
