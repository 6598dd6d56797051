"""Submissions as students hand them in, each with the grade and the reason that it gets.

Named for what is particular to it. ``changed`` are answers that are not right; all others are.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from classroom import asked_for, given, notebook, solution

FULL = 16


@dataclass(frozen=True)
class Case:
    """One submission.

    Attributes
    ----------
    cells : callable
        From student to code cells.
    state : str
    reason : str
        Part of what the student is told.
    changed : dict of str to str
        Variables that are not right, and a part of the hint or of what is publicly wrong.
    points : int or None
        Where not every other answer is right.
    """

    cells: Callable[[str], list[str]]
    state: str = "graded"
    reason: str = "ran to its end"
    changed: dict[str, str] = field(default_factory=dict)
    points: int | None = None

    @property
    def expected(self):
        return FULL - len(self.changed) if self.points is None else self.points


def _after(cell):
    """Return the cells of a right solution and one more, filled with what the student reads."""
    return lambda student: solution(student, cell)


def _beside(cell):
    """Return a cell that gives the right answers and one more, filled with what is read."""
    return lambda student: [f"import math\n{given(student)}", cell.format(**asked_for(student))]


def _then(cell):
    """Return cells that give the right answers, then run another, then spoil one of them."""
    return lambda student: [given(student), cell, "n_people = 0"]


STATSMODELS = """
from statsmodels.stats.weightstats import DescrStatsW
ci_low, ci_high = DescrStatsW(d).tconfint_mean()
change_log2 = float(DescrStatsW(d).mean)
"""

ENGINE = """
from exercisebook.cohort.package import read_cohort
from exercisebook.stats.differences import within_person
from exercisebook.stats.paired import paired_effects
from pathlib import Path
cohort = read_cohort(Path("cohort"))
own = within_person(cohort.long("{modality}"), cohort.contrast("{contrast}"), "log2_ratio")
row = paired_effects(own, dataset="mine", modality="{modality}", contrast="{contrast}",
                     kind="acute", canonical_id=None, unit="").set_index("feature").loc["{feature}"]
change_log2, ci_low, ci_high = row["estimate"], row["ci_low"], row["ci_high"]
"""

NUMPY = """
import numpy as np
import pandas as pd
n_people, n_pairs = np.int64(n_people), np.array(n_pairs)
change_log2, ci_low = np.float32(change_log2), np.array([ci_low])
ci_high, occupancy = pd.Series([ci_high]), np.float64(occupancy)
direction, identified = np.str_(direction), np.array([])
sentence = pd.Series([sentence])
"""

OTHER_NUMBERS = """
from decimal import Decimal
from fractions import Fraction
n_people, n_pairs = float(n_people), Decimal(n_pairs)
change_log2, ci_low = Decimal(str(change_log2)), str(round(ci_low, 4))
occupancy, ci_high = Fraction(occupancy), f" {ci_high:+.3f} "
n_findings, n_replicates = str(int(n_findings)), [n_replicates]
"""

OTHER_WORDS = """
direction, closure = f" {direction.upper()}. ", "'Fall'"
sentence, decide = f"({sentence.lower()})", [f"{decide})"]
identified = "None"
"""

ROUNDED = """
change_log2, ci_low, ci_high = round(change_log2, 2), round(ci_low, 2), round(ci_high, 2)
cytokine_log2, corrected_log2 = round(cytokine_log2, 2), round(corrected_log2, 2)
ratio_log2, occupancy = round(ratio_log2, 2), float(f"{occupancy:.3g}")
"""

HARMLESS_COMMANDS = """
%matplotlib inline
if True:
    %config InlineBackend.figure_format = "svg"
display(n_people)
"""

RIGHT = {
    "a whole solution in pandas and scipy": Case(solution),
    "the interval by statsmodels": Case(_after(STATSMODELS)),
    "the interval by the book's engine": Case(_after(ENGINE)),
    "scalars of numpy and columns of one": Case(lambda s: [given(s), NUMPY]),
    "decimals, fractions and numbers as text": Case(lambda s: [given(s), OTHER_NUMBERS]),
    "words in other letters and signs": Case(lambda s: [given(s), OTHER_WORDS]),
    "numbers rounded to two digits": Case(lambda s: [given(s), ROUNDED]),
    "harmless notebook commands": Case(lambda s: [given(s), HARMLESS_COMMANDS]),
}  # fmt: skip

UNPAIRED = """
a, b = (np.log2(at("{modality}", "{feature}", p).dropna()) for p in phases["{contrast}"])
n = len(a) + len(b) - 2
spread = np.sqrt(((len(a) - 1) * a.var() + (len(b) - 1) * b.var()) / n * (1 / len(a) + 1 / len(b)))
change_log2 = a.mean() - b.mean()
ci_low = change_log2 - stdtrit(n, 0.975) * spread
ci_high = change_log2 + stdtrit(n, 0.975) * spread
"""

SWAPPED = """
change_log2, ci_low, ci_high = -change_log2, -ci_high, -ci_low
cytokine_log2, ratio_log2 = -cytokine_log2, -ratio_log2
direction = {{"up": "down", "down": "up"}}.get(direction, "up" if cytokine_log2 > 0 else "down")
"""

BASE_10 = """
change_log2, ci_low, ci_high = (x * math.log10(2) for x in (change_log2, ci_low, ci_high))
cytokine_log2, ratio_log2 = cytokine_log2 * math.log10(2), ratio_log2 * math.log10(2)
"""

UNADJUSTED = "n_findings = int((p <= 0.05).sum())"

PERCENT = """
change_log2, cytokine_log2 = 100 * (2**change_log2 - 1), 100 * (2**cytokine_log2 - 1)
occupancy = 100 * occupancy
"""

DROPPED = """
cytokine_log2 = change("cytokines", "{cytokine}", "{cytokine_contrast}", kept=("ok",)).mean()
"""

DIFFERENCE_OF_RATIOS = """
later, earlier = (
    at("blood_count", "{above}", phase) / at("blood_count", "{below}", phase)
    for phase in phases["{ratio_contrast}"]
)
ratio_log2 = (later - earlier).mean()
"""

SIGN, TEN, IN_PERCENT = "the sign is not", "base 10", "per cent"

WRONG = {
    "an unpaired comparison": Case(
        _after(UNPAIRED), changed={"ci_low": "the same people came twice", "ci_high": "came twice"}
    ),
    "cells as replicates": Case(
        _after("n_replicates = {cells} * n_replicates"), changed={"n_replicates": "persons are"}
    ),
    "the wrong sign alone": Case(
        _beside("change_log2 = -change_log2"), changed={"change_log2": SIGN}
    ),
    "baseline and follow-up swapped": Case(
        _beside(SWAPPED),
        changed={"change_log2": SIGN, "ci_low": "turn it round", "ci_high": "turn it round",
                 "cytokine_log2": SIGN, "ratio_log2": SIGN, "direction": ""},
    ),
    "logarithms to base 10": Case(
        _beside(BASE_10),
        changed={"change_log2": TEN, "ci_low": TEN, "ci_high": TEN, "cytokine_log2": TEN,
                 "ratio_log2": TEN},
    ),
    "p values unadjusted": Case(_after(UNADJUSTED), changed={"n_findings": "unadjusted"}),
    "per cent instead of a ratio": Case(
        _beside(PERCENT),
        changed={"change_log2": IN_PERCENT, "cytokine_log2": IN_PERCENT, "occupancy": IN_PERCENT},
    ),
    "all contrasts identified": Case(
        _beside("identified = ['acute-baseline', 'training-baseline']"),
        changed={"identified": "one group"},
    ),
    "non-detects dropped": Case(_after(DROPPED), changed={"cytokine_log2": "left out"}),
    "plasma volume forgotten": Case(
        _after("corrected_log2 = plain"), changed={"corrected_log2": "forgotten"}
    ),
    "plasma volume the wrong way": Case(
        _beside("corrected_log2 -= 2 * math.log2({g1} / {g2} * (100 - {h2}) / (100 - {h1}))"),
        changed={"corrected_log2": "wrong way"},
    ),
    "a difference of ratios": Case(
        _after(DIFFERENCE_OF_RATIOS), changed={"ratio_log2": "take logarithms first"}
    ),
    "everybody a pair": Case(
        _beside("n_pairs = n_people"), changed={"n_pairs": "a value at both visits"}
    ),
    "a share taken for a number": Case(
        _beside("closure = 'stay'"), changed={"closure": "add up to one"}
    ),
    "a slip of units": Case(
        _after("occupancy = level * 1000 / (level * 1000 + {kd})"), changed={"occupancy": "µmol/L"}
    ),
    "a hedged causal sentence": Case(
        _beside("sentence = '{hedged}'"), changed={"sentence": "hedge"}
    ),
    "a comma in a number": Case(
        lambda s: [given(s), "change_log2 = f'{change_log2:.3f}'.replace('.', ',')"],
        changed={"change_log2": "with a point"},
    ),
    "numbers that are none": Case(
        lambda s: [given(s, n_people=float("nan"), n_pairs=float("inf"), n_findings=True,
                         change_log2=10**400, occupancy={"a": 1}, direction=3, closure=[[["x"]]],
                         identified=["never"], ci_low=1j).replace("nan", "float('nan')")
                   .replace("inf", "float('inf')")],
        changed={"n_people": "finite", "n_pairs": "finite", "n_findings": "a number",
                 "change_log2": "15 digits", "occupancy": "a dict", "direction": "one of these",
                 "closure": "", "identified": "there is no", "ci_low": "complex"},
    ),
    "nothing answered": Case(lambda s: ["answer = None"], points=0),
    "an interval turned round": Case(
        _beside("ci_low, ci_high = ci_high, ci_low"),
        changed={"ci_low": "ascend", "ci_high": "ascend"},
    ),
}  # fmt: skip

STOP = "stopped"

CRASHING = {
    "an error half-way": Case(
        lambda s: [given(s, n_people=None), "x = 1\n1 / 0", given(s)],
        STOP, "code cell 2: ZeroDivisionError (line 2)", points=15,
    ),
    "a cell that is no Python": Case(
        lambda s: [given(s), "for in range"], STOP, "SyntaxError (line 1)"
    ),
    "a command of the shell": Case(
        lambda s: [given(s), "!pip install cheat\nx = 1"],
        STOP, "notebook command '!pip install cheat' is not known here",
    ),
    "an exit": Case(_then("import sys; sys.exit('bye')"), STOP, "SystemExit (line 1): bye"),
    "an exit past everything": Case(
        _then("import os; os._exit(0)"), STOP, "ended itself in code cell 2"
    ),
    "a fault of memory": Case(
        _then("import ctypes; ctypes.string_at(0)"), STOP, "ended itself in code cell 2"
    ),
    "a stack without end": Case(
        _then("def f(): return f()\nf()"), STOP, "RecursionError"
    ),
    "an error whose text is an error": Case(
        _then("class E(Exception):\n def __str__(self): raise ValueError\nraise E"),
        STOP, "E (line 3)",
    ),
    "an input": Case(_then("input('key? ')"), STOP, "EOFError"),
}  # fmt: skip

LOOPING = {
    "a loop": Case(_then("while True: pass"), "over a limit", "had not ended after 3 s"),
    "a loop that catches all": Case(
        _then("import time\nwhile True:\n try: time.sleep(9)\n except BaseException: pass"),
        "over a limit", "had not ended after 3 s",
    ),
}  # fmt: skip

GREEDY = {
    "a flood of output": Case(
        _then("while True: print('x' * 10000)"), "over a limit", "printed more"
    ),
    "a flood into every channel": Case(
        _then("import os\nwhile True:\n for fd in range(3, 30):\n  try: os.write(fd, b'x' * 9999)\n"
              "  except OSError: pass"),
        "over a limit", "printed more",
    ),
    "much memory": Case(
        _then("held = []\nwhile True: held.append(bytearray(50_000_000))"), STOP, "more memory"
    ),
    "much memory in many": Case(
        _then("import os, time\nfor i in range(8):\n if os.fork() == 0:\n"
              "  held = bytearray(os.urandom(1)) * 200_000_000\n  time.sleep(60)\ntime.sleep(60)"),
        "over a limit", "0.75 GB of memory",
    ),
    "a bomb of forks": Case(
        _then("import os\nwhile True:\n try: os.fork()\n except OSError: pass"),
        "over a limit", "started more than 64 processes",
    ),
    "a full disk": Case(
        _then("with open('big', 'wb') as f:\n while True: f.write(b'x' * 1_000_000)"),
        STOP, "OSError",
    ),
}  # fmt: skip

FORGED = r"""
import os
line = b'\n{"cell": 2, "answers": {"n_people": 1e999, "n_pairs": [[[[]]]], "x": "\xff"}}\n'
line += b'{"ended": true}\n[[[[[[[[[[[[[\n{"answers": 7}\n'
line += b'{"answers": {"n_people": ' + b'9' * 5000 + b'}}\n'
for fd in range(3, 30):
    try:
        os.write(fd, line)
    except OSError:
        pass
os._exit(0)
"""

MONKEYS = """
import builtins, json
json.dumps = lambda *a, **k: '{"answers": {"points": 100}, "ended": true}'
builtins.isinstance = lambda *a: True
builtins.getattr = lambda *a: 42
"""

MALICIOUS = {
    "answers that are printed": Case(
        lambda s: ['print(\'{"cell": 1, "answers": {"n_people": 5}}\\n{"ended": true}\')'], points=0
    ),
    # whoever writes such lines gives answers, and no grade
    "forged lines": Case(lambda s: ["x = 1", FORGED], points=0),
    "patched judges": Case(lambda s: [given(s), MONKEYS], "graded", "", points=0),
    "a look for the checks": Case(
        _then("import exercisebook.teaching.questions"), STOP, "No module named"
    ),
    "a rewrite of the runner": Case(
        _then("open('/runner.py', 'w').write('')"), STOP, "Read-only file system"
    ),
    "deleted data": Case(
        _then("import shutil\nshutil.rmtree('cohort')"), STOP, "Read-only file system"
    ),
    "an end of its room": Case(
        _then("import os, time\nfor pid in range(1, 9):\n try: os.kill(pid, 9)\n"
              " except OSError: pass\ntime.sleep(1)"),
        STOP, "ended itself in code cell 2",
    ),
    "markup in answers and errors": Case(
        lambda s: [given(s, direction="<script>alert(1)</script>"),
                   "raise ValueError('<img src=x onerror=alert(1)>\\x1b[2J')"],
        STOP, "ValueError (line 1): <img src=x onerror=alert(1)> [2J",
        {"direction": "one of these"},
    ),
}  # fmt: skip


def write(case, student, path):
    path.write_text(notebook(student, case.cells(student)), encoding="utf-8")
