"""Genetic associations: betaine's variants, and BMI with coronary disease."""

import numpy as np
import pandas as pd
import pytest

from exercisebook.errors import Failure
from exercisebook.sources import mendelian as reader
from exercisebook.sources.catalogue import dataset
from exercisebook.sources.fetch import locate
from exercisebook.sources.mendelian import (
    EXAMPLE_FILE,
    INSTRUMENTS_FILE,
    of_betaine,
    read_associations,
    read_betaine_instruments,
    read_bmi_chd,
)
from exercisebook.stats.mendelian_randomisation import (
    cochran_q,
    inverse_variance_weighted,
    mr_egger,
    variants,
)

SNPS = ["rs715", "rs2851391", "rs499368", "rs16876394"]


@pytest.fixture
def read_table(monkeypatch, tmp_path):
    """Return a function that reads the catalogue as a table made here, changed as told."""

    def reading(change, read=read_associations):
        rows = [(snp, "Betaine", "t", "c", 0.7, 0.02, 0.002, 7806, "log10 units") for snp in SNPS]
        rows.append(("rs715", "Glycine", "C", "T", 0.3, 0.08, 0.003, 7802, "NA"))
        rows.append(("rs9", "Tryptophan betaine", "a", "g", 0.2, 0.1, 0.01, 7439, "log10 units"))
        names = ["SNP", "exposure", "effect_allele.exposure", "other_allele.exposure",
                 "eaf.exposure", "beta.exposure", "se.exposure", "samplesize.exposure",
                 "units.exposure"]  # fmt: skip
        table = change(pd.DataFrame(rows, columns=names))
        monkeypatch.setattr(reader, "read_r_frame", lambda path: table)
        return read({INSTRUMENTS_FILE: tmp_path / INSTRUMENTS_FILE})

    return reading


def test_another_trait_is_told_for_the_allele_that_betaine_counts(read_table):
    found = read_table(lambda table: table).set_index("exposure")
    assert found.loc["Glycine", ["effect_allele", "beta"]].tolist() == ["T", -0.08]
    assert found.at["Glycine", "effect_allele_frequency"] == pytest.approx(0.7)
    assert found.at["Glycine", "unit"] == "unknown"


def test_tryptophan_betaine_is_another_substance(read_table):
    found = read_table(lambda table: table, read_betaine_instruments)
    assert sorted(found["snp"]) == sorted(SNPS)
    assert set(found["exposure"]) == {"Betaine"}


def test_a_file_with_fewer_variants_of_betaine_is_refused(read_table):
    with pytest.raises(Failure, match="betaine has the variants"):
        read_table(lambda table: table.drop(index=0))


def test_alleles_that_do_not_match_are_refused(read_table):
    def other_allele(table):
        table.loc[4, "other_allele.exposure"] = "G"
        return table

    with pytest.raises(Failure, match="alleles of rs715"):
        read_table(other_allele)


def test_a_file_without_a_column_is_refused(read_table):
    with pytest.raises(Failure, match=r"no column se\.exposure"):
        read_table(lambda table: table.drop(columns="se.exposure"))


def example(n=79, **changed):
    def side(name, **more):
        return pd.DataFrame(
            {
                "SNP": [f"rs{k}" for k in range(n)],
                f"effect_allele.{name}": "A",
                f"other_allele.{name}": "G",
                f"beta.{name}": np.linspace(0.1, 0.2, n),
                f"se.{name}": 0.01,
                **more,
            }
        )

    return {"bmi_exp_dat": side("exposure"), "chd_out_dat": side("outcome", **changed)}


@pytest.fixture
def read_example(monkeypatch, tmp_path):
    def reading(objects):
        monkeypatch.setattr(reader, "read_r_objects", lambda path, names: objects)
        return read_bmi_chd({EXAMPLE_FILE: tmp_path / EXAMPLE_FILE})

    return reading


def test_an_outcome_of_the_other_allele_changes_its_sign(read_example):
    swapped = {"effect_allele.outcome": "G", "other_allele.outcome": "A"}
    same, other = read_example(example()), read_example(example(**swapped))
    np.testing.assert_allclose(other["beta_outcome"], -same["beta_outcome"])
    np.testing.assert_allclose(other["beta_exposure"], same["beta_exposure"])
    assert not same["palindromic"].any()


def test_examples_that_are_not_as_described_are_refused(read_example):
    with pytest.raises(Failure, match="78 variants in both"):
        read_example(example(78))
    with pytest.raises(Failure, match="alleles of rs0"):
        read_example(example(**{"effect_allele.outcome": "T"}))
    with pytest.raises(Failure, match="no chd_out_dat"):
        read_example({"bmi_exp_dat": pd.DataFrame()})
    with pytest.raises(Failure, match="se_outcome"):
        read_example(example(**{"se.outcome": 0.0}))


# the real files: slow to parse, so each is read once


@pytest.fixture(scope="module")
def files():
    found = locate(dataset("mr"))
    if found is None:
        pytest.skip("the bytes of mr are not at hand (EXERCISEBOOK_DATA)")
    return found


@pytest.fixture(scope="module")
def associations(files):
    return read_associations(files)


@pytest.fixture(scope="module")
def bmi_chd(files):
    return read_bmi_chd(files)


@pytest.mark.open_data
def test_betaine_has_four_instruments_none_of_them_weak(associations):
    betaine = of_betaine(associations).set_index("snp")
    assert betaine["n"].eq(7806).all()
    found = betaine["f"].round(1).to_dict()
    assert found == {"rs16876394": 79.9, "rs715": 78.1, "rs499368": 50.0, "rs2851391": 45.2}


@pytest.mark.open_data
def test_the_variant_of_cps1_moves_glycine_far_more_than_betaine_and_the_other_way(associations):
    own = associations[associations["snp"] == "rs715"].set_index("exposure")
    glycine, betaine = own.loc["Glycine"], own.loc["Betaine"]
    assert glycine["f"] > 8 * betaine["f"]
    assert glycine["beta"] < 0 < betaine["beta"]
    assert own["effect_allele"].eq("T").all()


@pytest.mark.open_data
def test_seventy_nine_variants_of_bmi_count_one_allele(bmi_chd):
    assert len(bmi_chd) == 79
    assert bmi_chd["palindromic"].sum() == 4


@pytest.mark.open_data
def test_body_mass_index_raises_coronary_disease_as_published(bmi_chd):
    """Hemani et al. (2018), eLife 7:e34408: the worked example of TwoSampleMR."""
    columns = ("beta_exposure", "se_exposure", "beta_outcome", "se_outcome")
    given = variants(*(bmi_chd[name] for name in columns))
    found = inverse_variance_weighted(given)
    assert found.estimate == pytest.approx(0.4459091, abs=1e-7)
    assert found.se == pytest.approx(0.0589830, abs=1e-6)
    slope, intercept = mr_egger(given)
    assert slope.estimate == pytest.approx(0.5024935, abs=1e-6)
    assert slope.se == pytest.approx(0.1439610, abs=1e-6)
    assert intercept.estimate == pytest.approx(-0.001719304, abs=1e-8)
    assert cochran_q(given, found.estimate).q == pytest.approx(143.6508, abs=1e-4)
