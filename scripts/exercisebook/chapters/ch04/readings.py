"""Picking single results out of chapter 4's tables."""

import pandas as pd

from exercisebook.chapters.ch04 import cells
from exercisebook.chapters.ch04.rats import BETWEEN, BOTH, MEAN
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.wording import certain, direction, evidence, one, ratio
from exercisebook.sources.motrpac_rat import TISSUES
from exercisebook.stats.random_sets import random_set_p_value

TISSUE_LABELS = {
    "gastrocnemius": "gastrocnemius (calf)",
    "vastus": "vastus (thigh)",
    "fat": "fat under the skin",
}
SHORT = {"gastrocnemius": "the gastrocnemius", "vastus": "the vastus", "fat": "the fat"}
assert set(TISSUE_LABELS) == set(TISSUES)


def tissue_of(effects: pd.DataFrame) -> pd.Series:
    """Return the tissue of each of the rats' effects."""
    return effects["contrast"].str.removesuffix("-8w")


def rat_effects(chapter: Chapter, name: str, stratum: str = BOTH) -> pd.DataFrame:
    """Return one stratum of a table of the rats' Effects, with a column ``tissue``."""
    effects = chapter[name]
    own = effects[effects["stratum"] == stratum]
    return own.assign(tissue=tissue_of(own)).reset_index(drop=True)


def changed(effects: pd.DataFrame, fdr: float) -> pd.DataFrame:
    """Return the effects that count as seen: q at most the rate, and an interval without zero."""
    return effects[(effects["q_value"] <= fdr) & effects.apply(certain, axis=1)]


def change_words(effect: pd.Series) -> str:
    """Return what a gene did in its tissue: ``GPX1 rose by 60 % in the vastus (...)``."""
    way = direction(effect["estimate"], "rose", "fell")
    place = SHORT[effect["tissue"]]
    return f"{effect['feature']} {way} {ratio(effect['estimate'])} in {place} {evidence(effect)}"


def set_effect(chapter: Chapter, name: str, tissue: str, stratum: str = BOTH) -> pd.Series:
    """Return the effect on the mean of one set in one tissue."""
    effects = rat_effects(chapter, "rat_sets", stratum)
    return one(effects, feature=name, tissue=tissue, method=MEAN)


def breadth(chapter: Chapter, tissue: str, stratum: str = BOTH) -> pd.Series:
    """Return how many of all genes of a tissue changed."""
    return one(chapter["rat_breadth"], tissue=tissue, stratum=stratum)


def interactions(chapter: Chapter) -> pd.DataFrame:
    """Return the differences of effect between females and males, gene by gene."""
    return rat_effects(chapter, "rat_genes", BETWEEN)


def random_means(chapter: Chapter, tissue: str) -> pd.Series:
    """Return the mean t of each random set of one tissue."""
    table = chapter["rat_random_sets"]
    return table.loc[(table["tissue"] == tissue) & (table["draw"] > 0), "mean"]


def set_mean(chapter: Chapter, tissue: str) -> float:
    """Return the mean t of the chosen set in one tissue."""
    return float(one(chapter["rat_random_sets"], tissue=tissue, draw=0)["mean"])


def random_p(chapter: Chapter, tissue: str) -> float:
    """Return how often a random set lies as far from the mean of all as the chosen one."""
    return random_set_p_value(set_mean(chapter, tissue), random_means(chapter, tissue))


def random_alarms(chapter: Chapter, tissue: str) -> float:
    """Return the share of random sets that camera calls changed at 5 %."""
    table = chapter["rat_random_sets"]
    own = table[(table["tissue"] == tissue) & (table["draw"] > 0)]
    return float((own["p_camera"] <= 0.05).mean())


def reference_targets(chapter: Chapter, contrast: str, place: str = cells.TUBE) -> pd.DataFrame:
    """Return the targets of the reference cohort in one contrast, with truth and outcome."""
    effects = cells.targets("reference", place, chapter.parameters.fdr)
    assert effects is not None
    return effects[effects["contrast"] == contrast].reset_index(drop=True)


def reference_set_tests(contrast: str) -> pd.DataFrame:
    """Return the tests of the targets as a set in the reference cohort."""
    tests = cells.set_tests("reference")
    assert tests is not None
    return tests[tests["contrast"] == contrast].set_index("method")


def red_cell(chapter: Chapter, feature: str, contrast: str) -> pd.Series:
    """Return one effect in red cells, or in the blood around them."""
    return one(chapter["red_cells"], feature=feature, contrast=contrast)
