import numpy as np
import pandas as pd
import pytest

from exercisebook.chapters import ch01, ch02, results
from exercisebook.chapters.ledgers import CHAPTERS, WITH_ANALYSES
from exercisebook.chapters.results import (
    TOLERANCE,
    frozen_path,
    is_default,
    largest_difference,
    read_frozen,
    run,
)
from exercisebook.errors import Failure
from exercisebook.paths import RESULTS
from exercisebook.sources.reference_frames import FRAMES
from exercisebook.stats.schemas import EFFECTS

ANALYSES = [(m, a) for m in WITH_ANALYSES for a in m.ANALYSES.values()]
NAMES = [f"{m.SLUG[:2]}-{a.name}" for m, a in ANALYSES]


@pytest.fixture
def no_bytes(monkeypatch):
    monkeypatch.setattr(results, "open_data", lambda name: None)


@pytest.mark.parametrize(("module", "analysis"), ANALYSES, ids=NAMES)
def test_a_frozen_table_is_what_the_data_give(module, analysis):
    if absent := results.lacking(analysis):
        pytest.skip(f"the bytes of {', '.join(absent)} are not at hand (EXERCISEBOOK_DATA)")
    result = run(analysis, module.begin().parameters)
    assert result.state == "computed"
    assert result.drift <= TOLERANCE


@pytest.mark.parametrize(("module", "analysis"), ANALYSES, ids=NAMES)
def test_a_frozen_table_can_be_shown_without_the_bytes(module, analysis, no_bytes):
    result = run(analysis, module.begin().parameters)
    assert result.state == "frozen"
    assert len(result.frame)
    if set(EFFECTS.columns) <= set(result.frame.columns):
        EFFECTS.validate(result.frame.astype({"n_subjects": float}), lazy=True)


@pytest.mark.parametrize("path", sorted(RESULTS.rglob("*.csv")), ids=lambda p: p.stem)
def test_no_row_of_a_frozen_table_is_one_persons_value(path):
    frame = read_frozen(path)
    assert "subject" not in frame.columns
    if path.parent.name in FRAMES:
        return  # compounds, genes and variants are no persons
    people = frame["n_subjects"] if "n_subjects" in frame else frame["n"]
    few = frame[people < 3]
    numbers = [c for c in ("estimate", "mean", "cv_within", "median_low") if c in frame]
    assert few[numbers].isna().all(axis=None)


def test_every_frozen_table_is_asked_for_by_a_page():
    wanted = {frozen_path(a) for _, a in ANALYSES}
    assert wanted == set(RESULTS.rglob("*.csv"))


def test_a_page_names_the_data_sets_it_uses():
    for module in CHAPTERS:
        used = {name for a in module.ANALYSES.values() for name in a.datasets}
        # tables that the engine made of itself are no data set
        assert used | {"reference"} == set(module.USES) - {"engine"}
    for module in set(WITH_ANALYSES) - set(CHAPTERS):
        used = {name for a in module.ANALYSES.values() for name in a.datasets}
        assert used == set(module.USES)


def test_other_parameters_without_the_bytes_name_the_command_to_run(no_bytes):
    chapter = ch02.begin(arm="P4")
    with pytest.raises(Failure, match="exercisebook data fetch grinta"):
        chapter.result("acute_against_rest")


def test_a_parameter_that_does_not_matter_leaves_a_frozen_table_standing(no_bytes):
    assert ch02.begin(plasma_volume=-15.0).result("acute_against_rest").state == "frozen"


def test_which_parameters_are_default():
    parameters = ch02.begin(arm="P4").parameters
    assert not is_default(parameters)
    assert is_default(parameters, ("fdr",))
    assert not is_default(parameters, ("arm", "fdr"))


def table(**changes):
    return pd.DataFrame({"a": ["x", "y"], "v": [1.0, np.nan], "w": [np.inf, 2.0], **changes})


@pytest.mark.parametrize(
    ("other", "size"),
    [
        (table(), 0.0),
        (table(v=[1.0 + 1e-4, np.nan]), 1e-4),
        (table(v=[1.0, 2.0]), np.inf),
        (table(w=[-np.inf, 2.0]), np.inf),
        (table(a=["x", "z"]), np.inf),
        (table().rename(columns={"a": "b"}), np.inf),
        (table().iloc[:1], np.inf),
    ],
)
def test_the_difference_of_two_tables(other, size):
    assert largest_difference(other, table()) == pytest.approx(size, rel=1e-3)


@pytest.mark.parametrize(("drift", "written"), [(1e-11, False), (1e-4, True)])
def test_freezing_writes_what_changed_and_leaves_another_machines_rounding(
    monkeypatch, tmp_path, drift, written
):
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    monkeypatch.setattr(results, "open_data", lambda name: object())
    value = 1.0
    analysis = results.Analysis("a", "grinta", lambda c, p: pd.DataFrame({"v": [value]}))
    path = results.freeze(analysis, ch01.begin().parameters)
    first = path.read_text()
    value = 1.0 + drift
    results.freeze(analysis, ch01.begin().parameters)
    assert (path.read_text() != first) == written


def test_a_result_that_drifted_is_said_on_the_page(monkeypatch):
    chapter = ch01.begin()
    if chapter.result("rest_day").state == "frozen":
        pytest.skip("the bytes of grinta are not at hand (EXERCISEBOOK_DATA)")
    drifted = results.Result(chapter["rest_day"], "grinta", "computed", 1e-3)
    monkeypatch.setitem(chapter._results, "rest_day", drifted)
    assert "differ from the frozen results: `rest_day`" in chapter.provenance_sentence()


def test_frozen_results_are_said_with_the_command_that_brings_the_bytes(no_bytes):
    told = ch01.begin().provenance_sentence()
    assert "Shown as frozen" in told
    assert "exercisebook data fetch cycling-training grinta nhanes" in told


def test_a_laboratory_data_set_is_opened_as_frames_and_a_cohort_as_a_cohort(monkeypatch):
    monkeypatch.setattr(results, "locate", lambda entry: {})
    monkeypatch.setattr(results, "open_frames", lambda name: {"frames": name})
    monkeypatch.setattr(results, "open_cohort", lambda name: f"cohort {name}")
    opened = results.open_data.__wrapped__
    assert opened("tbk1-chembl") == {"frames": "tbk1-chembl"}
    assert opened("grinta") == "cohort grinta"


def test_an_analysis_of_two_data_sets_needs_both_and_names_the_one_that_lacks(monkeypatch):
    monkeypatch.setattr(results, "open_data", lambda name: {} if name == "kang-pbmc" else None)
    analysis = results.Analysis("none", "kang-pbmc", len, beside=("gene-sets",))
    with pytest.raises(Failure, match=r"data fetch gene-sets$"):
        run(analysis, ch01.begin().parameters)
