"""Chapters on a cluster: Snakemake's profiles, and what a machine lacks to use one."""

import shutil
from importlib.util import find_spec
from pathlib import Path

import yaml

from exercisebook.errors import Failure, Misuse, closest
from exercisebook.paths import ROOT

PROFILES = ROOT / "scripts" / "profiles"
"""Profiles of the book's own, a folder each."""


def profile_folder(name: str, profiles: Path = PROFILES) -> Path:
    """Return the folder of a profile.

    Parameters
    ----------
    name : str
        ``slurm``, or a folder with a ``config.yaml`` of one's own.
    profiles : Path
        Where the book keeps its own.

    Raises
    ------
    Misuse
        If there is no such profile, or it cannot be read.
    Failure
        If its executor plugin, or the cluster's command, is not on this machine.
    """
    known = sorted(place.parent.name for place in profiles.glob("*/config.yaml"))
    folder = profiles / name if name in known else Path(name).resolve()
    if not (folder / "config.yaml").is_file():
        raise Misuse(
            f"profile: {name!r} is no folder with a config.yaml, and no profile of the book; "
            f"{closest(name, known)}"
        )
    executor = _executor(folder / "config.yaml")
    if executor and find_spec(f"snakemake_executor_plugin_{executor.replace('-', '_')}") is None:
        raise Failure(
            f"profile: Snakemake's plugin for {executor} is not installed; run: "
            f".venv/bin/python -m pip install snakemake-executor-plugin-{executor}"
        )
    if executor == "slurm" and shutil.which("sbatch") is None:
        raise Failure("profile: there is no sbatch here; run this where jobs are submitted")
    return folder


def _executor(config: Path) -> str:
    """Return the executor that a profile names, or nothing."""
    try:
        told = yaml.safe_load(config.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, yaml.YAMLError):
        raise Misuse(f"profile: {config} is no YAML; correct it") from None
    if not isinstance(told, dict):
        raise Misuse(f"profile: {config} holds no settings; write NAME: VALUE, a line each")
    return str(told.get("executor", ""))
