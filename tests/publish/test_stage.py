import html
import json
from urllib.parse import quote

import nbformat
import pytest
import yaml

from exercisebook.paths import ROOT
from exercisebook.publish.execute import INJECTED, outputs_onto, without_timing
from exercisebook.publish.notebooks import (
    chapter_slugs,
    find_chapter,
    is_chapter,
    notebook_slugs,
    read_chapter,
    tags_of,
)
from exercisebook.publish.plan import ChapterPlan, Plan, read_plan, write_plan
from exercisebook.publish.provenance import brought_folder
from exercisebook.publish.stage import (
    again,
    omitted_labels,
    stage,
    without_execution,
    without_links,
    without_path,
)

SLUG = chapter_slugs()[1]

ABOUT = {
    "name": "mine",
    "title": "A *title* [of](#nowhere) <b>mine</b> $x$ {ref}`y`",
    "simulated": False,
    "study": {"design": "single-arm before-after", "species": "human", "population": "men"},
    "people": 1,
    "samples": 3,
    "phases": ["before|after"],
    "arms": ["all"],
    "features": {"clinical": 4},
    "cells": True,
    "found": [
        {"code": "T142", "severity": "note", "means": "m", "times": 2, "found": "x"},
        {"code": "D310", "severity": "warning", "means": "`a` field", "times": 1, "found": "'|'"},
    ],
}


def executed(slug=SLUG, parameters=None):
    """Return a chapter as if it had been executed, its outputs made up."""
    notebook = read_chapter(slug)
    place = next(i for i, c in enumerate(notebook.cells) if "parameters" in tags_of(c))
    if parameters:
        cell = nbformat.v4.new_code_cell(parameters, metadata={"tags": [INJECTED]})
        notebook.cells.insert(place + 1, cell)
    for number, cell in enumerate(c for c in notebook.cells if c.cell_type == "code"):
        cell.execution_count = number + 1
        cell.outputs = [nbformat.v4.new_output("stream", text=f"output {number}")]
    return notebook


def plan_of(tmp_path, slugs=(SLUG,), parameters=None, report=True):
    chapters = []
    for slug in slugs:
        path = tmp_path / "executed" / f"{slug}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(executed(slug, "arm = 'P4'" if parameters else None), path)
        chapters.append(ChapterPlan(slug, "key", dict(parameters or {}), path, path))
    return Plan(ROOT, tmp_path / "out", tuple(chapters), report)


def staged(tmp_path, **changes):
    plan = plan_of(tmp_path, **changes)
    folder = tmp_path / "stage"
    brought_folder(plan).mkdir(parents=True)
    (brought_folder(plan) / "cohort.json").write_text(json.dumps(ABOUT))
    stage(plan, folder)
    return folder


def test_the_staged_configuration_differs_in_the_one_key(tmp_path):
    before = yaml.safe_load((ROOT / "_config.yml").read_text())
    after = yaml.safe_load((staged(tmp_path) / "_config.yml").read_text())
    assert (before["execute"]["execute_notebooks"], after["execute"]["execute_notebooks"]) == (
        "force",
        "off",
    )
    before["execute"]["execute_notebooks"] = "off"
    assert after == before


def test_a_configuration_without_that_key_is_refused():
    with pytest.raises(ValueError, match="execute_notebooks"):
        without_execution("title: x\n")


def test_todays_prose_gets_the_outputs_of_the_same_code():
    source = read_chapter(SLUG)
    source.cells[0].source += "\nA new sentence."
    merged = outputs_onto(source, executed())
    assert "A new sentence." in merged.cells[0].source
    outputs = [c.outputs[0].text for c in merged.cells if c.cell_type == "code"]
    assert outputs == [f"output {i}" for i in range(len(outputs))]


def test_other_code_is_refused():
    source = read_chapter(SLUG)
    next(c for c in source.cells if c.cell_type == "code").source += "  # changed"
    with pytest.raises(ValueError, match="other code cells"):
        outputs_onto(source, executed())


def test_given_parameters_stand_behind_the_defaults_and_in_a_banner(tmp_path):
    folder = staged(tmp_path, parameters={"arm": "P4"})
    notebook = nbformat.read(folder / "notebooks" / f"{SLUG}.ipynb", as_version=4)
    places = [i for i, c in enumerate(notebook.cells) if "parameters" in tags_of(c)]
    injected = notebook.cells[places[0] + 1]
    assert injected.source == "arm = 'P4'"
    assert set(tags_of(injected)) == {INJECTED}
    lines = notebook.cells[0].source.split("\n")
    below_title = lines[next(i for i, line in enumerate(lines) if line.startswith("# ")) :]
    assert below_title[2].startswith(":::{important}")
    assert "`arm = P4`" in below_title[3]


def test_text_for_the_default_alone_is_dropped_for_any_other(tmp_path, monkeypatch):
    from exercisebook.publish import stage as module

    real = module.read_chapter

    def with_default_text(slug, root=ROOT):
        notebook = real(slug, root)
        cell = nbformat.v4.new_markdown_cell("Only here.", metadata={"tags": ["only-default"]})
        notebook.cells.insert(3, cell)
        return notebook

    monkeypatch.setattr(module, "read_chapter", with_default_text)
    default = staged(tmp_path)
    assert "Only here." in (default / "notebooks" / f"{SLUG}.ipynb").read_text()
    (tmp_path / "b").mkdir()
    other = staged(tmp_path / "b", parameters={"arm": "P4"})
    assert "Only here." not in (other / "notebooks" / f"{SLUG}.ipynb").read_text()


def test_a_report_lists_its_chapters_alone_and_links_to_no_other(tmp_path):
    folder = staged(tmp_path)
    toc = (folder / "_toc.yml").read_text()
    assert SLUG in toc
    assert chapter_slugs()[0] not in toc
    pages = [*(folder / "book").glob("*.md"), folder / "notebooks" / f"{SLUG}.ipynb"]
    assert not any("(#cohort-design)" in page.read_text() for page in pages)
    assert any("Cohort design" in page.read_text() for page in pages)


def test_the_whole_book_omits_nothing(tmp_path):
    plan = plan_of(tmp_path, slugs=notebook_slugs(), report=False)
    assert omitted_labels(plan) == {}


def test_an_appendix_is_staged_below_the_chapters_and_stands_in_the_contents(tmp_path):
    appendix = next(slug for slug in notebook_slugs() if not is_chapter(slug))
    folder = staged(tmp_path, slugs=(SLUG, appendix))
    assert (folder / "notebooks" / f"{SLUG}.ipynb").exists()
    assert (folder / "notebooks" / "appendix" / f"{appendix}.ipynb").exists()
    assert f"notebooks/appendix/{appendix}" in (folder / "_toc.yml").read_text()
    assert appendix not in (staged(tmp_path / "other") / "_toc.yml").read_text()


def test_links_to_what_is_left_out_become_words():
    omitted = {"gone": "The title"}
    text = "See [](#gone), [these words](#gone) and [](#kept)."
    assert without_links(text, omitted) == "See The title, these words and [](#kept)."


def test_provenance_tells_commit_versions_keys_and_data(tmp_path):
    told = json.loads((staged(tmp_path) / "provenance.json").read_text())
    assert told["chapters"][SLUG]["key"] == "key"
    assert {"commit", "date", "python", "packages", "data"} <= set(told)
    assert set(told["data"]["grinta"]) == {"data_immune.rda", "data_nk.rda"}


def test_times_and_paths_leave_an_executed_notebook():
    notebook = executed()
    notebook.metadata["papermill"] = {"output_path": "somewhere", "duration": 3}
    notebook.cells[0].metadata["papermill"] = {"duration": 1}
    notebook.cells[0].metadata["execution"] = {"iopub.status.busy": "now"}
    clean = without_timing(notebook)
    assert "papermill" not in clean.metadata
    assert not {"papermill", "execution"} & set(clean.cells[0].metadata)


def test_reading_a_chapter_twice_gives_the_same_ids():
    assert nbformat.writes(read_chapter(SLUG)) == nbformat.writes(read_chapter(SLUG))


def test_a_plan_is_read_as_it_was_written_and_keeps_its_time_if_unchanged(tmp_path):
    plan = plan_of(tmp_path)
    path = tmp_path / "plan.json"
    write_plan(plan, path)
    time = path.stat().st_mtime_ns
    write_plan(plan, path)
    assert path.stat().st_mtime_ns == time
    assert read_plan(path) == plan


@pytest.mark.parametrize("name", ["A1", "a1", "mixed-models", "A1_mixed_models"])
def test_an_appendix_is_found_by_number_or_name(name):
    assert find_chapter(name) == "A1_mixed_models"


@pytest.mark.parametrize("name", ["02", "2", SLUG, SLUG[3:], SLUG[3:].replace("_", "-")])
def test_a_chapter_is_found_by_number_or_name(name):
    assert find_chapter(name) == SLUG


@pytest.mark.parametrize(
    ("parameters", "told"),
    [
        ({"arm": "P4"}, "This page was run with `arm = P4`."),
        ({"cohort": "grinta"}, "**Whose data:** the open data set `grinta`"),
        (
            {"cohort": str(ROOT / "data" / "reference"), "fdr": 0.1},
            "**Whose data:** “simulated\\-reference”, a simulated cohort that was brought",
        ),
    ],
)
def test_a_page_of_a_report_says_whose_data_it_shows(tmp_path, parameters, told):
    page = nbformat.read(
        staged(tmp_path, parameters=parameters) / "notebooks" / f"{SLUG}.ipynb", as_version=4
    )
    assert told in page.cells[0].source
    assert str(ROOT) not in page.cells[0].source


def first_page_of(tmp_path, parameters):
    return (staged(tmp_path, parameters=parameters) / "book" / "index.md").read_text()


def test_the_first_page_of_a_report_tells_of_the_cohort_and_of_the_chapters(tmp_path):
    page = first_page_of(tmp_path, {"cohort": str(ROOT / "data" / "reference"), "fdr": 0.1})
    for words in (
        "(welcome)=",
        "1 person, 3 samples",
        "single\\-arm before\\-after",
        "clinical (4), single cells",
        "- [](#acute-stress)",
        "0 errors, 1 warning, 2 notes",
        "| D310 | warning | 1 | `a` field |",
        "`fdr = 0.1`",
        "exercisebook run 02 --cohort DIR -p fdr=0.1",
    ):
        assert words in page, words
    assert "(#claims-ledger)" not in page
    assert str(ROOT) not in page


def test_a_users_words_mean_on_the_first_page_these_words_and_nothing_else(tmp_path):
    from markdown_it import MarkdownIt

    page = first_page_of(tmp_path, {"cohort": str(ROOT / "data" / "reference")})
    assert ABOUT["title"].replace("<", "&lt;").replace(">", "&gt;") in MarkdownIt().render(page)
    for mark in ("[of](#", "<b>", "$x$", "{ref}`y"):
        assert mark not in page


def test_the_first_page_of_a_report_on_the_books_own_data_says_that_nobody_brought_any(tmp_path):
    page = first_page_of(tmp_path, {"fdr": 0.1})
    assert "Nobody brought a cohort." in page
    assert "What the check found" not in page
    assert "exercisebook run 02 -p fdr=0.1" in page


def brought_plan(tmp_path, name):
    """Return a plan on a cohort that lies on a path which ends in ``name``."""
    folder = tmp_path / name
    folder.mkdir(parents=True)
    (folder / "datapackage.json").write_text(json.dumps({"name": "mine"}))
    return plan_of(tmp_path, parameters={"cohort": str(folder)}), str(folder)


@pytest.mark.parametrize("name", ["mine", "it's <mine> & à moi", 'a "b" \\ c', "x (1)+[y]*"])
def test_no_spelling_of_a_path_stays_in_a_notebook(tmp_path, name):
    plan, path = brought_plan(tmp_path, name)
    cell = nbformat.v4.new_code_cell(f"cohort = {path!r}")
    spellings = [path, html.escape(path), json.dumps(path), json.dumps(path, ensure_ascii=False)]
    spellings += [repr(path), quote(path), html.escape(path, quote=False)]
    data = {"text/html": [f"<td>{s}</td>" for s in spellings], "application/json": {"a": spellings}}
    cell.outputs = [nbformat.v4.new_output("display_data", data)]
    clean = nbformat.writes(without_path(nbformat.v4.new_notebook(cells=[cell]), plan))
    assert str(tmp_path) not in clean
    assert quote(str(tmp_path)) not in clean
    assert clean.count("mine") == 1 + 2 * len(spellings)


def test_a_short_path_is_not_replaced_within_other_words(tmp_path, monkeypatch):
    from exercisebook.publish import stage as module

    plan = plan_of(tmp_path, parameters={"cohort": "/data"})
    monkeypatch.setattr(module, "described", lambda path: {"name": "mine"})
    kept = "<data>x</data> https://i.example/data a/data /data-2 /database"
    cell = nbformat.v4.new_markdown_cell(f"{kept} '/data' /data/samples.csv")
    image = {"image/png": "ab+/data/"}
    code = nbformat.v4.new_code_cell("1")
    code.outputs = [nbformat.v4.new_output("display_data", image)]
    clean = without_path(nbformat.v4.new_notebook(cells=[cell, code]), plan)
    assert clean.cells[0].source == f"{kept} 'mine' mine/samples.csv"
    assert clean.cells[1].outputs[0].data == image


def test_the_command_that_makes_a_report_again_is_one_that_a_shell_reads(tmp_path):
    plan = plan_of(tmp_path, parameters={"cohort": "/x", "arm": "a b"})
    assert again(plan) == "exercisebook run 02 --cohort DIR -p 'arm=a b'"


def test_no_parameter_that_is_told_holds_the_path(tmp_path):
    folder = staged(tmp_path, parameters={"cohort": str(ROOT / "data" / "reference")})
    told = json.loads((folder / "provenance.json").read_text())
    assert told["chapters"][SLUG]["parameters"] == {"cohort": "simulated-reference"}
