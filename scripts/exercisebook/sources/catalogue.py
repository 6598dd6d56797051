"""The catalogue of open data sets: who, how, under what licence, what they may speak to."""

from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from exercisebook.errors import InvalidInput, Misuse, Problem, closest
from exercisebook.paths import DATA

DESIGNS = (
    "randomised (parallel)",
    "randomised (crossover)",
    "controlled, not randomised",
    "controls not concurrent",
    "single-arm before-after",
    "cross-sectional",
    "genetic instrument",
    "laboratory experiment",
    "published summary",
)


class DataFile(BaseModel):
    """One file as its publisher holds it, pinned to a commit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    url: str = Field(pattern=r"^https://")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(gt=0)


class Source(BaseModel):
    """What a claim's two verdicts need to know of data: of whom, of what, and by which design."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    species: str
    population: str
    exposure: str
    tissue: str
    design: Literal[DESIGNS]  # type: ignore[valid-type]
    remains: str


class Dataset(Source):
    """One data set: its people, its design, its licence, and its limits."""

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    title: str
    people: str
    design_note: str
    licence: str
    citation: str
    doi: str | None
    cite: str | None
    speaks_to: str
    never_to: str
    files: tuple[DataFile, ...]


@cache
def catalogue(path: Path = DATA / "catalog.yml") -> dict[str, Dataset]:
    """Return every data set by its id, in the catalogue's order.

    Raises
    ------
    InvalidInput
        With every entry and field that breaks the schema.
    """
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))["datasets"]
    problems, datasets = [], {}
    for position, entry in enumerate(entries, start=1):
        try:
            dataset = Dataset.model_validate(entry)
        except ValidationError as error:
            problems += [_problem(path, position, entry, fault) for fault in error.errors()]
            continue
        if dataset.id in datasets:
            repair = "Give each data set an id of its own."
            problems.append(Problem(path.name, repr(dataset.id), "each id once", repair, position))
        datasets[dataset.id] = dataset
    if problems:
        raise InvalidInput(problems)
    return datasets


def dataset(name: str) -> Dataset:
    """Return one data set; Misuse with the nearest id where there is none of that name."""
    known = catalogue()
    if name not in known:
        raise Misuse(f"no data set {name!r} in the catalogue; {closest(name, known)}")
    return known[name]


def _problem(path: Path, position: int, entry: object, fault: object) -> Problem:
    name = entry.get("id", position) if isinstance(entry, dict) else position
    where = ".".join(str(part) for part in fault["loc"])  # type: ignore[index]
    return Problem(
        path.name,
        repr(fault["input"])[:80],  # type: ignore[index]
        fault["msg"],  # type: ignore[index]
        f"Correct the entry {name!r}.",
        position,
        where,
    )
