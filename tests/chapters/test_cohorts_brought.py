"""Cohorts as users bring them: other phases, arms, people and gaps than the reference has."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from exercisebook.chapters import ch01, ch06
from exercisebook.chapters.ledgers import CHAPTERS
from exercisebook.claims.verdict import OBSERVED
from exercisebook.cohort.package import write_cohort
from exercisebook.simulate.cohorts import simulate
from exercisebook.simulate.worlds import world

BLOCKS = ("clinical", "blood_count", "cytokines", "metabolites")

STUDY = {
    "design": "randomised (parallel)",
    "species": "human",
    "population": "older people",
    "tissue": "blood",
}


def drawn(name, people, seed, blocks=BLOCKS):
    return simulate(world(name), people, seed, blocks).cohort


def contrasts(*rows):
    columns = ["contrast", "kind", "phase", "reference_phase", "arm", "reference_arm"]
    return pd.DataFrame(rows, columns=columns)


def four_people():
    """Return four people, two phases of other names, three features, no bout."""
    made = drawn("reference", 4, 3, ("clinical",))
    samples = made.samples[made.samples["phase"] != "acute"]
    samples = samples.replace({"phase": {"baseline": "week 0", "training": "week 8"}})
    kept = ["crp", "triglycerides", "ggt"]
    values = made.measurements["clinical"]
    values = values[values["sample_id"].isin(samples["sample_id"]) & values["feature"].isin(kept)]
    return dataclasses.replace(
        made,
        samples=samples.assign(hours_since_bout=np.nan),
        contrasts=contrasts(["after", "training", "week 8", "week 0", "exercise", "exercise"]),
        features=made.features[made.features["feature"].isin(kept)],
        measurements={"clinical": values},
    )


def trial():
    """Return two arms of twelve, with a contrast against control and one without."""
    arms = {"exercise": drawn("mediated", 12, 9), "control": drawn("mediated-twin", 12, 10)}
    made = arms["control"]

    def own(arm, table):
        columns = [c for c in ("subject", "sample_id") if c in table]
        return table.assign(**{c: f"{arm}-" + table[c] for c in columns})

    def both(part):
        return pd.concat([own(arm, part(c)) for arm, c in arms.items()], ignore_index=True)

    samples = [own(arm, c.samples).assign(arm=arm) for arm, c in arms.items()]
    return dataclasses.replace(
        made,
        subjects=both(lambda c: c.subjects),
        samples=pd.concat(samples, ignore_index=True),
        contrasts=contrasts(
            ["against control", "training", "training", "baseline", "exercise", "control"],
            ["alone", "training", "training", "baseline", "exercise", "exercise"],
            ["bout", "acute", "acute", "baseline", "exercise", "control"],
        ),
        measurements={m: both(lambda c, m=m: c.measurements[m]) for m in made.measurements},
    )


def ten_phases():
    """Return thirty people in ten phases, acute, recovery, training and detraining."""
    parts, values = [], {m: [] for m in BLOCKS}
    for turn in range(5):
        made = drawn("reference", 30, 20 + turn)
        samples = made.samples[made.samples["phase"] != "acute"]
        samples = samples.assign(
            sample_id=f"{turn}-" + samples["sample_id"], phase=samples["phase"] + f" {turn}"
        )
        parts.append(samples)
        for m in BLOCKS:
            table = made.measurements[m].assign(
                sample_id=f"{turn}-" + made.measurements[m]["sample_id"]
            )
            values[m].append(table[table["sample_id"].isin(samples["sample_id"])])
    rows = [
        [f"to {turn}", kind, f"training {turn}", f"baseline {turn}", "exercise", "exercise"]
        for turn, kind in enumerate(("training", "training", "acute", "recovery", "detraining"))
    ]
    return dataclasses.replace(
        made,
        samples=pd.concat(parts, ignore_index=True),
        contrasts=contrasts(*rows),
        measurements={m: pd.concat(values[m], ignore_index=True) for m in BLOCKS},
    )


def nothing_to_compare():
    """Return people with one contrast of a kind that no chapter asks for."""
    made = drawn("null", 6, 4, ("blood_count",))
    row = ["stopped", "detraining", "training", "baseline", "exercise", "exercise"]
    return dataclasses.replace(made, contrasts=contrasts(row))


BROUGHT = [four_people, trial, ten_phases, nothing_to_compare]


@pytest.fixture(scope="module", params=BROUGHT, ids=lambda make: make.__name__)
def package(request, only_frozen, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cohort") / request.param.__name__
    description = {"title": "brought", "study": STUDY}
    write_cohort(dataclasses.replace(request.param(), name="mine", description=description), folder)
    return folder


@pytest.mark.parametrize("module", CHAPTERS, ids=lambda m: m.SLUG)
def test_every_chapter_takes_it(module, package):
    chapter = module.begin(cohort=str(package))
    told = module.sentences(chapter)
    assert all(isinstance(text, str) and text.strip() for text in told.values())
    assert not [key for key, text in told.items() if " nan" in text or "nan " in text]
    if hasattr(module, "cohort_table"):
        frame = module.cohort_table(chapter).frame
        assert len(frame.columns)
    claims = chapter.own_claims().frame
    assert claims["is it there?"].isin(OBSERVED).all()
    assert claims["can the design name the cause?"].ne("").all()


def test_two_arms_by_lot_can_name_a_cause_that_one_arm_cannot(only_frozen, tmp_path):
    from exercisebook.claims.claims import claims
    from exercisebook.claims.transfer import cohort_ledger

    described = {"title": "brought", "study": STUDY}
    cohort = dataclasses.replace(trial(), name="mine", description=described)
    rows = cohort_ledger(cohort, claims()).query("claim_id == 'S1-34'").set_index("contrast")
    assert rows.loc["against control", "cause"] == "identified by the design"
    assert rows.loc["alone", "cause"].startswith("not identified")


def test_a_trial_of_two_arms_is_told_what_it_could_show(only_frozen, tmp_path):
    described = {"title": "brought", "study": STUDY}
    write_cohort(dataclasses.replace(trial(), name="mine", description=described), tmp_path / "own")
    table = ch01.what_this_cohort_can_see(ch01.begin(cohort=str(tmp_path / "own")))
    between = table.frame[table.frame["contrast"] == "against control"]
    assert set(between["modality"]) == {m.replace("_", " ") for m in BLOCKS}
    assert set(between["people"]) == {"12 + 12"}
    assert "by exchanging people" in table.caption
    alone = table.frame[table.frame["contrast"] == "alone"]
    assert set(alone["people"]) == {"12"}


@pytest.mark.parametrize(
    ("contrast", "told"),
    [
        ("against control", "times as large in the arm “exercise” as in “control”"),
        ("alone", "times its value at “baseline”"),
    ],
)
def test_a_ratio_says_what_it_compares(contrast, told, only_frozen, tmp_path):
    made = trial()
    one = made.contrasts[made.contrasts["contrast"] == contrast].reset_index(drop=True)
    described = {"title": "brought", "study": STUDY}
    whole = dataclasses.replace(made, name="mine", description=described, contrasts=one)
    write_cohort(whole, tmp_path / "own")
    assert told in ch06.sentences(ch06.begin(cohort=str(tmp_path / "own")))["cohort"]
