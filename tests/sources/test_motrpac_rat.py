"""The trained rats: what is read of three tissues, and the traps of the source."""

import copy

import numpy as np
import pandas as pd
import pytest

from exercisebook.cohort.package import check_between_tables
from exercisebook.cohort.schemas import MEASUREMENTS, TABLES
from exercisebook.errors import Failure, Misuse
from exercisebook.sources import motrpac_rat as reader
from exercisebook.sources.catalogue import dataset
from exercisebook.sources.cohorts import READERS, open_cohort
from exercisebook.sources.features import feature_table
from exercisebook.sources.fetch import locate
from exercisebook.sources.motrpac_rat import (
    CAMPAIGN,
    REGULATED,
    TISSUES,
    VO2MAX,
    rat_expression,
    rat_vo2max,
    read_motrpac_rat,
    regulated_metabolites,
    unconcurrent_contrasts,
)
from exercisebook.sources.rfiles import read_r_frame, read_r_objects, slot
from exercisebook.stats.assay import COUNTS, assay_from_matrix
from exercisebook.stats.two_groups import cohort_group_effects, two_group_effects

pytestmark = pytest.mark.open_data

METABOLITES = [f"METAB_{end}.rda" for end in TISSUES.values()]


@pytest.fixture(scope="module")
def files():
    found = locate(dataset("motrpac-rat"))
    if found is None:
        pytest.skip("the bytes of motrpac-rat are not at hand (EXERCISEBOOK_DATA)")
    return found


@pytest.fixture(scope="module")
def rats(files):
    return open_cohort("motrpac-rat")


@pytest.fixture(scope="module")
def originals(files):
    names = [*METABOLITES, "TRNSCRPT_EXP.rda"]
    return {name: read_r_objects(files[name]) for name in names}


@pytest.fixture(scope="module")
def fat_genes(files):
    return rat_expression(files, "fat")


@pytest.fixture(scope="module")
def regulated(files):
    return regulated_metabolites(files)


@pytest.fixture(scope="module")
def effects(rats):
    contrasts = [row for _, row in rats.contrasts.iterrows()]
    return cohort_group_effects(rats, "metabolites", contrasts, "sex")


@pytest.fixture
def read_broken(files, originals, monkeypatch):
    """Return a function that reads files of which one was tampered with."""

    def reading(name, tamper, read=read_motrpac_rat):
        broken = copy.deepcopy(originals[name])
        tamper(broken[name.removesuffix(".rda")])
        held = {**originals, name: broken}
        monkeypatch.setattr(reader, "read_r_objects", lambda path: held[path.name])
        return read(files)

    return reading


def values_of(originals, name):
    held = originals[f"{name}.rda"][name]
    return held.assayData["exprs"].to_pandas()


def amounts(cohort, tissue):
    table = cohort.measurements["metabolites"]
    own = table[table["sample_id"].str.endswith(f"-{tissue}")]
    return own.pivot(index="sample_id", columns="feature", values="value")


# the cohort


def test_five_rats_of_each_sex_stand_in_each_group_of_each_tissue(rats):
    joined = rats.samples.merge(rats.subjects, on="subject")
    sizes = joined.groupby(["phase", "arm", "sex"]).size()
    assert len(sizes) == 3 * 5 * 2
    assert (sizes == 5).all()


def test_a_rat_has_one_sample_a_tissue_and_belongs_to_one_group(rats):
    assert not rats.samples.duplicated(["subject", "phase"]).any()
    assert (rats.samples.groupby("subject")["arm"].nunique() == 1).all()


def test_the_cohort_obeys_the_rules_of_a_package(rats):
    for name, schema in TABLES.items():
        schema.validate(getattr(rats, name))
    MEASUREMENTS.validate(rats.measurements["metabolites"])
    check_between_tables(rats)


@pytest.mark.parametrize(
    ("tissue", "name", "row"),
    [
        ("gastrocnemius", "METAB_GN", "Betaine_metab-u-hilicpos"),
        ("vastus", "METAB_VL", "Betaine"),
        ("fat", "METAB_EXP", "betaine"),
    ],
)
def test_betaine_of_each_tissue_is_the_files_row_with_logarithms_undone(
    rats, originals, tissue, name, row
):
    raw = values_of(originals, name).loc[row]
    found = amounts(rats, tissue)["betaine"]
    assert len(found) == 50
    for rat, value in raw.items():
        assert np.log2(found[f"R{rat}-{tissue}"]) == pytest.approx(value)


def test_what_the_source_holds_are_logarithms(originals):
    # centred on the middle of each sample: no amount could be
    raw = values_of(originals, "METAB_VL")
    np.testing.assert_allclose(raw.median(axis=0), 0, atol=1e-9)
    assert (raw < 0).to_numpy().any()


def test_every_metabolite_of_every_tissue_is_kept(rats, originals):
    table = rats.measurements["metabolites"]
    sizes = [values_of(originals, name.removesuffix(".rda")).shape for name in METABOLITES]
    assert len(table) == sum(m * n for m, n in sizes) == 123_800
    lost = sum(
        values_of(originals, name.removesuffix(".rda")).isna().to_numpy().sum()
        for name in METABOLITES
    )
    assert (table["status"] == "missing").sum() == lost == 726
    assert (table["value"].dropna() > 0).all()


def test_a_metabolite_measured_by_several_methods_has_its_id_once_a_tissue(rats, originals):
    rows = values_of(originals, "METAB_GN").index
    assert sum(row.lower().startswith("glycine_") for row in rows) == 2
    found, other = amounts(rats, "gastrocnemius"), "Glycine_metab-u-hilicpos"
    raw = values_of(originals, "METAB_GN").loc["Glycine_metab-t-amines"]
    named = found["glycine"][[f"R{rat}-gastrocnemius" for rat in raw.index]]
    np.testing.assert_allclose(np.log2(named), raw)
    assert other in found
    assert rats.features.set_index("feature").at[other, "canonical_id"] is None


def test_ids_are_in_the_table_and_homocysteine_is_not_claimed(rats):
    ids = set(rats.features["canonical_id"].dropna())
    assert ids <= set(feature_table().index)
    assert {"betaine", "proline_betaine", "choline", "trimethylamine_oxide"} <= ids
    assert "homocysteine" not in ids


def test_only_eight_weeks_have_a_contrast_of_training(rats):
    assert set(rats.contrasts["arm"]) == {"8w"}
    assert set(rats.contrasts["reference_arm"]) == {"sedentary"}
    assert set(rats.contrasts["kind"]) == {"training"}
    assert (rats.contrasts["phase"] == rats.contrasts["reference_phase"]).all()


def test_groups_without_concurrent_controls_answer_no_claim():
    others = unconcurrent_contrasts()
    assert set(others["arm"]) == {"1w", "2w", "4w"}
    assert set(others["kind"]) == {"group"}
    assert len(others) == 9


def test_the_dates_of_the_tests_tell_which_groups_ran_together(files):
    table = rat_vo2max(files).query("age_months == 6")
    days = table.groupby(["sex", "arm"])[["pre_day", "post_day"]].agg(["min", "max"])
    for sex in ("female", "male"):
        rest, eight = days.loc[(sex, "sedentary")], days.loc[(sex, "8w")]
        assert abs(rest - eight).max() <= 1
        # two months and half a year later
        assert days.loc[(sex, "4w"), ("pre_day", "min")] > rest["post_day"]["max"] + 28
        for arm in ("1w", "2w"):
            assert days.loc[(sex, arm), ("pre_day", "min")] > rest["post_day"]["max"] + 120
    third = days.xs("1w", level="arm"), days.xs("2w", level="arm")
    pd.testing.assert_frame_equal(*third)
    assert CAMPAIGN["8w"] == CAMPAIGN["sedentary"] != CAMPAIGN["4w"] != CAMPAIGN["1w"]


def test_the_rats_of_the_cohort_are_those_that_were_tested(rats, files):
    tested = rat_vo2max(files).set_index("subject")
    joined = rats.samples.drop_duplicates("subject").set_index("subject")
    assert set(joined.index) <= set(tested.index)
    assert (tested.loc[joined.index, "arm"] == joined["arm"]).all()
    assert (tested.loc[joined.index, "age_months"] == 6).all()


def test_nothing_but_the_rat_and_its_tissue_is_carried_over(rats):
    assert rats.samples[["day", "time_h"]].isna().all().all()
    assert set(rats.samples.columns).isdisjoint({"bid", "viallabel", "labelid", "iowa_id"})


# what the tissues say


def test_betaine_does_not_change_in_any_tissue_at_eight_weeks(effects):
    own = effects[(effects["canonical_id"] == "betaine") & (effects["stratum"] == "all")]
    assert len(own) == 3
    assert (own["n_subjects"] == 20).all()
    assert ((own["ci_low"] < 0) & (own["ci_high"] > 0)).all()


def test_sexes_do_not_differ_in_what_training_does_to_betaine(effects):
    own = effects[effects["canonical_id"] == "betaine"]
    between = own[own["stratum"] == "female - male"]
    assert set(between["kind"]) == {"group"}
    assert (between["p_value"] > 0.1).all()


def test_betaine_follows_a_betaine_of_plants(rats):
    for tissue in TISSUES:
        logs = np.log2(amounts(rats, tissue)[["betaine", "proline_betaine"]])
        assert logs.corr().iloc[0, 1] > 0.7


def test_effects_by_hand_are_those_of_the_table(effects, originals, rats):
    raw = values_of(originals, "METAB_EXP").loc["betaine"]
    about = rats.samples[rats.samples["phase"] == "fat"].merge(rats.subjects, on="subject")
    about = about.assign(y=raw[about["subject"]].to_numpy())
    means = about.groupby(["sex", "arm"])["y"].mean().unstack()
    change = means["8w"] - means["sedentary"]
    found = effects.query("feature == 'betaine' and contrast == 'fat-8w'").set_index("stratum")
    assert found.at["female", "estimate"] == pytest.approx(change["female"])
    assert found.at["male", "estimate"] == pytest.approx(change["male"])
    assert found.at["all", "estimate"] == pytest.approx(change.mean())


# genes


def test_counts_are_whole_and_named_by_the_rat_they_come_from(fat_genes, originals):
    raw = values_of(originals, "TRNSCRPT_EXP")
    held = slot(originals["TRNSCRPT_EXP.rda"]["TRNSCRPT_EXP"], "phenoData", "data")
    label = held.set_index(held["pid"].astype(str))["viallabel"]
    assert fat_genes.counts.shape == (48, 16_404)
    assert (fat_genes.counts.to_numpy() % 1 == 0).all()
    for rat in ("10043527", "10044337"):
        found = fat_genes.counts.loc[f"R{rat}-fat"]
        np.testing.assert_array_equal(found, raw[label[rat]])


def test_the_label_that_reads_as_garbage_is_not_used(originals, fat_genes):
    held = slot(originals["TRNSCRPT_EXP.rda"]["TRNSCRPT_EXP"], "phenoData", "data")
    assert held["labelid"].max() < 1e-300
    assert "labelid" not in fat_genes.samples


def test_a_gene_has_one_id_and_human_name_where_tissues_call_it_differently(files, fat_genes):
    vastus = rat_expression(files, "vastus")
    assert vastus.counts.shape == (48, 14_176)
    gene = "ENSRNOG00000014448"
    assert vastus.genes.at[gene, "symbol"] == "Bmal1"
    assert fat_genes.genes.at[gene, "symbol"] == "Arntl"
    assert vastus.genes.at[gene, "human_symbol"] == fat_genes.genes.at[gene, "human_symbol"]
    assert vastus.genes.at[gene, "human_symbol"] == "BMAL1"
    # two sedentary rats have no counts here
    sizes = vastus.samples.groupby(["arm", "sex"]).size()
    assert sizes["sedentary"].tolist() == [4, 4]


def test_a_gene_without_an_ortholog_in_the_table_has_no_human_name(fat_genes):
    chdh = fat_genes.genes[fat_genes.genes["symbol"] == "Chdh"]
    assert chdh["human_symbol"].tolist() == [""]
    assert 0.7 < (fat_genes.genes["human_symbol"] != "").mean() < 0.8


@pytest.mark.parametrize("tissue", TISSUES)
def test_genes_of_the_y_chromosome_are_read_out_in_the_rats_called_male(files, tissue):
    found = rat_expression(files, tissue)
    male = found.samples["sex"] == "male"
    for symbol in ("Kdm5d", "Uty", "Eif2s3y"):
        counts = found.counts.loc[:, found.genes["symbol"] == symbol]
        assert counts.shape[1] == 1
        assert counts[male].to_numpy().min() > 50
        assert counts[~male].to_numpy().max() < 20


def test_counts_go_through_two_groups_with_the_sources_quality_as_covariates(fat_genes):
    chosen = fat_genes.counts.iloc[:, :2_000]
    contrast = pd.Series(
        {
            "contrast": "fat-8w",
            "kind": "training",
            "phase": "fat",
            "reference_phase": "fat",
            "arm": "8w",
            "reference_arm": "sedentary",
        }
    )
    found = two_group_effects(
        assay_from_matrix(chosen, fat_genes.samples, COUNTS),
        contrast,
        "sex",
        ["rin", "pct_globin", "pct_umi_dup", "median_5_3_bias"],
        dataset="motrpac-rat",
        modality="rna",
        unit="counts per million",
    )
    assert set(found["stratum"]) == {"all", "female", "male", "female - male"}
    assert found["p_value"].notna().mean() > 0.99


# the list of nineteen tissues


def test_regulated_metabolites_are_listed_for_nineteen_tissues(regulated):
    REGULATED.validate(regulated)
    assert regulated["tissue"].nunique() == 19
    assert len(regulated) == 8 * 3735


def test_betaine_is_listed_for_four_tissues_and_kidney_is_none(regulated):
    own = regulated[regulated["metabolite"] == "betaine"]
    assert set(own["tissue"]) == {"HEART", "HYPOTH", "LIVER", "SPLEEN"}
    heart = own.query("tissue == 'HEART' and sex == 'female' and weeks == 8")
    assert heart["z"].tolist() == [2.99388]


def test_the_list_of_tissues_agrees_with_the_sources_own_numbers(regulated, files):
    other = pd.read_csv(files["differential_metabolites_2.txt"], sep="\t", dtype=str)
    stated = other.set_index("feature_ID")["N tissues differential"].dropna().astype(int)
    found = regulated.groupby("metabolite")["tissue"].nunique()
    for name in ("betaine", "trimethylamine-N-oxide", "proline-betaine", "butyrobetaine"):
        assert found[name] == stated[name]


def test_z_values_that_the_source_does_not_give_stay_absent(regulated):
    testes = regulated[regulated["tissue"].isin(["TESTES", "OVARY"])]
    assert len(testes) > 0
    assert testes["z"].isna().all()


def test_only_eight_weeks_are_marked_concurrent(regulated):
    assert (regulated["concurrent"] == (regulated["weeks"] == 8)).all()


# VO2max


def test_vo2max_is_read_for_both_ages_without_dates_or_comments(files):
    table = rat_vo2max(files)
    VO2MAX.validate(table)
    assert table["age_months"].value_counts().to_dict() == {6.0: 152, 18.0: 82}
    raw = read_r_frame(files["VO2MAX.rda"])
    assert len(table) == len(raw) == 234
    np.testing.assert_array_equal(table["pre_vo2max"], raw["pre_vo2max_ml_kg_min"])
    assert table["pre_day"].min() == 0


def test_young_rats_that_ran_eight_weeks_gained_on_those_that_did_not(files):
    table = rat_vo2max(files).query("age_months == 6")
    gain = (table["post_vo2max"] - table["pre_vo2max"]).groupby(table["arm"]).mean()
    assert gain["8w"] > gain["sedentary"] + 5


# what is refused


def test_a_tissue_that_is_none_gives_the_nearest_one(files):
    with pytest.raises(Misuse, match=r"no tissue 'fatt'; did you mean 'fat'\?"):
        rat_expression(files, "fatt")


def test_the_reader_is_found_by_the_name_of_the_data_set():
    assert READERS["motrpac-rat"] is read_motrpac_rat


def test_a_file_without_its_values_is_refused(read_broken):
    with pytest.raises(Failure, match=r"^METAB_VL\.rda: no assayData$"):
        read_broken("METAB_VL.rda", lambda held: delattr(held, "assayData"))


def test_a_new_group_is_refused(read_broken):
    def rename(held):
        held.phenoData.data = held.phenoData.data.astype({"timepoint": str}).replace("8W", "9W")

    with pytest.raises(Failure, match=r"METAB_VL\.rda: column timepoint: 9W: new"):
        read_broken("METAB_VL.rda", rename)


def test_rats_in_another_order_than_the_values_are_refused(read_broken):
    def turn(held):
        held.phenoData.data = held.phenoData.data[::-1]

    with pytest.raises(Failure, match=r"METAB_GN\.rda: exprs and phenoData name other samples"):
        read_broken("METAB_GN.rda", turn)


def test_metabolites_in_another_order_than_the_values_are_refused(read_broken):
    def turn(held):
        held.featureData.data = held.featureData.data[::-1]

    with pytest.raises(Failure, match=r"METAB_EXP\.rda: featureData describes other rows"):
        read_broken("METAB_EXP.rda", turn)


def test_tissues_that_disagree_on_a_rats_sex_are_refused(read_broken):
    def change(held):
        sex = held.phenoData.data["sex"].astype(str)
        sex.iloc[0] = {"Male": "Female", "Female": "Male"}[sex.iloc[0]]
        held.phenoData.data = held.phenoData.data.assign(sex=sex)

    with pytest.raises(Failure, match="the tissues disagree on the rats 10023259"):
        read_broken("METAB_VL.rda", change)


def test_a_tissue_without_betaine_is_refused(read_broken):
    def rename(held):
        names = held.featureData.data["metabolite"].replace("betaine", "unknown")
        held.featureData.data = held.featureData.data.assign(metabolite=names)

    with pytest.raises(Failure, match=r"METAB_VL\.rda: no betaine by a known method"):
        read_broken("METAB_VL.rda", rename)


def test_logarithms_in_the_place_of_counts_are_refused(read_broken):
    def spoil(held):
        held.assayData["exprs"].values[0, 0] = -3

    with pytest.raises(Failure, match=r"TRNSCRPT_EXP\.rda: -3\.0 where counts were expected"):
        read_broken("TRNSCRPT_EXP.rda", spoil, lambda files: rat_expression(files, "fat"))


def test_a_list_without_a_column_is_refused(files, tmp_path):
    path = tmp_path / "differential_metabolites_1.txt"
    table = pd.read_csv(files["differential_metabolites_1.txt"], sep="\t", dtype=str)
    table.drop(columns="male_8w").to_csv(path, sep="\t", index=False)
    with pytest.raises(Failure, match="no column male_8w"):
        regulated_metabolites({"differential_metabolites_1.txt": path})
