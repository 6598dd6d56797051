"""The notebook that a student gets: how to read the data, the questions, a place for each answer.

It holds what students may see and nothing else.
"""

import json
from collections.abc import Sequence
from typing import Any

from exercisebook.teaching.questions import CHOICE, NAMES, Question

NOTEBOOK = "assignment.ipynb"

MARK = "Copy"
"""Word before the mark that says whose copy a notebook is."""

_READ = '''from pathlib import Path

import pandas as pd

data = Path("cohort")
samples = pd.read_csv(data / "samples.csv", dtype={"subject": str})
contrasts = pd.read_csv(data / "contrasts.csv")


def measured(modality):
    """Return one modality's values with the columns of their samples."""
    table = pd.read_csv(data / "measurements" / f"{modality}.csv")
    return table.merge(samples, on="sample_id")


measured("clinical").head()'''


def assignment_notebook(student: str, mark: str, asked: Sequence[Question]) -> str:
    """Return the text of a student's notebook (nbformat 4.5).

    Parameters
    ----------
    student : str
        Whose it is.
    mark : str
        See ``ClassKey.mark``.
    asked : sequence of Question
        Their texts and the names of their variables are used, and nothing that is hidden.
    """
    cells = [_text("read", _opening(student, mark)), _code("data", _READ)]
    for number, question in enumerate(asked, start=1):
        title = f"## {number}. {question.title}"
        cells.append(_text(f"question-{number}", f"{title}\n\n{question.text}"))
        cells.append(_code(f"answer-{number}", _blank(question)))
    cells.append(_code("all", _look_over(asked)))
    notebook = {
        "cells": cells,
        "metadata": {
            "kernelspec": {
                "display_name": "Python 3",
                "language": "python",
                "name": "python3",
            },
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _opening(student: str, mark: str) -> str:
    return (
        "# A study that only you have\n\n"
        "The folder `cohort` beside this notebook holds a simulated study: people before a run, "
        "minutes after it, and after 25 days of runs. Nobody else has the same, and which world "
        "it comes from is sealed.\n\n"
        "Answer each question by giving its variables a value; write the code that leads to it "
        "above, in plain Python without notebook commands (`%`, `!`). When it is graded, the "
        "notebook is run from top to bottom in a closed room: with your data, without a network, "
        "within a time. Numbers have a point, not a comma. Leave what you cannot answer as "
        "`None`.\n\n"
        "- *log2 change*: log2 of the later value minus log2 of the earlier one, in one person.\n"
        "- Usable values have the status `ok` or `below_detection`.\n\n"
        f"{MARK} {student}-{mark}. Leave this line as it is: it says whose copy this is."
    )


def _blank(question: Question) -> str:
    """Return the code cell with a question's variables, each without a value."""
    notes = {CHOICE: "  # a word", NAMES: "  # a list of names"}
    return "\n".join(f"{v.name} = None{notes.get(v.kind, '')}" for v in question.variables)


def _look_over(asked: Sequence[Question]) -> str:
    names = [variable.name for question in asked for variable in question.variables]
    listed = "\n".join(f'    "{name}",' for name in names)
    return (
        f"asked = [\n{listed}\n]\n"
        "print('without an answer:', [name for name in asked if globals()[name] is None])"
    )


def _text(name: str, source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": _lines(source)}


def _code(name: str, source: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": name,
        "metadata": {},
        "outputs": [],
        "source": _lines(source),
    }


def _lines(source: str) -> list[str]:
    return source.splitlines(keepends=True)
