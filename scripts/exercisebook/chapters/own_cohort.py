"""A chapter's claims on the cohort of its page: verdicts on a user's own, outcomes if simulated."""

import pandas as pd

from exercisebook.chapters.simulated import FEW, outcomes, truth_of
from exercisebook.chapters.wording import count, none_or
from exercisebook.claims.claims import claims_of
from exercisebook.claims.tables import COLUMNS as VERDICTS
from exercisebook.claims.transfer import (
    JUDGED,
    below_detection,
    cohort_ledger,
    contrast_told,
    label_of,
)
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
from exercisebook.figures.tables import Table, interval, number, p_value, whole
from exercisebook.sources.features import label, members
from exercisebook.sources.study import study_of

_CLAIM, _, _OBSERVED, _CAUSE, _WHY = VERDICTS


MOST_ROWS = 40
"""Rows of one table of a cohort's effects."""


def own_ledger(cohort: Cohort, chapter: int, fdr: float) -> pd.DataFrame | None:
    """Return a chapter's claims on the cohort of its page; None where it can get no verdict.

    Parameters
    ----------
    cohort : Cohort
        Whose measurements.
    chapter : int
        Its number.
    fdr : float
        Largest q value of a supported or contradicted claim.
    """
    if cohort.simulated or study_of(cohort.description) is None:
        return None
    return cohort_ledger(cohort, claims_of(chapter), fdr)


def own_claims(
    cohort: Cohort, name: str, chapter: int, fdr: float, rows: pd.DataFrame | None
) -> Table:
    """Return how a chapter's claims meet the cohort of its page.

    Parameters
    ----------
    cohort, chapter, fdr
        As for ``own_ledger``.
    name : str
        The chapter's parameter ``cohort``.
    rows : DataFrame or None
        Of ``own_ledger``.

    Returns
    -------
    Table
        Verdicts on a cohort that says its design; else the effects that would meet the claims,
        with outcomes where the truth is known.
    """
    if rows is None:
        return _meetings(cohort, name, chapter, fdr)
    # what this cohort answers comes first
    silent = _silent(rows)
    rows = pd.concat([rows[~silent], rows[silent]], ignore_index=True)
    statements = claims_of(chapter).set_index("claim_id")["statement"]
    frame = pd.DataFrame(
        {
            _CLAIM: [
                f"{i}, {label(m)}" if m else f"{i}: {statements[i]}"
                for i, m in zip(rows["claim_id"], rows["member"], strict=True)
            ],
            "contrast": rows["contrast"],
            _OBSERVED: rows["observed"],
            _CAUSE: rows["cause"],
            "estimate (95 % interval), n": [_numbers(row) for _, row in rows.iterrows()],
            "q among the claims": rows["q_claim"].map(p_value),
            "people that would show the smallest effect": rows["people_needed"].map(number_or_dash),
            _WHY: [_why(row) for _, row in rows.iterrows()],
        }
    )
    return Table(
        frame,
        f"The claims of this page on the cohort “{cohort.name}”; a claim about a group is followed "
        "by its members. A verdict rests on q among the claims: adjusted for the tests of one "
        "contrast that claims of one text on this page rest on. In a table of measurements q is "
        "another number, adjusted for all features of one modality in that contrast.",
        stacked=True,
    )


def own_sentence(cohort: Cohort, rows: pd.DataFrame | None) -> str:
    """Return what the claims' meeting with the cohort of a page came to, in a paragraph.

    Parameters
    ----------
    cohort : Cohort
    rows : DataFrame or None
        Of ``own_ledger``.
    """
    if cohort.simulated:
        return (
            f"The cohort “{cohort.name}” is simulated, so it speaks for or against no claim. "
            "What stands below is which claims such a cohort could be asked, and how the method "
            "fared."
        )
    if rows is None:
        return (
            f"**No verdict can be given on “{cohort.name}”: its `datapackage.json` does not say "
            "how the study was made.** "
            "Add an object `study` with `design`, `species`, `population` and `tissue`, and run it "
            "again."
        )
    rows = rows[rows["member"] == ""]
    told = [
        f"{count(number_of)} {verdict}"
        for verdict in (SUPPORTED, CONTRADICTED, NO_PRACTICAL, INCONCLUSIVE, ELSEWHERE)
        if (number_of := int((rows["observed"] == verdict).sum()))
    ]
    silent = _silent(rows)
    unanswered = rows["claim_id"].nunique() - rows.loc[~silent, "claim_id"].nunique()
    named = ~silent & (rows["observed"] != ELSEWHERE) & (rows["cause"] == IDENTIFIED)
    identified = int(named.sum())
    told.append(f"{count(unanswered)} that it cannot be asked")
    each = ", a claim and contrast each" if rows["contrast"].nunique() > 2 else ""
    return (
        f"The claims of this page on the cohort “{cohort.name}”{each}: {', '.join(told)}. "
        f"In {none_or(count(identified))} of them can the design name the cause."
    )


def _silent(rows: pd.DataFrame) -> pd.Series:
    """Return which rows of a ledger rest on no measurement."""
    return rows["observed"].isin([NOT_MEASURED, NOT_EMPIRICAL])


def shown_effects(
    cohort: Cohort, effects: pd.DataFrame, chapter: int, fdr: float
) -> tuple[pd.DataFrame, str]:
    """Return which effects of a cohort a page has rows for, and what it leaves out.

    Parameters
    ----------
    cohort : Cohort
        Whose effects.
    effects : DataFrame
        All of them.
    chapter : int
        What its claims ask for comes first, whatever its q.
    fdr : float
        Largest q value of what counts as seen.

    Returns
    -------
    DataFrame
        Of the effects, those that a claim asks for, those of short panels and those seen of wide
        ones, ``MOST_ROWS`` at most; with ``what``, their names on a page, and what limits them.
    str
        How many are left out and where they are; empty where all are shown.
    """
    asked = effects["canonical_id"].isin(_asked(chapter))
    seen = asked | effects["modality"].isin(FEW) | (effects["q_value"] <= fdr)
    kept = pd.concat([effects[asked], effects[seen & ~asked]])
    shown = kept.head(MOST_ROWS).sort_index()
    quiet, beyond = int((~seen).sum()), len(kept) - len(shown)
    left = [
        *([f"{whole(quiet)} of wide panels without a q of {fdr:g} or less"] if quiet else []),
        *([f"{whole(beyond)} beyond the first {MOST_ROWS} rows"] if beyond else []),
    ]
    ledger = " and is in ledger.csv of a report's bundle" if not cohort.simulated else ""
    told = (
        f"Not shown: {' and '.join(left)}. What claims ask for comes first{ledger}; "
        "exercisebook effects writes every measurement of a contrast."
    )
    return shown.assign(what=_names(cohort, shown)), told if left else ""


def _asked(chapter: int) -> set[str]:
    """Return the canonical ids that a chapter's claims are about, groups by their members."""
    wanted = claims_of(chapter).query("direction != 'none'")["canonical_id"]
    return {name for canonical_id in wanted for name in members(canonical_id)}


def _names(cohort: Cohort, effects: pd.DataFrame) -> list[str]:
    """Return the names of effects with what limits them; two assays of one thing are told apart."""
    below = pd.Series("", effects.index)
    for name, own in effects.groupby("contrast"):
        below[own.index] = below_detection(cohort, cohort.contrast(str(name)), own)
    known = effects["canonical_id"].fillna("")
    twice = effects.assign(known=known).duplicated(["known", "contrast"], keep=False)
    rows = zip(effects.index, effects["canonical_id"], effects["feature"], strict=True)
    told = []
    for place, canonical_id, feature in rows:
        name = label_of(canonical_id, feature)
        if known[place] and twice[place]:
            name += f", {feature} of {effects.at[place, 'modality']}"
        notes = "; ".join(filter(None, (effects.at[place, "flag"], below[place])))
        told.append(f"{name} ({notes})" if notes else name)
    return told


def _meetings(cohort: Cohort, name: str, chapter: int, fdr: float) -> Table:
    """Return the effects that meet a chapter's claims, without a verdict."""
    truth = truth_of(name) if cohort.simulated else None
    rows = []
    asked = claims_of(chapter).query("species == 'human' and direction != 'none'")
    known = {
        kind: _outcomes(cohort, str(kind), truth, fdr)
        for kind in set(cohort.contrasts["kind"]) & set(asked["kind"]) & set(JUDGED)
    }
    for _, contrast in cohort.contrasts.iterrows():
        claims = asked[asked["kind"] == contrast["kind"]]
        if contrast["kind"] not in JUDGED or claims.empty:
            continue
        wanted = {name for canonical_id in claims["canonical_id"] for name in members(canonical_id)}
        effects = contrast_told(cohort, contrast, wanted).effects.set_index("canonical_id")
        for _, claim in claims.iterrows():
            for feature in [f for f in members(claim["canonical_id"]) if f in effects.index]:
                effect = effects.loc[feature]
                row = [claim["claim_id"], label(feature), contrast["contrast"], _numbers(effect)]
                place = (effect["feature"], contrast["contrast"])
                outcome = known[contrast["kind"]].get(place, "–")
                rows.append([*row, outcome] if truth is not None else row)
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
    between = "no interval" if pd.isna(low) else interval(low, high, 3)
    return f"{number(middle, 3)} ({between}), {whole(row['n_subjects'])}"


def number_or_dash(value: float) -> str:
    """Return a whole number, or a dash where there is none."""
    return "–" if pd.isna(value) else whole(value)
