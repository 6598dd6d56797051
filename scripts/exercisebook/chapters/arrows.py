"""The arrows of a drawn causal graph: where each begins and ends, and which way it points."""

import math
from collections.abc import Mapping

_SHORT, _LONG = 0.085, 0.15
"""Distance that an arrow keeps from a name, from above and from the side."""

_STRETCH = 1.5
"""How much wider the page is than the drawing is high, at a usual width."""

Places = Mapping[str, tuple[float, float]]


def arrow(places: Places, cause: str, effect: str, way: str = "drawn") -> dict[str, object]:
    """Return one arrow between two names.

    Parameters
    ----------
    places : mapping of str to tuple of float
        Where each name stands, from 0 to 1.
    cause, effect : str
        Two of them.
    way : str
        What kind of arrow it is.

    Returns
    -------
    dict
        x, y, to_x, to_y (both ends), angle (degrees of the page, clockwise from up), way.
    """
    (x0, y0), (x1, y1) = places[cause], places[effect]
    dx, dy = x1 - x0, y1 - y0
    length = math.hypot(dx, dy)
    # names are wider than high, so an arrow that comes from the side keeps farther away
    gap = (_SHORT + (_LONG - _SHORT) * abs(dx) / length) / length
    return {
        "x": x0 + gap * dx,
        "y": y0 + gap * dy,
        "to_x": x1 - gap * dx,
        "to_y": y1 - gap * dy,
        "angle": math.degrees(math.atan2(dx * _STRETCH, dy)) % 360,
        "way": way,
    }
