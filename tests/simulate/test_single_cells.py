import time
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import poisson

from exercisebook.errors import Misuse
from exercisebook.simulate import single_cells
from exercisebook.simulate.single_cells import (
    MONONUCLEAR,
    PROGRAMMES,
    WHOLE_BLOOD,
    as_anndata,
    cell_counts,
    cell_types,
    composition_truth,
    gene_truth,
    genes,
    levels,
    type_numbers,
    write_cells,
)

TYPES = list(cell_types()["cell_type"])
GENE = {gene: i for i, gene in enumerate(genes()["gene"])}
LYMPHOCYTES = cell_types()["parent"].eq("lymphocytes").to_numpy()
STUDY = (1, 13, 3)
MANY, CELLS = 150, 60
RAISED = 1.0


def rest(shape=STUDY, lymphocytes=1.9, monocytes=0.45, response=0.0, trained=0.0):
    """Return numbers of average people, who are all alike."""
    return type_numbers(
        np.full(shape, lymphocytes),
        np.full(shape, monocytes),
        np.full(shape, response),
        np.full(shape, trained),
        np.zeros((*shape[:2], 1, 10)),
        np.zeros((*shape, 10)),
    )


def sampled(numbers, programmes=None, cells=20, seed=5):
    roots = (np.random.default_rng([seed, part]) for part in range(3))
    return list(cell_counts(numbers, programmes or {}, cells, *roots))


def same(one, other):
    return (
        (one.draw, one.person, one.visit) == (other.draw, other.person, other.visit)
        and np.array_equal(one.labels, other.labels)
        and np.array_equal(one.damaged, other.damaged)
        and np.array_equal(one.counts.toarray(), other.counts.toarray())
    )


def programme_genes(name):
    return genes()["programme"].eq(name).to_numpy()


@pytest.fixture(scope="module")
def study():
    """Return 13 people at 3 visits, 120 cells each, with people who differ."""
    rng = np.random.default_rng(11)
    numbers = type_numbers(
        np.full(STUDY, 1.9),
        np.full(STUDY, 0.45),
        np.broadcast_to([0.0, 1.0, 0.0], STUDY),
        np.broadcast_to([0.0, 0.0, 1.0], STUDY),
        rng.standard_normal((1, 13, 1, 10)),
        rng.standard_normal((*STUDY, 10)),
    )
    started = time.perf_counter()
    samples = sampled(numbers, cells=120)
    return samples, time.perf_counter() - started


@pytest.fixture(scope="module")
def stacked(study):
    """Return counts, labels and damage of all cells of the study."""
    samples, _ = study
    counts = np.vstack([s.counts.toarray() for s in samples])
    return (
        counts,
        np.concatenate([s.labels for s in samples]),
        np.concatenate([s.damaged for s in samples]),
    )


@pytest.fixture(scope="module")
def raised():
    """Return pseudobulks (people, 2 visits, types, genes): every programme rises by a unit."""
    shape = (1, MANY, 2)
    activity = np.broadcast_to([0.0, RAISED], shape)
    bulk = np.zeros((MANY, 2, len(TYPES), 1500))
    for s in sampled(rest(shape), dict.fromkeys(PROGRAMMES, activity), CELLS):
        whole = ~s.damaged
        np.add.at(bulk[s.person, s.visit], s.labels[whole], s.counts.toarray()[whole])
    return bulk


# tables


def test_there_are_1500_genes_of_different_names():
    assert len(genes()) == genes()["gene"].nunique() == 1500


def test_there_are_13_mitochondrial_and_40_ribosomal_genes():
    programmes = genes()["programme"].value_counts()
    assert programmes["mitochondrial"] == 13
    assert programmes["ribosomal"] == 40
    assert genes()["gene"].str.startswith("MT-").sum() == 13


def test_every_programme_has_genes_and_only_these_are_raised():
    frame = genes()
    assert set(frame.loc[frame["log2_per_unit"] != 0, "programme"]) == set(PROGRAMMES)
    assert (frame.loc[frame["programme"].isin(PROGRAMMES), "log2_per_unit"] > 0).all()


def test_expression_of_each_type_sums_to_one():
    assert levels().shape == (10, 1500)
    np.testing.assert_allclose(np.exp2(levels()).sum(axis=1), 1, rtol=1e-12)


def test_shares_sum_to_one_in_each_parent():
    np.testing.assert_allclose(cell_types().groupby("parent")["share"].sum(), 1, rtol=1e-12)


def test_every_row_of_the_tables_says_where_its_numbers_come_from():
    named = pd.read_csv(single_cells._HERE / "genes.csv", keep_default_na=False)
    for table in (cell_types(), named):
        assert (table[["source", "confidence"]] != "").all(axis=None)
    assert named["confidence"].str.contains("assumed|measured").all()


def test_a_caller_cannot_change_the_tables():
    genes()["log2_per_unit"] = 9.0
    cell_types()["share"] = 0.0
    levels()[:] = 0.0
    assert genes()["log2_per_unit"].max() < 9
    assert cell_types()["share"].min() > 0
    assert levels().max() < 0


def test_there_are_no_neutrophils():
    assert not any("neutrophil" in name for name in TYPES)
    assert not {"FCGR3B", "CSF3R", "CXCR2", "MPO", "ELANE"} & set(GENE)


# numbers


@settings(max_examples=50, deadline=None)
@given(
    counts=arrays(float, (2, 2, 3, 2), elements=st.floats(0, 50)),
    response=arrays(float, (2, 3, 2), elements=st.floats(-1, 3)),
    noise=st.integers(0, 2**32 - 1),
)
def test_types_sum_to_their_parents(counts, response, noise):
    rng = np.random.default_rng(noise)
    shape = counts[0].shape
    numbers = type_numbers(
        *counts,
        response,
        response[::-1],
        rng.standard_normal((*shape[:2], 1, 10)),
        rng.standard_normal((*shape, 10)),
    )
    np.testing.assert_allclose(numbers[..., LYMPHOCYTES].sum(-1), counts[0], 1e-12, atol=1e-15)
    np.testing.assert_allclose(numbers[..., ~LYMPHOCYTES].sum(-1), counts[1], 1e-12, atol=1e-15)


def test_an_average_person_at_rest_has_the_shares_of_the_table():
    parents = np.where(LYMPHOCYTES, 1.9, 0.45)
    np.testing.assert_allclose(rest()[0, 0, 0], parents * cell_types()["share"], rtol=1e-12)


@pytest.mark.parametrize(
    ("column", "state"), [("log2_acute", "response"), ("log2_training", "trained")]
)
def test_effects_come_on_top_of_what_the_parent_does(column, state):
    change = np.log2(rest(**{state: 1.0}) / rest())[0, 0, 0]
    np.testing.assert_allclose(change, cell_types()[column], atol=0.02)


def test_half_a_response_is_half_the_effect_between_types_of_one_parent():
    halves = [np.log2(rest(response=size) / rest())[0, 0, 0] for size in (0.5, 1.0)]
    half, whole = (change[LYMPHOCYTES] - change[0] for change in halves)
    assert np.ptp(whole) > 1
    np.testing.assert_allclose(half, whole / 2, atol=1e-9)


def test_people_differ_in_their_shares_by_the_cv_of_the_table():
    shape = (1, 4000, 1)
    normals = np.random.default_rng(3).standard_normal((*shape, 10))
    full = [np.full(shape, value) for value in (1.9, 0.45, 0.0, 0.0)]
    log_ratio = np.log(type_numbers(*full, normals, np.zeros_like(normals))[0, :, 0])
    variance = np.log1p(cell_types()["cv_between"].to_numpy() ** 2)
    # in ratios of two types the denominator cancels
    found = (log_ratio[:, 0] - log_ratio[:, 4]).var()
    assert found == pytest.approx(variance[0] + variance[4], rel=0.1)


@pytest.mark.parametrize("bad", [-0.1, np.nan, np.inf])
def test_counts_below_zero_or_unknown_are_refused(bad):
    with pytest.raises(Misuse, match="monocytes: counts must be finite"):
        rest(monocytes=bad)


# random numbers


def test_draw_0_does_not_depend_on_how_many_draws_people_and_visits_there_are():
    one = sampled(rest((1, 2, 2)))
    many = sampled(rest((3, 4, 3)))
    assert len(many) == 36
    kept = [s for s in many if s.draw == 0 and s.person < 2 and s.visit < 2]
    assert all(same(a, b) for a, b in zip(one, kept, strict=True))


def test_draws_people_and_visits_differ():
    samples = sampled(rest((2, 2, 2)))
    assert not any(
        np.array_equal(a.counts.toarray(), b.counts.toarray()) for a, b in pairwise(samples)
    )


def test_samples_come_by_draw_person_and_visit():
    order = [(s.draw, s.person, s.visit) for s in sampled(rest((2, 3, 2)), cells=1)]
    assert order == sorted(order)
    assert len(set(order)) == 12


def test_fewer_cells_are_the_first_of_more():
    few, many = sampled(rest((1, 1, 1)), cells=8)[0], sampled(rest((1, 1, 1)), cells=30)[0]
    assert np.array_equal(few.labels, many.labels[:8])
    assert np.array_equal(few.counts.toarray(), many.counts.toarray()[:8])


def test_a_programme_changes_its_own_genes_and_nothing_else():
    quiet = sampled(rest())
    loud = sampled(rest(), {"interferon": np.full(STUDY, 2.0)})
    own = programme_genes("interferon")
    for a, b in zip(quiet, loud, strict=True):
        assert np.array_equal(a.labels, b.labels)
        assert np.array_equal(a.damaged, b.damaged)
    before, after = (np.vstack([s.counts.toarray() for s in x]) for x in (quiet, loud))
    healthy = ~np.concatenate([s.damaged for s in quiet])
    assert np.array_equal(before[healthy][:, ~own], after[healthy][:, ~own])
    assert (after[healthy][:, own] >= before[healthy][:, own]).all()
    assert after[:, own].sum() > 2 * before[:, own].sum()


def test_what_happens_to_one_sample_leaves_the_others_as_they_are():
    numbers = rest((1, 3, 2))
    activity = np.zeros((1, 3, 2))
    calm = sampled(numbers, {"stress": activity})
    numbers, activity = numbers.copy(), activity.copy()
    numbers[0, 1, 0, 4] *= 5
    activity[0, 1, 0] = 3
    moved = sampled(numbers, {"stress": activity})
    assert [same(a, b) for a, b in zip(calm, moved, strict=True)] == [True] * 2 + [False] + [
        True
    ] * 3


def test_the_scale_of_numbers_does_not_matter():
    assert all(map(same, sampled(rest()), sampled(rest() * 4)))


def test_a_cell_keeps_its_counts_where_composition_moves_but_not_its_own_type():
    calm, moved = sampled(rest(), cells=60)[0], sampled(rest(response=1.0), cells=60)[0]
    kept = calm.labels == moved.labels
    assert 0 < kept.sum() < 60
    assert np.array_equal(calm.counts.toarray()[kept], moved.counts.toarray()[kept])


def test_the_generators_handed_in_are_not_advanced():
    roots = [np.random.default_rng(part) for part in range(3)]
    before = [root.bit_generator.state for root in roots]
    list(cell_counts(rest((1, 2, 1)), {}, 5, *roots))
    assert [root.bit_generator.state for root in roots] == before


@settings(max_examples=100, deadline=None)
@given(
    rate=arrays(float, 20, elements=st.floats(1e-6, 400)),
    uniform=arrays(float, 20, elements=st.floats(1e-9, 1 - 1e-9)),
)
def test_counts_are_poisson_quantiles(rate, uniform):
    counts = single_cells._poisson(uniform[None], rate[None])[0]
    # at a step of the distribution, rounding decides
    low, high = (poisson.ppf(np.clip(uniform + d, 0, 1), rate) for d in (-1e-11, 1e-11))
    assert ((counts >= low) & (counts <= high)).all()


# cells


def test_types_are_drawn_in_proportion_to_their_numbers():
    numbers = rest((1, 1, 1))
    labels = sampled(numbers, cells=4000)[0].labels
    share = numbers[0, 0, 0] / numbers.sum()
    found = np.bincount(labels, minlength=10) / 4000
    assert (np.abs(found - share) < 4 * np.sqrt(share * (1 - share) / 4000)).all()


def test_a_type_without_numbers_has_no_cells():
    numbers = rest((1, 1, 1)).copy()
    numbers[..., [0, 9]] = 0
    labels = sampled(numbers, cells=2000)[0].labels
    assert set(labels) == set(range(1, 9))


def test_counts_are_integers(study):
    for sample in study[0]:
        assert sample.counts.dtype == np.int32
        assert sample.counts.shape == (120, 1500)
        assert sample.counts.data.min() >= 1


def test_39_samples_of_120_cells_take_less_than_4_seconds(study):
    assert study[1] < 4


def test_between_75_and_85_percent_of_counts_are_zero(stacked):
    assert 0.75 < (stacked[0] == 0).mean() < 0.85


def test_a_lymphocyte_has_about_600_umis_and_a_monocyte_more(stacked):
    counts, labels, damaged = stacked
    umis = counts.sum(axis=1)
    lymphocyte = LYMPHOCYTES[labels]
    assert 500 < np.median(umis[lymphocyte & ~damaged]) < 720
    assert 2 < np.median(umis[~lymphocyte & ~damaged]) / np.median(umis[lymphocyte & ~damaged]) < 3


def test_variance_rises_over_the_mean_as_it_does_in_kang_pbmc():
    # median var/mean in kang-pbmc within a type and sample of 74 to 100 cells, by the mean UMIs of
    # a gene: 1.13 to 1.34 at 0.3 to 1, 1.42 to 1.85 at 1 to 3, 1.75 to 3.11 at 3 to 10, and 2.9 to
    # 11 above
    bands = {(0.3, 1): (1.05, 1.4), (1, 3): (1.3, 1.95), (3, 10): (1.7, 3.2), (10, 99): (2.7, 11)}
    sample = sampled(rest((1, 1, 1)), cells=700)[0]
    for label in (TYPES.index("CD4 memory"), TYPES.index("classical monocytes")):
        counts = sample.counts.toarray()[(sample.labels == label) & ~sample.damaged][:100]
        assert len(counts) > 70
        mean, variance = counts.mean(axis=0), counts.var(axis=0)
        for (low, high), (least, most) in bands.items():
            inside = (mean >= low) & (mean < high)
            assert inside.sum() >= 3
            assert least < np.median(variance[inside] / mean[inside]) < most


def test_damaged_cells_are_few_with_few_umis_and_many_of_them_mitochondrial(stacked):
    counts, _, damaged = stacked
    umis = counts.sum(axis=1)
    mitochondrial = counts[:, programme_genes("mitochondrial")].sum(axis=1) / umis
    assert 0.02 < damaged.mean() < 0.04
    assert np.median(umis[damaged]) < np.median(umis[~damaged]) / 3
    assert np.median(mitochondrial[damaged]) > 0.3
    assert np.quantile(mitochondrial[~damaged], 0.99) < 0.12


@pytest.mark.parametrize(
    ("gene", "types"),
    [
        ("CD3D", TYPES[:4]),
        ("CD4", [*TYPES[:2], *TYPES[7:]]),
        ("CCR7", ["CD4 naive", "CD8 naive"]),
        ("CD8B", ["CD8 naive", "CD8 memory"]),
        ("GZMK", ["CD8 memory"]),
        ("GNLY", ["NK"]),
        ("MS4A1", ["B naive", "B memory"]),
        ("TCL1A", ["B naive"]),
        ("CD14", ["classical monocytes"]),
        ("LYZ", TYPES[7:]),
        ("MS4A7", ["non-classical monocytes"]),
        ("FCGR3A", ["non-classical monocytes", "NK"]),
        ("FCER1A", ["dendritic cells"]),
    ],
)
def test_a_marker_marks_its_types(raised, gene, types):
    bulk = raised[:, 0].sum(axis=0)
    share = pd.Series(bulk[:, GENE[gene]] / bulk.sum(axis=1), index=TYPES)
    assert share[types].min() > 1.5 * share.drop(types).max()


def test_donors_differ_in_what_a_type_expresses_and_agree_with_themselves(raised):
    # genes with so many UMIs that counting adds little
    memory, genes_ = TYPES.index("CD4 memory"), [GENE[g] for g in ("MALAT1", "B2M", "TMSB4X")]
    share = np.log2(raised[:, :, memory][..., genes_] / raised[:, :, memory].sum(-1)[..., None])
    visits = share.transpose(1, 0, 2).reshape(2, -1) - np.tile(share.mean(axis=(0, 1)), MANY)
    covariance = np.cov(visits)[0, 1]
    # somewhat less than 0.25^2, as genes with so large a share move its denominator, too
    assert 0.04 < covariance < 0.075


# truth


@pytest.mark.parametrize("programme", PROGRAMMES)
@pytest.mark.parametrize("cells", ["CD4 memory", "NK", "B naive", "classical monocytes"])
def test_pseudobulk_finds_the_programme_effects_of_the_truth(raised, programme, cells):
    truth = gene_truth({"after": dict.fromkeys(PROGRAMMES, RAISED)})
    truth = truth[truth["cell_type"] == cells].set_index("gene")["log2_effect"]
    own = np.flatnonzero(programme_genes(programme))
    level = np.exp2(levels()[TYPES.index(cells), own])
    factor = np.exp2(truth[genes()["gene"].to_numpy()[own]].to_numpy())
    expected = np.log2((level * factor).sum() / level.sum())

    bulk = raised[:, :, TYPES.index(cells)]
    quiet = genes()["programme"].isin(["none", "ribosomal", "mitochondrial"]).to_numpy()
    umis, size = bulk[..., own].sum(axis=-1), bulk[..., quiet].sum(axis=-1)

    def effect(people):
        ratio = umis[people].sum(axis=0) / size[people].sum(axis=0)
        return np.log2(ratio[1] / ratio[0])

    everyone = np.arange(MANY)
    without = np.array([effect(np.delete(everyone, person)) for person in everyone])
    error = np.sqrt((MANY - 1) * without.var())
    assert error < 0.2
    assert abs(effect(everyone) - expected) < 4 * error


def test_gene_truth_is_activity_times_effect_in_every_type_and_holds_no_zero():
    truth = gene_truth({"acute": {"nrf2": 0.5, "stress": 0.0}, "training": {"migration": -1.0}})
    per_unit = genes().set_index("gene")["log2_per_unit"]
    acute = truth[truth["contrast"] == "acute"]
    assert len(acute) == 10 * programme_genes("nrf2").sum()
    np.testing.assert_allclose(acute["log2_effect"], 0.5 * per_unit[acute["gene"]])
    training = truth[truth["contrast"] == "training"]
    assert set(training["gene"]) == {"CORO1A", "CD74"}
    assert set(training["cell_type"]) == set(TYPES)
    assert (training["log2_effect"] < 0).all()


def test_gene_truth_of_nothing_is_an_empty_table():
    truth = gene_truth({"acute": {}})
    assert truth.empty
    assert list(truth) == ["cell_type", "gene", "contrast", "log2_effect"]


def test_where_neutrophils_alone_fall_mononuclear_shares_stay_and_those_of_blood_rise():
    numbers = rest()[0, :, 0]
    total = numbers.sum(axis=-1)
    truth = composition_truth(numbers, numbers, total + 4.0, total + 3.0)
    assert list(truth) == ["denominator", "cell_type", "log2_number", "logit_share"]
    assert (truth["log2_number"] == 0).all()
    shares = truth.set_index("denominator")["logit_share"]
    assert (shares[MONONUCLEAR] == 0).all()
    assert (shares[WHOLE_BLOOD] > 0.1).all()


def test_composition_truth_agrees_with_many_cells():
    shape = (1, 2, 1)
    before, after = rest(shape), rest(shape, lymphocytes=3.5, monocytes=0.65, response=1.0)
    leukocytes = [x.sum(axis=-1) + 4.0 for x in (before, after)]
    truth = composition_truth(before, after, *leukocytes)
    truth = truth[truth["denominator"] == MONONUCLEAR].set_index("cell_type")["logit_share"]
    cells = 4000
    tables = []
    for numbers, seed in ((before, 1), (after, 2)):
        labels = np.concatenate([s.labels for s in sampled(numbers, cells=cells // 2, seed=seed)])
        tables.append(np.bincount(labels, minlength=10))
    logits = [np.log(t / (cells - t)) for t in tables]
    error = np.sqrt(sum(1 / t + 1 / (cells - t) for t in tables))
    assert (np.abs(logits[1] - logits[0] - truth[TYPES]) < 4 * error).all()
    assert truth["NK"] > 0.5


def test_composition_truth_is_an_average_over_people():
    before = rest((1, 2, 1))
    after = before * np.array([2.0, 8.0])[None, :, None, None]
    truth = composition_truth(before, after, before.sum(-1) + 1, after.sum(-1) + 1)
    np.testing.assert_allclose(truth["log2_number"], 2.0)


# AnnData


def test_nothing_of_the_truth_is_in_the_anndata(study):
    adata, truth = as_anndata(study[0], [f"S{i}" for i in range(39)])
    assert list(adata.obs) == ["sample_id"]
    assert list(adata.var) == []
    assert not adata.uns
    assert not adata.layers
    assert list(adata.var_names) == list(genes()["gene"])
    assert adata.obs_names[0] == "CELL000001"
    assert list(truth) == ["cell", "sample_id", "cell_type", "damaged"]
    assert list(truth["cell"]) == list(adata.obs_names)
    assert list(truth["sample_id"]) == list(adata.obs["sample_id"].astype(str))
    assert truth["damaged"].sum() == sum(s.damaged.sum() for s in study[0])
    third = study[0][2]
    assert list(truth["cell_type"][240:360]) == [TYPES[label] for label in third.labels]
    assert np.array_equal(adata.X[240:360].toarray(), third.counts.toarray())


def test_cells_are_written_small_and_to_the_same_bytes(study, tmp_path):
    from anndata.io import read_h5ad

    adata, _ = as_anndata(study[0], [f"S{i}" for i in range(39)])
    write_cells(adata, tmp_path / "one.h5ad")
    time.sleep(1.1)
    write_cells(adata, tmp_path / "other.h5ad")
    written = (tmp_path / "one.h5ad").read_bytes()
    assert written == (tmp_path / "other.h5ad").read_bytes()
    assert len(written) < 2.4e6
    read = read_h5ad(tmp_path / "one.h5ad")
    assert read.X.dtype == np.int32
    assert (read.X != adata.X).nnz == 0
    pd.testing.assert_frame_equal(read.obs, adata.obs)


# bad input


def test_an_unknown_programme_is_refused_with_the_nearest_name():
    with pytest.raises(Misuse, match="did you mean 'interferon'"):
        sampled(rest(), {"interferons": np.zeros(STUDY)})
    with pytest.raises(Misuse, match="did you mean 'nrf2'"):
        gene_truth({"acute": {"nrf": 1.0}})


def test_activity_of_another_shape_is_refused():
    with pytest.raises(Misuse, match="activity of 'stress' has shape"):
        sampled(rest(), {"stress": np.zeros((1, 13, 1))})


@pytest.mark.parametrize("bad", [-1.0, np.nan])
def test_numbers_below_zero_or_unknown_are_refused(bad):
    with pytest.raises(Misuse, match="numbers of cells must be finite"):
        sampled(rest() * bad)


def test_numbers_of_other_types_are_refused():
    with pytest.raises(Misuse, match="numbers of shape"):
        sampled(rest()[..., :9])


def test_a_sample_without_cells_is_refused():
    with pytest.raises(Misuse, match="without any mononuclear cell"):
        sampled(rest() * 0)


def test_no_cells_a_sample_are_refused_before_the_first_is_drawn():
    with pytest.raises(Misuse, match="0 cells a sample"):
        cell_counts(rest(), {}, 0, *(np.random.default_rng(part) for part in range(3)))


@pytest.mark.parametrize("names", [["a"], ["a", "b", "c"]])
def test_samples_and_names_must_be_as_many(names):
    with pytest.raises(Misuse, match="2 samples and"):
        as_anndata(sampled(rest((1, 2, 1)), cells=2), names)


def test_composition_truth_refuses_fewer_leukocytes_than_mononuclear_cells():
    numbers = rest()[0, :, 0]
    with pytest.raises(Misuse, match="fewer leukocytes"):
        composition_truth(numbers, numbers, numbers.sum(axis=-1), numbers.sum(axis=-1) - 1)


def test_composition_truth_refuses_a_type_without_cells():
    numbers = rest()[0, :, 0]
    with pytest.raises(Misuse, match="no logarithm"):
        composition_truth(numbers, numbers * 0, numbers.sum(axis=-1), numbers.sum(axis=-1))
