"""The ledger: every claim against every data set that can speak to it."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from exercisebook.claims.verdict import (
    NOT_MEASURED,
    Observed,
    cause_verdict,
    claim_p_value,
    directness,
    not_empirical,
    observed_verdict,
)
from exercisebook.sources.catalogue import Source, dataset
from exercisebook.sources.features import members
from exercisebook.stats.multiplicity import benjamini_hochberg

COLUMNS = [
    "claim_id",
    "chapter",
    "dataset",
    "observed",
    "cause",
    "design",
    "directness",
    "estimate",
    "ci_low",
    "ci_high",
    "n_subjects",
    "detectable",
    "reason",
]

_NUMBERS = ["estimate", "ci_low", "ci_high", "n_subjects", "detectable"]


SourceOf = Callable[[pd.DataFrame], Source]
"""From the effects that meet one claim to what its verdicts need to know of their data."""


def _of_catalogue(effects: pd.DataFrame) -> Source:
    return dataset(str(effects["dataset"].iloc[0]))


def ledger(
    claims: pd.DataFrame,
    effects: pd.DataFrame,
    fdr: float = 0.05,
    source_of: SourceOf = _of_catalogue,
) -> pd.DataFrame:
    """Return the rows of the ledger.

    Parameters
    ----------
    claims : DataFrame
        Claims.
    effects : DataFrame
        Effects of open data sets, as far as they were chosen beforehand to decide a claim: at
        most one row a data set, canonical_id and kind.
    fdr : float
        Largest q value of a supported or contradicted claim.
    source_of : callable
        What to know of the data behind some effects; the catalogue's entry without it.

    Returns
    -------
    DataFrame
        One row a claim and data set; a claim that nothing measured has one row, of data set
        ``none``. Numbers are those of a claim about one feature; a claim about a group has
        its members in ``member_verdicts``. A claim that repeats another has the rows of that
        one where it is among these claims, else none: it is judged, and counted in a family of
        tests, once.

    Raises
    ------
    ValueError
        If two effects answer for the same data set, canonical_id and kind, or one of them is
        of no data set in the catalogue: simulated data have no place here.
    """
    _check(effects, source_of)
    judged = claims[claims["same_as"].isna()]
    matched = _with_q(_matches(judged, effects))
    rows = []
    for _, claim in judged.iterrows():
        own = matched[matched["claim_id"] == claim["claim_id"]]
        if own.empty:
            rows.append(_row(claim, own, None, _unmeasured(claim)))
        for _, group in own.groupby("dataset", sort=False):
            source = source_of(group)
            rows.append(_row(claim, group, source, observed_verdict(claim, group, source, fdr)))
    return repeated(claims, pd.DataFrame(rows, columns=COLUMNS))


def repeated(claims: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of the ledger with those of claims that repeat another, in the claims' order.

    Parameters
    ----------
    claims : DataFrame
        Claims.
    rows : DataFrame
        Rows of the ledger; of a claim that repeats another and has rows, they are left.
    """
    todo = claims[claims["same_as"].notna() & ~claims["claim_id"].isin(rows["claim_id"])]
    copies = [
        rows[rows["claim_id"] == claim["same_as"]].assign(
            claim_id=claim["claim_id"],
            chapter=claim["chapter"],
            reason=lambda own, claim=claim: f"repeats {claim['same_as']}; " + own["reason"],
        )
        for _, claim in todo.iterrows()
    ]
    place = {name: position for position, name in enumerate(claims["claim_id"])}
    whole = pd.concat([rows, *copies], ignore_index=True)
    order = whole["claim_id"].map(place).sort_values(kind="stable").index
    return whole.loc[order].reset_index(drop=True)


def member_verdicts(
    claims: pd.DataFrame, claim_id: str, effects: pd.DataFrame, fdr: float = 0.05
) -> pd.DataFrame:
    """Return the verdicts on each member of a claim about a group.

    Parameters
    ----------
    claims, effects, fdr
        As for ``ledger``: the q values are those of all these claims together.
    claim_id : str
        Which claim.

    Returns
    -------
    DataFrame
        The columns of the ledger with ``canonical_id`` in front, one row a member and data set.
    """
    matched = _with_q(_matches(claims, effects))
    claim = claims.set_index("claim_id", drop=False).loc[claim_id]
    rows = []
    for position in matched.index[matched["claim_id"] == claim_id]:
        effect = matched.loc[[position]]
        member = str(effect["canonical_id"].iloc[0])
        alone = pd.Series({**claim, "canonical_id": member})
        source = _of_catalogue(effect)
        observed = observed_verdict(alone, effect, source, fdr)
        rows.append({"canonical_id": member, **_row(alone, effect, source, observed)})
    return pd.DataFrame(rows, columns=["canonical_id", *COLUMNS])


def _check(effects: pd.DataFrame, source_of: SourceOf) -> None:
    key = ["dataset", "canonical_id", "kind"]
    twice = effects.duplicated(key, keep=False)
    if twice.any():
        raise ValueError(f"more than one effect for {effects.loc[twice, key].values.tolist()[:3]}")
    for _, own in effects.groupby("dataset"):
        source_of(own)


def _matches(claims: pd.DataFrame, effects: pd.DataFrame) -> pd.DataFrame:
    """Join claims and effects on canonical_id and kind, a group by its members."""
    wanted = claims[claims["direction"] != "none"]
    expanded = wanted.assign(member=wanted["canonical_id"].map(members)).explode("member")
    columns = ["claim_id", "chapter", "source", "direction", "kind", "member"]
    return expanded[[*columns, "smallest_effect", "smallest_effect_scale"]].merge(
        effects, left_on=["member", "kind"], right_on=["canonical_id", "kind"], how="inner"
    )


def _with_q(matched: pd.DataFrame) -> pd.DataFrame:
    """Add the q value of each claim's test within document, chapter and data set."""
    if matched.empty:
        return matched.assign(q_claim=[])
    p = pd.Series([claim_p_value(row, row) for _, row in matched.iterrows()], matched.index)
    return matched.assign(q_claim=q_within(p, matched, ("source", "chapter", "dataset")))


def q_within(p: pd.Series, rows: pd.DataFrame, family: Sequence[str]) -> pd.Series:
    """Return the q values of p values, NaN where p is, each among the rows of its family."""
    return p.groupby([rows[name] for name in family]).transform(
        lambda values: benjamini_hochberg(values.to_numpy())
    )


def _unmeasured(claim: pd.Series) -> Observed:
    if claim["direction"] == "none":
        return not_empirical(claim)
    return Observed(NOT_MEASURED, f"would be decided by: {claim['decided_by']}")


def _row(
    claim: pd.Series, effects: pd.DataFrame, source: Source | None, observed: Observed
) -> dict[str, object]:
    one = len(effects) == 1
    numbers = {name: effects[name].iloc[0] if one else np.nan for name in _NUMBERS}
    same = {} if source is None else directness(claim, source)
    return {
        "claim_id": claim["claim_id"],
        "chapter": claim["chapter"],
        "dataset": "none" if source is None else source.id,
        "observed": observed.verdict,
        "cause": cause_verdict(claim, source),
        "design": "none" if source is None else source.design,
        "directness": "; ".join(f"{aspect} {how}" for aspect, how in same.items()) or "none",
        **numbers,
        "reason": observed.reason,
    }
