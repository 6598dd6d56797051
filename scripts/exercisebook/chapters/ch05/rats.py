"""Betaine and its neighbours in the tissues of rats that ran and rats that did not."""

from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from exercisebook.chapters.rats import compared
from exercisebook.cohort.package import Cohort
from exercisebook.sources.catalogue import dataset
from exercisebook.sources.fetch import locate
from exercisebook.sources.motrpac_rat import (
    TISSUES,
    regulated_metabolites,
    unconcurrent_contrasts,
)
from exercisebook.stats.multiplicity import adjust_effects
from exercisebook.stats.two_groups import cohort_group_effects, two_group_effects

DATASET = "motrpac-rat"
BETAINE, CONTROL = "betaine", "proline_betaine"
"""What is asked about, and the food marker that training has no way to make."""

ONE_CARBON = (
    BETAINE,
    CONTROL,
    "choline",
    "dimethylglycine",
    "sarcosine",
    "glycine",
    "methionine",
    "s_adenosylmethionine",
    "s_adenosylhomocysteine",
    "trimethylamine_oxide",
)
"""Metabolites of the pathway that the rats' files hold, with their canonical ids."""

LISTED = {"betaine": BETAINE, "proline-betaine": CONTROL}
"""What the list of nineteen tissues calls the two."""

ALSO = {
    "Cystathionine_metab-t-amines": "cystathionine",
    "Cysteine_metab-t-amines": "cysteine",
    "Cystathionine 1": "cystathionine",
    "Cysteine": "cysteine",
}
"""Two more substances of the drawing, by the source's names, targeted methods first."""

FAT = "fat"
"""The one tissue of three in which the source found Chdh expressed."""

ENZYMES = {
    "CHDH": "ENSRNOG00000015859",
    "ALDH7A1": "ALDH7A1",
    "BHMT": "BHMT",
    "PEMT": "PEMT",
    "CBS": "CBS",
}
"""What ``compared`` calls each gene: the source's map to human symbols has none for Chdh."""


def rat_one_carbon(cohort: Cohort, parameters: Any) -> pd.DataFrame:
    """Return Effects on metabolites of the pathway by tissue, weeks and sex.

    Eight weeks are contrasts of training; one to four weeks have no rats to be compared with, so
    that their kind is ``group``, and of them only betaine and its control are kept. The q values are
    among these metabolites.
    """
    contrasts = pd.concat([cohort.contrasts, unconcurrent_contrasts()])
    rows = [row for _, row in contrasts.iterrows()]
    effects = cohort_group_effects(cohort, "metabolites", rows, "sex")
    extra = effects["feature"].map(ALSO)
    effects = effects.assign(
        canonical_id=effects["canonical_id"].where(extra.isna(), extra),
        rank=effects["feature"].map({name: k for k, name in enumerate(ALSO)}).fillna(0),
    )
    eight = effects["contrast"].isin(cohort.contrasts["contrast"])
    whole = eight & effects["canonical_id"].isin([*ONE_CARBON, *ALSO.values()])
    wanted = whole | effects["canonical_id"].isin([BETAINE, CONTROL])
    own = effects[wanted & effects["estimate"].notna()].sort_values("rank", kind="stable")
    own = own.drop_duplicates(["canonical_id", "contrast", "stratum"]).sort_index()
    return adjust_effects(own.drop(columns="rank").reset_index(drop=True))


def rat_food_marker(cohort: Cohort, parameters: Any) -> pd.DataFrame:
    """Return how betaine goes with proline-betaine from rat to rat of a tissue, both log2.

    Returns
    -------
    DataFrame
        tissue, n, and r within groups of one sex and training group, with its 95 % interval.
    """
    wide = cohort.measurements["metabolites"].query("feature in @LISTED.values()")
    wide = wide.pivot(index="sample_id", columns="feature", values="value").dropna()
    samples = cohort.samples.merge(cohort.subjects, on="subject").set_index("sample_id")
    rows = []
    for tissue in TISSUES:
        own = np.log2(wide.loc[wide.index.intersection(samples.index[samples["phase"] == tissue])])
        groups = [samples.loc[own.index, name] for name in ("arm", "sex")]
        inside = own - own.groupby(groups).transform("mean")
        r = float(inside[BETAINE].corr(inside[CONTROL]))
        free = len(own) - own.groupby(groups).ngroups
        half = stats.norm.ppf(0.975) / np.sqrt(free - 2)
        low, high = np.tanh(np.arctanh(r) + np.array([-half, half]))
        rows.append((tissue, len(own), r, low, high))
    return pd.DataFrame(rows, columns=["tissue", "n", "r", "ci_low", "ci_high"])


def rat_listed(cohort: Cohort, parameters: Any) -> pd.DataFrame:
    """Return what the list of nineteen tissues says of betaine and of its control at eight weeks.

    Returns
    -------
    DataFrame
        tissue, metabolite, listed, training_q (over all weeks and both sexes), female and male (z
        at eight weeks). A tissue that does not list it has a row with ``listed`` false.
    """
    files = locate(dataset(DATASET))
    assert files is not None
    table = regulated_metabolites(files)
    tissues = sorted(table["tissue"].unique())
    own = table[table["concurrent"] & table["metabolite"].isin(LISTED)]
    wide = own.pivot_table("z", ["tissue", "metabolite", "training_q"], "sex").reset_index()
    every = pd.MultiIndex.from_product([tissues, LISTED], names=["tissue", "metabolite"])
    found = wide.set_index(["tissue", "metabolite"]).reindex(every)
    found.insert(0, "listed", found["training_q"].notna())
    return found.reset_index().assign(n=np.nan)


def rat_enzymes(cohort: Cohort, parameters: Any) -> pd.DataFrame:
    """Return Effects on the transcripts of the pathway's enzymes in fat, by sex."""
    rats = compared(FAT)
    effects = two_group_effects(
        rats.assay,
        rats.contrast,
        "sex",
        dataset=DATASET,
        modality="rna",
        canonical_id={ENZYMES["CHDH"]: "chdh_mrna"},
        unit="log2 counts per million",
    )
    names = {held: symbol for symbol, held in ENZYMES.items()}
    own = effects[effects["feature"].isin(names)]
    named = own.assign(feature=own["feature"].map(names))
    return adjust_effects(named.reset_index(drop=True))


def rat_genes_held(cohort: Cohort, parameters: Any) -> pd.DataFrame:
    """Return which enzyme's gene the source found expressed in which tissue."""
    rows = []
    for tissue in TISSUES:
        rats = compared(tissue)
        held = [name in rats.assay.values.columns for name in ENZYMES.values()]
        rows.append((tissue, len(rats.assay.values), *held))
    return pd.DataFrame(rows, columns=["tissue", "n", *ENZYMES])
