"""What Mendelian randomisation takes for granted, on instruments whose truth is known.

The engine, the worked example and betaine's four variants are chapter 5's; here variants are made
that bypass the exposure in several ways, none of which their strength gives away.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from exercisebook.chapters.ch05.analyses import ANALYSES as OF_CHAPTER_5
from exercisebook.chapters.ch05.genetics import PLEIOTROPIC
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.results import Analysis
from exercisebook.chapters.wording import certain, count, listed, none_or, one
from exercisebook.figures import causes as draw
from exercisebook.figures.tables import Table, interval, number, p_value, percent, whole
from exercisebook.stats.mendelian_randomisation import (
    Variants,
    cochran_q,
    f_statistics,
    inverse_variance_weighted,
    mr_egger,
    variants,
    weighted_median,
)
from exercisebook.stats.power import detectable_from_se

ANALYSES: dict[str, Analysis] = {
    name: OF_CHAPTER_5[name]
    for name in ("betaine_instruments", "bmi_chd_checks", "bmi_chd_methods")
}

SETS, DRAWS = 200, 200
LEVEL = 0.05
X_SE, Y_SE = 0.01, 0.02
"""Errors of a variant's associations with exposure (SD) and outcome (log odds)."""

STRENGTH, STRENGTH_SD = 0.08, 0.02
"""Mean and spread of what an allele does to the exposure, in SD."""

METHODS = ("inverse-variance weighted", "MR-Egger", "weighted median")


@dataclass(frozen=True)
class Situation:
    """One way in which variants may reach the outcome by another road.

    Attributes
    ----------
    name, says : str
    many : int
        Variants in a set.
    """

    name: str
    says: str
    many: int = 30


VALID = Situation("all valid", "no variant reaches the outcome but through the exposure")
BALANCED = Situation("bypasses balance", "every variant has a bypass, up or down at random")
ONE_WAY = Situation("bypasses one way", "every variant has a bypass that raises the outcome")
SOME = Situation("three in ten invalid", "three in ten have a bypass, the others none")
SHARED = Situation(
    "a shared cause",
    "four in ten move a third thing, which moves exposure and outcome",
)
FEW = Situation("one of four invalid", "as many variants as betaine has, one with a bypass", 4)

SITUATIONS = (VALID, BALANCED, ONE_WAY, SOME, SHARED, FEW)


def instruments(situation: Situation, rng: np.random.Generator) -> Variants:
    """Return a set of variants of an exposure that does nothing to the outcome.

    The true effect is nought in every situation, so that whatever a method finds is a bypass.
    """
    m = situation.many
    place = np.arange(m)
    on_exposure = np.clip(rng.normal(STRENGTH, STRENGTH_SD, m), 0.03, None)
    bypass = np.zeros(m)
    if situation is BALANCED:
        bypass = rng.normal(0, 0.03, m)
    elif situation is ONE_WAY:
        bypass = np.abs(rng.normal(0.02, 0.012, m))
    elif situation is SOME:
        bypass = np.where(place < 0.3 * m, 0.05, 0.0)
    elif situation is SHARED:
        third = np.where(place < 0.4 * m, rng.uniform(0, 0.1, m), 0.0)
        on_exposure, bypass = on_exposure + third, third / 2
    elif situation is FEW:
        bypass = np.where(place < 1, 0.1, 0.0)
    return variants(
        on_exposure + X_SE * rng.standard_normal(m),
        np.full(m, X_SE),
        bypass + Y_SE * rng.standard_normal(m),
        np.full(m, Y_SE),
    )


@cache
def trials(seed: int) -> pd.DataFrame:
    """Return every method's answer in every set of every situation, a row each.

    Returns
    -------
    DataFrame
        situation, method, estimate, se, significant (bool); and of the set: f (mean strength),
        disagree (whether Cochran's Q is beyond chance).
    """
    rows = []
    for number_of, situation in enumerate(SITUATIONS):
        rng = np.random.default_rng([seed, number_of])
        for _ in range(SETS):
            given = instruments(situation, rng)
            weighted = inverse_variance_weighted(given)
            fits = (weighted, mr_egger(given)[0], weighted_median(given, rng, DRAWS))
            f = float(f_statistics(given.x, given.x_se).mean())
            disagree = cochran_q(given, weighted.estimate).p_value < LEVEL
            rows += [
                (situation.name, method, fit.estimate, fit.se, fit.p_value < LEVEL, f, disagree)
                for method, fit in zip(METHODS, fits, strict=True)
            ]
    columns = ["situation", "method", "estimate", "se", "significant", "f", "disagree"]
    return pd.DataFrame(rows, columns=columns)


@cache
def summary(seed: int) -> pd.DataFrame:
    """Return each method in each situation: mean, its middle 95 %, and how often it errs."""
    by = trials(seed).groupby(["situation", "method"], sort=False)
    table = by.agg(
        estimate=("estimate", "mean"),
        low=("estimate", lambda e: float(np.quantile(e, 0.025))),
        high=("estimate", lambda e: float(np.quantile(e, 0.975))),
        se=("se", "mean"),
        significant=("significant", "mean"),
        f=("f", "mean"),
        disagree=("disagree", "mean"),
    )
    return table.reset_index()


def of(chapter: Chapter) -> pd.DataFrame:
    """Return the summary at this page's seed."""
    return summary(chapter.parameters.seed)


def cell(chapter: Chapter, situation: Situation, method: str = METHODS[0]) -> pd.Series:
    """Return one method in one situation."""
    return one(of(chapter), situation=situation.name, method=method)


def instruments_chart(chapter: Chapter) -> Any:
    """Return three methods' answers where the truth is nought, in six situations."""
    table = of(chapter)
    rows = table.assign(
        row=table["situation"],
        group=table["method"],
        label=[
            f"{number(e)} ({interval(a, b)}), “significant” in {percent(s)}"
            for e, a, b, s in table[["estimate", "low", "high", "significant"]].itertuples(
                index=False
            )
        ],
    )
    shared = [cell(chapter, SHARED, m) for m in METHODS]
    caption = (
        f"Simulated, {whole(SETS)} sets of variants a row, of an exposure that does nothing (line at 0): {_shared_told(shared)} "
        f"(means with the middle 95 % of estimates, which are no confidence intervals; {count(VALID.many)} variants a set, four in the last row; ranges are cut at the edge)."
    )
    text = "Dot plot of mean estimates with ranges by three methods in six situations; all lie on nought where variants are valid, MR-Egger alone does where bypasses all point one way, and none does where a shared cause feeds exposure and outcome."
    return draw.instruments(rows, [s.name for s in SITUATIONS], METHODS, (caption, text))


def _shared_told(shared: list[pd.Series]) -> str:
    """Return where a shared cause puts the three methods, and in how many sets they are sure."""
    above = sum(s["low"] > 0 for s in shared)
    where = (
        "all three methods lie"
        if above == len(METHODS)
        else f"{none_or(count(above))} of the methods lie"
    )
    sure = listed([percent(s["significant"]) for s in shared])
    return f"with a shared cause {where} above nought with their ranges, and are “significant” in {sure} of sets"


def instruments_in_worlds_table(chapter: Chapter) -> Table:
    """Return each situation with strength, disagreement and errors of the three methods."""
    rows = []
    for situation in SITUATIONS:
        each = [cell(chapter, situation, m) for m in METHODS]
        rows.append(
            (
                situation.name,
                situation.says,
                number(each[0]["f"], 3),
                percent(each[0]["disagree"]),
                *(percent(e["significant"]) for e in each),
            )
        )
    columns = ["variants", "which means", "mean F", "Q beyond chance", *METHODS]
    return Table(
        pd.DataFrame(rows, columns=columns),
        f"Simulated: how often {whole(SETS)} sets of variants make each method find an effect that is not there (p < .05).",
        stacked=True,
    )


def assumptions_table(chapter: Chapter) -> Table:
    """Return what must hold of a variant, what speaks to it, and what that is for betaine."""
    f = chapter["betaine_instruments"]["f"]
    rows = [
        (
            "it moves the exposure",
            "its strength F",
            f"F of {number(f.min())} to {number(f.max())}: yes, in blood",
        ),
        (
            "nothing causes both variant and outcome",
            "ancestry held; families; place of birth",
            "not to be seen in summary tables",
        ),
        (
            "it reaches the outcome through the exposure alone",
            "what else it moves; agreement of many variants, none of which proves it",
            f"four variants; {PLEIOTROPIC} moves glycine more than betaine",
        ),
        (
            "a lifelong small change stands for a new one",
            "trials",
            "grams a day are not an allele",
        ),
    ]
    columns = ["what must hold", "what can speak to it", "for betaine"]
    return Table(
        pd.DataFrame(rows, columns=columns),
        "What a genetic instrument must be, and what a table of associations can say of it.",
        stacked=True,
    )


def sentences(chapter: Chapter) -> dict[str, str]:
    """Return the sentences on genetic instruments."""
    return {"instruments": _instruments(chapter), "heterogeneity": _heterogeneity(chapter)}


def _instruments(chapter: Chapter) -> str:
    shared, way, few = (cell(chapter, s) for s in (SHARED, ONE_WAY, FEW))
    egger, some = cell(chapter, ONE_WAY, METHODS[1]), cell(chapter, SOME, METHODS[2])
    balanced, valid = cell(chapter, BALANCED), cell(chapter, VALID)
    least = float(detectable_from_se(valid["se"], np.inf))
    own = chapter["betaine_instruments"]["f"]
    return (
        f"Mean F is {number(of(chapter)['f'].min())} or more in every row, as for betaine's own variants ({number(own.min())} to {number(own.max())}), and the true effect is nought in every row. "
        f"Where all are valid the three methods err in {percent(valid['significant'])}, {percent(cell(chapter, VALID, METHODS[1])['significant'])} and {percent(cell(chapter, VALID, METHODS[2])['significant'])} of sets, and the first could show an effect of {number(least)} log odds in four sets of five. "
        f"Bypasses that balance cost the weighted mean width, not truth ({percent(balanced['significant'])} errors), while the median errs in {percent(cell(chapter, BALANCED, METHODS[2])['significant'])}. "
        f"Bypasses that all point one way deceive the weighted mean in {percent(way['significant'])} of sets and MR-Egger, which looks for just that, in {percent(egger['significant'])}; with three in ten invalid the median errs in {percent(some['significant'])} and the mean in {percent(cell(chapter, SOME)['significant'])}. "
        f"With one invalid variant among four, as betaine might have, the mean is {number(abs(few['estimate']))} off on average and scatters from {interval(few['low'], few['high'])}; it is “significant” in {percent(few['significant'])} of sets only, since disagreement (beyond chance by Cochran's Q in {percent(few['disagree'])}) widens its interval; an interval so wide is of no use. "
        f"Where a third thing feeds both exposure and outcome, F is highest of all ({number(shared['f'], 3)}), since the third thing makes the variants strong: strength is not validity, and can be the opposite."
    )


def _heterogeneity(chapter: Chapter) -> str:
    balanced, shared = cell(chapter, BALANCED), cell(chapter, SHARED)
    medians = [cell(chapter, SHARED, m) for m in METHODS[1:]]
    check = chapter["bmi_chd_checks"].iloc[0]
    fits = chapter["bmi_chd_methods"].set_index("method")
    sides = [
        certain(fits.loc[m])
        for m in ("inverse-variance weighted, random", "MR-Egger", "weighted median")
    ]
    agree = (
        "The three methods agree there, which makes it harder to blame balanced, one-sided or scattered bypasses; a shared cause would pass all three."
        if all(sides) and len({np.sign(e) for e in fits["estimate"].iloc[:4]}) == 1
        else "The three methods do not agree there, and the disagreement is the finding."
    )
    beyond = "more than" if check["p_value"] < LEVEL else "no more than"
    return (
        f"Disagreement of the variants tells neither way: Cochran's Q is beyond chance in {percent(balanced['disagree'])} of sets where the mean is right, and in {percent(shared['disagree'])} where all three are wrong. "
        f"Nor does agreement of the methods: with a shared cause MR-Egger errs in {percent(medians[0]['significant'])} and the median in {percent(medians[1]['significant'])} of sets, on the same side. "
        f"For body mass index and coronary disease ([](#betaine-metabolism)) the variants disagree {beyond} their errors allow (Q = {number(check['q'], 3)} on {whole(check['df'])}, p {_p(check['p_value'])}). "
        + agree
    )


def _p(value: float) -> str:
    text = p_value(value)
    return text if text.startswith("<") else f"= {text}"
