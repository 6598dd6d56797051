from pathlib import Path

import pytest

from exercisebook.paths import ROOT
from exercisebook.publish.keys import chapter_key, import_closure, uses_of
from exercisebook.publish.notebooks import chapter_slugs, is_chapter, notebook_slugs

FIRST, SECOND = chapter_slugs()[:2]


@pytest.fixture(scope="module")
def checkout(make_checkout):
    return make_checkout()


def keys(checkout, **parameters):
    return [chapter_key(slug, parameters, checkout.root) for slug in (FIRST, SECOND)]


class Changed:
    """A file with another content, for as long as a block lasts."""

    def __init__(self, path, edit):
        self.path, self.edit = path, edit

    def __enter__(self):
        self.before = self.path.read_bytes()
        self.path.write_bytes(self.edit(self.before))

    def __exit__(self, *_):
        self.path.write_bytes(self.before)


def which_change(checkout, name, edit):
    """Return which of the two chapters' keys a change of a file moves."""
    before = keys(checkout)
    with Changed(checkout.root / name, edit):
        after = keys(checkout)
    assert keys(checkout) == before
    return [old != new for old, new in zip(before, after, strict=True)]


def comment(content):
    return content + b"\n# a comment\n"


def test_the_same_checkout_has_the_same_keys(checkout):
    assert keys(checkout) == keys(checkout)
    assert len(set(keys(checkout))) == 2


def test_prose_is_not_part_of_a_key(checkout):
    notebook = f"notebooks/{SECOND}.md"
    assert which_change(checkout, notebook, lambda b: b + b"\nOne more sentence.\n") == [False] * 2
    assert (
        which_change(checkout, notebook, lambda b: b.replace(b"dropdown", b"other")) == [False] * 2
    )


def test_a_tag_of_presentation_is_not_part_of_a_key(checkout):
    notebook = f"notebooks/{FIRST}.md"
    edit = lambda b: b.replace(b":tags: [hide-cell]", b":tags: [hide-input]")  # noqa: E731
    assert which_change(checkout, notebook, edit) == [False, False]


def test_code_is(checkout):
    notebook = f"notebooks/{SECOND}.md"
    edit = lambda b: b.replace(b"ch02.race_chart(chapter)", b"ch02.race_chart( chapter)")  # noqa: E731
    assert which_change(checkout, notebook, edit) == [False, True]


@pytest.mark.parametrize(
    ("name", "moved"),
    [
        ("scripts/exercisebook/stats/bounds.py", [False, True]),
        ("scripts/exercisebook/stats/survey.py", [True, False]),
        ("scripts/exercisebook/stats/differences.py", [True, True]),
        ("scripts/exercisebook/figures/acute.py", [False, True]),
        ("scripts/exercisebook/chapters/ch01/sentences.py", [True, False]),
        ("scripts/exercisebook/publish/site.py", [False, False]),
        ("scripts/exercisebook/cli/main.py", [False, False]),
        ("scripts/exercisebook/simulate/calibration.csv", [True, True]),
        ("requirements.lock", [True, True]),
    ],
)
def test_a_key_holds_what_its_chapter_imports_and_no_more(checkout, name, moved):
    assert which_change(checkout, name, comment) == moved


@pytest.mark.parametrize(
    ("name", "moved"),
    [
        ("data/reference/measurements/clinical.csv", [True, True]),
        ("data/results/ultramarathon/race.csv", [False, True]),
        ("data/results/nhanes/habitual_activity.csv", [True, False]),
        ("data/features.csv", [True, True]),
    ],
)
def test_a_key_holds_the_data_that_its_chapter_uses(checkout, name, moved):
    assert which_change(checkout, name, lambda b: b + b"\n") == moved


def test_the_key_of_an_appendix_holds_its_module_and_no_cohort(checkout):
    appendix = next(slug for slug in notebook_slugs() if not is_chapter(slug))
    before = chapter_key(appendix, {}, checkout.root)
    with Changed(checkout.root / "data/reference/measurements/clinical.csv", lambda b: b + b"\n"):
        assert chapter_key(appendix, {}, checkout.root) == before
    module = f"scripts/exercisebook/chapters/{appendix[:2].lower()}/__init__.py"
    with Changed(checkout.root / module, comment):
        assert chapter_key(appendix, {}, checkout.root) != before


def test_a_key_holds_the_claims_of_its_chapter_alone(checkout):
    edit = lambda b: b.replace(b"The acute response is transient", b"It is transient")  # noqa: E731
    assert which_change(checkout, "data/claims.csv", edit) == [False, True]


def test_a_key_holds_the_state_of_the_original_bytes(checkout, monkeypatch, tmp_path):
    monkeypatch.setenv("EXERCISEBOOK_DATA", str(tmp_path))
    absent = keys(checkout)
    (tmp_path / "ultramarathon").mkdir()
    (tmp_path / "ultramarathon" / "CK_and_WBCs.xlsx").write_bytes(b"other bytes")
    present = keys(checkout)
    assert [a != b for a, b in zip(absent, present, strict=True)] == [False, True]


def test_a_key_holds_the_parameters_in_any_order(checkout):
    one, two = ({"arm": "P4", "fdr": 0.1}, {"fdr": 0.1, "arm": "P4"})
    assert chapter_key(SECOND, one, checkout.root) == chapter_key(SECOND, two, checkout.root)
    assert chapter_key(SECOND, one, checkout.root) != chapter_key(SECOND, {}, checkout.root)


def test_a_key_holds_the_bytes_of_a_cohort_of_ones_own(checkout, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "samples.csv").write_text("a")
    first = chapter_key(SECOND, {"cohort": str(folder)}, checkout.root)
    (folder / "samples.csv").write_text("b")
    assert chapter_key(SECOND, {"cohort": str(folder)}, checkout.root) != first


def test_the_closure_holds_what_is_imported_inside_functions_too(tmp_path):
    package = tmp_path / "exercisebook"
    (package / "a").mkdir(parents=True)
    for name, text in {
        "__init__.py": "",
        "a/__init__.py": "",
        "a/one.py": "def f():\n    from exercisebook.a.two import x\n",
        "a/two.py": "import exercisebook.a.three\nx = 1\n",
        "a/three.py": "import json\n",
        "a/four.py": "",
    }.items():
        (package / name).write_text(text)
    closure = import_closure("exercisebook.a.one", tmp_path)
    assert {p.name for p in closure} == {"__init__.py", "one.py", "two.py", "three.py"}


def test_a_chapter_says_what_it_uses_without_being_imported():
    source = ROOT / "scripts/exercisebook/chapters/ch02/__init__.py"
    assert "grinta" in uses_of(source)
    with pytest.raises(ValueError, match="USES"):
        uses_of(Path(__file__))
