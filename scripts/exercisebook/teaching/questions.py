"""The questions of a student's assignment, their right answers, and what typical errors give.

Right answers are computed from the student's own data by the book's engine. Of several features
that would do, the one is asked for in which errors show: an error that gives the right number
cannot be told from no error.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from exercisebook.cohort.package import Cohort
from exercisebook.stats.assay import BELOW, USABLE, Assay, assay_from_long
from exercisebook.stats.differences import assay_differences
from exercisebook.stats.models import MINIMUM_PERSONS, t_of_differences
from exercisebook.stats.multiplicity import benjamini_hochberg
from exercisebook.stats.plasma_volume import dill_costill, log2_shift

Floats = NDArray[np.float64]

WHOLE, NUMBER, CHOICE, NAMES = "whole", "number", "choice", "names"
"""Kinds of answers: a whole number, a number, one of several words, a list of names."""

LOG2_TOLERANCE = 0.01
"""How far a log2 ratio may be off: rounded to two decimals it is still right."""

SHARE_TOLERANCE = 0.02
"""How far a share may be off, relative to itself."""

FDR = 0.05
ACUTE, TRAINING = "acute-baseline", "training-baseline"
CONTRASTS = (ACUTE, TRAINING)

GIVEN = ("clinical", "blood_count", "cytokines", "metabolites")
"""Modalities of a class's data."""

POINTS = 16
"""One for each variable of an assignment."""

UP, DOWN, NOT_SHOWN = "up", "down", "not shown"

Value = float | str | frozenset[str]


@dataclass(frozen=True)
class Slip:
    """A typical error: what it gives, and what to tell whoever gave that."""

    value: Value
    says: str


@dataclass(frozen=True)
class Variable:
    """A variable that holds an answer.

    Attributes
    ----------
    name : str
    kind : str
        ``WHOLE``, ``NUMBER``, ``CHOICE`` or ``NAMES``.
    right : float, str or frozenset of str
        Hidden from students.
    tolerance : float
        By how much a number may differ from it.
    slips : tuple of Slip
        Typical errors.
    least, most : float
        Public: between what any number of this kind lies.
    options : tuple of str
        Public: words to choose among, or names that exist.
    """

    name: str
    kind: str
    right: Value
    tolerance: float = 0.0
    slips: tuple[Slip, ...] = ()
    least: float = 0.0
    most: float = 1e6
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Question:
    """A question: its text in Markdown, the chapter that treats it, and its variables.

    ``ascending`` names variables that must not fall from one to the next.
    """

    title: str
    chapter: int
    text: str
    variables: tuple[Variable, ...]
    ascending: tuple[str, ...] = ()


@dataclass(frozen=True)
class Drawn:
    """Numbers of a student's questions that come from the key and not from the data.

    Attributes
    ----------
    haematocrit, haemoglobin : tuple of float
        Before and after the bout, in per cent and g/L.
    cells : int
        Single cells a sample.
    kd : float
        Dissociation constant in mmol/L.
    shuffle : int
        Seed of the order in which options are listed.
    """

    haematocrit: tuple[float, float]
    haemoglobin: tuple[float, float]
    cells: int
    kd: float
    shuffle: int


def drawn_numbers(rng: np.random.Generator) -> Drawn:
    """Draw the numbers of a student's questions; they tell nothing of the world."""
    haematocrit, haemoglobin = rng.uniform(43, 46.5), rng.uniform(140, 155)
    rise, thicker = rng.uniform(1.2, 2.8), rng.uniform(1.04, 1.08)
    return Drawn(
        (round(haematocrit, 1), round(haematocrit + rise, 1)),
        (round(haemoglobin, 1), round(haemoglobin * thicker, 1)),
        int(rng.integers(6, 19)) * 50,
        round(rng.uniform(0.5, 6.0), 2),
        int(rng.integers(2**31)),
    )


@dataclass(frozen=True)
class _Study:
    """A cohort with its values on the scale of its contrasts, by modality."""

    cohort: Cohort
    assays: dict[str, Assay]

    def sides(self, modality: str, contrast: str) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return log2 values of the later and the earlier phase, subjects by features."""
        row, assay = self.cohort.contrast(contrast), self.assays[modality]
        later, earlier = (
            assay.samples["phase"] == row[name] for name in ("phase", "reference_phase")
        )
        subject = assay.samples["subject"]
        return (
            assay.values[later].set_axis(subject[later]),
            assay.values[earlier].set_axis(subject[earlier]),
        )

    def effects(self, modality: str, contrast: str) -> pd.DataFrame:
        """Return paired t by feature, and the contrast's name."""
        found = _paired(self.assays[modality], self.cohort.contrast(contrast))
        return found.assign(modality=modality, contrast=contrast)


def questions(cohort: Cohort, drawn: Drawn) -> list[Question]:
    """Return a student's questions with their right answers."""
    assays = {name: assay_from_long(cohort.long(name), "log2_ratio") for name in GIVEN}
    study = _Study(cohort, assays)
    return [
        _design(cohort),
        _people(study),
        _interval(study),
        _non_detects(study),
        _many(study),
        _plasma(study, drawn),
        _ratio(study),
        _replicates(cohort, drawn),
        _occupancy(study, drawn),
        _cause(drawn),
    ]


def _paired(assay: Assay, contrast: pd.Series) -> pd.DataFrame:
    differences = assay_differences(assay, contrast)
    ones = np.ones((len(differences.values), 1))
    return t_of_differences(differences, ones, np.ones(1)).set_index("feature")


def _change(name: str, right: float, *more: Slip) -> Variable:
    """Return the variable of a log2 change with the errors that any can have."""
    right = float(right)
    slips = (
        *more,
        Slip(-right, "The size is right and the sign is not: later minus earlier, as asked."),
        Slip(right * math.log10(2), "This is a logarithm to base 10; one to base 2 is asked for."),
        Slip(right * math.log(2), "This is a natural logarithm; one to base 2 is asked for."),
        Slip(2**right, "This is a ratio; its logarithm to base 2 is asked for."),
        Slip(100 * (2**right - 1), "This is in per cent; a logarithm to base 2 is asked for."),
    )
    return Variable(name, NUMBER, right, LOG2_TOLERANCE, slips, -8.0, 8.0)


def _design(cohort: Cohort) -> Question:
    names = tuple(cohort.contrasts["contrast"])
    concurrent = cohort.contrasts["arm"] != cohort.contrasts["reference_arm"]
    right = frozenset(cohort.contrasts["contrast"][concurrent])
    told = (
        "Before against after in one group is not identified: the order, the season, the hour and "
        "who came change along with the exercise."
    )
    slips = tuple(Slip(frozenset(part), told) for part in ((names[0],), names[1:], names))
    text = (
        "Look at `samples.csv` and `contrasts.csv`. In which contrasts does the **design itself** "
        "(a control group at the same time, or an order drawn by lot) identify what differs as the "
        "work of the exercise?\n\n"
        f"`identified`: a list of names among {_listed(names)}. An empty list is an answer."
    )
    variable = Variable("identified", NAMES, right, slips=slips, options=names)
    return Question("What the design identifies", 1, text, (variable,))


def _people(study: _Study) -> Question:
    n_people = float(study.cohort.samples["subject"].nunique())
    counts = {name: study.effects("metabolites", name)["n_subjects"] for name in CONTRASTS}
    pairs = pd.DataFrame(counts).stack()
    # so many are missing that it shows, and not most
    feature, contrast = (pairs - 0.7 * n_people).abs().idxmin()
    right = float(pairs[feature, contrast])
    own = study.cohort.measurements["metabolites"]
    values = float((own["feature"].eq(feature) & own["status"].isin(USABLE)).sum())
    slips = (
        Slip(n_people, "So many people took part; a pair needs a value at both visits."),
        Slip(values, "These are values, not people."),
    )
    text = (
        f"`n_people`: how many people does the study have?\n\n`n_pairs`: for how many of them can "
        f"the contrast `{contrast}` of the metabolite `{feature}` be computed?"
    )
    samples = Slip(
        float(len(study.cohort.samples)), "These are samples; several are of one person."
    )
    variables = (
        Variable("n_people", WHOLE, n_people, slips=(samples,)),
        Variable("n_pairs", WHOLE, right, slips=slips),
    )
    return Question("People and pairs", 1, text, variables)


def _interval(study: _Study) -> Question:
    rows = pd.concat(
        _with_unpaired(study, modality, contrast)
        for modality in ("clinical", "blood_count")
        for contrast in CONTRASTS
    )
    limits = study.cohort.features.dropna(subset="detection_limit")["feature"]
    rows = rows[~rows["feature"].isin(limits)].reset_index(drop=True)
    clear = np.minimum(0.3 * rows["estimate"].abs(), (rows["low"] - rows["ci_low"]).abs())
    row = rows.iloc[int(clear.argmax())]
    # the difference that pairing makes, in either bound
    unpaired = "This is the bound of a comparison of two groups; the same people came twice."
    text = (
        f"The feature `{row['feature']}` ({row['modality']}), contrast `{row['contrast']}`. Take "
        "log2 of the values and each person's later minus earlier value.\n\n`change_log2`: the "
        "mean change.\n\n`ci_low`, `ci_high`: its 95 % interval by Student's t."
    )
    variables = (
        _bound("ci_low", row["ci_low"], row["low"], -row["ci_high"], unpaired),
        _change("change_log2", row["estimate"]),
        _bound("ci_high", row["ci_high"], row["high"], -row["ci_low"], unpaired),
    )
    ascending = ("ci_low", "change_log2", "ci_high")
    return Question("A change with its interval", 2, text, variables, ascending)


def _with_unpaired(study: _Study, modality: str, contrast: str) -> pd.DataFrame:
    """Return paired effects, and in low and high the interval as if people were not paired."""
    later, earlier = study.sides(modality, contrast)
    test = stats.ttest_ind(later, earlier, nan_policy="omit")
    interval = test.confidence_interval(0.95)
    rows = study.effects(modality, contrast).loc[list(later.columns)].reset_index()
    return rows.assign(low=interval.low, high=interval.high)


def _bound(name: str, right: float, unpaired: float, turned: float, says: str) -> Variable:
    # a bound of the unpaired comparison is told as such before any other error
    return _change(name, right, Slip(float(unpaired), says), Slip(float(turned), _TURNED))


_TURNED = "This is the interval of earlier minus later; turn it round."


def _non_detects(study: _Study) -> Question:
    row = _most_changed_by_dropping(study)
    right, direction = row["estimate"], _direction(row)
    dropped = "Values below the limit were left out; that raises the lower phase most."
    half = "The limit itself is to stand for a value below it, as `value` says, not half of it."
    text = (
        f"The cytokine `{row.name}`, contrast `{row['contrast']}`. Some values lie below "
        "the limit of detection: their status is `below_detection` and their value the limit. "
        "Keep them, at the limit.\n\n`cytokine_log2`: the mean change of log2 values, later minus "
        "earlier.\n\n"
        f"`direction`: what its 95 % interval (t, paired) shows: `{UP}`, `{DOWN}` or "
        f"`{NOT_SHOWN}`."
    )
    variables = (
        _change("cytokine_log2", right, Slip(float(row["dropped"]), dropped),
                Slip(float(row["half"]), half)),
        Variable("direction", CHOICE, direction, slips=_of_sign(right, direction),
                 options=(UP, DOWN, NOT_SHOWN)),
    )  # fmt: skip
    return Question("Below the limit of detection", 2, text, variables)


def _most_changed_by_dropping(study: _Study) -> pd.Series:
    """Return the effect on a cytokine that leaving non-detects out changes most."""
    assay = study.assays["cytokines"]
    below = assay.status == BELOW
    without = replace(assay, values=assay.values.mask(below))
    halved = replace(assay, values=assay.values - below)
    tables = []
    for name in CONTRASTS:
        row = study.cohort.contrast(name)
        rows = study.effects("cytokines", name)
        rows["dropped"] = _paired(without, row)["estimate"]
        tables.append(rows.assign(half=_paired(halved, row)["estimate"]))
    rows = pd.concat(tables)
    off = rows[["dropped", "half"]].sub(rows["estimate"], axis=0).abs().min(axis=1)
    clear = np.minimum(off, 0.3 * rows["estimate"].abs())
    return rows.iloc[int(clear.to_numpy().argmax())]


def _direction(row: pd.Series) -> str:
    return UP if row["ci_low"] > 0 else DOWN if row["ci_high"] < 0 else NOT_SHOWN


def _of_sign(estimate: float, right: str) -> tuple[Slip, ...]:
    own, other = (UP, DOWN) if estimate > 0 else (DOWN, UP)
    turned = Slip(other, "The estimate has the other sign: later minus earlier.")
    if right == NOT_SHOWN:
        return Slip(own, "The estimate has that sign, but its interval holds zero."), turned
    return Slip(NOT_SHOWN, "The interval does not hold zero."), turned


def _many(study: _Study) -> Question:
    counts = {}
    for contrast in CONTRASTS:
        p = study.effects("metabolites", contrast)["p_value"].to_numpy()
        adjusted = int((benjamini_hochberg(p) <= FDR).sum())
        counts[contrast] = (int((p <= FDR).sum()), adjusted, int((p * len(p) <= FDR).sum()))
    contrast = max(counts, key=lambda name: counts[name][0] - counts[name][1])
    unadjusted, right, strict = counts[contrast]
    slips = [Slip(float(unadjusted), "These are the p values below the threshold, unadjusted.")]
    if strict != right:
        slips.append(Slip(float(strict), "This is Bonferroni's count; Benjamini and Hochberg's "
                          "is asked for."))  # fmt: skip
    text = (
        f"Test every metabolite in the contrast `{contrast}`: paired t of log2 values, each with "
        f"the pairs it has, if these are {MINIMUM_PERSONS} or more.\n\n`n_findings`: how many have "
        f"a p value of at most {FDR:g} after adjustment by Benjamini and Hochberg for all that "
        "were tested?"
    )
    variable = Variable("n_findings", WHOLE, float(right), slips=tuple(slips))
    return Question("Many questions at once", 4, text, (variable,))


def _plasma(study: _Study, drawn: Drawn) -> Question:
    rows = study.effects("metabolites", ACUTE)
    named = study.cohort.features.query("modality == 'metabolites'").dropna(subset="canonical_id")
    found = rows["estimate"][list(named["feature"])]
    (h1, h2), (g1, g2) = drawn.haematocrit, drawn.haemoglobin
    loss = float(dill_costill(h1, h2, g1, g2))
    shift = float(log2_shift(loss))
    # with the largest result every error of scale shows
    feature = (found + shift).abs().idxmax()
    plain = float(found[feature])
    slips = (
        Slip(plain, "This is the change of concentration; plasma volume was forgotten."),
        Slip(plain - shift, "The correction went the wrong way: less plasma concentrates what "
             "stays, so the amount changed by less than the concentration rose."),
        Slip(plain + loss / 100, "Per cent of volume were added to a logarithm; turn the volume "
             "into a log2 ratio first."),
    )  # fmt: skip
    text = (
        f"Suppose that in these people haematocrit went from {h1:g} % to {h2:g} % and haemoglobin "
        f"from {g1:g} to {g2:g} g/L over the bout (numbers for practice, not of your data). "
        "Compute the change of plasma volume by Dill and Costill, and what it says of the "
        f"metabolite `{feature}`.\n\n`corrected_log2`: the mean log2 change of its **amount** in "
        f"the contrast `{ACUTE}`."
    )
    variable = _change("corrected_log2", plain + shift, *slips)
    return Question("Water that leaves the plasma", 5, text, (variable,))


def _ratio(study: _Study) -> Question:
    asked = ((pair, name) for pair in combinations(_COUNTED, 2) for name in CONTRASTS)
    found = {each: _log_ratio(study, *each) for each in asked}
    (above, below), contrast = max(found, key=lambda each: _clearest(*found[each]))
    right, of_ratios = found[(above, below), contrast]
    text = (
        f"Blood counts, contrast `{contrast}`.\n\n`ratio_log2`: the mean change, later minus "
        f"earlier, of the log2 ratio of {above} to {below}.\n\n`closure`: suppose that only the "
        "number of neutrophils rises. What does the **share** of lymphocytes among white cells "
        "do: `rise`, `fall` or `stay`?"
    )
    more = Slip(of_ratios, "This is a difference of ratios; take logarithms first.")
    slips = (
        Slip("stay", "Their number stays; shares add up to one, and one of them grew."),
        Slip("rise", "Shares add up to one: where one grows, others have to give way."),
    )
    variables = (
        _change("ratio_log2", right, more),
        Variable("closure", CHOICE, "fall", slips=slips, options=("rise", "fall", "stay")),
    )
    return Question("Shares of a whole", 3, text, variables)


_COUNTED = ("neutrophils", "lymphocytes", "monocytes")


def _clearest(change: float, of_ratios: float) -> float:
    """Return by how much the nearest error of a log ratio lies off."""
    return min(0.3 * abs(change), abs(of_ratios - change))


def _log_ratio(study: _Study, pair: tuple[str, str], contrast: str) -> tuple[float, float]:
    """Return the mean change of a log2 ratio of two counts, and that of the plain ratio."""
    later, earlier = (
        side[pair[0]] - side[pair[1]] for side in study.sides("blood_count", contrast)
    )
    return float((later - earlier).mean()), float((2**later - 2**earlier).mean())


def _replicates(cohort: Cohort, drawn: Drawn) -> Question:
    row = cohort.contrast(TRAINING)
    sides = [
        set(cohort.samples.query("phase == @phase")["subject"])
        for phase in (row["phase"], row["reference_phase"])
    ]
    pairs = len(sides[0] & sides[1])
    samples = len(sides[0]) + len(sides[1])
    cells = "Cells of one person are not independent; persons are."
    slips = [
        Slip(float(drawn.cells * samples), cells),
        Slip(float(drawn.cells * pairs), cells),
        Slip(float(drawn.cells), cells),
        Slip(float(samples), "These are samples; two of one person make one pair."),
    ]
    everyone = float(cohort.samples["subject"].nunique())
    if everyone != pairs:
        slips.append(Slip(everyone, "Not everybody came to both visits."))
    text = (
        f"Suppose that {drawn.cells} single cells were sequenced of **each** sample of your study. "
        "The counts of each sample are summed, and a gene is compared in the contrast "
        f"`{TRAINING}`.\n\n`n_replicates`: how many independent pairs has that test?"
    )
    variable = Variable("n_replicates", WHOLE, float(pairs), slips=tuple(slips))
    return Question("What is replicated", 4, text, (variable,))


def _occupancy(study: _Study, drawn: Drawn) -> Question:
    phase = study.cohort.contrast(TRAINING)["phase"]
    later, _ = study.sides("metabolites", TRAINING)
    # of an even number of people the median is a mean of two, so logarithms are undone first
    level = float((2 ** later["betaine"]).median())
    kd = 1000 * drawn.kd
    right = level / (level + kd)
    slips = (
        Slip(100 * right, "This is in per cent; a share between 0 and 1 is asked for."),
        Slip(level / (level + drawn.kd), "Betaine is in µmol/L and the constant in mmol/L."),
        Slip(kd / (level + kd), "This is the share that is free."),
    )
    text = (
        f"Suppose that betaine bound an enzyme with a dissociation constant of {drawn.kd:g} mmol/L "
        "(an assumption; look at the units).\n\n`occupancy`: which share of the enzyme, between 0 "
        f"and 1, would be bound at the median concentration of betaine at the phase `{phase}`?"
    )
    variable = Variable("occupancy", NUMBER, right, SHARE_TOLERANCE * right, slips, 0.0, 1.0)
    return Question("How much is bound", 6, text, (variable,))


_SENTENCES = (
    "Betaine after 25 days of runs is reported with its interval; what made it differ from "
    "before, this design cannot tell.",
    "25 days of runs changed betaine, since the interval of its change leaves out zero.",
    "Runs may have driven the change of betaine, which suggests a protective mechanism.",
    "Betaine mediates what training does to inflammation.",
)
_DECIDERS = (
    "the same weeks in people who are drawn by lot to rest",
    "twice as many people in the same design",
    "a threshold of p < 0.001",
    "more features measured in the same samples",
)
_SENTENCE_SLIPS = (
    "An interval tells how large a change is, and not what made it.",
    "A hedge leaves the causal verb standing.",
    "Two things that change together need not lie on one path.",
)
_DECIDER_SLIPS = (
    "More people make the interval narrower; season and order stay in it.",
    "A stricter threshold asks the same of the same design.",
    "More features of the same samples share the same design.",
)


def _cause(drawn: Drawn) -> Question:
    rng = np.random.default_rng(drawn.shuffle)
    sentences, sentence = _lettered("sentence", _SENTENCES, _SENTENCE_SLIPS, rng.permutation)
    deciders, decide = _lettered("decide", _DECIDERS, _DECIDER_SLIPS, rng.permutation)
    text = (
        f"`sentence`: which may stand in the abstract?\n\n{sentences}\n\n`decide`: what would "
        f"decide whether the runs are the cause?\n\n{deciders}\n\nAnswer each with a letter."
    )
    return Question("What may be said", 7, text, (sentence, decide))


def _lettered(
    name: str,
    options: Sequence[str],
    told: Sequence[str],
    permutation: Callable[[int], NDArray[np.int64]],
) -> tuple[str, Variable]:
    """Return options, of which the first is right, as a list in some order, and the variable."""
    letters = "ABCD"[: len(options)]
    order = [int(place) for place in permutation(len(options))]
    lines = [f"- {a}: {options[place]}" for a, place in zip(letters, order, strict=True)]
    letter_of = {place: a for a, place in zip(letters, order, strict=True)}
    slips = tuple(Slip(letter_of[i], says) for i, says in enumerate(told, start=1))
    variable = Variable(name, CHOICE, letter_of[0], slips=slips, options=tuple(letters))
    return "\n".join(lines), variable


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
