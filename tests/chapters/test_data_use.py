import subprocess
import sys

import pytest

from exercisebook.chapters.ledgers import CHAPTERS
from exercisebook.paths import DATA

WATCH = """
import sys
opened = set()
sys.addaudithook(lambda event, args: opened.add(str(args[0])) if event == "open" else None)
from exercisebook.chapters import {name}
chapter = {name}.begin()
{name}.sentences(chapter)
for made in {name}.__all__:
    if made.endswith(("_chart", "_table")):
        getattr({name}, made)(chapter)
print("\\n".join(sorted(opened)))
"""
ALWAYS = {"claims.csv", "features.csv", "catalog.yml"}


@pytest.mark.parametrize("module", CHAPTERS, ids=lambda m: m.SLUG)
def test_a_chapter_opens_no_data_but_those_it_says_it_uses(module):
    name = module.__name__.rpartition(".")[2]
    done = subprocess.run(
        [sys.executable, "-c", WATCH.format(name=name)], capture_output=True, text=True, check=True
    )
    ours = [p for p in done.stdout.splitlines() if p.startswith(str(DATA))]
    parts = {p.removeprefix(str(DATA) + "/").removeprefix("results/").split("/")[0] for p in ours}
    assert parts - ALWAYS <= set(module.USES)
    assert "reference" in parts
