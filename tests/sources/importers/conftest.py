"""A package of four people before and after, with nothing measured yet, and its samples."""

import json
import shutil

import pandas as pd
import pytest

from exercisebook.sources.importers.packages import open_package
from exercisebook.sources.importers.samples import Samples
from exercisebook.sources.templates.package import write_template

PEOPLE = ["01", "02", "03", "04"]
PHASES = ["before", "after"]
IDS = [f"{person}-{phase}" for person in PEOPLE for phase in PHASES]


def own_tables(folder):
    """Replace the examples of the template's tables by four people of the tester's own."""
    subjects = pd.DataFrame({"subject": PEOPLE, "sex": "female", "age": [23, 31, 44, 52]})
    subjects.to_csv(folder / "subjects.csv", index=False)
    samples = pd.DataFrame({"sample_id": IDS})
    samples["subject"] = samples["sample_id"].str[:2]
    samples["arm"] = "exercise"
    samples["phase"] = samples["sample_id"].str[3:]
    samples["day"] = samples["phase"].map({"before": 1, "after": 85})
    samples["time_h"] = ""
    samples["hours_since_bout"] = samples["phase"].map({"before": "", "after": "48"})
    samples["fasting"] = "yes"
    samples["batch"] = "1"
    samples.to_csv(folder / "samples.csv", index=False)
    (folder / "contrasts.csv").write_text(
        "contrast,kind,phase,reference_phase,arm,reference_arm\n"
        "trained,training,after,before,exercise,exercise\n"
    )
    path = folder / "datapackage.json"
    told = json.loads(path.read_text())
    told["study"].update(design="single-arm before-after", population="healthy adults", remains="")
    told["title"], told["licenses"] = "Four people", [{"name": "CC0-1.0"}]
    path.write_text(json.dumps(told))


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """Return a package that no test writes into."""
    folder = tmp_path_factory.mktemp("made") / "cohort"
    write_template(folder)
    own_tables(folder)
    return open_package(folder)


@pytest.fixture
def folder(made, tmp_path):
    shutil.copytree(made.folder, tmp_path / "cohort")
    return tmp_path / "cohort"


@pytest.fixture
def package(folder):
    return open_package(folder)


@pytest.fixture
def samples(made):
    return Samples(made.samples.copy(), {})


def everything(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def text(path, content, encoding="utf-8"):
    path.write_text(content, encoding=encoding)
    return path


def problems_of(function, *given):
    """Return the problems with which a reader refuses; fails if it does not."""
    from exercisebook.errors import InvalidInput

    with pytest.raises(InvalidInput) as caught:
        function(*given)
    return caught.value.problems
