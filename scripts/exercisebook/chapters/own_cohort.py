"""A chapter's claims on the cohort of its page: verdicts on a user's own, outcomes if simulated."""

import pandas as pd

from exercisebook.chapters.simulated import outcomes, truth_of
from exercisebook.chapters.wording import count, none_or
from exercisebook.claims.claims import claims_of
from exercisebook.claims.tables import COLUMNS as VERDICTS
from exercisebook.claims.transfer import JUDGED, cohort_ledger, contrast_told
from exercisebook.claims.verdict import (
    CONTRADICTED,
    ELSEWHERE,
    IDENTIFIED,
    INCONCLUSIVE,
    NO_PRACTICAL,
    NOT_EMPIRICAL,
    NOT_MEASURED,
    SUPPORTED,
)
from exercisebook.cohort.package import Cohort
from exercisebook.figures.tables import Table, interval, number, whole
from exercisebook.sources.features import label, members
from exercisebook.sources.study import study_of

_CLAIM, _, _OBSERVED, _CAUSE, _WHY = VERDICTS


def own_claims(cohort: Cohort, name: str, chapter: int, fdr: float) -> Table:
    """Return how a chapter's claims meet the cohort of its page.

    Parameters
    ----------
    cohort : Cohort
        Whose measurements.
    name : str
        The chapter's parameter ``cohort``.
    chapter : int
        Its number.
    fdr : float
        Largest q value of a supported or contradicted claim.

    Returns
    -------
    Table
        Verdicts on a cohort that says its design; else the effects that would meet the claims,
        with outcomes where the truth is known.
    """
    if cohort.simulated or study_of(cohort.description) is None:
        return _meetings(cohort, name, chapter, fdr)
    rows = cohort_ledger(cohort, claims_of(chapter), fdr)
    # what this cohort answers comes first
    silent = rows["observed"].isin([NOT_MEASURED, NOT_EMPIRICAL])
    rows = pd.concat([rows[~silent], rows[silent]], ignore_index=True)
    statements = claims_of(chapter).set_index("claim_id")["statement"]
    frame = pd.DataFrame(
        {
            _CLAIM: [f"{i}: {statements[i]}" for i in rows["claim_id"]],
            "contrast": rows["contrast"],
            _OBSERVED: rows["observed"],
            _CAUSE: rows["cause"],
            "estimate (95 % interval), n": [_numbers(row) for _, row in rows.iterrows()],
            "people that would show the smallest effect": rows["people_needed"].map(number_or_dash),
            _WHY: [_why(row) for _, row in rows.iterrows()],
        }
    )
    return Table(frame, f"The claims of this page on the cohort “{cohort.name}”.", stacked=True)


def own_sentence(cohort: Cohort, chapter: int, fdr: float) -> str:
    """Return what the claims' meeting with the cohort of a page came to, in a paragraph."""
    if cohort.simulated:
        return (
            f"The cohort “{cohort.name}” is simulated, so it speaks for or against no claim. "
            "What stands below is which claims such a cohort could be asked, and how the method "
            "fared."
        )
    if study_of(cohort.description) is None:
        return (
            f"**No verdict can be given on “{cohort.name}”: its `datapackage.json` does not say "
            "how the study was made.** "
            "Add an object `study` with `design`, `species`, `population` and `tissue`, and run it "
            "again."
        )
    rows = cohort_ledger(cohort, claims_of(chapter), fdr)
    told = [
        f"{count(number_of)} {verdict}"
        for verdict in (SUPPORTED, CONTRADICTED, NO_PRACTICAL, INCONCLUSIVE, ELSEWHERE)
        if (number_of := int((rows["observed"] == verdict).sum()))
    ]
    silent = rows["observed"].isin([NOT_MEASURED, NOT_EMPIRICAL])
    unanswered = rows["claim_id"].nunique() - rows.loc[~silent, "claim_id"].nunique()
    named = ~silent & (rows["observed"] != ELSEWHERE) & (rows["cause"] == IDENTIFIED)
    identified = int(named.sum())
    told.append(f"{count(unanswered)} that it cannot be asked")
    each = ", a claim and contrast each" if rows["contrast"].nunique() > 2 else ""
    return (
        f"The claims of this page on the cohort “{cohort.name}”{each}: {', '.join(told)}. "
        f"In {none_or(count(identified))} of them can the design name the cause."
    )


def _meetings(cohort: Cohort, name: str, chapter: int, fdr: float) -> Table:
    """Return the effects that meet a chapter's claims, without a verdict."""
    truth = truth_of(name) if cohort.simulated else None
    rows = []
    for _, contrast in cohort.contrasts.iterrows():
        claims = claims_of(chapter).query("species == 'human' and direction != 'none'")
        claims = claims[claims["kind"] == contrast["kind"]]
        if contrast["kind"] not in JUDGED or claims.empty:
            continue
        effects = contrast_told(cohort, contrast).effects.set_index("canonical_id")
        known = _outcomes(cohort, str(contrast["kind"]), truth, fdr)
        for _, claim in claims.iterrows():
            for feature in [f for f in members(claim["canonical_id"]) if f in effects.index]:
                effect = effects.loc[feature]
                row = [claim["claim_id"], label(feature), contrast["contrast"], _numbers(effect)]
                place = (effect["feature"], contrast["contrast"])
                rows.append([*row, known.get(place, "–")] if truth is not None else row)
    columns = ["claim", "measured", "contrast", "estimate (95 % interval), n"]
    columns += ["outcome of the method"] if truth is not None else []
    what = ", simulated" if cohort.simulated else ""
    frame = pd.DataFrame(rows or [["none", *["–"] * (len(columns) - 1)]], columns=columns)
    return Table(
        frame, f"What of the cohort “{cohort.name}”{what}, meets claims of this page; no verdicts."
    )


def _outcomes(
    cohort: Cohort, kind: str, truth: pd.DataFrame | None, fdr: float
) -> dict[tuple[str, str], str]:
    if truth is None:
        return {}
    table = outcomes(cohort, kind, truth, fdr)
    return dict(
        zip(zip(table["feature"], table["contrast"], strict=True), table["outcome"], strict=True)
    )


def _why(row: pd.Series) -> str:
    """Return the reason of a verdict, and in what data and claim differ."""
    apart = [a.split()[0] for a in row["directness"].split("; ") if a.endswith("different")]
    return row["reason"] + (f"; different: {', '.join(apart)}" if apart else "")


def _numbers(row: pd.Series) -> str:
    """Return an estimate with its interval and n; ratios of amounts as ratios."""
    if pd.isna(row["estimate"]) or not row["effect_scale"]:
        return "–"
    ends = row[["estimate", "ci_low", "ci_high"]].astype(float)
    if row["effect_scale"] == "log2_ratio":
        ends = 2**ends
    middle, low, high = ends
    return f"{number(middle, 3)} ({interval(low, high, 3)}), {whole(row['n_subjects'])}"


def number_or_dash(value: float) -> str:
    """Return a whole number, or a dash where there is none."""
    return "–" if pd.isna(value) else whole(value)
