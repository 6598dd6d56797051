"""Opening a cohort by name: the reference, an open data set, or a package on this machine."""

from collections.abc import Callable
from pathlib import Path

from exercisebook.cohort.package import Cohort, read_cohort
from exercisebook.errors import Failure, Misuse, closest
from exercisebook.paths import REFERENCE
from exercisebook.sources.catalogue import catalogue, dataset
from exercisebook.sources.cycling_training import read_cycling_training
from exercisebook.sources.erythrocyte_redox import read_erythrocyte_redox
from exercisebook.sources.fetch import locate
from exercisebook.sources.grinta import read_grinta
from exercisebook.sources.kang_pbmc import read_kang_pbmc
from exercisebook.sources.motrpac_rat import read_motrpac_rat
from exercisebook.sources.nhanes import read_nhanes
from exercisebook.sources.study import study_of
from exercisebook.sources.ultramarathon import read_ultramarathon

READERS: dict[str, Callable[[dict[str, Path]], Cohort]] = {
    "grinta": read_grinta,
    "ultramarathon": read_ultramarathon,
    "nhanes": read_nhanes,
    "cycling-training": read_cycling_training,
    "kang-pbmc": read_kang_pbmc,
    "motrpac-rat": read_motrpac_rat,
    "erythrocyte-redox": read_erythrocyte_redox,
}


def open_cohort(name: str) -> Cohort:
    """Return a cohort.

    Parameters
    ----------
    name : str
        ``reference``, the id of an open data set, or the absolute path of a cohort package.

    Raises
    ------
    Misuse
        If the name stands for none of these.
    Failure
        If it is an open data set whose bytes are not at hand.
    InvalidInput
        If a package breaks the rules of its tables.
    """
    if name == "reference":
        return read_cohort(REFERENCE)
    if name in READERS:
        files = locate(dataset(name))
        if files is None:
            raise Failure(needs_bytes(name))
        return READERS[name](files)
    check_cohort_name(name)
    return read_cohort(Path(name))


def is_id(name: str) -> bool:
    """Return whether a name is that of the reference or of an open data set with a reader."""
    return name == "reference" or name in READERS


def check_cohort(name: str) -> None:
    """Raise as ``open_cohort`` would, with the bytes of open data left unread."""
    check_cohort_name(name)
    if not is_id(name):
        study_of(read_cohort(Path(name)).description)


def check_cohort_name(name: str) -> None:
    """Raise as ``open_cohort`` would for a name that stands for nothing, reading nothing."""
    if is_id(name):
        return
    if name in catalogue():
        raise Misuse(
            f"cohort: {name} is in the catalogue, and no reader makes a cohort of it yet; "
            f"these have one: {', '.join(READERS)}"
        )
    if not Path(name).is_absolute():
        known = ["reference", *READERS]
        raise Misuse(
            f"cohort: no cohort {name!r}; give the absolute path of a package, or an id: "
            f"{closest(name, known)}"
        )
    if not Path(name).is_dir():
        what = "is a file" if Path(name).exists() else "does not exist"
        raise Misuse(f"cohort: {name} {what}; a cohort is a folder with datapackage.json")
    if not (Path(name) / "datapackage.json").is_file():
        raise Misuse(f"cohort: {name} holds no datapackage.json, so it is no cohort package")


def needs_bytes(name: str) -> str:
    """Return the sentence that names the command which brings a data set in."""
    return f"{name}: its bytes are not on this machine; run: exercisebook data fetch {name}"
