"""What the people of a cohort could show: the smallest p value, and the smallest change.

The second follows from how much people's differences scatter in these data, never from how large
they turned out.
"""

import numpy as np
import pandas as pd

from exercisebook.checks.findings import Finding, finding
from exercisebook.checks.phases import across, n_people, sides
from exercisebook.cohort.package import Cohort
from exercisebook.stats.assay import Assay
from exercisebook.stats.differences import assay_differences
from exercisebook.stats.power import ALPHA, detectable_from_se
from exercisebook.stats.reach import floor_of, groups_of, standard_errors

_CONTRASTS = "contrasts.csv"
_OF_ONE = "Read its values as this person's: nothing can be inferred for anyone else."


def reach_findings(cohort: Cohort, assays: dict[str, Assay]) -> list[Finding]:
    """Return, by contrast and modality, what these people could show.

    Parameters
    ----------
    cohort : Cohort
    assays : dict of str to Assay
        Modalities of amounts as logarithms to base 2.
    """
    found = []
    for row, contrast in cohort.contrasts.iterrows():
        line = int(str(row)) + 2
        if n_people(cohort.samples, contrast) == 1:
            told = f"{contrast['contrast']!r}: one person, so no interval and no p value"
            found.append(
                finding("D372", _CONTRASTS, told, "6 people or more", line, "contrast", _OF_ONE)
            )
        people = _people(cohort.samples, contrast)
        if across(contrast) or min(people) < 2:
            continue
        if floor_of(people) > ALPHA:
            told = f"{contrast['contrast']!r}: {_count(people)}, p from {floor_of(people):.3g} up"
            enough = "6 people or more" if len(people) == 1 else "4 people or more in each arm"
            found.append(finding("D372", _CONTRASTS, told, enough, line, "contrast"))
        for modality, assay in assays.items():
            found += _of_modality(contrast, modality, assay, line)
    return found


def _people(samples: pd.DataFrame, contrast: pd.Series) -> list[int]:
    """Return how many people a contrast compares: of one group, or of each of two."""
    people = [set(pair["subject"]) for pair in sides(samples, contrast)]
    both = set.intersection(*people)
    return [len(both)] if both or len(people) == 1 else [len(own) for own in people]


def _count(people: list[int]) -> str:
    return f"{people[0]} people" if len(people) == 1 else f"{people[0]} and {people[1]} people"


def _of_modality(contrast: pd.Series, modality: str, assay: Assay, line: int) -> list[Finding]:
    groups = groups_of(lambda own: assay_differences(assay, own).values, contrast)
    enough = np.logical_and.reduce([group.notna().sum() >= 2 for group in groups])
    groups = [group.loc[:, enough] for group in groups]
    if not enough.any():
        return []
    people, m = [int(group.notna().sum().max()) for group in groups], int(enough.sum())
    floor = floor_of(people)
    # q is the least when every feature reaches the floor, the greatest when one alone does
    told = (
        f"{contrast['contrast']!r}, {modality}: {_count(people)}, p from {floor:.2g} up; one of "
        f"{m} features alone reaches q = {min(1.0, m * floor):.2g}, {_together(m, floor)} .05"
    )
    expected = "a t test reaches lower, if differences are normal"
    where = {"row": line, "column": "contrast"}
    return [
        finding("D371", _CONTRASTS, told, expected, **where),  # type: ignore[arg-type]
        *_smallest_change(groups, f"{contrast['contrast']!r}, {modality}", line),
    ]


def _together(m: int, floor: float) -> str:
    """Return how many of m features must reach the floor together for a q value of .05."""
    if floor > ALPHA:
        return "not even all of them together"
    return f"{max(1, int(np.ceil(m * floor / ALPHA)))} together"


def _smallest_change(groups: list[pd.DataFrame], what: str, line: int) -> list[Finding]:
    errors = standard_errors(groups).query("se > 0 and df >= 2")
    if errors.empty:
        return []
    se, df = errors["se"].to_numpy(), errors["df"].to_numpy()
    one = 2 ** np.nanmedian(detectable_from_se(se, df))
    all_of_them = 2 ** np.nanmedian(detectable_from_se(se, df, alpha=ALPHA / len(se)))
    told = (
        f"{what}: a ratio of {one:.3g} for the middle feature if asked alone, "
        f"{all_of_them:.3g} if any of {len(se)} may answer"
    )
    expected = "found in 80 % of such studies, p .05 in all"
    return [finding("D373", _CONTRASTS, told, expected, line, "contrast")]


def amounts_as_logarithms(
    assays: dict[str, Assay], modalities: tuple[str, ...]
) -> dict[str, Assay]:
    """Return the modalities of amounts among some assays, as logarithms to base 2."""
    chosen = {}
    for name, assay in assays.items():
        if name in modalities:
            above = assay.values.where(assay.values > 0)
            chosen[name] = Assay(np.log2(above), assay.samples, assay.status, "log2_ratio")
    return chosen
