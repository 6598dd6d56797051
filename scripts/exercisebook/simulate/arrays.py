"""Drawing a world as arrays: people by phases by features, many studies at once.

Every random quantity has a stream of its own, spawned from one seed by its name. So a block drawn
alone has the values it has among others, a hundred draws begin with the one, and two worlds share
their chance: what differs between them is what they are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from exercisebook.errors import Misuse, closest
from exercisebook.simulate.latents import (
    BEFORE,
    LAST,
    Array,
    FeatureLaw,
    Visits,
    draw_visits,
    feature_law,
    node_law,
)
from exercisebook.simulate.panels import missing_probability
from exercisebook.simulate.single_cells import (
    SampleCells,
    cell_counts,
    cell_types,
    genes,
    type_numbers,
)
from exercisebook.simulate.streams import stream
from exercisebook.simulate.taxa import taxa_counts, taxa_features
from exercisebook.simulate.worlds import (
    BLOCKS,
    MEASURED,
    NODES,
    PHASES,
    SEASON,
    World,
    assumptions,
    log_diluted,
    response_after,
)

CELLS_PER_SAMPLE = 120


@dataclass(frozen=True)
class Drawn:
    """Studies of a world and what is true of their visits.

    Attributes
    ----------
    world : World
    visits : Visits
    arrays : dict of str to ndarray
        See ``simulate_arrays``; all blocks but ``cells``.
    numbers : ndarray, shape (draws, n, phases, cell types), or None
        Mononuclear cells in 10^9 per litre, where single cells were asked for.
    swapped : ndarray of int, shape (draws, n, phases, 2)
        Whose sample, and of which phase, lies in the place of each protein sample.
    technical : dict of str to ndarray, shape (draws, phases, features)
        By how much plates and run order shift the log of a block, on average over people.
    """

    world: World
    visits: Visits
    arrays: dict[str, Any]
    numbers: Array | None
    swapped: NDArray[np.int64]
    technical: dict[str, Array]


def simulate_arrays(
    world: World,
    n: int,
    rng: np.random.Generator,
    blocks: tuple[str, ...] = MEASURED,
    draws: int = 1,
    cells_per_sample: int = CELLS_PER_SAMPLE,
) -> dict[str, Any]:
    r"""Draw ``draws`` studies of ``n`` people from a world.

    On the log scale a measured value of feature k in person i at phase p is

    .. math:: y_{ipk} = \mu_k + \sigma_k (A_k u_i + b_{ik}) + \omega_k (L_k z_{ip} + e_{ipk})
              + \beta_{ipk} - v_{ipk} + t_{ipk} + a_{ipk},

    with what the person brings along :math:`u`, the nodes of the world :math:`z`, what the feature
    has of its own :math:`b` and :math:`e`, effects :math:`\beta` of the bout, of training and of
    the occasion, the log :math:`v` of volume relative to baseline (of plasma for what is dissolved
    in it, of blood for the cells counted in it), the plate and the run :math:`t` and the assay
    :math:`a`. A coefficient of variation :math:`c` becomes a standard deviation
    :math:`\sqrt{\log(1 + c^2)}` of the log.

    Parameters
    ----------
    world : World
        The truth.
    n : int
        People in a study, at least 2.
    rng : Generator
        Its seed sequence is the root of every stream; the generator itself is not advanced.
    blocks : tuple of str
        Which blocks to draw.
    draws : int
        How many studies.
    cells_per_sample : int
        Single cells a sample.

    Returns
    -------
    dict of str to ndarray
        For the blocks of ``MEASURED`` shape (draws, n, phases, features), in the unit of each
        feature and before any detection limit; NaN where a value is missing or nobody came. For
        ``taxa`` counts in the same shape. For ``cells`` counts of molecules, shape (draws, n,
        phases, cells, genes), and besides ``cell_types``, shape (draws, n, phases, cells). Counts
        are 0 and types -1 where nobody came.

    Raises
    ------
    Misuse
        If a block is unknown, or there are fewer than two people, one draw or one cell.
    """
    drawn = draw_studies(world, n, rng, blocks, draws)
    arrays: dict[str, Any] = dict(drawn.arrays)
    if "cells" in blocks:
        if cells_per_sample < 1:
            raise Misuse(f"{cells_per_sample} cells a sample: at least 1 is needed")
        shape = (draws, n, len(PHASES), cells_per_sample)
        types, counts = np.full(shape, -1, np.int8), np.zeros((*shape, len(genes())), np.uint16)
        for cells in single_cells(drawn, rng, cells_per_sample):
            place = (cells.draw, cells.person, cells.visit)
            types[place] = cells.labels
            counts[place] = cells.counts.toarray()
        arrays |= {"cells": counts, "cell_types": types}
    return arrays


def draw_studies(
    world: World,
    n: int,
    rng: np.random.Generator,
    blocks: tuple[str, ...] = MEASURED,
    draws: int = 1,
) -> Drawn:
    """Draw studies with what is true of them; see ``simulate_arrays`` for what is drawn.

    Raises
    ------
    Misuse
        As ``simulate_arrays``.
    """
    _check(n, blocks, draws)
    visits = draw_visits(world, n, rng, draws)
    swapped = _swaps(world, n, rng, draws)
    arrays: dict[str, Any] = {}
    technical: dict[str, Array] = {}
    for block in (b for b in MEASURED if b in blocks):
        arrays[block], technical[block] = _measured_block(world, block, visits, rng)
    if "proteins" in arrays:
        arrays["proteins"] = _in_other_places(arrays["proteins"], swapped)
    for values in arrays.values():
        values[visits.absent] = np.nan
    if "taxa" in blocks:
        arrays["taxa"] = _taxa(world, visits, rng)
    numbers = cell_numbers(world, visits, rng) if "cells" in blocks else None
    return Drawn(world, visits, arrays, numbers, swapped, technical)


def _check(n: int, blocks: tuple[str, ...], draws: int) -> None:
    unknown = [block for block in blocks if block not in BLOCKS]
    if unknown:
        raise Misuse(f"no block {unknown[0]!r}; {closest(unknown[0], BLOCKS)}")
    if n < 2 or draws < 1:
        raise Misuse(f"{n} subjects and {draws} draws: at least 2 subjects and 1 draw are needed")


def _measured_block(
    world: World, block: str, visits: Visits, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Return the values of a block, and the mean shift of its logs by plates and runs."""
    features = world.block(block)
    law = feature_law(features, node_law(world))
    log_value = log_content(world, block, visits, rng)
    log_value -= log_diluted(features, visits.plasma)
    technical = _technical(block, len(features), visits, rng)
    log_value += technical
    assay = stream(rng, block, "assay").standard_normal(log_value.shape)
    if block == "clinical":
        assay[..., _crp(features)] = visits.normals.crp_assay
    log_value += law.sd_assay * assay
    values = np.exp(log_value)
    if features["missing_slope"].notna().any():
        missing = missing_probability(features, log_value / np.log(2))
        values[stream(rng, block, "missing").random(values.shape) < missing] = np.nan
    return values, technical.mean(axis=1)


def log_content(world: World, block: str, visits: Visits, rng: np.random.Generator) -> Array:
    """Return the log of what is truly there at every visit, at the volume of the first.

    Returns
    -------
    ndarray, shape (draws, n, phases, features)
    """
    features = world.block(block)
    law = feature_law(features, node_law(world))
    return (
        np.log(features["centre"].to_numpy(float))
        + _between(block, features, law, visits, rng)
        + _within(block, features, law, visits, rng)
        + np.log(2) * _changes(features, visits)
    )


def _crp(features: pd.DataFrame) -> int:
    return int(np.flatnonzero(features["feature"] == "crp")[0])


def _between(
    block: str, features: pd.DataFrame, law: FeatureLaw, visits: Visits, rng: np.random.Generator
) -> Array:
    """Return how far each person's usual level is off, shape (draws, n, 1, features)."""
    draws, n, _ = visits.subject.shape
    own = stream(rng, block, "between").standard_normal((draws, n, len(features)))
    if block == "clinical":
        own[..., _crp(features)] = visits.normals.crp_between
    level = visits.subject @ law.on_subject.T + law.own_between * own
    return (law.sd_between * level)[:, :, None]


def _within(
    block: str, features: pd.DataFrame, law: FeatureLaw, visits: Visits, rng: np.random.Generator
) -> Array:
    """Return how far each visit is off a person's usual level, (draws, n, phases, features)."""
    shape = visits.clock.shape
    own = stream(rng, block, "within").standard_normal((*shape, len(features)))
    if block == "clinical":
        own[..., _crp(features)] = visits.normals.crp_within
    own *= law.own_within
    module = features["module"].to_numpy(int)
    if module.any():
        latent = stream(rng, block, "modules").standard_normal((*shape, module.max() + 1))
        own += law.on_module * latent[..., module]
    # each feature hangs on few nodes, most on none
    held = np.flatnonzero(law.on_nodes.any(axis=1))
    own[..., held] += visits.nodes @ law.on_nodes[held].T
    own *= law.sd_within
    return own


def _changes(features: pd.DataFrame, visits: Visits) -> Array:
    """Return log2 changes by the bout, training and the occasion, (draws, n, phases, features)."""
    after = np.array([response_after(features, hours) for hours in visits.hours])
    change = visits.trained[..., None] * features["log2_training"].to_numpy(float)
    change += after
    a = assumptions()
    occasions = {"infection": visits.infection, "not_fasted": visits.fed, "hour": visits.clock}
    for place, name in enumerate(features["feature"]):
        for occasion, value in occasions.items():
            if f"{occasion}_{name}" in a:
                change[..., place] += a[f"{occasion}_{name}"] * value.astype(float)
    return change


def _technical(block: str, k: int, visits: Visits, rng: np.random.Generator) -> Array:
    """Return the shift of logs by plates and by the drift along a run, per value."""
    a, shape = assumptions(), visits.clock.shape
    shift = np.zeros((*shape, k))
    if plate_sd := a.get(f"plate_sd_{block}", 0.0):
        plates = int(visits.plate[-1, 0]) - int(visits.plate[-1, 0]) % len(PHASES) + len(PHASES)
        of_plate = stream(rng, block, "plates").standard_normal((shape[0], plates, k))
        shift += plate_sd * of_plate[:, visits.plate]
    if drift_sd := a.get(f"drift_sd_{block}", 0.0):
        drift = stream(rng, block, "drift").standard_normal((shape[0], 1, 1, k))
        shift += drift_sd * drift * visits.run_order[..., None]
    return shift


def _swaps(world: World, n: int, rng: np.random.Generator, draws: int) -> NDArray[np.int64]:
    """Return whose sample, of which phase, lies in each place, shape (draws, n, phases, 2).

    Half of the swaps are of the last samples of two people, half of the first and last sample of
    one person.
    """
    person, phase = np.meshgrid(np.arange(n), np.arange(len(PHASES)), indexing="ij")
    swapped = np.broadcast_to(np.stack([person, phase], axis=-1), (draws, n, len(PHASES), 2)).copy()
    if not world.swapped_share:
        return swapped
    shuffled = np.argsort(stream(rng, "swaps").random((draws, n)), axis=1)
    pairs = min(max(1, round(world.swapped_share * n / 2)), n // 2)
    alone = min(max(1, round(world.swapped_share * n / 2)), n - 2 * pairs)
    every = np.arange(draws)
    for pair in range(pairs):
        one, other = shuffled[:, 2 * pair], shuffled[:, 2 * pair + 1]
        swapped[every, one, LAST, 0], swapped[every, other, LAST, 0] = other, one
    for i in shuffled[:, 2 * pairs : 2 * pairs + alone].T:
        swapped[every, i, BEFORE, 1], swapped[every, i, LAST, 1] = LAST, BEFORE
    return swapped


def _in_other_places(values: Array, swapped: NDArray[np.int64]) -> Array:
    every = np.arange(len(values))[:, None, None]
    return values[every, swapped[..., 0], swapped[..., 1]]


def _taxa(world: World, visits: Visits, rng: np.random.Generator) -> NDArray[np.int64]:
    shape, k = visits.clock.shape, len(taxa_features())
    moved = dict(world.moved).get(SEASON, 0.0)
    counts = taxa_counts(
        diet=visits.nodes[..., NODES.index("diet")],
        transit=visits.transit,
        season=moved * (np.arange(len(PHASES)) == LAST),
        trained=world.training * visits.trained,
        between=stream(rng, "taxa", "between").standard_normal((*shape[:2], 1, k)),
        within=stream(rng, "taxa", "within").standard_normal((*shape, k)),
        rng_depth=stream(rng, "taxa", "depth"),
        rng_counts=stream(rng, "taxa", "counts"),
    )
    counts[visits.absent] = 0
    return counts


def bout_response(world: World, visits: Visits) -> Array:
    """Return the size of the response to a bout at every visit: 1 minutes after it, 0 rested.

    Returns
    -------
    ndarray, shape (draws, n, phases)
    """
    fade = assumptions()["cell_response_hours"]
    size = np.nan_to_num(np.exp(-(visits.hours - visits.hours[1]) / fade))
    return np.broadcast_to(world.acute * size, visits.clock.shape)


def cell_numbers(world: World, visits: Visits, rng: np.random.Generator) -> Array:
    """Return mononuclear cells in 10^9 per litre of blood, (draws, n, phases, cell types)."""
    names = list(world.block("blood_count")["feature"])
    content = np.exp(log_content(world, "blood_count", visits, rng))
    shape = visits.clock.shape
    k = len(cell_types())
    return type_numbers(
        content[..., names.index("lymphocytes")],
        content[..., names.index("monocytes")],
        bout_response(world, visits),
        world.training * visits.trained,
        stream(rng, "cells", "between").standard_normal((*shape[:2], 1, k)),
        stream(rng, "cells", "within").standard_normal((*shape, k)),
    )


def programmes(world: World, visits: Visits) -> dict[str, Array]:
    """Return the log2 activity of gene programmes at every visit, (draws, n, phases) each."""
    a = assumptions()
    trained = world.training * visits.trained
    return {
        "nrf2": a["nrf2_training"] * trained,
        "migration": a["migration_training"] * trained,
        "stress": a["stress_acute"] * bout_response(world, visits),
        "interferon": a["interferon_infection"] * visits.infection.astype(float),
    }


def single_cells(
    drawn: Drawn, rng: np.random.Generator, cells_per_sample: int
) -> Iterator[SampleCells]:
    """Yield the single cells of every sample that was drawn: by study, person and phase."""
    if drawn.numbers is None:
        raise ValueError("the block of cells was not drawn")
    every = cell_counts(
        drawn.numbers,
        programmes(drawn.world, drawn.visits),
        cells_per_sample,
        stream(rng, "cells", "types"),
        stream(rng, "cells", "donors"),
        stream(rng, "cells", "counts"),
    )
    absent = drawn.visits.absent
    return (cells for cells in every if not absent[cells.draw, cells.person, cells.visit])
