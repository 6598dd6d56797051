"""The tables of chapter 2."""

import pandas as pd

from exercisebook.chapters.ch02.analyses import claim_effects
from exercisebook.chapters.ch02.readings import acute_effects_of_cohort, day_after_tests
from exercisebook.chapters.chapter import Chapter
from exercisebook.chapters.hours import phase_of
from exercisebook.chapters.own_cohort import shown_effects
from exercisebook.chapters.simulated import outcomes_table, reference_outcomes
from exercisebook.claims.claims import claims_of
from exercisebook.claims.ledger import ledger, member_verdicts
from exercisebook.claims.tables import ledger_frame
from exercisebook.figures.tables import Table, interval, number, p_value, percent, whole
from exercisebook.sources.features import label


def sameness_table(chapter: Chapter) -> Table:
    """Return the two one-sided tests a day later, beside the usual test."""
    tests, margin = day_after_tests(chapter)
    frame = pd.DataFrame(
        {
            "cell": tests["feature"].map(label),
            "n": tests["n_subjects"].map(whole),
            "ratio": [number(2**e, 3) for e in tests["estimate"]],
            "90 % interval": [
                interval(2**a, 2**b, 3)
                for a, b in zip(tests["equivalence_low"], tests["equivalence_high"], strict=True)
            ],
            "p, different": tests["p_value"].map(p_value),
            "p, the same": tests["p_equivalence"].map(p_value),
            "shown the same": tests["same"].map({True: "yes", False: "no"}),
        }
    )
    return Table(
        frame,
        f"Twenty-four hours after the start: no difference found is one thing, the same within ±{percent(2**margin - 1)} another.",
    )


def bounds_table(chapter: Chapter) -> Table:
    """Return bounds for every cytokine at the end of exercise, non-detects left open."""
    table = chapter["cytokine_bounds"]
    frame = pd.DataFrame(
        {
            "cytokine": table["feature"].map(label),
            "men": table["n_subjects"].map(whole),
            "known exactly": table["n_seen"].map(whole),
            "surely rose": table["rose"].map(whole),
            "surely fell": table["fell"].map(whole),
            "median ratio, at least": [number(2**x) for x in table["median_low"]],
            "at most": [number(2**x) for x in table["median_high"]],
            "signed-rank p": [
                f"{p_value(a)} to {p_value(b)}"
                for a, b in zip(table["p_low"], table["p_high"], strict=True)
            ],
        }
    )
    return Table(
        frame, "Rise over rest at the end of exercise, whatever the values that were not seen."
    )


def sign_flip_table(chapter: Chapter) -> Table:
    """Return exact tests for every count and cytokine, alone and adjusted for all."""
    table = chapter["sign_flips"].sort_values("p_max", kind="stable")
    frame = pd.DataFrame(
        {
            "measurement": table["feature"].map(label),
            "n": table["n_subjects"].map(whole),
            "t": table["statistic"].map(number),
            "p alone": table["p_value"].map(p_value),
            "q (BH)": table["q_value"].map(p_value),
            "p, largest of all": table["p_max"].map(p_value),
        }
    )
    return Table(
        frame,
        f"Sign flips of {int(table['n_subjects'].max())} men at the end of exercise: {table['note'].iloc[0]}.",
    )


def race_plasma_table(chapter: Chapter) -> Table:
    """Return the change of plasma volume over the race by two formulae."""
    table = chapter["race_plasma_volume"]
    frame = pd.DataFrame(
        {
            "when": table["phase"],
            "formula": table["formula"],
            "runners": table["n_subjects"].map(whole),
            "plasma volume": [percent(m / 100, signed=True) for m in table["mean"]],
            "95 % interval (%)": [
                interval(a, b) for a, b in zip(table["ci_low"], table["ci_high"], strict=True)
            ],
        }
    )
    return Table(
        frame, "Change of plasma volume over the race, from haematocrit alone and with haemoglobin."
    )


def truth_table(chapter: Chapter) -> Table:
    """Return how many true acute effects the reference study finds and misses."""
    return outcomes_table(reference_outcomes("acute", chapter.parameters.fdr), "the run")


def cohort_table(chapter: Chapter) -> Table:
    """Return the acute effects of this page's cohort; against the truth where it is simulated."""
    whole_effects = acute_effects_of_cohort(chapter)
    title = f"Acute effects in the cohort “{chapter.cohort.name}”"
    if whole_effects.empty:
        none = pd.DataFrame({"measurement": ["none"]})
        return Table(none, title + ": it has no acute contrast of a measurement of this page.")
    effects, left = shown_effects(chapter.cohort, whole_effects, 2, chapter.parameters.fdr)
    shown = effects.assign(
        ratio=[number(2**e, 3) for e in effects["estimate"]],
        limits=[
            interval(2**a, 2**b, 3)
            for a, b in zip(effects["ci_low"], effects["ci_high"], strict=True)
        ],
        q=effects["q_value"].map(p_value),
        n=effects["n_subjects"].map(whole),
    )
    columns = {
        "what": "measurement",
        "n": "n",
        "ratio": "ratio",
        "limits": "95 % interval",
        "q": "q",
    }
    known = "outcome" in effects
    if known:
        shown = shown.assign(true=[number(2**t, 3) for t in shown["truth"]])
        columns |= {"true": "true ratio", "outcome": "outcome"}
    if effects["contrast"].nunique() > 1:
        columns = {"contrast": "contrast", **columns}
    note = ": simulated, so against its own truth; no verdict on any claim." if known else "."
    note += " q: among all features of one modality in a contrast." + (f" {left}" if left else "")
    return Table(shown[list(columns)].rename(columns=columns), title + note)


def claims_table(chapter: Chapter) -> Table:
    """Return this chapter's rows of the ledger."""
    claims = claims_of(2)
    rows = ledger(claims, claim_effects(chapter), chapter.parameters.fdr)
    return Table(
        ledger_frame(rows, claims),
        "Both verdicts on the claims that are at home on this page.",
        stacked=True,
    )


def members_table(chapter: Chapter) -> Table:
    """Return the verdicts on the members of the two claims about groups."""
    claims = claims_of(2)
    tables = [
        member_verdicts(claims, i, claim_effects(chapter), chapter.parameters.fdr)
        for i in ("S1-07", "S1-08")
    ]
    rows = pd.concat(tables, ignore_index=True)
    least = 2 ** claims.set_index("claim_id")["smallest_effect"].astype(float)
    frame = ledger_frame(rows, claims).assign(
        ratio=[number(2**e, 3) for e in rows["estimate"].astype(float)],
        n=rows["n_subjects"].map(whole),
    )
    columns = [frame.columns[0], "data", "n", "ratio", *frame.columns[2:5]]
    return Table(
        frame[columns],
        "The same, member by member: cytokines at the end of the bout (S1-07; absent values left out, as chosen beforehand; "
        f"smallest surge that counts: a ratio of {number(least['S1-07'], 3)}) and white cells a day later (S1-08; margin of sameness: a ratio of {number(least['S1-08'], 3)}).",
        stacked=True,
    )


def effects_table(chapter: Chapter) -> Table:
    """Return lymphocytes against rest, hour by hour, for exercise 1."""
    effects = chapter["acute_against_rest"].query("feature == 'lymphocytes'")
    frame = pd.DataFrame(
        {
            "drawn": phase_of(effects),
            "ratio to rest": [number(2**e, 3) for e in effects["estimate"]],
            "95 % interval": [
                interval(2**a, 2**b, 3)
                for a, b in zip(effects["ci_low"], effects["ci_high"], strict=True)
            ],
            "n": effects["n_subjects"].map(whole),
        }
    )
    return Table(frame, "Lymphocytes against the rest day.")
