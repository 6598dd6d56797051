"""What a change makes run again, in a copy of the checkout, with real kernels and real Sphinx."""

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from exercisebook.paths import notebook_file
from exercisebook.publish.notebooks import chapter_slugs, notebook_slugs

FIRST, SECOND = chapter_slugs()[:2]


LEFT_OUT = [slug for slug in notebook_slugs() if slug not in (FIRST, SECOND, "A1_mixed_models")]
"""Pages that these builds do without: two chapters and an appendix show all there is to show."""


def leave_out(root, slugs):
    """Take pages out of a copy of the book: notebooks, contents, and links to them.

    The pages of all chapters go with them, the ledger and the tour, and so does the figure.
    """
    contents, welcome = root / "_toc.yml", root / "book" / "index.md"
    text = contents.read_text(encoding="utf-8")
    contents.write_text(re.sub(r"^.*book/(ledger|tour)\n", "", text, flags=re.MULTILINE))
    (root / "book" / "tour.md").unlink()
    text = welcome.read_text(encoding="utf-8")
    text, glances = re.subn(r"^```\{glance\}\n.*?^```\n", "", text, flags=re.DOTALL | re.MULTILINE)
    assert glances == 1
    welcome.write_text(text.replace("(#ten-minute-tour)", "(#how-to-read)"), encoding="utf-8")
    for slug in slugs:
        notebook = notebook_file(slug, root / "notebooks")
        (label,) = re.findall(
            r"^\((.+)\)=$", notebook.read_text(encoding="utf-8"), flags=re.MULTILINE
        )[:1]
        notebook.unlink()
        lines = contents.read_text(encoding="utf-8").splitlines()
        contents.write_text("\n".join(line for line in lines if slug not in line) + "\n")
        for page in (root / "book").glob("*.md"):
            text = page.read_text(encoding="utf-8")
            text = re.sub(rf"^\| \[\]\(#{label}\).*\n", "", text, flags=re.MULTILINE)
            text = re.sub(rf"\[\]\(#{label}\)", label, text)
            page.write_text(re.sub(rf"\[([^\]]+)\]\(#{label}\)", r"\1", text), encoding="utf-8")


@pytest.fixture(scope="module")
def checkout(make_checkout):
    made = make_checkout()
    leave_out(made.root, LEFT_OUT)
    done = made.run("build")
    assert done.returncode == 0, done.stderr
    return made


@pytest.fixture
def page(checkout):
    return checkout.root / "_build" / "html" / "notebooks" / f"{SECOND}.html"


def test_a_build_says_where_the_site_is(checkout):
    done = checkout.run("build")
    assert done.stdout.strip() == str(checkout.root / "_build" / "html" / "index.html")


def test_building_again_runs_nothing_and_is_quick(checkout):
    started = time.monotonic()
    done = checkout.run("build")
    assert checkout.ran(done) == set()
    assert "site" not in done.stderr
    assert time.monotonic() - started < 15


def test_a_new_sentence_runs_nothing_and_is_on_the_page(checkout, page):
    checkout.edit(
        f"notebooks/{SECOND}.md", "Put the pieces together for one cell.", "One cell now."
    )
    done = checkout.run("build")
    assert done.returncode == 0, done.stderr
    assert checkout.ran(done) == set()
    assert "One cell now." in page.read_text()


def test_a_function_of_the_statistics_runs_the_chapter_that_uses_it(checkout):
    checkout.edit(
        "scripts/exercisebook/stats/nondetects.py",
        "    assayed = long[",
        "    # a comment in a function\n    assayed = long[",
    )
    done = checkout.run("build")
    assert done.returncode == 0, done.stderr
    assert checkout.ran(done) == {SECOND}


def test_a_byte_of_the_reference_cohort_runs_the_chapters_that_use_it(checkout):
    checkout.edit("data/reference/datapackage.json", '"seed": 20251121', '"seed": 20251122')
    done = checkout.run("build")
    assert done.returncode == 0, done.stderr
    assert checkout.ran(done) == {FIRST, SECOND}


def test_a_chapter_that_raises_is_named_and_the_old_site_stands(checkout, page):
    before = page.read_bytes()
    notebook = f"notebooks/{SECOND}.md"
    checkout.edit(notebook, "ch02.race_chart(chapter)", "raise RuntimeError('no race today')")
    done = checkout.run("build")
    checkout.edit(notebook, "raise RuntimeError('no race today')", "ch02.race_chart(chapter)")
    assert done.returncode == 1
    assert SECOND in done.stderr
    assert "RuntimeError: no race today" in done.stderr
    assert "cell [" in done.stderr
    assert "Traceback" not in done.stderr
    partial = done.stderr.split("what ran so far: ")[1].strip()
    assert "no race today" in Path(partial).read_text(encoding="utf-8")
    assert page.read_bytes() == before


def test_what_sphinx_warns_of_stops_the_build_and_the_old_site_stands(checkout, page):
    before = page.read_bytes()
    checkout.edit("book/data.md", "# The data", "# The data\n\n[](#no-such-place)")
    done = checkout.run("build")
    checkout.edit("book/data.md", "# The data\n\n[](#no-such-place)", "# The data")
    assert done.returncode == 1
    assert "no-such-place" in done.stderr
    assert page.read_bytes() == before


def test_a_site_that_fails_its_checks_does_not_replace_the_old_one(checkout, page):
    before = page.read_bytes()
    checkout.edit(
        "book/data.md", "# The data", '# The data\n\n<img src="https://i.example/x.png" alt="x">'
    )
    done = checkout.run("build")
    checkout.edit(
        "book/data.md", '# The data\n\n<img src="https://i.example/x.png" alt="x">', "# The data"
    )
    assert done.returncode == 1
    assert "asks https://i.example/x.png" in done.stderr
    assert page.read_bytes() == before


def test_two_builds_of_the_same_give_the_same_bytes(checkout):
    html = checkout.root / "_build" / "html"
    checkout.run("build")
    first = {p.relative_to(html): p.read_bytes() for p in html.rglob("*") if p.is_file()}
    shutil.rmtree(html)
    done = checkout.run("build")
    assert checkout.ran(done) == set()
    second = {p.relative_to(html): p.read_bytes() for p in html.rglob("*") if p.is_file()}
    assert set(first) == set(second)
    assert [str(p) for p in first if first[p] != second[p]] == []


def test_a_report_on_one_chapter_is_a_site_of_its_own(checkout, tmp_path):
    out = tmp_path / "my $(touch PWNED) report"
    done = checkout.run("run", "02", "-p", "plasma_volume=-15", "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(out / "html" / "notebooks" / f"{SECOND}.html")
    text = (out / "html" / "notebooks" / f"{SECOND}.html").read_text()
    banner = text.split("This page was run with")[1].split("The book itself")[0]
    assert "plasma_volume" in banner
    assert "-15.0" in banner
    assert not (out / "html" / "notebooks" / f"{FIRST}.html").exists()
    assert not list(tmp_path.rglob("PWNED"))
    assert (out / "html" / "_sources" / "notebooks" / f"{SECOND}.ipynb").exists()


def test_a_cohort_of_ones_own_takes_the_place_of_the_reference(checkout, tmp_path):
    mine = tmp_path / "mine"
    made = checkout.run("simulate", "--world", "null", "--subjects", "20", "--out", str(mine))
    assert made.returncode == 0, made.stderr
    out = tmp_path / "report"
    done = checkout.run("run", "01", "--cohort", str(mine), "--out", str(out))
    assert done.returncode == 0, done.stderr
    text = (out / "html" / "notebooks" / f"{FIRST}.html").read_text()
    assert "simulated-null" in text
    assert "simulated-reference" not in text


def test_one_folder_is_built_by_one_at_a_time(checkout):
    with (checkout.root / "_build" / ".work" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = checkout.run("build")
    assert done.returncode == 1
    assert done.stderr.strip().startswith("another build is at work in")


@pytest.mark.slow
def test_a_build_that_was_killed_is_taken_up_again(checkout):
    checkout.edit(
        "notebooks/02_acute_stress_response.md",
        "ch02.effects_table(chapter)",
        "ch02.effects_table(chapter)  # again",
    )
    command = [sys.executable, "-m", "exercisebook.cli", "build"]
    environment = {**os.environ, "PYTHONPATH": str(checkout.root / "scripts")}
    process = subprocess.Popen(command, cwd=checkout.root, env=environment, start_new_session=True)
    time.sleep(4)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    time.sleep(1)
    done = checkout.run("build")
    assert done.returncode == 0, done.stderr
