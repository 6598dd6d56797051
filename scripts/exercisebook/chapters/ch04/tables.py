"""The tables of chapter 4."""

import numpy as np
import pandas as pd

from exercisebook.chapters.ch04 import cells
from exercisebook.chapters.ch04.analyses import claim_effects
from exercisebook.chapters.ch04.genes import GENES, LABELS, SHOWN_SETS, TARGETS
from exercisebook.chapters.ch04.rats import ACTIVITY, BOTH
from exercisebook.chapters.ch04.readings import (
    SHORT,
    TISSUE_LABELS,
    interactions,
    rat_effects,
    reference_targets,
    set_effect,
)
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.wording import one
from exercisebook.claims.claims import claims_of
from exercisebook.claims.ledger import ledger
from exercisebook.claims.tables import ledger_frame
from exercisebook.figures.tables import Table, interval, number, p_value, percent, whole
from exercisebook.sources.gene_sets import CLAIMED
from exercisebook.sources.motrpac_rat import TISSUES
from exercisebook.stats.effects import t_effects


def truth_table(chapter: Chapter) -> Table:
    """Return outcomes for the targets, in the tube and in sorted cells, after training and a run."""
    rows = []
    for place in cells.PLACES:
        trained, acute = (
            reference_targets(chapter, c, place) for c in (cells.TRAINING, cells.ACUTE)
        )
        told = trained["outcome"].value_counts()
        rows.append(
            (
                place,
                whole(told.get("found", 0)),
                whole(told.get("missed", 0)),
                whole((acute["outcome"] == "false alarm").sum()),
                number(2 ** trained["detectable"].median(), 3),
            )
        )
    columns = ["summed over", "found after training", "missed", "false alarms after the run",
               "detectable ratio (median)"]  # fmt: skip
    return Table(
        pd.DataFrame(rows, columns=columns),
        f"What the simulated study makes of {len(TARGETS)} targets that truly rise with training and not with a run; thirteen men, false-discovery rate among the targets.",
    )


def truth_sets_table(chapter: Chapter) -> Table:
    """Return the three tests of the targets as a set, and what they make of random sets."""
    tests = cells.set_tests("reference")
    assert tests is not None
    when = {cells.TRAINING: "after training", cells.ACUTE: "after the run"}
    frame = pd.DataFrame(
        {
            "test of the set": tests["method"],
            "when": tests["contrast"].map(when),
            "statistic": tests["estimate"].map(number),
            "p": tests["p_value"].map(p_value),
            "outcome": tests["outcome"],
            "random sets called changed": tests["random_share"].map(percent),
        }
    )
    return Table(
        frame,
        f"The same targets as one set, in the whole tube, beside {cells.DRAWS} random sets of genes as abundant (threshold 5 %).",
    )


def members_table(chapter: Chapter) -> Table:
    """Return which set holds which of the genes of this page."""
    table = chapter["nrf2_set_members"].set_index("set").loc[list(SHOWN_SETS)]
    columns = {
        f"{SHOWN_SETS[name]} ({whole(row['n'])})": ["yes" if row[g] else "–" for g in GENES]
        for name, row in table.iterrows()
    }
    role = ["commentary" if g in CLAIMED else "target" if g in TARGETS else "repressor"
            for g in GENES]  # fmt: skip
    return Table(
        pd.DataFrame({"gene": GENES, "here as": role, **columns}),
        "Which gene set holds which gene; in brackets the genes of the set.",
    )


def sexes_table(chapter: Chapter) -> Table:
    """Return the difference of effect between the sexes in the chosen tissue."""
    tissue = chapter.parameters.tissue
    effects = interactions(chapter)
    own = effects[effects["tissue"] == tissue].set_index("feature").loc[list(GENES)]
    by_sex = {}
    for sex in ("female", "male"):
        effects = rat_effects(chapter, "rat_genes", sex)
        by_sex[sex] = effects[effects["tissue"] == tissue].set_index("feature")["estimate"]
    frame = pd.DataFrame(
        {
            "gene": GENES,
            "females": [number(2 ** by_sex["female"][g], 3) for g in GENES],
            "males": [number(2 ** by_sex["male"][g], 3) for g in GENES],
            "females over males": [number(2**e, 3) for e in own["estimate"]],
            "95 % interval": [
                interval(2**a, 2**b, 3) for a, b in zip(own["ci_low"], own["ci_high"], strict=True)
            ],
            "q": [p_value(q) for q in own["q_value"]],
            "detectable": [number(2**d, 3) for d in own["detectable"]],
        }
    )
    return Table(
        frame,
        f"Ratios to sedentary rats in {SHORT[tissue]} by sex, and the ratio of the two ratios (n = {whole(own['n_subjects'].max())} rats; q over these thirteen genes).",
    )


def sets_table(chapter: Chapter) -> Table:
    """Return four sets in three tissues: mean change, and three tests."""
    tests = chapter["rat_set_tests"]
    activities = rat_effects(chapter, "rat_sets")
    rows = []
    for tissue in TISSUES:
        for name in LABELS:
            mean = set_effect(chapter, name, tissue)
            test = one(tests, tissue=tissue, set=name, stratum=BOTH)
            activity = one(activities, feature=name, tissue=tissue, method=ACTIVITY)
            rows.append(
                (
                    f"{LABELS[name]}, {tissue}",
                    whole(test["n_features"]),
                    number(2 ** mean["estimate"], 3),
                    interval(2 ** mean["ci_low"], 2 ** mean["ci_high"], 3),
                    number(2 ** mean["detectable"], 3),
                    p_value(test["p_camera"]),
                    p_value(test["p_fry"]),
                    f"{number(activity['estimate'])} ({p_value(activity['p_value'])})",
                )
            )
    columns = ["set and tissue", "genes", "mean ratio", "95 % interval", "detectable",
               "p, against others", "p, against none", "activity (p)"]  # fmt: skip
    tissues = ", ".join(TISSUE_LABELS)
    return Table(
        pd.DataFrame(rows, columns=columns),
        f"Sets of genes in trained against sedentary rats, both sexes ({tissues}); p values are not adjusted for twelve comparisons.",
    )


def cohort_table(chapter: Chapter) -> Table:
    """Return the targets in the cells of this page's cohort, where it has cells."""
    effects = cells.targets(chapter.parameters.cohort, cells.TUBE, chapter.parameters.fdr)
    if effects is None:
        return Table(
            pd.DataFrame({"measured": ["single cells"], "here": ["none"]}),
            f"The cohort “{chapter.cohort.name}” holds no cells to count genes in.",
        )
    frame = pd.DataFrame(
        {
            "gene": effects["feature"],
            "contrast": effects["contrast"],
            "n": effects["n_subjects"].map(whole),
            "ratio": [number(2**e, 3) for e in effects["estimate"]],
            "95 % interval": [
                interval(2**a, 2**b, 3)
                for a, b in zip(effects["ci_low"], effects["ci_high"], strict=True)
            ],
            "q": effects["q_value"].map(p_value),
        }
    )
    note = "."
    if "outcome" in effects:
        frame = frame.assign(
            **{"true ratio": [number(2**t, 3) for t in effects["truth"]]},
            outcome=effects["outcome"],
        )
        note = ": simulated, so against its own truth; no verdict on any claim."
    return Table(frame, f"Targets of NRF2 in the cells of “{chapter.cohort.name}”{note}")


def worked_example() -> pd.DataFrame:
    """Return the log2 change of each target in each simulated man, with training."""
    return cells.target_changes("reference").rename_axis(index="man", columns=None)


def worked_example_by_library() -> Table:
    """Return the mean change of the targets by the paired comparison of the package."""
    changes = cells.target_changes("reference").mean(axis=1)
    n, se = len(changes), changes.std() / np.sqrt(len(changes))
    row = t_effects(["targets"], changes.mean(), se, n - 1, n, 2 * n, "log2_ratio", "paired t")
    effect = row.iloc[0]
    frame = pd.DataFrame(
        {
            "set": ["eleven targets"],
            "n": [whole(n)],
            "mean log2 change": [number(effect["estimate"], 3)],
            "95 % interval": [interval(effect["ci_low"], effect["ci_high"], 3)],
            "t": [number(effect["statistic"], 3)],
            "p": [p_value(effect["p_value"])],
            "detectable": [number(effect["detectable"], 3)],
        }
    )
    return Table(frame, "The mean change of the targets in the simulated men, by the package.")


def claims_table(chapter: Chapter) -> Table:
    """Return this chapter's rows of the ledger."""
    claims = claims_of(4)
    rows = ledger(claims, claim_effects(chapter), chapter.parameters.fdr)
    frame = ledger_frame(rows, claims)
    known = rows["estimate"].notna()
    limits = [interval(2**a, 2**b, 3) for a, b in zip(rows["ci_low"], rows["ci_high"], strict=True)]
    ratios = [
        f"{number(2**e, 3)} ({text})" for e, text in zip(rows["estimate"], limits, strict=True)
    ]
    frame.insert(2, "ratio (95 % interval)", pd.Series(ratios).where(known.to_numpy(), "–"))
    frame.insert(3, "n", [whole(n) if n == n else "–" for n in rows["n_subjects"]])
    return Table(
        frame,
        "Both verdicts on the claims that are at home on this page.",
        stacked=True,
    )
