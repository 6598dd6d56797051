"""The tables of chapter 6."""

import numpy as np
import pandas as pd

from exercisebook.chapters.ch06.analyses import LOW_ATP_UM, claim_effects
from exercisebook.chapters.ch06.charts import compound, kd_name
from exercisebook.chapters.ch06.readings import (
    ASSUMED_KD,
    ATOMS,
    IN_PLASMA,
    IN_TISSUE,
    MADE_FOR_BETAINE,
    assumed_kd,
    atp_km,
    best_kd,
    betaine_of_cohort,
    bound_share,
    inhibited,
    kd_of,
    points,
)
from exercisebook.chapters.ch06.worked_assays import (
    EC50,
    TOP_DOSE,
    dose_outcomes,
    model_choices,
    shown,
)
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.wording import share
from exercisebook.claims.claims import claims_of
from exercisebook.claims.ledger import ledger
from exercisebook.claims.tables import ledger_frame
from exercisebook.figures.tables import Table, interval, number, percent, whole
from exercisebook.sources.kinase_selectivity import IKK_FAMILY
from exercisebook.stats.dose_response import ligand_efficiency


def dose_table(chapter: Chapter) -> Table:
    """Return one study of each design, and how forty of each came out."""
    outcomes = dose_outcomes().set_index("design")
    rows = []
    for design in TOP_DOSE:
        fit, all_of = shown(design).fit, outcomes.loc[design]
        fitted = number(fit.ec50) if np.isfinite(fit.ci_high) else "no meaning"
        rows.append(
            (
                design,
                "none" if design == "does nothing" else number(EC50, 1),
                fitted,
                interval(fit.ci_low, fit.ci_high),
                share(all_of["bounded"], all_of["n"]),
                "–" if design == "does nothing" else share(all_of["held"], all_of["n"]),
            )
        )
    columns = [
        "design",
        "true EC50 (mM)",
        "fitted (mM)",
        "95 % interval (mM)",
        "intervals with two ends",
        "intervals that hold the truth",
    ]
    return Table(
        pd.DataFrame(rows, columns=columns),
        "Simulated studies of an inhibitor and of a compound that does nothing: the first of each design, and all of them.",
    )


def model_table(chapter: Chapter) -> Table:
    """Return how often AICc chooses the mechanism that made the rates."""
    table = model_choices()
    frame = pd.DataFrame(
        {
            "ATP offered": table["design"],
            "truth": table["truth"],
            "chosen rightly": [
                share(r, n) for r, n in zip(table["right"], table["n"], strict=True)
            ],
            "of these, clearly": table["clear"].map(whole),
            "clearly wrong": table["wrong_and_clear"].map(whole),
        }
    )
    return Table(
        frame,
        "Simulated rates of an enzyme under an inhibitor: which mechanism the corrected Akaike criterion picks (clearly: with a weight of 90 % or more).",
    )


def census_table(chapter: Chapter) -> Table:
    """Return what becomes of the potencies as curated."""
    table = chapter["potency_census"]
    frame = pd.DataFrame({"rows": table["what"], "number": table["n"].map(whole)})
    return Table(
        frame.replace("betaine", "rows for betaine, or for anything as small"),
        "Potencies against TBK1 in ChEMBL: what was left out, each row under its first reason.",
    )


def centres_table(chapter: Chapter) -> Table:
    """Return named compounds' potencies over enzyme assays."""
    table = chapter["compound_centres"]
    frame = pd.DataFrame(
        {
            "compound": table["name"].map(compound),
            "enzyme assays": table["n"].map(whole),
            "of these, bounds": table["n_bounds"].map(whole),
            "IC50 (nM)": [number(10**e) for e in table["estimate"]],
            "95 % interval (nM)": [
                interval(10**a, 10**b)
                for a, b in zip(table["ci_low"], table["ci_high"], strict=True)
            ],
        }
    )
    return Table(
        frame,
        f"Centre of each compound's potencies on the enzyme, bounds kept as bounds; the spread between assays is that of {whole(chapter['potency_spread']['n_compounds'].iloc[0])} compounds, which differ mostly in ATP.",
    )


def spread_table(chapter: Chapter) -> Table:
    """Return how far one compound's potencies lie apart."""
    table = chapter["between_assays"]
    frame = pd.DataFrame(
        {
            "assays compared": table["what"],
            "compounds": table["n"].map(whole),
            "median ratio": table["median"].map(number),
            "from": table["least"].map(number),
            "to": table["most"].map(number),
        }
    )
    return Table(
        frame,
        "How many times one compound's potencies differ; against cells, the cell's over the enzyme's.",
    )


def relatives_table(chapter: Chapter) -> Table:
    """Return how often hits of TBK1 hit its relatives."""
    table = chapter["relatives"]
    frame = pd.DataFrame(
        {
            "kinase": [f"{k} ({IKK_FAMILY[k]})" for k in table["kinase"]],
            "hit with TBK1": [
                share(b, n) for b, n in zip(table["n_both"], table["n"], strict=True)
            ],
            "95 % interval": [
                f"{percent(a)} to {percent(b)}"
                for a, b in zip(table["ci_low"], table["ci_high"], strict=True)
            ],
            "among other compounds": table["share_of_others"].map(percent),
        }
    )
    return Table(
        frame,
        f"Relatives of TBK1 that its hits hit as well (at least {number(chapter.parameters.hit)} % at 1 µM), and how often compounds hit them that leave TBK1 alone.",
    )


def efficiency_table(chapter: Chapter) -> Table:
    """Return which constant a ligand efficiency gives betaine, and what it would occupy."""
    numbers = chapter["ligand_efficiencies"].iloc[0]
    made = float(ligand_efficiency(MADE_FOR_BETAINE / 1000, ATOMS))
    cases: list[tuple[str, float, float]] = [
        ("this page's parameter", chapter.parameters.ligand_efficiency, assumed_kd(chapter)),
        ("the median TBK1 ligand", numbers["q50"], kd_of(numbers["q50"])),
        ("the best TBK1 ligand", numbers["most"], best_kd(chapter)),
        ("a protein made to bind betaine", made, MADE_FOR_BETAINE),
    ]
    rows = [
        (
            name,
            number(efficiency),
            kd_name(kd),
            percent(bound_share(IN_PLASMA, kd)),
            percent(bound_share(IN_TISSUE, kd)),
        )
        for name, efficiency, kd in cases
    ]
    columns = [
        "if betaine bound as well as",
        "kcal/mol an atom",
        "Kd",
        "bound at 50 µM",
        "bound at 5 mM",
    ]
    return Table(
        pd.DataFrame(rows, columns=columns),
        f"Betaine's constant if each of its {ATOMS} atoms gave the energy that other ligands' atoms give. Assumed, not measured.",
    )


def atp_table(chapter: Chapter) -> Table:
    """Return binding in a tube without ATP beside inhibition in an assay and in a cell."""
    cell = 1000 * chapter.parameters.atp
    rows = [
        (
            kd_name(kd),
            kd_name(concentration),
            percent(bound_share(concentration, kd)),
            percent(inhibited(chapter, concentration, kd, LOW_ATP_UM)),
            percent(inhibited(chapter, concentration, kd, cell)),
        )
        for concentration in (IN_PLASMA, IN_TISSUE)
        for kd in ASSUMED_KD
    ]
    columns = [
        "assumed Kd",
        "betaine",
        "bound, no ATP",
        "inhibited, ATP of an assay",
        "inhibited, ATP of a cell",
    ]
    return Table(
        pd.DataFrame(rows, columns=columns),
        f"If betaine bound where ATP binds: share of TBK1 it would hold without ATP, and share of the activity it would take at 10 µM of ATP and at {number(chapter.parameters.atp)} mM (Km {number(atp_km(chapter))} µM, as the median compound implies). Computed, not measured.",
    )


_CITED = (
    (
        "endogenous retroviruses (S1-59)",
        "refs 3 and 4: Liu 2023, Zhang 2023",
        "yes, both are about retroviruses; neither title names TBK1",
        "What their abstracts report as repressed is the retroviruses, not TBK1: 10.1016/j.cell.2022.12.017.",
    ),
    (
        "leaked mitochondrial DNA (S1-60)",
        "refs 3 and 4, the same two",
        "no: no title names mitochondria",
        "Mice in which STING was blocked, not TBK1: 10.1038/s41586-023-06373-1.",
    ),
    (
        "silenced SIRT5 (S1-61)",
        "refs 3 and 4, the same two",
        "no: no title names SIRT5; the likelier source is 10.1038/s42255-025-01235-8",
        "In that paper loss of SIRT5 in muscle switches TBK1 on; in macrophages loss of SIRT5 held TBK1's signal down (10.1016/j.celrep.2024.115060).",
    ),
    (
        "renal fibrosis (S1-62)",
        "refs 5 and 7: Hao 2022, Long 2025",
        "yes, by their titles",
        "A herbal injection and a drug that hits IKKε as well: neither is TBK1 alone.",
    ),
    (
        "neurodegeneration (S1-63)",
        "ref. 6: Ahmad 2016",
        "its title calls TBK1 a gate-keeper",
        "Losing a copy of TBK1 causes ALS and frontotemporal dementia: 10.1038/nn.4000; 10.1126/science.aaa3650.",
    ),
)


def citations_table(chapter: Chapter) -> Table:
    """Return what the commentary says TBK1 does, what it cites, and whether that fits."""
    columns = ["TBK1 and …", "the commentary cites", "does the title fit?", "beside it"]
    return Table(
        pd.DataFrame(_CITED, columns=columns),
        "The commentary's links from TBK1 to ageing and disease, with the works it names for them.",
        stacked=True,
    )


_DECIDING = (
    (
        "does it bind?",
        "calorimetry or labelled betaine on pure TBK1, to 100 mM",
        "a kinase that cannot bind it; proline and TMAO in its place",
        "a shift that any osmolyte gives, or any protein shows",
    ),
    (
        "does it inhibit?",
        "kinase rates over betaine and over ATP from 10 µM to 5 mM",
        "the same salt and osmolality; a known inhibitor; another kinase",
        "no fall of rate before osmolytes make one",
    ),
    (
        "in cells, at doses a body has?",
        "phospho-TBK1 and phospho-IRF3 after a STING ligand, betaine inside measured",
        "TBK1 that cannot bind betaine; cells without TBK1",
        "the same effect where TBK1 is absent",
    ),
    (
        "does it carry the benefit?",
        "old mice: betaine or not, TBK1 drug or not, TBK1 mutant or not, randomised",
        "proline in place of betaine; both sexes; blind to arm",
        "betaine helps as much where it cannot bind TBK1",
    ),
)


def deciding_table(chapter: Chapter) -> Table:
    """Return the experiments that would decide, with their controls."""
    columns = ["question", "experiment", "control", "what would say no"]
    return Table(
        pd.DataFrame(_DECIDING, columns=columns),
        "What would decide whether betaine works by TBK1.",
        stacked=True,
    )


def cohort_table(chapter: Chapter) -> Table:
    """Return the cohort's betaine, and what its change would do to a bound share."""
    table = betaine_of_cohort(chapter)
    columns = [
        "contrast",
        "n",
        "before (µM)",
        "ratio",
        "95 % interval",
        "bound before",
        "change (points)",
    ]
    kd = assumed_kd(chapter)
    rows = []
    for _, r in table.iterrows():
        moved, low, high = (points(r["before"], r[end], kd) for end in ("fold", "low", "high"))
        row = [
            r["contrast"],
            whole(r["n_subjects"]),
            number(1000 * r["before"]),
            number(r["fold"], 3),
            interval(r["low"], r["high"], 3),
            percent(bound_share(r["before"], kd)),
            f"{number(moved)} ({interval(low, high)})",
        ]
        rows.append([*row, r["outcome"]] if "outcome" in r else row)
    if "outcome" in table:
        columns.append("outcome")
    return Table(
        pd.DataFrame(rows, columns=columns[: len(rows[0])] if rows else columns),
        f"Betaine in the cohort “{chapter.cohort.name}”, and the bound share of TBK1 (at an assumed Kd of {kd_name(kd)})."
        if rows
        else f"The cohort “{chapter.cohort.name}” holds no betaine in µmol/L, so nothing can be computed.",
    )


def claims_table(chapter: Chapter) -> Table:
    """Return this chapter's rows of the ledger."""
    claims = claims_of(6)
    rows = ledger(claims, claim_effects(chapter), chapter.parameters.fdr)
    return Table(
        ledger_frame(rows, claims),
        "Both verdicts on the claims that are at home on this page.",
        stacked=True,
    )
