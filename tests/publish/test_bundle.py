"""What goes with a report's site."""

import json

import pandas as pd
import pytest

from exercisebook.claims.transfer import OWN_COLUMNS
from exercisebook.cohort.package import write_cohort
from exercisebook.paths import ROOT
from exercisebook.publish.bundle import write_bundle
from exercisebook.publish.plan import ChapterPlan, Plan
from exercisebook.simulate.cohorts import simulate
from exercisebook.simulate.worlds import world

STUDY = {
    "design": "single-arm before-after",
    "species": "human",
    "population": "older people",
    "tissue": "blood",
}
ALWAYS = {"notebooks", "parameters.json", "provenance.json", "requirements.lock"}


@pytest.fixture
def plan(tmp_path):
    """Return what makes a plan of one executed chapter with some parameters."""

    def made(**parameters):
        executed = tmp_path / "executed" / "03_immune_remodeling.ipynb"
        executed.parent.mkdir(exist_ok=True)
        executed.write_text("{}")
        (tmp_path / "out").mkdir(exist_ok=True)
        chapter = ChapterPlan("03_immune_remodeling", "0" * 32, parameters, executed, executed)
        return Plan(ROOT, tmp_path / "out", (chapter,), report=True)

    return made


def brought(folder, description):
    made = simulate(world("reference"), 6, 3, ("clinical", "blood_count")).cohort
    object.__setattr__(made, "description", {"title": "mine"} | description)
    write_cohort(made, folder)
    return str(folder)


def test_a_report_on_the_reference_brings_what_is_needed_to_run_it_again(plan):
    folder = write_bundle(plan(fdr=0.1))
    assert {p.name for p in folder.iterdir()} == ALWAYS
    given = json.loads((folder / "parameters.json").read_text())
    assert given == {"03_immune_remodeling": {"fdr": 0.1}}


def test_a_report_on_a_users_cohort_brings_its_check_and_both_verdicts(plan, tmp_path):
    folder = write_bundle(plan(cohort=brought(tmp_path / "mine", {"study": STUDY})))
    assert {p.name for p in folder.iterdir()} == {*ALWAYS, "check.json", "ledger.csv"}
    assert json.loads((folder / "check.json").read_text())["counts"]["error"] == 0
    rows = pd.read_csv(folder / "ledger.csv", dtype=str, keep_default_na=False)
    assert list(rows.columns) == OWN_COLUMNS
    assert rows[["observed", "cause", "reason"]].ne("").all(axis=None)
    assert len(set(rows["claim_id"])) == 99


def test_the_ledger_of_a_bundle_has_the_rate_of_its_pages(plan, tmp_path, monkeypatch):
    from exercisebook.publish import bundle

    seen = []
    real = bundle.cohort_ledger
    monkeypatch.setattr(
        bundle, "cohort_ledger", lambda *given: seen.append(given[2]) or real(*given)
    )
    cohort = brought(tmp_path / "mine", {"study": STUDY})
    write_bundle(plan(cohort=cohort, fdr=0.2))
    write_bundle(plan(cohort=cohort))
    assert seen == [0.2, 0.05]


@pytest.mark.parametrize("description", [{}, {"simulated": True, "study": STUDY}])
def test_without_a_design_or_simulated_there_is_no_ledger(plan, tmp_path, description):
    folder = write_bundle(plan(cohort=brought(tmp_path / "mine", description)))
    assert {p.name for p in folder.iterdir()} == {*ALWAYS, "check.json"}


def test_a_bundle_is_written_anew_as_a_whole(plan):
    first = write_bundle(plan())
    (first / "old").touch()
    assert not (write_bundle(plan()) / "old").exists()
    assert [p.name for p in first.parent.iterdir()] == ["bundle"]


def test_a_bundle_that_fails_leaves_the_old_one(plan, tmp_path):
    folder = write_bundle(plan())
    broken = plan(cohort=str(tmp_path / "nowhere"))
    with pytest.raises(Exception, match="nowhere"):
        write_bundle(broken)
    assert {p.name for p in folder.iterdir()} == ALWAYS
    assert [p.name for p in folder.parent.iterdir()] == ["bundle"]
