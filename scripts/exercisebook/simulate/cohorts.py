"""A world as a cohort: draw 0 of its arrays in the tables of a package, and its truth in others.

What lives here makes tables; ``packages`` writes them.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from exercisebook.cohort.frames import contrasts_frame, features_frame, measured_frame
from exercisebook.cohort.package import Cohort
from exercisebook.errors import Misuse
from exercisebook.simulate.arrays import (
    CELLS_PER_SAMPLE,
    Drawn,
    cell_numbers,
    draw_studies,
    log_content,
    single_cells,
)
from exercisebook.simulate.graph import causal_graph, questions
from exercisebook.simulate.latents import LAST, Array, draw_visits
from exercisebook.simulate.single_cells import as_anndata, composition_truth, gene_truth
from exercisebook.simulate.streams import stream
from exercisebook.simulate.taxa import taxa_features, taxa_truth
from exercisebook.simulate.truth import CONTRASTS, study_effects
from exercisebook.simulate.worlds import (
    ARM,
    BLOCKS,
    NODES,
    PHASES,
    SUBJECT_LATENTS,
    TWIN,
    World,
    assumptions,
)
from exercisebook.simulate.worlds import world as world_of

_DAYS = {"baseline": 45.0, "acute": 46.0, "training": 72.0}

_MANY, _MANY_SEED = 4096, 20251121
"""People over whom effects on shares of cells are averaged, which have no closed form."""

_RESTED = 10_000.0
"""Hours after which nothing is left of a bout."""

Tables = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class Simulation:
    """A cohort and what is true of it.

    Attributes
    ----------
    cohort : Cohort
        In the form of any other; its single cells are in ``cells`` until it is written.
    cells : AnnData or None
        Raw counts with ``obs["sample_id"]``.
    truth : dict of str to DataFrame
        ``effects`` (see ``truth.true_effects``), ``subjects`` and ``samples`` (what nobody
        measured of them), and where they were drawn ``taxa``, ``composition``, ``genes`` and
        ``cells``.
    world : dict
        Name, what is true in words, causal graph and what it would take to answer the questions.
    """

    cohort: Cohort
    cells: Any
    truth: Tables
    world: dict[str, Any]


def simulate(
    world: World,
    n: int,
    seed: int,
    blocks: tuple[str, ...] = BLOCKS,
    cells_per_sample: int = CELLS_PER_SAMPLE,
) -> Simulation:
    """Simulate one study of ``n`` people: draw 0 of ``simulate_arrays`` with the same seed.

    Parameters
    ----------
    world : World
        The truth.
    n : int
        People, at least 2.
    seed : int
        Root of every random stream.
    blocks : tuple of str
        Which blocks to draw.
    cells_per_sample : int
        Single cells a sample; 0 for none.

    Raises
    ------
    Misuse
        As ``simulate_arrays``.
    """
    if cells_per_sample < 0:
        raise Misuse(f"{cells_per_sample} cells a sample: at least 1 is needed, or 0 for none")
    if not cells_per_sample:
        blocks = tuple(block for block in blocks if block != "cells")
    rng = np.random.default_rng(seed)
    drawn = draw_studies(world, n, rng, blocks, 1)
    subjects = [f"{i:0{len(str(n))}d}" for i in range(1, n + 1)]
    samples = _samples(drawn, subjects, rng)
    came = ~drawn.visits.absent[0].reshape(-1)
    truth = {
        "effects": study_effects(drawn),
        "subjects": _subject_truth(drawn, subjects),
        "samples": _sample_truth(drawn, samples)[came].reset_index(drop=True),
    }
    if "taxa" in blocks:
        truth["taxa"] = _taxa_truth(world)
    cells = None
    if "cells" in blocks:
        there = samples["sample_id"][came].tolist()
        cells, truth["cells"] = as_anndata(single_cells(drawn, rng, cells_per_sample), there)
        truth["composition"], truth["genes"] = _composition_truth(world), _gene_truth(world)
    return Simulation(_cohort(drawn, samples, seed), cells, truth, _world_truth(world, n, seed))


def _cohort(drawn: Drawn, samples: pd.DataFrame, seed: int) -> Cohort:
    world = drawn.world
    measurements = {
        block: _measured(drawn, block, samples) for block in BLOCKS if block in drawn.arrays
    }
    came = ~drawn.visits.absent[0].reshape(-1)
    subjects = samples["subject"].drop_duplicates().tolist()
    return Cohort(
        name=f"simulated-{world.name}",
        subjects=pd.DataFrame({"subject": subjects, "sex": "male", "age": np.nan}),
        samples=samples[came].reset_index(drop=True),
        features=_features(world, tuple(measurements)),
        contrasts=_contrasts(),
        measurements=measurements,
        description={
            "title": f"A simulated cohort: {world.says}",
            "licenses": [{"name": "CC0-1.0"}],
            "simulated": True,
            "world": world.name,
            "seed": seed,
        },
    )


def _features(world: World, blocks: tuple[str, ...]) -> pd.DataFrame:
    own = world.features[world.features["block"].isin(blocks)]
    columns = ("block", "feature", "canonical_id", "unit", "detection_limit")
    rows = list(zip(*(own[name] for name in columns), strict=True))
    if "taxa" in blocks:
        rows += [("taxa", name, None, "reads", np.nan) for name in taxa_features()["feature"]]
    return features_frame(rows)


def _contrasts() -> pd.DataFrame:
    return contrasts_frame(
        [
            (f"{phase}-baseline", phase, phase, "baseline", ARM, ARM)
            for phase in ("acute", "training")
        ]
    )


def _samples(drawn: Drawn, subjects: list[str], rng: np.random.Generator) -> pd.DataFrame:
    """Return every sample that was planned, with what the study wrote down of it."""
    visits, a = drawn.visits, assumptions()
    index = pd.MultiIndex.from_product([subjects, PHASES], names=["subject", "phase"])
    planned = index.to_frame(index=False)
    shape = visits.clock.shape
    diet = visits.nodes[..., NODES.index("diet")]
    score = diet + a["diet_score_error"] * stream(rng, "diet score").standard_normal(shape)
    sleep = 7.5 + 0.8 * visits.nodes[..., NODES.index("sleep")]
    plates = np.unique(visits.plate.reshape(-1), return_inverse=True)[1]
    order = np.argsort(np.argsort(visits.run_order[0].reshape(-1))) + 1
    return pd.DataFrame(
        {
            "sample_id": planned["subject"] + "-" + planned["phase"],
            "subject": planned["subject"],
            "arm": ARM,
            "phase": planned["phase"],
            "day": planned["phase"].map(_DAYS),
            "time_h": np.nan,
            "hours_since_bout": np.tile(visits.hours, len(subjects)),
            "fasting": "yes",
            "batch": [f"plate {plate + 1}" for plate in plates],
            "clock_h": (8 + visits.clock[0].reshape(-1)).round(2),
            "run_order": order.astype(float),
            "sleep_h": sleep[0].reshape(-1).round(1),
            "diet_score": score[0].reshape(-1).round(2),
        }
    )


def _measured(drawn: Drawn, block: str, samples: pd.DataFrame) -> pd.DataFrame:
    if block == "taxa":
        names, limits = taxa_features()["feature"], np.nan
    else:
        features = drawn.world.block(block)
        names, limits = features["feature"], features["detection_limit"].to_numpy(float)
    values = drawn.arrays[block][0].reshape(len(samples), -1).astype(float)
    came = ~drawn.visits.absent[0].reshape(-1)
    n, k = int(came.sum()), len(names)
    return measured_frame(
        samples["sample_id"][came].repeat(k),
        pd.Series(np.tile(names, n)),
        pd.Series(values[came].reshape(-1)),
        pd.Series(np.tile(np.broadcast_to(limits, k), n)),
    )


def _subject_truth(drawn: Drawn, subjects: list[str]) -> pd.DataFrame:
    visits = drawn.visits
    known = {name: visits.subject[0, :, i] for i, name in enumerate(SUBJECT_LATENTS)}
    return pd.DataFrame(
        {"subject": subjects, **known, "training_response": visits.trained[0, :, LAST]}
    ).rename(columns=lambda name: name.replace(" ", "_"))


def _sample_truth(drawn: Drawn, samples: pd.DataFrame) -> pd.DataFrame:
    visits = drawn.visits
    ids = samples["sample_id"].to_numpy().reshape(-1, len(PHASES))
    whose = ids[drawn.swapped[0, ..., 0], drawn.swapped[0, ..., 1]].reshape(-1)
    return pd.DataFrame(
        {
            "sample_id": samples["sample_id"],
            **{n: visits.nodes[0, :, :, i].reshape(-1) for i, n in enumerate(NODES)},
            "gut_transit": visits.transit[0].reshape(-1),
            "infection": visits.infection[0].reshape(-1),
            "not_fasted": visits.fed[0].reshape(-1),
            "plasma_volume": np.exp(visits.plasma[0].reshape(-1)),
            "proteins_are_of": whose,
        }
    )


def _taxa_truth(world: World) -> pd.DataFrame:
    return pd.concat(
        [
            taxa_truth(of).assign(contrast=c)
            for c, of in zip(CONTRASTS, (0.0, world.training), strict=True)
        ],
        ignore_index=True,
    )


def _gene_truth(world: World) -> pd.DataFrame:
    a = assumptions()
    return gene_truth(
        {
            CONTRASTS[0]: {"stress": world.acute * a["stress_acute"]},
            CONTRASTS[1]: {
                "nrf2": world.training * a["nrf2_training"],
                "migration": world.training * a["migration_training"],
            },
        }
    )


def _composition_truth(world: World) -> pd.DataFrame:
    """Return effects on cell types in both denominators: the world against its twin."""
    name = world.name if world.name.endswith(TWIN) else f"{world.name}{TWIN}"
    # what is left of a last bout is no effect of training
    rested = replace(world, hours_training=_RESTED)
    with_it, without = (_many_cells(w) for w in (rested, world_of(name)))
    tables = []
    for place, contrast in enumerate(CONTRASTS, start=1):
        one, other = ((n[:, :, place], w[:, :, place]) for n, w in (without, with_it))
        tables.append(
            composition_truth(one[0], other[0], one[1], other[1]).assign(contrast=contrast)
        )
    return pd.concat(tables, ignore_index=True)


def _many_cells(world: World) -> tuple[Array, Array]:
    """Return numbers of mononuclear cells, and of all white cells, of many people."""
    rng = np.random.default_rng(_MANY_SEED)
    visits = draw_visits(world, _MANY, rng, 1)
    white = np.exp(log_content(world, "blood_count", visits, rng)).sum(axis=-1)
    return cell_numbers(world, visits, rng), white


def _world_truth(world: World, n: int, seed: int) -> dict[str, Any]:
    return {
        "world": world.name,
        "says": world.says,
        "subjects": n,
        "seed": seed,
        "graph": causal_graph(world),
        "questions": questions(world),
    }
