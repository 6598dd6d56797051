"""The rats that ran for eight weeks and those that did not, as more than one chapter compares them.

What is made of them stands in the chapters.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from exercisebook.sources.catalogue import dataset
from exercisebook.sources.fetch import locate
from exercisebook.sources.motrpac_rat import CONCURRENT, SEDENTARY, rat_expression
from exercisebook.stats.assay import COUNTS, OK, Assay
from exercisebook.stats.counts import log_cpm, tmm_factors
from exercisebook.stats.designs import Design

DATASET = "motrpac-rat"
SEXES = ("female", "male")


@dataclass(frozen=True)
class Compared:
    """Trained and sedentary rats of one tissue.

    Attributes
    ----------
    assay : Assay
        Counts; the features are human symbols where a rat gene has one, else Ensembl ids.
    logs : DataFrame
        The same as log2 counts per million.
    design : Design
        A column for each sex and group.
    contrast : Series
        Eight weeks against sedentary.
    """

    assay: Assay
    logs: pd.DataFrame
    design: Design
    contrast: pd.Series


@cache
def compared(tissue: str) -> Compared:
    """Return the rats of one tissue that ran for eight weeks beside those that did not."""
    files = locate(dataset(DATASET))
    assert files is not None
    found = rat_expression(files, tissue)
    own = found.samples["arm"].isin([CONCURRENT, SEDENTARY]).to_numpy()
    samples, counts = found.samples[own], found.counts[own]
    counts = counts.set_axis(_symbols(counts, found.genes["human_symbol"]), axis=1)
    cells = [(arm, sex) for sex in SEXES for arm in (CONCURRENT, SEDENTARY)]
    columns = {
        f"{arm}, {sex}": ((samples["arm"] == arm) & (samples["sex"] == sex)).astype(float)
        for arm, sex in cells
    }
    values = counts.to_numpy(float)
    return Compared(
        Assay(counts, samples, np.full(counts.shape, OK, np.int8), COUNTS),
        pd.DataFrame(log_cpm(values, tmm_factors(values)), counts.index, counts.columns),
        Design(pd.DataFrame(columns, index=samples.index), cells, np.arange(len(samples))),
        _contrast(tissue),
    )


def _symbols(counts: pd.DataFrame, human: pd.Series) -> list[str]:
    """Return human symbols for rat genes; of several with one symbol, the most abundant has it."""
    table = pd.DataFrame({"symbol": human[counts.columns], "total": counts.sum()})
    named = table[table["symbol"] != ""].sort_values("total", ascending=False, kind="stable")
    chosen = named.drop_duplicates("symbol")["symbol"]
    return [str(chosen.get(gene, gene)) for gene in counts.columns]


def _contrast(tissue: str) -> pd.Series:
    return pd.Series(
        {
            "contrast": f"{tissue}-{CONCURRENT}",
            "kind": "training",
            "phase": tissue,
            "reference_phase": tissue,
            "arm": CONCURRENT,
            "reference_arm": SEDENTARY,
        }
    )
