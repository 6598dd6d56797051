import pytest
from hypothesis import given
from hypothesis import strategies as st

from exercisebook.chapters.parameters import (
    parameters_cell,
    parameters_model,
    parse_parameters,
    validated,
)
from exercisebook.errors import Failure, Misuse
from exercisebook.publish.notebooks import (
    chapter_slugs,
    notebook_slugs,
    read_chapter,
    tags_of,
)

CELL = """\
cohort: str = "reference"  # catalogue id
arm: str = "P2"  # {P2, P3} which day
fdr: float = 0.05  # [0.001, 0.5] false-discovery rate
people: int = 13  # [4, 100] people
deep: bool = False  # more
"""


@pytest.fixture
def folder(tmp_path):
    text = f"# Title\n\n```{{code-cell}} ipython3\n:tags: [parameters]\n{CELL}```\n"
    (tmp_path / "09_some_chapter.md").write_text(text)
    return tmp_path


def misuse(folder, **given):
    with pytest.raises(Misuse) as caught:
        validated("09_some_chapter", given, folder)
    return str(caught.value)


def test_a_line_gives_name_type_default_range_and_meaning():
    fdr = parse_parameters(CELL)["fdr"]
    assert (fdr.kind, fdr.default, fdr.low, fdr.high) == (float, 0.05, 0.001, 0.5)
    assert fdr.meaning == "false-discovery rate"
    assert parse_parameters(CELL)["arm"].choices == ("P2", "P3")


@pytest.mark.parametrize("line", ["x = 1", "x: list = []", "x: int = 1 + 1", "import os"])
def test_anything_else_in_the_cell_is_refused(line):
    with pytest.raises(Failure, match="not a parameter"):
        parse_parameters(line)


def test_text_is_read_as_the_type_of_its_parameter(folder):
    given = {"fdr": "0.1", "people": "30", "deep": "true", "arm": "P3"}
    model = validated("09_some_chapter", given, folder)
    assert (model.fdr, model.people, model.deep, model.arm) == (0.1, 30, True, "P3")


def test_an_unknown_name_gets_the_nearest_one(folder):
    assert "did you mean 'arm'?" in misuse(folder, ram="P3")


@pytest.mark.parametrize(
    ("name", "value"),
    [("fdr", "lots"), ("fdr", "3"), ("fdr", "nan"), ("fdr", "inf"), ("people", "12.5"),
     ("people", "3"), ("arm", "P9"), ("arm", "P2; import os"), ("deep", "perhaps")],
)  # fmt: skip
def test_a_value_that_cannot_be_is_told_with_what_can(folder, name, value):
    told = misuse(folder, **{name: value})
    assert told.startswith(f"{name}: found {value!r}; expected ")
    assert "\n" not in told


def test_all_faults_are_told_at_once_a_line_each(folder):
    assert len(misuse(folder, ram="P3", fdr="lots", people="3").splitlines()) == 3


@given(name=st.text(min_size=1, max_size=200), value=st.text(max_size=200))
def test_whatever_is_given_is_taken_or_refused_in_one_line(tmp_path_factory, name, value):
    folder = tmp_path_factory.mktemp("chapter")
    (folder / "09_some_chapter.md").write_text(
        f"```{{code-cell}}\n:tags: [parameters]\n{CELL}```\n"
    )
    assert len(_told(folder, name, value).splitlines()) <= 1


def _told(folder, name, value):
    try:
        validated("09_some_chapter", {name: value}, folder)
    except Misuse as fault:
        return str(fault)
    return ""


@pytest.mark.parametrize("slug", notebook_slugs())
def test_a_page_declares_its_parameters_in_one_tagged_cell_that_derives_nothing(slug):
    tagged = [c for c in read_chapter(slug).cells if "parameters" in tags_of(c)]
    assert len(tagged) == 1
    assert parameters_cell(slug) == tagged[0].source
    parameters = parse_parameters(parameters_cell(slug))
    assert all(p.meaning for p in parameters.values())
    defaults = parameters_model(parameters)()
    assert defaults.model_dump() == {name: p.default for name, p in parameters.items()}


@pytest.mark.parametrize("slug", chapter_slugs())
def test_every_chapter_takes_a_cohort(slug):
    assert parse_parameters(parameters_cell(slug))["cohort"].default == "reference"
