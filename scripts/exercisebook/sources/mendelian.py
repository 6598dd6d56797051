"""Genetic associations: betaine's instruments, what else they move, and BMI with coronary disease.

No table of the betaine variants with an outcome is open here, so nothing is read from which betaine
could be related to one. The associations are per copy of the effect allele.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from exercisebook.errors import Failure, listed
from exercisebook.sources.frame_schemas import (
    INSTRUMENTS,
    MR_EXPOSURE_OUTCOME,
    checked,
    expect_columns,
)
from exercisebook.sources.rfiles import read_r_frame, read_r_objects, slot

INSTRUMENTS_FILE, EXAMPLE_FILE = "mrbase_instruments.rdata", "vig_perform_mr.RData"
BETAINE = "Betaine"
BETAINE_SNPS = ("rs715", "rs2851391", "rs499368", "rs16876394")
BMI_SNPS = 79

_OF_INSTRUMENTS = {
    "SNP": "snp",
    "exposure": "exposure",
    "effect_allele.exposure": "effect_allele",
    "other_allele.exposure": "other_allele",
    "eaf.exposure": "effect_allele_frequency",
    "beta.exposure": "beta",
    "se.exposure": "se",
    "samplesize.exposure": "n",
    "units.exposure": "unit",
}
_COMPLEMENT = {"A": "T", "T": "A", "C": "G", "G": "C"}


def read_betaine_instruments(files: Mapping[str, Path]) -> pd.DataFrame:
    r"""Return the four variants associated with betaine in blood, strongest first.

    The strength is :math:`F = (\beta / se)^2`, that of one variant alone.

    Parameters
    ----------
    files : mapping of str to Path
        ``mrbase_instruments.rdata``.

    Returns
    -------
    DataFrame
        Valid under ``INSTRUMENTS``; beta in log10 units per copy of the effect allele.

    Raises
    ------
    Failure
        If the file lacks columns, or names other variants than the four described.
    """
    return of_betaine(read_associations(files))


def of_betaine(associations: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of betaine; "Tryptophan betaine" is another substance."""
    return associations[associations["exposure"] == BETAINE].reset_index(drop=True)


def read_associations(files: Mapping[str, Path]) -> pd.DataFrame:
    """Return what in the catalogue betaine's four variants are associated with, betaine included.

    Parameters
    ----------
    files : mapping of str to Path
        ``mrbase_instruments.rdata``.

    Returns
    -------
    DataFrame
        Valid under ``INSTRUMENTS``, strongest first, one row a variant and trait (of the largest
        study), counting the allele that the association with betaine counts. A trait that is
        absent was not found there at genome-wide significance: no proof of no association.

    Raises
    ------
    Failure
        As for the instruments, or if alleles of one variant do not match.
    """
    path = files[INSTRUMENTS_FILE]
    table = _instruments(path)
    betaine = table[table["exposure"] == BETAINE].set_index("snp")
    if sorted(betaine.index) != sorted(BETAINE_SNPS):
        raise Failure(
            f"{path.name}: betaine has the variants {listed(betaine.index)}; "
            f"expected {listed(BETAINE_SNPS)}"
        )
    counted = betaine["effect_allele"].reindex(table["snp"]).to_numpy()
    other = betaine["other_allele"].reindex(table["snp"]).to_numpy()
    sign = _sign(path, table, counted, other)
    frequency = table["effect_allele_frequency"]
    aligned = table.assign(
        effect_allele=counted,
        other_allele=other,
        beta=sign * table["beta"],
        effect_allele_frequency=frequency.where(sign > 0, 1 - frequency),
        unit=table["unit"].where(table["unit"] != "NA", "unknown"),
    )
    largest = aligned.sort_values("n", ascending=False).drop_duplicates(["snp", "exposure"])
    return checked(path, INSTRUMENTS, largest.sort_values("f", ascending=False))


def read_bmi_chd(files: Mapping[str, Path]) -> pd.DataFrame:
    """Return 79 variants' associations with body mass index and with coronary heart disease.

    Parameters
    ----------
    files : mapping of str to Path
        ``vig_perform_mr.RData``.

    Returns
    -------
    DataFrame
        Valid under ``MR_EXPOSURE_OUTCOME``: index in standard deviations and disease in log odds,
        per copy of the allele that is counted in both. Of a palindromic variant the alleles alone
        cannot tell which strand was read.

    Raises
    ------
    Failure
        If a table or column is absent, variants do not match or alleles cannot be aligned.
    """
    path = files[EXAMPLE_FILE]
    both = _both_tables(path)
    alleles = {
        "snp": both["SNP"].astype(str),
        "effect_allele": both["effect_allele.exposure"].astype(str),
        "other_allele": both["other_allele.exposure"].astype(str),
    }
    of_outcome = pd.DataFrame(
        {
            "snp": both["SNP"],
            "effect_allele": both["effect_allele.outcome"],
            "other_allele": both["other_allele.outcome"],
        }
    )
    counted, other = (alleles[name].to_numpy() for name in ("effect_allele", "other_allele"))
    frame = pd.DataFrame(
        {
            **alleles,
            "beta_exposure": both["beta.exposure"].astype(float),
            "se_exposure": both["se.exposure"].astype(float),
            "beta_outcome": both["beta.outcome"] * _sign(path, of_outcome, counted, other),
            "se_outcome": both["se.outcome"].astype(float),
            "palindromic": alleles["effect_allele"].map(_COMPLEMENT) == alleles["other_allele"],
        }
    )
    return checked(path, MR_EXPOSURE_OUTCOME, frame)


def _both_tables(path: Path) -> pd.DataFrame:
    """Return exposure and outcome side by side, a row a variant."""
    names = ("bmi_exp_dat", "chd_out_dat")
    objects = read_r_objects(path, names)
    try:
        exposure, outcome = (slot(objects, name) for name in names)
    except KeyError as absent:
        raise Failure(f"{path.name}: no {absent.args[0]}") from None
    for table, side in ((exposure, "exposure"), (outcome, "outcome")):
        columns = [f"{name}.{side}" for name in ("effect_allele", "other_allele", "beta", "se")]
        expect_columns(path, table, ["SNP", *columns])
    both = exposure.merge(outcome, on="SNP", validate="one_to_one")
    if not len(both) == len(exposure) == len(outcome) == BMI_SNPS:
        raise Failure(f"{path.name}: {len(both)} variants in both tables; {BMI_SNPS} expected")
    return both


def _instruments(path: Path) -> pd.DataFrame:
    raw = read_r_frame(path)
    expect_columns(path, raw, list(_OF_INSTRUMENTS))
    table = raw[list(_OF_INSTRUMENTS)].rename(columns=_OF_INSTRUMENTS)
    is_betaine = table["exposure"] == BETAINE
    table = table[is_betaine | table["snp"].isin(table.loc[is_betaine, "snp"])]
    numbers = ["effect_allele_frequency", "beta", "se", "n"]
    table = table.astype(dict.fromkeys(numbers, float))
    words = [name for name in table if name not in numbers]
    table = table.assign(**{name: table[name].astype(str) for name in words})
    return table.assign(
        # the study of metabolites writes its alleles small
        effect_allele=table["effect_allele"].str.upper(),
        other_allele=table["other_allele"].str.upper(),
        f=(table["beta"] / table["se"]) ** 2,
    )


def _sign(path: Path, table: pd.DataFrame, effect: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return 1 where the same allele is counted, -1 where the other one is."""
    same = (table["effect_allele"] == effect) & (table["other_allele"] == other)
    swapped = (table["effect_allele"] == other) & (table["other_allele"] == effect)
    odd = table["snp"][~(same | swapped)]
    if len(odd):
        raise Failure(f"{path.name}: the alleles of {listed(odd)} do not match those expected")
    return np.where(same, 1.0, -1.0)
