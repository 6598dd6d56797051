"""The tables of chapter 3."""

import numpy as np
import pandas as pd

from exercisebook.chapters.ch03 import cells, graph, models
from exercisebook.chapters.ch03.analyses import BLOCKS, CONTROL, claim_effects
from exercisebook.chapters.ch03.published import RESTING
from exercisebook.chapters.ch03.readings import (
    PEOPLE,
    detectable_fall,
    resting,
    training_effects_of_cohort,
)
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.own_cohort import shown_effects
from exercisebook.claims.claims import claims_of
from exercisebook.claims.ledger import ledger
from exercisebook.claims.tables import ledger_frame
from exercisebook.claims.truth import OUTCOMES
from exercisebook.figures.tables import Table, interval, number, p_value, percent, whole


def truth_table(chapter: Chapter) -> Table:
    """Return how the study fares with types as shares, types as numbers, and the two genes."""
    fdr, p = chapter.parameters.fdr, chapter.parameters
    types = cells.naive_effects(fdr)
    genes = cells.gene_effects(p.mitochondrial, p.resolution, fdr)
    read = {
        "types, share of mononuclear cells": types["share"],
        "types, cells a litre": types["number"],
        "CORO1A and CD74, by kind": genes[genes["kind"] != cells.EVERY_CELL],
    }
    counts = pd.DataFrame(
        {
            name: own["outcome"].value_counts().reindex(list(OUTCOMES), fill_value=0)
            for name, own in read.items()
        }
    ).T
    return Table(
        counts.rename_axis("read as").reset_index().astype(str),
        f"What {PEOPLE} simulated men and 120 cells of each a phase make of 25 days of training, at this page's false-discovery rate.",
    )


def resting_table(chapter: Chapter) -> Table:
    """Return the eight resting markers with what is known of each."""
    rows = []
    for marker in RESTING:
        known = np.isfinite(marker.cv_within)
        rows.append(
            (
                marker.name,
                percent(marker.cv_within) if known else "not read",
                percent(detectable_fall(marker.cv_within)) if known else "not computed",
                marker.trial,
                _survey(chapter, marker.feature),
            )
        )
    columns = [
        "lower after training, says the commentary",
        "week-to-week variation",
        f"smallest fall {PEOPLE} could show",
        "best trial read for this book",
        "active against inactive adults (NHANES)",
    ]
    return Table(
        pd.DataFrame(rows, columns=columns),
        "The eight resting markers of the commentary. Variation of bilirubin and TNF is assumed, that of the others published; the smallest fall has 80 % power, before and after.",
        stacked=True,
    )


def _survey(chapter: Chapter, feature: str) -> str:
    if not feature:
        return "not measured"
    effect = resting(chapter, feature)
    notes = {
        "total_bilirubin": "total, not indirect; ",
        "crp": "not the high-sensitivity assay; ",
        "triglycerides": "a note only, since fasting is unknown; ",
    }
    if effect["effect_scale"] == "log2_ratio":
        a, b, c = (100 * (2 ** effect[k] - 1) for k in ("estimate", "ci_low", "ci_high"))
        told = f"{number(a)} % ({interval(b, c)})"
    else:
        told = f"{number(effect['estimate'])} {effect['unit']} ({interval(effect['ci_low'], effect['ci_high'])})"
    return notes.get(feature, "") + told


def quality_table(chapter: Chapter) -> Table:
    """Return what is left of the cells by threshold, against what is damaged in truth."""
    table = cells.quality()
    rows = []
    for most in sorted({5.0, 10.0, 15.0, 30.0, chapter.parameters.mitochondrial}):
        kept = cells.is_kept(most)
        rows.append(
            (
                f"{number(most)} %",
                whole(kept.sum()),
                whole((table["damaged"] & ~kept).sum()),
                whole((table["damaged"] & kept).sum()),
                whole((~table["damaged"] & ~kept).sum()),
            )
        )
    columns = ["at most", "cells kept", "damaged, left out", "damaged, kept", "whole, left out"]
    return Table(
        pd.DataFrame(rows, columns=columns),
        f"Thresholds of the mitochondrial share, on {whole(len(table))} simulated cells (median {whole(table['molecules'].median())} molecules and {whole(table['genes'].median())} genes a cell).",
    )


def two_phases() -> pd.DataFrame:
    """Return mean counts before and after in the world where neutrophils alone fall."""
    return models.two_phases()


def graph_table(chapter: Chapter) -> Table:
    """Return what each drawing of the graph asks to hold constant, and what of it was measured."""
    rows = []
    for drawing in graph.DRAWINGS:
        for found in graph.sets_of(drawing):
            lacking = [name for name in found if name in graph.UNMEASURED]
            rows.append(
                (
                    drawing,
                    "; ".join(graph.one_line(name) for name in found) or "nothing",
                    "yes" if graph.WEIGHT in found else "no",
                    "; ".join(graph.one_line(name) for name in lacking) or "nothing",
                )
            )
    columns = ["if", "hold constant", "body mass index?", "of these not measured"]
    return Table(
        pd.DataFrame(rows, columns=columns),
        "The smallest sets that block every back door from activity to white cells, found by arithmetic on the graph.",
        stacked=True,
    )


def control_table(chapter: Chapter) -> Table:
    """Return the negative control: height, which no activity can change."""
    own = chapter["white_cells"].set_index(["feature", "stratum"]).loc[CONTROL].loc[list(BLOCKS)]
    frame = pd.DataFrame(
        {
            "adjusted for": own.index,
            "difference (cm)": own["estimate"].map(number),
            "95 % interval": [
                interval(a, b) for a, b in zip(own["ci_low"], own["ci_high"], strict=True)
            ],
            "p": own["p_value"].map(p_value),
            "detectable (cm)": own["detectable"].map(number),
            "n": own["n_subjects"].map(whole),
        }
    )
    return Table(
        frame,
        "Negative control: how much taller the active are. The true effect of activity on an adult's height is none.",
    )


def markers_of_cells() -> Table:
    """Return the published markers by kind."""
    rows = [(kind, ", ".join(own)) for kind, own in cells.MARKERS.items()]
    return Table(
        pd.DataFrame(rows, columns=["kind", "markers"]), "Markers that name a group of cells."
    )


def trial_table(chapter: Chapter) -> Table:
    """Return the trial that would decide the review's question."""
    rows = [
        ("Who", "untrained adults of both sexes and two age groups, enough for the smallest effect that was set beforehand"),
        ("Arms", "12 weeks of endurance training, or the same visits and stretching; drawn by lot"),
        ("Then", "4 weeks without training in both arms: memory is what outlasts its cause"),
        ("When drawn", "rested at least 72 hours, the same hour of the day, no infection for two weeks"),
        ("Memory", "monocytes, counted and seeded at one number: activity before, and TNF, IL-6 and IL-1β after two stimuli; marks and open chromatin at their genes"),
        ("Resolution", "a suction blister or a little dead E. coli in the skin: neutrophils and apoptotic cells by hour; peak, its hour, half-time, interval"),
        ("Mediators", "SPMs and precursors by mass spectrometry, with limits of detection and blanks, in the exudate and not in blood alone"),
        ("Efferocytosis", "share of blister macrophages that hold an apoptotic neutrophil"),
        ("First outcome", "one, named beforehand: the resolution interval, difference between arms"),
        ("Analysis", "by arm as drawn, people as the unit, negative control: a readout that training cannot reach"),
        ("What would refute it", "an interval that excludes the smallest effect; or a change that is gone after 4 weeks of rest"),
    ]  # fmt: skip
    return Table(
        pd.DataFrame(rows, columns=["part", "what is done"]),
        "The trial that would decide whether exercise trains innate immunity or speeds resolution.",
        stacked=True,
    )


def cohort_table(chapter: Chapter) -> Table:
    """Return the training effects of this page's cohort; against the truth where it is simulated."""
    all_effects = training_effects_of_cohort(chapter)
    title = f"Effects of training in the cohort “{chapter.cohort.name}”"
    if all_effects.empty:
        return Table(
            pd.DataFrame({"measurement": ["none"]}), title + ": it has no contrast of that kind."
        )
    effects, left = shown_effects(chapter.cohort, all_effects, 3, chapter.parameters.fdr)
    frame = pd.DataFrame(
        {
            "measurement": effects["what"],
            "n": effects["n_subjects"].map(whole),
            "ratio": [number(2**e, 3) for e in effects["estimate"]],
            "95 % interval": [
                interval(2**a, 2**b, 3)
                for a, b in zip(effects["ci_low"], effects["ci_high"], strict=True)
            ],
            "detectable ratio": [number(2**d, 3) for d in effects["detectable"]],
            "q": effects["q_value"].map(p_value),
        }
    )
    if effects["contrast"].nunique() > 1:
        frame.insert(1, "contrast", effects["contrast"].to_numpy())
    if "outcome" in effects:
        frame["true ratio"] = [number(2**t, 3) for t in effects["truth"]]
        frame["outcome"] = effects["outcome"].to_numpy()
        title += ": simulated, so against its own truth; no verdict on any claim"
    title += ". q: among all features of one modality in a contrast." + (f" {left}" if left else "")
    return Table(frame, title)


def claims_table(chapter: Chapter) -> Table:
    """Return this chapter's rows of the ledger."""
    claims = claims_of(3)
    rows = ledger(claims, claim_effects(chapter), chapter.parameters.fdr)
    return Table(
        ledger_frame(rows, claims),
        "Both verdicts on the claims that are at home on this page.",
        stacked=True,
    )
