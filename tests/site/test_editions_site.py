"""The editions of the whole book, made by the command from what was built."""

import subprocess
import sys

import pytest

from exercisebook.publish.notebooks import notebook_slugs
from exercisebook.teaching.items import EDITIONS, STUDENT


@pytest.mark.slow
@pytest.mark.parametrize("edition", EDITIONS)
def test_an_edition_of_the_whole_book_is_made(site, edition, tmp_path):
    words = [sys.executable, "-m", "exercisebook.cli", "edition", edition]
    out = tmp_path / "course"
    # the command refuses an edition for students in which it finds an answer
    done = subprocess.run([*words, "--out", str(out)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(out / "html" / "index.html")
    made = {path.stem for path in (out / "notebooks").rglob("*.ipynb")}
    assert made == set(notebook_slugs())
    pages = [p.read_text(encoding="utf-8") for p in (out / "html" / "notebooks").glob("*.html")]
    plans = [page for page in pages if "Lesson plan, 45 minutes" in page]
    assert len(plans) == (7 if edition == "instructor" else 0)
    opened = [page for page in pages if "quiz-answers" in page]
    assert len(opened) == (0 if edition == STUDENT else 7)
