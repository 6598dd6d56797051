"""Random streams by name: each random quantity has one of its own, spawned from one seed.

So a quantity drawn alone has the values it has among others, and adding one changes no other.
"""

import zlib
from typing import Any

import numpy as np


def stream(rng: np.random.Generator, *names: str | int) -> np.random.Generator:
    """Return the generator that belongs to some names under the seed of ``rng``.

    Parameters
    ----------
    rng : Generator
        Its seed sequence is the root; the generator itself is not advanced.
    *names : str or int
        What is drawn.
    """
    root: Any = rng.bit_generator.seed_seq
    key = tuple(n if isinstance(n, int) else zlib.crc32(n.encode()) for n in names)
    child = np.random.SeedSequence(root.entropy, spawn_key=(*root.spawn_key, *key))
    return np.random.default_rng(child)
