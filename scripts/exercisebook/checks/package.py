"""The whole check of a package: three layers, all findings at once."""

from pathlib import Path

import numpy as np

from exercisebook.checks.amounts import size_findings, slip_findings, unit_findings
from exercisebook.checks.cells import cell_findings
from exercisebook.checks.designs import design_findings
from exercisebook.checks.findings import Finding, finding, of_faults, worst_first
from exercisebook.checks.genes import gene_findings
from exercisebook.checks.joins import join_findings, study_findings
from exercisebook.checks.limits import limit_findings
from exercisebook.checks.names import (
    alike_findings,
    copied_findings,
    personal_findings,
    template_findings,
    unused_findings,
)
from exercisebook.checks.phases import phase_findings
from exercisebook.checks.reach import amounts_as_logarithms, reach_findings
from exercisebook.checks.sound import sound_part
from exercisebook.checks.swaps import identity_findings
from exercisebook.cohort.package import CELLS, STOPPED, Cohort, examine_cohort
from exercisebook.errors import InvalidInput, Misuse
from exercisebook.sources.study import study_of
from exercisebook.stats.assay import Assay, assay_from_long
from exercisebook.stats.cohort_effects import USUAL_SCALE

AMOUNTS = tuple(m for m, scale in USUAL_SCALE.items() if scale == "log2_ratio")
"""Modalities compared as ratios."""

SEED = 20251121
"""Of the exchanges of samples that are made to learn which would show."""

HUMAN_BLOOD = ("blood", "blood cells", "plasma", "serum")


def check_package(folder: Path) -> list[Finding]:
    """Return everything to be said of the package in ``folder``, the worst first.

    Raises
    ------
    Misuse
        If there is no such folder.
    """
    if not folder.is_dir():
        raise Misuse(f"{folder} is no folder; a cohort is a folder with datapackage.json")
    examined = examine_cohort(folder)
    if [fault.code for fault in examined.faults] == [STOPPED]:
        return of_faults(examined.faults, {})
    found = of_faults(examined.faults, examined.measurements)
    found += template_findings(examined) + personal_findings(examined)
    cohort = sound_part(examined)
    if cohort is None:
        told = "a table or a column that design and identity need is absent"
        return worst_first([*found, finding("D300", "datapackage.json", told, "whole tables")])
    assays = {
        name: assay_from_long(cohort.long(name), "difference") for name in cohort.measurements
    }
    found += _tables(cohort, assays) + cell_findings(folder / CELLS, cohort)
    found += study_findings(cohort) + design_findings(cohort) + join_findings(cohort)
    found += gene_findings(cohort) + phase_findings(cohort)
    found += reach_findings(cohort, amounts_as_logarithms(assays, AMOUNTS))
    found += identity_findings(cohort, assays, np.random.default_rng(SEED))
    return worst_first(found)


def _tables(cohort: Cohort, assays: dict[str, Assay]) -> list[Finding]:
    found = alike_findings(cohort) + unused_findings(cohort) + unit_findings(cohort)
    for modality, assay in assays.items():
        found += limit_findings(cohort, modality)
        found += copied_findings(cohort, modality, assay.values)
        if modality in AMOUNTS:
            found += slip_findings(cohort, modality)
            if _of_human_blood(cohort, modality):
                found += size_findings(cohort, modality)
    return found


def _of_human_blood(cohort: Cohort, modality: str) -> bool:
    """Return whether values may be held against what is possible in human blood.

    A package that does not say its species and tissue is taken to be of human blood.
    """
    try:
        study = study_of(cohort.description)
    except InvalidInput:
        return True
    if study is None:
        return True
    tissue = study.tissue if isinstance(study.tissue, str) else study.tissue.get(modality, "blood")
    return study.species == "human" and tissue in HUMAN_BLOOD
