"""The tables of chapter 5."""

import numpy as np
import pandas as pd

from exercisebook.chapters.ch05 import clock
from exercisebook.chapters.ch05.analyses import claim_effects
from exercisebook.chapters.ch05.dose import BODY_MASS_KG, dose_ledger
from exercisebook.chapters.ch05.mimetic import EFFECT, GROUPS, WORLDS
from exercisebook.chapters.ch05.published import REPORTS
from exercisebook.chapters.ch05.rats import BETAINE, CONTROL, ENZYMES
from exercisebook.chapters.ch05.readings import (
    ORGANS,
    TISSUE_LABELS,
    bmi_chd,
    cohort_metabolites,
    in_tissue,
    mediated,
    module,
)
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.simulated import ALIKE, worlds_alike
from exercisebook.chapters.wording import one
from exercisebook.claims.claims import claims_of
from exercisebook.claims.ledger import ledger
from exercisebook.claims.tables import ledger_frame
from exercisebook.figures.tables import Table, interval, number, p_value, percent, whole
from exercisebook.sources.features import label
from exercisebook.sources.motrpac_rat import TISSUES
from exercisebook.stats.mendelian_randomisation import inverse_variance_weighted

FOOD = {BETAINE: "betaine", CONTROL: "proline betaine"}
STUDY = 13
"""People of the simulated studies that are held against their truth."""


def truth_table(chapter: Chapter) -> Table:
    """Return the module: what the body holds more of, what a tube shows, what betaine carries."""
    effects, through = module(chapter), mediated()
    frame = pd.DataFrame(
        {
            "metabolite": effects["feature"].map(label),
            "true ratio of content": [number(2**v, 3) for v in effects["log2_content"]],
            "true ratio in the tube": [number(2**v, 3) for v in effects["truth"]],
            "through betaine": [number(2 ** through[f], 3) for f in effects["feature"]],
            "seen": [number(2**v, 3) for v in effects["estimate"]],
            "95 % interval": _intervals(effects),
            "detectable": [number(2**v, 3) for v in effects["detectable"]],
            "outcome": effects["outcome"],
        }
    )
    return Table(
        frame,
        "Simulated: training fills the vessels with plasma, so that every tube shows less than the body holds; proline betaine, which training does not make, is the negative control.",
    )


def _intervals(effects: pd.DataFrame) -> list[str]:
    return [
        interval(2**a, 2**b, 3) for a, b in zip(effects["ci_low"], effects["ci_high"], strict=True)
    ]


def worlds_table(chapter: Chapter) -> Table:
    """Return six worlds in which betaine rises and inflammation falls, and what training does."""
    seen = worlds_alike(STUDY)
    rows = []
    for name, cause in ALIKE.items():
        betaine, crp = (one(seen, world=name, feature=f) for f in ("betaine", "crp"))
        rows.append(
            (
                cause,
                number(2 ** betaine["estimate"], 3),
                number(2 ** betaine["effect"], 3),
                number(2 ** crp["estimate"], 3),
                number(2 ** crp["effect"], 3),
            )
        )
    columns = ["world", "betaine, seen", "betaine, by training", "C-reactive protein, seen",
               "C-reactive protein, by training"]  # fmt: skip
    return Table(
        pd.DataFrame(rows, columns=columns),
        "Simulated, thirteen people in six worlds, ratios of the last day to the first: what a study sees, and what training truly does.",
    )


def sexes_table(chapter: Chapter) -> Table:
    """Return betaine and its control by tissue and sex, and whether the sexes differ."""
    rows = []
    for tissue in TISSUES:
        for substance, name in FOOD.items():
            sexes = [in_tissue(chapter, tissue, substance, s) for s in ("female", "male")]
            between = in_tissue(chapter, tissue, substance, "female - male")
            rows.append(
                (
                    f"{name}, {TISSUE_LABELS[tissue]}",
                    *(number(2 ** e["estimate"], 3) for e in sexes),
                    number(2 ** between["estimate"], 3),
                    interval(2 ** between["ci_low"], 2 ** between["ci_high"], 3),
                    number(2 ** between["detectable"], 3),
                )
            )
    columns = ["substance and tissue", "females", "males", "females over males", "95 % interval",
               "detectable"]  # fmt: skip
    n = in_tissue(chapter, "gastrocnemius", BETAINE, "female")["n_subjects"]
    return Table(
        pd.DataFrame(rows, columns=columns),
        f"Ratios of rats trained for eight weeks to sedentary ones of the same sex, and the ratio of the two ratios (n = {whole(n)} a sex).",
    )


def listed_table(chapter: Chapter) -> Table:
    """Return the tissues that the list of nineteen has for betaine, and those it has not."""
    table = chapter["rat_listed"].set_index(["tissue", "metabolite"])
    tissues = list(dict.fromkeys(chapter["rat_listed"]["tissue"]))
    rows, without = [], []
    for tissue in tissues:
        betaine, food = (table.loc[(tissue, m)] for m in ("betaine", "proline-betaine"))
        if not betaine["listed"]:
            without.append(ORGANS[tissue])
            continue
        rows.append(
            (
                ORGANS[tissue],
                p_value(betaine["training_q"]),
                number(betaine["female"]),
                number(betaine["male"]),
                number(food["female"]) if food["listed"] else "not listed",
                number(food["male"]) if food["listed"] else "not listed",
            )
        )
    columns = ["tissue", "q, all weeks and both sexes", "betaine, females (z)",
               "betaine, males (z)", "proline betaine, females (z)",
               "proline betaine, males (z)"]  # fmt: skip
    return Table(
        pd.DataFrame(rows, columns=columns),
        f"Betaine in the list of metabolites that changed, at eight weeks; not listed, and so unknown or not significant: {', '.join(without)}.",
    )


def enzymes_table(chapter: Chapter) -> Table:
    """Return the enzymes' transcripts: in which tissue they are expressed, and what fat shows."""
    held = chapter["rat_genes_held"].set_index("tissue")
    effects = chapter["rat_enzymes"]
    rows = []
    for gene in ENZYMES:
        where = [TISSUE_LABELS[t] for t in TISSUES if bool(held.loc[t, gene])]
        own = effects[(effects["feature"] == gene) & (effects["stratum"] == "all")]
        told = ("–", "–", "–")
        if len(own):
            e = own.iloc[0]
            told = (
                number(2 ** e["estimate"], 3),
                interval(2 ** e["ci_low"], 2 ** e["ci_high"], 3),
                number(2 ** e["detectable"], 3),
            )
        rows.append((gene, ", ".join(where) or "none of the three", *told))
    columns = ["gene", "found expressed in", "ratio in fat", "95 % interval", "detectable"]
    n = effects["n_subjects"].max()
    return Table(
        pd.DataFrame(rows, columns=columns),
        f"Transcripts of the pathway's enzymes, eight weeks against sedentary, both sexes (n = {whole(n)} rats).",
    )


def reports_table(chapter: Chapter) -> Table:
    """Return what has been reported in people, each with design, n and source."""
    rows = [(r.question, r.design, r.n, r.found, r.source) for r in REPORTS]
    columns = ["question", "design", "people", "found", "source"]
    return Table(
        pd.DataFrame(rows, columns=columns),
        "What others report of betaine and homocysteine in people, as read in abstracts; in brackets 95 % intervals.",
        stacked=True,
    )


def dose_table(chapter: Chapter) -> Table:
    """Return the road from a mouse's bottle to a person's grams."""
    p = chapter.parameters
    table = dose_ledger(p.water_ml_per_kg, p.km_ratio)
    frame = pd.DataFrame(
        {
            "in the water (%)": table["percent"].map(number),
            "mouse (mg/kg a day)": table["mouse_mg_per_kg"].map(lambda v: number(v, 3)),
            "person, by surface (mg/kg a day)": table["human_mg_per_kg"].map(number),
            "person, by surface (g a day)": table["human_g"].map(number),
            "person, by mass alone (g a day)": table["by_mass_g"].map(lambda v: number(v, 3)),
            "times what EFSA calls safe": table["times_efsa"].map(number),
        }
    )
    return Table(
        frame,
        f"Assuming {number(p.water_ml_per_kg, 3)} mL of water per kg of mouse and day, a ratio of {number(p.km_ratio, 3)} and a person of {whole(BODY_MASS_KG)} kg; no dose here is advice.",
    )


def instruments_table(chapter: Chapter) -> Table:
    """Return betaine's instruments with their strength."""
    table = chapter["betaine_instruments"]
    up = table["beta"] > 0
    frame = pd.DataFrame(
        {
            "variant": table["snp"],
            "allele that raises betaine": table["effect_allele"].where(up, table["other_allele"]),
            "betaine, an allele": [percent(10 ** abs(b) - 1, signed=True) for b in table["beta"]],
            "F": table["f"].map(lambda f: number(f, 3)),
            "n": table["n"].map(whole),
        }
    )
    return Table(
        frame, "The four variants that are known to go with betaine in blood, and their strength."
    )


def methods_table(chapter: Chapter) -> Table:
    """Return every estimator's answer to the worked example."""
    table = chapter["bmi_chd_methods"]
    frame = pd.DataFrame(
        {
            "method": table["method"],
            "variants": table["n_variants"].map(whole),
            "log odds a SD": table["estimate"].map(lambda v: number(v, 3)),
            "95 % interval": [
                interval(a, b) for a, b in zip(table["ci_low"], table["ci_high"], strict=True)
            ],
            "p": table["p_value"].map(p_value),
            "detectable": [
                number(2.8 * se) if "intercept" not in m else "–"
                for m, se in zip(table["method"], table["se"], strict=True)
            ],
        }
    )
    return Table(
        frame,
        "Body mass index to coronary disease by five estimators; the last row is no effect but a test for effects that bypass the exposure.",
    )


def worked_example(chapter: Chapter) -> pd.DataFrame:
    """Return both associations of each variant, by name, for a sum by hand."""
    table = chapter["bmi_chd_variants"].set_index("snp")
    names = {"beta_exposure": "x", "beta_outcome": "y", "se_outcome": "s"}
    return table[list(names)].rename(columns=names)


def worked_example_by_library(chapter: Chapter) -> Table:
    """Return the same slope by the package, with errors widened where variants disagree."""
    fits = [inverse_variance_weighted(bmi_chd(chapter), random=r) for r in (False, True)]
    frame = pd.DataFrame(
        {
            "method": [f.method for f in fits],
            "estimate": [number(f.estimate, 3) for f in fits],
            "standard error": [number(f.se, 3) for f in fits],
            "95 % interval": [interval(f.ci_low, f.ci_high, 3) for f in fits],
        }
    )
    return Table(frame, "The slope by the package, with a fixed error and with a wider one.")


def rhythm_table(chapter: Chapter) -> Table:
    """Return what the same number of mice tell when spread over more clock times."""
    table = clock.designs()
    frame = pd.DataFrame(
        {
            "clock times": table["times"].map(whole),
            "mice": table["group"],
            "height of the wave": [
                _with_half(v, h) for v, h in zip(table["height"], table["height_half"], strict=True)
            ],
            "true height": [number(clock.worlds()[g][0]) for g in table["group"]],
            "hour of the peak": [
                _with_half(v, h) for v, h in zip(table["peak"], table["peak_half"], strict=True)
            ],
            "true hour": [number(clock.worlds()[g][1], 3) for g in table["group"]],
        }
    )
    return Table(
        frame,
        f"Simulated: {whole(clock.ANIMALS)} old mice, one tissue each, spread over one to six clock times; 95 % intervals.",
    )


def _with_half(value: float, half: float) -> str:
    if not np.isfinite(value):
        return "not determined"
    return f"{number(value, 3)} ({interval(value - half, value + half, 3)})"


def mimetic_table(chapter: Chapter) -> Table:
    """Return what each group gains in each world."""
    rows = [(world, *(number(EFFECT * g) for g in gains)) for world, gains in WORLDS.items()]
    return Table(
        pd.DataFrame(rows, columns=["world", *GROUPS]),
        "What each group of mice truly gains, in standard deviations between animals; blocked means that betaine cannot be made.",
    )


def cohort_table(chapter: Chapter) -> Table:
    """Return the module in the cohort of this page, where it has metabolites."""
    effects = cohort_metabolites(chapter)
    if effects.empty:
        return Table(
            pd.DataFrame(
                {"measured": ["one-carbon metabolites before and after"], "here": ["none"]}
            ),
            f"The cohort “{chapter.cohort.name}” holds no metabolites of this page with a contrast of training within people.",
        )
    frame = pd.DataFrame(
        {
            "metabolite": effects["feature"].map(label),
            "contrast": effects["contrast"],
            "n": effects["n_subjects"].map(whole),
            "ratio": [number(2**e, 3) for e in effects["estimate"]],
            "95 % interval": _intervals(effects),
            "q": effects["q_value"].map(p_value),
        }
    )
    note = "."
    if "outcome" in effects:
        frame = frame.assign(outcome=effects["outcome"])
        note = ": simulated, so against its own truth; no verdict on any claim."
    return Table(frame, f"One-carbon metabolites in “{chapter.cohort.name}” after training{note}")


def claims_table(chapter: Chapter) -> Table:
    """Return this chapter's rows of the ledger."""
    claims = claims_of(5)
    rows = ledger(claims, claim_effects(chapter), chapter.parameters.fdr)
    return Table(
        ledger_frame(rows, claims),
        "Both verdicts on the claims that are at home on this page.",
        stacked=True,
    )
