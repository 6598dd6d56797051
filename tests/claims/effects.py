"""Small tables of effects for the tests of this folder."""

import numpy as np
import pandas as pd
from scipy import stats

from exercisebook.sources.catalogue import dataset
from exercisebook.stats.schemas import as_effects


def effects(rows, source="grinta", kind="acute", modality="cytokines"):
    """Return Effects from rows of canonical_id, estimate, se, and optionally a flag."""
    tables = []
    for name, estimate, se, *flag in rows:
        df = 12.0
        half = stats.t.ppf(0.975, df) * se
        tables.append(
            {
                "dataset": source,
                "modality": modality,
                "feature": name,
                "canonical_id": name,
                "contrast": "P2-1h",
                "kind": kind,
                "method": "paired t",
                "n_subjects": 13,
                "n_observations": 52,
                "estimate": estimate,
                "effect_scale": "log2_ratio",
                "unit": "pg/mL",
                "se": se,
                "df": df,
                "statistic": estimate / se if se else np.nan,
                "ci_low": estimate - half,
                "ci_high": estimate + half,
                "p_value": 2 * stats.t.sf(abs(estimate / se), df) if se else np.nan,
                "flag": flag[0] if flag else "",
            }
        )
    return as_effects(pd.DataFrame(tables))


def claim(**changes):
    """Return a claim that IL-6 rises after a bout, with changes."""
    usual = {
        "claim_id": "X-1",
        "chapter": "2",
        "source": "commentary",
        "statement": "IL-6 rises.",
        "canonical_id": "il6",
        "nature": "empirical",
        "direction": "up",
        "kind": "acute",
        "species": "human",
        "population": "healthy young men",
        "tissue": "blood",
        "exposure": "bout",
        "causal": "yes",
        "quantifier": "one",
        "smallest_effect": 0.5,
        "smallest_effect_scale": "log2_ratio",
        "decided_by": "a trial",
        "same_as": None,
    }
    return pd.Series({**usual, **changes})


def like(name, **changes):
    """Return a data set of the catalogue with changes."""
    return dataset(name).model_copy(update=changes)
