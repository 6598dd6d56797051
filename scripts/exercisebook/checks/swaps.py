"""Exchanged, copied and repeated samples of a cohort, and which exchanges would have shown.

An exchange of two phases of one person leaves both with their person: it is looked for by the
change that all others have in common, see ``turned``.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exercisebook.checks.findings import Finding, finding
from exercisebook.checks.identity import (
    Codes,
    Exchange,
    Floats,
    evidence,
    exchanges,
    gains,
    share_found,
    standardised,
)
from exercisebook.checks.phases import across
from exercisebook.checks.turned import SHOWN, turned
from exercisebook.cohort.package import Cohort
from exercisebook.errors import listed
from exercisebook.stats.assay import Assay

FEWEST_PEOPLE, FEWEST_FEATURES = 4, 4
"""Below which nobody can say whose a sample is."""

MOST_EXCHANGES = 10
"""After which something else is wrong."""

MOSTLY = 0.5
"""Share of exchanges below which a modality's silence says little."""

DECIDED = 3.0
"""Log-likelihood ratio of the other modalities that tells a visit from a tube."""

DRAWS, WORK = 60, 4e8
"""Exchanges made to learn which would show; fewer where samples squared times features are many."""

PREVALENT = 0.3
"""Share of samples in which a taxon or gene must be seen."""

COPIED = 6
"""Different values that two samples must share to be copies."""

REPEATED = 0.97
"""Correlation over features, of residuals, from which two samples are all but the same."""

REPEATED_FEATURES = 50
"""Features from which that correlation is looked at."""

_WITHIN = "exchanges of phases of one person are told apart from these"


@dataclass(frozen=True)
class Samples:
    """Samples by features on an additive scale, and whose they are.

    Attributes
    ----------
    ids : Index
        sample_id.
    values : ndarray, shape (n, m)
    persons, groups : ndarray of int, shape (n,)
        Person, and arm and phase.
    """

    ids: "pd.Index[str]"
    values: Floats
    persons: Codes
    groups: Codes


def samples_of(assay: Assay, modality: str) -> Samples:
    """Return a modality for comparing its samples: log amounts, or logs of shares."""
    values = assay.values.to_numpy(float)
    if modality in ("taxa", "rna"):
        seen = np.nan_to_num(values) > 0
        kept = np.log(values[:, seen.mean(axis=0) >= PREVALENT] + 0.5)
        values = kept - np.nanmean(kept, axis=1, keepdims=True) if kept.size else kept
    else:
        with_log = values > 0
        values = np.log(np.where(with_log, values, 1.0))
        values[~with_log] = np.nan
    persons = pd.factorize(assay.samples["subject"])[0].astype(np.int64)
    groups = pd.factorize(_cells(assay.samples))[0].astype(np.int64)
    return Samples(assay.values.index, values, persons, groups)


def identity_findings(
    cohort: Cohort, assays: dict[str, Assay], rng: np.random.Generator
) -> list[Finding]:
    """Return exchanged and copied samples, and what this cohort would have shown.

    Parameters
    ----------
    cohort : Cohort
    assays : dict of str to Assay
        Modalities as measured.
    rng : Generator
        Of the exchanges that are made to learn which would show.
    """
    everything = {name: samples_of(assay, name) for name, assay in assays.items()}
    found = [f for name, own in everything.items() for f in _copies(own, name)]
    able = {}
    for name, own in everything.items():
        reason = _why_not(own)
        if reason:
            told = f"{name}: cannot judge, {reason}"
            found.append(finding("I412", _file(name), told, "people with two samples and more"))
        else:
            able[name] = own
    if able:
        found += _exchanged(able, cohort, rng)
    return found


def _file(modality: str) -> str:
    return f"measurements/{modality}.csv"


def _why_not(own: Samples) -> str:
    repeated = int((np.bincount(own.persons) > 1).sum()) if len(own.persons) else 0
    if repeated < FEWEST_PEOPLE:
        return f"{repeated} people have two samples or more, and {FEWEST_PEOPLE} are needed"
    spread = (np.isfinite(own.values).sum(axis=0) > 2).sum() if own.values.size else 0
    if spread < FEWEST_FEATURES:
        return f"{spread} features, and {FEWEST_FEATURES} are needed"
    return ""


def _exchanged(able: dict[str, Samples], cohort: Cohort, rng: np.random.Generator) -> list[Finding]:
    flagged: dict[tuple[str, str], dict[str, float]] = {}
    shares, undone = {}, {}
    for name, own in able.items():
        pairs, order = exchanges([own.values], own.persons, own.groups, _most(own))
        undone[name] = Samples(own.ids, own.values[order], own.persons, own.groups)
        shares[name] = share_found(
            [undone[name].values], own.persons, own.groups, _draws([own]), rng
        )
        for pair in pairs:
            flagged.setdefault(_names(own, pair), {})[name] = pair.gain
    together = _aligned(able, cohort)
    together_by = dict(zip(able, together, strict=True))
    if len(able) > 1:
        found = exchanges([s.values for s in together], together[0].persons, together[0].groups,
                          _most(together[0]))[0]  # fmt: skip
        for pair in found:
            names = _names(together[0], pair)
            if names not in flagged and _all_agree(together, pair):
                flagged[names] = dict.fromkeys(able, pair.gain)
    told = [_told(names, by, together_by, cohort) for names, by in flagged.items()]
    told += [_of_share(name, share) for name, share in shares.items()]
    told += _turned_findings(undone, cohort)
    if len(able) > 1:
        whole = _aligned(undone, cohort)
        share = share_found([s.values for s in whole], whole[0].persons, whole[0].groups,
                            _draws(whole), rng)  # fmt: skip
        text = f"all modalities together: {share:.0%} of exchanged visits would have shown"
        told.append(finding("I411", "samples.csv", text, _WITHIN))
    return told


@dataclass(frozen=True)
class _Pair:
    """Two phases of an arm in one modality: the later and the earlier sample of each person."""

    modality: str
    arm: str
    phase: str
    reference: str
    ids: pd.DataFrame
    change: Floats


def _turned_findings(undone: dict[str, Samples], cohort: Cohort) -> list[Finding]:
    """Return people of whom two phases look exchanged, and which share of them would have."""
    pairs = [pair for name, own in undone.items() for pair in _pairs(name, own, cohort)]
    asked = sum(len(pair.change) for pair in pairs)
    looked = [(pair, turned(pair.change, asked)) for pair in pairs]
    flagged: dict[str, dict[tuple[str, str, str], dict[str, float]]] = {}
    for pair, seen in looked:
        for row, p in seen.people.items():
            subject, phases = str(pair.ids.index[row]), (pair.arm, pair.phase, pair.reference)
            flagged.setdefault(subject, {}).setdefault(phases, {})[pair.modality] = p
    found = [_of_turned(subject, by_phases) for subject, by_phases in flagged.items()]
    shares = {
        name: [(pair, seen.share) for pair, seen in looked if pair.modality == name]
        for name in undone
    }
    return found + [_of_turned_share(name, told) for name, told in shares.items() if told]


def _pairs(modality: str, own: Samples, cohort: Cohort) -> list[_Pair]:
    """Return the pairs of phases that contrasts compare within people, each once."""
    wanted = {
        (arm, *sorted([contrast["phase"], contrast["reference_phase"]])): contrast
        for _, contrast in cohort.contrasts.iterrows()
        if not across(contrast)
        for arm in (contrast["arm"], contrast["reference_arm"])
    }
    samples = cohort.samples[cohort.samples["sample_id"].isin(own.ids)]
    pairs = []
    for (arm, *_), contrast in wanted.items():
        phase, reference = str(contrast["phase"]), str(contrast["reference_phase"])
        here = samples[(samples["arm"] == arm) & samples["phase"].isin([phase, reference])]
        ids = here.pivot(index="subject", columns="phase", values="sample_id").dropna()
        if ids.shape[1] == 2 and len(ids):
            later, earlier = (own.ids.get_indexer(ids[name]) for name in (phase, reference))
            change = own.values[later] - own.values[earlier]
            pairs.append(_Pair(modality, str(arm), phase, reference, ids, change))
    return pairs


def _of_turned(subject: str, by_phases: dict[tuple[str, str, str], dict[str, float]]) -> Finding:
    """Return the finding of one person, of the two phases for which there is most evidence."""
    arm, phase, reference = min(by_phases, key=lambda key: min(by_phases[key].values()))
    by = by_phases[arm, phase, reference]
    told = f"{phase!r} and {reference!r} of {subject} in arm {arm}, by {listed(by)}"
    file = _file(next(iter(by))) if len(by) == 1 else "samples.csv"
    expected = "a change like that of the others, where it is minus theirs"
    return finding("I405", file, told, expected, column="sample_id")


def _of_turned_share(modality: str, shares: list[tuple[_Pair, float]]) -> Finding:
    several = len({pair.arm for pair, _ in shares}) > 1
    told = [
        f"{pair.phase!r} and {pair.reference!r}{f' in arm {pair.arm}' if several else ''} "
        + (f"{share:.0%}" if share >= SHOWN else f"cannot judge ({share:.0%})")
        for pair, share in shares
    ]
    expected = "a change that all have in common, by which an exchange shows"
    return finding("I413", _file(modality), f"{modality}: {listed(told)}", expected)


def _most(own: Samples) -> int:
    return min(MOST_EXCHANGES, max(1, len(own.persons) // 6))


def _draws(modalities: list[Samples]) -> int:
    work = sum(own.values.shape[0] ** 2 * own.values.shape[1] for own in modalities)
    return int(np.clip(WORK / max(work, 1), 8, DRAWS))


def _names(own: Samples, pair: Exchange) -> tuple[str, str]:
    one, other = sorted((str(own.ids[pair.one]), str(own.ids[pair.other])))
    return one, other


def _aligned(able: dict[str, Samples], cohort: Cohort) -> list[Samples]:
    """Return modalities with a row for every sample of the cohort, NaN where one has none."""
    ids = pd.Index(cohort.samples["sample_id"])
    persons = pd.factorize(cohort.samples["subject"])[0].astype(np.int64)
    groups = pd.factorize(_cells(cohort.samples))[0].astype(np.int64)
    whole = []
    for own in able.values():
        values = np.full((len(ids), own.values.shape[1]), np.nan)
        values[ids.get_indexer(own.ids)] = own.values
        whole.append(Samples(ids, values, persons, groups))
    return whole


def _cells(samples: pd.DataFrame) -> pd.Series:
    return samples["arm"].astype(str) + "\0" + samples["phase"].astype(str)


def _all_agree(together: list[Samples], pair: Exchange) -> bool:
    """Return whether no modality that has both samples speaks against an exchange, and two for."""
    told = [_gain(own, pair.one, pair.other) for own in together]
    heard = [gain for gain in told if gain is not None]
    return min(heard, default=-1.0) > 0 and len(heard) > 1


def _gain(own: Samples, one: int, other: int) -> float | None:
    """Return a modality's evidence for an exchange; None where it lacks one of the samples."""
    if not np.isfinite(own.values[[one, other]]).any(axis=1).all():
        return None
    ratio = evidence(own.values, own.persons, own.groups).ratio
    return float(gains(ratio, own.persons)[one, other])


def _told(
    names: tuple[str, str], by: dict[str, float], able: dict[str, Samples], cohort: Cohort
) -> Finding:
    """Return the finding of one exchange: of an assay's tubes, or of a visit."""
    whose = cohort.samples.set_index("sample_id")["subject"]
    pair = " and ".join(f"{name} (of {whose[name]})" for name in names)
    told = f"{pair}, by {listed(by)}"
    rest = [
        _gain(own, *own.ids.get_indexer(list(names)))
        for name, own in able.items()
        if name not in by
    ]
    others = sum(gain for gain in rest if gain is not None)
    expected = "samples that resemble the others of their person"
    if others > DECIDED or (len(by) > 1 and others > -DECIDED):
        return finding("I402", "samples.csv", told, expected, column="sample_id")
    if others > -DECIDED:
        told += "; the other modalities do not tell whether it was the visit"
    return finding("I401", _file(next(iter(by))), told, expected, column="sample_id")


def _of_share(name: str, share: float) -> Finding:
    text = f"{name}: {share:.0%} of exchanges between people would have shown"
    if share < MOSTLY:
        text += "; its silence says little"
    return finding("I411", _file(name), text, _WITHIN)


def _copies(own: Samples, modality: str) -> list[Finding]:
    """Return samples with the same values, and samples all but the same."""
    found = []
    file = _file(modality)
    same = _equal_pairs(own.values)
    for one, other in same:
        told = f"{own.ids[one]} and {own.ids[other]} with the same values"
        found.append(finding("I403", file, told, "values of their own", column="sample_id"))
    for one, other in _near_pairs(own):
        if (one, other) not in same:
            told = f"{own.ids[one]} and {own.ids[other]}, alike beyond what a person's samples are"
            found.append(finding("I404", file, told, "values of their own", column="sample_id"))
    return found


def _equal_pairs(values: Floats) -> set[tuple[int, int]]:
    rows: dict[bytes, int] = {}
    pairs = set()
    for place, row in enumerate(values):
        if len(np.unique(row[np.isfinite(row)])) < COPIED:
            continue
        first = rows.setdefault(row.tobytes(), place)
        if first != place:
            pairs.add((first, place))
    return pairs


def _near_pairs(own: Samples) -> list[tuple[int, int]]:
    z: NDArray[np.float64] = standardised(own.values, own.groups)[0]
    if z.shape[1] < REPEATED_FEATURES or len(z) < 2 * FEWEST_PEOPLE:
        return []
    length = np.sqrt((z**2).sum(axis=1))
    z = z / np.where(length > 0, length, np.inf)[:, None]
    one, other = np.nonzero(np.triu(z @ z.T > REPEATED, 1))
    return list(zip(one.tolist(), other.tolist(), strict=True))
