"""Appendix A2: what it measures, its bands, and that it says outside where a value is outside."""

import importlib
import json
import os
import pkgutil
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import vl_convert
from scipy import sparse

from exercisebook.chapters import a2, ledgers, results
from exercisebook.chapters.a2 import alike, analyses, measures, readings, simulated
from exercisebook.chapters.a2.exercises import check_icc, check_zeros, log_variance, zeros
from exercisebook.chapters.wording import one
from exercisebook.errors import Misuse
from exercisebook.paths import DATA
from exercisebook.publish.sphinx_extension.charts import static_spec
from exercisebook.simulate.arrays import simulate_arrays
from exercisebook.simulate.cohorts import simulate
from exercisebook.simulate.single_cells import cell_types, genes
from exercisebook.simulate.worlds import world

# the package offers a function of the same name
sentences = importlib.import_module("exercisebook.chapters.a2.sentences")

CHARTS = [name for name in a2.__all__ if name.endswith("_chart")]
TABLES = [name for name in a2.__all__ if name.endswith("_table")]


@pytest.fixture(scope="module")
def page():
    """Return the page as it stands without the bytes: from frozen results."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(results, "open_data", lambda name: None)
        made = a2.begin()
        for name in a2.ANALYSES:
            assert made.result(name).state == "frozen"
    return made


@pytest.fixture(scope="module")
def table(page):
    return measures.measures(page)


# bands


def test_a_measure_is_within_exactly_if_it_lies_between_the_ends_of_its_band(table):
    inside = (table["low"] <= table["simulated"]) & (table["simulated"] <= table["high"])
    assert (table["within"] == inside).all()
    assert np.isfinite(table[["simulated", "low"]]).all(axis=None)


def test_every_band_follows_its_rule(table, page):
    factor = table[table["rule"] == measures.FACTOR]
    np.testing.assert_allclose(factor["low"], factor["found"] / 2)
    np.testing.assert_allclose(factor["high"], factor["found"] * 2)
    intervals = table[table["rule"] == measures.INTERVAL]
    assert (
        (intervals["low"] < intervals["found"]) & (intervals["found"] < intervals["high"])
    ).all()
    tenth = one(table, rule=measures.TENTH)
    assert tenth["high"] - tenth["found"] == pytest.approx(0.1)
    assert tenth["found"] - tenth["low"] == pytest.approx(0.1)
    halves = table[table["rule"] == measures.HALVES]
    assert np.isinf(halves["high"]).all()
    assert set(table["rule"]) == set(measures.RULES)
    assert set(table["family"]) == set(measures.FAMILIES)


def test_no_measure_stands_twice_and_all_kinds_of_the_brief_are_there(table):
    assert not table.duplicated(["family", "key"]).any()
    assert not table["measure"].duplicated().any()
    assert table.groupby("family").size().min() >= 3


def test_what_is_outside_is_said_so_and_nothing_is_called_more_than_within(page, table):
    told = pd.concat([a2.blood_table(page).frame, a2.cells_table(page).frame,
                      a2.together_table(page).frame, a2.courses_table(page).frame])  # fmt: skip
    assert set(told["verdict"]) == {"within band", "outside band"}
    assert (told["verdict"] == "outside band").sum() == (~table["within"]).sum()
    assert len(told) == len(table)
    whole = " ".join(a2.sentences(page).values()).lower()
    assert "supported" not in whole
    assert "realistic" not in whole


def test_the_first_screen_names_what_is_outside(page, table):
    made = a2.sentences(page)
    outside = int((~table["within"]).sum())
    assert outside >= 1
    assert made["answer"].startswith(f"Yes. {outside} of {len(table)} measures lie outside")
    first = made["answer"] + made["against"]
    for text in sentences.strange(page):
        assert text in first
    assert len(sentences.strange(page)) >= 3


def test_the_page_turns_where_all_is_within_its_band(page, monkeypatch):
    good = measures.measures(page).assign(within=True)
    for module in (sentences, readings):
        monkeypatch.setattr(module, "measures", lambda page: good)
    made = a2.sentences(page)
    assert made["answer"] == "No measure of ours says that you could."
    assert "None lies outside." in made["blood"]


def test_directions_turn_with_the_values(page, monkeypatch):
    turned = measures.measures(page)
    turned = turned.assign(simulated=turned["found"], found=turned["simulated"])
    before = " ".join(sentences.strange(page))
    assert "move together less" in before
    assert "vary more" in before
    for module in (sentences, readings):
        monkeypatch.setattr(module, "measures", lambda page: turned)
    after = " ".join(sentences.strange(page))
    assert "move together more" in after
    assert "vary less" in after


def test_wrong_parameters_are_refused():
    with pytest.raises(Misuse, match="subjects: found '3'; expected from 8 to 40"):
        a2.begin(subjects=3)


# the simulated side


def test_the_cells_are_those_of_the_reference_study():
    counts, groups = simulated.cells(7, 8)
    made = simulate(world("reference"), 8, 7)
    sound = ~made.truth["cells"]["damaged"].to_numpy(bool)
    assert (counts != made.cells[sound].X).nnz == 0
    coarse = {ours: theirs for theirs, several in alike.TYPES.items() for ours in several}
    truth = made.truth["cells"]
    expected = truth["sample_id"] + " " + truth["cell_type"].map(coarse)
    # samples are named otherwise, and are the same
    assert len(set(groups)) == expected[sound].nunique()
    pairs = pd.DataFrame({"ours": groups, "theirs": expected[sound].to_numpy()}).drop_duplicates()
    assert len(pairs) == len(set(groups))


def test_every_type_of_ours_is_compared_with_one_of_theirs():
    several = [name for ours in alike.TYPES.values() for name in ours]
    assert sorted(several) == sorted(cell_types()["cell_type"])
    assert set(alike.TYPES) == set(alike.TYPE_WORDS)


def test_mornings_begin_with_the_study_of_the_seed_and_nobody_has_exercised():
    seed, people = 7, 8
    first = simulate_arrays(world("reference-twin"), people, np.random.default_rng(seed),
                            ("clinical",))["clinical"][0][:, simulated.RESTED]  # fmt: skip
    found = simulated.mornings(seed, people)["clinical"]
    limits = world("reference").block("clinical")["detection_limit"].fillna(0).to_numpy(float)
    expected = first.reshape(-1, first.shape[-1])
    expected = np.where(expected >= limits, expected, np.nan)
    np.testing.assert_allclose(found.to_numpy()[: 2 * people], expected)
    assert len(found) == 2 * people * simulated.STUDIES


def test_counts_are_rounded_as_the_open_datas_are():
    counts = simulated.mornings(7, 8)["blood_count"].to_numpy()
    counts = counts[np.isfinite(counts)]
    np.testing.assert_allclose(counts * 10, np.round(counts * 10), atol=1e-9)


def test_compositions_have_as_many_cells_as_the_open_datas():
    assert (simulated.composition(7, 8).sum(axis=1) == alike.CELLS).all()


def test_another_seed_gives_other_people_and_other_data_the_same_bands(page, table):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(results, "open_data", lambda name: None)
        other = measures.measures(a2.begin(seed=3, subjects=8))
    assert list(other["key"]) == list(table["key"])
    free = other["rule"].isin([measures.INTERVAL, measures.HALVES]).to_numpy()
    np.testing.assert_allclose(other["low"][free], table["low"][free])
    assert not np.allclose(other["simulated"], table["simulated"])


# what is measured alike


def test_extra_zeros_are_those_beyond_poisson_at_a_genes_own_mean():
    rng = np.random.default_rng(1)
    means = np.repeat(10.0 ** np.array(alike.POINTS), 60)
    poisson = rng.poisson(means, (2000, len(means)))
    mixed = rng.poisson(means * rng.gamma(2, 0.5, (2000, len(means))))
    groups = np.repeat("a", 2000)
    plain, spread = (alike.cell_curve(sparse.csr_matrix(c), groups) for c in (poisson, mixed))
    np.testing.assert_allclose(plain["excess_zeros"], 0, atol=0.005)
    mu = 10.0 ** np.array(alike.POINTS)
    np.testing.assert_allclose(spread["excess_zeros"], (1 + mu / 2) ** -2 - np.exp(-mu), atol=0.015)
    # at a mean of 0.1 two thousand cells settle no gene's own dispersion
    np.testing.assert_allclose(spread["median_dispersion"][1:], 0.5, atol=0.05)


def test_the_depth_of_cells_is_measured_within_groups():
    rng = np.random.default_rng(2)
    depth = np.repeat([1000, 4000], 3000) * np.exp(0.3 * rng.standard_normal(6000))
    counts = sparse.csr_matrix(np.round(depth)[:, None])
    found = alike.depth_cv(counts, np.repeat(["a", "b"], 3000))
    assert found == pytest.approx(np.sqrt(np.expm1(0.09)), rel=0.05)


def test_genes_that_share_a_state_have_a_leading_component_and_others_have_none():
    rng = np.random.default_rng(3)
    state = np.exp(0.6 * rng.standard_normal((800, 1)))
    shared = np.where(np.arange(120) < 40, state, 1.0) * 5
    for rates, leading in ((shared, True), (np.full((800, 120), 5.0), False)):
        found = alike.cell_spectrum(sparse.csr_matrix(rng.poisson(rates)), np.repeat("a", 800))
        first = found.shares.iloc[0]
        assert (first["share"] > 3 * first["expected"]) == leading


def test_mean_shares_know_nothing_of_the_size_of_samples():
    counts = pd.DataFrame({"a": [200, 2000], "b": [600, 6000]})
    np.testing.assert_allclose(alike.mean_shares(counts), [0.25, 0.75], atol=2e-3)


def test_leaving_one_out_gives_the_interval_of_a_mean():
    values = np.random.default_rng(4).normal(size=12)
    low, high = analyses._jackknifed(lambda kept: float(values[list(kept)].mean()), 12)
    middle, t_low, t_high = analyses._t_interval(pd.Series(values))
    assert (low + high) / 2 == pytest.approx(middle)
    assert (low, high) == pytest.approx((t_low, t_high))


def test_genes_are_compared_at_equal_means():
    rng = np.random.default_rng(5)
    a, b = (pd.DataFrame({"log10_mean": rng.normal(centre, 0.4, 900)}) for centre in (0, 0.3))
    one_side, other = analyses._of_equal_means(a, b, rng)
    assert len(one_side) == len(other) > 200
    assert abs(a["log10_mean"].mean() - b["log10_mean"].mean()) > 0.2
    assert one_side["log10_mean"].mean() == pytest.approx(other["log10_mean"].mean(), abs=0.02)


# open data


def test_frozen_tables_hold_no_gene_no_donor_and_no_man(page):
    for name in a2.ANALYSES:
        frame = page[name]
        assert not {"gene", "subject", "donor", "sample_id"} & set(frame.columns), name
        assert len(frame) <= 40, name


def test_freezing_finds_every_page_that_has_analyses_and_writes_each_table_once(monkeypatch):
    import exercisebook.chapters

    names = [module.name for module in pkgutil.iter_modules(exercisebook.chapters.__path__)]
    pages = [importlib.import_module(f"exercisebook.chapters.{name}") for name in names]
    having = {page.SLUG for page in pages if hasattr(page, "SLUG") and hasattr(page, "ANALYSES")}
    assert a2.SLUG in having
    assert {module.SLUG for module in ledgers.WITH_ANALYSES} == having
    monkeypatch.setattr(ledgers, "freeze", lambda analysis, given: results.frozen_path(analysis))
    written = list(ledgers.freeze_results({"grinta", "kang-pbmc"}))
    assert len(written) == len(set(written))
    assert {results.frozen_path(analysis) for analysis in a2.ANALYSES.values()} <= set(written)


def test_a_discriminator_finds_no_difference_between_halves_of_the_same_genes(page):
    found = page["cell_discriminator"].set_index("against")
    halves = found.loc[analyses.HALVES]
    assert abs(halves["auc"] - 0.5) < 4 * halves["se"] + 0.02
    assert found.loc[analyses.SIMULATED, "auc"] > halves["auc"]


def test_the_page_opens_no_data_but_those_it_says_it_uses(tmp_path):
    code = """
import sys
opened = set()
sys.addaudithook(lambda event, args: opened.add(str(args[0])) if event == "open" else None)
from exercisebook.chapters import a2
page = a2.begin()
a2.sentences(page)
print("\\n".join(sorted(opened)))
"""
    # an empty folder of open data: only what is frozen is opened, which is quick
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "EXERCISEBOOK_DATA": str(tmp_path)},
    )
    ours = [p for p in done.stdout.splitlines() if p.startswith(str(DATA))]
    parts = {p.removeprefix(str(DATA) + "/").removeprefix("results/").split("/")[0] for p in ours}
    assert parts - {"claims.csv", "features.csv", "catalog.yml"} == set(a2.USES)


# the page


def test_the_gene_worked_by_hand_is_one_of_a_real_sample(page):
    counts = a2.one_gene(page)
    gene, group = readings.example_names(page)
    assert gene in set(genes()["gene"])
    assert len(counts) >= 20
    assert counts.mean() == pytest.approx(readings.EXAMPLE_MEAN, rel=0.3)
    matrix, groups = simulated.cells(*measures.of_seed(page))
    place = list(genes()["gene"]).index(gene)
    assert matrix[groups == group][:, place].sum() == counts.sum()


def test_sentences_hold_no_gap_and_no_machine_number(page):
    for name, text in a2.sentences(page).items():
        assert "nan" not in text.lower(), name
        assert "None," not in text, name
        assert "–" not in text, name
        assert not re.search(r"\b[1-9]\d*\.\d{4,}", text), name
        assert text == text.strip(), name
        assert "  " not in text, name


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_labelled_described_and_drawn_without_a_browser(page, name):
    spec = getattr(a2, name)(page).to_dict()
    about = spec["usermeta"]
    assert about["name"].startswith("fig-")
    assert about["caption"].endswith(".")
    assert re.search(r"\d+ (people|men|donors|simulated)|donors|men", about["caption"])
    assert spec["description"].endswith(".")
    assert spec["description"] != about["caption"]
    assert len(json.dumps(spec)) < 60_000
    svg = vl_convert.vegalite_to_svg(static_spec(spec))
    assert "undefined" not in svg
    assert "NaN" not in svg


def test_labels_of_charts_are_unique(page):
    names = [getattr(a2, name)(page).to_dict()["usermeta"]["name"] for name in CHARTS]
    assert len(names) == len(set(names)) == 5


@pytest.mark.parametrize("name", TABLES)
def test_a_table_has_few_columns_and_no_gap(page, name):
    frame = getattr(a2, name)(page).frame
    assert len(frame)
    assert len(frame.columns) <= 8
    assert not frame.astype(str).apply(lambda c: c.str.contains("nan")).any(axis=None)


# the exercises


def test_the_solutions_of_the_exercises_are_right():
    assert check_zeros(zeros(1, 0.2) - zeros(1, 0)).startswith("Right")
    within, between = log_variance(0.3), log_variance(0.4)
    assert check_icc(between / (between + within)).startswith("Right")


@pytest.mark.parametrize("wrong", [zeros(1, 0.2), zeros(1, 0), 0.2, 0, -0.03])
def test_other_shares_of_zeros_are_not(wrong):
    assert not check_zeros(wrong).startswith("Right")


@pytest.mark.parametrize("wrong", [0.4 / 0.7, 0.5, 0.36, -1, 2])
def test_other_correlations_are_not(wrong):
    assert not check_icc(wrong).startswith("Right")


def test_zeros_of_little_dispersion_are_poissons():
    assert zeros(2, 1e-9) == pytest.approx(zeros(2, 0), rel=1e-6)
    assert zeros(2, 0) == pytest.approx(np.exp(-2))
    assert zeros(2, 0.5) > zeros(2, 0)
