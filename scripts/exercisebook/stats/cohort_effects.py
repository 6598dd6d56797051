"""Effects of a cohort's contrasts: from a package to the one table that claims understand."""

from collections.abc import Iterable

import pandas as pd

from exercisebook.cohort.package import Cohort
from exercisebook.errors import Misuse
from exercisebook.stats.differences import Differences, within_person
from exercisebook.stats.paired import hodges_lehmann_effects, paired_effects

ESTIMATORS = {"paired t": paired_effects, "Hodges-Lehmann": hodges_lehmann_effects}

USUAL_SCALE = {
    **dict.fromkeys(
        ("clinical", "blood_count", "cytokines", "proteins", "metabolites", "enzyme"), "log2_ratio"
    ),
    **dict.fromkeys(("cells", "taxa"), "logit"),
}
"""The scale on which a modality is compared: ratios of amounts, log odds of fractions."""


def usual_scale(modality: str) -> str:
    """Return the scale on which a modality is compared; Misuse for one that has none."""
    if modality not in USUAL_SCALE:
        known = ", ".join(USUAL_SCALE)
        raise Misuse(f"{modality} has no usual scale for a contrast; these have one: {known}")
    return USUAL_SCALE[modality]


def contrast_differences(
    cohort: Cohort, modality: str, contrast: pd.Series, scale: str | None = None
) -> Differences:
    """Return every person's differences of one contrast, for all features of a modality."""
    return within_person(cohort.long(modality), contrast, scale or usual_scale(modality))


def cohort_effects(
    cohort: Cohort,
    modality: str,
    contrasts: Iterable[pd.Series],
    method: str = "paired t",
    stratum: str = "all",
) -> pd.DataFrame:
    """Return the Effects of several contrasts of one modality.

    Parameters
    ----------
    cohort : Cohort
        Whose people are compared with themselves.
    modality : str
        Which measurements.
    contrasts : iterable of Series
        Rows of a table of contrasts.
    method : {"paired t", "Hodges-Lehmann"}
        How the differences are summed up.
    stratum : str
        What sets these effects apart from others of the same key.

    Returns
    -------
    DataFrame
        Effects, q values within each contrast.
    """
    features = cohort.features[cohort.features["modality"] == modality].set_index("feature")
    tables = [
        ESTIMATORS[method](
            contrast_differences(cohort, modality, contrast),
            dataset=cohort.name,
            modality=modality,
            contrast=contrast["contrast"],
            kind=contrast["kind"],
            stratum=stratum,
            canonical_id=features["canonical_id"],
            unit=features["unit"],
        )
        for contrast in contrasts
    ]
    return pd.concat(tables, ignore_index=True)


def within_arm(contrast: pd.Series) -> pd.Series:
    """Return a contrast against a control arm as the same arm before and after."""
    changed = contrast.copy()
    changed["contrast"] = f"{contrast['contrast']} before-after"
    changed["reference_arm"] = contrast["arm"]
    return changed
