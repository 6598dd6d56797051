"""What the people of a cohort could show: the smallest p value, and the smallest change.

The second follows from how much people's differences scatter in these data, never from how large
they turned out.
"""

import numpy as np
import pandas as pd

from exercisebook.checks.findings import Finding, finding
from exercisebook.checks.phases import across, n_people
from exercisebook.cohort.package import Cohort
from exercisebook.stats.assay import Assay
from exercisebook.stats.differences import assay_differences
from exercisebook.stats.multiplicity import sign_flip_floor
from exercisebook.stats.power import ALPHA, detectable_from_se

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
        n = n_people(cohort.samples, contrast)
        line = int(str(row)) + 2
        if n == 1:
            told = f"{contrast['contrast']!r}: one person, so no interval and no p value"
            found.append(
                finding("D372", _CONTRASTS, told, "6 people or more", line, "contrast", _OF_ONE)
            )
        if across(contrast) or n < 2:
            continue
        if sign_flip_floor(n) > ALPHA:
            told = f"{contrast['contrast']!r}: {n} people, p from {sign_flip_floor(n):.3g} up"
            found.append(finding("D372", _CONTRASTS, told, "6 people or more", line, "contrast"))
        for modality, assay in assays.items():
            found += _of_modality(contrast, modality, assay, line)
    return found


def _of_modality(contrast: pd.Series, modality: str, assay: Assay, line: int) -> list[Finding]:
    values = assay_differences(assay, contrast).values
    count = values.notna().sum()
    values = values.loc[:, count >= 2]
    if values.empty or not values.shape[1]:
        return []
    n, m = int(values.notna().sum().max()), values.shape[1]
    floor = sign_flip_floor(n)
    # q is the least when every feature reaches the floor, the greatest when one alone does
    told = (
        f"{contrast['contrast']!r}, {modality}: {n} people, p from {floor:.2g} up; one of {m} "
        f"features alone reaches q = {min(1.0, m * floor):.2g}, {_together(m, floor)} .05"
    )
    expected = "a t test reaches lower, if differences are normal"
    where = {"row": line, "column": "contrast"}
    return [
        finding("D371", _CONTRASTS, told, expected, **where),  # type: ignore[arg-type]
        *_smallest_change(values, f"{contrast['contrast']!r}, {modality}", line),
    ]


def _together(m: int, floor: float) -> str:
    """Return how many of m features must reach the floor together for a q value of .05."""
    if floor > ALPHA:
        return "not even all of them together"
    return f"{max(1, int(np.ceil(m * floor / ALPHA)))} together"


def _smallest_change(values: pd.DataFrame, what: str, line: int) -> list[Finding]:
    n = values.notna().sum()
    se = values.std(ddof=1) / np.sqrt(n)
    usable = ((se > 0) & (n >= 3)).to_numpy()
    if not usable.any():
        return []
    se, df = se[usable], n[usable] - 1
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
