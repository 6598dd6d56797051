"""Two verdicts: is the difference there, and can the design name its cause?

The first comes from intervals, the second from the design alone: no p value can lift it.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from exercisebook.claims.claims import NATURES
from exercisebook.sources.catalogue import Source
from exercisebook.sources.features import label, members
from exercisebook.stats.schemas import MOSTLY_MISSING, NONDETECT

NOT_EMPIRICAL = "not an empirical claim"
NOT_MEASURED = "not measured"
ELSEWHERE = "measured elsewhere only"
NO_VERDICT = "no verdict: controls not concurrent"
NO_PRACTICAL = "no effect of practical size"
SUPPORTED = "supported"
CONTRADICTED = "contradicted"
INCONCLUSIVE = "inconclusive"

OBSERVED = (
    NOT_EMPIRICAL,
    NOT_MEASURED,
    ELSEWHERE,
    NO_VERDICT,
    NO_PRACTICAL,
    SUPPORTED,
    CONTRADICTED,
    INCONCLUSIVE,
)

IDENTIFIED = "identified by the design"
NOT_ASKED = "not asked"

_IDENTIFYING = ("randomised (parallel)", "randomised (crossover)", "laboratory experiment")
_WITHOUT_CONTROL = ("single-arm before-after", "published summary")


@dataclass(frozen=True)
class Observed:
    """The first verdict, with what a reader needs to weigh it."""

    verdict: str
    reason: str


def cause_verdict(claim: pd.Series, dataset: Source | None) -> str:
    """Return the second verdict, from the claim's verb and the data set's design.

    Parameters
    ----------
    claim : Series
        A row of the claims.
    dataset : Source or None
        What measured it; None where nothing did.
    """
    if claim["causal"] == "no" or claim["direction"] == "none":
        return NOT_ASKED
    if dataset is None:
        return "not identified: nothing measured it"
    if dataset.design in _IDENTIFYING:
        return IDENTIFIED
    return f"not identified: {dataset.remains}"


def directness(claim: pd.Series, dataset: Source) -> dict[str, str]:
    """Return, for species, population, exposure and tissue, whether claim and data agree."""
    return {
        aspect: "same" if claim[aspect] == getattr(dataset, aspect) else "different"
        for aspect in ("species", "population", "exposure", "tissue")
    }


def observed_verdict(
    claim: pd.Series, effects: pd.DataFrame, dataset: Source, fdr: float
) -> Observed:
    """Return the first verdict on a claim from one data set's effects.

    Parameters
    ----------
    claim : Series
        A row of the claims.
    effects : DataFrame
        Effects of the data set that share the claim's canonical_id (or are members of it) and
        kind, at most one a member, with ``q_claim``: q values within document, chapter and
        data set.
    dataset : Source
        Where they come from.
    fdr : float
        Largest q value of a supported or contradicted claim.

    Returns
    -------
    Observed
        The first of the verdicts that holds.
    """
    if claim["direction"] == "none":
        return not_empirical(claim)
    if effects.empty:
        return Observed(NOT_MEASURED, f"{dataset.id} holds no such measurement")
    apart = [a for a in ("exposure", "tissue") if directness(claim, dataset)[a] == "different"]
    if apart:
        return Observed(ELSEWHERE, f"other {' and '.join(apart)}: shown, never counted")
    if dataset.design == "controls not concurrent":
        return Observed(NO_VERDICT, "controls were not collected at the same time")
    if claim["direction"] == "unchanged" and dataset.design in _WITHOUT_CONTROL:
        return Observed(INCONCLUSIVE, "no control arm that it could be the same as")
    each = {str(row["canonical_id"]): _of_member(claim, row, fdr) for _, row in effects.iterrows()}
    wanted = members(claim["canonical_id"])
    if len(wanted) > 1:
        return _of_group(claim, each, wanted)
    (alone,) = each.values()
    if claim["quantifier"] in ("most", "greatest") and alone.verdict == SUPPORTED:
        lacking = f"that it is “{claim['quantifier']}” needs a tested difference from the others"
        return Observed(INCONCLUSIVE, f"{alone.reason}; {lacking}")
    return alone


def not_empirical(claim: pd.Series) -> Observed:
    """Return the verdict on a claim that no measurement answers, and why none does."""
    return Observed(NOT_EMPIRICAL, NATURES[claim["nature"]])


def _of_member(claim: pd.Series, effect: pd.Series, fdr: float) -> Observed:
    for limit in (NONDETECT, MOSTLY_MISSING):
        if limit in effect["flag"]:
            return Observed(INCONCLUSIVE, limit)
    if not np.isfinite(effect["se"]):
        return Observed(INCONCLUSIVE, effect["flag"] or "no interval")
    margin = _margin(claim, effect)
    if claim["direction"] == "unchanged":
        return _of_sameness(effect, margin, fdr)
    low, high = _interval(effect, 0.90)
    if np.isfinite(margin) and -margin < low and high < margin:
        return Observed(NO_PRACTICAL, "90 % interval inside the smallest effect that matters")
    note = "" if np.isfinite(margin) else "; no smallest effect is set"
    note += f"; {effect['flag']}" if effect["flag"] else ""
    sign = 1 if effect["ci_low"] > 0 else -1 if effect["ci_high"] < 0 else 0
    if sign == 0:
        return Observed(INCONCLUSIVE, f"95 % interval holds no change{note}")
    if not effect["q_claim"] <= fdr:
        return Observed(INCONCLUSIVE, f"q above {fdr:g}{note}")
    claimed = {"up": sign > 0, "down": sign < 0, "changed": True}[claim["direction"]]
    side = "claimed" if claimed else "other"
    verdict = SUPPORTED if claimed else CONTRADICTED
    return Observed(verdict, f"95 % interval on the {side} side{note}")


def _margin(claim: pd.Series, effect: pd.Series) -> float:
    """Return the smallest effect that matters, NaN where it is on another scale than the effect."""
    same = claim["smallest_effect_scale"] == effect["effect_scale"]
    return float(claim["smallest_effect"]) if same else np.nan


def _of_sameness(effect: pd.Series, margin: float, fdr: float) -> Observed:
    """Judge a return to the control by two one-sided tests."""
    if not np.isfinite(margin):
        return Observed(INCONCLUSIVE, "no margin is set, so sameness cannot be shown")
    low, high = _interval(effect, 0.90)
    if -margin < low and high < margin:
        if effect["q_claim"] <= fdr:
            return Observed(SUPPORTED, "90 % interval inside the margin of sameness")
        return Observed(INCONCLUSIVE, f"inside the margin of sameness, but q above {fdr:g}")
    if effect["ci_low"] > margin or effect["ci_high"] < -margin:
        return Observed(CONTRADICTED, "95 % interval outside the margin of sameness")
    return Observed(INCONCLUSIVE, "90 % interval reaches beyond the margin of sameness")


def _of_group(claim: pd.Series, each: dict[str, Observed], wanted: list[str]) -> Observed:
    """Judge a claim about all members of a group: every member is needed."""
    verdicts = [observed.verdict for observed in each.values()]
    absent = [label(name) for name in wanted if name not in each]
    told = "; ".join(
        f"{verdict} for {_listed([label(n) for n, o in each.items() if o.verdict == verdict])}"
        for verdict in dict.fromkeys(verdicts)
    )
    reason = told + (f"; not measured: {_listed(absent)}" if absent else "")
    if CONTRADICTED in verdicts:
        return Observed(CONTRADICTED, reason)
    if absent or len(set(verdicts)) > 1 or claim["quantifier"] != "all":
        return Observed(INCONCLUSIVE, reason)
    return Observed(verdicts[0], reason)


def claim_p_value(claim: pd.Series, effect: pd.Series) -> float:
    """Return the p value a claim rests on: of a difference, or of sameness within its margin."""
    if claim["direction"] != "unchanged":
        return float(effect["p_value"])
    margin = _margin(claim, effect)
    if not (np.isfinite(margin) and np.isfinite(effect["se"])):
        return np.nan
    above = stats.t.sf((effect["estimate"] + margin) / effect["se"], effect["df"])
    below = stats.t.cdf((effect["estimate"] - margin) / effect["se"], effect["df"])
    return float(max(above, below))


def _interval(effect: pd.Series, level: float) -> tuple[float, float]:
    half = stats.t.ppf((1 + level) / 2, effect["df"]) * effect["se"]
    return effect["estimate"] - half, effect["estimate"] + half


def _listed(names: list[str]) -> str:
    return ", ".join(names)
