"""Drawing a world as arrays: people by phases by features, many studies at once.

Every random quantity has a stream of its own, spawned from one seed by its name. So a block drawn
alone has the values it has among others, and a hundred draws begin with the one.
"""

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from exercisebook.errors import Misuse, closest
from exercisebook.simulate.worlds import BLOCKS, PHASES, World, log_diluted

Array = NDArray[np.float64]


def simulate_arrays(
    world: World,
    n: int,
    rng: np.random.Generator,
    blocks: tuple[str, ...] = BLOCKS,
    draws: int = 1,
) -> dict[str, Array]:
    r"""Draw ``draws`` studies of ``n`` people from a world.

    On the log scale a measured value is

    .. math:: y_{dipk} = \mu_k + b_{dik} + e_{dipk} + \beta_{pk} - v_{dipk} + a_{dipk},

    with person :math:`b`, occasion :math:`e`, effect :math:`\beta`, assay error :math:`a`, and
    the log :math:`v` of volume relative to baseline: of plasma for what is dissolved in it, of
    blood for the cells counted in it. A coefficient of variation :math:`c` becomes a log-scale
    standard deviation :math:`\sqrt{\log(1 + c^2)}`.

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

    Returns
    -------
    dict of str to ndarray, shape (draws, n, phases, features)
        Concentrations in the unit of each feature, before any detection limit.

    Raises
    ------
    Misuse
        If a block is unknown, or there are fewer than two people or one draw.
    """
    _check(n, blocks, draws)
    volume = _plasma_volume(world, n, rng, draws)
    return {block: _draw_block(world, block, volume, rng) for block in blocks}


def _check(n: int, blocks: tuple[str, ...], draws: int) -> None:
    unknown = [block for block in blocks if block not in BLOCKS]
    if unknown:
        raise Misuse(f"no block {unknown[0]!r}; {closest(unknown[0], BLOCKS)}")
    if n < 2 or draws < 1:
        raise Misuse(f"{n} subjects and {draws} draws: at least 2 subjects and 1 draw are needed")


def _stream(rng: np.random.Generator, *names: str) -> np.random.Generator:
    root: Any = rng.bit_generator.seed_seq
    key = tuple(zlib.crc32(name.encode()) for name in names)
    child = np.random.SeedSequence(root.entropy, spawn_key=(*root.spawn_key, *key))
    return np.random.default_rng(child)


def _plasma_volume(world: World, n: int, rng: np.random.Generator, draws: int) -> Array:
    """Return the log of plasma volume relative to baseline, shape (draws, n, phases)."""
    deviation = _stream(rng, "plasma volume").standard_normal((draws, n))
    volume = np.zeros((draws, n, len(PHASES)))
    acute = np.log1p(world.plasma_volume_acute) + world.plasma_volume_sd * deviation
    volume[:, :, PHASES.index("acute")] = acute
    return volume


def _draw_block(world: World, block: str, volume: Array, rng: np.random.Generator) -> Array:
    features = world.block(block)
    draws, n, phases = volume.shape
    k = len(features)

    def noise(name: str, *shape: int) -> Array:
        spread = _log_sd(features[f"cv_{name}"].to_numpy())
        return spread * _stream(rng, block, name).standard_normal((draws, *shape, k))

    effect = np.zeros((phases, k))
    for phase in ("acute", "training"):
        effect[PHASES.index(phase)] = np.log(2) * features[f"log2_{phase}"].to_numpy()
    centre = np.log(features["centre"].to_numpy())
    log_value = (
        centre
        + noise("between", n, 1)
        + noise("within", n, phases)
        + effect
        - log_diluted(features, volume)
        + noise("assay", n, phases)
    )
    return np.exp(log_value)


def _log_sd(cv: Array) -> Array:
    return np.sqrt(np.log1p(cv**2))
