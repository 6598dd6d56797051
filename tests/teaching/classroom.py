"""A class for the tests: its key, a student's own solution, and notebooks to hand in."""

import json
import re
from functools import cache
from textwrap import dedent

from exercisebook.teaching import class_data, questions
from exercisebook.teaching.sealed_key import CLASS_WORLDS, ClassKey

KEY = ClassKey(bytes(range(32)), CLASS_WORLDS)
STUDENTS = ("s01", "s02", "s03")


@cache
def study_of(student):
    return class_data.hidden_study(KEY, student)


@cache
def asked_of(student):
    study = study_of(student)
    return questions.questions(study.cohort, study.drawn)


def right_of(student):
    return {v.name: v.right for question in asked_of(student) for v in question.variables}


def mark_cell(student):
    return f"Copy {student}-{KEY.mark(student)}. Leave this line."


def notebook(student, cells, mark=None):
    """Return a notebook as a student hands it in."""
    told = {"cell_type": "markdown", "metadata": {}, "source": mark or mark_cell(student)}
    code = [
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None,
         "source": dedent(cell).strip("\n")}
        for cell in cells
    ]  # fmt: skip
    return json.dumps({"cells": [told, *code], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


def asked_for(student):
    """Return what a student reads in the questions: features, contrasts, numbers, letters."""
    texts = [question.text for question in asked_of(student)]
    found = {}
    patterns = [
        r"`n_pairs`: for how many of them can the contrast `(?P<pair_contrast>[^`]+)` of the "
        r"metabolite `(?P<pair_feature>[^`]+)`",
        r"The feature `(?P<feature>[^`]+)` \((?P<modality>\w+)\), contrast `(?P<contrast>[^`]+)`",
        r"The cytokine `(?P<cytokine>[^`]+)`, contrast `(?P<cytokine_contrast>[^`]+)`",
        r"every metabolite in the contrast `(?P<many_contrast>[^`]+)`",
        r"from (?P<h1>[\d.]+) % to (?P<h2>[\d.]+) % and haemoglobin from (?P<g1>[\d.]+) to "
        r"(?P<g2>[\d.]+) g/L",
        r"says of the metabolite `(?P<solute>[^`]+)`",
        r"Blood counts, contrast `(?P<ratio_contrast>[^`]+)`",
        r"log2 ratio of (?P<above>\w+) to (?P<below>\w+)",
        r"dissociation constant of (?P<kd>[\d.]+) mmol/L",
        r"- (?P<sentence>[A-D]): Betaine after 25 days of runs is reported",
        r"- (?P<hedged>[A-D]): Runs may have driven",
        r"- (?P<decide>[A-D]): the same weeks in people who are drawn by lot",
        r"Suppose that (?P<cells>\d+) single cells",
    ]
    for pattern in patterns:
        hits = [hit for text in texts if (hit := re.search(pattern, text))]
        assert len(hits) == 1, pattern
        found.update(hits[0].groupdict())
    return found


READ = """
from functools import cache
from pathlib import Path
import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit

data = Path("cohort")
samples = pd.read_csv(data / "samples.csv", dtype={"subject": str})
phases = {"acute-baseline": ("acute", "baseline"), "training-baseline": ("training", "baseline")}

@cache
def wide(modality, kept=("ok", "below_detection")):
    table = pd.read_csv(data / "measurements" / f"{modality}.csv").merge(samples, on="sample_id")
    table = table[table["status"].isin(kept)]
    return table.pivot(index="subject", columns=["phase", "feature"], values="value")

def at(modality, feature, phase):
    return wide(modality)[phase][feature]

def change(modality, feature, contrast, **more):
    later, earlier = (wide(modality, **more)[phase][feature] for phase in phases[contrast])
    return (np.log2(later) - np.log2(earlier)).dropna()

def interval(d):
    n = len(d)
    half = stdtrit(n - 1, 0.975) * d.std(ddof=1) / np.sqrt(n)
    return d.mean() - half, d.mean() + half
"""

SOLVE = """
identified = []
n_people = samples["subject"].nunique()
n_pairs = len(change("metabolites", "{pair_feature}", "{pair_contrast}"))
d = change("{modality}", "{feature}", "{contrast}")
change_log2 = d.mean()
ci_low, ci_high = interval(d)
c = change("cytokines", "{cytokine}", "{cytokine_contrast}")
cytokine_log2 = c.mean()
low, high = interval(c)
direction = "up" if low > 0 else "down" if high < 0 else "not shown"
p = []
for name in sorted(set(wide("metabolites").columns.get_level_values("feature"))):
    each = change("metabolites", name, "{many_contrast}")
    if len(each) >= 3:
        t = each.mean() / (each.std(ddof=1) / np.sqrt(len(each)))
        p.append(2 * stdtr(len(each) - 1, -abs(t)))
p = np.sort(p)
below = np.flatnonzero(p <= 0.05 * np.arange(1, len(p) + 1) / len(p))
n_findings = below.max() + 1 if len(below) else 0
volume = {g1} / {g2} * (100 - {h2}) / (100 - {h1})
plain = change("metabolites", "{solute}", "acute-baseline").mean()
corrected_log2 = plain + np.log2(volume)
r = (change("blood_count", "{above}", "{ratio_contrast}")
     - change("blood_count", "{below}", "{ratio_contrast}"))
ratio_log2 = r.mean()
closure = "fall"
came = samples.groupby("subject")["phase"].agg(set)
n_replicates = sum({{"training", "baseline"}} <= phases_seen for phases_seen in came)
level = at("metabolites", "betaine", "training").median() / 1000
occupancy = level / (level + {kd})
sentence, decide = "{sentence}", "{decide}"
"""


def solution(student, *more):
    """Return the cells of a whole solution, and further cells after it."""
    words = asked_for(student)
    return [READ, SOLVE.format(**words), *(cell.format(**words) for cell in more)]


def given(student, **changed):
    """Return a cell that gives the right answers as they are, some of them changed."""
    answers = {**right_of(student), "identified": [], **changed}
    return "\n".join(f"{name} = {value!r}" for name, value in answers.items())
