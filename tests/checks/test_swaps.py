"""Exchanged tubes in simulated cohorts whose truth is known."""

import numpy as np
import pytest

from exercisebook.checks import swaps
from exercisebook.checks.swaps import identity_findings
from exercisebook.simulate.cohorts import simulate
from exercisebook.simulate.worlds import world
from exercisebook.stats.assay import assay_from_long

BLOCKS = ("clinical", "blood_count", "cytokines", "proteins", "metabolites", "taxa")


def findings(made):
    cohort = made.cohort
    assays = {m: assay_from_long(cohort.long(m), "difference") for m in cohort.measurements}
    return identity_findings(cohort, assays, np.random.default_rng(1))


def flagged(found):
    return [f for f in found if f.code in ("I401", "I402", "I403", "I404")]


def between_people(made):
    """Return the pairs of samples of different people whose protein tubes changed places."""
    truth = made.truth["samples"]
    moved = truth[truth["sample_id"] != truth["proteins_are_of"]]
    pairs = {tuple(sorted(pair)) for pair in zip(moved["sample_id"], moved["proteins_are_of"],
                                                 strict=True)}  # fmt: skip
    return {pair for pair in pairs if pair[0].split("-")[0] != pair[1].split("-")[0]}


@pytest.mark.parametrize("seed", range(4))
def test_exchanged_protein_tubes_are_told_as_such_and_nothing_else_is(seed):
    made = simulate(world("swaps"), 13, seed, blocks=BLOCKS, cells_per_sample=0)
    told = flagged(findings(made))
    assert {f.code for f in told} == {"I401"}
    assert {f.file for f in told} == {"measurements/proteins.csv"}
    pairs = between_people(made)
    assert pairs
    assert len(told) == len(pairs)
    for pair in pairs:
        assert any(pair[0] in f.found and pair[1] in f.found for f in told)


@pytest.mark.parametrize("name", ["null", "reference", "responders", "batch", "dropout"])
def test_a_world_without_exchanges_gives_no_alarm(name):
    for seed in range(4):
        made = simulate(world(name), 13, seed, blocks=BLOCKS[:5], cells_per_sample=0)
        assert flagged(findings(made)) == []


def test_every_modality_tells_which_share_would_have_shown(monkeypatch):
    monkeypatch.setattr(swaps, "DRAWS", 30)
    made = simulate(world("reference"), 13, 1, blocks=BLOCKS, cells_per_sample=0)
    told = {f.found.split(":")[0]: f.found for f in findings(made) if f.code == "I411"}
    assert set(told) == {*BLOCKS, "all modalities together"}
    for name in ("proteins", "metabolites", "taxa", "all modalities together"):
        assert "100%" in told[name]
    assert "its silence says little" in told["blood_count"]


def test_the_reference_has_no_exchange(reference):
    assays = {m: assay_from_long(reference.long(m), "difference") for m in reference.measurements}
    assert flagged(identity_findings(reference, assays, np.random.default_rng(1))) == []


def test_many_times_of_people_who_respond_each_in_their_way_give_no_alarm(grinta):
    names = ("blood_count", "cytokines")
    assays = {m: assay_from_long(grinta.long(m), "difference") for m in names}
    assert flagged(identity_findings(grinta, assays, np.random.default_rng(1))) == []
