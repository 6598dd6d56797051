"""Writing a simulated cohort: its package, and its truth beside it or sealed apart.

A sealed package tells neither its world nor its seed, and its random numbers come from a secret
key, so that nobody finds its world by simulating them all. The truth lies in a folder of its own,
with the key that makes it again.
"""

import hashlib
import hmac
import json
import secrets
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from exercisebook.cohort.package import refuse_occupied, whole_folder, write_cohort
from exercisebook.cohort.tables import write_csv
from exercisebook.errors import Misuse
from exercisebook.simulate.arrays import CELLS_PER_SAMPLE
from exercisebook.simulate.cohorts import Simulation, simulate
from exercisebook.simulate.single_cells import write_cells
from exercisebook.simulate.worlds import World

TRUTH = Path("truth")
EFFECTS = TRUTH / "effects.csv"
SEALED = ".sealed"
"""What the folder of a sealed truth is called after its package."""

DIGITS = 6
"""Significant digits of written values: more than any assay has."""

KEY_BYTES = 32


def write_simulation(simulation: Simulation, folder: Path) -> None:
    """Write a simulated cohort package with its ``truth/``, whole or not at all.

    Raises
    ------
    Misuse
        If the folder holds anything.
    """
    with whole_folder(folder) as staging:
        _write_package(simulation, staging / "package")
        _write_truth(simulation, staging / "package" / TRUTH)
        _lift(staging / "package", staging)


def new_key() -> bytes:
    """Return a key of 256 random bits."""
    return secrets.token_bytes(KEY_BYTES)


def read_key(path: Path) -> bytes:
    """Return the key in a file: 64 hexadecimal digits, or the ``key.json`` of a sealed truth.

    Raises
    ------
    Misuse
        If the file is absent or holds neither.
    """
    try:
        text = path.read_text(encoding="utf-8").strip()
        if path.suffix == ".json":
            text = json.loads(text)["key"]
        key = bytes.fromhex(text)
    except FileNotFoundError:
        raise Misuse(f"{path}: no such file; without --key a new key is made") from None
    except (ValueError, KeyError, TypeError, OSError, RecursionError):
        key = b""
    if len(key) != KEY_BYTES:
        raise Misuse(f"{path}: found no key; expected 64 hexadecimal digits, or a key.json")
    return key


def sealed_seed(key: bytes, *words: object) -> int:
    """Return the seed that belongs to some words under a key, by HMAC-SHA256.

    Without the key nobody can tell it from any other number.
    """
    message = json.dumps([str(word) for word in words]).encode()
    return int.from_bytes(hmac.new(key, message, hashlib.sha256).digest())


def sealed_simulation(
    world: World, n: int, seed: int, key: bytes, cells_per_sample: int = CELLS_PER_SAMPLE
) -> Simulation:
    """Simulate a study whose package does not say of which world it is; see ``simulate``."""
    made = simulate(
        world, n, sealed_seed(key, world.name, n, seed), cells_per_sample=cells_per_sample
    )
    said = {
        "title": "A simulated cohort of a world that is not disclosed",
        "licenses": made.cohort.description["licenses"],
        "simulated": True,
    }
    cohort = replace(made.cohort, name="simulated-sealed", description=said)
    return replace(made, cohort=cohort, world={**made.world, "seed": seed})


def write_sealed(simulation: Simulation, folder: Path, key: bytes) -> Path:
    """Write a package, and its truth with the key in a folder beside it; both or neither.

    Returns
    -------
    Path
        The folder of the truth: ``truth/`` and ``key.json``, which holds the key, what was
        simulated, and the sha256 of each file of the package.

    Raises
    ------
    Misuse
        If either folder holds anything.
    """
    refuse_occupied(folder)
    apart = folder.with_name(folder.name + SEALED)
    package_stands = False
    try:
        with whole_folder(apart) as truth:
            with whole_folder(folder) as staging:
                _write_package(simulation, staging / "package")
                _lift(staging / "package", staging)
                _write_truth(simulation, truth / TRUTH)
                _write_json(_key_file(simulation, staging, key), truth / "key.json")
            package_stands = True
    except BaseException:
        # without its truth a sealed package is of no use to anybody
        if package_stands:
            shutil.rmtree(folder)
        raise
    return apart


def _key_file(simulation: Simulation, package: Path, key: bytes) -> dict[str, Any]:
    cells, samples = simulation.cells, simulation.cohort.samples
    return {
        "key": key.hex(),
        **{name: simulation.world[name] for name in ("world", "subjects", "seed")},
        "cells_per_sample": 0 if cells is None else cells.n_obs // len(samples),
        "sha256": {str(p.relative_to(package)): _sha256(p) for p in _files(package)},
    }


def read_truth(folder: Path) -> pd.DataFrame:
    """Return the true effects that lie in a simulated cohort's folder."""
    return pd.read_csv(folder / EFFECTS)


def _write_package(simulation: Simulation, folder: Path) -> None:
    write_cohort(simulation.cohort, folder, DIGITS)
    if simulation.cells is not None:
        write_cells(simulation.cells, folder / "cells.h5ad")


def _write_truth(simulation: Simulation, folder: Path) -> None:
    folder.mkdir(parents=True)
    for name, table in simulation.truth.items():
        write_csv(table, folder / f"{name}.csv", DIGITS)
    _write_json(simulation.world, folder / "world.json")


def _write_json(content: dict[str, Any], path: Path) -> None:
    text = json.dumps(content, indent=2, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def _lift(folder: Path, into: Path) -> None:
    for path in sorted(folder.iterdir()):
        path.rename(into / path.name)
    folder.rmdir()


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
