"""The tables of chapter 1."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.simulated import outcomes_table, reference_outcomes
from exercisebook.chapters.wording import one
from exercisebook.claims.claims import claims_of
from exercisebook.claims.ledger import ledger
from exercisebook.claims.tables import ledger_frame
from exercisebook.cohort.package import Cohort, read_cohort
from exercisebook.figures.tables import Table, interval, number, p_value, percent, whole
from exercisebook.paths import REFERENCE
from exercisebook.sources.features import label
from exercisebook.stats.cohort_effects import cohort_effects, contrast_differences
from exercisebook.stats.models import MINIMUM_PERSONS
from exercisebook.stats.multiplicity import bonferroni_reach
from exercisebook.stats.power import (
    detectable_from_se,
    detectable_ratio,
    power_of,
)
from exercisebook.stats.reach import floor_of, groups_of, standard_errors
from exercisebook.stats.reference_change import reference_change
from exercisebook.stats.schemas import no_effects

MOST_CONTRASTS = 12
"""Contrasts that a page shows; a cohort with more has its others in the same form."""


def manifest() -> Table:
    """Return what our sources say of each sample, and what they do not."""
    rows = [
        ("Who", "13 healthy young men", "fitness, diet, how they were chosen"),
        ("When", "three phases, 45 days, one bout, 25 days", "dates, season, days between"),
        ("Control", "none mentioned", "a group or a phase without exercise"),
        ("Blood", "drawn in each phase", "minutes from the end of the bout to the draw"),
        ("State", "not stated", "fasting, time of day, hours since the last bout"),
        ("Stool", "sampled", "any result"),
        (
            "Assays",
            "cells, proteins, metabolites, microbes",
            "detection limits, plates, who was blinded",
        ),
    ]
    frame = pd.DataFrame(rows, columns=["item", "said", "not said in what we read"])
    return Table(
        frame, "The sample manifest, as far as the commentary lets us write it.", stacked=True
    )


def worked_example() -> pd.DataFrame:
    """Return log2 neutrophil counts of the reference cohort, a row a man, baseline and acute."""
    cohort = read_cohort(REFERENCE)
    long = cohort.long("blood_count").query("feature == 'neutrophils'")
    wide = long.assign(log2=np.log2(long["value"])).pivot(
        index="subject", columns="phase", values="log2"
    )
    return wide[["baseline", "acute"]].round(3)


def worked_example_by_library() -> Table:
    """Return the same contrast from the package."""
    cohort = read_cohort(REFERENCE)
    effects = cohort_effects(cohort, "blood_count", [cohort.contrast("acute-baseline")])
    effect = one(effects, feature="neutrophils")
    row = {
        "n": whole(effect["n_subjects"]),
        "mean": number(effect["estimate"], 3),
        "se": number(effect["se"], 3),
        "t": number(effect["statistic"], 3),
        "95 % interval": interval(effect["ci_low"], effect["ci_high"], 3),
        "p": p_value(effect["p_value"]),
    }
    return Table(
        pd.DataFrame([row]), "Neutrophils, acute against baseline, in log2 units; simulated."
    )


def truth_table(chapter: Chapter) -> Table:
    """Return how many true effects of training the reference study finds and misses."""
    return outcomes_table(reference_outcomes("training", chapter.parameters.fdr), "training")


def what_this_cohort_can_see(chapter: Chapter) -> Table:
    """Return, for each contrast of the cohort, its people and the limits that follow from them."""
    cohort = chapter.cohort
    shown = cohort.contrasts.head(MOST_CONTRASTS)
    rows = [
        row
        for _, contrast in shown.iterrows()
        for modality in cohort.measurements
        for row in _what_one_contrast_can_see(cohort, contrast, modality)
    ]
    columns = [
        "contrast",
        "modality",
        "people",
        "smallest exact p",
        "features it can carry",
        "typical detectable rise",
    ]
    return Table(
        pd.DataFrame(rows, columns=columns),
        f"What the cohort “{cohort.name}” could show, before any mean change is looked at: smallest exact p value by sign flips{_of_two_arms(rows)}, "
        "features beyond which Bonferroni is out of reach, and the rise that its median feature would show with 80 % power"
        + (
            f" (the first {len(shown)} of {len(cohort.contrasts)} contrasts)."
            if len(shown) < len(cohort.contrasts)
            else "."
        ),
    )


def _of_two_arms(rows: Sequence[tuple[str, ...]]) -> str:
    """Return how the p values of contrasts between people are meant, where there are any."""
    between = any("+" in people for _, _, people, *_ in rows)
    return " (by exchanging people, where two arms hold different ones)" if between else ""


def _what_one_contrast_can_see(
    cohort: Cohort, contrast: pd.Series, modality: str
) -> Iterator[tuple[str, ...]]:
    """Yield a row, or none where too few people have the values."""
    groups = groups_of(lambda own: contrast_differences(cohort, modality, own).values, contrast)
    # what a contrast has no values of (raw counts have no logit) shows nothing here
    groups = [group.loc[:, group.notna().any()] for group in groups]
    people = [int(group.notna().sum().median()) if group.size else 0 for group in groups]
    if min(people) < MINIMUM_PERSONS:
        return
    errors = standard_errors(groups)
    smallest = float(np.nanmedian(detectable_from_se(errors["se"], errors["df"])))
    yield (
        contrast["contrast"],
        modality.replace("_", " "),
        " + ".join(map(str, people)),
        p_value(floor_of(people)),
        whole(bonferroni_reach(floor_of(people))),
        percent(2**smallest - 1, signed=True),
    )


def variation_table(chapter: Chapter) -> Table:
    """Return variance components with the change that would be unusual in one man."""
    table = chapter["mornings"]
    limits = [reference_change(cv) for cv in table["cv_within"]]
    frame = pd.DataFrame(
        {
            "measurement": table["feature"].map(label),
            "within (CV)": [percent(v) for v in table["cv_within"]],
            "between (CV)": [percent(v) for v in table["cv_between"]],
            "ICC": [number(v) for v in table["icc"]],
            "95 % interval": [
                interval(a, b) for a, b in zip(table["icc_low"], table["icc_high"], strict=True)
            ],
            "unusual fall": [percent(fall - 1, signed=True) for fall, _ in limits],
            "unusual rise": [percent(rise - 1, signed=True) for _, rise in limits],
        }
    )
    return Table(
        frame,
        "Variation from morning to morning, and the change of one man that chance alone exceeds one time in 20. What the assay adds is in the within-person part.",
    )


def power_table(chapter: Chapter) -> Table:
    """Return the power of n people for small, middling and large effects."""
    people = chapter.parameters.subjects
    rows = [
        (f"{dz:g} SDs", *(percent(power_of(dz, people, m)) for m in (1, 30, 3000)))
        for dz in (0.3, 0.5, 0.85, 1.2, 2.3)
    ]
    columns = ["true mean difference", "1 feature", "30 features", "3,000 features"]
    return Table(
        pd.DataFrame(rows, columns=columns),
        f"Power of a paired t test with {people} people, two-sided at 5 % shared by Bonferroni.",
    )


def detectable_by_marker() -> Table:
    """Return the smallest change that n people could show, for published variation."""
    published = (
        ("hs-CRP", 0.422, "macy1997"),
        ("triglycerides", 0.21, "widjaja1999"),
        ("non-esterified fatty acids", 0.45, "widjaja1999"),
        ("glucose", 0.048, "widjaja1999"),
    )
    rows = []
    for name, cv, _ in published:
        needed = [detectable_ratio(cv, n) for n in (13, 50)]
        rows.append(
            (
                name,
                percent(cv),
                *(percent(r - 1, signed=True) for r in needed),
                *(percent(1 / r - 1, signed=True) for r in needed),
            )
        )
    columns = [
        "marker",
        "within-person CV",
        "rise, 13 people",
        "rise, 50 people",
        "fall, 13 people",
        "fall, 50 people",
    ]
    return Table(
        pd.DataFrame(rows, columns=columns),
        "Smallest change of one marker that a before-after study could show with 80 % power.",
    )


def claims_table(chapter: Chapter) -> Table:
    """Return this chapter's rows of the ledger."""
    rows = ledger(claims_of(1), no_effects(), chapter.parameters.fdr)
    return Table(
        ledger_frame(rows, claims_of(1)),
        "What this page can say about the claims it is home to.",
        stacked=True,
    )
