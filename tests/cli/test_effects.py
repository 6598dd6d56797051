"""``exercisebook effects`` as its user meets it: what is written, what is told, what is refused."""

import gzip
import re
import shutil
import signal
import subprocess
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from exercisebook.cli.main import main
from exercisebook.cohort.frames import contrasts_frame, features_frame
from exercisebook.cohort.package import Cohort, whole_folder, write_cohort
from exercisebook.cohort.tables import whole_file
from exercisebook.errors import Misuse
from exercisebook.stats.methods import METHODS, OF_COUNTS
from exercisebook.stats.schemas import EFFECTS, JOINT_TESTS, KEY

PHASES = ("a", "b", "c")
OF_VALUES = [name for name in METHODS if name not in OF_COUNTS]
BARE = ("effects", "t.csv", "--samples", "s.csv")
ASKED = (*BARE, "--contrast", "b-a")
NAMES = ["dataset", "modality", "feature", "canonical_id", "contrast", "kind", "stratum", "method",
         "effect_scale", "unit", "flag"]  # fmt: skip


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it said."""

    status: int
    out: str
    told: str

    @property
    def lines(self):
        return self.told.strip().splitlines()


@pytest.fixture
def book(monkeypatch, capsys, tmp_path):
    """Return a function that runs the command in an empty folder, as its main program does."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(signal, "signal", lambda *_: None)

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["exercisebook", *map(str, words)])
        # a warning would stand among what is told
        with warnings.catch_warnings(action="error"), pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return Ended(ended.value.code or 0, said.out, said.err)

    return run


def ids_of(people=6, phases=PHASES):
    return [f"s{i}_{phase}" for i in range(people) for phase in phases]


def drawn(ids, features=8, seed=0):
    """Return values with the features in rows."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(6, 1, (features, len(ids))), columns=list(ids))
    return frame.set_axis(pd.Index([f"g{i}" for i in range(features)], name="feature"))


def described(ids, **columns):
    """Return samples from ids like ``s0_a``."""
    frame = pd.DataFrame({"sample_id": list(ids)})
    frame[["subject", "phase"]] = [name.rsplit("_", 1) for name in frame["sample_id"]]
    return frame.assign(**columns)


def wrote(table, samples, name="t.csv"):
    table.to_csv(name)
    samples.to_csv("s.csv", index=False)


@pytest.fixture
def tables(book):
    """A sound table with six people in three phases, and its samples with covariates."""
    ids = ids_of()
    table = drawn(ids)
    samples = described(
        ids,
        age=np.repeat([23, 31, 38, 44, 52, 61], 3),
        batch=["x" if name.endswith("_a") else "y" for name in ids],
        hour=np.random.default_rng(4).normal(9, 1, len(ids)).round(2),
    )
    wrote(table, samples)
    return table, samples


def read(path="o.csv"):
    """Return Effects as written, checked."""
    empty = {name: [""] for name in EFFECTS.columns if name not in NAMES}
    text = dict.fromkeys(NAMES, str)
    found = pd.read_csv(path, keep_default_na=False, dtype=text, na_values=empty)
    found["canonical_id"] = found["canonical_id"].where(found["canonical_id"] != "", None)
    return EFFECTS.validate(found)


def stood(folder="."):
    """Return every file and folder below, with its bytes."""
    return {path: path.read_bytes() if path.is_file() else None for path in Path(folder).rglob("*")}


@pytest.fixture
def refused(book):
    """Run what must be misuse: status 2, nothing printed, nothing written; return its lines."""

    def run(*words):
        before = stood()
        done = book(*words)
        assert done.status == 2
        assert done.out == ""
        assert stood() == before
        return done.lines

    return run


# what is written


def differences(table, later="b", earlier="a"):
    by = [name.rsplit("_", 1)[1] for name in table]
    sides = [table.loc[:, [p == phase for p in by]].to_numpy() for phase in (later, earlier)]
    return pd.DataFrame(sides[0] - sides[1], table.index)


def test_a_bare_table_gives_students_paired_t_and_the_hodges_lehmann_shift_beside_it(book, tables):
    done = book(*ASKED, "--out", "o.csv")
    assert done.status == 0
    assert done.out == "o.csv\n"
    found = read()
    assert list(found["method"].unique()) == ["paired t", "Hodges-Lehmann"]
    d = differences(tables[0])
    for method, test in (("paired t", stats.ttest_1samp), ("Hodges-Lehmann", stats.wilcoxon)):
        own = found[found["method"] == method].set_index("feature")
        assert list(own.index) == list(d.index)
        expected = [test(row, *([0] if test is stats.ttest_1samp else [])).pvalue
                    for row in d.to_numpy()]  # fmt: skip
        np.testing.assert_allclose(own["p_value"], expected, rtol=1e-9)
    assert found["unit"].eq("log2").all()
    assert found["effect_scale"].eq("log2_ratio").all()
    assert found["dataset"].eq("t").all()


def test_from_fifty_features_on_the_paired_t_is_moderated_and_stands_alone(book):
    ids = ids_of()
    for features, method in ((49, "paired t"), (50, "paired t, moderated")):
        wrote(drawn(ids, features), described(ids))
        book(*ASKED, "--out", "o.csv")
        assert read()["method"].iloc[0] == method
        assert ("Hodges-Lehmann" in set(read()["method"])) == (features == 49)


def test_plain_values_are_not_moderated_however_many(book):
    ids = ids_of()
    wrote(drawn(ids, 80), described(ids))
    done = book(*ASKED, "--values", "plain", "--moderation", "trend", "--out", "o.csv")
    assert "note: not moderated, for want of features or a log scale: no trend" in done.lines
    assert set(read()["method"]) == {"paired t", "Hodges-Lehmann"}
    assert set(read()["effect_scale"]) == {"difference"}


def test_linear_values_are_compared_as_logarithms_and_what_has_none_is_told(book):
    ids = ids_of()
    table = drawn(ids)
    wrote(table, described(ids))
    book(*ASKED, "--out", "logs.csv")
    amounts = np.exp2(table)
    amounts.loc["g1", "s0_a"] = 0
    amounts.loc["g1", "s3_b"] = -2
    wrote(amounts, described(ids))
    assert book(*ASKED, "--values", "linear", "--out", "o.csv").status == 0
    logs, found = (read(name).set_index(["feature", "method"]) for name in ("logs.csv", "o.csv"))
    others = [place for place in found.index if place[0] != "g1"]
    np.testing.assert_allclose(
        found.loc[others, "estimate"], logs.loc[others, "estimate"], rtol=1e-9
    )
    assert found.loc[("g1", "paired t"), "flag"] == "left out as not above zero: 2"
    assert found.loc[("g1", "paired t"), "n_subjects"] == 4


@pytest.mark.parametrize("method", OF_VALUES)
def test_every_method_writes_effects_of_all_contrasts(book, tables, method):
    words = ("--contrast", "b-a", "--contrast", "c-a", "--method", method, "--out", "o.csv")
    assert book(*BARE, *words).status == 0
    found = read()
    assert not found.duplicated(KEY).any()
    assert set(found["contrast"]) == {"b-a", "c-a"}
    assert found.groupby(["contrast", "method"]).size().eq(8).all()
    assert found["p_value"].notna().all()


def counts_of(ids, features=30):
    rng = np.random.default_rng(3)
    level = rng.uniform(20, 2000, (features, 1)) * rng.gamma(10, 0.1, (features, len(ids)))
    return drawn(ids, features) * 0 + rng.poisson(level)


@pytest.mark.parametrize("method", OF_COUNTS)
def test_every_method_of_counts_writes_effects_under_its_own_modality(book, method):
    wrote(counts_of(ids_of()), described(ids_of()))
    assert book(*ASKED, "--method", method, "--out", "o.csv").status == 0
    modality = {"composition": "cells", "taxa": "taxa"}.get(method, "rna")
    assert set(read()["modality"]) == {modality}
    assert read()["p_value"].notna().all()


@pytest.mark.parametrize("method", OF_VALUES)
def test_every_feature_comes_back_with_a_flag_where_it_has_no_test(book, method):
    table = drawn(ids_of())
    table.loc["constant"] = 5.0
    table.loc["empty"] = np.nan
    table.loc["one_phase"] = table.loc["g0"].where([name.endswith("a") for name in table])
    table.loc["one_value"] = table.loc["g0"].where(np.arange(table.shape[1]) == 0)
    wrote(table, described(table))
    done = book(*ASKED, "--method", method, "--out", "o.csv")
    found = read()
    for _, own in found.groupby("method"):
        assert list(own["feature"]) == list(table.index)
        assert own.loc[own["feature"].str.startswith("g"), "flag"].eq("").all()
    special = found[~found["feature"].str.startswith("g")]
    assert special["flag"].ne("").all()
    untested = found["p_value"].isna()
    assert found.loc[untested, "q_value"].isna().all()
    assert {"empty", "one_phase", "one_value"} <= set(found.loc[untested, "feature"])
    told = [line for line in done.lines if line.startswith("  not tested: ")]
    numbers = [int(re.match(r"  not tested: (\d+) \(.+\)$", line)[1]) for line in told]
    assert sum(numbers) == untested.sum()


def test_without_out_the_smallest_p_values_are_printed_and_nothing_is_written(book, tables):
    before = stood()
    done = book(*ASKED)
    assert done.status == 0
    assert stood() == before
    rows = done.out.strip().splitlines()
    assert len(rows) == 9
    assert "Hodges-Lehmann" not in done.out
    p = [float(row.split()[-2]) for row in rows[1:]]
    assert p == sorted(p)


def test_names_that_look_like_numbers_or_like_nothing_stay_names(book):
    rows = [(f"{10 + i}.{phase}0", f"00{i}", phase) for i in range(4) for phase in "12"]
    samples = pd.DataFrame(rows, columns=["sample_id", "subject", "phase"])
    table = drawn(samples["sample_id"]).set_axis(
        pd.Index(["NA", "nan", "NULL", "None", "001", "1.10", "TRUE", "1e5"], name="gene")
    )
    wrote(table, samples)
    words = ("--contrast", "2-1", "--diagnostics", "new", "--out", "o.csv")
    assert book(*BARE, *words).status == 0
    assert list(read()["feature"].unique()) == list(table.index)
    influence = pd.read_csv("new/2-1_influence.csv", dtype=str, keep_default_na=False)
    assert set(influence["subject"]) == {"000", "001", "002", "003"}


def test_phases_with_hyphens_are_joined_by_a_colon(book, refused):
    ids = ids_of(phases=("pre-run", "post"))
    wrote(drawn(ids), described(ids))
    (line,) = refused(*BARE, "--contrast", "post-pre-run", "--out", "o.csv")
    assert line.endswith("or write later:earlier with two of the phases pre-run, post")
    done = book(*BARE, "--contrast", "post:pre-run", "--out", "o.csv")
    assert done.status == 0
    assert set(read()["contrast"]) == {"post:pre-run"}


def test_a_contrast_asked_twice_is_answered_once(book, tables):
    book(*ASKED, "--contrast", "b-a", "--out", "o.csv")
    assert not read().duplicated(KEY).any()


def test_what_is_told_is_told_as_written_without_signs_or_colours(book):
    ids = [f"[red]{name}" for name in ids_of(phases=("smile", "b"))]
    wrote(drawn(ids[:-1]), described(ids[:-1]))
    done = book(*BARE, "--contrast", "b:smile", "--out", "o.csv")
    assert done.lines[0].startswith("b:smile: differences of 5 persons")
    assert done.lines[1] == "  left out, without one side of it: 1 ([red]s5)"


def test_many_persons_in_many_phases_are_no_trouble(book):
    ids = ids_of(300, [f"p{i}" for i in range(10)])
    wrote(drawn(ids, 60).round(3), described(ids))
    for method in ("paired", "block"):
        words = ("--contrast", "p9-p0", "--method", method, "--out", "o.csv")
        assert book(*BARE, *words).status == 0
        assert read()["n_subjects"].eq(300).all()


def test_few_words_say_what_a_result_rests_on(book, tables):
    assert book(*ASKED, "--out", "o.csv").lines == [
        "b-a: differences of 6 persons, 5 residual degrees of freedom",
        "b-a, paired t: 0 of 8 features with q <= .05",
        "b-a, Hodges-Lehmann: 0 of 8 features with q <= .05",
    ]
    assert book(*ASKED, "--method", "block", "--out", "o.csv").lines == [
        "b-a: 18 samples of 6 persons, 10 residual degrees of freedom",
        "b-a, block: 0 of 8 features with q <= .05",
    ]


def test_values_too_high_for_logarithms_are_refused_until_it_is_said_what_they_are(book, tables):
    wrote(tables[0] * 100, tables[1])
    done = book(*ASKED, "--out", "o.csv")
    assert done.status == 2
    assert re.match(r"values up to [\d.]+ are hardly logarithms to base 2", done.lines[0])
    for values in ("linear", "plain", "log2"):
        assert book(*ASKED, "--values", values, "--out", "o.csv").status == 0


def test_numbers_that_may_be_codes_are_told_to_enter_as_numbers(book):
    ids = ids_of(8)
    samples = described(ids)
    samples["site"] = [str(1 + int(name[1:].split("_")[0]) % 3) for name in ids]
    wrote(drawn(ids), samples)
    done = book(*ASKED, "--covariate", "site", "--out", "o.csv")
    assert "covariate 'site' enters as a number" in done.told


def test_a_control_arm_of_other_people_is_taken_off_on_a_bare_table(book):
    ids = ids_of(12, "ab")
    samples = described(ids)
    samples["arm"] = ["train" if int(name[1:].split("_")[0]) < 6 else "rest" for name in ids]
    values = drawn(ids)
    wrote(values, samples)
    assert "add --arm" in book(*ASKED, "--out", "o.csv").told
    done = book(*ASKED, "--arm", "train", "--control", "rest", "--out", "o.csv")
    assert done.status == 0
    found = read("o.csv").set_index("feature")
    change = (
        values[[name for name in ids if name.endswith("_b")]].to_numpy()
        - values[[name for name in ids if name.endswith("_a")]].to_numpy()
    )
    trained = np.array([int(name[1:].split("_")[0]) < 6 for name in ids if name.endswith("_b")])
    expected = change[:, trained].mean(axis=1) - change[:, ~trained].mean(axis=1)
    np.testing.assert_allclose(found.loc[values.index, "estimate"], expected, atol=1e-6)
    assert "--control 'nobody'" in book(*ASKED, "--arm", "train", "--control", "nobody").told
    assert "is the arm itself" in book(*ASKED, "--arm", "train", "--control", "train").told


# persons and samples


def test_a_person_in_one_phase_alone_is_dropped_by_paired_with_a_count_and_kept_by_mixed(book):
    ids = [name for name in ids_of(7, "ab") if name not in ("s2_b", "s5_a")]
    wrote(drawn(ids), described(ids))
    paired = book(*ASKED, "--out", "paired.csv")
    assert paired.lines[:2] == [
        "b-a: differences of 5 persons, 4 residual degrees of freedom",
        "  left out, without one side of it: 2 (s2, s5)",
    ]
    mixed = book(*ASKED, "--method", "mixed", "--out", "mixed.csv")
    assert mixed.lines[0] == "b-a: 12 samples of 7 persons"
    assert read("paired.csv")["n_subjects"].eq(5).all()
    assert read("mixed.csv")["n_subjects"].eq(7).all()


def test_a_described_sample_without_a_column_is_a_note(book, tables):
    table, samples = tables
    for lost, told in (
        (["s0_c"], "note: 1 described sample has no column in the table: s0_c"),
        (["s0_c", "s1_c"], "note: 2 described samples have no column in the table: s0_c, s1_c"),
    ):
        wrote(table.drop(columns=lost), samples)
        done = book(*ASKED, "--out", "o.csv")
        assert done.status == 0
        assert done.lines[0] == told


def test_of_many_names_ten_are_told_and_the_rest_counted(book):
    ids = ids_of(40, "ab")
    wrote(drawn(ids[:20]), described(ids))
    done = book(*ASKED, "--out", "o.csv")
    assert done.lines[0].startswith("note: 60 described samples have")
    assert done.lines[0].endswith(": " + ", ".join(ids[20:30]) + " and 50 more")


def test_replicates_need_a_rule_and_are_averaged_by_one(book, refused, tables):
    table, samples = tables
    twin = table["s0_a"] + 1
    again = pd.DataFrame({"sample_id": ["s0_a2"], "subject": ["s0"], "phase": ["a"]})
    wrote(table.assign(s0_a2=twin), pd.concat([samples, again]))
    (line,) = refused(*ASKED, "--out", "o.csv")
    assert "s0, all, a (s0_a, s0_a2)" in line
    assert "--replicates average" in line
    (line,) = refused(*ASKED, "--replicates", "sum", "--out", "o.csv")
    assert "sum is for methods of counts" in line
    assert book(*ASKED, "--replicates", "average", "--out", "o.csv").status == 0
    averaged = read()
    wrote(table.assign(s0_a=table["s0_a"] + 0.5), samples)
    book(*ASKED, "--out", "o.csv")
    for name in ("estimate", "p_value", "n_subjects"):
        np.testing.assert_allclose(averaged[name], read()[name], rtol=1e-9)


def test_counts_of_replicates_are_summed(book):
    ids = ids_of()
    table = counts_of(ids)
    half = (table["s0_a"] // 2).astype(int)
    split = table.assign(s0_a=half, s0_a2=table["s0_a"] - half)
    again = pd.DataFrame({"sample_id": ["s0_a2"], "subject": ["s0"], "phase": ["a"]})
    wrote(split, pd.concat([described(ids), again]))
    words = (*ASKED, "--method", "voom", "--out", "o.csv")
    assert book(*words, "--replicates", "sum").status == 0
    summed = read()
    wrote(table, described(ids))
    book(*words)
    np.testing.assert_allclose(summed["p_value"], read()["p_value"], rtol=1e-8)


def test_arms_that_the_same_people_went_through_are_compared_on_a_bare_table_too(book):
    ids = ids_of(6, ("runx", "runy", "restx", "resty"))
    samples = described(ids)
    samples["arm"] = samples["phase"].str[:-1]
    samples["phase"] = samples["phase"].str[-1]
    table = drawn(ids)
    wrote(table, samples)
    words = ("--contrast", "y-x", "--arm", "run", "--control", "rest", "--out", "o.csv")
    assert book(*BARE, *words).status == 0
    d = differences(table, "runy", "runx") - differences(table, "resty", "restx")
    expected = stats.ttest_1samp(d, 0, axis=1).pvalue
    np.testing.assert_allclose(read()["p_value"], expected, rtol=1e-8)


def test_arms_of_a_bare_table_are_told_apart(refused, tables):
    table, samples = tables
    wrote(table, samples.assign(arm=["ex"] * 9 + ["rest"] * 9))
    (line,) = refused(*ASKED, "--out", "o.csv")
    assert "does not say which of the arms ex, rest is meant" in line


# covariates


def test_a_covariate_of_persons_leaves_the_effect_at_its_mean_as_statsmodels_has_it(book, tables):
    table, samples = tables
    done = book(*ASKED, "--covariate", "age", "--out", "o.csv")
    assert done.lines[0] == "b-a: differences of 6 persons, 4 residual degrees of freedom"
    found = read().set_index("feature")
    assert set(found["method"]) == {"paired t, adjusted"}
    age = samples["age"].to_numpy(float)[::3]
    for feature, own in differences(table).iterrows():
        fit = sm.OLS(own.to_numpy(), np.column_stack([np.ones(6), age - age.mean()])).fit()
        assert found.loc[feature, "estimate"] == pytest.approx(fit.params[0], rel=1e-9)
        assert found.loc[feature, "p_value"] == pytest.approx(fit.pvalues[0], rel=1e-8)
        assert found.loc[feature, "df"] == 4


def test_a_covariate_that_varies_enters_as_its_change_as_statsmodels_has_it(book, tables):
    table, samples = tables
    assert book(*ASKED, "--covariate", "hour", "--out", "o.csv").status == 0
    found = read().set_index("feature")
    hour = samples["hour"].to_numpy().reshape(6, 3)
    for feature, own in differences(table).iterrows():
        fit = sm.OLS(own.to_numpy(), sm.add_constant(hour[:, 1] - hour[:, 0])).fit()
        assert found.loc[feature, "p_value"] == pytest.approx(fit.pvalues[0], rel=1e-8)


def test_a_covariate_that_persons_tell_already_is_told_by_block(book, tables):
    done = book(*ASKED, "--method", "block", "--covariate", "age", "--out", "o.csv")
    assert done.lines[1] == "  not adjusted for age, which follows from persons"


@pytest.mark.parametrize("method", ["paired", "block", "duplicate-correlation", "mixed", "voom"])
def test_a_batch_that_changes_with_the_phase_is_named_as_what_hides_the_contrast(
    refused, tables, method
):
    if method == "voom":
        wrote(counts_of(ids_of()), tables[1])
    (line,) = refused(*ASKED, "--method", method, "--covariate", "batch", "--out", "o.csv")
    assert line.startswith(
        "'b-a' is not estimable: it is aliased with batch y; leave the covariate"
    )


def test_a_covariate_without_a_value_is_told_by_sample(refused, tables):
    table, samples = tables
    wrote(table, samples.assign(age=samples["age"].where(samples.index != 4)))
    (line,) = refused(*ASKED, "--covariate", "age", "--out", "o.csv")
    assert line == (
        "covariate 'age' has no value for 1 of 12 samples (s1_b); fill it, or leave the covariate "
        "or the samples out"
    )


@pytest.mark.parametrize(("method", "most"), [("paired", 5), ("block", 10)])
def test_covariates_that_use_up_all_degrees_of_freedom_are_refused(refused, tables, method, most):
    table, samples = tables
    rng = np.random.default_rng(6)
    more = {f"x{i}": rng.normal(size=len(samples)) for i in range(most)}
    wrote(table, samples.assign(**more))
    words = [word for name in more for word in ("--covariate", name)]
    (line,) = refused(*ASKED, *words, "--method", method, "--out", "o.csv")
    assert "no residual degrees of freedom; leave covariates out" in line


# misuse

WORDS = {
    "an unknown method": (["--method", "pairde"], ["no method 'pairde'; did you mean 'paired'?"]),
    "an unknown moderation": (
        ["--moderation", "trnd"],
        ["no moderation 'trnd'; did you mean 'trend'?"],
    ),
    "unknown values": (["--values", "log"], ["--values 'log'; did you mean 'log2'?"]),
    "an unknown rule for replicates": (
        ["--replicates", "averge"],
        ["--replicates 'averge'; did you mean 'average'?"],
    ),
    "an unknown modality": (
        ["--modality", "protein"],
        ["--modality 'protein'; did you mean 'proteins'?"],
    ),
    "an unknown phase": (
        ["--contrast", "b-d"],
        ["no contrast 'b-d'; none is known; or write later:earlier with two of the phases a, b, c"],
    ),
    "a phase against itself": (["--contrast", "b-b"], ["'b-b' compares phase 'b' with itself"]),
    "an unknown covariate": (
        ["--covariate", "agee"],
        ["no covariate 'agee'; did you mean 'age'?"],
    ),
    "the phase as a covariate": (
        ["--covariate", "phase"],
        ["'phase' is part of every design already; leave it out"],
    ),
    "covariates where none are taken": (
        ["--covariate", "age", "--method", "sign-flip"],
        ["sign-flip takes no covariates; these do: "],
    ),
    "moderation where none is": (
        ["--moderation", "trend", "--method", "mixed"],
        ["mixed takes no moderation; these do: "],
    ),
    "logarithms as counts": (["--method", "voom"], ["voom needs raw counts; these values end at "]),
    "a joint test of counts": (
        ["--method", "voom", "--joint", "j.csv"],
        ["--joint is of the block model, which takes no counts, as voom"],
    ),
    "several at once": (
        ["--method", "pairde", "--values", "lg", "--replicates", "x", "--moderation", "y",
         "--modality", "z", "--out", "t.csv", "--joint", "."],
        ["no method 'pairde'", "no moderation 'y'", "--values 'lg'", "--replicates 'x'",
         "--modality 'z'", "--out t.csv is what is read", "--joint . is a folder"],
    ),
    "two unknown contrasts": (
        ["--contrast", "b-d", "--contrast", "x"], ["no contrast 'b-d'", "no contrast 'x'"],
    ),
    "two unknown covariates": (
        ["--covariate", "foo", "--covariate", "bar", "--covariate", "subject"],
        ["no covariate 'foo'", "no covariate 'bar'", "'subject' is part of every design"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("words", "told"), WORDS.values(), ids=WORDS.keys())
def test_a_wrong_word_is_refused_with_a_hint_and_all_of_them_at_once(refused, tables, words, told):
    out = [] if "--out" in words else ["--out", "o.csv"]
    lines = refused(*ASKED, *words, *out)
    assert len(lines) == len(told)
    for expected in told:
        assert sum(line.startswith(expected) for line in lines) == 1


def test_a_bare_table_needs_samples_and_a_package_brings_its_own(refused, tables, package):
    (line,) = refused("effects", "t.csv", "--contrast", "b-a")
    assert line.startswith("--samples is needed for a bare table")
    lines = refused("effects", "study", "--contrast", "x", "--samples", "s.csv", "--values", "log2")
    assert [line.split(" goes")[0] for line in lines] == ["--samples", "--values"]


def test_a_source_that_is_nothing_gets_a_hint(refused):
    (line,) = refused("effects", "referense", "--contrast", "b-a")
    assert line == "'referense' is no file, no folder and no id; did you mean 'reference'?"


def test_a_command_without_a_contrast_says_so(book, tables):
    done = book(*BARE)
    assert done.status == 2
    assert "--contrast" in done.told


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("people", [1, 2])
def test_fewer_than_three_persons_are_refused_by_every_method(refused, method, people):
    ids = ids_of(people)
    wrote(counts_of(ids) if method in OF_COUNTS else drawn(ids), described(ids))
    (line,) = refused(*ASKED, "--method", method, "--out", "o.csv")
    assert line.startswith("'b-a': ")
    assert line.endswith("at least 3 are needed")


@pytest.mark.parametrize(
    "method", [m for m in METHODS if m not in ("mixed", "mixed-satterthwaite")]
)
def test_persons_with_one_side_each_cannot_be_compared_with_themselves(book, method):
    ids = [f"s{i}_{'ab'[i % 2]}" for i in range(8)]
    wrote(counts_of(ids) if method in OF_COUNTS else drawn(ids), described(ids))
    before = stood()
    done = book(*ASKED, "--method", method, "--out", "o.csv")
    assert done.status == 2
    assert stood() == before
    assert done.lines[-1].endswith("at least 3 are needed") or "mixed needs none" in done.lines[-1]


@pytest.mark.parametrize("method", OF_COUNTS)
def test_negative_counts_are_refused_by_gene_and_sample(book, method):
    table = counts_of(ids_of())
    table.loc["g3", "s1_b"] = -4
    wrote(table, described(table))
    before = stood()
    done = book(*ASKED, "--method", method, "--out", "o.csv")
    assert done.status == 2
    assert stood() == before
    assert "'g3'" in done.lines[-1]
    assert "'s1_b'" in done.lines[-1]


def test_faults_of_a_table_are_told_by_file_row_and_column_all_at_once(refused, tables):
    rows = Path("t.csv").read_text().splitlines()
    fields = rows[1].split(",")
    rows[1] = ",".join([fields[0], "<LOD", "inf", *fields[3:]])
    rows[2] = "g0" + rows[2][2:]
    rows[3] = rows[3][2:]
    Path("t.csv").write_text("\n".join(rows) + "\n")
    Path("s.csv").write_text(Path("s.csv").read_text() + "s0_a,s0,b,1,x,9\n")
    lines = refused(*ASKED, "--out", "o.csv")
    assert len(lines) == 5
    for told in (
        "t.csv, row 2, column s0_a: found '<LOD'; expected a number",
        "t.csv, row 2, column s0_b: found inf; expected a finite number",
        "t.csv, row 3, column feature: found 'g0'; expected each feature once",
        "t.csv, row 4, column feature: found an empty field; expected the name of a feature",
        "s.csv, row 20, column sample_id: found 's0_a'; expected each sample once",
    ):
        assert sum(line.startswith(told) for line in lines) == 1


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("t.csv", b"", "t.csv: found an empty file"),
        ("t.csv", b"feature,s0_a,s0_b\n", "t.csv: found a header and no rows"),
        (
            "t.csv",
            b"feature;s0_a;s0_b\ng0;1,5;2\n",
            "t.csv, row 1: found columns separated by semi",
        ),
        ("t.csv", b"feature,q_a\ng0,1\n", "t.csv, row 1: found a column 'q_a' that s.csv does not"),
        ("t.csv.gz", b"feature,s0_a\ng0,1\n", "t.csv.gz: found a damaged file, or one that is not"),
        ("s.csv", b"sample_id,person,phase\ns0_a,s0,a\n", "s.csv: found no column 'subject'"),
        ("s.csv", b"", "s.csv: found an empty file"),
    ],
)
def test_a_table_that_is_none_is_one_clear_line(refused, tables, name, content, told):
    Path(name).write_bytes(content)
    table = name if name.startswith("t") else "t.csv"
    (line,) = refused("effects", table, "--samples", "s.csv", "--contrast", "b-a", "--out", "o.csv")
    assert line.startswith(told)


def test_a_gzipped_table_with_tabs_and_lines_of_windows_gives_what_the_plain_one_gives(
    book, tables
):
    book(*ASKED, "--out", "o.csv")
    text = Path("t.csv").read_text().replace(",", "\t").replace("\n", "\r\n")
    Path("t.tsv.gz").write_bytes(gzip.compress(b"\xef\xbb\xbf" + text.encode()))
    words = ("effects", "t.tsv.gz", "--samples", "s.csv", "--contrast", "b-a", "--out", "again.csv")
    assert book(*words).status == 0
    assert Path("again.csv").read_bytes() == Path("o.csv").read_bytes()


# places


def test_a_place_that_cannot_be_written_to_is_refused_before_anything_is_read(refused, tables):
    Path("folder").mkdir()
    Path("table").mkdir()
    (Path("table") / "file").write_text("mine")
    for words, told in (
        (["--out", "folder"], "--out folder is a folder; name a file"),
        (["--joint", "folder"], "--joint folder is a folder; name a file"),
        (["--out", "t.csv/o.csv"], "t.csv is a file; name another folder"),
        (["--out", "t.csv/deeper/o.csv"], "t.csv is a file; name another folder"),
        (["--out", "/proc/o.csv"], "--out: /proc cannot be written to"),
        (["--out", "/dev/null"], "--out /dev/null is no regular file"),
        (["--out", "t.csv"], "--out t.csv is what is read; name another file"),
        (["--out", "./folder/../s.csv"], "is what is read; name another file"),
        (["--out", "x.csv", "--joint", "./x.csv"], "--out and --joint are both x.csv"),
        (["--diagnostics", "table"], "table is not empty; name a new folder, nothing was written"),
        (["--diagnostics", "t.csv"], "t.csv is a file; name a new folder, nothing was written"),
        (["--diagnostics", "t.csv/new"], "t.csv is a file; name another folder"),
        (["--diagnostics", "new", "--out", "new/o.csv"], "lies in the new folder of --diagnostics"),
        (["--diagnostics", "new", "--joint", "new/j.csv"], "lies in the new folder"),
    ):
        (line,) = refused(*ASKED, *words)
        assert told in line


def test_everything_asked_for_is_written_and_named(book, tables):
    done = book(*ASKED, "--contrast", "c-a", "--out", "deep/er/o.csv", "--joint", "j.csv",
                "--diagnostics", "new")  # fmt: skip
    assert done.out.splitlines() == ["new", "j.csv", "deep/er/o.csv"]
    kinds = ("influence.csv", "mean_variance.svg", "p_values.svg")
    expected = {f"{contrast}_{kind}" for contrast in ("b-a", "c-a") for kind in kinds}
    assert {path.name for path in Path("new").iterdir()} == expected
    assert len(read("deep/er/o.csv")) == 32
    joint = pd.read_csv("j.csv", keep_default_na=False, na_values={"p_value": [""]})
    JOINT_TESTS.validate(joint)
    assert joint["df"].eq(2).all()
    assert "--joint: F tests by the method block" in done.lines
    assert not list(Path().rglob(".*"))


def test_influence_is_what_leaving_a_person_out_does(book, tables):
    book(*ASKED, "--diagnostics", "new")
    influence = pd.read_csv("new/b-a_influence.csv").set_index(["feature", "subject"])
    d = differences(tables[0]).set_axis([f"s{i}" for i in range(6)], axis=1)
    assert len(influence) == 48
    for (feature, person), found in influence.iterrows():
        rest = d.loc[feature].drop(person)
        assert found["estimate_without"] == pytest.approx(rest.mean(), rel=1e-9)
        assert found["p_without"] == pytest.approx(stats.ttest_1samp(rest, 0).pvalue, rel=1e-8)


def test_diagnostics_of_counts_are_of_their_logarithms(book):
    wrote(counts_of(ids_of()), described(ids_of()))
    assert book(*ASKED, "--method", "voom", "--diagnostics", "new", "--out", "o.csv").status == 0
    influence = pd.read_csv("new/b-a_influence.csv")
    assert influence["difference"].abs().max() < 20


def test_influence_in_arms_of_other_people_is_of_both_arms(book, package):
    package("parallel")
    words = ("--contrast", "run against rest", "--diagnostics", "new", "--out", "o.csv")
    assert book("effects", "study", *words).status == 0
    influence = pd.read_csv("new/run_against_rest_influence.csv", dtype={"subject": str})
    assert set(influence["subject"]) == set(PARALLEL)


def test_where_nobody_has_both_sides_there_is_no_influence_to_write_and_that_is_told(book):
    ids = [f"s{i}_{'ab'[i % 2]}" for i in range(8)]
    wrote(drawn(ids), described(ids))
    done = book(*ASKED, "--method", "mixed", "--diagnostics", "new", "--out", "o.csv")
    assert done.status == 0
    assert [path.name for path in Path("new").iterdir()] == ["b-a_p_values.svg"]
    assert "b-a: nobody has all sides of it; no influence and no spread are written" in done.lines


@pytest.mark.parametrize("broken", ["save_chart", "joint_test", "to_csv"])
def test_a_failure_in_the_middle_leaves_nothing_and_keeps_what_stood(
    book, tables, monkeypatch, broken
):
    Path("o.csv").write_text("what stood\n")
    if broken == "save_chart":
        from exercisebook.figures import theme as owner
    elif broken == "joint_test":
        from exercisebook.stats import models as owner
    else:
        owner = pd.DataFrame
    whole, calls = getattr(owner, broken), []

    def breaks(*given, **named):
        calls.append(given)
        # the effects are the fourth table: after two of influence, and the joint tests
        if broken != "to_csv" or len(calls) == 4:
            raise OSError(28, "No space left on device")
        return whole(*given, **named)

    monkeypatch.setattr(owner, broken, breaks)
    before = stood()
    done = book(*ASKED, "--contrast", "c-a", "--out", "o.csv", "--joint", "j.csv",
                "--diagnostics", "new")  # fmt: skip
    assert done.status == 1
    assert "no room left on the disk" in done.lines[-1]
    assert stood() == before
    assert calls


def test_an_old_result_is_replaced_whole(book, tables):
    Path("o.csv").write_text("old\n" * 1000)
    book(*ASKED, "--out", "o.csv")
    assert "old" not in Path("o.csv").read_text()
    read()


def test_a_folder_is_made_whole_or_not_at_all(tmp_path):
    def writes(folder, fails):
        with whole_folder(folder) as staging:
            (staging / "first").write_text("1")
            assert not (folder / "first").exists()
            if fails:
                raise RuntimeError("in the middle")
            (staging / "second").write_text("2")

    for folder in (tmp_path / "new", tmp_path / "deep" / "new", tmp_path / "empty"):
        if folder.name == "empty":
            folder.mkdir()
        with pytest.raises(RuntimeError, match="in the middle"):
            writes(folder, fails=True)
        assert not list(folder.rglob("*"))
        assert not list(tmp_path.rglob(".*"))
        writes(folder, fails=False)
        assert {path.name for path in folder.iterdir()} == {"first", "second"}
        assert folder.stat().st_mode & 0o777 == 0o755
    assert not list(tmp_path.rglob(".*"))
    with pytest.raises(Misuse, match="not empty"):
        writes(tmp_path / "new", fails=False)
    assert (tmp_path / "new" / "second").read_text() == "2"


def test_files_that_are_written_together_are_all_there_or_none(tmp_path):
    from contextlib import ExitStack

    def writes(fails):
        with ExitStack() as whole:
            for name in ("one", "two"):
                whole.enter_context(whole_file(tmp_path / name)).write_text(name)
            if fails:
                raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        writes(fails=True)
    assert list(tmp_path.iterdir()) == []
    writes(fails=False)
    assert {path.name for path in tmp_path.iterdir()} == {"one", "two"}


# cohort packages

CONTRASTS = [
    ("ran", "acute", "after", "before", "run", "run"),
    ("run against rest", "acute", "after", "before", "run", "rest"),
]


def cohort_of(arms, modality="cytokines", features=6, age=True, fraction=False):
    """Return a cohort of people given the arms each goes through, before and after."""
    rng = np.random.default_rng(8)
    places = [
        (person, arm, phase)
        for person, own in arms.items()
        for arm in own
        for phase in ("before", "after")
    ]
    samples = pd.DataFrame(places, columns=["subject", "arm", "phase"])
    samples.insert(0, "sample_id", [".".join(place) for place in places])
    samples = samples.assign(
        day=0.0, time_h=rng.normal(9, 1, len(samples)).round(2), hours_since_bout=np.nan,
        fasting="yes", batch="1",
    )  # fmt: skip
    names = [f"f{i}" for i in range(features)]
    logs = rng.normal(4, 1, (len(samples), features))
    values = 1 / (1 + np.exp(logs)) if fraction else np.exp2(logs)
    measured = pd.DataFrame(
        {
            "sample_id": np.repeat(samples["sample_id"], features).to_numpy(),
            "feature": names * len(samples),
            "value": values.ravel(),
            "status": "ok",
        }
    )
    ages = 20.0 + 7 * np.arange(len(arms)) % 40 if age else np.nan
    return Cohort(
        "study",
        pd.DataFrame({"subject": list(arms), "sex": "female", "age": ages}),
        samples,
        features_frame([(modality, name, name.upper(), "pg/mL", np.nan) for name in names]),
        contrasts_frame(CONTRASTS),
        {modality: measured},
        {"title": "A study", "licenses": [{"name": "CC0-1.0"}]},
    )


CROSSOVER = {f"00{i}": ["run", "rest"] for i in range(7)}
PARALLEL = {**{f"00{i}": ["run"] for i in range(6)}, **{f"01{i}": ["rest"] for i in range(5)}}


STUDIES = {
    "crossover": {"arms": CROSSOVER},
    "parallel": {"arms": PARALLEL},
    "an arm of two": {"arms": {name: PARALLEL[name] for name in list(PARALLEL)[:8]}},
    "one in both arms": {"arms": {**PARALLEL, "099": ["run", "rest"]}},
    "without ages": {"arms": CROSSOVER, "age": False},
    "fractions": {"arms": CROSSOVER, "modality": "cells", "fraction": True},
}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Return a function that gives the folder of a study, written once."""
    folders = {}

    def of(name):
        if name not in folders:
            folders[name] = tmp_path_factory.mktemp("packages") / "study"
            write_cohort(cohort_of(**STUDIES[name]), folders[name])
        return folders[name]

    return of


@pytest.fixture
def package(book, written):
    """Put the crossover study here as ``study``; return a function that puts another."""

    def put(name):
        shutil.rmtree("study", ignore_errors=True)
        shutil.copytree(written(name), "study")
        return cohort_of(**STUDIES[name])

    put("crossover")
    return put


def changes_of(cohort, arm, modality="cytokines"):
    long = cohort.long(modality)
    own = long[long["arm"] == arm].assign(log=lambda frame: np.log2(frame["value"]))
    wide = own.pivot(index=["subject", "feature"], columns="phase", values="log")
    return (wide["after"] - wide["before"]).unstack("feature")


STUDY = ("effects", "study", "--modality", "cytokines", "--out", "o.csv", "--contrast")


def test_a_contrast_within_an_arm_of_a_package_is_paired(book, package):
    cohort = cohort_of(CROSSOVER)
    assert book(*STUDY, "ran").status == 0
    found = read()
    own = found[found["method"] == "paired t"].set_index("feature")
    d = changes_of(cohort, "run")
    np.testing.assert_allclose(own["estimate"], d.mean()[own.index], rtol=1e-9)
    assert own["canonical_id"].tolist() == ["F0", "F1", "F2", "F3", "F4", "F5"]
    assert set(own["unit"]) == {"pg/mL"}
    assert set(own["kind"]) == {"acute"}
    assert set(own["dataset"]) == {"study"}


def test_arms_of_the_same_people_are_a_difference_of_differences(book, package):
    cohort = cohort_of(CROSSOVER)
    done = book(*STUDY, "run against rest")
    expected = "run against rest: differences of 7 persons, 6 residual degrees of freedom"
    assert done.lines[0] == expected
    found = read()
    assert set(found["method"]) == {"paired t"}
    d = changes_of(cohort, "run") - changes_of(cohort, "rest")
    for effect in found.itertuples():
        expected = stats.ttest_1samp(d[effect.feature], 0)
        assert effect.statistic == pytest.approx(expected.statistic, rel=1e-9)
        assert effect.p_value == pytest.approx(expected.pvalue, rel=1e-8)


def test_arms_of_other_people_are_compared_by_their_changes(book, package):
    cohort = package("parallel")
    words = ("effects", "study", "--out", "o.csv", "--contrast", "run against rest")
    done = book(*words)
    assert done.lines[0] == (
        "run against rest: differences of 6 and 5 persons, 9 residual degrees of freedom"
    )
    ours, theirs = changes_of(cohort, "run"), changes_of(cohort, "rest")
    for effect in read().itertuples():
        expected = stats.ttest_ind(ours[effect.feature], theirs[effect.feature])
        assert effect.statistic == pytest.approx(expected.statistic, rel=1e-9)
        assert effect.p_value == pytest.approx(expected.pvalue, rel=1e-8)
    assert book(*words, "--covariate", "age").status == 0
    age = cohort.subjects.set_index("subject")["age"]
    for effect in read().itertuples():
        d = pd.concat([ours[effect.feature], theirs[effect.feature]])
        columns = np.column_stack([np.ones(11), np.arange(11) < 6, age[d.index]])
        fit = sm.OLS(d.to_numpy(), columns).fit()
        assert effect.estimate == pytest.approx(fit.params[1], rel=1e-8)
        assert effect.p_value == pytest.approx(fit.pvalues[1], rel=1e-8)


def test_a_crossover_takes_the_change_of_the_hour_and_the_age_of_the_person(book, package):
    cohort = cohort_of(CROSSOVER)
    assert book(*STUDY, "ran", "--covariate", "time_h", "--covariate", "age").status == 0
    hour = cohort.samples.query("arm == 'run'").pivot(
        index="subject", columns="phase", values="time_h"
    )
    age = cohort.subjects.set_index("subject")["age"]
    d = changes_of(cohort, "run")
    columns = np.column_stack(
        [np.ones(7), (hour["after"] - hour["before"])[d.index], (age - age.mean())[d.index]]
    )
    for effect in read().itertuples():
        fit = sm.OLS(d[effect.feature].to_numpy(), columns).fit()
        assert effect.estimate == pytest.approx(fit.params[0], rel=1e-8)
        assert effect.p_value == pytest.approx(fit.pvalues[0], rel=1e-8)


@pytest.mark.parametrize("method", ["sign-flip", "hodges-lehmann"])
def test_methods_of_one_group_refuse_arms_of_other_people_and_say_what_takes_them(
    refused, package, method
):
    package("parallel")
    (line,) = refused("effects", "study", "--contrast", "run against rest", "--method", method)
    assert line.startswith(f"'run against rest': {method} compares persons with themselves")
    assert line.endswith("use paired, block, duplicate-correlation or mixed")


def test_an_arm_of_two_is_too_small_to_compare(refused, package):
    package("an arm of two")
    for method in ("paired", "block"):
        words = ("--contrast", "run against rest", "--method", method, "--out", "o.csv")
        (line,) = refused("effects", "study", *words)
        assert re.search(r"\b2\b.*at least 3 are needed", line)


def test_people_who_share_few_of_both_arms_are_refused_and_counted(refused, package):
    package("one in both arms")
    (line,) = refused("effects", "study", "--contrast", "run against rest", "--out", "o.csv")
    assert "persons with samples on all sides of it: 1 of 12; at least 3 are needed" in line


PACKAGE_FAULTS = {
    "an unknown modality": (
        ["--modality", "protein"], ["--modality 'protein'; did you mean 'proteins'?"],
    ),
    "a modality that it does not hold": (
        ["--modality", "proteins"], ["study holds no 'proteins' table; known are: cytokines"],
    ),
    "an unknown contrast": (["--contrast", "rann"], ["no contrast 'rann'; did you mean 'ran'?"]),
    "phases that leave the arm open": (
        ["--contrast", "after-before"], ["'after-before' does not say which of the arms run, rest"],
    ),
    "counts of what was not counted": (
        ["--method", "voom"], ["voom needs raw counts, and cytokines are none; counts are in rna"],
    ),
    "an unknown covariate": (["--covariate", "ag"], ["no covariate 'ag'; did you mean 'age'?"]),
    "a sample as a covariate": (["--covariate", "sample_id"], ["no covariate 'sample_id'"]),
    "two at once": (
        ["--modality", "proteins", "--contrast", "rann"],
        ["study holds no 'proteins' table", "no contrast 'rann'"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("words", "told"), PACKAGE_FAULTS.values(), ids=PACKAGE_FAULTS.keys())
def test_what_a_package_does_not_hold_is_refused_with_a_hint(refused, package, words, told):
    lines = refused("effects", "study", "--contrast", "ran", *words, "--out", "o.csv")
    assert len(lines) == len(told)
    for line, expected in zip(lines, told, strict=True):
        assert line.startswith(expected)


def test_a_package_of_one_modality_needs_no_name_of_it_and_one_of_several_does(book, refused):
    cohort = cohort_of(CROSSOVER)
    write_cohort(cohort, Path("one"))
    assert book("effects", "one", "--contrast", "ran").status == 0
    others = cohort_of(CROSSOVER, "clinical")
    both = Cohort(
        "both", cohort.subjects, cohort.samples, pd.concat([cohort.features, others.features]),
        cohort.contrasts, {**cohort.measurements, **others.measurements}, cohort.description,
    )  # fmt: skip
    write_cohort(both, Path("both"))
    (line,) = refused("effects", "both", "--contrast", "ran")
    assert line == "--modality is needed: both holds cytokines, clinical"


def test_an_age_that_nobody_gave_is_one_line(refused, package):
    package("without ages")
    (line,) = refused("effects", "study", "--contrast", "ran", "--covariate", "age")
    assert line.startswith("covariate 'age' has no value for 14 of 14 samples (000.run.before, ")
    assert "and 4 more" in line


def test_fractions_of_cells_are_compared_as_logits(book, package):
    package("fractions")
    assert book("effects", "study", "--contrast", "ran", "--out", "o.csv").status == 0
    assert set(read()["effect_scale"]) == {"logit"}


def test_a_package_and_its_bare_table_give_the_same_numbers(book, package):
    cohort = cohort_of(CROSSOVER)
    book(*STUDY, "ran")
    own = cohort.long("cytokines").query("arm == 'run'")
    own.pivot(index="feature", columns="sample_id", values="value").to_csv("t.csv")
    own[["sample_id", "subject", "phase"]].drop_duplicates().to_csv("s.csv", index=False)
    done = book(*BARE, "--contrast", "after-before", "--values", "linear", "--out", "bare.csv")
    assert done.status == 0
    numbers = ["n_subjects", "estimate", "se", "df", "p_value", "q_value", "detectable"]
    pd.testing.assert_frame_equal(read()[numbers], read("bare.csv")[numbers], rtol=1e-9)


def test_the_reference_cohort_is_an_id(book):
    words = ("--modality", "cytokines", "--contrast", "acute-baseline", "--out", "o.csv")
    assert book("effects", "reference", *words).status == 0
    assert read()["p_value"].notna().all()


def test_a_broken_package_is_told_with_all_its_problems(refused, package):
    path = Path("study/samples.csv")
    path.write_text(path.read_text().replace("000.run.before,000,", "000.run.before,999,", 1))
    lines = refused("effects", "study", "--contrast", "ran")
    assert lines
    assert "samples.csv, row 2" in lines[0]


def test_a_folder_that_is_no_package_says_so(refused, tables):
    Path("folder").mkdir()
    (line,) = refused("effects", "folder", "--contrast", "b-a")
    assert line.endswith("holds no datapackage.json, so it is no cohort package")


def test_the_program_itself_ends_with_the_status_and_one_line(tables):
    command = [sys.executable, "-m", "exercisebook.cli", *ASKED, "--out", "t.csv"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "--out t.csv is what is read; name another file\n"
