"""The design of each contrast: who has the samples, and what else differs between its phases.

Batch, calendar, hour, fasting and the last bout are looked at here; numbers of people and what they
could show are the affair of ``reach``.
"""

from collections.abc import Iterator

import pandas as pd

from exercisebook.checks.findings import Finding, finding
from exercisebook.cohort.package import Cohort
from exercisebook.errors import InvalidInput, Misuse, listed
from exercisebook.stats.designs import cell_contrast, cell_design, check_estimable
from exercisebook.stats.differences import cells_of

FEWEST = 4
"""People below whom a contrast describes no more than themselves."""

A_DAY = 24.0
FEWEST_DAYS = 14.0
"""Days between the phases of a training contrast below which they are looked at; assumed."""

HOURS_APART = 2.0
"""Mean difference of the hour of the day that is told."""

MOSTLY = 0.75
"""Share of people beyond which a contrast runs backwards; a crossover has about half."""

UNKNOWN = "unknown"
_SAMPLES, _CONTRASTS = "samples.csv", "contrasts.csv"
_TRAINED = ("training", "detraining")


def phase_findings(cohort: Cohort) -> list[Finding]:
    """Return what is to be said of the samples behind every contrast."""
    return [
        found
        for row, contrast in cohort.contrasts.iterrows()
        for found in _of_contrast(cohort.samples, contrast, int(str(row)) + 2)
    ]


def across(contrast: pd.Series) -> bool:
    """Return whether a contrast compares arms in one phase, and no person with himself."""
    return bool(contrast["phase"] == contrast["reference_phase"])


def sides(samples: pd.DataFrame, contrast: pd.Series) -> list[pd.DataFrame]:
    """Return, by arm of a contrast, the samples of its later and earlier phase, a row a person.

    Columns are those of the samples with ``_later`` and ``_earlier``; people with both alone.
    """
    arms = dict.fromkeys([contrast["arm"], contrast["reference_arm"]])
    pairs = []
    for arm in arms:
        own = samples[samples["arm"] == arm]
        later = own[own["phase"] == contrast["phase"]]
        earlier = own[own["phase"] == contrast["reference_phase"]]
        pairs.append(later.merge(earlier, on="subject", suffixes=("_later", "_earlier")))
    return pairs


def n_people(samples: pd.DataFrame, contrast: pd.Series) -> int:
    """Return how many people a contrast rests on: those of the smaller arm, if arms differ."""
    if across(contrast):
        own = samples[samples["phase"] == contrast["phase"]]
        return min(
            own.loc[own["arm"] == contrast[arm], "subject"].nunique()
            for arm in ("arm", "reference_arm")
        )
    people = [set(pair["subject"]) for pair in sides(samples, contrast)]
    both = set.intersection(*people)
    return len(both) if both else min(map(len, people))


def _of_contrast(samples: pd.DataFrame, contrast: pd.Series, row: int) -> Iterator[Finding]:
    yield from _absent(samples, contrast)
    fault = _not_estimable(samples, contrast, batch=False)
    n = n_people(samples, contrast)
    if fault or not n:
        told = fault or "no person on one of the sides"
        yield finding("D322", _CONTRASTS, f"{contrast['contrast']!r}: {told}",
                      "people with a sample on both sides", row, "contrast")  # fmt: skip
        return
    if n < FEWEST:
        yield finding("D323", _CONTRASTS, f"people in {contrast['contrast']!r}: {n}",
                      f"at least {FEWEST}", row, "contrast")  # fmt: skip
    if across(contrast):
        return
    pairs = pd.concat(sides(samples, contrast), ignore_index=True)
    yield from _batches(samples, contrast, pairs)
    yield from _calendar(contrast, pairs, row)
    yield from _bouts(contrast, pairs)
    yield from _meals_and_hours(contrast, pairs)


def _absent(samples: pd.DataFrame, contrast: pd.Series) -> Iterator[Finding]:
    """Yield a finding for every person who has a part of the samples of a contrast."""
    if across(contrast):
        return
    for arm in dict.fromkeys([contrast["arm"], contrast["reference_arm"]]):
        own = samples[samples["arm"] == arm]
        needed = {contrast["phase"], contrast["reference_phase"]}
        phases = own[own["phase"].isin(needed)].groupby("subject", sort=False)["phase"].agg(set)
        for subject in own["subject"].drop_duplicates():
            lacking = needed - phases.get(subject, set())
            if lacking:
                yield finding(
                    "D321", _SAMPLES,
                    f"{subject} without {listed(sorted(lacking))} in arm {arm}",
                    f"both phases of {contrast['contrast']!r}", column="phase",
                )  # fmt: skip


def _not_estimable(samples: pd.DataFrame, contrast: pd.Series, batch: bool) -> str:
    """Return why the design cannot tell a contrast, with batch as covariate or without."""
    if across(contrast):
        return ""
    cells = pd.MultiIndex.from_frame(cells_of(contrast)[["arm", "phase"]])
    own = samples[pd.MultiIndex.from_frame(samples[["arm", "phase"]]).isin(cells)]
    name = str(contrast["contrast"])
    try:
        design = cell_design(own, ["batch"] if batch else [])
        check_estimable(design, cell_contrast(design, contrast), blocks=True, name=name)
    except (Misuse, InvalidInput) as error:
        return str(error)
    return ""


def _batches(samples: pd.DataFrame, contrast: pd.Series, pairs: pd.DataFrame) -> Iterator[Finding]:
    name = contrast["contrast"]
    known = pairs[(pairs["batch_later"] != UNKNOWN) & (pairs["batch_earlier"] != UNKNOWN)]
    if known.empty:
        yield finding("D333", _SAMPLES, f"no batch known in {name!r}", "batch", column="batch")
        return
    later, earlier = known["batch_later"].astype(str), known["batch_earlier"].astype(str)
    moved = later != earlier
    both = samples[(samples["batch"] != UNKNOWN) & samples["subject"].isin(known["subject"])]
    if moved.all() and _not_estimable(both, contrast, batch=True):
        told = (
            f"{name!r}: {listed(sorted(set(earlier)))} before, {listed(sorted(set(later)))} after"
        )
        yield finding("D331", _SAMPLES, told, "both phases of a person in one batch",
                      column="batch")  # fmt: skip
    elif moved.any():
        told = f"{name!r}: {int(moved.sum())} of {len(known)} people with two batches"
        yield finding("D332", _SAMPLES, told, "both phases of a person in one batch",
                      column="batch")  # fmt: skip


def _calendar(contrast: pd.Series, pairs: pd.DataFrame, row: int) -> Iterator[Finding]:
    name = contrast["contrast"]
    apart = (pairs["day_later"] - pairs["day_earlier"]).dropna()
    yield from _backwards(contrast, pairs, row)
    alone = contrast["arm"] == contrast["reference_arm"]
    if apart.empty:
        if alone:
            yield finding("D342", _SAMPLES, f"no days in {name!r}", "day", column="day")
        return
    if alone and ((apart > 0).all() or (apart < 0).all()):
        told = f"{name!r}: the same order in everyone (people: {len(apart)})"
        yield finding("D341", _SAMPLES, told, "an arm without exercise beside it, or both orders",
                      column="day")  # fmt: skip
    if contrast["kind"] in _TRAINED and apart.abs().median() < FEWEST_DAYS:
        told = f"{name!r}: {apart.abs().median():g} days between the phases"
        yield finding("D343", _SAMPLES, told, f"{FEWEST_DAYS:g} days or more", column="day")


def _backwards(contrast: pd.Series, pairs: pd.DataFrame, row: int) -> Iterator[Finding]:
    """Yield a finding if the phase of a contrast came before its reference in most people."""
    apart = days_apart(pairs).dropna()
    before = int((apart < 0).sum())
    if not len(apart) or before <= MOSTLY * len(apart):
        return
    told = (
        f"{contrast['contrast']!r}: {contrast['phase']!r} {_span(-apart[apart < 0].median())} "
        f"before {contrast['reference_phase']!r} in {before} of {len(apart)} people"
    )
    expected = f"the later phase under phase, so {contrast['reference_phase']!r} there"
    yield finding("D344", _CONTRASTS, told, expected, row, "phase")


def days_apart(pairs: pd.DataFrame) -> pd.Series:
    """Return the days from the reference to the phase, by the hours of a session on one day.

    Parameters
    ----------
    pairs : DataFrame
        See ``sides``.

    Returns
    -------
    Series
        NaN where the days are unknown, or equal and the hours unknown.
    """
    days = pairs["day_later"] - pairs["day_earlier"]
    hours = pairs["time_h_later"] - pairs["time_h_earlier"]
    if "clock_h_later" in pairs:
        hours = hours.fillna(pairs["clock_h_later"] - pairs["clock_h_earlier"])
    return days.mask(days == 0, hours / A_DAY)


def _span(days: float) -> str:
    if days < 1:
        return f"{days * A_DAY:.2g} hours"
    return "a day" if days == 1 else f"{days:g} days"


def _bouts(contrast: pd.Series, pairs: pd.DataFrame) -> Iterator[Finding]:
    name, column = contrast["contrast"], "hours_since_bout"
    hours = pairs[f"{column}_later"]
    known = hours.dropna()
    none = f"{name!r}: unknown for {len(hours) - len(known)} of {len(hours)} people"
    if contrast["kind"] == "training":
        if len(known) < len(hours):
            yield finding("D351", _SAMPLES, none, "hours since the last bout", column=column)
        if (known < A_DAY).any():
            told = f"{name!r}: {int((known < A_DAY).sum())} people from {known.min():g} h after it"
            yield finding("D352", _SAMPLES, told, f"{A_DAY:g} hours or more", column=column)
    if contrast["kind"] == "acute":
        if len(known) < len(hours):
            yield finding("D353", _SAMPLES, none, "hours since the bout", column=column)
        if (known > A_DAY).any():
            told = f"{name!r}: {int((known > A_DAY).sum())} people up to {known.max():g} h after it"
            yield finding("D354", _SAMPLES, told, f"{A_DAY:g} hours or less", column=column)


def _meals_and_hours(contrast: pd.Series, pairs: pd.DataFrame) -> Iterator[Finding]:
    name = contrast["contrast"]
    later, earlier = pairs["fasting_later"], pairs["fasting_earlier"]
    known = (later != UNKNOWN) & (earlier != UNKNOWN)
    if not known.any():
        yield finding("D362", _SAMPLES, f"nobody's fasting known in {name!r}", "yes or no",
                      column="fasting")  # fmt: skip
    changed = int((known & (later != earlier)).sum())
    if changed:
        told = f"{name!r}: {changed} of {int(known.sum())} people in one phase alone"
        yield finding("D361", _SAMPLES, told, "the same in both phases", column="fasting")
    if "clock_h_later" in pairs:
        turn = (pairs["clock_h_later"] - pairs["clock_h_earlier"]).dropna()
        # the shorter way round the clock
        turn = (turn + 12) % 24 - 12
        if len(turn) and abs(turn.mean()) > HOURS_APART:
            told = f"{name!r}: {abs(turn.mean()):.1f} hours apart"
            yield finding("D363", _SAMPLES, told, "the same hour of the day", column="clock_h")
