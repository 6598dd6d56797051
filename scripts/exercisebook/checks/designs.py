"""The design a package states against the arms that its samples and contrasts have."""

from collections.abc import Iterator

from exercisebook.checks.findings import Finding, finding
from exercisebook.cohort.package import Cohort
from exercisebook.errors import InvalidInput, listed
from exercisebook.sources.study import study_of

CROSSOVER, PARALLEL = "randomised (crossover)", "randomised (parallel)"

CONTROLLED = (PARALLEL, CROSSOVER, "controlled, not randomised", "controls not concurrent")
"""Designs whose claim to tell a cause rests on a control."""

OF_ARMS = (*CONTROLLED, "cross-sectional")
"""Designs that compare people or conditions, and so have two arms or more."""

_PACKAGE, _SAMPLES, _CONTRASTS = "datapackage.json", "samples.csv", "contrasts.csv"


def design_findings(cohort: Cohort) -> list[Finding]:
    """Return in what the stated design does not fit arms and contrasts; none where unstated."""
    try:
        study = study_of(cohort.description)
    except InvalidInput:
        return []
    if study is None or study.design not in OF_ARMS:
        return []
    return list(_against_arms(cohort, study.design))


def _against_arms(cohort: Cohort, design: str) -> Iterator[Finding]:
    arms = list(cohort.samples["arm"].drop_duplicates())
    if len(arms) == 1:
        yield finding("D303", _PACKAGE, f"{design!r}, and everyone in arm {arms[0]!r}",
                      "two arms or more in samples.csv", column="study.design")  # fmt: skip
        return
    arms_of = cohort.samples.groupby("subject", sort=False)["arm"].nunique()
    if design == CROSSOVER:
        lacking = arms_of.index[arms_of < len(arms)]
        if len(lacking):
            told = f"{design!r}, and {len(lacking)} of {len(arms_of)} people not in all of "
            told += f"{listed(arms)}: {listed(lacking, 6)}"
            yield finding("D304", _SAMPLES, told, "everyone in every arm", column="arm")
    elif design == PARALLEL:
        several = arms_of.index[arms_of > 1]
        if len(several):
            told = f"{design!r}, and {len(several)} of {len(arms_of)} people in several arms: "
            told += listed(several, 6)
            yield finding("D304", _SAMPLES, told, "everyone in one arm", column="arm")
    between = cohort.contrasts["arm"] != cohort.contrasts["reference_arm"]
    if design in CONTROLLED and not between.any():
        told = f"{design!r}, and every contrast of an arm with itself"
        yield finding("D305", _CONTRASTS, told, f"two of the arms {listed(arms)} in a contrast",
                      column="reference_arm")  # fmt: skip
