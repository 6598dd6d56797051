"""Calibrate the verdicts on the simulated worlds, and draw the grid of mediation studies.

``data/engine/verdicts.csv`` says how often ``claims.verdict.observed_verdict``, the rule that
judges open data, calls a claim supported, contradicted, inconclusive or of no practical size,
where the truth is known. No claim is judged here: the rule is. Each study of 13 people is seen in
two designs, once as all before and after training, and once beside 13 others of the same people,
drawn by lot, who live in the world's twin and do not train. A claim is judged alone, and in the
family of the claims of its document and chapter that such a study could measure.

Beside the worlds of ``simulate.worlds`` stand two, in which training moves each claimed feature by
``DZ`` standard deviations of its change, as claimed or the other way, and nothing else happens.

``data/engine/mediation_grid.csv`` says how often betaine seems to mediate a fall of C-reactive
protein, by world, people, assay noise and an added season.

Not here: the methods themselves, which ``calibrate_worlds.py`` tries. Run with ``--share 0.05``
for a twentieth of the studies.
"""

import argparse
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from calibrate_worlds import (
    CONTRAST,
    MEDIATION_WORLDS,
    NIL,
    NULL,
    PEOPLE,
    PROCESSES,
    SEED,
    Floats,
    _error,
    date,
    generator,
    limited,
)
from exercisebook.claims.claims import claims
from exercisebook.claims.verdict import (
    CONTRADICTED,
    IDENTIFIED,
    INCONCLUSIVE,
    NO_PRACTICAL,
    SUPPORTED,
    cause_verdict,
    claim_p_value,
    observed_verdict,
)
from exercisebook.cohort.tables import write_csv
from exercisebook.paths import ENGINE
from exercisebook.simulate.arrays import simulate_arrays
from exercisebook.simulate.latents import LAST
from exercisebook.simulate.truth import true_effects
from exercisebook.simulate.worlds import TWIN, WORLDS, World, assumptions, world
from exercisebook.sources.catalogue import Dataset
from exercisebook.sources.features import members
from exercisebook.stats.effects import joined_flags, t_effects
from exercisebook.stats.linear import contrast_of, linear_fit
from exercisebook.stats.mediation import within_person_mediation
from exercisebook.stats.models import MINIMUM_PERSONS
from exercisebook.stats.multiplicity import benjamini_hochberg
from exercisebook.stats.schemas import MOSTLY_MISSING, NONDETECT

CLAIMS = ("S1-34", "S1-14", "S1-15", "S1-22", "S1-13")
"""Betaine rises; C-reactive protein, TNF, neutrophils and CCL25 fall."""

BLOCKS = ("clinical", "blood_count", "cytokines", "proteins", "metabolites")

FDR = 0.05

SINGLE, RANDOMISED = "single-arm before-after", "randomised (parallel)"
REMAINS = {SINGLE: "order, season, diet and regression to the mean remain", RANDOMISED: "none"}
"""Designs, and what each leaves open."""

DZ = 0.85
"""Mean over standard deviation of the changes, in two worlds made for it."""

AS_CLAIMED, OPPOSITE = "claimed effect", "opposite effect"
SIDES = {AS_CLAIMED: 1.0, OPPOSITE: -1.0}
"""The two worlds made for it, and on which side of the claim the effect lies."""

STEPS, SIZING = 4, 1000
"""Steps in which an effect of that size is found, and studies drawn at each."""

CLAIMED, CONTRARY, OTHERWISE, NOTHING = "claimed", "opposite", "other cause", "nothing"
"""What is true: training does what is claimed, or the opposite, or nothing, though something else
makes a change, or nothing does."""

ALONE, FAMILY = "alone", "with its chapter"

SHARES = {
    "supported": SUPPORTED,
    "contradicted": CONTRADICTED,
    "inconclusive": INCONCLUSIVE,
    "no_practical": NO_PRACTICAL,
}
"""Columns of the table, and the verdicts they count."""

BATCHES, DRAWS = 10, 200

GRID_PEOPLE = (6, 13, 25, 50, 100)
GRID_NOISE = (0.5, 1.0, 2.0)
GRID_SEASON = (0.0, 0.5, 1.0, 2.0)
GRID_STUDIES = 2000
"""Studies a cell; cells of as many people share their chance."""


@dataclass(frozen=True)
class Verdicts:
    """What the rule said of some studies.

    Attributes
    ----------
    key : tuple of str
        Design, world, claim and family.
    observed : list of str
        A verdict a study.
    identified : ndarray of bool, shape (studies,)
        Whether the second verdict names the cause.
    """

    key: tuple[str, str, str, str]
    observed: list[str]
    identified: NDArray[np.bool_]


# worlds


def worlds() -> tuple[str, ...]:
    """Return the names of all worlds that are tried."""
    return (*WORLDS, *SIDES)


def judged_world(name: str) -> World:
    """Return a world by its name, those with an effect of known size among them."""
    return _with_effects(name, effects_of_size(name)) if name in SIDES else world(name)


def _with_effects(name: str, effects: dict[str, float]) -> World:
    """Return the world where nothing happens, but that training moves some features."""
    features = world(NULL).features
    moved = features["feature"].map(effects).fillna(0.0)
    return replace(world(NULL), name=name, features=features.assign(log2_training=moved))


@cache
def effects_of_size(name: str) -> dict[str, float]:
    """Return the log2 effects that make the measured changes ``DZ`` of their SDs on average.

    What falls below the detection limit makes changes smaller and their spread too, so the size
    is found in steps.
    """
    wanted = {claim["canonical_id"]: SIDES[name] * _sign(claim) * DZ for claim in _rows(judged())}
    effects = dict.fromkeys(wanted, 0.0)
    for _ in range(STEPS):
        found = changes_of(_with_effects(name, effects), PEOPLE, generator(0, 43), SIZING)
        for feature, size in wanted.items():
            d = found.d[feature]
            spread = np.sqrt(np.nanmean(np.nanvar(d, axis=0, ddof=1)))
            effects[feature] += size * float(spread) - float(np.nanmean(d))
    return effects


def twin_of(name: str) -> World:
    """Return the world of those who do not train."""
    return world(f"{NULL if name in SIDES else name}{TWIN}")


# claims


@cache
def judged() -> pd.DataFrame:
    """Return the claims that are tried, each about its own feature alone."""
    table = claims().set_index("claim_id", drop=False).loc[list(CLAIMS)]
    # that neutrophils fall, not that nothing falls more
    return table.assign(quantifier="one")


def _rows(table: pd.DataFrame) -> list[pd.Series]:
    return [row for _, row in table.iterrows()]


def _sign(claim: pd.Series) -> float:
    return {"up": 1.0, "down": -1.0}[claim["direction"]]


@cache
def family_of(claim_id: str) -> tuple[str, ...]:
    """Return the features of the claims that are tested together with a claim, with repeats."""
    table = claims()
    own = judged().loc[claim_id]
    same = table[
        table["chapter"].eq(own["chapter"])
        & table["source"].eq(own["source"])
        & table["kind"].eq(own["kind"])
        & table["direction"].isin(["up", "down", "changed"])
    ]
    measured = blocks()
    wanted = [feature for name in same["canonical_id"] for feature in members(name)]
    return tuple(feature for feature in wanted if feature in measured)


@cache
def stand_in(claim_id: str, design: str) -> Dataset:
    """Return a data set of simulated people as the claim wants them, for the rule to look at."""
    claim = judged().loc[claim_id]
    words = dict.fromkeys(
        ("title", "people", "design_note", "licence", "citation", "speaks_to", "never_to"),
        "simulated",
    )
    same = {name: claim[name] for name in ("species", "population", "exposure", "tissue")}
    return Dataset(
        id="simulated", design=design, remains=REMAINS[design], doi=None, cite=None, files=(),
        **words, **same,
    )  # fmt: skip


# studies


@dataclass(frozen=True)
class Changes:
    """Changes of features in some studies.

    Attributes
    ----------
    d : dict of str to ndarray, shape (people, studies)
        Log2 changes from baseline to training; NaN where one of the two is missing.
    flags : dict of str to list of str
        By study, what limits the feature.
    """

    d: dict[str, Floats]
    flags: dict[str, list[str]]


def block_of(feature: str) -> str:
    """Return the block of a simulated feature."""
    return blocks()[feature]


@cache
def blocks() -> dict[str, str]:
    """Return the block of every simulated feature by its name."""
    features = world(NULL).features
    return dict(zip(features["feature"], features["block"], strict=True))


@cache
def wanted() -> tuple[str, ...]:
    """Return the features that are claimed, or tested together with one that is."""
    return tuple(dict.fromkeys(name for claim in CLAIMS for name in family_of(claim)))


def changes_of(w: World, people: int, rng: np.random.Generator, draws: int) -> Changes:
    """Draw studies, people by the two phases compared, and return their changes.

    Only the features that are asked for are drawn.
    """
    w = replace(w, features=w.features[w.features["feature"].isin(wanted())])
    arrays = simulate_arrays(w, people, rng, BLOCKS, draws)
    seen = {block: limited(w, block, arrays[block]) for block in BLOCKS}
    d, flags = {}, {}
    for name in wanted():
        block = block_of(name)
        place = list(w.block(block)["feature"]).index(name)
        limit = w.block(block)["detection_limit"].iloc[place]
        own = seen[block][:, :, [0, LAST], place]
        d[name] = np.log2(own[:, :, 1] / own[:, :, 0]).T
        flags[name] = _flags(own, float(limit))
    return Changes(d, flags)


def _flags(values: Floats, limit: float) -> list[str]:
    """Return by study whether a visit is mostly below detection, or mostly missing."""
    missing = np.isnan(values)
    hidden = 2 * (values <= limit).sum(axis=1) > (~missing).sum(axis=1)
    lost = 2 * missing.sum(axis=1) > values.shape[1]
    return joined_flags(
        np.where(hidden.any(axis=1), NONDETECT, ""), np.where(lost.any(axis=1), MOSTLY_MISSING, "")
    )


def single_arm(name: str, batch: int, draws: int) -> dict[str, pd.DataFrame]:
    """Return the effects of studies of one arm, before and after: the paired t."""
    found = changes_of(judged_world(name), PEOPLE, generator(batch, 41), draws)
    return {
        feature: _effects(feature, d, np.ones((PEOPLE, 1)), found.flags[feature])
        for feature, d in found.d.items()
    }


def randomised(name: str, batch: int, draws: int) -> dict[str, pd.DataFrame]:
    """Return the effects of studies of two arms drawn by lot: the difference of their changes.

    The same people are drawn in a world and in its twin, so that each has both fates, and every
    second one trains. As people are alike but for chance, this is a lot, and both arms lie on the
    same plates.
    """
    people = 2 * PEOPLE
    trains = np.arange(people) % 2 == 0
    both = [
        changes_of(w, people, generator(batch, 42), draws)
        for w in (judged_world(name), twin_of(name))
    ]
    design = np.column_stack([np.ones(people), trains])
    tables = {}
    for feature in wanted():
        d = np.where(trains[:, None], both[0].d[feature], both[1].d[feature])
        flags = joined_flags(*(arm.flags[feature] for arm in both))
        tables[feature] = _effects(feature, d, design, flags)
    return tables


def _effects(feature: str, d: Floats, design: Floats, flags: list[str]) -> pd.DataFrame:
    """Return Effects of one feature, a row a study: Student's t of the design's last column."""
    fit = linear_fit(d, design)
    found = contrast_of(fit, np.eye(design.shape[1])[-1])
    seen = np.isfinite(d)
    fewest = np.min([seen[design[:, -1] == arm].sum(axis=0) for arm in np.unique(design[:, -1])], 0)
    se = np.where(fewest < MINIMUM_PERSONS, np.nan, found.unscaled * np.sqrt(fit.variance))
    n = seen.sum(axis=0)
    names = [feature] * d.shape[1]
    rows = t_effects(names, found.estimate, se, fit.df, n, n, "log2_ratio", "t", flags)
    return rows.assign(canonical_id=feature)


# verdicts


def verdicts(design: str, name: str, batch: int, draws: int) -> list[Verdicts]:
    """Return what the rule says of every claim in some studies of a world and design."""
    tables = (single_arm if design == SINGLE else randomised)(name, batch, draws)
    families = {family_of(claim_id) for claim_id in CLAIMS}
    adjusted = {features: _q_values(features, tables) for features in families}
    found = []
    for claim in _rows(judged()):
        feature, features = claim["canonical_id"], family_of(claim["claim_id"])
        effects = tables[feature]
        for family, q in (
            (ALONE, effects["p_value"]),
            (FAMILY, adjusted[features][:, features.index(feature)]),
        ):
            key = (design, name, claim["claim_id"], family)
            found.append(_judged(key, claim, effects.assign(q_claim=np.asarray(q))))
    return found


def _q_values(features: tuple[str, ...], tables: dict[str, pd.DataFrame]) -> Floats:
    """Return q values of the claims of a family, studies by features.

    All of them are claims of a difference, whose p value is that of the effect.
    """
    claim = judged().iloc[0]
    p = [[claim_p_value(claim, row) for row in tables[f].to_dict("records")] for f in features]
    return np.array([benjamini_hochberg(study) for study in np.array(p).T])


def _judged(key: tuple[str, str, str, str], claim: pd.Series, effects: pd.DataFrame) -> Verdicts:
    source = stand_in(key[2], key[0])
    observed, cause = [], []
    for study in range(len(effects)):
        observed.append(
            observed_verdict(claim, effects.iloc[study : study + 1], source, FDR).verdict
        )
        cause.append(cause_verdict(claim, source) == IDENTIFIED)
    return Verdicts(key, observed, np.array(cause))


def _done(task: tuple[str, str, int, int]) -> list[Verdicts]:
    return verdicts(*task)


def tried(share: float, processes: int) -> pd.DataFrame:
    """Return the table of verdicts.

    Returns
    -------
    DataFrame
        design, world, claim_id, feature, direction, smallest_effect, family, questions (tested
        together); truth; log2_content, what training does, and log2_seen, what such a study sees
        in expectation; studies; the share of each verdict and of causes named, each with its
        Monte-Carlo error.
    """
    batches = range(max(1, round(share * BATCHES)))
    tasks = [(d, name, b, DRAWS) for d in REMAINS for name in worlds() for b in batches]
    console = Console(stderr=True)
    with ProcessPoolExecutor(processes) as pool:
        each = track(pool.map(_done, tasks), "verdicts", total=len(tasks), console=console)
        parts = [found for part in each for found in part]
    return summary(parts)


def summary(parts: list[Verdicts]) -> pd.DataFrame:
    """Return one row a design, world, claim and family."""
    grouped: dict[tuple[str, str, str, str], list[Verdicts]] = {}
    for part in parts:
        grouped.setdefault(part.key, []).append(part)
    return pd.DataFrame([_row(key, own) for key, own in grouped.items()])


def _row(key: tuple[str, str, str, str], parts: list[Verdicts]) -> dict[str, Any]:
    design, name, claim_id, family = key
    claim = judged().loc[claim_id]
    feature = claim["canonical_id"]
    observed = np.array([verdict for part in parts for verdict in part.observed])
    counted = {column: observed == verdict for column, verdict in SHARES.items()}
    counted["identified"] = np.concatenate([part.identified for part in parts])
    row = {
        "design": design,
        "world": name,
        "claim_id": claim_id,
        "feature": feature,
        "direction": claim["direction"],
        "smallest_effect": claim["smallest_effect"],
        "family": family,
        "questions": 1 if family == ALONE else len(family_of(claim_id)),
        **truth(design, name, claim),
        "studies": len(observed),
    }
    for column, held in counted.items():
        values = held.astype(float)
        row |= {column: values.mean(), f"{column}_error": _error(values)}
    return row


def truth(design: str, name: str, claim: pd.Series) -> dict[str, Any]:
    """Return what is true of a claim: what training does, what a study sees, in log2, and a word.

    Plates by phase shift each study of one arm its own way, though no way on average.
    """
    w, feature = judged_world(name), claim["canonical_id"]
    content, seen = _true(w, feature)
    plated = f"plate_sd_{block_of(feature)}" in assumptions()
    if design == RANDOMISED:
        seen -= _true(twin_of(name), feature)[1]
    shifted = abs(seen) >= NIL or (w.plates_by_phase and plated and design == SINGLE)
    effect = _sign(claim) * content
    if abs(effect) >= NIL:
        word = CLAIMED if effect > 0 else CONTRARY
    else:
        word = OTHERWISE if shifted else NOTHING
    return {"truth": word, "log2_content": content, "log2_seen": seen}


def _true(w: World, feature: str) -> tuple[float, float]:
    table = true_effects(w, (block_of(feature),))
    row = table[(table["feature"] == feature) & (table["contrast"] == CONTRAST["contrast"])]
    return float(row["log2_content"].iloc[0]), float(row["log2_change"].iloc[0])


# mediation


def grid_world(name: str, noise: float, season: float) -> World:
    """Return a world of betaine and C-reactive protein, measured and shifted otherwise.

    Parameters
    ----------
    name : str
        Of the world.
    noise : float
        Factor on the assays' coefficients of variation.
    season : float
        By how many standard deviations within a person the calendar raises betaine and lowers
        inflammation at the last visit, on top of what happens in the world.
    """
    w = world(name)
    two = w.features[w.features["feature"].isin(["betaine", "crp"])]
    return replace(
        w,
        features=two.assign(cv_assay=noise * two["cv_assay"]),
        moved=(*w.moved, ("betaine", season), ("inflammation", -season)),
    )


def grid_cell(name: str, people: int, noise: float, season: float, studies: int) -> Floats:
    """Return in which studies both paths have p up to .05: 1 or 0 each."""
    w = grid_world(name, noise, season)
    arrays = simulate_arrays(w, people, generator(people, 44), ("clinical", "metabolites"), studies)
    m, y = (
        np.log2(limited(w, block, arrays[block])[..., 0]) for block in ("metabolites", "clinical")
    )
    # the joint test draws nothing, so that a short interval is enough
    found = within_person_mediation(
        m[:, :, 0], m[:, :, LAST], y[:, :, 0], y[:, :, LAST], generator(0, 45), 1000
    )
    return (found.p_joint <= FDR).astype(float)


def mediation_grid(studies: int) -> pd.DataFrame:
    """Return the share of studies with a significant mediation, by cell.

    Returns
    -------
    DataFrame
        world, people, noise, season, studies, significant, monte_carlo_error.
    """
    cells = list(product(MEDIATION_WORLDS, GRID_PEOPLE, GRID_NOISE, GRID_SEASON))
    rows = []
    for cell in track(cells, "mediation grid", console=Console(stderr=True)):
        values = grid_cell(*cell, studies)
        rows.append((*cell, studies, values.mean(), _error(values)))
    columns = ["world", "people", "noise", "season", "studies", "significant", "monte_carlo_error"]
    return pd.DataFrame(rows, columns=columns)


def main() -> None:
    """Simulate, and write both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--share", type=float, default=1.0, help="of the studies")
    parser.add_argument("--processes", type=int, default=PROCESSES)
    parser.add_argument("--out", default=str(ENGINE), help="folder of the tables")
    given = parser.parse_args()
    out = type(ENGINE)(given.out)
    grid = mediation_grid(max(2, round(given.share * GRID_STUDIES)))
    write_csv(grid, out / "mediation_grid.csv", digits=4)
    about = {"people": PEOPLE, "seed": SEED, "date": date()}
    write_csv(tried(given.share, given.processes).assign(**about), out / "verdicts.csv", digits=5)


if __name__ == "__main__":
    main()
