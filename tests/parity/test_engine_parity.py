"""The statistics engine against limma, edgeR, DESeq2, lmerTest and pbkrtest; README.md says how.

EXERCISEBOOK_PARITY names a folder of inputs and references in full size; without it the slices in
``engine/`` serve. A difference is allowed up to a tolerance times the reference, or times 1 where
the reference is smaller.
"""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from exercisebook.stats.assay import assay_from_matrix
from exercisebook.stats.composition import composition_effects
from exercisebook.stats.counts import tmm_factors, voom
from exercisebook.stats.designs import Design, cell_contrast, cell_design
from exercisebook.stats.duplicate_correlation import duplicate_correlation
from exercisebook.stats.gene_sets import camera, fry
from exercisebook.stats.linear import LinearFit, contrast_of, joint_statistic, linear_fit
from exercisebook.stats.methods import contrast_effects
from exercisebook.stats.mixed import MixedEstimates, mixed_contrast
from exercisebook.stats.moderation import Moderation, moderate
from exercisebook.stats.multiplicity import benjamini_hochberg
from exercisebook.stats.random_intercept import at_ratio, sums_in_batches
from exercisebook.stats.second_opinion import deseq2_effects

GIVEN = os.environ.get("EXERCISEBOOK_PARITY")
FOLDER = Path(GIVEN) if GIVEN else Path(__file__).parent / "engine"
EXTRA = ("arms", "weight", "trend_rob")
"""What a folder that was made elsewhere may lack."""

SEARCHED = (FOLDER / "versions.txt").exists()
"""Whether our own script made the references: it has lmer search to the end, not stop early."""

CLOSED = 1e-8
REML = 1e-5 if SEARCHED else 1e-4
SATTERTHWAITE_DF = 1e-4 if SEARCHED else 1e-2
ROBUST = 1e-7
"""limma looks for the degrees of freedom of a robust prior until 1e-8."""

LOWESS = 1e-6
"""R and statsmodels cut off the weights of a robust lowess curve a little differently."""

GAPS = pytest.mark.parametrize("gaps", ["", "missing_"], ids=["complete", "with gaps"])
PHASE = pytest.mark.parametrize("phase", ["b", "c"])


def row(phase, reference="a", arm="all", other="all") -> pd.Series:
    """Return a row of a table of contrasts."""
    asked = {"contrast": f"{phase} vs {reference}", "kind": "acute", "phase": phase}
    return pd.Series(asked | {"reference_phase": reference, "arm": arm, "reference_arm": other})


@dataclass(frozen=True)
class Study:
    """A table of samples by features, and the cells of its design."""

    table: pd.DataFrame
    samples: pd.DataFrame
    design: Design

    @property
    def values(self) -> np.ndarray:
        return self.table.to_numpy(float)

    def contrast(self, *words: str) -> np.ndarray:
        return cell_contrast(self.design, row(*words))

    def effects(self, method: str, phase: str, scale: str = "log2_ratio", **how) -> pd.DataFrame:
        """Return what a reader gets who names a method."""
        assay = assay_from_matrix(self.table, self.samples, scale)
        key = {"dataset": "parity", "modality": "proteins", "unit": "1"}
        return contrast_effects(assay, [row(phase)], method, **how, **key)


@pytest.fixture(autouse=True)
def heading(request):
    """Print whose comparisons follow, for whoever asks with -s."""
    print(f"\n{request.node.name}", end="")


def absent(name):
    """Skip what a folder from elsewhere may lack; of all else, say that it is not there."""
    if GIVEN and any(word in name for word in EXTRA):
        pytest.skip(f"{FOLDER} holds no {name}")
    raise FileNotFoundError(f"{FOLDER} holds no {name}")


def read(name, **how):
    for path in (FOLDER / f"{name}.csv", FOLDER / f"{name}.csv.gz"):
        if path.exists():
            return pd.read_csv(path, float_precision="round_trip", **how)
    return absent(name)


def numbered(start):
    """Return the only table whose name is ``start`` and a number, and the number."""
    pattern = re.compile(rf"{start}_(\d+)\.csv(\.gz)?")
    found = [match for path in FOLDER.iterdir() if (match := pattern.fullmatch(path.name))]
    if not found:
        absent(start)
    (only,) = found
    return pd.read_csv(FOLDER / only[0], float_precision="round_trip"), int(only[1])


def priors(tag):
    return json.loads((FOLDER / "limma_priors.json").read_text()).get(tag) or absent(tag)


def study(name, features=None):
    """Return values of 13 people in phases a, b and c."""
    table = read(name, index_col=0)[:features].T
    samples = table.index.to_series().str.extract(r"(?P<subject>.+)_(?P<phase>.+)")
    samples["arm"] = "all"
    return Study(table, samples, cell_design(samples))


def phases(gaps, reference):
    """Return the study that a reference of so many features belongs to."""
    if not gaps:
        return study(f"complete_{reference}")
    return study(f"missing_{numbered('missing')[1]}", reference)


def agree(what, ours, reference, tolerance):
    """Hold ours to the reference, missing where it is missing, and print the largest difference."""
    a, b = np.broadcast_arrays(np.asarray(ours, float), np.asarray(reference, float))
    assert b.size
    np.testing.assert_array_equal(np.isnan(a), np.isnan(b), err_msg=what)
    assert np.isfinite(b).any()
    same = a == b  # infinite on both sides is no difference
    off = np.where(same, 0, np.abs(a - b)) / np.maximum(1, np.abs(b))
    print(f"\n  {what}: {b.size} values, {np.nanmax(off):.1e} of {tolerance:.0e}", end="")
    assert np.nanmax(off) <= tolerance, f"{what}: {np.nanmax(off):.2e} above {tolerance:.0e}"


def t_and_p(fit: LinearFit, contrast, moderated: Moderation):
    e = contrast_of(fit, contrast)
    t = e.estimate / e.unscaled / np.sqrt(moderated.variance)
    return e.estimate, t, 2 * stats.t.sf(np.abs(t), moderated.df_total)


def agree_with_limma(fit, contrast, moderated, reference, *, t, p, estimate=None, tolerance=CLOSED):
    ours = t_and_p(fit, contrast, moderated)
    for value, column in zip(ours, (estimate, t, p), strict=True):
        if column is not None:
            if column not in reference:
                absent(column)
            agree(column, value, reference[column], tolerance)


def block_fit(s: Study) -> tuple[LinearFit, Moderation]:
    fit = linear_fit(s.values, s.design.matrix, s.design.persons)
    return fit, moderate(fit.variance, fit.df)


# persons as blocks ------------------------------------------------------------------------------


@GAPS
def test_blocked_models_are_those_of_limma(gaps):
    r, n = numbered(f"limma_block_{gaps}".rstrip("_"))
    s = phases(gaps, n)
    fit, moderated = block_fit(s)
    agree_with_limma(fit, s.contrast("b"), moderated, r, t="t_b", p="p_b", estimate="logFC_b")
    agree("p_c", t_and_p(fit, s.contrast("c"), moderated)[2], r["p_c"], CLOSED)
    known = priors("miss" if gaps else str(n))
    agree("prior df", moderated.df_prior[0], known["df.prior"], CLOSED)
    agree("prior variance", moderated.variance_prior[0], known["s2.prior"], CLOSED)


def test_residual_degrees_of_freedom_of_blocks_with_gaps_are_those_of_limma():
    r, n = numbered("limma_block_missing")
    assert r["df"].nunique() > 3
    agree("df", block_fit(phases("missing_", n))[0].df, r["df"], 0)


def test_moderated_variance_joint_f_and_q_values_are_those_of_limma():
    r, n = numbered("limma_block")
    s = phases("", n)
    fit, moderated = block_fit(s)
    mean_square, rank = joint_statistic(fit, [s.contrast("b"), s.contrast("c")])
    f = mean_square / moderated.variance
    agree("posterior variance", moderated.variance, r["s2post"], CLOSED)
    agree("residual standard deviation", np.sqrt(fit.variance), r["sigma"], CLOSED)
    agree("F", f, r["F"], CLOSED)
    agree("p of F", stats.f.sf(f, rank, moderated.df_total), r["pF"], CLOSED)
    q = benjamini_hochberg(t_and_p(fit, s.contrast("b"), moderated)[2])
    agree("q_b", q, r["q_b"], CLOSED)


@pytest.mark.parametrize(
    ("robust", "trend", "name", "allowed"),
    [
        (False, True, "trend", CLOSED),
        (True, False, "rob", ROBUST),
        (True, True, "trend_rob", LOWESS),
    ],
)
def test_moderation_towards_a_trend_and_robustly_is_that_of_limma(robust, trend, name, allowed):
    r, n = numbered("limma_trend_robust")
    s = phases("", n)
    fit = linear_fit(s.values, s.design.matrix, s.design.persons)
    moderated = moderate(fit.variance, fit.df, fit.level if trend else None, robust)
    columns = {"t": f"t_{name}", "p": f"p_{name}"}
    agree_with_limma(fit, s.contrast("b"), moderated, r, tolerance=allowed, **columns)
    if name == "rob":
        assert moderated.df_prior.min() < moderated.df_prior.max()
        agree("prior df", moderated.df_prior, r["dfp_rob"], ROBUST)


# paired differences -----------------------------------------------------------------------------


def differences(s: Study, phase: str) -> np.ndarray:
    """Return differences to phase a of the people who have both samples."""
    table = pd.DataFrame(s.values, index=pd.MultiIndex.from_frame(s.samples[["phase", "subject"]]))
    return (table.loc[phase] - table.loc["a"]).dropna(how="all").to_numpy()


@PHASE
@GAPS
def test_moderated_paired_differences_are_those_of_limma(gaps, phase):
    r, n = numbered(f"limma_paired_{gaps}".rstrip("_"))
    s = phases(gaps, n)
    d = differences(s, phase)
    fit = linear_fit(d, np.ones((len(d), 1)))
    level = np.nanmean(s.values, axis=0)
    agree(f"df_{phase}", fit.df, r[f"df_{phase}"], 0)
    estimate = f"logFC_{phase}"
    for suffix, moderated in {
        "": moderate(fit.variance, fit.df),
        "_trend": moderate(fit.variance, fit.df, level),
        "_robust": moderate(fit.variance, fit.df, robust=True),
    }.items():
        columns = {"t": f"t{suffix}_{phase}", "p": f"p{suffix}_{phase}", "estimate": estimate}
        allowed = ROBUST if suffix == "_robust" else CLOSED
        agree_with_limma(fit, [1], moderated, r, tolerance=allowed, **columns)


# persons as correlated blocks -------------------------------------------------------------------


def test_correlations_of_a_balanced_design_are_those_of_limma():
    r, n = numbered("limma_duplicate_correlation")
    s = phases("", n)
    ours = duplicate_correlation(s.values, s.design.matrix, s.design.persons)
    agree("consensus", ours.consensus, priors(str(n))["consensus"], 1e-12)
    agree("correlation by feature", ours.by_feature, np.tanh(r["atanh"]), CLOSED)


def test_correlations_of_a_design_with_gaps_are_those_of_limma():
    r, n = numbered("limma_duplicate_correlation_missing")
    s = phases("missing_", n)
    ours = duplicate_correlation(s.values, s.design.matrix, s.design.persons)
    agree("consensus", ours.consensus, priors("miss")["consensus"], 1e-5)
    agree("correlation by feature", ours.by_feature, np.tanh(r["atanh"]), 1e-2)


def test_a_feature_with_gaps_has_a_correlation_at_least_as_likely_as_that_of_limma():
    # limma iterates, and stops before the likelihood is greatest
    r, n = numbered("limma_duplicate_correlation_missing")
    s = phases("missing_", n)
    ours = duplicate_correlation(s.values, s.design.matrix, s.design.persons).by_feature
    theirs = np.tanh(r["atanh"].to_numpy())
    assert (np.abs(ours - theirs) > 1e-6).any()
    for part, sums in sums_in_batches(s.values, s.design.matrix, s.design.persons):
        deviance = [at_ratio(sums, rho[part] / (1 - rho[part])).deviance for rho in (ours, theirs)]
        assert (deviance[0] <= deviance[1] + 1e-10).all()


@GAPS
def test_fits_with_a_given_correlation_are_those_of_limma(gaps):
    r, n = numbered(f"limma_duplicate_correlation_{gaps}".rstrip("_"))
    s, known = phases(gaps, n), priors("miss" if gaps else str(n))
    fit = linear_fit(s.values, s.design.matrix, s.design.persons, known["consensus"])
    moderated = moderate(fit.variance, fit.df)
    agree_with_limma(fit, s.contrast("b"), moderated, r, t="t_b", p="p_b", estimate="logFC_b")
    agree("p_c", t_and_p(fit, s.contrast("c"), moderated)[2], r["p_c"], CLOSED)
    agree("prior df", moderated.df_prior[0], known["dfp_dc"], CLOSED)
    agree("prior variance", moderated.variance_prior[0], known["s2p_dc"], CLOSED)


# precision weights ------------------------------------------------------------------------------


def test_fits_with_precision_weights_are_those_of_limma():
    r, n = numbered("limma_weighted")
    s, known = phases("", n), priors("weighted")
    w = read(f"weights_{n}", index_col=0).to_numpy().T
    fit = linear_fit(s.values, s.design.matrix, s.design.persons, weights=w)
    moderated = moderate(fit.variance, fit.df)
    agree_with_limma(fit, s.contrast("b"), moderated, r, t="t_b", p="p_b", estimate="logFC_b")
    agree("prior df", moderated.df_prior[0], known["df.prior"], CLOSED)


def test_fits_with_precision_weights_and_a_correlation_are_those_of_limma():
    r, n = numbered("limma_weighted")
    s, known = phases("", n), priors("weighted")
    w = read(f"weights_{n}", index_col=0).to_numpy().T
    fit = linear_fit(s.values, s.design.matrix, s.design.persons, known["correlation"], w)
    moderated = moderate(fit.variance, fit.df)
    columns = {"t": "t_b_cor", "p": "p_b_cor", "estimate": "logFC_b_cor"}
    agree_with_limma(fit, s.contrast("b"), moderated, r, **columns)


# two arms of different people -------------------------------------------------------------------


def arms(reference, covariates=()):
    table = read(f"arms_{reference}", index_col=0).T
    samples = read("arm_samples", index_col=0).loc[table.index]
    return Study(table, samples, cell_design(samples, covariates))


def arm_contrasts(s: Study) -> dict[str, np.ndarray]:
    """Return the interaction, the arms' difference before, and the slope of the last covariate."""
    before = np.zeros(s.design.columns.shape[1])
    before[s.design.cells.index(("B", "pre"))] = 1
    before[s.design.cells.index(("A", "pre"))] = -1
    last = np.eye(s.design.columns.shape[1])[-1]
    return {"interaction": s.contrast("post", "pre", "B", "A"), "arm": before, "age": last}


def test_comparisons_between_arms_are_those_of_limma_with_duplicate_correlation():
    r, n = numbered("limma_duplicate_correlation_arms")
    s, known = arms(n, ["age"]), priors("arms")
    assert np.isnan(s.values).any()
    ours = duplicate_correlation(s.values, s.design.matrix, s.design.persons)
    agree("consensus", ours.consensus, known["consensus"], 1e-5)
    fit = linear_fit(s.values, s.design.matrix, s.design.persons, known["consensus"])
    moderated = moderate(fit.variance, fit.df)
    for name, weights in arm_contrasts(s).items():
        columns = {"t": f"t_{name}", "p": f"p_{name}", "estimate": f"logFC_{name}"}
        agree_with_limma(fit, weights, moderated, r, **columns)
    agree("prior df", moderated.df_prior[0], known["dfp_dc"], CLOSED)


# mixed models -----------------------------------------------------------------------------------


def agree_with_lmer(ours: MixedEstimates, r: pd.DataFrame, suffix: str, df_tolerance: float):
    """Hold all to lmer where persons differ; where their variance is nil, the estimates alone."""
    inside = (r["tau2"] > 1e-7).to_numpy()
    assert inside.mean() > 0.5
    agree("estimate", ours.estimate, r[f"Estimate{suffix}"], REML)
    agree("variance between", ours.variance_between[inside], r["tau2"][inside], REML)
    agree("variance within", ours.variance_within[inside], r["s2"][inside], REML)
    agree("standard error", ours.se[inside], r[f"Std. Error{suffix}"][inside], REML)
    agree("df", ours.df[inside], r[f"df{suffix}"][inside], df_tolerance)
    t = ours.estimate / ours.se
    # a quotient of two estimates
    agree("t", t[inside], r[f"t value{suffix}"][inside], 2 * REML)
    p = 2 * stats.t.sf(np.abs(t), ours.df)
    agree("p", p[inside], r[f"Pr(>|t|){suffix}"][inside], REML)


def mixed(s: Study, contrast, degrees) -> MixedEstimates:
    return mixed_contrast(s.values, s.design.matrix, s.design.persons, contrast, degrees)


@pytest.mark.parametrize(("phase", "suffix"), [("b", ""), ("c", ".1")])
@GAPS
def test_mixed_models_with_satterthwaites_degrees_of_freedom_are_those_of_lmertest(
    gaps, phase, suffix
):
    r, n = numbered(f"lmer_satterthwaite_{gaps}".rstrip("_"))
    s = phases(gaps, n)
    ours = mixed(s, s.contrast(phase), "satterthwaite")
    agree_with_lmer(ours, r, suffix, SATTERTHWAITE_DF)


@pytest.mark.parametrize(("phase", "suffix"), [("b", ""), ("c", ".1")])
@GAPS
def test_mixed_models_after_kenward_and_roger_are_those_of_pbkrtest(gaps, phase, suffix):
    r, n = numbered(f"lmer_kenward_roger_{gaps}".rstrip("_"))
    s = phases(gaps, n)
    ours = mixed(s, s.contrast(phase), "kenward-roger")
    agree_with_lmer(ours, r, suffix, REML if gaps else CLOSED)


@pytest.mark.parametrize(("term", "suffix"), [("interaction", ""), ("arm", ".1")])
@pytest.mark.parametrize("degrees", ["satterthwaite", "kenward-roger"])
def test_mixed_models_of_two_arms_are_those_of_lmertest_and_pbkrtest(degrees, term, suffix):
    r, n = numbered(f"lmer_{degrees.replace('-', '_')}_arms")
    s = arms(n)
    ours = mixed(s, arm_contrasts(s)[term], degrees)
    agree_with_lmer(ours, r, suffix, SATTERTHWAITE_DF if degrees == "satterthwaite" else REML)


def test_degrees_of_freedom_of_a_balanced_interaction_are_those_of_kenward_and_roger_exactly():
    r, n = numbered("lmer_kenward_roger_arms")
    s = arms(n)
    whole = np.isfinite(s.values).all(axis=0)
    inside = whole & (r["tau2"] > 1e-7).to_numpy()
    assert inside.sum() > 10
    ours = mixed(s, arm_contrasts(s)["interaction"], "kenward-roger")
    agree("df, complete features", ours.df[inside], r["df"][inside], CLOSED)
    agree("df, by people minus two", ours.df[inside], s.samples["subject"].nunique() - 2, CLOSED)


# counts -----------------------------------------------------------------------------------------


def counted() -> Study:
    return study("counts")


def voom_t(s: Study) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return t and p of phase b, and the weights."""
    v = voom(s.values, s.design.matrix, s.design.persons)
    fit = linear_fit(v.log_cpm, s.design.matrix, s.design.persons, weights=v.weights)
    moderated = moderate(fit.variance, fit.df)
    return *t_and_p(fit, s.contrast("b"), moderated)[1:], v.weights


def test_tmm_factors_are_those_of_edger():
    agree("TMM factors", tmm_factors(counted().values), read("tmm")["norm.factors"], 1e-12)


def test_voom_is_that_of_limma():
    t, p, weights = voom_t(counted())
    r = read("voom")
    agree("weights of the first sample", weights[0], r["w1"], LOWESS)
    agree("t", t, r["t"], LOWESS)
    agree("p", p, r["p"], LOWESS)


def same_order(what, ours, reference, bound):
    """Hold the order of statistics to that of another model, and print how alike it is."""
    rho = stats.spearmanr(ours, reference).statistic
    print(f"\n  {what}: Spearman {rho:.4f}, at least {bound}", end="")
    assert rho >= bound


def test_voom_orders_genes_as_edger_does():
    r = read("edger_quasi_likelihood")
    theirs = np.sign(r["lfc"]) * np.sqrt(r["F"])
    same_order("voom t, edgeR signed root F", voom_t(counted())[0], theirs, 0.95)


def test_voom_orders_genes_as_deseq2_does():
    same_order("voom t, DESeq2 Wald", voom_t(counted())[0], read("deseq2")["stat"], 0.95)


def test_the_second_opinion_orders_genes_as_deseq2_does():
    s, r = counted(), read("deseq2")
    ours = deseq2_effects(s.table, s.samples, row("b"))
    same_order("PyDESeq2 Wald, DESeq2 Wald", ours["statistic"], r["stat"], 0.99)
    same_order("PyDESeq2 and DESeq2 log2 ratios", ours["estimate"], r["lfc"], 0.99)


# shares of cell types ---------------------------------------------------------------------------


@pytest.mark.parametrize("robust", [False, True])
def test_shares_of_cell_types_are_compared_as_by_propeller(robust):
    r = read("propeller")
    samples = read("samples", index_col=0).assign(arm="all")
    counts = read(f"cell_counts_{len(r)}").set_axis(samples.index)
    ours = composition_effects(counts, samples, row("c"), robust=robust)
    if not robust:
        agree("t", ours["statistic"], r["t"], CLOSED)
    agree("p", ours["p_value"], r["pr" if robust else "p"], ROBUST if robust else CLOSED)


# gene sets --------------------------------------------------------------------------------------


def set_study() -> tuple[Study, pd.DataFrame, pd.DataFrame]:
    """Return the values, the sets and what R says of them."""
    (path,) = FOLDER.glob("camera_fry_*_sets.csv")
    r = pd.read_csv(path, float_precision="round_trip")
    s = phases("", numbered("limma_block")[1])
    return s, read(f"sets_{len(r)}"), r


@pytest.mark.parametrize(("correlation", "name"), [(0.01, "camera"), (None, "camera_estimated")])
def test_competitive_tests_of_sets_are_those_of_camera(correlation, name):
    s, sets, r = set_study()
    ours = camera(s.table, s.design, row("b"), sets, correlation)
    assert list(ours["set"]) == list(r["set"])
    assert list(ours["n_features"]) == list(r["n"])
    agree("p", ours["p_value"], r[f"{name}_p"], 1e-6)
    if correlation is None:
        agree("correlation", ours["correlation"], r["camera_estimated_cor"], CLOSED)
    else:
        assert list(ours["direction"]) == list(r["camera_direction"].str.lower())


def test_self_contained_tests_of_sets_are_those_of_fry():
    s, sets, r = set_study()
    agree("p", fry(s.table, s.design, row("b"), sets)["p_value"], r["fry_p"], 1e-6)


# what a reader calls ----------------------------------------------------------------------------


@GAPS
@pytest.mark.parametrize(
    ("moderation", "suffix"), [("plain", ""), ("trend", "_trend"), ("robust", "_robust")]
)
def test_the_method_paired_gives_what_limma_gives(gaps, moderation, suffix):
    r, n = numbered(f"limma_paired_{gaps}".rstrip("_"))
    ours = phases(gaps, n).effects("paired", "b", moderation=moderation)
    allowed = ROBUST if moderation == "robust" else CLOSED
    agree("estimate", ours["estimate"], r["logFC_b"], CLOSED)
    agree("t", ours["statistic"], r[f"t{suffix}_b"], allowed)
    agree("p", ours["p_value"], r[f"p{suffix}_b"], allowed)


@GAPS
def test_the_method_block_gives_what_limma_gives(gaps):
    r, n = numbered(f"limma_block_{gaps}".rstrip("_"))
    ours = phases(gaps, n).effects("block", "b")
    agree("t", ours["statistic"], r["t_b"], CLOSED)
    agree("p", ours["p_value"], r["p_b"], CLOSED)


def test_the_method_duplicate_correlation_gives_what_limma_gives():
    r, n = numbered("limma_duplicate_correlation")
    ours = phases("", n).effects("duplicate-correlation", "b")
    agree("t", ours["statistic"], r["t_b"], CLOSED)
    agree("p", ours["p_value"], r["p_b"], CLOSED)


def test_the_method_mixed_gives_what_pbkrtest_gives():
    r, n = numbered("lmer_kenward_roger")
    ours = phases("", n).effects("mixed", "b")
    inside = (r["tau2"] > 1e-7).to_numpy()
    agree("df", ours["df"][inside], r["df"][inside], CLOSED)
    agree("t", ours["statistic"][inside], r["t value"][inside], 2 * REML)


def test_the_method_voom_gives_what_limma_gives():
    ours, r = counted().effects("voom", "b", "counts"), read("voom")
    agree("t", ours["statistic"], r["t"], LOWESS)
    agree("p", ours["p_value"], r["p"], LOWESS)
