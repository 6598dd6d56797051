"""What goes with a report's site, and what is said of the cohort that a user brought."""

import json

import nbformat
import pandas as pd
import pytest

from exercisebook.claims.transfer import OWN_COLUMNS
from exercisebook.paths import ROOT
from exercisebook.publish import brought as module
from exercisebook.publish.brought import write_brought
from exercisebook.publish.bundle import write_bundle
from exercisebook.publish.plan import ChapterPlan, Plan
from exercisebook.publish.provenance import brought_folder

from .conftest import brought_cohort

SLUG = "03_immune_remodeling"
ALWAYS = {"notebooks", "parameters.json", "provenance.json", "requirements.lock"}


@pytest.fixture
def plan(tmp_path):
    """Return what makes a plan of one executed chapter with some parameters."""

    def made(**parameters):
        executed = tmp_path / "executed" / f"{SLUG}.ipynb"
        executed.parent.mkdir(exist_ok=True)
        nbformat.write(nbformat.v4.new_notebook(), executed)
        chapter = ChapterPlan(SLUG, "0" * 32, parameters, executed, executed)
        return Plan(ROOT, tmp_path / "out", (chapter,), report=True)

    return made


def bundled(plan):
    """Return the bundle of a plan, with what is said of its cohort."""
    if "cohort" in plan.chapters[0].parameters:
        write_brought(plan, brought_folder(plan))
    folder = plan.out / "bundle"
    write_bundle(plan, folder)
    return folder


def names_in(folder):
    return {path.name for path in folder.iterdir()}


def test_a_report_on_the_reference_brings_what_is_needed_to_run_it_again(plan):
    folder = bundled(plan(fdr=0.1))
    assert names_in(folder) == ALWAYS
    given = json.loads((folder / "parameters.json").read_text())
    assert given == {"chapters": {SLUG: {"fdr": 0.1}}, "again": "exercisebook run 03 -p fdr=0.1"}


def test_a_report_on_a_users_cohort_brings_its_check_and_both_verdicts(plan, tmp_path):
    cohort = brought_cohort(tmp_path / "mine")
    folder = bundled(plan(cohort=str(cohort)))
    assert names_in(folder) == {*ALWAYS, "check.json", "ledger.csv"}
    assert json.loads((folder / "check.json").read_text())["counts"]["error"] == 0
    rows = pd.read_csv(folder / "ledger.csv", dtype=str, keep_default_na=False)
    assert list(rows.columns) == OWN_COLUMNS
    assert rows[["observed", "cause", "reason"]].ne("").all(axis=None)
    assert len(set(rows["claim_id"])) == 99


def test_the_ledger_of_a_bundle_has_the_rate_of_its_pages(plan, tmp_path, monkeypatch):
    seen = []
    real = module.cohort_ledger
    monkeypatch.setattr(
        module, "cohort_ledger", lambda *given: seen.append(given[2]) or real(*given)
    )
    cohort = str(brought_cohort(tmp_path / "mine"))
    write_brought(plan(cohort=cohort, fdr=0.2), tmp_path / "a")
    write_brought(plan(cohort=cohort), tmp_path / "b")
    assert seen == [0.2, 0.05]


@pytest.mark.parametrize("description", [{"study": None}, {"simulated": True}])
def test_without_a_design_or_simulated_there_is_no_ledger(plan, tmp_path, description):
    cohort = brought_cohort(tmp_path / "mine", **description)
    made = plan(cohort=str(cohort))
    brought_folder(made).mkdir(parents=True)
    (brought_folder(made) / "ledger.csv").write_text("of an earlier run, which had a design")
    assert names_in(bundled(made)) == {*ALWAYS, "check.json"}


def test_a_cohort_is_told_by_its_people_what_was_measured_and_what_was_found(plan, tmp_path):
    made = plan(cohort=str(brought_cohort(tmp_path / "mine")))
    write_brought(made, tmp_path / "told")
    about = json.loads((tmp_path / "told" / "cohort.json").read_text())
    assert (about["name"], about["title"]) == ("simulated-reference", "mine")
    assert about["people"] == 6
    assert about["samples"] == 6 * len(about["phases"])
    assert set(about["features"]) == {"clinical", "blood_count"}
    check = json.loads((tmp_path / "told" / "check.json").read_text())
    assert sum(f["times"] for f in about["found"]) == sum(check["counts"].values()) > 0
