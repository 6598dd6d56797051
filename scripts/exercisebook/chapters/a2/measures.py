"""Every measure with its band, and whether the simulated value lies in it.

The rules of the bands were set before any simulated value was held against one:

- *interval*: the 95 % interval of the open data, where persons give one;
- *factor*: from half to twice the value, where too few persons or a publication give none;
- *tenth*: 0.1 either way of a published intraclass correlation, which a factor would not bound;
- *halves*: a correlation no lower than random halves of the open data reach with each other,
  but for one half in forty.

After a first look one was changed, to a stricter one: zeros were to lie within five points in a
hundred of the open data's, which none could have failed, and fall under *factor* now.
"""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from exercisebook.chapters.a2 import simulated
from exercisebook.chapters.a2.alike import (
    COUNTS,
    CYTOKINES,
    HOURS,
    POINTS,
    TYPE_WORDS,
    cell_curve,
    cell_spectrum,
    depth_cv,
    mean_shares,
    pair_variances,
)
from exercisebook.chapters.a2.analyses import NON_DETECTS
from exercisebook.chapters.open_data import OpenDataPage
from exercisebook.chapters.wording import one
from exercisebook.figures.tables import number
from exercisebook.simulate.worlds import world
from exercisebook.sources.features import label
from exercisebook.stats.realism import CorrelationSpectrum, CourseAgreement, course_agreement

INTERVAL, FACTOR, TENTH, HALVES = "interval", "factor", "tenth", "halves"

RULES = {
    INTERVAL: "95 % interval",
    FACTOR: "half to twice",
    TENTH: "0.1 either way",
    HALVES: "as near as halves",
}

MORNINGS, PUBLISHED, TOGETHER = "mornings", "published", "together"
MISSING, GENES, COMPOSITION, COURSES = "missing", "genes", "composition", "courses"

FAMILIES = (MORNINGS, PUBLISHED, TOGETHER, MISSING, GENES, COMPOSITION, COURSES)

OF_PUBLISHED = ("nefa", "triglycerides", "glucose", "ggt", "creatine_kinase", "crp")
"""Laboratory values whose two variations were published, and set by it."""

PUBLISHED_ICC, PUBLISHED_METABOLITES = 0.6, 178
"""Median over serum metabolites measured twice, four to six weeks apart (PMC4048570)."""

SHARE, PLAIN = "share", "number"
"""How a value is written: per cent, or as it is."""

COLUMNS = ["family", "key", "measure", "simulated", "found", "low", "high", "rule", "scale",
           "n", "set_by_it", "within"]  # fmt: skip


@cache
def measures(page: OpenDataPage) -> pd.DataFrame:
    """Return every measure, made once a page.

    Returns
    -------
    DataFrame
        family (one of ``FAMILIES``), key, measure (in words), simulated, found (in open data, or
        published), low and high (the band's ends; high is infinite for a correlation), rule,
        scale, n (what ``found`` is from, in words), set_by_it (whether the simulator's numbers
        were chosen by the same data) and within.
    """
    made = [
        *_mornings(page),
        *_published(page),
        *_together(page),
        *_missing(page),
        *_genes(page),
        *_composition(page),
        *_courses(page),
    ]
    table = pd.DataFrame(made, columns=COLUMNS[:-1])
    return table.assign(within=table["simulated"].between(table["low"], table["high"]))


def of_seed(page: OpenDataPage) -> tuple[int, int]:
    """Return the seed and the number of people of a page."""
    return page.parameters.seed, page.parameters.subjects


Row = tuple[Any, ...]


def _interval(family: str, key: str, words: str, ours: float, row: pd.Series, name: str, scale: str,
              n: str, set_by_it: bool = False) -> Row:  # fmt: skip
    ends = (row[f"{name}_low"], row[f"{name}_high"])
    return (family, key, words, ours, row[name], *ends, INTERVAL, scale, n, set_by_it)


def _factor(family: str, key: str, words: str, ours: float, found: float, scale: str, n: str,
            set_by_it: bool = False) -> Row:  # fmt: skip
    return (family, key, words, ours, found, found / 2, found * 2, FACTOR, scale, n, set_by_it)


def _mornings(page: OpenDataPage) -> list[Row]:
    found, rows = page["mornings"], []
    levels = page["morning_levels"].rename(columns={"low": "estimate_low", "high": "estimate_high"})
    ours_levels = simulated.levels(*of_seed(page))
    for block, names in (("blood_count", COUNTS), ("cytokines", CYTOKINES)):
        ours = simulated.spread(*of_seed(page), block)
        for name in names:
            theirs, own, words = one(found, feature=name), ours.loc[name], label(name)
            n = f"{int(theirs['n_subjects'])} men"
            if block == "blood_count":
                rows.append(_interval(MORNINGS, f"level {name}", f"{words}, level",
                                      ours_levels[name], one(levels, feature=name), "estimate",
                                      PLAIN, n))  # fmt: skip
            rows += [
                _interval(MORNINGS, f"within {name}", f"{words}, CV within", own["cv_within"],
                          theirs, "cv_within", SHARE, n),
                _factor(MORNINGS, f"between {name}", f"{words}, CV between", own["cv_between"],
                        theirs["cv_between"], SHARE, n),
                _interval(MORNINGS, f"icc {name}", f"{words}, ICC", own["icc"], theirs, "icc",
                          PLAIN, n),
            ]  # fmt: skip
    return rows


def _published(page: OpenDataPage) -> list[Row]:
    features = world("reference").features.set_index("feature")
    ours = simulated.spread(*of_seed(page), "clinical")
    rows = []
    for name, words in (("cv_within", "CV within"), ("cv_between", "CV between")):
        published = features.loc[list(OF_PUBLISHED), name].astype(float)
        own = ours.loc[list(OF_PUBLISHED), name]
        far = np.log(own / published).abs().idxmax()
        told = f"{label(far)}, {words}"
        rows.append(_factor(PUBLISHED, name, told, own[far], published[far], SHARE, "published",
                            True))  # fmt: skip
    icc = simulated.spread(*of_seed(page), "metabolites")["icc"].median()
    ends = PUBLISHED_ICC - 0.1, PUBLISHED_ICC + 0.1
    n = f"{PUBLISHED_METABOLITES} metabolites"
    rows.append((PUBLISHED, "icc", "metabolites, median ICC", icc, PUBLISHED_ICC, *ends, TENTH,
                 PLAIN, n, True))  # fmt: skip
    return rows


def _together(page: OpenDataPage) -> list[Row]:
    found = page["morning_correlation"].rename(
        columns={"low": "estimate_low", "high": "estimate_high"}
    )
    men, samples = (int(found[name].iloc[0]) for name in ("n_subjects", "n_samples"))
    leading, median = simulated.correlation(*of_seed(page), samples - men)
    spectrum = ours_spectrum(*of_seed(page))
    theirs = one(page["cell_covariation"], component=1)
    return [
        _interval(TOGETHER, "leading share", "mornings: first component", leading,
                  one(found, measure="leading share"), "estimate", SHARE, f"{men} men"),
        _interval(TOGETHER, "median correlation", "mornings: median correlation", median,
                  one(found, measure="median correlation"), "estimate", PLAIN, f"{men} men"),
        _factor(TOGETHER, "cells", "cells of a type: first component",
                spectrum.shares["share"].iloc[0], theirs["share"], SHARE,
                f"{int(theirs['n_subjects'])} donors"),
    ]  # fmt: skip


def _missing(page: OpenDataPage) -> list[Row]:
    found = page["absent_at_rest"].rename(columns={"low": "estimate_low", "high": "estimate_high"})
    rows = []
    for name in NON_DETECTS:
        theirs = one(found, feature=name)
        rows.append(_interval(MISSING, f"absent {name}", f"{label(name)}, not found at rest",
                              simulated.absent(*of_seed(page), name), theirs, "estimate", SHARE,
                              f"{int(theirs['n_subjects'])} men"))  # fmt: skip
    ours, theirs = simulated.missing(*of_seed(page)), page["missing_by_level"]
    for place, words in ((1, "faintest"), (len(theirs), "strongest")):
        rows.append(_factor(MISSING, words, f"missing, {words} quarter",
                            one(ours, bin=place)["missing"], one(theirs, bin=place)["missing"],
                            SHARE, f"{int(theirs['n_features'].sum())} cytokines"))  # fmt: skip
    return rows


@cache
def ours_curve(seed: int, subjects: int) -> pd.DataFrame:
    """Return zeros and dispersion of our genes by mean."""
    return cell_curve(*simulated.cells(seed, subjects))


@cache
def ours_spectrum(seed: int, subjects: int) -> CorrelationSpectrum:
    """Return how much our genes move together between cells of a type."""
    return cell_spectrum(*simulated.cells(seed, subjects))


def _genes(page: OpenDataPage) -> list[Row]:
    ours, found, rows = ours_curve(*of_seed(page)), page["cell_moments"], []
    n = f"{int(found['n_subjects'].iloc[0])} donors"
    named = {"median_dispersion": ("dispersion", PLAIN), "excess_zeros": ("extra zeros", SHARE)}
    for name, (words, scale) in named.items():
        for point in POINTS:
            told = f"{words}, mean {number(10**point, 1)}"
            rows.append(_factor(GENES, f"{words} {point:g}", told,
                                one(ours, log10_mean=point)[name],
                                one(found, log10_mean=point)[name], scale, n, True))  # fmt: skip
    depth = depth_cv(*simulated.cells(*of_seed(page)))
    theirs = page["cell_depth"].iloc[0]
    rows.append(_factor(GENES, "depth", "CV of molecules a cell", depth, theirs["depth_cv"], SHARE,
                        n, True))  # fmt: skip
    return rows


def _composition(page: OpenDataPage) -> list[Row]:
    found = page["composition"].iloc[0]
    ours = simulated.composition_spread(*of_seed(page))
    n = f"{int(found['n_subjects'])} donors"
    pairs = page["composition_pairs"]["variance"].to_numpy()
    rank = stats.spearmanr(pair_variances(ours.variation), pairs).statistic
    shares = mean_shares(simulated.composition(*of_seed(page)))
    theirs = page["composition_shares"].set_index("cell_type")["share"].reindex(shares.index)
    far = np.log(shares / theirs).abs().idxmax()
    told = f"share of {TYPE_WORDS[far]}"
    return [
        (COMPOSITION, "total", "composition: total variance", ours.total_variance,
         found["total_variance"], found["low"], found["high"], INTERVAL, PLAIN, n, False),
        (COMPOSITION, "pairs", "composition: pattern over pairs", rank, np.nan,
         found["halves_correlation"], np.inf, HALVES, PLAIN, n, False),
        _factor(COMPOSITION, "shares", told, shares[far], theirs[far], SHARE, n),
    ]  # fmt: skip


def likeness(page: OpenDataPage, feature: str) -> CourseAgreement:
    """Return how our course of a feature after a bout follows that of GRINTA."""
    rows = page["bout_courses"]
    observed = rows[rows["feature"] == feature].set_index("phase")["estimate"]
    return course_agreement(simulated.course(feature), observed.reindex(list(HOURS)))


def _courses(page: OpenDataPage) -> list[Row]:
    rows = []
    for name in (*COUNTS, *CYTOKINES):
        halves = one(page["course_halves"], feature=name)
        rows.append((COURSES, name, f"{label(name)}, correlation of courses",
                     likeness(page, name).correlation, np.nan, halves["low"], np.inf, HALVES, PLAIN,
                     f"{int(halves['n_subjects'])} men", name != "tnf"))  # fmt: skip
    return rows
