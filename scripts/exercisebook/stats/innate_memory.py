"""Four things that a first stimulus can leave behind in an innate cell, told apart by two numbers.

The two are activity before a second stimulus and output after it, each against cells that never
met the first. One of them alone tells none of the four from all others.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from exercisebook.errors import Misuse

TRAINING = "training"
TOLERANCE = "tolerance"
PRIMING = "priming"
DIFFERENTIATION = "differentiation"
NONE = "no memory"
UNDECIDED = "none of the four"


def innate_memory(
    baseline: ArrayLike, restimulated: ArrayLike, margin: float
) -> NDArray[np.object_]:
    """Return what a first stimulus left behind.

    Parameters
    ----------
    baseline, restimulated : array_like, shape (n,)
        Log2 ratios to cells that never met the first stimulus: of activity just before the
        second, and of output after it.
    margin : float
        Log2 ratio within which a number counts as unchanged.

    Returns
    -------
    ndarray of str, shape (n,)
        Training: baseline as ever, output higher. Tolerance: baseline as ever, output lower.
        Priming: baseline still raised, and output higher. Differentiation: baseline changed for
        good, output as ever. Where neither differs there is no memory.

    Raises
    ------
    Misuse
        If the margin is not above zero.

    Notes
    -----
    Differentiation means a change of the cell's kind, which two numbers can suggest and only
    markers of the cell can show.

    References
    ----------
    Divangahi et al. (2021), Nat Immunol 22, 2-6.
    """
    if not margin > 0:
        raise Misuse(f"margin {margin!r}: what counts as unchanged needs a width above zero")
    before, after = np.broadcast_arrays(
        np.asarray(baseline, float), np.asarray(restimulated, float)
    )
    level, raised, lowered = abs(before) <= margin, after > margin, after < -margin
    same = ~raised & ~lowered
    cases = [
        (level & same, NONE),
        (level & raised, TRAINING),
        (level & lowered, TOLERANCE),
        ((before > margin) & raised, PRIMING),
        (~level & same, DIFFERENTIATION),
    ]
    return np.select([c for c, _ in cases], [n for _, n in cases], UNDECIDED).astype(object)
