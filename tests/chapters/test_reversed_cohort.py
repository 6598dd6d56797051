"""A user's cohort turned over: every direction that a page says of it turns with it."""

import dataclasses
import re
import sys
from functools import cache

import numpy as np
import pandas as pd
import pytest
from test_cohorts_brought import drawn, trial

from exercisebook.chapters import ch06
from exercisebook.chapters.ledgers import CHAPTERS
from exercisebook.claims.claims import claims
from exercisebook.claims.transfer import cohort_ledger
from exercisebook.cohort.package import read_cohort, write_cohort
from exercisebook.paths import ROOT
from exercisebook.stats.cohort_effects import contrast_differences, usual_scale
from exercisebook.stats.differences import within_one_arm

UP = (
    *("higher", "rose", "rise", "rises", "risen", "raise", "raises", "raised", "up", "upwards"),
    *("more", "above", "increase", "increases", "increased", "larger", "greater", "gained", "grew"),
)
DOWN = (
    *("lower", "fell", "fall", "falls", "fallen", "lower", "lowers", "lowered", "down"),
    *("downwards", "less", "fewer", "below", "decrease", "decreases", "decreased", "smaller"),
    *("lost", "shrank", "reduced"),
)
WAYS = {**dict.fromkeys(UP, 1), **dict.fromkeys(DOWN, -1)}

OPPOSITE = {"supported": "contradicted", "contradicted": "supported"}

pytestmark = pytest.mark.usefixtures("only_frozen")

STUDY = {
    "species": "human",
    "population": "older people",
    "tissue": "blood",
}


def one_arm():
    """Return thirteen people before and after a bout and weeks of training."""
    return drawn("mediated", 13, 31)


def reversed_cohort(cohort):
    """Return a cohort in which every change of every person has the other sign.

    Values are mirrored on the scale of their analysis about the same person's own baseline; a
    value without a baseline enters no contrast and stays.
    """
    turned = {
        modality: _mirrored(cohort, modality, usual_scale(modality))
        for modality in cohort.measurements
    }
    return dataclasses.replace(cohort, measurements=turned)


def _mirrored(cohort, modality, scale):
    assert scale == "log2_ratio"
    table = cohort.measurements[modality]
    long = cohort.long(modality)
    place = pd.MultiIndex.from_frame(long[["subject", "arm", "feature"]])
    before = long[long["phase"] == "baseline"].set_index(["subject", "arm", "feature"])["value"]
    baseline = before.reindex(place).to_numpy()
    value = table["value"].to_numpy()
    return table.assign(value=np.where(np.isfinite(baseline), baseline**2 / value, value))


def all_seen(cohort):
    """Return a cohort without values below detection: a limit has no mirror image."""
    seen = {
        modality: table.assign(status=table["status"].replace("below_detection", "ok"))
        for modality, table in cohort.measurements.items()
    }
    return dataclasses.replace(cohort, measurements=seen)


def ways(text):
    """Return the direction of each word of a text that has one, in order."""
    words = re.findall(rf"\b({'|'.join(WAYS)})\b", text.lower())
    return [WAYS[word] for word in words]


def glued(module, cohort, patch):
    """Return every sentence that a chapter hands to its page, those on the claims included."""
    told = {}
    patch.setattr(
        "exercisebook.chapters.page.glue", lambda name, text, display: told.update({name: text})
    )
    chapter = module.begin(cohort=str(cohort))
    chapter.glue(module.sentences(chapter))
    return {name: text.data for name, text in told.items()}


@cache
def of_reference(module):
    with pytest.MonkeyPatch.context() as patch:
        return glued(module, "reference", patch)


def resting_on_the_cohort(module, told):
    """Return which sentences are others on another cohort."""
    return [name for name, text in told.items() if text != of_reference(module)[name]]


MADE = {one_arm: "single-arm before-after", trial: "randomised (parallel)"}


@pytest.fixture(scope="module", params=MADE, ids=lambda make: make.__name__)
def both(request, tmp_path_factory):
    """Return the folders of a cohort and of its reversal."""
    description = {"title": "brought", "study": STUDY | {"design": MADE[request.param]}}
    here = dataclasses.replace(all_seen(request.param()), name="mine", description=description)
    folders = []
    for way, cohort in (("there", here), ("back", reversed_cohort(here))):
        folder = tmp_path_factory.mktemp(way) / "mine"
        write_cohort(cohort, folder)
        folders.append(folder)
    return folders


def test_the_reversal_turns_every_change_on_its_own_scale(both):
    there, back = (read_cohort(folder) for folder in both)
    arms = [(c, arm) for _, c in there.contrasts.iterrows() for arm in {c.arm, c.reference_arm}]
    for given, arm in arms:
        # people of two arms have no difference within one person
        contrast = within_one_arm(given, arm)
        for modality in there.measurements:
            changes = contrast_differences(there, modality, contrast).values
            assert changes.notna().any(axis=None)
            turned = contrast_differences(back, modality, contrast).values
            np.testing.assert_allclose(turned, -changes, atol=1e-9)


@pytest.mark.parametrize("module", CHAPTERS, ids=lambda m: m.SLUG)
def test_no_direction_of_a_users_cohort_survives_its_reversal(module, both, monkeypatch):
    there, back = (glued(module, folder, monkeypatch) for folder in both)
    resting = resting_on_the_cohort(module, there)
    assert "cohort" in resting
    assert ("own_claims" in resting) == ("own_claims" in there)
    for name, text in there.items():
        if name in resting:
            assert ways(back[name]) == [-way for way in ways(text)], name
        else:
            assert back[name] == text, name


def test_what_betaine_would_do_to_the_kinase_is_told_with_its_direction(both, monkeypatch):
    there, back = (glued(ch06, folder, monkeypatch)["cohort"] for folder in both)
    assert len(ways(there)) == 1
    assert ways(back) == [-ways(there)[0]]


def test_a_direction_that_does_not_follow_the_data_is_caught(both, monkeypatch):
    # by its name the package gives the function of that name, not the module
    module = sys.modules["exercisebook.chapters.ch06.sentences"]
    monkeypatch.setattr(module, "direction", lambda value, up, *others: up)
    there, back = (glued(ch06, folder, monkeypatch)["cohort"] for folder in both)
    assert ways(there) == ways(back) == [1]


def test_every_verdict_turns_with_the_data(both):
    there, back = (cohort_ledger(read_cohort(folder), claims()) for folder in both)
    key = ["claim_id", "member", "contrast"]
    pd.testing.assert_frame_equal(there[key], back[key])
    for end, other in (("estimate", "estimate"), ("ci_low", "ci_high")):
        np.testing.assert_allclose(back[end], -there[other], atol=1e-9)
    np.testing.assert_allclose(back["q_claim"], there["q_claim"], atol=1e-9)
    one = there["q_claim"].notna()
    claim = claims().set_index("claim_id").loc[there["claim_id"]].reset_index(drop=True)
    directed = one & claim["direction"].isin(["up", "down"]) & ~_of_the_most(claim)
    turned = there["observed"].replace(OPPOSITE)
    assert (there["observed"] != turned)[directed].sum() >= 3
    assert back["observed"][directed].tolist() == turned[directed].tolist()
    sides = there["reason"].replace({"claimed": "OTHER", "other": "claimed"}, regex=True)
    told = directed & there["observed"].isin(OPPOSITE)
    assert back["reason"][told].tolist() == sides[told].str.replace("OTHER", "other").tolist()
    assert back["observed"][one & ~directed & ~_of_the_most(claim)].tolist() == (
        there["observed"][one & ~directed & ~_of_the_most(claim)].tolist()
    )


def _of_the_most(claim):
    """Return which claims a lone feature can refute and not support."""
    return claim["quantifier"].isin(["most", "greatest"])


def test_every_ratio_of_a_table_is_turned_over(both):
    tables = 0
    for module in CHAPTERS:
        if not hasattr(module, "cohort_table"):
            continue
        there, back = (module.cohort_table(module.begin(cohort=str(f))).frame for f in both)
        if "ratio" not in there:
            continue
        tables += 1
        product = there["ratio"].astype(float) * back["ratio"].astype(float)
        np.testing.assert_allclose(product, 1, atol=0.01)
        first = there.columns[0]
        assert there[first].tolist() == back[first].tolist()
    assert tables >= 4


def test_what_stands_on_the_page_around_a_cohort_has_no_direction():
    found = {}
    for module in CHAPTERS:
        text = (ROOT / "notebooks" / f"{module.SLUG}.md").read_text(encoding="utf-8")
        own = re.search(r"^## (The cohort of this page|What your cohort could see)$", text, re.M)
        assert own, module.SLUG
        found[module.SLUG] = text[own.end() :].split("\n## ")[0]
    assert all("{glue:md} cohort" in text for text in found.values())
    assert not {slug: text for slug, text in found.items() if ways(text)}


@pytest.mark.parametrize(
    ("text", "told"),
    [("Betaine rose, and CRP fell.", [1, -1]), ("It would LOWER the share", [-1]), ("growth", [])],
)
def test_words_of_direction_are_found_whole(text, told):
    assert ways(text) == told
